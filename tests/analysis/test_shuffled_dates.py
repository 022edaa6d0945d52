"""Events on the wrong days and the split of profit: by hand, recomputed plainly, and on markets without effects."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.analysis.attribution import attribute
from positioning.analysis.placebo import Placebo, monte_carlo_p, placebo, rotated_events, signs_reversed
from positioning.cli.event_study import app
from positioning.errors import BadInputError
from positioning.event_studies.abnormal_returns import observe
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.placebo import _Ring, study_placebo
from positioning.event_studies.sleeve_returns import Returns
from positioning.event_studies.study import ALL, single_name_study, study
from positioning.events.event import Event, Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable, read_fees
from positioning.simulation.result import Result
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from strategies.fertilizer_producers import FertilizerProducers
from tests.analysis.random_events import Tiny, random_events, walk
from tests.builders import EVENTS, SAMPLE, Figure
from tests.event_studies.returns import FERTILIZER, NYSE, an_event, returns_of

FREE = FeeTable((), "none")
exactly = {"rtol": 0, "atol": 1e-14}  # a few sums near one
WEEKDAYS = np.array(pd.bdate_range("2024-01-08", periods=40)).astype("datetime64[D]")  # from a Monday


def both(key: str, day: np.datetime64) -> Event:
    """An event with a sign for two sleeves."""
    signs = {"fertilizer": 1, "corridor": -1, "equipment": 0}
    return replace(an_event(key, str(day)), signs=signs)


# Shuffled dates.


def test_a_shift_by_hand() -> None:
    # Ten rows, events on rows 1, 3, 3 and 8, moved by 3: rows 4, 6, 6 and, round the end, 1.
    rows = WEEKDAYS[:10]
    on = [
        an_event(f"R{r}{k}", str(rows[r]), severity=s)
        for r, k, s in [(1, "", 5), (3, "a", 2), (3, "b", 4), (8, "", 1)]
    ]
    before, after = an_event("BEFORE", "2023-06-01"), an_event("AFTER", "2024-06-03")
    saturday = an_event("SAT", "2024-01-13")  # used on Monday 15 January, row 5: moved to row 8
    record_ = Events((*on, before, after, saturday), EVENTS.restrictions)
    moved = {e.id: e for e in rotated_events(record_, rows, 3)}
    assert {key: str(e.known_on()) for key, e in moved.items()} == {
        "R1": str(rows[4]), "R3a": str(rows[6]), "R3b": str(rows[6]), "R8": str(rows[1]), "SAT": str(rows[8]),
        "BEFORE": "2023-06-01", "AFTER": "2024-06-03",
    }  # fmt: skip
    for e in record_:
        assert replace(moved[e.id], announced=e.announced, date_only=e.date_only) == e  # nothing but its day
    assert rotated_events(record_, rows, 3).restrictions is record_.restrictions
    assert (moved["BEFORE"], moved["AFTER"]) == (before, after)


def test_the_record_keeps_count_severity_order_and_spacing_round_the_end() -> None:
    events = EVENTS
    rows = NYSE[700:]
    at = events.rows(rows)
    inside = (events.known >= rows[0]) & (events.known <= rows[-1])
    ring = at[inside]
    severities = [e.severity for e, kept in zip(events, inside, strict=True) if kept]
    for shift in (1, 17, rows.size // 2, rows.size - 1):
        moved = {e.id: e for e in rotated_events(events, rows, shift)}
        order = [moved[e.id] for e, kept in zip(events, inside, strict=True) if kept]
        assert [e.severity for e in order] == severities
        days = np.searchsorted(rows, np.array([e.known_on() for e in order]))
        np.testing.assert_array_equal(days, (ring + shift) % rows.size)
        np.testing.assert_array_equal(np.diff(days) % rows.size, np.diff(ring) % rows.size)
        # Back by the rest of the turn, each stands where it stood.
        back = {
            e.id: e.known_on() for e in rotated_events(Events(tuple(moved.values())), rows, rows.size - shift)
        }
        assert all(back[e.id] == rows[r] for e, r, kept in zip(events, at, inside, strict=True) if kept)


def test_flipped_signs() -> None:
    record_ = Events((both("A", WEEKDAYS[3]),), EVENTS.restrictions)
    assert dict(next(iter(signs_reversed(record_))).signs) == {
        "fertilizer": -1,
        "corridor": 1,
        "equipment": 0,
    }
    assert signs_reversed(signs_reversed(record_)) == record_
    assert signs_reversed(record_).restrictions is record_.restrictions


def test_p_value_counts_ties_against_the_strategy() -> None:
    shuffles = np.array([0.1, 0.2, 0.3])
    assert monte_carlo_p(shuffles, 0.2) == (1 + 2) / 4
    assert monte_carlo_p(shuffles, 0.4) == 1 / 4
    assert Placebo(0.0, shuffles, 0.0, 0, 500).p_value == 1.0


# A strategy on made-up prices.


def test_a_placebo_is_the_position_on_those_dates() -> None:
    rng = np.random.default_rng(1)
    market = walk(rng)
    rows = market.rows[market.start :]
    events, calls = random_events(rng, rows, 6), []
    found = placebo(Tiny(), market, AccountTerms(FREE), events, 5, seed=3, advance=lambda: calls.append(1))
    shifts = np.random.default_rng(3).integers(1, rows.size, 5)

    def total(record_: Events) -> float:
        return float(simulate(Tiny().target_weights(market, record_), market, FREE).nav[-1] - 1)

    np.testing.assert_allclose(
        found.shuffled, [total(rotated_events(events, rows, int(s))) for s in shifts], **exactly
    )
    assert found.total_return == pytest.approx(total(events), abs=1e-14)
    assert found.flipped == pytest.approx(total(signs_reversed(events)), abs=1e-14)
    assert len(calls) == 5
    again = placebo(Tiny(), market, AccountTerms(FREE), events, 5, seed=3)
    np.testing.assert_array_equal(again.shuffled, found.shuffled)


def test_fewer_than_one_shuffle_is_refused() -> None:
    market = walk(np.random.default_rng(0))
    with pytest.raises(BadInputError, match="wanted at least 1 shuffle"):
        placebo(Tiny(), market, AccountTerms(FREE), Events(()), 0)


# Attribution.


def all_in(prices: list[float]) -> Result:
    """Everything in one name from the second row on, without fees: nav is the price over the second row's."""
    index = pd.bdate_range("2024-01-08", periods=len(prices))
    market = Market.from_frames(pd.DataFrame({"A": prices}, index))
    return simulate(Targets(market.rows, ("A",), np.array([0]), np.array([[1.0]])), market, FREE)


def test_attribution_by_hand() -> None:
    # Nav gains 0.01 on each row from row 2 to row 19: profits of 0.01 on 18 rows.
    result = all_in([100.0, 100.0] + [100.0 + n for n in range(1, 19)])
    # A covers rows 3..13, B rows 8..18: rows 8..13 are shared, so A has 5 + 6/2, B 6/2 + 5; rows 2 and 19 remain.
    events = Events((an_event("A", str(WEEKDAYS[3])), an_event("B", str(WEEKDAYS[8]))))
    a = attribute(result, events, ("fertilizer",))
    assert a.by_event == pytest.approx({"A": 0.08, "B": 0.08}, abs=1e-14)
    assert a.rest == pytest.approx(0.02, abs=1e-14)
    assert a.by_theme == pytest.approx({"fertilizer": 0.16}, abs=1e-14)
    assert a.share_of_rows == 16 / 19
    assert a.events + a.rest == pytest.approx(result.nav[-1] - 1, abs=1e-14)


def test_attribution_by_theme_cut_short_and_left_out() -> None:
    result = all_in([100.0, 100.0] + [100.0 + n for n in range(1, 19)])
    events = Events((
        both("BOTH", WEEKDAYS[2]),  # rows 2..12, half to each theme
        an_event("END", str(WEEKDAYS[18])),  # rows 18 and 19 only
        an_event("LOW", str(WEEKDAYS[14]), confidence="low"), an_event("ACT", str(WEEKDAYS[15]), follows="BOTH"),
        an_event("ZERO", str(WEEKDAYS[14]), 0), an_event("BEFORE", "2024-01-04"), an_event("AFTER", "2024-06-03"),
    ))  # fmt: skip
    a = attribute(result, events, ("fertilizer", "corridor"))
    assert a.by_event == pytest.approx({"BOTH": 0.11, "END": 0.02}, abs=1e-14)
    assert a.by_theme == pytest.approx({"fertilizer": 0.055 + 0.02, "corridor": 0.055}, abs=1e-14)
    assert a.rest == pytest.approx(0.05, abs=1e-14)
    only = attribute(result, events, ("corridor",))
    assert only.by_theme == pytest.approx({"corridor": 0.11}, abs=1e-14)


def test_attribution_of_a_real_account_adds_up() -> None:
    strategy, events = FertilizerProducers(), EVENTS
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    result = simulate(strategy.target_weights(market, events), market, read_fees())
    a = attribute(result, events, ("fertilizer", "corridor"))
    # Sums of two thousand daily profits near 1e-3.
    assert a.events + a.rest == pytest.approx(result.nav[-1] - 1, abs=1e-13)
    assert sum(a.by_theme.values()) == pytest.approx(a.events, abs=1e-13)


# The event study on shuffled dates.


def crowded(days: list[int], **more: object) -> Events:
    low = an_event(
        "LOW", str(NYSE[days[0] + 60]), confidence="low"
    )  # not studied, yet its window is no quiet time
    some = (an_event(f"E{d}", str(NYSE[d]), 1 if d % 3 else -1, **more) for d in days)
    return Events((*some, low))


def test_a_shuffle_is_the_study_of_events_on_those_days() -> None:
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.02, (NYSE.size, 3))
    own[:700, 1], own[900:905, 2], own[1400:, 2] = np.nan, np.nan, np.nan
    factor = rng.normal(0, 0.01, NYSE.size)
    factor[500] = np.nan
    r, design = returns_of(own, factor), Design()
    days = [300, 310, 340, 600, 1000, 1500]
    ring, spans = _Ring(r, crowded(days), design), ((0, 1), (0, 10), (-5, 10))
    first, last = (int(np.searchsorted(NYSE, d)) for d in ring.dates)
    assert (first, last) == (60 + 5, NYSE.size - 11)
    turns = np.array([0.1, 0.37, 0.9])
    got = ring.cars(np.array(days), turns, ring.dates, spans)
    for n, turn in enumerate(turns):
        size = last - first + 1
        shift = 1 + int(turn * (size - 1))
        moved = [first + (d - first + shift) % size for d in days]
        low = first + (days[0] + 60 - first + shift) % size
        signs = [an_event(f"M{d}", str(NYSE[d])) for d in moved]
        there = Events((*signs, an_event("LOW", str(NYSE[low]), confidence="low")))
        kept, _ = observe(r, there, EventFilter(), design)
        expected = {o.news.day: [o.abnormal[a + 5 : b + 6].sum() for a, b in spans] for o in kept}
        for k, day in enumerate(moved):
            want = expected.get(day, [np.nan] * 3)
            np.testing.assert_allclose(got[n, k], want, rtol=0, atol=1e-12)  # running sums of 2,000 terms


def test_study_placebo_says_what_was_planted() -> None:
    rng = np.random.default_rng(5)
    factor = rng.normal(0, 0.01, NYSE.size)
    own = factor + rng.normal(0, 0.01, NYSE.size)
    days = list(range(400, 1900, 50))
    events = crowded(days)
    signs = {d: 1 if d % 3 else -1 for d in days}
    for d in days:
        own[d] += 0.02 * signs[d]
    found = study(returns_of(own, factor), events, EventFilter(), Design())
    p = study_placebo(found, events, Design(), 199, seed=1)
    outcome = found.group(ALL).signed[0]
    assert p.p_value(ALL, 0, outcome.caar) == 1 / 200
    assert p.p_value(ALL, 0, -outcome.caar) == 1.0  # flipped signs are the negative
    assert abs(p.median(ALL, 0)) < 0.005
    again = study_placebo(found, events, Design(), 199, seed=1)
    np.testing.assert_array_equal(again.shuffled[ALL], p.shuffled[ALL])


def test_names_one_by_one_are_shuffled_together() -> None:
    """Of two equal names the CAAR of both is that of one, on each set of dates."""
    rng = np.random.default_rng(6)
    factor = rng.normal(0, 0.01, NYSE.size)
    own = factor + rng.normal(0, 0.01, NYSE.size)
    events, design = crowded(list(range(400, 1900, 70))), Design()
    each = [
        study(returns_of(own, factor, sleeve=replace(FERTILIZER, label=label)), events, EventFilter(), design)
        for label in ("A", "B")
    ]
    both_ = single_name_study(each, design)
    one, two = (study_placebo(s, events, design, 20) for s in (each[0], both_))
    np.testing.assert_allclose(two.shuffled[ALL], one.shuffled[ALL], rtol=0, atol=1e-15)


# The command.


def run(*words: str) -> tuple[int, str, str]:
    answer = CliRunner().invoke(app, list(words))
    return answer.exit_code, answer.stdout, answer.stderr


def test_the_command_writes_placebo_p_everywhere(tmp_path: Path) -> None:
    code, stdout, stderr = run("NTR", "--placebo", "40", "--seed", "2", "--out", str(tmp_path), "--json")
    assert code == 0, stderr
    answer = json.loads(stdout)
    told = answer["placebo"]["NTR"]
    assert (told["draws"], told["seed"]) == (40, 2)
    p = told["groups"]["all"]["0:10"]["p"]
    assert p * 41 == pytest.approx(round(p * 41))
    page, _, tests = (Path(f) for f in answer["files"])
    with tests.open() as file:
        rows = [r for r in csv.DictReader(file) if (r["group"], r["first"], r["last"]) == ("all", "0", "10")]
    assert {r["placebo_p"] for r in rows if r["signed"] == "1"} == {f"{p:.10g}"}
    assert {r["placebo_p"] for r in rows if r["signed"] == "0"} == {""}
    assert "p shuffled dates" in page.read_text()
    assert "merely its own negative" in page.read_text()
    code, stdout, _ = run("NTR", "--placebo", "40", "--out", str(tmp_path))
    assert "shuf." in stdout


def test_the_command_refuses_a_negative_number_of_shuffles(tmp_path: Path) -> None:
    code, stdout, stderr = run("NTR", "--placebo", "-1", "--out", str(tmp_path / "out"))
    assert (code, stdout) == (2, "")
    assert stderr.count("\n") == 1
    assert "wanted 0, for none, or more" in stderr
    assert not (tmp_path / "out").exists()


# Without effects p-values are uniform; and what it costs.


def check_uniform(p: list[float], shuffles: int, rng: np.random.Generator, what: str, figure: Figure) -> None:
    """Kolmogorov and Smirnov at 1 %, with steps of 1 / (1 + shuffles) filled evenly; and the size at 5 %."""
    from scipy.stats import kstest

    filled = np.array(p) - rng.uniform(0, 1 / (1 + shuffles), len(p))
    answer, size = kstest(filled, "uniform"), float(np.mean(np.array(p) <= 0.05))
    told = f"KS {answer.statistic:.3f}, p {answer.pvalue:.3f}; below 0.05: {size:.1%}"
    figure(
        f"p-values of {what}, {len(p):,} markets, {shuffles} shuffles each",
        told,
        "p above 0.01; 4 to 6 %, within 2 errors",
    )
    assert answer.pvalue > 0.01
    error = np.sqrt(0.05 * 0.95 / len(p))  # Monte Carlo
    assert 0.04 - 2 * error <= size <= 0.06 + 2 * error


@pytest.mark.slow
def test_placebo_p_values_are_uniform_without_event_effects(figure: Figure) -> None:
    rng, found = np.random.default_rng(11), []
    for _ in range(2000):
        market = walk(rng)
        events = random_events(rng, market.rows[market.start :], 6)
        found.append(
            placebo(Tiny(), market, AccountTerms(FREE), events, 99, int(rng.integers(1 << 30))).p_value
        )
    check_uniform(found, 99, rng, "a strategy on random walks", figure)


@pytest.mark.slow
def test_study_placebo_p_values_are_uniform_without_event_effects(figure: Figure) -> None:
    rng, found, days = np.random.default_rng(12), [], NYSE[:500]
    for _ in range(2000):
        factor = rng.normal(0, 0.01, 500)
        r = Returns(
            FERTILIZER, "XNYS", ("A",), days, (factor + rng.normal(0, 0.02, 500))[:, None], factor[:, None]
        )
        events = random_events(rng, days[70:480], 4)
        made = study(r, events, EventFilter(), Design())
        if made.panel is None:
            continue
        p = study_placebo(made, events, Design(), 99, int(rng.integers(1 << 30)))
        found.append(p.p_value(ALL, 1, made.group(ALL).signed[1].caar))
    check_uniform(found, 99, rng, "an event study on random walks, [0,10]", figure)


@pytest.mark.benchmark(group="1,000 placebo runs of a strategy (wanted: under 10 s on two cores)")
def test_thousand_placebos(benchmark: Any) -> None:
    strategy, events = FertilizerProducers(), EVENTS
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees())
    placebo(strategy, market, terms, events, 2)
    found = benchmark.pedantic(placebo, (strategy, market, terms, events, 1000), rounds=1)
    assert found.shuffled.size == 1000


@pytest.mark.benchmark(group="1,000 shuffles of an event study (80 events)")
def test_thousand_shuffles_of_a_study(benchmark: Any) -> None:
    from tests.event_studies.many_events import EVENTS

    rng = np.random.default_rng(0)
    factor = rng.normal(0, 0.01, NYSE.size)
    made = study(returns_of(factor + rng.normal(0, 0.02, NYSE.size), factor), EVENTS, EventFilter(), Design())
    found = benchmark.pedantic(study_placebo, (made, EVENTS, Design(), 1000), rounds=1)
    assert found.draws == 1000
