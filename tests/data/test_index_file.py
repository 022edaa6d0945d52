"""Series as states of the world: how they are read, when they are known, and what follows by thirds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from positioning.analysis.world import by_state
from positioning.data.index_file import read_indices
from positioning.errors import BadInputError, DataMissingError
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.sleeve_returns import Sleeve, sleeve_returns
from positioning.event_studies.states import cars_by_state
from positioning.event_studies.study import study
from positioning.events.event import Events
from positioning.market.in_force import LOOKBACK, in_force, thirds
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Driver
from positioning.strategy.world import WorldIndex, WorldState
from tests.builders import EVENTS, SAMPLE

DAYS = np.arange("2019-01-01", "2026-01-01", dtype="datetime64[D]")
GPR = (
    "DAY,N10D,GPRD,date,event,var_name,var_label\n"
    "20310301,612,118.20,2031-03-01,,DAY,Date (yyyymmdd)\n"
    "20310302,405,88.75,2031-03-02,,GPRD,Daily index\n"
    "20310303,701,240.66,2031-03-03,Invented event,,\n"
)


def written(place: Path, text: str) -> Path:
    path = place / "series.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_daily_file_of_geopolitical_risk(tmp_path: Path) -> None:
    path = written(tmp_path, GPR)
    found = read_indices([f"gpr={path}:GPRD:7", f"counts={path}:N10D:1d"])
    assert found["gpr"].values.tolist() == [118.2, 88.75, 240.66]
    assert [str(d) for d in found["gpr"].known] == ["2031-03-08", "2031-03-09", "2031-03-10"]
    assert [str(d) for d in found["counts"].known] == ["2031-03-02", "2031-03-03", "2031-03-04"]


@pytest.mark.parametrize(
    "dates",
    [("203101", "203102"), ("2031-01", "2031-02"), ("2031M01", "2031M02"), ("2031-01-01", "2031-02-01")],
)
def test_a_month_is_known_so_many_days_after_its_end(tmp_path: Path, dates: tuple[str, str]) -> None:
    path = written(tmp_path, f"month;GPR\n{dates[0]};100.5\n{dates[1]};90.5\n")
    found = read_indices([f"gpr={path}:GPR:10"])["gpr"]
    assert [str(d) for d in found.dates] == ["2031-01-31", "2031-02-28"]
    assert [str(d) for d in found.known] == ["2031-02-10", "2031-03-10"]


@pytest.mark.parametrize(
    ("word", "text", "complaint"),
    [
        ("gpr={}:GPRD", GPR, "has no publication lag"),
        ("gpr={}:GPRD:", GPR, "has no publication lag"),
        ("gpr={}:GPRD:soon", GPR, "has no publication lag"),
        ("gpr={}:GPRD:-1", GPR, "has no publication lag"),
        ("gpr={}:GPRD:1.5", GPR, "has no publication lag"),
        ("gpr={}:GPRD:99999", GPR, "has a lag of 99,999 days"),
        ("{}:GPRD:7", GPR, "has no name"),
        ("GPR={}:GPRD:7", GPR, "has no name"),
        ("gpr={}:GPRX:7", GPR, "has no column GPRX"),
        ("gpr={}:var_name:7", GPR, "var_name 'DAY'"),
        ("gpr={}:event:7", GPR, "event 'Invented event'"),
        ("gpr={}:G:1", "DAY,G\n20310302,1\n20310301,2\n", "line 3"),
        ("gpr={}:G:1", "DAY,G\n20310301,1\n20310301,2\n", "line 3"),
        ("gpr={}:G:1", "DAY,G\nsoon,1\n", "'soon'"),
        ("gpr={}:G:1", "DAY,G\n20310301,inf\n", "G 'inf'"),
        ("gpr={}:G:1", "DAY,G\n", "has no value"),
        ("gpr={}:G:1", "", "has no column G"),
    ],
)
def test_odd_words_and_files_are_refused(tmp_path: Path, word: str, text: str, complaint: str) -> None:
    with pytest.raises(BadInputError) as error:
        read_indices([word.format(written(tmp_path, text))])
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_name_twice_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    word = f"gpr={written(tmp_path, GPR)}:GPRD:7"
    with pytest.raises(BadInputError, match="names gpr twice"):
        read_indices([word, word])
    with pytest.raises(BadInputError, match="No such file"):
        read_indices([f"gpr={tmp_path / 'none.csv'}:GPRD:7"])


def series(values: np.ndarray, lag: int = 7, days: np.ndarray = DAYS) -> Driver:
    return Driver("gpr", days, days + np.timedelta64(lag, "D"), values)


def wild(seed: int = 0) -> np.ndarray:
    return np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.05, DAYS.size)))


def test_a_value_is_in_force_from_the_day_it_is_known_until_the_next() -> None:
    found = in_force(series(np.arange(DAYS.size, dtype=float)), DAYS)
    assert np.isnan(found[:7]).all()
    np.testing.assert_array_equal(found[7:], np.arange(DAYS.size - 7))


def test_a_series_that_has_ended_is_no_longer_in_force() -> None:
    short = series(np.ones(100), 0, DAYS[:100])
    found = in_force(short, DAYS)
    assert np.isfinite(found[: 100 + 3 + 30]).all()
    assert np.isnan(found[100 + 3 + 31 :]).all()


def test_thirds_are_those_of_the_past_alone() -> None:
    values = wild()
    found = thirds(values)
    for t in (LOOKBACK, 1200, 2000):
        past = values[t - LOOKBACK + 1 : t + 1]
        share = (past < values[t]).mean()
        assert found[t] == min(int(3 * (share + 0.5 / LOOKBACK)), 2)
    assert np.isnan(found[:249]).all()
    later = values.copy()
    later[1500:] *= 50
    np.testing.assert_array_equal(found[:1500], thirds(later)[:1500])


@pytest.fixture(scope="module")
def sample() -> Market:
    return load(SAMPLE, ("NTR", "MOS"))


def test_tampering_inside_the_lag_changes_nothing(sample: Market) -> None:
    decided = np.arange(300, sample.rows.size, 50)
    made = replace(sample, drivers={"gpr": series(wild())})
    row = int(decided[10])
    today = sample.rows[row]
    values = wild()
    values[DAYS + np.timedelta64(7, "D") > today] *= 100  # dated up to a week before, and not yet known
    assert (DAYS[values != wild()] <= today).any()
    tampered = replace(sample, drivers={"gpr": series(values)})
    for feature in (WorldIndex("gpr"), WorldState("gpr")):
        before, after = (feature.compute(m, Events(()), decided) for m in (made, tampered))
        np.testing.assert_array_equal(before[:11], after[:11])
        assert (before[11:] != after[11:]).any()


def test_a_series_that_was_not_given_is_named(sample: Market) -> None:
    with pytest.raises(DataMissingError, match="no series gpr"):
        WorldIndex("gpr").compute(replace(sample, drivers={}), Events(()), np.array([0]))


def test_markets_carry_what_was_given_beside_the_source() -> None:
    source = SAMPLE.carrying({"gpr": series(wild())})
    assert "gpr" in load(source, ("NTR",)).drivers
    own = next(iter(load(SAMPLE, ("NTR",)).drivers))
    with pytest.raises(BadInputError, match="has the name of a series of the source"):
        load(SAMPLE.carrying({own: series(wild())}), ("NTR",))


def test_returns_by_third_against_another_program(sample: Market) -> None:
    made = replace(sample, drivers={"gpr": series(wild())}, start=0)
    rng = np.random.default_rng(1)
    nav = np.cumprod(1 + rng.normal(0, 0.01, made.rows.size))
    found = by_state("gpr", made, nav)
    state = thirds(in_force(made.drivers["gpr"], made.rows))[:-1]
    r = nav[1:] / nav[:-1] - 1
    assert [s.returns for s in found.states] == [int((state == k).sum()) for k in range(3)]
    high = pd.Series(r[state == 2])
    years = (made.rows[-1] - made.rows[0]).astype(int) / 365.25
    assert found.states[2].mean == pytest.approx(high.mean() * (r.size / years))
    path = (1 + high).cumprod()
    assert found.states[2].total == pytest.approx(path.iloc[-1] - 1)
    assert found.states[2].drawdown == pytest.approx(min((path / path.cummax().clip(lower=1)).min() - 1, 0))
    told = np.isfinite(state)
    x = sm.add_constant(np.column_stack([state[told] == 2, state[told] == 1]).astype(float))
    lags = int(4 * (told.sum() / 100) ** (2 / 9))
    fit = sm.OLS(r[told], x).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    assert found.p == pytest.approx(fit.pvalues[1], abs=1e-10)


def test_cars_by_third_are_shared_out_among_the_events() -> None:
    sleeve = Sleeve("made", "fertilizer", ("NTR", "MOS"), "SPY")
    made = study(sleeve_returns(SAMPLE, sleeve, Design()), EVENTS, EventFilter(None, None), Design())
    found = cars_by_state(made, series(wild()))
    assert [t.state for t in found] == ["low", "middle", "high"]
    assert sum(t.events for t in found) == len(made.observations)
    total = sum(t.events * t.mean for t in found if t.events)
    by_hand = sum(o.news.sign * o.abnormal[(o.days >= o.day)][:2].sum() for o in made.observations)
    assert total == pytest.approx(by_hand)
