"""Random walks, random events, and a strategy small enough to work out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.basket import Basket
from tests.event_studies.returns import an_event


@dataclass(frozen=True)
class Tiny(Basket):
    """One name that leans with the news."""

    name: ClassVar[str] = "tiny"
    benchmark: ClassVar[str] = "A"
    caveat: ClassVar[str] = "None."
    theme: ClassVar[str] = "fertilizer"
    legs: tuple[str, ...] = ("A",)
    half_life: float = 5.0
    lookback: int = 20


def walk(rng: np.random.Generator, rows: int = 140, start: int = 20) -> Market:
    """A random walk without drift."""
    closes = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, rows)))
    index = pd.bdate_range("2022-01-03", periods=rows)
    return replace(Market.from_frames(pd.DataFrame({"A": closes}, index)), start=start)


def random_events(rng: np.random.Generator, days: np.ndarray, count: int) -> Events:
    """Events of random sign, severity and day."""
    drawn = zip(rng.choice(days, count), rng.choice([-1, 1], count), rng.integers(1, 6, count), strict=True)
    return Events(tuple(an_event(f"E{n}", str(d), int(s), int(v)) for n, (d, s, v) in enumerate(drawn)))
