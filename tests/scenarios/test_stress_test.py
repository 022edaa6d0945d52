"""Simulated paths: what they must equal, by hand, by other programs and in the limit."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from scipy.stats import ks_2samp, norm
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant
from typer.testing import CliRunner

from positioning.arrays import BoolArray
from positioning.cli.stress import app
from positioning.data.sample import SampleSource
from positioning.errors import BadInputError, DataMissingError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Driver
from positioning.scenarios.outcome import (
    Paths,
    break_even,
    crossings,
    fan,
    figures,
    preferred,
    scaled_to,
    simplex,
)
from positioning.scenarios.paths import ResamplingPool, continued, draw, following, resampling_pool
from positioning.scenarios.pooling import mean_and_volatility, pool
from positioning.scenarios.replay import breaking_multiples, deepest, noiseless_navs, parts, replay, smallest
from positioning.scenarios.scenario import DriverPath, Scenario, Transmission
from positioning.scenarios.scenario_file import read_scenarios
from positioning.scenarios.setup import Stages, StressTerms, run_accounts, stage
from positioning.scenarios.shock import Effect, Shock, effect
from positioning.scenarios.simulation import Batch, PathPlan, batch, processes, simulated
from positioning.scenarios.stress_test import shares
from positioning.scenarios.transmission import Beta, betas, estimate, monthly, ols, scenario_effect
from positioning.simulation.fees import read_fees
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from strategies import STRATEGIES
from tests.builders import EVENTS, SAMPLE, THESIS, until
from tests.reporting.browser import Window, opened
from tests.simulation.accounts import FREE, TEN, build

exactly = {"rtol": 1e-12, "atol": 1e-14}  # sums of logarithms over a hundred rows
H = 60


@final
@dataclass(frozen=True)
class Hold(Strategy):
    """A fixed weight of the first name, decided once."""

    name: ClassVar[str] = "hold"
    benchmark: ClassVar[str] = "A"
    caveat: ClassVar[str] = "A test."

    weight: float = 0.5

    themes = ()
    names = ("A",)
    hedges = ()
    history = 1

    def screened(self, market: Market, events: Events) -> BoolArray:
        return np.zeros(market.close.shape, bool)

    def target_weights(self, market: Market, events: Events) -> Targets:
        weights = np.array([[self.weight] + [0.0] * (len(market.symbols) - 1)])
        return Targets(
            market.rows, market.symbols, np.array([market.start]), weights, self.band, self.gross_limit
        )


def noisy(rows: int = 700, **more: object) -> Market:
    """Two names with their own noise, opens apart from closes, one rate that moves."""
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0.001, [0.01, 0.02], (rows, 2)), axis=0))
    opened = close * np.exp(rng.normal(0, 0.005, (rows, 2)))
    rate = np.exp(np.cumsum(rng.normal(0, 0.004, rows)))
    return build(
        {"A": close[:, 0], "B": close[:, 1]},
        open={"A": opened[:, 0], "B": opened[:, 1]},
        rates={"B": rate},
        **more,
    )  # type: ignore[arg-type]


def nothing(names: int = 2, horizon: int = H) -> Effect:
    return Effect.none(horizon, names)


def terms(fees: object = FREE) -> StressTerms:
    return StressTerms(Events(()), fees)  # type: ignore[arg-type]


# Drawing


def test_blocks_are_those_of_another_program() -> None:
    from arch.bootstrap._samplers_python import stationary_bootstrap_sample

    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([3, 8])))
    starts, again = rng.integers(700, size=H), rng.random(H)
    again[0] = 1.0  # arch never looks at the first
    theirs = stationary_bootstrap_sample(starts.copy(), again, 1 / 21)
    np.testing.assert_array_equal(draw(3, 8, 700, H), theirs)


def test_blocks_are_of_the_length_they_claim() -> None:
    breaks = np.mean([(np.diff(draw(0, k, 5000, 1000)) != 1).mean() for k in range(40)])
    assert breaks == pytest.approx(1 / 21, abs=0.004)  # 40,000 draws: standard error 0.0011


def test_a_path_is_its_own_whoever_draws_it() -> None:
    assert (draw(1, 5, 700, H) == draw(1, 5, 700, H)).all()
    assert (draw(1, 5, 700, H) != draw(1, 6, 700, H)).any()
    assert (draw(1, 5, 700, H) != draw(2, 5, 700, H)).any()


def test_the_block_is_long_enough_for_the_sample_market() -> None:
    from arch.bootstrap import optimal_block_length

    market = load(SampleSource(), ("NTR", "MOS", "ICL"), ("MOO",))
    rows = resampling_pool(market, 150).moves
    total = rows.overnight + rows.intraday
    wanted = optimal_block_length(total**2)["stationary"].median()
    assert 5 < wanted < 63  # 21 lies within a factor of three of Politis and White's answer for squared moves


# Continuing the past


def test_rows_are_drawn_whole_and_rebuild_the_past() -> None:
    """Drawing the last rows in order from a past cut before them gives those rows back."""
    market = noisy(closed=[(660, "A"), (661, "A"), (680, "B")], dividends={(670, "A"): 2.0})
    source = resampling_pool(market, 100, drift="history")
    cut = market.until(699 - H)
    past = replace(resampling_pool(cut, 100, least=300, drift="history").past)
    again = continued(
        replace(source, past=past), np.arange(source.rows.size - H, source.rows.size), nothing()
    )
    for name in ("open", "close", "dividends", "rates"):
        np.testing.assert_allclose(
            getattr(again, name), getattr(market, name)[-again.rows.size :], rtol=1e-11
        )
    for name in ("tradable", "venue_open"):
        np.testing.assert_array_equal(getattr(again, name), getattr(market, name)[-again.rows.size :])
    assert again.start == again.rows.size - 1 - H


def test_without_drift_holding_a_name_earns_nothing_on_average() -> None:
    source = resampling_pool(noisy(closed=[(660, "A")], dividends={(670, "A"): 2.0}), 100)
    m = source.moves
    total = (
        np.exp(m.overnight + m.intraday + m.currency) * 1.0 + source.dividend_yields * np.exp(m.currency) - 1
    )
    np.testing.assert_allclose(total.mean(axis=0), 0, atol=1e-12)
    assert m.overnight[source.rows == noisy().rows[660], 0] == 0  # nothing on a closed day


def test_wilder_moves_earn_nothing_either() -> None:
    """At three times the volatility the mean simple return of a row stays zero; it would be 3 x 2 / 2 variances."""
    source = resampling_pool(noisy(), 100)
    rows = source.rows.size
    wild = replace(Effect.none(rows, 2), volatility=np.full((rows, 2), 3.0))
    market = continued(source, np.arange(rows), wild)
    gain = (market.close[-rows:] / market.carried_close[-rows - 1 : -1] - 1).mean(axis=0)
    # 600 draws: what is left is the third moment, and the rate's share of B's drift
    assert (np.abs(gain) < 0.15 * 3 * source.common.variance).all()


@pytest.mark.parametrize("multiple", [0.0, 2.0, 3.0])
def test_wilder_moves_do_not_multiply_what_an_ex_date_takes_off(multiple: float) -> None:
    """A pays 3 % every 25 rows, and its price falls by as much: without drift its total return stays zero on average;
    with the drop multiplied it would lose (multiple - 1) x 3 % each time, 0.24 % a row at three."""
    market = noisy()
    paid, fall = {(row, "A"): 0.0 for row in range(25, 700, 25)}, np.ones(700)
    for row, _ in paid:
        fall[row:] *= 0.97
    close = market.close * np.column_stack([fall, np.ones(700)])
    for row, _ in paid:
        paid[row, "A"] = 0.03 * close[row - 1, 0]
    rates = {"B": market.rates[:, 1]}
    source = resampling_pool(build({"A": close[:, 0], "B": close[:, 1]}, rates=rates, dividends=paid), 100)
    rows = source.rows.size
    wild = replace(Effect.none(rows, 2), volatility=np.full((rows, 2), multiple))
    found = continued(source, np.arange(rows), wild)
    before = found.carried_close[-rows - 1 : -1, 0]
    total = (found.close[-rows:, 0] + found.dividends[-rows:, 0]) / before - 1
    # What is left is the third moment of 700 draws of 1 %, as above.
    assert abs(total.mean()) < 0.15 * 3 * source.common.variance[0]


def test_names_with_less_are_left_out_with_a_notice() -> None:
    close = np.column_stack([np.linspace(100, 120, 700)] * 3)
    close[:300, 1] = np.nan
    close[600:, 2] = np.nan
    market = build({"A": close[:, 0], "B": close[:, 1], "C": close[:, 2]})
    source = resampling_pool(market, 100)
    assert source.past.symbols == ("A",)
    assert {n.symbol: n.text.split(":")[0] for n in source.notices} == {
        "B": "has 399 rows of prices, wanted 500 in common",
        "C": f"has not traded since {market.rows[599]}",
    }
    assert resampling_pool(market, 100, least=300).rows.size == 399
    with pytest.raises(DataMissingError, match="no name of 3 has 800 rows"):
        resampling_pool(market, 100, least=800)


def test_rows_after_the_last_are_weekdays() -> None:
    assert following(np.datetime64("2024-03-08"), 3).astype(str).tolist() == [
        "2024-03-11",
        "2024-03-12",
        "2024-03-13",
    ]


# What must hold


def test_without_shocks_the_distribution_is_the_plain_bootstrap() -> None:
    """One name held whole at no cost, against arch's stationary bootstrap of the same simple returns."""
    from arch.bootstrap import StationaryBootstrap

    source = resampling_pool(noisy(), 50)
    made = stage(source, nothing(), [Hold(weight=1.0)], terms())
    ours = batch(made, 1, range(1500))[0].nav[:, -1]
    total = np.exp((source.moves.overnight + source.moves.intraday)[:, 0])
    opening = np.exp(source.moves.intraday[:, 0])  # the first row is bought at its open
    boot = StationaryBootstrap(21, np.column_stack([total, opening]), seed=np.random.default_rng(2))
    theirs = [x[0][0, 1] * x[0][1:H, 0].prod() for x, _ in boot.bootstrap(1500)]
    assert ks_2samp(ours, theirs).pvalue > 0.01
    assert ks_2samp(ours, np.array(theirs) * 0.98).pvalue < 0.01  # the test sees a shift of two per cent


def test_without_noise_the_loss_is_the_closed_form() -> None:
    source = resampling_pool(noisy(), 50)
    hit = effect([Shock("instrument:A", jump=-0.4, session=9)], H, 0, source.past.instruments, "USD")
    result = run_accounts(
        made := stage(source, hit, [Hold(weight=0.25)], terms()), continued(source, None, hit)
    )[0]
    np.testing.assert_allclose(result.nav[[9, 10, -1]], [1.0, 0.9, 0.9], **exactly)
    assert made.decided[0].tolist() == sorted(set(made.decided[0].tolist()))


def test_no_fill_in_a_simulated_halt_and_value_trapped_in_a_freeze() -> None:
    source = resampling_pool(noisy(), 50)
    halt = effect([Shock("instrument:A", halt=5)], H, 0, source.past.instruments, "USD")
    result = run_accounts(
        stage(source, halt, [Hold()], terms()), continued(source, draw(0, 0, 600, H), halt)
    )[0]
    assert np.nonzero(result.trades[:, 0])[0].tolist() == [6]  # rows 1 to 5 are halted
    freeze = effect([Shock("instrument:A", ending="frozen")], H, 10, source.past.instruments, "USD")
    for mark, worth in (("last", 1.0), ("zero", 0.0)):
        made = stage(source, freeze, [Hold(weight=0.5)], replace(terms(), mark=mark))
        one = run_accounts(made, continued(source, None, freeze))[0]
        assert one.trapped[-1] == pytest.approx(0.5)
        assert one.nav[-1] == pytest.approx(0.5 + 0.5 * worth)


def test_a_simulated_delisting_pays_a_share_of_the_last_close_of_its_own_path() -> None:
    source = resampling_pool(noisy(), 50)
    hit = effect(
        [Shock("instrument:A", ending="delisted", recovery=0.3)], H, 20, source.past.instruments, "USD"
    )
    market = continued(source, draw(0, 3, 600, H), hit)
    one = run_accounts(stage(source, hit, [Hold()], terms()), market)[0]
    bought, last = one.paid[1, 0], market.carried_close[market.start + 20, 0]
    assert one.shares[-1, 0] == 0
    assert one.nav[-1] == pytest.approx(0.5 + 0.5 * 0.3 * last / bought, rel=1e-12)


def test_wider_spreads_cost_that_much_more() -> None:
    source = resampling_pool(noisy(), 50)
    hit = effect([Shock("market", spread=4.0)], H, 0, source.past.instruments, "USD")
    fees = replace(FREE, rates=(replace(TEN.rates[0], fee="half_spread"),), label="ten")
    plain, wide = (
        run_accounts(stage(source, e, [Hold()], terms(fees)), continued(source, None, e))[0].nav[-1]
        for e in (nothing(), hit)
    )
    assert 1 - wide == pytest.approx(4 * (1 - plain), rel=0.01)  # the strategy is half of nav net of the fee


@pytest.fixture(scope="module")
def everything() -> tuple[ResamplingPool, list[Strategy]]:
    strategies = [p() for p in STRATEGIES]
    names = dict.fromkeys(s for p in strategies for s in p.names)
    market = load(SampleSource(), list(names), list(dict.fromkeys(s for p in strategies for s in p.hedges)))
    return resampling_pool(market, 131), strategies


def test_the_four_positions_decide_by_their_own_code(
    everything: tuple[ResamplingPool, list[Strategy]],
) -> None:
    """Shared features change nothing: each decision equals `target_weights` on the whole market of the path."""
    source, strategies = everything
    made = stage(source, nothing(len(source.past.symbols)), strategies, terms(read_fees()))
    market = continued(source, draw(4, 2, source.rows.size, H), made.hit)
    for strategy, result in zip(strategies, run_accounts(made, market), strict=True):
        own = strategy.target_weights(market, made.terms.events)
        np.testing.assert_array_equal(result.targets.weights, own.weights)
        np.testing.assert_array_equal(result.targets.decided, own.decided)


def test_the_past_before_a_path_is_enough_for_the_first_decision(
    everything: tuple[ResamplingPool, list[Strategy]],
) -> None:
    """Decided on the last rows alone, with news of all of them, as on the whole real market."""
    source, strategies = everything
    names, hedges = (list(dict.fromkeys(s for p in strategies for s in f)) for f in (
        [s for p in strategies for s in p.names], [s for p in strategies for s in p.hedges]))  # fmt: skip
    whole = load(SampleSource(), [s for s in names if s in source.past.symbols], hedges)
    whole = replace(whole, start=whole.rows.size - 1)
    made = stage(source, nothing(len(source.past.symbols)), strategies, StressTerms(EVENTS, read_fees()))
    market = continued(source, None, made.hit)
    for strategy, result in zip(strategies, run_accounts(made, market), strict=True):
        own = strategy.target_weights(whole, made.terms.events)
        assert result.targets.decided[0] == market.start
        np.testing.assert_allclose(result.targets.weights[0], own.weights[0], rtol=1e-9, atol=1e-12)


def test_legs_add_up_to_the_account(everything: tuple[ResamplingPool, list[Strategy]]) -> None:
    source, strategies = everything
    made = stage(source, nothing(len(source.past.symbols)), strategies, terms(read_fees()))
    for one in batch(made, 0, range(5)):
        np.testing.assert_allclose(one.legs.sum(axis=1), one.nav[:, -1] - 1, **exactly)


def test_the_same_for_a_seed_whatever_the_workers(everything: tuple[ResamplingPool, list[Strategy]]) -> None:
    source, strategies = everything
    made = stage(source, nothing(len(source.past.symbols)), strategies, terms(read_fees()))
    one, two = (dict(simulated(PathPlan({"x": made}, 7), 520, processes(w)))["x"] for w in (1, 2))
    for a, b in zip(one, two, strict=True):
        for field in ("nav", "legs", "trapped"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    assert isinstance(one[0], Batch)


# Transmission


def test_the_slope_and_its_error_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.05, 80)
    y = 0.01 + 0.4 * x + np.convolve(rng.normal(0, 0.05, 82), [1, 0.5, 0.3], "valid")
    theirs = OLS(y, add_constant(x)).fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False})
    slope, error, count = ols(y, x)
    assert (slope, error, count) == (pytest.approx(theirs.params[1]), pytest.approx(theirs.bse[1]), 80)


def driver(market: Market, values: np.ndarray, lag: int) -> Driver:
    months = np.unique(market.rows.astype("datetime64[M]"))
    return Driver(
        "POTASH", months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") + lag, values
    )


def test_a_driver_counts_from_the_day_it_was_known() -> None:
    """A name that answers a beta of 0.5 on the fifth of the next month, and not before."""
    market = build({"A": [100.0] * 900})
    months = np.unique(market.rows.astype("datetime64[M]"))
    values = np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.1, months.size)))
    series = driver(market, values, 4)
    at = np.searchsorted(series.known, market.rows, side="right") - 1
    close = np.where(at >= 0, 100 * values[np.maximum(at, 0)] ** 0.5, 100 * values[0] ** 0.5)[:, None]
    market = replace(market, close=close, open=close)
    slope, error, count = estimate(market, 0, series) or (math.nan,) * 3
    assert slope == pytest.approx(0.5)
    assert error < 1e-9
    y, x = monthly(market, series, market.total_return[:, 0])
    np.testing.assert_allclose(y, 0.5 * x, atol=1e-12)
    early = replace(
        series, known=series.known - 40
    )  # ten days before each month ended, so another month's move
    assert abs((estimate(market, 0, early) or (9,))[0]) < 0.3
    assert count >= 24


def test_betas_are_given_where_nothing_is_published_and_the_nearest_aim_holds() -> None:
    given = [
        Transmission("oil", "instrument:A", 2.0, "mine", 0.5),
        Transmission("oil", "market", 1.0, "mine", series=("OIL",)),
    ]
    found = betas(given, noisy(), {})
    assert {(b.symbol, b.beta, b.months) for b in found} == {("A", 2.0, 0), ("B", 1.0, 0)}
    assert next(b for b in found if b.symbol == "A").standard_error == 0.5
    assert math.isnan(next(b for b in found if b.symbol == "B").standard_error)


def test_a_driver_steps_or_ramps_times_its_beta() -> None:
    market = noisy()
    paths = [
        DriverPath("oil", 100, 200, "a", "c", "s", "step", 3), DriverPath("gas", 100, 50, "a", "c", "s", "ramp"),
    ]  # fmt: skip
    found = [Beta("oil", "A", 0.5, 0, 0, ""), Beta("gas", "B", 2.0, 0, 0, "")]
    hit = scenario_effect(Scenario("x", 1, 4, "mine", tuple(paths)), found, market.instruments, "USD")
    np.testing.assert_allclose(hit.level[:, 0], [0, 0, 0.5 * math.log(2), 0.5 * math.log(2)], **exactly)
    np.testing.assert_allclose(hit.level[:, 1], -2 * math.log(2) * np.array([0.25, 0.5, 0.75, 1]), **exactly)


def test_the_sample_market_carries_the_driver_of_the_article() -> None:
    market = load(SAMPLE, ("NTR", "MOS"), ("MOO",))
    found = betas(read_scenarios(THESIS).transmissions, market, market.drivers)
    potash = {b.symbol: b for b in found if b.driver == "potash"}
    assert set(potash) == {"NTR", "MOS", "MOO"}
    assert all(b.months > 80 and b.standard_error > 0 for b in potash.values())


def test_a_window_outside_the_rows_is_named() -> None:
    market = noisy()
    with pytest.raises(BadInputError, match="replay=2031-01-01"):
        resampling_pool(market, 50, window=(np.datetime64("2031-01-01"), np.datetime64("2031-02-01")))


# Judging


def paths_of(*returns: float) -> Paths:
    """Paths that go straight to their end."""
    r = np.array(returns)
    return Paths(r, np.minimum(r, 0.0), np.zeros(r.size))


def test_weighted_moments_are_those_of_the_mixture() -> None:
    rng = np.random.default_rng(0)
    a, b = Paths(*rng.normal(0.1, 0.2, (3, 400))), Paths(*rng.normal(-0.2, 0.4, (3, 400)))
    made = figures([a, b], [0.7, 0.3])
    mean = 0.7 * a.returns.mean() + 0.3 * b.returns.mean()
    variance = (
        0.7 * (a.returns.var() + a.returns.mean() ** 2)
        + 0.3 * (b.returns.var() + b.returns.mean() ** 2)
        - mean**2
    )
    assert made.mean == pytest.approx(mean)
    assert made.deviation == pytest.approx(math.sqrt(variance))
    assert made.loss == pytest.approx(0.7 * (a.returns < 0).mean() + 0.3 * (b.returns < 0).mean())
    assert made.deep == pytest.approx(0.7 * (a.drawdown <= -0.2).mean() + 0.3 * (b.drawdown <= -0.2).mean())
    assert made.trapped == pytest.approx(0.7 * a.trapped.mean() + 0.3 * b.trapped.mean())
    both = np.cov(a.returns, b.returns, ddof=0)
    weights = np.array([0.7, 0.3])
    assert made.error == pytest.approx(math.sqrt(weights @ both @ weights / 400))
    with pytest.raises(ValueError, match="do not share their draws"):
        figures([a, paths_of(0.1)], [0.7, 0.3])


def test_the_error_of_a_weighted_mean_is_its_spread_over_seeds() -> None:
    """Three scenarios are one set of draws moved and stretched; taken as independent, errors add up to 0.64 of it."""
    rng = np.random.default_rng(4)
    odds, means, errors = (0.55, 0.25, 0.20), [], []
    for _ in range(400):
        drawn = rng.normal(0.0, 0.2, 500)
        each = [Paths(m + s * drawn, drawn, drawn) for m, s in ((0.02, 1.0), (0.1, 0.9), (-0.2, 1.1))]
        made = figures(each, odds)
        means.append(made.mean)
        errors.append(made.error)
    assert np.mean(errors) == pytest.approx(
        np.std(means), rel=0.12
    )  # 400 means: 3.5 % of one deviation, thrice


def test_a_scenario_of_probability_nought_counts_for_nothing() -> None:
    assert figures([paths_of(0.1, 0.2), paths_of(-0.9)], [1.0, 0.0]) == figures([paths_of(0.1, 0.2)], [1.0])


def test_tails_by_hand() -> None:
    """Twenty equal paths: the worst is the 5 % quantile and the shortfall; weighted, its neighbour joins in."""
    one = paths_of(*np.linspace(-0.5, 0.45, 20))
    made = figures([one], [1.0])
    assert (made.var_95, made.es_95, made.median) == pytest.approx((-0.5, -0.5, -0.05))
    # weights 0.03 and 0.97: 3 % at -0.5 and 2 % of the 97 % at -0.1
    assert figures([paths_of(-0.5), paths_of(-0.1)], [0.03, 0.97]).es_95 == pytest.approx(
        (0.03 * 0.5 + 0.02 * 0.1) / -0.05
    )


def test_drawdown_is_from_the_highest_nav_so_far() -> None:
    nav = np.array([[1.0, 1.25, 1.0, 1.1], [1.0, 0.9, 0.95, 1.2]])
    made = Paths.of(Batch.of(nav, np.zeros((2, 1)), np.zeros(2)))
    np.testing.assert_allclose(made.drawdown, [-0.2, -0.1], **exactly)
    np.testing.assert_allclose(made.returns, [0.1, 0.2], **exactly)


@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=5),
    st.lists(st.floats(0.01, 1), min_size=5, max_size=5),
    st.integers(0, 1),
)
def test_a_break_even_probability_solves_its_equation(
    means: list[float], odds: list[float], which: int
) -> None:
    p = np.array(odds[: len(means)]) / sum(odds[: len(means)])
    q = break_even(means, p, which)
    if q is None:
        ends = [scaled_to(p, which, w) @ np.array(means) for w in (0.0, 1.0)]
        assert np.sign(ends[0]) == np.sign(ends[1]) or abs(ends[0] - ends[1]) < 1e-12
    else:
        made = scaled_to(p, which, q)
        assert made.sum() == pytest.approx(1)
        assert made @ np.array(means) == pytest.approx(0, abs=1e-12)


def test_break_even_by_hand() -> None:
    # 0.2 of -30 % against 0.8 of +10 %: q 0.3 = (1 - q) 0.1 at a quarter
    assert break_even([0.1, -0.3], [0.8, 0.2], 1) == pytest.approx(0.25)
    assert break_even([0.1, 0.3], [0.8, 0.2], 1) is None


def test_crossings_are_where_the_ranking_changes() -> None:
    means = {"a": [0.1, -0.3], "b": [0.0, 0.0], "c": [0.05, 0.2]}
    found = crossings(means, [0.8, 0.2], 1)
    # a = b at 1/4; a = c where 0.1 - 0.4 q = 0.05 + 0.15 q, at 1/11; b and c never
    assert [(round(q, 6), low, high) for q, low, high in found] == [
        (round(1 / 11, 6), "a", "c"), (0.25, "a", "b"),
    ]  # fmt: skip


def test_the_preferred_position_on_the_simplex_is_the_best_one_there() -> None:
    grid = simplex(4)
    assert grid.shape == (15, 3)
    np.testing.assert_allclose(grid.sum(axis=1), 1)
    best, lead = preferred({"a": [0.1, -0.2, -0.1], "b": [0.0, 0.3, -0.1]}, grid)
    for point, name, by in zip(grid, best, lead, strict=True):
        expected = sorted(
            [(point @ [0.1, -0.2, -0.1], 0), (point @ [0.0, 0.3, -0.1], 1), (0.0, -1)], key=lambda e: e[0]
        )
        assert by == pytest.approx(expected[-1][0] - expected[-2][0])
        if by > 1e-12:
            assert name == expected[-1][1]


def test_the_weighted_fan_takes_as_many_paths_as_the_probabilities_say() -> None:
    assert shares([0.55, 0.25, 0.2], 1000) == [slice(0, 550), slice(550, 800), slice(800, 1000)]
    assert shares([0.0, 1.0], 7) == [slice(0, 0), slice(0, 7)]
    nav = np.linspace(1, 2, 101)[:, None] * np.ones((1, 3))
    np.testing.assert_allclose(fan(nav)[:, 1], [1.05, 1.25, 1.5, 1.75, 1.95], **exactly)


# Replay, reverse stress, parts


def test_a_window_is_replayed_row_by_row() -> None:
    market = noisy()
    days = market.rows[200], market.rows[259]
    window = resampling_pool(market, 50, drift="history", window=days)
    assert (window.rows[0], window.rows[-1], window.rows.size) == (*days, 60)
    one = replay(window, [Hold(weight=1.0)], terms())[0]
    expected = market.close[259, 0] / market.open[200, 0]  # bought at the window's first open
    assert one.nav[0, -1] == pytest.approx(expected, rel=1e-12)


def scenario(*shocks: Shock, drivers: tuple[DriverPath, ...] = ()) -> Scenario:
    return Scenario("x", 1.0, H, "mine", drivers, shocks)


def test_reverse_stress_agrees_with_a_scan_and_the_closed_form() -> None:
    """A quarter held: a fifth of nav is lost where 0.25 (1 - 0.6^k) = 0.2, at k = ln 0.2 / ln 0.6."""
    source = resampling_pool(noisy(), 50)
    blow = scenario(Shock("instrument:A", jump=-0.4, session=9))
    found = breaking_multiples(Stages(source, [Hold(weight=0.25), Hold(weight=0.1)], terms()), blow, (), 0.2)
    assert found[0] == pytest.approx(math.log(0.2) / math.log(0.6), abs=1e-3)
    assert found[1] is None  # a tenth held cannot lose a fifth
    grid = np.arange(0, 4, 0.01)
    prepared = Stages(source, [Hold(weight=0.25)], terms())
    deep = [deepest(noiseless_navs(prepared, blow.scaled(float(k)), ())[0]) for k in grid]
    assert grid[np.argmax(np.array(deep) <= -0.2)] == pytest.approx(found[0], abs=0.011)


def test_the_smallest_is_found_where_a_larger_one_would_not_break() -> None:
    assert smallest(lambda k: 1 <= k <= 2 or k > 5) == pytest.approx(1, abs=1e-3)
    assert smallest(lambda _: True) == 0.0
    assert smallest(lambda _: False) is None


def test_parts_add_up_to_the_scenario() -> None:
    source = resampling_pool(noisy(), 50)
    oil = DriverPath("oil", 100, 200, "a", "c", "s", "step", 9)
    one = scenario(Shock("instrument:A", jump=-0.4, session=9, label="blow"), drivers=(oil,))
    found = [Beta("oil", "A", 0.5, 0, 0, "")]
    prepared = Stages(source, [Hold(weight=0.5)], terms())
    made = {p.label: p.returns[0] for p in parts(prepared, one, found)}
    assert made["driver oil"] == pytest.approx(0.5 * (math.sqrt(2) - 1))
    assert made["blow"] == pytest.approx(-0.2)
    whole = noiseless_navs(prepared, one, found)[0][-1] - 1
    assert sum(made.values()) == pytest.approx(whole)
    assert whole == pytest.approx(0.5 * (0.6 * math.sqrt(2) - 1))


# Entropy pooling


def test_without_a_view_nothing_is_reweighted() -> None:
    values = np.random.default_rng(0).normal(0, 1, 60)
    made = mean_and_volatility(values, float(values.mean()), 1.0)
    np.testing.assert_allclose(made.probabilities, 1 / 60, atol=1e-9)
    assert made.effective == pytest.approx(60)


def test_a_view_of_the_mean_of_two_values_has_a_closed_form() -> None:
    """Values 0 and 1, thirty each: the mean is the weight of the ones; entropy is that of the split plus log 30."""
    made = pool(np.repeat([0.0, 1.0], 30)[None], np.array([0.8]))
    np.testing.assert_allclose(made.probabilities, np.repeat([0.2 / 30, 0.8 / 30], 30), rtol=1e-6)
    assert made.effective == pytest.approx(30 * 0.2**-0.2 * 0.8**-0.8, rel=1e-6)


def test_a_view_of_the_mean_shifts_a_normal_without_narrowing_it() -> None:
    """Of a normal prior the answer is exponential tilting: the same deviation, relative entropy m^2 / (2 s^2)."""
    grid = (np.arange(20_000) + 0.5) / 20_000
    values = norm.ppf(grid)
    made = mean_and_volatility(values, 0.5, 1.0)
    assert made.probabilities @ values == pytest.approx(0.5, abs=1e-6)
    assert np.sqrt(made.probabilities @ (values - 0.5) ** 2) == pytest.approx(
        1, abs=2e-3
    )  # the grid's cut tails
    assert made.effective == pytest.approx(20_000 * math.exp(-0.125), rel=2e-3)


def test_views_of_mean_and_volatility_are_both_met() -> None:
    values = np.random.default_rng(1).standard_t(5, 90) * 0.05
    made = mean_and_volatility(values, 0.02, 1.3)
    p = made.probabilities
    assert p.sum() == pytest.approx(1)
    assert p @ values == pytest.approx(0.02, abs=1e-6)
    assert math.sqrt(p @ (values - 0.02) ** 2) == pytest.approx(1.3 * values.std(), rel=1e-4)
    assert 1 < made.effective < 90


def test_a_view_beyond_history_is_refused() -> None:
    with pytest.raises(BadInputError, match="outside what history shows"):
        mean_and_volatility(np.linspace(-0.1, 0.1, 40), 0.3, 1.0)


# The command


def stress(*words: str) -> object:
    return CliRunner().invoke(app, [*words, "--workers", "1"])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    out = tmp_path_factory.mktemp("stress")
    ran = stress(
        "--scenarios", "article_plus_easing", "--paths", "40", "--horizon", "60", "--out", str(out), "--json"
    )
    assert ran.exit_code == 0, ran.output  # type: ignore[attr-defined]
    return json.loads(ran.stdout), out  # type: ignore[attr-defined]


def test_a_view_that_history_does_not_reach_leaves_its_row_out_and_the_rest_stands(tmp_path: Path) -> None:
    """In ten rows the potash of a scenario moves by more a month than it ever did: the whole test was refused."""
    ran = stress("fertilizer_producers", "--paths", "20", "--horizon", "10", "--out", str(tmp_path), "--json")
    assert ran.exit_code == 0, ran.output  # type: ignore[attr-defined]
    answer = json.loads(ran.stdout)  # type: ignore[attr-defined]
    lost = [n["text"] for n in answer["notices"] if "so no history is reweighted to it" in n["text"]]
    views = sum(len(s.drivers) for s in read_scenarios(THESIS, "", 10).scenarios)
    assert lost
    assert "a longer horizon or a milder move can be" in lost[0]
    assert len(lost) + len(answer["pooled"]) <= views
    for text in lost:
        scenario, _, rest = text.partition(": ")
        assert (scenario, rest.split(" by ")[0]) not in {
            (r["scenario"], r["driver"]) for r in answer["pooled"]
        }
    assert {row["scenario"] for row in answer["table"]} >= {
        s.name for s in read_scenarios(THESIS, "", 10).scenarios
    }


def test_the_command_writes_the_table_thrice(written: tuple[dict[str, Any], Path]) -> None:
    answer, out = written
    rows = parquet.read_table(out / "stress.parquet").to_pylist()
    assert rows == answer["table"] == json.loads((out / "stress.json").read_text())["table"]
    assert len(rows) == 4 * 5
    assert answer["simulated"] is True


def test_weights_of_the_table_are_the_mixture(written: tuple[dict[str, Any], Path]) -> None:
    for name in ("fertilizer_producers", "middle_corridor", "hong_kong_equipment", "enablers"):
        rows = [r for r in written[0]["table"] if r["strategy"] == name]
        assert sum(r["probability"] for r in rows[:-1]) == pytest.approx(1)
        assert sum(r["probability"] * r["mean"] for r in rows[:-1]) == pytest.approx(rows[-1]["mean"])


def test_the_page_says_where_each_probability_is_from(written: tuple[dict[str, Any], Path]) -> None:
    page = unescape((written[1] / "stress.html").read_text())
    for s in read_scenarios(THESIS, "article_plus_easing").scenarios:
        assert s.origin in page
        assert f"{s.probability:.0%}".replace("%", "\u00a0%") in page
    assert "<title>SIMULATED" in page
    assert "The horizon is a parameter, here 60 rows" in page
    assert page.count('"SIMULATED"') >= 21  # twenty fans and the ternary
    assert "effective" in page.casefold()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--horizon", "-3"], "horizon -3"),
        (["--paths", "0"], "--paths 0"),
        (["--paths", "2000000000"], "--paths 2000000000 would take about 32 days and 12,144 GB of memory"),
        (["--paths", "1" + "0" * 400], "would take about"),
        (
            ["--paths", "1000000", "--horizon", "5000"],
            "and 480 GB of memory; wanted at most 32 GB; type --paths 66653",
        ),
        (
            ["--horizon", "1000000000"],
            "--horizon 1000000000 would take about 643 days and 240,000 GB of memory",
        ),
        (["--horizon", "1" + "0" * 400], "would take about"),
        (["--seed", "-1"], "'--seed'"),
        (["--drift", "up"], "--drift up"),
        (["--limit", "2"], "--limit 2"),
        (["--replay", "2022"], "--replay"),
        (["--replay", "2022-05-01:2022-04-01"], "--replay 2022-05-01"),
        (["--replay", "2031-05-01:2031-06-01"], "--replay 2031-05-01"),
        (["--scenarios", "artcle"], "Did you mean article"),
        (["--history", "5000"], "5000 rows"),
        (["middle_coridor"], "Did you mean middle_corridor"),
    ],
)
def test_bad_input_is_one_line_and_status_two(words: list[str], text: str, tmp_path: Path) -> None:
    ran = stress(*words, "--paths", "2", "--out", str(tmp_path)) if "--paths" not in words else stress(*words)
    assert ran.exit_code == 2  # type: ignore[attr-defined]
    assert text in ran.stderr  # type: ignore[attr-defined]
    assert len(ran.stderr.strip().splitlines()) == 1  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_a_users_own_scenarios_are_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[scenario]]\nname = "freeze"\nprobability = 1\norigin = "mine"\n'
        '[[scenario.shock]]\ntarget = "theme:corridor"\nending = "frozen"\nsession = 5\njump = -0.1\n', encoding="utf-8",
    )  # fmt: skip
    ran = stress("middle_corridor", "--scenarios", str(path), "--paths", "5", "--horizon", "20", "--json",
                 "--out", str(tmp_path), "--replay", "none", "--set", "respond=0")  # fmt: skip
    made = json.loads(ran.stdout)["table"]  # type: ignore[attr-defined]
    # Blind to news half of nav is held, all of it in the theme, and all of it freezes at session 5, before the jump can
    # be traded or marked: 0.5, moved by five sessions of seven names (a deviation of some 0.01 over five paths).
    assert made[0]["trapped"] == pytest.approx(0.5, abs=0.03)
    assert made[0]["mean"] == pytest.approx(made[1]["mean"])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("probability = 0.9", "add up to 0.9"),
        ("probability = 1\n[[scenario.shock]]\ntarget = 'instrument:NTRR'", "Did you mean NTR"),
        ("probability = 1\n[[scenario.shock]]\ntarget = 'market'\njump = -1.01", "jump -1.01"),
        ("probability = 1\n[[scenario.driver]]\nname = 'oil'\nstart = 1\nend = 2\nstated = 'a'\nchecked = 'c'\n"
         "source = 's'", "has no transmission"),
    ],
)  # fmt: skip
def test_a_bad_scenario_file_is_one_line_and_status_two(lines: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'[[scenario]]\nname = "x"\norigin = "mine"\n{lines}\n', encoding="utf-8")
    ran = stress(
        "fertilizer_producers", "--scenarios", str(path), "--paths", "2", "--out", str(tmp_path / "out")
    )
    assert ran.exit_code == 2  # type: ignore[attr-defined]
    assert text in ran.stderr  # type: ignore[attr-defined]
    assert len(ran.stderr.strip().splitlines()) == 1  # type: ignore[attr-defined]


def test_the_page_in_chromium(browser: Window, written: tuple[dict[str, Any], Path]) -> None:
    """Narrow and dark, and then wide and light."""
    page, wrong = opened(browser, written[1] / "stress.html", 390, "dark")
    page.wait_for_selector("[data-chart=losses] .main-svg")  # the result; the rest is folded
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    until(page, "document.querySelectorAll('[data-chart] .main-svg').length >= 22")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ink = "document.querySelector('[data-chart=losses]').layout.font.color"
    dark = page.evaluate(ink)
    page.emulate_media(color_scheme="light")
    until(page, f"{ink} !== '{dark}'")
    page.set_viewport_size({"width": 1440, "height": 1600})
    wide = "document.querySelector('[data-chart=losses] .main-svg').getBoundingClientRect().width > 390"
    until(page, wide)
    assert page.locator("[data-chart] .main-svg").count() >= 22
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert wrong == []
