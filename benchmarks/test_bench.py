"""What a decision, an account and a market cost. Figures are printed by `make bench`, never asserted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from positioning.data.sample_bars import simulated_bars
from positioning.data.sample_series import simulated_rates  # the caches that a cold load does without
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.simulation.fees import read_fees
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import ledger_inputs
from positioning.simulation.simulate import run, simulate
from positioning.strategy.features import FeatureBook
from positioning.strategy.targets import Targets
from strategies.fertilizer_producers import FertilizerProducers
from strategies.middle_corridor import MiddleCorridor
from tests.builders import EVENTS, SAMPLE

NAMES = (
    *("NTR", "MOS", "ICL", "SDF.DE", "CF", "YAR.OL", "IPI", "SQM", "WAB", "KAP.IL"),
    *("HSBK.IL", "BGEO.L", "TBCG.L", "0598.HK", "1199.HK", "1919.HK", "1157.HK", "3808.HK", "0631.HK"),
)
STRATEGY = FertilizerProducers(legs=NAMES)  # with its hedge: twenty columns, six venues, five currencies
YEAR = 252


@pytest.fixture(scope="module")
def market() -> Market:
    case = load(SAMPLE, STRATEGY.names, STRATEGY.hedges, history=STRATEGY.history)
    case = Market(**{**vars_of(case), "start": 0})  # the account runs over all eight years
    assert len(case.symbols) == 20
    assert case.rows.size > 2000
    return case


@pytest.fixture(scope="module")
def events() -> Events:
    return EVENTS


def vars_of(market: Market) -> dict[str, Any]:
    return {name: getattr(market, name) for name in market.__dataclass_fields__}


def again(market: Market) -> Market:
    """The same market with nothing computed yet."""
    return Market(**vars_of(market))


def year_of(market: Market) -> Market:
    """A year of account after the history it is decided on; what a stress test runs a thousand times."""
    first = market.rows.size - 1 - YEAR - STRATEGY.history
    cut = {name: v[first:] for name, v in vars_of(market).items() if isinstance(v, np.ndarray)}
    return Market(**{**vars_of(market), **cut, "start": STRATEGY.history + 1})


@pytest.mark.benchmark(group="simulate, 8 years x 20 names, warm (wanted: under 10 ms)")
def test_simulate_one_strategy(benchmark: Any, market: Market, events: Events) -> None:
    targets, fees = STRATEGY.target_weights(market, events), read_fees()
    result = benchmark(simulate, targets, market, fees)
    assert not result.ruined
    assert np.isfinite(result.nav).all()


@pytest.mark.benchmark(group="simulate, 8 years x 20 names, warm (wanted: under 10 ms)")
def test_simulate_on_a_fresh_market(benchmark: Any, market: Market, events: Events) -> None:
    """As above, marks and carried prices computed anew."""
    targets, fees = STRATEGY.target_weights(market, events), read_fees()
    benchmark.pedantic(
        lambda m: simulate(targets, m, fees), setup=lambda: ((again(market),), {}), rounds=50, warmup_rounds=2
    )


@pytest.mark.benchmark(group="ledger alone, 8 years x 20 names, inputs made")
def test_ledger_on_a_recorded_tape(benchmark: Any, market: Market, events: Events) -> None:
    targets = STRATEGY.target_weights(market, events)
    inputs = ledger_inputs(market, read_fees())
    benchmark(run, targets, market, inputs, Holdings.opening(20))


@pytest.mark.benchmark(group="deciding and ledger, 252 rows x 20 names (stress wants under 3 ms)")
def test_decide_and_account_for_a_year(benchmark: Any, market: Market, events: Events) -> None:
    year, fees = year_of(market), read_fees()
    assert year.rows.size - year.start == YEAR

    def once(fresh: Market) -> float:
        targets = STRATEGY.target_weights(fresh, events)
        return float(simulate(targets, fresh, fees).nav[-1])

    benchmark.pedantic(once, setup=lambda: ((again(year),), {}), rounds=100, warmup_rounds=3)


@pytest.mark.benchmark(group="deciding and ledger, 252 rows x 20 names (stress wants under 3 ms)")
def test_decide_and_account_for_a_year_with_news_and_fees_shared(
    benchmark: Any, market: Market, events: Events
) -> None:
    """What a stress test repeats: new prices, but the same dates, events and fees; features of prices anew."""
    year = year_of(market)
    plan = STRATEGY.target_weights(year, events)
    inputs = ledger_inputs(year, read_fees())
    book = FeatureBook(year, events, plan.decided)
    STRATEGY.weights(book)
    fixed = {
        k: v for k, v in book.features.items() if type(v) is np.ndarray and v.ndim == 1
    }  # the response to news

    def once(fresh: Market) -> float:
        weights = STRATEGY.weights(FeatureBook(fresh, events, plan.decided, dict(fixed)))
        targets = Targets(fresh.rows, fresh.symbols, plan.decided, weights, plan.band, plan.gross_limit)
        return float(run(targets, fresh, inputs, Holdings.opening(20)).nav[-1])

    benchmark.pedantic(once, setup=lambda: ((again(year),), {}), rounds=100, warmup_rounds=3)


@pytest.mark.benchmark(group="deciding alone, 8 years")
@pytest.mark.parametrize(
    "strategy", [STRATEGY, MiddleCorridor()], ids=["20 names and a hedge", "middle_corridor"]
)
def test_decide(benchmark: Any, strategy: Any, events: Events) -> None:
    market_case = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    benchmark.pedantic(
        strategy.target_weights, setup=lambda: ((again(market_case), events), {}), rounds=30, warmup_rounds=2
    )


@pytest.mark.benchmark(group="load of the sample market, 20 names")
def test_load_again(benchmark: Any) -> None:
    benchmark(load, SAMPLE, STRATEGY.names, STRATEGY.hedges, history=STRATEGY.history)


@pytest.mark.benchmark(group="load of the sample market, 20 names")
def test_load_generating_every_bar(benchmark: Any) -> None:
    def forget() -> None:
        simulated_bars.cache_clear()
        simulated_rates.cache_clear()

    benchmark.pedantic(
        load,
        (SAMPLE, STRATEGY.names, STRATEGY.hedges),
        {"history": 1},
        setup=forget,
        rounds=10,
        warmup_rounds=1,
    )
