"""Shocks and scenarios by hand, on markets small enough to work out on paper."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.market.instruments import table
from positioning.market.market import Market
from positioning.scenarios.counterfactual import (
    CommonMove,
    Counterfactual,
    Moves,
    apply,
    moves,
    stressed_moves,
)
from positioning.scenarios.scenario import Scenario, ScenarioSet
from positioning.scenarios.scenario_file import read_scenarios
from positioning.scenarios.shock import Effect, Shock, effect
from positioning.simulation.constraints import trading_constraints
from positioning.simulation.result import Result
from positioning.simulation.simulate import simulate
from tests.builders import THESIS
from tests.simulation.accounts import FREE, TEN, build, charge, decide

exactly = {"rtol": 1e-13, "atol": 1e-15}  # a few products of doubles near one
DAY2 = np.datetime64("2024-01-10", "D")  # row 2 of `build`


def flat(**more: object) -> Market:
    """Two names at 100 and 50 over eight rows."""
    return build({"A": [100.0] * 8, "B": [50.0] * 8}, **more)  # type: ignore[arg-type]


def held(made: Counterfactual, weights: dict[str, float]) -> Result:
    market = made.market
    return simulate(
        decide(market, {0: weights}),
        market,
        made.fees,
        constraints=trading_constraints(market, made.restrictions),
    )


def test_a_jump_moves_open_and_close_from_its_row_on_and_nothing_before() -> None:
    market = apply(flat(), (), FREE, [Shock("instrument:A", jump=-0.2)], DAY2).market
    np.testing.assert_allclose(market.close[:, 0], [100, 100] + [80] * 6, **exactly)
    np.testing.assert_allclose(market.open[:, 0], [100, 100] + [80] * 6, **exactly)
    np.testing.assert_array_equal(market.close[:, 1], 50.0)


def test_the_logarithm_of_a_jump_halves_every_half_life() -> None:
    market = apply(flat(), (), FREE, [Shock("instrument:A", jump=0.44, half_life=2)], DAY2).market
    np.testing.assert_allclose(market.close[[2, 4, 6], 0], [144, 120, 100 * 1.44**0.25], **exactly)


def test_the_loss_of_a_position_is_its_weight_times_the_jump() -> None:
    # half in A at 100, which falls by 30 % on row 3; no fees
    result = held(apply(flat(), (), FREE, [Shock("instrument:A", jump=-0.3, session=1)], DAY2), {"A": 0.5})
    np.testing.assert_allclose(result.nav[[2, 3, 7]], [1.0, 0.85, 0.85], **exactly)


def test_jumps_compose() -> None:
    blows = [Shock("instrument:A", jump=-0.2), Shock("market", jump=0.1, session=1)]
    market = apply(flat(), (), FREE, blows, DAY2).market
    np.testing.assert_allclose(market.close[[2, 3], 0], [80, 88], **exactly)
    np.testing.assert_allclose(market.close[[2, 3], 1], [50, 55], **exactly)
    again = apply(flat(), (), FREE, blows[::-1], DAY2).market
    np.testing.assert_allclose(again.close, market.close, **exactly)


def test_a_currency_shock_moves_rates_and_no_price() -> None:
    market = flat(rates={"A": [0.5] * 8})
    market = replace(
        market,
        instruments=(replace(market.instruments[0], currency="GBP", quoted_in="GBP"), market.instruments[1]),
    )
    hit = apply(market, (), FREE, [Shock("currency:GBP", jump=-0.1)], DAY2).market
    np.testing.assert_allclose(hit.rates[:, 0], [0.5, 0.5] + [0.45] * 6, **exactly)
    np.testing.assert_array_equal(hit.close, market.close)


def test_volatility_multiplies_later_moves_and_calms_down() -> None:
    closes = [100, 110, 121, 133.1, 146.41, 161.051]
    market = build({"A": closes}, open={"A": [100.0, *closes[:-1]]})
    hit = apply(market, (), FREE, [Shock("market", volatility=3.0, calm=1)], DAY2).market
    steps = np.diff(np.log(hit.close[:, 0])) / math.log(1.1)
    np.testing.assert_allclose(steps, [1, 3, 2, 1.5, 1.25], rtol=1e-12)
    np.testing.assert_allclose(hit.open[2:, 0], hit.close[1:-1, 0], rtol=1e-12)  # the moves were intraday


def test_no_fill_in_a_halt() -> None:
    made = apply(flat(), (), FREE, [Shock("instrument:A", halt=3, jump=-0.1)], DAY2)
    result = simulate(decide(made.market, {0: {"A": 0.5}, 2: {"B": 0.5}}), made.market, made.fees)
    traded = np.nonzero(result.trades[:, 0])[0].tolist()
    assert traded == [1, 5]  # bought on row 1; the sale decided on row 2 waits for rows 2, 3, 4
    assert np.isnan(made.market.close[2:5, 0]).all()
    np.testing.assert_allclose(
        result.nav[[4, 5]], [1.0, 0.95], **exactly
    )  # the fall is seen when it trades again


def test_a_halt_counts_sessions_of_the_venue() -> None:
    made = apply(flat(closed=[(3, "A")]), (), FREE, [Shock("instrument:A", halt=2)], DAY2)
    assert made.market.tradable[:, 0].tolist() == [True, True, False, False, False, True, True, True]


def test_a_freeze_traps_the_value() -> None:
    made = apply(flat(), (), FREE, [Shock("instrument:A", ending="frozen", jump=-0.9)], DAY2)
    market = made.market
    targets = decide(market, {0: {"A": 0.4}, 3: {"B": 0.5}})
    result = simulate(targets, market, made.fees, constraints=trading_constraints(market, made.restrictions))
    assert result.shares[-1, 0] == 0.4 / 100  # never sold
    np.testing.assert_allclose(result.trapped, [0, 0] + [0.4] * 6, **exactly)
    zero = simulate(
        targets, market, made.fees, constraints=trading_constraints(market, made.restrictions, mark="zero")
    )
    np.testing.assert_allclose(zero.nav[[1, 2]], [1.0, 0.6], **exactly)


def test_a_delisting_pays_its_recovery_of_the_last_close() -> None:
    made = apply(flat(), (), FREE, [Shock("instrument:A", ending="delisted", recovery=0.25)], DAY2)
    result = held(made, {"A": 0.4})
    np.testing.assert_allclose(result.nav[[2, 3, 7]], [1.0, 0.7, 0.7], **exactly)
    assert result.shares[3, 0] == 0


def test_spreads_widen_from_the_landing_on() -> None:
    fees = replace(FREE, rates=(charge(10, fee="half_spread"), charge(5)), label="wide")
    made = apply(flat(), (), fees, [Shock("instrument:A", spread=3.0)], DAY2)
    rates = made.fees.on(made.market.rows, made.market.instruments)
    np.testing.assert_allclose(rates.buy_total[:, 0], [15e-4] * 2 + [35e-4] * 6, **exactly)
    np.testing.assert_allclose(rates.sell_total[:, 1], 15e-4, **exactly)


def test_no_shock_changes_nothing() -> None:
    market = build({"A": [100, 90, 95, 99.0]}, open={"A": [99, 91, 92, 97.0]})
    made = apply(market, (), TEN, [], DAY2)
    for name in ("open", "close", "rates", "tradable"):
        np.testing.assert_array_equal(getattr(made.market, name), getattr(market, name))
    assert made.fees is TEN
    assert made.restrictions == ()


def test_a_theme_shock_leaves_hedges_and_western_peers_alone_unless_they_are_named() -> None:
    shocks = [s for one in read_scenarios(THESIS, "article").scenarios for s in one.shocks]
    hit = {m for s in shocks if s.target == "theme:equipment" for m in s.members}
    assert "1157.HK" in hit
    assert not hit & {"CAT", "DE", "6301.T", "FXI", "EEM", "SPY"}
    driven = [t for t in read_scenarios(THESIS, "article").transmissions if t.target == "theme:fertilizer"]
    assert driven
    assert not {m for t in driven for m in t.members} & {"MOO", "XLB", "DBA"}
    names = [table()["1157.HK"], table()["CAT"]]
    both = [Shock("theme:equipment", jump=-0.1, members=("1157.HK",)), Shock("instrument:CAT", jump=0.05)]
    np.testing.assert_allclose(effect(both, 3, 1, names, "USD").level[1], np.log([0.9, 1.05]), **exactly)


def test_correlation_stress_raises_correlation_and_keeps_volatility() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(0, [0.01, 0.02, 0.03], (40_000, 3))
    own = Moves(raw, *(np.zeros_like(raw) for _ in range(3)))
    hit = replace(Effect.none(40_000, 3), correlation=np.full(40_000, 0.5))
    new = stressed_moves(own, hit, CommonMove.of(own)).overnight
    # z_i' ~ sqrt(.5) z_i + sqrt(.5) f, f = mean z x sqrt(3): cov = .5 (2/sqrt(3) + 1), var = 1 + 1/sqrt(3)
    expected = 0.5 * (2 / math.sqrt(3) + 1) / (1 + 1 / math.sqrt(3))
    # standard errors of a correlation and of a deviation from 40,000 draws are below 0.004
    np.testing.assert_allclose(np.corrcoef(new.T)[np.triu_indices(3, 1)], expected, atol=0.012)
    np.testing.assert_allclose(new.std(axis=0), raw.std(axis=0), rtol=0.02)
    whole = stressed_moves(own, replace(hit, correlation=np.ones(40_000)), CommonMove.of(own)).overnight
    np.testing.assert_allclose(np.corrcoef(whole.T), 1.0, atol=1e-9)


def test_moves_rebuild_the_prices() -> None:
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 30)))
    market = build({"A": close}, open={"A": close * np.exp(rng.normal(0, 0.01, 30))}, closed=[(7, "A")])
    found = moves(market)
    total = np.cumsum(found.overnight + found.intraday, axis=0)[:, 0]
    np.testing.assert_allclose(np.exp(total[-1]), close[-1] / close[0], rtol=1e-12)
    assert found.overnight[7, 0] == found.intraday[7, 0] == 0


def test_a_shock_scaled_is_as_many_times_as_hard() -> None:
    double = Shock("market", jump=-0.2, volatility=2.0, spread=1.5, correlation=0.6, halt=3).scaled(2)
    assert double.jump == pytest.approx(0.8**2 - 1)
    assert (double.volatility, double.spread, double.correlation, double.halt) == (3.0, 2.0, 1.0, 6)
    nothing = Shock("market", jump=-0.2, ending="frozen").scaled(0)
    assert (nothing.jump, nothing.ending) == (0.0, "")


def test_a_theme_hits_its_names_only() -> None:
    market = flat()
    shock = Shock("theme:corridor", jump=0.1, members=(market.symbols[0], "ELSE"))
    hit = effect([shock], 3, 1, market.instruments, "USD")
    np.testing.assert_allclose(hit.level, [[0, 0], [math.log(1.1), 0], [math.log(1.1), 0]], **exactly)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"jump": -1.2}, "jump -1.2"),
        ({"target": "instrument"}, "target 'instrument'"),
        ({"target": "theme:fertilizer"}, "wanted the symbols of a theme"),
        ({"target": "market", "members": ("NTR",)}, "wanted the symbols of a theme"),
        ({"volatility": -1}, "volatility -1"),
        ({"correlation": 1.5}, "correlation 1.5"),
        ({"ending": "gone"}, "ending gone"),
        ({"halt": -1}, "halt -1"),
        ({"half_life": 0}, "half_life 0"),
        ({"target": "currency:HKD", "halt": 1}, "currency:HKD"),
    ],
)
def test_a_shock_out_of_range_is_named(values: dict[str, object], text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        Shock(**{"target": "market", **values})  # type: ignore[arg-type]


def test_an_unknown_instrument_is_named() -> None:
    with pytest.raises(BadInputError, match=r"instrument:NTRR is not known.*Did you mean NTR\?"):
        apply(flat(), (), FREE, [Shock("instrument:NTRR")], DAY2)
    with pytest.raises(BadInputError, match="a shock at 2030"):
        apply(flat(), (), FREE, [], np.datetime64("2030-01-01"))


def test_the_article_is_shipped_as_it_was_written() -> None:
    made = read_scenarios(THESIS, "article")
    assert [(s.name, s.probability) for s in made.scenarios] == [
        ("integration", 0.55), ("corridor", 0.25), ("sanctions", 0.20),
    ]  # fmt: skip
    figures = {(s.name, d.name): (d.start, d.end) for s in made.scenarios for d in s.drivers}
    assert figures["integration", "potash"] == (352, 352)
    assert figures["sanctions", "potash"] == (352, 450)
    assert figures["corridor", "corridor_volume"] == (4.2, 8.4)
    # facts section 2: expected potash where "not stated" is the base value
    expected = sum(s.probability * figures[s.name, "potash"][1] for s in made.scenarios)
    assert expected == pytest.approx(371.6)
    assert all(d.stated and d.checked and d.source for s in made.scenarios for d in s.drivers)
    assert all(s.origin for s in made.scenarios)
    assert all(t.origin for t in made.transmissions)


def test_easing_rescales_the_article() -> None:
    old, new = (
        read_scenarios(THESIS, "article").scenarios,
        read_scenarios(THESIS, "article_plus_easing").scenarios,
    )
    assert [s.name for s in new] == [*(s.name for s in old), "easing"]
    for a, b in zip(old, new, strict=False):
        assert b.probability == pytest.approx(0.8 * a.probability)
        assert (a.drivers, a.shocks) == (b.drivers, b.shocks)


def test_a_scenario_scaled_moves_its_drivers_in_logarithms() -> None:
    potash = read_scenarios(THESIS).scenarios[2].scaled(2).drivers[0]
    assert potash.end == pytest.approx(450**2 / 352)


FILE = """
[[scenario]]
name = "one"
probability = {p}
origin = "mine"
{more}
"""


@pytest.mark.parametrize(
    ("p", "more", "text"),
    [
        ("0.9", "", "add up to 0.9"),
        ("1.0", "[[scenario.driver]]\nname='oil'\nstart=1\nend=2\nstated='a'\nchecked='c'\nsource='s'",
         "driver 'oil' of scenario one has no transmission"),
        ("1.0", "[[scenario.shock]]\ntarget='market'\njump=-1.5", "jump -1.5"),
        ("1.0", "[[scenario.shock]]\ntarget='market'\njmp=-0.5", "Did you mean jump"),
        ("1.0", "[[scenario.shock]]\ntarget='market'\njump='big'", "jump = 'big'"),
        ("1.0", "[[scenario.shock]]\njump=-0.1", "required keys"),
        ("1.0", "[[scenario.shock]]\ntarget='theme:fertiliser'\njump=-0.1", "Did you mean fertilizer"),
        ("1.0", "horizon = -5", "horizon=-5"),
        ("1.0", "shock = 3", "no list of tables"),
        ("'much'", "", "probability = 'much'"),
        ("nan", "", "probability nan"),
        ("1.0", "= 3", "cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_line(tmp_path: Path, p: str, more: str, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE.format(p=p, more=more), encoding="utf-8")
    with pytest.raises(BadInputError, match=text) as caught:
        read_scenarios(THESIS, str(path))
    assert "\n" not in str(caught.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        FILE.format(p=1, more="[[scenario.shock]]\ntarget='market'\nhalf_life=inf"), encoding="utf-8"
    )
    made = read_scenarios(THESIS, str(path), 30)
    assert (made.name, made.scenarios[0].horizon, made.scenarios[0].shocks[0].half_life) == (
        "mine.toml",
        30,
        math.inf,
    )
    with pytest.raises(BadInputError, match="Did you mean article"):
        read_scenarios(THESIS, "artcle")


def test_a_scenario_twice_is_refused() -> None:
    one = Scenario("x", 0.5, 10, "mine")
    with pytest.raises(BadInputError, match="'x' twice"):
        ScenarioSet("mine", (one, one))


def test_a_fall_of_nearly_all_may_be_made_harder() -> None:
    hard = Shock("market", jump=-0.999_999_999_999).scaled(16.0)
    assert -1.0 < hard.jump < -0.999_999_999_99
