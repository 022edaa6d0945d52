"""The strategies: what they may know, when they decide, and their arithmetic by hand."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

import strategies
from positioning.errors import BadInputError, DataMissingError, PositioningError
from positioning.events.event import Event, Events
from positioning.events.restriction import Restriction
from positioning.market.load import load
from positioning.market.market import Market
from positioning.strategy.basket import Basket
from positioning.strategy.blend import Blend
from positioning.strategy.features import (
    BETAS,
    STALE_SESSIONS,
    Betas,
    Covariance,
    Eligibility,
    Feature,
    FeatureBook,
    Response,
)
from positioning.strategy.strategy import Strategy, schedule
from positioning.strategy.targets import Targets
from positioning.strategy.weights import dimson_betas, rolling_betas
from strategies.enablers import Enablers
from strategies.fertilizer_producers import FertilizerProducers
from strategies.hong_kong_equipment import DISTRIBUTORS, HongKongEquipment
from strategies.middle_corridor import MiddleCorridor
from tests.builders import EVENTS, SAMPLE
from tests.strategy.futures import other_news, tampered

every_strategy = pytest.mark.parametrize("kind", strategies.STRATEGIES, ids=lambda kind: kind.name)


SAME_DAY = np.zeros(1, dtype=np.int64)


@cache
def sample(kind: type[Strategy]) -> tuple[Strategy, Market, Events]:
    strategy = kind()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    return strategy, market, EVENTS


@cache
def decided(kind: type[Strategy]) -> Targets:
    strategy, market, events = sample(kind)
    return strategy.target_weights(market, events)


def up_to(targets: Targets, row: int) -> tuple[list[int], list[list[float]]]:
    known = targets.decided <= row
    return targets.decided[known].tolist(), targets.weights[known].tolist()


@every_strategy
@pytest.mark.parametrize("share", [0.02, 0.2, 0.45, 0.7, 0.95])
def test_the_future_never_moves_a_target(kind: type[Strategy], share: float) -> None:
    strategy, market, events = sample(kind)
    whole = decided(kind)
    # a decision row, so that the last comparison is on the very row of the cut
    t = int(whole.decided[int(share * whole.decided.size)])
    assert whole.decided[-1] > t
    expected = up_to(whole, t)
    changed = tampered(market, slice(t + 1, None), seed=t)
    news = other_news(events, market.rows[t])
    moved = strategy.target_weights(changed, news)
    assert up_to(moved, t) == expected
    assert up_to(strategy.target_weights(changed, events), t) == expected
    assert up_to(strategy.target_weights(market, news), t) == expected
    # nor does it matter whether the future is there at all
    assert up_to(strategy.target_weights(market.until(t), events.until(market.rows[t])), t) == expected
    # and the tampering was not idle
    assert up_to(moved, market.rows.size) != up_to(whole, market.rows.size)


@every_strategy
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_tampering_with_the_past_is_noticed(kind: type[Strategy], share: float) -> None:
    strategy, market, events = sample(kind)
    whole = decided(kind)
    t = int(whole.decided[int(share * whole.decided.size)])
    expected = up_to(whole, t)
    changed = tampered(market, slice(t - 40, t + 1), seed=t)
    # without a hedge only who trades matters: one that was held falls silent
    held = int(np.argmax(whole.weights[whole.decided == t][0]))
    changed.tradable[t - 40 : t + 1, held] = False
    changed.venue_open[t - 40 : t + 1, held] = True
    for m, e in ((changed, events), (market, other_news(events, market.rows[t // 2]))):
        assert up_to(strategy.target_weights(m, e), t) != expected
    # the row of the decision itself counts: news that arrives on it, and the price on it
    theme = strategy.themes[0]
    today = datetime.fromisoformat(str(market.rows[t])).replace(hour=12, tzinfo=UTC)
    one = event(today, {theme: 1}, severity=5)
    assert up_to(strategy.target_weights(market, replace(events, items=(*events, one))), t) != expected
    late = replace(one, announced=today + timedelta(hours=13))
    assert up_to(strategy.target_weights(market, replace(events, items=(*events, late))), t) == expected


@pytest.mark.parametrize("kind", [FertilizerProducers, Enablers], ids=lambda kind: kind.name)
def test_a_price_on_the_row_of_decision_moves_what_is_made_of_prices(kind: type[Strategy]) -> None:
    strategy, market, events = sample(kind)
    traded = market.tradable[:, market.column("NTR")] & market.tradable[:, market.column("MOO")]
    t = int(next(row for row in decided(kind).decided[20:] if traded[row]))
    close = market.close.copy()
    close[t, market.column("NTR")] *= 1.1
    assert up_to(strategy.target_weights(replace(market, close=close), events), t) != up_to(decided(kind), t)


@every_strategy
def test_without_events_the_schedule_loses_its_news_and_nothing_leans(kind: type[Strategy]) -> None:
    strategy, market, events = sample(kind)
    twin = strategy.without_events()
    assert twin == replace(strategy, respond=0.0)
    assert type(twin) is kind
    plain, leaning = twin.target_weights(market, events), decided(kind)
    news = np.any([events.news(market.rows, theme) != 0 for theme in strategy.themes], axis=0)
    months = market.rows.astype("datetime64[M]")
    regular = np.r_[False, months[1:] != months[:-1]]
    regular[market.start] = True
    for r in events.restrictions:
        row = int(np.searchsorted(market.rows, r.known_on()))
        if r.symbol in strategy.names and row < market.rows.size:
            regular[row] = True
    after = np.arange(market.rows.size) >= market.start
    assert plain.decided.tolist() == np.nonzero(regular & after)[0].tolist()
    assert leaning.decided.tolist() == np.nonzero((regular | news) & after)[0].tolist()
    assert leaning.decided.size > plain.decided.size
    # no lean: the long side is the exposure on every row, whatever was in the news
    longs = np.maximum(plain.weights, 0).sum(axis=1)
    if not isinstance(strategy, Blend):
        np.testing.assert_allclose(longs, strategy.exposure, rtol=1e-12)
        assert np.ptp(np.maximum(leaning.weights, 0).sum(axis=1)) > 0.05
    blind = twin.target_weights(market, Events((), events.restrictions))
    assert (blind.decided.tolist(), blind.weights.tolist()) == (
        plain.decided.tolist(),
        plain.weights.tolist(),
    )
    # the same screens: the same names held on the rows they share
    shared, mine, theirs = np.intersect1d(plain.decided, leaning.decided, return_indices=True)
    assert shared.size == plain.decided.size
    legs = [market.column(s) for s in strategy.names if s in market.symbols]
    assert ((plain.weights[mine][:, legs] > 0) == (leaning.weights[theirs][:, legs] > 0)).all()


def test_each_position_is_a_short_file_of_its_own_and_listed() -> None:
    folder = Path(strategies.__file__).parent
    files = sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
    listed = (*strategies.STRATEGIES, *strategies.CONTROLS)
    assert sorted(kind.name for kind in listed) == files
    for kind in listed:
        module = importlib.import_module(f"strategies.{kind.name}")
        assert kind.__module__ == module.__name__
        lines = (folder / f"{kind.name}.py").read_text(encoding="utf-8").splitlines()
        assert sum(1 for line in lines if line.strip()) <= 45
        assert kind.__doc__ not in (None, "", Strategy.__doc__)
        assert len(kind().rationale) > 150, (
            "the docstring is the thesis: why it should pay, what it holds, when it lets go"
        )
        assert kind.caveat
        assert kind.__dataclass_params__.frozen


@every_strategy
def test_the_market_of_a_position_is_what_it_names(kind: type[Strategy]) -> None:
    strategy, market, _ = sample(kind)
    assert set(market.symbols) <= {*strategy.names, *strategy.hedges}
    assert set(strategy.hedges) <= set(market.symbols)
    targets = decided(kind)
    assert targets.symbols == market.symbols
    assert targets.decided[0] == market.start
    assert (np.abs(targets.weights).sum(axis=1) > 0).all()
    assert targets.band == strategy.band


@pytest.mark.parametrize(("symbol", "known"), [("FRHC", "2023-08-15"), ("KSPI", "2024-09-19")])
def test_a_name_is_dropped_on_the_day_its_report_is_known(symbol: str, known: str) -> None:
    strategy, market, events = sample(MiddleCorridor)
    targets, column, day = decided(MiddleCorridor), market.column(symbol), np.datetime64(known)
    dates = market.rows[targets.decided]
    before, since = dates < day, dates >= day
    row = int(np.nonzero(dates == day)[0][0])  # the report is itself a reason to decide
    assert targets.weights[row - 1, column] > 0
    assert (targets.weights[since, column] == 0).all()
    if symbol == "FRHC":
        assert (targets.weights[before, column] > 0).all()
    else:  # listed in January 2024, held once it has its rows of prices
        enough = market.history[targets.decided, column] >= strategy.history
        assert ((targets.weights[before, column] > 0) == enough[before]).all()
    # its share goes to the others
    longs = np.maximum(targets.weights, 0)
    assert np.count_nonzero(longs[row]) == np.count_nonzero(longs[row - 1]) - 1
    # announced a year later: nothing before changes, and the name stays until then
    delay = timedelta(days=200)
    moved = tuple(
        replace(r, announced=r.announced + delay) if r.symbol == symbol else r for r in events.restrictions
    )
    later = strategy.target_weights(market, replace(events, restrictions=moved))
    t = int(np.searchsorted(market.rows, day)) - 1
    assert up_to(later, t) == up_to(targets, t)
    kept = later.weights[
        (market.rows[later.decided] >= day) & (market.rows[later.decided] < day + 200), column
    ]
    assert kept.size > 3
    assert (kept > 0).all()


def test_a_mere_partners_listing_drops_nobody_here() -> None:
    _, market, _ = sample(HongKongEquipment)
    targets = decided(HongKongEquipment)
    since = market.rows[targets.decided] >= np.datetime64("2021-06-21")
    assert (targets.weights[since, market.column("1157.HK")] > 0).all()


@every_strategy
def test_names_and_confidence_never_enter_a_weight(kind: type[Strategy]) -> None:
    strategy, market, events = sample(kind)
    instruments = tuple(replace(i, name="", source="", recorded=False) for i in market.instruments)
    same = strategy.target_weights(replace(market, instruments=instruments), events)
    assert same.weights.tolist() == decided(kind).weights.tolist()
    # between medium and high it makes no difference how sure the record is; low leaves the event out
    sure = tuple(replace(e, confidence="high") if e.confidence == "medium" else e for e in events)
    same = strategy.target_weights(market, replace(events, items=sure))
    assert same.weights.tolist() == decided(kind).weights.tolist()


# Parameters.


def test_configured_reads_text_by_the_type_of_the_field() -> None:
    strategy = FertilizerProducers().configured(
        {"half_life": "5", "lookback": "60", "legs": "NTR, MOS ,CF", "hedge": "none", "respond": "0"}
    )
    assert strategy == FertilizerProducers(
        respond=0.0, legs=("NTR", "MOS", "CF"), hedge="none", half_life=5.0, lookback=60
    )
    assert type(strategy.lookback) is int
    assert type(strategy.half_life) is float
    assert strategy.names == ("NTR", "MOS", "CF")
    assert strategy.hedges == ()
    assert FertilizerProducers().configured({}) == FertilizerProducers()
    assert FertilizerProducers().legs == ("NTR", "MOS", "ICL", "SDF.DE")


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        (FertilizerProducers, {"half_lfie": "5"}, "Did you mean half_life?"),
        (FertilizerProducers, {"xyz": "5"}, "choose from respond"),
        (FertilizerProducers, {"name": "x"}, "no parameter name"),
        (FertilizerProducers, {"lookback": "60.5"}, "a whole number"),
        (FertilizerProducers, {"lookback": "19"}, "20 to 500"),
        (FertilizerProducers, {"lookback": "501"}, "20 to 500"),
        (FertilizerProducers, {"half_life": "soon"}, "a number"),
        (FertilizerProducers, {"half_life": "nan"}, "finite"),
        (FertilizerProducers, {"half_life": "inf"}, "finite"),
        (FertilizerProducers, {"half_life": "0"}, "sessions above 0"),
        (FertilizerProducers, {"exposure": "0"}, "above 0, at most 1"),
        (FertilizerProducers, {"exposure": "1.01"}, "above 0, at most 1"),
        (FertilizerProducers, {"respond": "-0.1"}, "between 0 and 1"),
        (FertilizerProducers, {"respond": "1.1"}, "between 0 and 1"),
        (FertilizerProducers, {"hedge_ratio": "2.1"}, "between 0 and 2"),
        (FertilizerProducers, {"band": "1"}, "from 0 to below 1"),
        (FertilizerProducers, {"gross_limit": "0"}, "above 0"),
        (FertilizerProducers, {"legs": ""}, "symbols, each once"),
        (FertilizerProducers, {"legs": "NTR,NTR"}, "symbols, each once"),
        (FertilizerProducers, {"hedge": "NTR"}, "not one of the legs"),
        (HongKongEquipment, {"vehicle": "importers"}, "manufacturers or distributors"),
        (HongKongEquipment, {"vehicle": "distributors", "hedge": "3360.HK"}, "not one of the legs"),
        (Enablers, {"lookback": "10"}, "20 to 500"),
        (Enablers, {"half_life": "-1"}, "sessions above 0"),
        (Enablers, {"legs": "NTR"}, "no parameter legs"),
    ],
)
def test_a_parameter_that_cannot_be_is_one_clear_line(
    kind: type[Strategy], settings: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInputError) as error:
        kind().configured(settings)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_parameters_reach_the_weights() -> None:
    _, market, events = sample(FertilizerProducers)

    def weights(**changes: Any) -> list[list[float]]:
        return FertilizerProducers(**changes).target_weights(market, events).weights.tolist()

    usual = weights()
    for change in (
        {"respond": 0.5}, {"exposure": 0.4}, {"half_life": 5.0}, {"hedge_ratio": 0.5}, {"lookback": 60},
        {"hedge": "none"}, {"legs": ("NTR", "MOS")},
    ):  # fmt: skip
        assert weights(**change) != usual, change
    assert FertilizerProducers(band=0.3).target_weights(market, events).band == 0.3
    blend, market, events = sample(Enablers)
    parts = replace(blend, half_life=7.0, exposure=0.3, lookback=77, respond=0.2, gross_limit=1.5).parts()
    assert {(p.half_life, p.exposure, p.lookback, p.respond, p.gross_limit) for p in parts} == {
        (7.0, 0.3, 77, 0.2, 1.5)
    }


def test_distributors_are_the_other_vehicle() -> None:
    assert HongKongEquipment(vehicle="distributors").names == DISTRIBUTORS
    # a maker may hedge the distributors, for it is not held then
    assert HongKongEquipment(vehicle="distributors", hedge="1157.HK").hedges == ("1157.HK",)


# By hand.


def event(at: datetime, signs: dict[str, int], severity: int = 5, **more: Any) -> Event:
    every = {"fertilizer": 0, "corridor": 0, "equipment": 0} | signs
    fields: dict[str, Any] = {
        "id": "T1", "announced": at, "title": "t", "issuer": "i", "instrument": "x", "direction": "tighten",
        "severity": severity, "themes": ("fertilizer",), "signs": every, "source": "test", "confidence": "high",
    }  # fmt: skip
    return Event(**(fields | more))


NO_NEWS = Events(())


def tiny(
    moves: dict[str, Any],
    rows: int = 43,
    first: str = "2024-01-02",
    missing: Callable[[pd.DataFrame], None] | None = None,
) -> Market:
    """Prices that move by the given fractions, alternating in sign; the first row is 100."""
    index = pd.bdate_range(first, periods=rows)
    beat = np.r_[0.0, np.where(np.arange(rows - 1) % 2 == 0, 1.0, -1.0)]
    close = pd.DataFrame({s: 100 * np.cumprod(1 + beat * np.asarray(v)) for s, v in moves.items()}, index)
    if missing:
        missing(close)
    return Market.from_frames(close)


def test_hedge_ratio_by_hand() -> None:
    # The hedge moves by +-1 %, A by twice, B by half of it: betas 2 and 0.5, of the basket 1.25. Exposure 0.4:
    # each leg 0.2, hedge -0.5 x 1.25 x 0.4 = -0.25.
    market = tiny({"A": 0.02, "B": 0.005, "H": 0.01})
    strategy = FertilizerProducers(legs=("A", "B"), hedge="H", exposure=0.4, hedge_ratio=0.5, lookback=20)
    targets = strategy.target_weights(market, NO_NEWS)
    # row 0 has no beta, so nothing is held; 1 February (row 22) and 1 March (row 43, not there)
    assert targets.decided.tolist() == [0, 22]
    np.testing.assert_allclose(targets.weights, [[0, 0, 0], [0.2, 0.2, -0.25]], rtol=1e-10)
    unhedged = replace(strategy, hedge="none").target_weights(market, NO_NEWS)
    np.testing.assert_allclose(unhedged.weights[1], [0.2, 0.2, 0.0], rtol=1e-12)
    without = replace(strategy, hedge_ratio=0.0).target_weights(market, NO_NEWS)
    assert without.weights.tolist() == unhedged.weights.tolist()
    # a basket that moves against the hedge needs none, and none is bought
    against = tiny({"A": -0.02, "B": -0.005, "H": 0.01})
    np.testing.assert_allclose(
        strategy.target_weights(against, NO_NEWS).weights[1], [0.2, 0.2, 0.0], rtol=1e-12
    )
    # a beta of 10 stops at the gross limit: 0.4 long, at most 1.6 short
    steep = tiny({"A": 0.1, "B": 0.1, "H": 0.01})
    np.testing.assert_allclose(
        replace(strategy, hedge_ratio=1.0).target_weights(steep, NO_NEWS).weights[1],
        [0.2, 0.2, -1.6],
        rtol=1e-12,
    )


def test_betas_across_closing_hours_are_those_of_statsmodels() -> None:
    """Against a regression on hand-made columns: returns between common sessions, the hedge's before, with and after."""
    rng = np.random.default_rng(2)
    x = rng.normal(0, 0.01, 301)
    y = 0.3 * x + rng.normal(0, 0.005, 301)
    y[1:] += (
        0.6 * x[:-1]
    )  # the leg closes before the hedge: most of the day's move reaches it on the next row
    returns, traded = np.column_stack([y, x]), np.ones((301, 2), bool)
    traded[[40, 41, 200], 0] = False
    returns[[40, 41, 200], 0] = 0.0
    both = np.flatnonzero(traded.all(axis=1))
    level = np.cumprod(1 + returns, axis=0)[both]
    own, other = (level[1:] / level[:-1] - 1).T
    row, leg = np.array([300]), np.array([0])

    def measured(n: int) -> float:
        if n == 1:
            return float(dimson_betas(returns, traded, 1, leg, row, 301)[0, 0])
        return float(rolling_betas(returns, traded, 1, leg, row, 301, np.array([n]))[0, 0])

    design = add_constant(np.column_stack([other[:-2], other[1:-1], other[2:]]))
    assert measured(1) == pytest.approx(OLS(own[1:-1], design).fit().params[1:].sum(), rel=1e-9)
    two = OLS(own[1:] + own[:-1], add_constant(other[1:] + other[:-1])).fit()
    assert measured(2) == pytest.approx(two.params[1], rel=1e-9)
    # The true beta is 0.9: same-day finds a third of it, two-session returns half of what is missing. Standard errors
    # are near 0.05.
    assert measured(0) == pytest.approx(0.3, abs=0.12)
    assert measured(1) == pytest.approx(0.9, abs=0.12)
    assert measured(2) == pytest.approx(0.6, abs=0.12)


def test_a_dimson_beta_against_what_hardly_moved_is_unknown() -> None:
    """No return at all; one, in each of the places where one lag or two alone would see it; and ones that repeat."""
    rng = np.random.default_rng(6)
    others = [np.zeros(60), *(np.eye(60)[n] for n in (0, 1, 58, 59)), np.tile([0.01, -0.01], 30)]
    for other in others:
        returns = np.column_stack([rng.normal(0, 0.01, 60), other])
        beta = dimson_betas(returns, np.ones((60, 2), bool), 1, np.array([0]), np.array([59]), 60)
        assert np.isnan(beta).all(), other
    returns = np.column_stack([rng.normal(0, 0.01, 60), np.eye(60)[30]])  # all three lags see it
    assert np.isfinite(
        dimson_betas(returns, np.ones((60, 2), bool), 1, np.array([0]), np.array([59]), 60)
    ).all()


def test_the_measure_counts_where_hours_differ_alone() -> None:
    rng = np.random.default_rng(5)
    close = pd.DataFrame(
        50 * np.exp(np.cumsum(rng.normal(0, 0.01, (150, 3)), axis=0)),
        pd.bdate_range("2022-01-03", periods=150), columns=["A", "B", "H"],
    )  # fmt: skip
    market = Market.from_frames(close, venue={"A": "XTSE", "B": "XHKG", "H": "XNYS"})
    rows = np.array([140])
    found = {b: Betas(("A", "B"), "H", 120, b).compute(market, NO_NEWS, rows)[0] for b in BETAS}
    assert (
        found["dimson"][0] == found["overlapping"][0] == found["same_day"][0]
    )  # Toronto closes with New York
    assert len({found[b][1] for b in BETAS}) == 3
    same, apart = (Covariance(120, b).compute(market, NO_NEWS, rows)[0] for b in ("same_day", "overlapping"))
    window = np.nan_to_num(market.returns[21:141])
    window -= window.mean(axis=0)
    lead = window[:-1].T @ window[1:] / 119
    assert apart[1, 2] == pytest.approx(same[1, 2] + (lead + lead.T)[1, 2] / 2, rel=1e-9)
    assert apart[0, 2] == pytest.approx(same[0, 2], rel=1e-9)
    assert np.linalg.eigvalsh(Covariance(120, "dimson").compute(market, NO_NEWS, rows)[0]).min() > -1e-18


def test_the_scale_of_pressure_is_searched_beside_the_half_life() -> None:
    strategy, market, events = sample(FertilizerProducers)
    plain = strategy.target_weights(market, events)
    five = replace(strategy, pressure_scale=5.0).target_weights(market, events)
    np.testing.assert_array_equal(plain.weights, five.weights)
    assert isinstance(strategy, Basket)
    book = strategy.book(market, events)
    own = {name: np.full(4, float(getattr(strategy, name))) for name in strategy.BATCHABLE}
    own["pressure_scale"] = np.array([5.0, 2.0, 20.0, 5.0])
    own["half_life"] = np.array([20.0, 20.0, 20.0, 5.0])
    out = np.zeros((book.decided.size, len(market.symbols), 4))
    strategy.batch(book, own).write(np.arange(4), out)
    for k in range(4):
        alone = replace(strategy, pressure_scale=own["pressure_scale"][k], half_life=own["half_life"][k])
        np.testing.assert_array_equal(out[:, :, k], alone.target_weights(market, events).weights)
    assert not np.array_equal(out[:, :, 0], out[:, :, 1])


def test_beta_leaves_out_rows_on_which_either_did_not_trade() -> None:
    # A moves twice as the hedge; on rows 5..14 it did not trade, and what its marks did there must not count.
    market = tiny({"A": 0.02, "H": 0.01})
    traded = market.tradable.copy()
    returns = market.returns.copy()
    traded[5:15, 0] = False
    returns[5:15, 0] = 9.0  # would move the slope if it counted
    betas = rolling_betas(returns, traded, 1, np.array([0]), np.array([4, 20, 23]), 20, SAME_DAY)
    assert np.isnan(betas[0, 0])  # four returns are too few
    assert betas[1, 0] == pytest.approx(2.0, rel=1e-10)
    # half the window must remain: rows 1..20 have 10 of 20, one fewer is not enough
    traded[15, 0] = False
    assert np.isnan(rolling_betas(returns, traded, 1, np.array([0]), np.array([20]), 20, SAME_DAY)[0, 0])


def test_the_lean_by_hand() -> None:
    # Severity 5, sign +1, on row 10: pressure 5, response tanh(1) = 0.76159. Long 0.5 x 1.76159 on two legs.
    # Half-life 4: at row 22 twelve rows later pressure is 5/8.
    market = tiny({"A": 0.02, "B": 0.005})
    noon = datetime.fromisoformat(str(market.rows[10])).replace(hour=12, tzinfo=UTC)
    news = Events((event(noon, {"fertilizer": 1}),))
    strategy = FertilizerProducers(legs=("A", "B"), hedge="none", half_life=4.0, lookback=20)
    targets = strategy.target_weights(market, news)
    assert targets.decided.tolist() == [0, 10, 22]
    assert (targets.weights[:2] == 0).all()  # eleven rows of prices are not enough to be held
    np.testing.assert_allclose(targets.weights[2], 0.25 * (1 + np.tanh(0.125)), rtol=1e-12)
    # relief: severity 5, sign -1, known on the row it is decided on
    later = noon + timedelta(days=30)
    relief = Events((event(later, {"fertilizer": -1}),))
    leaning = strategy.target_weights(market, relief)
    d = leaning.decided.tolist().index(int(np.searchsorted(market.rows, relief.items[0].known_on())))
    np.testing.assert_allclose(leaning.weights[d], 0.25 * (1 - np.tanh(1.0)), rtol=1e-12)
    half = replace(strategy, respond=0.5).target_weights(market, relief)
    np.testing.assert_allclose(half.weights[d], 0.25 * (1 - 0.5 * np.tanh(1.0)), rtol=1e-12)
    # the long side stays within nav
    squeeze = Events((event(later, {"fertilizer": 1}),))
    full = replace(strategy, exposure=1.0).target_weights(market, squeeze)
    np.testing.assert_allclose(full.weights[d], 0.5, rtol=1e-12)


@dataclass(frozen=True)
class Three(Blend):
    """Three baskets of one name each."""

    name: ClassVar[str] = "three"
    benchmark: ClassVar[str] = "ACWI"
    caveat: ClassVar[str] = "test"

    members: ClassVar[tuple[Basket, ...]] = (
        FertilizerProducers(legs=("A",), hedge="none"),
        MiddleCorridor(legs=("B",)),
        HongKongEquipment(legs=("C",)),
    )


def test_blend_shares_by_hand() -> None:
    # Moves of 1, 2 and 4 % a row: 1 / volatility is as 4 : 2 : 1. Exposure 0.7: 0.4, 0.2 and 0.1.
    market = tiny({"A": 0.01, "B": 0.02, "C": 0.04})
    targets = Three(exposure=0.7, lookback=20).target_weights(market, NO_NEWS)
    np.testing.assert_allclose(targets.weights[1], [0.4, 0.2, 0.1], rtol=1e-12)
    # news moves a part's own exposure and leaves the shares alone
    at = datetime.fromisoformat(str(market.rows[30])).replace(hour=12, tzinfo=UTC)
    leaning = Three(exposure=0.7, lookback=20).target_weights(
        market, Events((event(at, {"corridor": -1}, themes=("corridor",)),))
    )
    tilt = 1 - np.tanh(1.0)
    np.testing.assert_allclose(leaning.weights[leaning.decided == 30][0], [0.4, 0.2 * tilt, 0.1], rtol=1e-12)

    # C joins late: until it has its rows, A and B share as 2 : 1
    def late(close: pd.DataFrame) -> None:
        close.iloc[:10, 2] = np.nan

    joined = Three(exposure=0.6, lookback=20).target_weights(
        tiny({"A": 0.01, "B": 0.02, "C": 0.04}, missing=late), NO_NEWS
    )
    np.testing.assert_allclose(joined.weights[1], [0.4, 0.2, 0.0], rtol=1e-12)


def test_blend_counts_what_its_parts_have_in_common() -> None:
    # A and B move as one by 1 % and 3 %; uncorrelated C (two beats up, two down) by 1 %. Each part is one
    # name, so correlation between parts plays no role: 1/1 : 1/3 : 1/1.
    beat = np.where(np.arange(42) % 4 < 2, 1.0, -1.0) * np.where(np.arange(42) % 2 == 0, 1.0, -1.0)
    market = tiny({"A": 0.01, "B": 0.03, "C": np.r_[0.0, 0.01 * beat]})
    targets = Three(exposure=0.7, lookback=20).target_weights(market, NO_NEWS)
    np.testing.assert_allclose(targets.weights[1], [0.3, 0.1, 0.3], rtol=1e-3)


def test_names_with_too_little_history_are_not_held() -> None:
    def late(close: pd.DataFrame) -> None:
        close.iloc[:3, 1] = np.nan  # row 22 is B's 20th price, one fewer is not enough

    strategy = FertilizerProducers(legs=("A", "B"), hedge="none", lookback=20)
    market = tiny({"A": 0.02, "B": 0.01}, missing=late)
    assert strategy.target_weights(market, NO_NEWS).weights[1].tolist() == [0.25, 0.25]
    longer = replace(strategy, lookback=21)
    assert longer.target_weights(market, NO_NEWS).weights[1].tolist() == [0.5, 0.0]
    nobody = replace(strategy, lookback=24).target_weights(market, NO_NEWS)
    assert (nobody.weights == 0).all()


def test_a_stale_name_is_not_chosen() -> None:
    # Row 43 is 1 March. B traded last on row 32 (11 sessions ago: not chosen) or on row 33 (10 ago: chosen).
    index = pd.bdate_range("2024-01-02", periods=45)
    for last, held in ((32, 0.0), (33, 0.25)):
        close = pd.DataFrame({"A": 100.0, "B": 50.0}, index)
        close.iloc[last + 1 :, 1] = np.nan
        market = Market.from_frames(close)
        market = replace(market, venue_open=np.ones_like(market.venue_open))
        strategy = FertilizerProducers(legs=("A", "B"), hedge="none", lookback=20)
        targets = strategy.target_weights(market, NO_NEWS)
        assert targets.decided.tolist() == [0, 22, 43]
        assert market.silence[43, 1] == 43 - last
        assert targets.weights[1].tolist() == [0.25, 0.25]
        assert targets.weights[2].tolist() == [0.5 - held, held]
        # on days its venue is closed nobody is silent
        closed = replace(market, venue_open=market.tradable)
        assert strategy.target_weights(closed, NO_NEWS).weights[2].tolist() == [0.25, 0.25]
    assert STALE_SESSIONS == 10


def test_decisions_of_a_schedule_by_hand() -> None:
    # 2024-01-02 to 2024-04-30, opened on row 5: the opening, 1 February, 1 March, 1 April; a restriction of A
    # known on Saturday 10 February counts on Monday 12; news on 20 February; news of another sleeve does not,
    # nor does a restriction of a name not held, nor one known before the opening.
    index = pd.bdate_range("2024-01-02", "2024-04-30")
    market = replace(Market.from_frames(pd.DataFrame({"A": 1.0, "B": 1.0}, index)), start=5)
    day = lambda text: datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)  # noqa: E731
    restrictions = tuple(
        Restriction(s, day(at), "no_buy", "designated", "why", "test")
        for s, at in (("A", "2024-02-10"), ("Z", "2024-02-14"), ("B", "2024-01-03"))
    )
    items = (
        event(day("2024-02-20"), {"fertilizer": 1}),
        event(day("2024-03-20"), {"corridor": 1}, id="T2"),
        event(day("2024-03-21"), {"fertilizer": 1}, id="T3", confidence="low"),
        event(day("2024-03-22"), {"fertilizer": 1}, id="T4", follows="T1"),
        event(day("2024-01-03"), {"fertilizer": 1}, id="T5"),
    )
    rows = schedule(market, Events(items, restrictions), ("A", "B"), ("fertilizer",))
    assert market.rows[rows].astype(str).tolist() == [
        "2024-01-09", "2024-02-01", "2024-02-12", "2024-02-20", "2024-03-01", "2024-04-01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fewest", "most"),
    [
        (FertilizerProducers, 95, 135),
        (MiddleCorridor, 95, 140),
        (HongKongEquipment, 90, 135),
        (Enablers, 120, 180),
    ],
)
def test_number_of_decisions_on_the_sample(kind: type[Strategy], fewest: int, most: int) -> None:
    """72 months of 2020-2025, and some 40 to 90 days of news."""
    assert fewest <= decided(kind).decided.size <= most


def test_a_position_without_any_of_its_names_is_an_error() -> None:
    market = tiny({"X": 0.01})
    for kind in (FertilizerProducers, HongKongEquipment):
        with pytest.raises(DataMissingError, match="none of"):
            replace(kind(), hedge="none").target_weights(market, NO_NEWS)
    with pytest.raises(PositioningError):
        Enablers().target_weights(market, NO_NEWS)


def test_a_limit_below_the_exposure_is_an_error_and_no_long_hedge() -> None:
    market = tiny({"A": 0.02, "H": 0.01})
    strategy = FertilizerProducers(legs=("A",), hedge="H", exposure=0.5, gross_limit=0.4, lookback=20)
    with pytest.raises(BadInputError, match="gross exposure"):
        strategy.target_weights(market, NO_NEWS)


@dataclass(frozen=True, slots=True)
class Counted(Feature):
    """Counts how often it is computed."""

    value: int
    calls: ClassVar[list[int]] = []

    def compute(self, market: Market, events: Events, decided: Any) -> Any:
        self.calls.append(self.value)
        return np.full(decided.size, self.value)


def test_a_feature_is_computed_once_a_value() -> None:
    book = FeatureBook(tiny({"A": 0.01, "H": 0.01}), NO_NEWS, np.array([0, 22]))
    Counted.calls.clear()
    assert book[Counted(1)] is book[Counted(1)]
    assert book[Counted(2)].tolist() == [2, 2]
    assert Counted.calls == [1, 2]
    assert book[Betas(("A",), "H", 20, "same_day")] is book[Betas(("A",), "H", 20, "same_day")]
    assert book[Response("fertilizer", 5.0, 5.0)] is book[Response("fertilizer", 5.0, 5.0)]
    assert book[Response("fertilizer", 5.0, 5.0)] is not book[Response("fertilizer", 6.0, 5.0)]


def test_a_position_computes_each_feature_once_for_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy, market, events = sample(Enablers)
    seen: list[Feature] = []
    for kind in (Betas, Response, Eligibility):
        compute = kind.compute
        monkeypatch.setattr(
            kind, "compute", lambda self, *args, compute=compute: (seen.append(self), compute(self, *args))[1]
        )
    strategy.target_weights(market, events)
    assert len(seen) == len(set(seen))
    assert len(seen) == 7  # one response and one screen a part, and the betas of the one that is hedged


def test_legs_without_their_comma_are_no_three_names() -> None:
    with pytest.raises(BadInputError, match=r"fertilizer_producers.legs='WAB'; wanted a tuple.*\('WAB',\)"):
        FertilizerProducers(legs="WAB")  # type: ignore[arg-type]
