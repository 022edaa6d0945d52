"""Simulated paths: what they must equal, by hand, by other programs and in the limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
import pytest
import statsmodels.api as sm
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from arch.bootstrap._samplers_python import stationary_bootstrap_sample
from scipy.stats import ks_2samp

from positioning.errors import BadInputError, DataMissingError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import BoolArray, Market
from positioning.market.sample import SampleSource
from positioning.market.source import Driver
from positioning.portfolio.position import Position
from positioning.portfolio.targets import Targets
from positioning.shocks.paths import Urn, continued, draw, following, urn
from positioning.shocks.scenario import DriverPath, Scenario, Transmission, read_scenarios
from positioning.shocks.shock import Effect, Shock, effect
from positioning.shocks.stress import Batch, Terms, batch, play, simulated, stage
from positioning.shocks.transmission import Beta, betas, estimate, monthly, ols, scenario_effect
from positioning.simulation.fees import read_fees
from strategies import POSITIONS
from tests.test_ledger import FREE, TEN, build

exactly = {"rtol": 1e-12, "atol": 1e-14}  # sums of logarithms over a hundred rows
H = 60


@final
@dataclass(frozen=True)
class Hold(Position):
    """A fixed weight of the first name, decided once."""

    name: ClassVar[str] = "hold"
    benchmark: ClassVar[str] = "A"
    caveat: ClassVar[str] = "A test."

    weight: float = 0.5

    themes = ()
    names = ("A",)
    hedges = ()
    history = 1

    def screened(self, market: Market, events: Events) -> BoolArray:  # noqa: ARG002
        return np.zeros(market.close.shape, bool)

    def target_weights(self, market: Market, events: Events) -> Targets:  # noqa: ARG002
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


def terms(fees: object = FREE) -> Terms:
    return Terms(Events(()), fees)  # type: ignore[arg-type]


# Drawing


def test_blocks_are_those_of_another_program() -> None:
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
    market = load(SampleSource(), ("NTR", "MOS", "ICL"), ("MOO",))
    rows = urn(market, 150).moves
    total = rows.overnight + rows.intraday
    wanted = optimal_block_length(total**2)["stationary"].median()
    assert 5 < wanted < 63  # 21 lies within a factor of three of Politis and White's answer for squared moves


# Continuing the past


def test_rows_are_drawn_whole_and_rebuild_the_past() -> None:
    """Drawing the last rows in order from a past cut before them gives those rows back."""
    market = noisy(closed=[(660, "A"), (661, "A"), (680, "B")], dividends={(670, "A"): 2.0})
    source = urn(market, 100, drift="history")
    cut = market.until(699 - H)
    past = replace(urn(cut, 100, least=300, drift="history").past)
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
    source = urn(noisy(closed=[(660, "A")], dividends={(670, "A"): 2.0}), 100)
    m = source.moves
    total = np.exp(m.overnight + m.intraday + m.currency) * 1.0 + source.paid * np.exp(m.currency) - 1
    np.testing.assert_allclose(total.mean(axis=0), 0, atol=1e-12)
    assert m.overnight[source.rows == noisy().rows[660], 0] == 0  # nothing on a closed day


def test_names_with_less_are_left_out_with_a_notice() -> None:
    close = np.column_stack([np.linspace(100, 120, 700)] * 3)
    close[:300, 1] = np.nan
    close[600:, 2] = np.nan
    market = build({"A": close[:, 0], "B": close[:, 1], "C": close[:, 2]})
    source = urn(market, 100)
    assert source.past.symbols == ("A",)
    assert {n.symbol: n.text.split(":")[0] for n in source.notices} == {
        "B": "has 399 rows of prices, wanted 500 in common",
        "C": f"has not traded since {market.rows[599]}",
    }
    assert urn(market, 100, least=300).rows.size == 399
    with pytest.raises(DataMissingError, match="no name of 3 has 800 rows"):
        urn(market, 100, least=800)


def test_rows_after_the_last_are_weekdays() -> None:
    assert following(np.datetime64("2024-03-08"), 3).astype(str).tolist() == [
        "2024-03-11",
        "2024-03-12",
        "2024-03-13",
    ]


# What must hold


def test_without_shocks_the_distribution_is_the_plain_bootstrap() -> None:
    """One name held whole at no cost, against arch's stationary bootstrap of the same simple returns."""
    source = urn(noisy(), 50)
    made = stage(source, nothing(), [Hold(weight=1.0)], terms())
    ours = batch(made, 1, range(1500))[0].nav[:, -1]
    total = np.exp((source.moves.overnight + source.moves.intraday)[:, 0])
    opening = np.exp(source.moves.intraday[:, 0])  # the first row is bought at its open
    boot = StationaryBootstrap(21, np.column_stack([total, opening]), seed=np.random.default_rng(2))
    theirs = [x[0][0, 1] * x[0][1:H, 0].prod() for x, _ in boot.bootstrap(1500)]
    assert ks_2samp(ours, theirs).pvalue > 0.01
    assert ks_2samp(ours, np.array(theirs) * 0.98).pvalue < 0.01  # the test sees a shift of two per cent


def test_without_noise_the_loss_is_the_closed_form() -> None:
    source = urn(noisy(), 50)
    hit = effect([Shock("instrument:A", jump=-0.4, session=9)], H, 0, source.past.instruments, "USD")
    result = play(made := stage(source, hit, [Hold(weight=0.25)], terms()), continued(source, None, hit))[0]
    np.testing.assert_allclose(result.nav[[9, 10, -1]], [1.0, 0.9, 0.9], **exactly)
    assert made.decided[0].tolist() == sorted(set(made.decided[0].tolist()))


def test_no_fill_in_a_simulated_halt_and_value_trapped_in_a_freeze() -> None:
    source = urn(noisy(), 50)
    halt = effect([Shock("instrument:A", halt=5)], H, 0, source.past.instruments, "USD")
    result = play(stage(source, halt, [Hold()], terms()), continued(source, draw(0, 0, 600, H), halt))[0]
    assert np.nonzero(result.trades[:, 0])[0].tolist() == [6]  # rows 1 to 5 are halted
    freeze = effect([Shock("instrument:A", ending="frozen")], H, 10, source.past.instruments, "USD")
    for mark, worth in (("last", 1.0), ("zero", 0.0)):
        made = stage(source, freeze, [Hold(weight=0.5)], replace(terms(), mark=mark))
        one = play(made, continued(source, None, freeze))[0]
        assert one.trapped[-1] == pytest.approx(0.5)
        assert one.nav[-1] == pytest.approx(0.5 + 0.5 * worth)


def test_a_simulated_delisting_pays_a_share_of_the_last_close_of_its_own_path() -> None:
    source = urn(noisy(), 50)
    hit = effect(
        [Shock("instrument:A", ending="delisted", recovery=0.3)], H, 20, source.past.instruments, "USD"
    )
    market = continued(source, draw(0, 3, 600, H), hit)
    one = play(stage(source, hit, [Hold()], terms()), market)[0]
    bought, last = one.paid[1, 0], market.carried_close[market.start + 20, 0]
    assert one.shares[-1, 0] == 0
    assert one.nav[-1] == pytest.approx(0.5 + 0.5 * 0.3 * last / bought, rel=1e-12)


def test_wider_spreads_cost_that_much_more() -> None:
    source = urn(noisy(), 50)
    hit = effect([Shock("market", spread=4.0)], H, 0, source.past.instruments, "USD")
    fees = replace(FREE, rates=(replace(TEN.rates[0], fee="half_spread"),), label="ten")
    plain, wide = (
        play(stage(source, e, [Hold()], terms(fees)), continued(source, None, e))[0].nav[-1]
        for e in (nothing(), hit)
    )
    assert 1 - wide == pytest.approx(4 * (1 - plain), rel=0.01)  # the position is half of nav net of the fee


@pytest.fixture(scope="module")
def everything() -> tuple[Urn, list[Position]]:
    positions = [p() for p in POSITIONS]
    names = dict.fromkeys(s for p in positions for s in p.names)
    market = load(SampleSource(), list(names), list(dict.fromkeys(s for p in positions for s in p.hedges)))
    return urn(market, 131), positions


def test_the_four_positions_decide_by_their_own_code(everything: tuple[Urn, list[Position]]) -> None:
    """Shared features change nothing: each decision equals `target_weights` on the whole market of the path."""
    source, positions = everything
    made = stage(source, nothing(len(source.past.symbols)), positions, terms(read_fees()))
    market = continued(source, draw(4, 2, source.rows.size, H), made.hit)
    for position, result in zip(positions, play(made, market), strict=True):
        own = position.target_weights(market, made.terms.events)
        np.testing.assert_array_equal(result.targets.weights, own.weights)
        np.testing.assert_array_equal(result.targets.decided, own.decided)


def test_legs_add_up_to_the_account(everything: tuple[Urn, list[Position]]) -> None:
    source, positions = everything
    made = stage(source, nothing(len(source.past.symbols)), positions, terms(read_fees()))
    for one in batch(made, 0, range(5)):
        np.testing.assert_allclose(one.legs.sum(axis=1), one.nav[:, -1] - 1, **exactly)


def test_the_same_for_a_seed_whatever_the_workers(everything: tuple[Urn, list[Position]]) -> None:
    source, positions = everything
    made = stage(source, nothing(len(source.past.symbols)), positions, terms(read_fees()))
    one, two = (dict(simulated({"x": made}, 520, 7, w))["x"] for w in (1, 2))
    for a, b in zip(one, two, strict=True):
        for field in ("nav", "legs", "trapped"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    assert isinstance(one[0], Batch)


# Transmission


def test_the_slope_and_its_error_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 0.05, 80)
    y = 0.01 + 0.4 * x + np.convolve(rng.normal(0, 0.05, 82), [1, 0.5, 0.3], "valid")
    theirs = sm.OLS(y, sm.add_constant(x)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False}
    )
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
    market = load(SampleSource(), ("NTR", "MOS"), ("MOO",))
    found = betas(read_scenarios().transmissions, market, market.drivers)
    potash = {b.symbol: b for b in found if b.driver == "potash"}
    assert set(potash) == {"NTR", "MOS", "MOO"}
    assert all(b.months > 80 and b.standard_error > 0 for b in potash.values())


def test_a_window_outside_the_rows_is_named() -> None:
    market = noisy()
    with pytest.raises(BadInputError, match="window 2031-01-01"):
        urn(market, 50, window=(np.datetime64("2031-01-01"), np.datetime64("2031-02-01")))
