"""Searches and workers that the cluster's tests share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.market.load import load
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Accounts, Measure
from positioning.search.run import Work, search
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.strategy import Strategy
from strategies import FertilizerProducers
from tests.builders import EVENTS, SAMPLE

HALVES = tuple(np.linspace(2.0, 60.0, 32).tolist())


SHARES = tuple(np.linspace(0.1, 0.6, 16).tolist())


def space_of(strategy: Strategy | None = None, **axes: tuple[Any, ...]) -> SearchSpace:
    own = strategy or FertilizerProducers()
    market = load(SAMPLE, own.names, own.hedges, history=own.history)
    return SearchSpace(own, market, EVENTS, axes, AccountTerms(read_fees()))


def planned(space: SearchSpace, *measures: Measure) -> Plan:
    return Plan(space.grouped(space.codes(np.arange(space.combinations))), measures)


def tables(
    space: SearchSpace, plan: Plan, work: Work, advance: Callable[[int], None] = lambda _: None
) -> Any:
    return np.concatenate(list(search(space, plan, MemoryChunks(), work, advance).tables()), axis=1)


@final
@dataclass(frozen=True)
class Dawdling(Measure):
    """Closing nav, after a while; a process that finds the file `deadly` takes it away and dies."""

    seconds: float = 0.01
    deadly: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return ("end",)

    def read(self, accounts: Accounts) -> np.ndarray:
        time.sleep(self.seconds)
        if self.deadly and Path(self.deadly).exists():
            Path(self.deadly).unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return accounts.nav[-1:].copy()


def failing(error: Exception, piece: int) -> float:
    """Work whose first piece alone is done."""
    if piece:
        raise error
    return 0.0
