"""Searching a strategy of plain Python: the numbers of a run, whoever works them out."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from positioning import worker_processes
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.scenarios.simulation import in_worker_processes
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Figures
from positioning.search.processes import processes, workers_for
from positioning.search.run import search, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan, Trials
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.basket import Basket
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from positioning.worker_processes import WorkerProcesses

TERMS = AccountTerms(read_fees("default"))


@dataclass(frozen=True)
class Turning(Strategy):
    """Half in each name, turned every `days` rows; decision rows depend on a parameter, the band is its own."""

    name: ClassVar[str] = "turning"
    benchmark: ClassVar[str] = "SPY"
    names = ("AAA", "BBB")
    days: int = 5
    share: float = 0.5
    fails: float = 0.0

    def target_weights(self, market: Market, events: Events) -> Targets:
        if self.share <= self.fails:
            raise BadInputError("a share", "wanted a larger one", "raise it")
        decided = np.arange(0, market.rows.size, self.days)
        weights = np.zeros((decided.size, len(market.symbols)))
        weights[np.arange(decided.size), np.arange(decided.size) % 2] = self.share
        return Targets(market.rows, market.symbols, decided, weights, band=0.03)


@pytest.fixture(scope="module")
def market() -> Market:
    steps = np.random.default_rng(3).normal(0.0, 0.01, (300, 2))
    days = pd.bdate_range("2023-01-02", periods=300)
    return Market.from_frames(
        pd.DataFrame(50 * np.exp(steps.cumsum(axis=0)), index=days, columns=["AAA", "BBB"])
    )


def trials(market: Market, work: object, strategy: Strategy) -> Trials:
    axes = {"days": (3, 5, 20), "share": (0.25, 0.5, 0.75), "band": (0.0, 0.5)}
    space = SearchSpace(strategy, market, Events(()), axes, TERMS)
    plan = Plan(space.codes(np.arange(space.combinations)), (Figures(),))
    return search(space, plan, MemoryChunks(), work)  # type: ignore[arg-type]


def test_each_trial_has_the_bits_of_its_own_account_also_where_the_band_is_ignored(market: Market) -> None:
    found = trials(market, threads(1), Turning())
    for k in range(found.plan.trials):
        setting = {name: values[k].item() for name, values in found.axes.items()}
        nav = TERMS.run(replace(Turning(), **setting), market).nav
        assert found.figures["total_return"][k] == nav[-1] - 1.0
    assert len(np.unique(found.figures["total_return"])) == 9  # the two bands are one and the same


@dataclass(frozen=True)
class Doubled(Basket):
    """A basket that decides otherwise than baskets do."""

    name: ClassVar[str] = "doubled"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("AAA", "BBB")
    lookback: int = 20

    def target_weights(self, market: Market, events: Events) -> Targets:
        plain = super().target_weights(market, events)
        return replace(plain, weights=plain.weights[:, ::-1] * [[2.0, 0.0]])


def test_a_basket_with_decisions_of_its_own_is_searched_by_them(market: Market) -> None:
    axes = {"exposure": (0.2, 0.5)}
    space = SearchSpace(Doubled(), market, Events(()), axes, TERMS)
    plan = Plan(space.codes(np.arange(2)), (Figures(),))
    found = search(space, plan, MemoryChunks(), threads(1))
    alone = [TERMS.run(Doubled(exposure=e), market, Events(())).nav[-1] - 1.0 for e in axes["exposure"]]
    assert found.figures["total_return"].tolist() == alone
    assert workers_for(Doubled(), 2).__qualname__ == processes(2).__qualname__


def test_processes_give_the_bits_of_threads(market: Market) -> None:
    one, two = (trials(market, work, Turning()) for work in (threads(1), processes(2)))
    for name in ("total_return", "sharpe", "turnover"):
        assert np.array_equal(one.figures[name], two.figures[name], equal_nan=True)


@pytest.mark.skipif(not worker_processes.FORKS, reason="each begins for itself there")
def test_one_process_imports_the_engine_for_all(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr(WorkerProcesses, "_begin", lambda self, kinds: begun.append(len(kinds)))
    trials(market, processes(3), Turning())
    with in_worker_processes(4):
        assert begun == [3, 4]


def test_what_a_trial_raises_in_a_process_is_raised_here(market: Market) -> None:
    with pytest.raises(BadInputError, match="wanted a larger one"):
        trials(market, processes(1), Turning(share=1.0, fails=0.3))


def test_baskets_stay_on_threads() -> None:
    from strategies import FertilizerProducers

    assert workers_for(FertilizerProducers(), 2).__qualname__ == threads(2).__qualname__
    assert workers_for(Turning(), 2).__qualname__ == processes(2).__qualname__
    assert workers_for(Turning(), 1).__qualname__ == threads(1).__qualname__
