"""Series as states of the world: how they are read, when they are known, and what follows by thirds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.analysis.world import by_state
from positioning.data.index_file import read_indices
from positioning.errors import BadInputError, DataMissingError
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.panel import Panel
from positioning.event_studies.sleeve_returns import Sleeve, sleeve_returns
from positioning.event_studies.states import cars_by_state
from positioning.event_studies.study import EventStudy, single_name_study, study
from positioning.events.event import Events
from positioning.market.in_force import LOOKBACK, in_force, terciles
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Driver
from positioning.reporting.event_study.words import state_words
from positioning.runs.backtest import RunSettings, backtest
from positioning.strategy.strategy import Strategy, Targets, schedule
from positioning.strategy.world import WorldIndex, WorldState
from tests.builders import EVENTS, SAMPLE, THESIS

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
    ("dates", "ends"),
    [
        # A month stamped inside it, by its first session, or by its last day.
        (("2031-01-15", "2031-02-15", "2031-03-15"), ("2031-01-31", "2031-02-28", "2031-03-31")),
        (("2031-01-02", "2031-02-03", "2031-03-03"), ("2031-01-31", "2031-02-28", "2031-03-31")),
        (("2031-01-31", "2031-02-28", "2031-03-31"), ("2031-01-31", "2031-02-28", "2031-03-31")),
        # Months that are missing change no other.
        (("2031-01-01", "2031-02-01", "2031-06-01"), ("2031-01-31", "2031-02-28", "2031-06-30")),
        # A quarter and a year that are stamped by their first day, or by their last.
        (("2031-01-01", "2031-04-01", "2031-07-01"), ("2031-03-31", "2031-06-30", "2031-09-30")),
        (("203101", "203104", "203107"), ("2031-03-31", "2031-06-30", "2031-09-30")),
        (("2031-03-31", "2031-06-30", "2031-09-30"), ("2031-03-31", "2031-06-30", "2031-09-30")),
        (("2029-01-01", "2030-01-01", "2031-01-01"), ("2029-12-31", "2030-12-31", "2031-12-31")),
        # Days and weeks are themselves, the first of a month among them.
        (("2031-01-01", "2031-01-02", "2031-02-01"), ("2031-01-01", "2031-01-02", "2031-02-01")),
        (("2031-01-24", "2031-01-31", "2031-02-07"), ("2031-01-24", "2031-01-31", "2031-02-07")),
        (("2031-01-01",), ("2031-01-01",)),
    ],
)
def test_no_value_is_known_before_what_it_stands_for_is_over(
    tmp_path: Path, dates: tuple[str, ...], ends: tuple[str, ...]
) -> None:
    rows = "".join(f"{day};{n + 1}\n" for n, day in enumerate(dates))
    path = written(tmp_path, "date;GPR\n" + rows)
    found = read_indices([f"gpr={path}:GPR:5"])["gpr"]
    assert [str(d) for d in found.dates] == list(ends)
    np.testing.assert_array_equal(found.known, found.dates + np.timedelta64(5, "D"))


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
    found = terciles(values)
    for t in (LOOKBACK, 1200, 2000):
        past = values[t - LOOKBACK + 1 : t + 1]
        share = (past < values[t]).mean()
        assert found[t] == min(int(3 * (share + 0.5 / LOOKBACK)), 2)
    assert np.isnan(found[:249]).all()
    later = values.copy()
    later[1500:] *= 50
    np.testing.assert_array_equal(found[:1500], terciles(later)[:1500])


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
    state = terciles(in_force(made.drivers["gpr"], made.rows))[:-1]
    r = nav[1:] / nav[:-1] - 1
    assert [s.returns for s in found.states] == [int((state == k).sum()) for k in range(3)]
    high = pd.Series(r[state == 2])
    years = (made.rows[-1] - made.rows[0]).astype(int) / 365.25
    assert found.states[2].mean == pytest.approx(high.mean() * (r.size / years))
    path = (1 + high).cumprod()
    assert found.states[2].total == pytest.approx(path.iloc[-1] - 1)
    assert found.states[2].drawdown == pytest.approx(min((path / path.cummax().clip(lower=1)).min() - 1, 0))
    told = np.isfinite(state)
    x = add_constant(np.column_stack([state[told] == 2, state[told] == 1]).astype(float))
    lags = int(4 * (told.sum() / 100) ** (2 / 9))
    fit = OLS(r[told], x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
    assert found.p == pytest.approx(fit.pvalues[1], abs=1e-10)


@pytest.fixture(scope="module")
def studies() -> list[EventStudy]:
    """A sleeve, and its two names met one by one."""
    sleeves = [Sleeve(label, "fertilizer", names, "SPY") for label, names in SLEEVES.items()]
    made = [study(sleeve_returns(SAMPLE, s, Design()), EVENTS, EventFilter(), Design()) for s in sleeves]
    return [made[0], single_name_study(made[1:], Design())]


SLEEVES = {"made": ("NTR", "MOS"), "NTR": ("NTR",), "MOS": ("MOS",)}


def test_cars_by_third_are_shared_out_among_the_events(studies: list[EventStudy]) -> None:
    made = studies[0]
    *found, apart = cars_by_state(made, series(wild()))
    assert [t.state for t in found] == ["low", "middle", "high"]
    assert sum(t.events for t in found) == len(made.observations)
    total = sum(t.events * t.mean for t in found if t.events)
    by_hand = sum(o.news.sign * o.abnormal[(o.days >= o.day)][:2].sum() for o in made.observations)
    assert total == pytest.approx(by_hand)
    assert (apart.state, apart.events) == ("high less low", found[0].events + found[2].events)
    assert apart.mean == pytest.approx(found[2].mean - found[0].mean)


def chained(days: np.ndarray) -> np.ndarray:
    """Numbers of chains of days zero, ascending, that share a session of [0, 1]."""
    return np.concatenate([[0], np.cumsum(np.diff(days) > 1)])


def test_errors_of_cars_by_third_are_clustered_by_date(studies: list[EventStudy]) -> None:
    """Two names met on the same news are one cluster, as statsmodels has it."""
    driver = series(wild())
    made = studies[1]
    observations = made.observations
    sessions = made.returns[0].sessions
    state = terciles(in_force(driver, sessions))
    third = np.array([state[np.searchsorted(sessions, o.day) - 1] for o in observations])
    car = np.array([o.news.sign * o.abnormal[o.days >= o.day][:2].sum() for o in observations])
    at = np.array([np.searchsorted(sessions, o.day) for o in observations])
    *found, apart = cars_by_state(made, driver)
    for k, one in enumerate(found):
        mine = third == k
        groups = chained(at[mine])
        assert one.clusters == groups[-1] + 1
        fit = OLS(car[mine], np.ones(mine.sum())).fit(
            cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
        )
        assert (one.mean, one.error) == pytest.approx((fit.params[0], fit.bse[0]), rel=1e-9)
        assert np.isnan(one.p) if one.clusters < 5 else 0 < one.p <= 1
    assert found[0].clusters < np.unique(at[third == 0]).size  # news of two days in a row is one cluster
    outer = third != 1
    x = add_constant((third[outer] == 2).astype(float))
    fit = OLS(car[outer], x).fit(cov_type="cluster", cov_kwds={"groups": chained(at[outer])}, use_t=True)
    assert (apart.mean, apart.error) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-9)
    words = state_words((*found, apart))[0]
    assert f"errors clustered by date, {apart.clusters} clusters" in words


def test_a_third_of_few_days_has_no_test(studies: list[EventStudy]) -> None:
    """Nothing is in force but in the last year: few events have a third, and thirds of one cluster have no error."""
    short = series(wild()[-300:], 0, DAYS[-300:])
    found = cars_by_state(studies[1], short)
    few = [t for t in found if t.clusters < 5]
    assert few
    assert all(np.isnan(t.p) for t in few)
    assert all(np.isnan(t.error) for t in found if t.clusters < 2)
    none = cars_by_state(studies[1], series(wild()[:10], 0, DAYS[:10]))
    assert [(t.events, t.clusters) for t in none] == [(0, 0)] * 4
    assert "Too few days in the outer thirds" in state_words(none)[0]


def test_tampering_inside_the_lag_changes_no_third_of_an_event(studies: list[EventStudy]) -> None:
    """All that is known after a day zero's eve may be anything: events up to then keep their third."""
    made = studies[0]
    day = made.observations[-4].day
    eve = made.returns[0].sessions[np.searchsorted(made.returns[0].sessions, day) - 1]
    values = wild()
    values[DAYS + np.timedelta64(7, "D") > eve] *= 1e6
    assert (DAYS[values != wild()] <= eve).any()
    cut = replace(made, panel=Panel([o for o in made.observations if o.day <= day], Design().window[0]))
    before, after = (cars_by_state(cut, series(v)) for v in (wild(), values))
    assert before == after
    assert cars_by_state(made, series(values)) != cars_by_state(made, series(wild()))


def test_tampering_inside_the_lag_changes_no_return_of_a_third(sample: Market) -> None:
    cut = 1200
    values = wild()
    values[DAYS + np.timedelta64(7, "D") > sample.rows[cut - 1]] *= 1e6
    assert (DAYS[values != wild()] <= sample.rows[cut - 1]).any()
    nav = np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, sample.rows.size))
    short = replace(sample, start=0)
    states = [
        terciles(in_force(replace(short, drivers={"gpr": series(v)}).drivers["gpr"], short.rows))
        for v in (wild(), values)
    ]
    np.testing.assert_array_equal(states[0][:cut], states[1][:cut])
    assert (states[0][cut:] != states[1][cut:]).any()
    whole = [by_state("gpr", replace(short, drivers={"gpr": series(v)}), nav) for v in (wild(), values)]
    assert whole[0].states != whole[1].states


@dataclass(frozen=True)
class Calm(Strategy):
    """Nutrien while the world is not tense."""

    name: ClassVar[str] = "calm"
    benchmark: ClassVar[str] = "SPY"
    names = ("NTR",)

    def target_weights(self, market: Market, events: Events) -> Targets:
        decided = schedule(market, events, self.names, self.themes)
        tense = WorldState("gpr").compute(market, events, decided) == 2
        return Targets(market.rows, market.symbols, decided, np.where(tense, 0.0, 0.5)[:, None])


def test_tampering_inside_the_lag_changes_no_account() -> None:
    """A strategy that reads the series, run whole: its nav up to the row after the last untouched one keeps its bits."""
    values, today = wild(), np.datetime64("2023-03-01")
    values[DAYS + np.timedelta64(7, "D") > today] *= 1e6
    navs = []
    for v in (wild(), values):
        done = backtest(Calm(), RunSettings(SAMPLE.carrying({"gpr": series(v)}), THESIS, placebos=0)).result
        navs.append(done.nav)
        rows = done.rows
    untouched = int(np.searchsorted(rows, today, side="right"))
    np.testing.assert_array_equal(navs[0][:untouched], navs[1][:untouched])
    assert navs[0][-1] != navs[1][-1]


def test_a_series_that_turns_from_quarterly_to_daily_keeps_its_past() -> None:
    """What is usual is told by the gaps so far: later values do not end earlier ones sooner."""
    quarters = np.arange("2015-01", "2019-01", 3, dtype="datetime64[M]").astype("datetime64[D]")
    rows = np.arange("2015-06-01", "2019-03-01", dtype="datetime64[D]")
    alone = in_force(series(np.arange(quarters.size, dtype=float), 0, quarters), rows)
    days = np.concatenate([quarters, DAYS])
    both = in_force(series(np.arange(days.size, dtype=float), 0, days), rows)
    early = rows < DAYS[0]
    np.testing.assert_array_equal(alone[early], both[early])
    assert np.isfinite(both[early]).all()
