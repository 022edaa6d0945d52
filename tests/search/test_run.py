"""A sweep gives each trial the account that `simulate` gives it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.metrics import summarise
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.search.measures import BLOCKS, FIGURES, Accounts, Figures, block_edges, measured
from positioning.search.run import sweep, tabulate
from positioning.search.space import SearchSpace
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import ledger_inputs
from positioning.simulation.kernel import run_lanes
from positioning.simulation.ledger_arrays import LANES
from positioning.simulation.liquidity import Capital
from positioning.simulation.result import Result
from positioning.simulation.simulate import run
from positioning.strategy.strategy import Strategy
from strategies import Enablers, FertilizerProducers, HongKongEquipment, MiddleCorridor, Sanctioned
from tests.builders import EVENTS, SAMPLE
from tests.search.nav_measure import Nav

GRIDS = {
    "hedged, short, banded": (
        FertilizerProducers(),
        {"half_life": [3.0, 30.0], "hedge_ratio": [0.0, 0.7, 1.4], "respond": [0.0, 1.0], "band": [0.0, 0.3]},
    ),
    "five venues, screens": (
        MiddleCorridor(),
        {"screen": ["none", "strict"], "exposure": [0.2, 1.0], "lookback": [60, 250]},
    ),
    "a halt and a delisting": (HongKongEquipment(), {"exposure": [0.1, 0.5, 1.0], "respond": [0.5]}),
    "a blend": (
        Enablers(),
        {
            "half_life": [5.0, 40.0],
            "exposure": [0.3, 0.8],
            "respond": [0.0, 0.5],
            "lookback": [60, 120],
            "band": [0.2],
        },
    ),
    "frozen": (Sanctioned(), {"exposure": [0.3, 1.0], "band": [0.0, 0.5]}),
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("mark", ["last", "zero"])
def test_every_trial_is_the_account_of_simulate(name: str, mark: str) -> None:
    strategy, axes = GRIDS[name]
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees(), cash=CashRate.constant(0.03), mark=mark)
    trials = sweep(strategy, market, EVENTS, axes, terms)
    assert trials.count == np.prod([len(v) for v in axes.values()])
    sums = np.concatenate(list(trials.sums()))
    for k in range(trials.count):
        own = replace(strategy, **{axis: values[k].item() for axis, values in trials.axes.items()})
        inputs = terms.inputs(market, EVENTS, own.screened(market, EVENTS))
        r = run(own.target_weights(market, EVENTS), market, inputs, Holdings.opening(len(market.symbols)))
        same_figures(np.array([trials.figures[f][k] for f in FIGURES]), r)
        if r.worthless:
            assert np.isnan(sums[k]).all()
            continue
        excess = (r.returns - inputs.growth)[1:]
        np.testing.assert_allclose(sums[k].sum(), excess.sum(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [2, 3, 64, 65, 66, 129, 200, 500])
def test_figures_of_accounts_of_any_length(
    rows: int,
) -> None:  # blocks of none, one, an odd and an even number
    rng = np.random.default_rng(rows)
    dates = np.datetime64("2020-01-01") + np.arange(rows)
    nav = np.exp(np.cumsum(rng.standard_normal((rows, LANES)) * 0.01, axis=0))
    growth = np.full(rows, 1e-4)
    none = np.zeros(LANES)
    accounts = Accounts(dates, nav, growth, np.full(LANES, -1), none, none)
    figures, sums, squares = np.split(measured(accounts, block_edges(rows), 16), (9, 9 + BLOCKS))
    excess = nav[1:] / nav[:-1] - 1.0 - growth[1:, None]
    np.testing.assert_allclose(sums.sum(axis=0), excess.sum(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(squares.sum(axis=0), (excess**2).sum(axis=0), rtol=1e-12)
    for k in (0, LANES - 1):
        m = summarise(
            dates, nav[:, k], trade_value=none[:1].repeat(rows), cost=none[:1].repeat(rows), cash_rate=growth
        )
        for i, figure in enumerate(FIGURES):
            np.testing.assert_allclose(
                figures[i, k], getattr(m, figure), rtol=1e-9, atol=1e-12, err_msg=figure
            )


@pytest.mark.parametrize("name", GRIDS)
def test_nav_of_every_trial_has_the_bits_of_simulate(name: str) -> None:
    strategy, axes = GRIDS[name]
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees(), fill="close", cash=CashRate.constant(0.02))
    space = SearchSpace(strategy, market, EVENTS, {a: tuple(v) for a, v in axes.items()}, terms)
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    paths = tabulate(space, codes, (Nav(market.rows.size - market.start),))
    for k, code in enumerate(codes):
        own = space.at(code)
        targets = own.target_weights(market, EVENTS)
        one = run(targets, market, space.inputs(own), Holdings.opening(len(market.symbols)))
        np.testing.assert_array_equal(paths[:, k], one.nav)


def random_axes(rng: np.random.Generator, strategy: Strategy) -> dict[str, tuple[Any, ...]]:
    """A few values of some of its parameters, extremes among them."""
    drawn: dict[str, tuple[Any, ...]] = {
        "exposure": tuple(rng.uniform(0.05, 1.0, 2)), "half_life": tuple(rng.uniform(0.5, 200.0, 2)),
        "respond": (0.0, float(rng.uniform(0.1, 1.0))), "hedge_ratio": (0.0, float(rng.uniform(0.1, 2.0))),
        "band": (0.0, float(rng.uniform(0.0, 0.9))), "gross_limit": (float(rng.uniform(1.0, 3.0)),),
        "lookback": tuple(int(v) for v in rng.integers(20, 250, 2)), "screen": ("none", "strict"),
    }  # fmt: skip
    known = [name for name in drawn if name in strategy.parameters()]
    return {name: drawn[name] for name in rng.choice(known, 4, replace=False).tolist()}


@pytest.mark.parametrize("seed", range(8))
def test_random_grids_have_the_accounts_of_simulate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strategy = (FertilizerProducers, MiddleCorridor, HongKongEquipment, Enablers)[seed % 4]()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=250)
    terms = AccountTerms(
        read_fees(("default", "none")[seed % 2]), ("open", "close")[seed // 4 % 2],
        CashRate.constant(float(rng.uniform(0.0, 0.05))), f"haircut:{rng.uniform():.2f}",
    )  # fmt: skip
    space = SearchSpace(strategy, market, EVENTS, random_axes(rng, strategy), terms)
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    measures = (Nav(market.rows.size - market.start), Figures())
    table = tabulate(space, codes, measures)
    for k, code in enumerate(codes):
        own = space.at(code)
        one = run(
            own.target_weights(market, EVENTS),
            market,
            space.inputs(own),
            Holdings.opening(len(market.symbols)),
        )
        np.testing.assert_array_equal(table[: one.nav.size, k], one.nav)
        same_figures(table[one.nav.size :, k], one)


def same_figures(found: np.ndarray, one: Result) -> None:
    """1e-12 of the size: the same nav to the bit, summed in another order."""
    m = summarise(
        one.rows, one.nav, trade_value=one.trade_value.sum(axis=1), cost=one.cost, cash_rate=one.inputs.growth,
        ruined=one.worthless,
    )  # fmt: skip
    wanted = [getattr(m, figure) for figure in FIGURES]
    np.testing.assert_allclose(found[: len(FIGURES)], wanted, rtol=1e-12, atol=1e-12)


def test_flat_and_ruined_trials_are_undefined_in_both() -> None:
    """A hedge that moves with its leg, then rises by a third a day: a small short
    lives through it, one as large as the account does not."""
    up = np.cumprod(np.where(np.arange(90) % 2 == 0, 1.01, 1 / 1.01))
    squeeze = np.concatenate([np.ones(60), 1.33 ** np.arange(1, 31)])
    index = pd.bdate_range("2021-01-04", periods=90)
    market = Market.from_frames(pd.DataFrame({"NTR": 50 * up, "MOO": 80 * up * squeeze}, index))
    strategy = FertilizerProducers(legs=("NTR",), lookback=20)
    axes = {"hedge_ratio": (0.0, 0.02, 1.0), "exposure": (0.2, 1.0)}
    space = SearchSpace(strategy, market, Events(()), axes, AccountTerms(read_fees("none")))
    codes = space.codes(np.arange(6))
    table = tabulate(space, codes, (Figures(),))
    for k, code in enumerate(codes):
        own = space.at(code)
        targets = own.target_weights(market, Events(()))
        same_figures(table[:, k], run(targets, market, space.inputs(own), Holdings.opening(2)))
    figures = dict(zip(FIGURES, table, strict=False))
    assert (figures["total_return"] == -1.0).tolist() == [False] * 5 + [True]
    assert np.isnan(figures["sharpe"]).tolist() == [False] * 5 + [True]
    still = Market.from_frames(pd.DataFrame({"NTR": np.full(90, 50.0), "MOO": 80 * up}, index))
    flat = replace(space, market=still, axes={"exposure": (0.5,)})
    own = flat.at(np.zeros(1, np.int32))
    table = tabulate(flat, np.zeros((1, 1), np.int32), (Figures(),))
    one = run(own.target_weights(still, Events(())), still, flat.inputs(own), Holdings.opening(2))
    same_figures(table[:, 0], one)
    assert np.isnan(table[FIGURES.index("sharpe"), 0])


def test_nav_of_a_lane_has_the_bits_of_the_ledger() -> None:
    strategy = FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    inputs = ledger_inputs(market, read_fees(), cash=CashRate.constant(0.02))
    targets = strategy.target_weights(market, EVENTS)
    scale = np.linspace(-1.0, 1.0, LANES)  # long and short, flat in between
    weights = targets.weights[:, :, None] * scale
    nav = np.empty((inputs.rows.size, LANES))
    run_lanes(
        targets.decided - market.start,
        weights,
        np.full(LANES, 0.1),
        inputs.arrays,
        nav,
    )
    for k in (0, 7, 31, 32, 63):
        one = run(
            replace(targets, weights=weights[:, :, k]), market, inputs, Holdings.opening(len(market.symbols))
        )
        np.testing.assert_array_equal(nav[:, k], one.nav)


def test_combinations_are_numbered_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    long = tuple(np.linspace(2.0, 90.0, 40_000).tolist())  # more than two bytes can number
    for half_lives in ((3.0, 30.0, 60.0), long):
        axes = {"half_life": half_lives, "exposure": (0.2, 0.4), "lookback": (60, 90)}
        space = SearchSpace(strategy, market, EVENTS, axes, AccountTerms(read_fees()))
        numbers = np.arange(space.combinations)
        monkeypatch.setattr("positioning.search.space.AT_ONCE", 7 if len(half_lives) == 3 else 50_000)
        codes = space.codes(numbers)
        places = np.unravel_index(numbers, [len(v) for v in axes.values()])
        np.testing.assert_array_equal(codes, np.stack(places, axis=1))
        np.testing.assert_array_equal(space.numbers(codes), numbers)
        assert set(np.unique(codes[:, 0]).tolist()) == set(range(len(half_lives)))


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    strategy, axes = GRIDS["hedged, short, banded"]
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees())
    one, three = (sweep(strategy, market, EVENTS, axes, terms, workers=n) for n in (1, 3))
    np.testing.assert_array_equal(list(one.tables()), list(three.tables()))
    assert all(np.array_equal(one.figures[f], three.figures[f], equal_nan=True) for f in FIGURES)


@pytest.mark.parametrize(
    ("axes", "wanted"),
    [
        ({"halflife": [1.0]}, "Did you mean half_life?"),
        ({"half_life": []}, "axis half_life is empty"),
        ({"half_life": [10.0, -1.0]}, "wanted sessions above 0"),
    ],
)
def test_a_bad_axis_is_refused(axes: dict[str, list[float]], wanted: str) -> None:
    strategy = FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    with pytest.raises(BadInputError, match=wanted.replace("?", r"\?")):
        sweep(strategy, market, EVENTS, axes, AccountTerms(read_fees()))


@pytest.mark.parametrize("capital", [None, Capital(2e6)])
@pytest.mark.parametrize("squares", [False, True])
def test_figures_beside_other_measures_and_alone_are_the_same(squares: bool, capital: Capital | None) -> None:
    """Alone they are read WIDTH accounts at a time, while their nav is near; beside another measure from all of it."""
    strategy, axes = GRIDS["hedged, short, banded"]
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees(), cash=CashRate.constant(0.02), capital=capital)
    space = SearchSpace(strategy, market, EVENTS, {a: tuple(v) for a, v in axes.items()}, terms)
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    figures, nav = Figures(squares), Nav(market.rows.size - market.start)
    beside = tabulate(space, codes, (figures, nav))[: len(figures.names)]
    np.testing.assert_array_equal(tabulate(space, codes, (figures,)), beside)
    assert np.isfinite(beside).any()


def test_figures_of_an_account_depend_on_no_neighbour() -> None:
    """Beside one that is ruined, or near nothing, the others had other bits, and so another place in a search."""
    rows = 500
    days = np.busday_offset("2020-01-01", np.arange(rows), roll="forward").astype("datetime64[D]")
    nav = np.exp(np.random.default_rng(0).normal(0.0, 0.01, (rows, LANES)).cumsum(axis=0))

    def figures(nav: np.ndarray, ruin: int) -> np.ndarray:
        ruined = np.full(LANES, -1)
        ruined[1] = ruin
        spent = np.ones(LANES)
        return measured(Accounts(days, nav, np.full(rows, 1e-4), ruined, spent, spent), block_edges(rows))

    plain, others = figures(nav, -1), np.arange(LANES) != 1
    for factor, ruin in (
        (0.0, 300),
        (0.0, -1),
        (1e-120, -1),
        (1e120, -1),
        (1e-7, -1),
        (-1.0, -1),
        (np.nan, -1),
    ):
        odd = nav.copy()
        odd[300:, 1] *= factor
        np.testing.assert_array_equal(figures(odd, ruin)[:, others], plain[:, others])
    odd = nav.copy()
    odd[:, 1] *= 1e-60  # from the first row on
    np.testing.assert_array_equal(figures(odd, -1)[:, others], plain[:, others])


def test_the_deepest_fall_is_that_of_the_rows_one_by_one() -> None:
    """To the bit, though most of it is found four rows at a time: with highs and lows on one row after another, and where
    nothing is left of some accounts."""
    rows, random = 1_000, np.random.default_rng(3)
    days = np.busday_offset("2020-01-01", np.arange(rows), roll="forward").astype("datetime64[D]")
    steps = random.normal(0.0, np.geomspace(1e-4, 0.3, LANES), (rows, LANES))
    falling = random.random(LANES) < 0.5
    steps[500:, falling] -= np.geomspace(1e-4, 0.2, falling.sum())
    nav, never, spent = np.exp(steps.cumsum(axis=0)), np.full(LANES, -1), np.ones(LANES)
    table = measured(Accounts(days, nav, np.zeros(rows), never, spent, spent), block_edges(rows))
    deepest = (nav / np.maximum.accumulate(nav) - 1.0).min(axis=0)
    assert (deepest < -0.999999).any()
    assert (deepest > -0.1).any()
    np.testing.assert_array_equal(table[FIGURES.index("max_drawdown")], deepest)
