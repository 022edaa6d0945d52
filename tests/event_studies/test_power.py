"""How often a move of a given size is found, test by test, on the record's dates; how often nothing is called one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest

from positioning.analysis.multiplicity import q_values
from positioning.event_studies.abnormal_returns import observe
from positioning.event_studies.calendar_time import calendar_time
from positioning.event_studies.day_zero import EventFilter, select
from positioning.event_studies.design import Design
from positioning.event_studies.evidence import evidence
from positioning.event_studies.outcome import LEAD, TESTS, Outcome
from positioning.event_studies.panel import Panel
from positioning.event_studies.placebo import study_placebo
from positioning.event_studies.severity import severity_regression
from positioning.event_studies.study import ALL
from positioning.event_studies.synthetic_control import synthetic_control
from tests.builders import EVENTS, Figure
from tests.event_studies.returns import drawn, simulated_market

DESIGN = Design()
SPANS = ((0, 1), (0, 10))
EFFECTS = (0.005, 0.01, 0.02, 0.03, 0.05)  # on each day zero, in the direction that the record expects
MIDDLE = 3  # severity of about half of the record's news
RESAMPLED = 199  # shuffles of a test that resamples: its p can be as low as 0.5 %


def outcomes(
    rng: np.random.Generator, effect: float, volatility: str = "constant"
) -> dict[tuple[int, int], Outcome]:
    """Of one sleeve without donors."""
    group = drawn(rng, 0, effect, volatility)[0].group(ALL)
    assert group is not None
    return {o.span: o for o in group.signed}


def p_values(rng: np.random.Generator, effect: float, volatility: str) -> dict[str, float]:
    """Of every test of a mean effect on one market, by its name and window."""
    made, pool = drawn(rng, 19, effect, volatility)
    group = made.group(ALL)
    assert group is not None
    shuffled = study_placebo(made, EVENTS, DESIGN, RESAMPLED, int(rng.integers(1 << 30)))
    control = synthetic_control(made, pool, EVENTS, DESIGN, RESAMPLED, int(rng.integers(1 << 30)))
    found = {}
    for n, o in enumerate(group.signed):
        if o.span in SPANS:
            at = f"[{o.span[0]}, {o.span[1]}]"
            controlled = control.outcome(o.span)
            assert controlled is not None
            found |= {f"{test} {at}": o.tests[test].p for test in TESTS}
            found |= {
                f"shuffled dates {at}": shuffled.p_value(ALL, n, o.caar),
                f"synthetic control in space {at}": controlled.p_space,
                f"synthetic control in time {at}": controlled.p_time,
            }
    news = [o.news for o in made.observations]
    return found | {
        f"calendar time by {w} [0, 10]": calendar_time(made.returns[0], news, w).p
        for w in ("sign", "severity")
    }


def test_a_large_effect_is_found_by_every_test() -> None:
    found = p_values(np.random.default_rng(1), 0.08, "constant")  # eight errors of the mean of [0, 10]
    assert len(found) == 2 * (len(TESTS) + 3) + 2
    assert {test for test, p in found.items() if not p <= 0.05} == set()
    assert of_severity(np.random.default_rng(1), 0.08, "constant") <= 0.05


def of_severity(rng: np.random.Generator, slope: float, volatility: str) -> float:
    """p of severity on one market whose day zeros move by `slope` a point of it above MIDDLE; with the acts that put
    earlier news into force, as the program's own regression. Above the middle, since a move that all news makes stands in
    the windows of its neighbours, too, and would hide the slope in noise as large as itself."""
    plain, _ = simulated_market(rng, 0, volatility)
    choice = EventFilter(follows=True)
    for news in select(EVENTS, "fertilizer", choice, plain.sessions, plain.venue)[0]:
        plain.names[news.day, 0] += slope * news.sign * (max(e.severity for e in news.events) - MIDDLE)
    panel = Panel(observe(plain, EVENTS, choice, DESIGN)[0], DESIGN.window[0])
    return severity_regression(panel, (0, 10), RESAMPLED, int(rng.integers(1 << 30))).effects[0].wild_p


def rising(found: Mapping[float, np.ndarray], slack: float = 0.02) -> str:
    """The curve in words. Every effect has the same noise, so that it may only fall by the draws of what resamples."""
    shares = {effect: float(np.mean(p <= 0.05)) for effect, p in found.items()}
    assert all(b >= a - slack for a, b in pairwise(shares.values())), shares
    assert shares[max(shares)] > shares[min(shares)], shares
    return ", ".join(f"{effect:.1%}: {share:.0%}" for effect, share in shares.items())


def error_words(runs: int) -> str:
    """Two standard errors of a share of one half, the widest there is."""
    return f"{runs} runs, within {100 * 2 * math.sqrt(0.25 / runs):.0f} points"


@pytest.mark.slow
@pytest.mark.parametrize("volatility", ["constant", "clustered"])
def test_how_often_an_effect_is_found(volatility: str, figure: Figure) -> None:
    """The same seed for every effect, so that a larger one is met by the same noise. The curves are read, not held to a
    figure; their Monte Carlo error is told beside them."""
    runs = 150
    found: dict[float, list[dict[str, float]]] = {}
    for effect in EFFECTS:
        rng = np.random.default_rng(31)
        found[effect] = [p_values(rng, effect, volatility) for _ in range(runs)]
    for test in found[EFFECTS[0]][0]:
        told = rising({e: np.array([p[test] for p in markets]) for e, markets in found.items()})
        figure(
            f"a move of each day zero found at 5 % by {test}, volatility {volatility}, {error_words(runs)}",
            told, "rises",
        )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("volatility", ["constant", "clustered"])
def test_how_often_a_slope_on_severity_is_found(volatility: str, figure: Figure) -> None:
    runs, found = 300, {}
    for slope in EFFECTS:
        rng = np.random.default_rng(35)
        found[slope] = np.array([of_severity(rng, slope, volatility) for _ in range(runs)])
    figure(
        f"a move a point of severity found at 5 % by the wild bootstrap, volatility {volatility}, {error_words(runs)}",
        rising(found), "rises",
    )  # fmt: skip


def caar_of_a_move(span: tuple[int, int]) -> float:
    """The mean CAR that a move of one on each day zero makes: windows of the record overlap, and then hold each other's
    day zero, so that it is above one. CARs are linear, and quiet sessions lie outside all windows."""
    with_it, without = (outcomes(np.random.default_rng(1), effect)[span].caar for effect in (1.0, 0.0))
    return with_it - without


def test_overlapping_windows_hold_the_moves_of_their_neighbours() -> None:
    short, long = (caar_of_a_move(span) for span in SPANS)
    assert short == pytest.approx(1.0, rel=1e-9)  # no two pieces of news lie so near
    assert 1.0 < long < 2.0


@pytest.mark.slow
def test_the_smallest_effect_that_power_would_have_seen_is_found_four_times_in_five(figure: Figure) -> None:
    rng, runs = np.random.default_rng(32), 600
    nothing = [outcomes(rng, 0.0) for _ in range(100)]
    for span in SPANS:
        smallest = float(np.mean([o[span].detectable for o in nothing]))
        move = smallest / caar_of_a_move(span)
        share = float(np.mean([outcomes(rng, move)[span].tests[LEAD].p <= 0.05 for _ in range(runs)]))
        figure(
            f"a mean CAR of {smallest:.2%}, said to be seen with 80 %, is found in [{span[0]}, {span[1]}], {runs} runs",
            f"{share:.1%}", "80 % within 6 %",
        )  # fmt: skip
        # Three errors of 600 runs are 4.9 %; a t of normal means is what the formula knows, the lead is a little off.
        assert share == pytest.approx(0.8, abs=0.06)


@pytest.mark.slow
def test_rates_of_false_discovery_call_nothing_where_there_is_nothing(figure: Figure) -> None:
    """The page's two families of one sleeve without effects: any call is a false one."""
    rng, runs, called, single, naive = np.random.default_rng(33), 1500, 0, 0, 0
    for _ in range(runs):
        made, _ = drawn(rng, 0)
        found = evidence([made], EVENTS, EventFilter(), DESIGN, seed=0)
        called += any(q <= 0.05 for q in found.q.values())
        naive += any(o.tests[LEAD].p <= 0.05 for g in made.groups for o in g.signed)
        single += any(e.q <= 0.05 for e in found.events.values())
    error = math.sqrt(0.05 * 0.95 / runs)
    figure(
        f"any false discovery at a rate of 5 % among groups and windows, {runs:,} runs",
        f"{called / runs:.1%}; by p alone {naive / runs:.0%}", "at most 5 %, within 2 errors",
    )  # fmt: skip
    figure(
        f"any false discovery at a rate of 5 % among single events, {runs:,} runs", f"{single / runs:.1%}",
        "at most 5 %, within 2 errors",
    )  # fmt: skip
    assert called / runs <= 0.05 + 2 * error
    assert single / runs <= 0.05 + 2 * error
    assert naive / runs > 0.1


@pytest.mark.slow
def test_rates_of_independent_tests_call_falsely_at_their_level(figure: Figure) -> None:
    """Benjamini and Hochberg on independent tests without effects: exactly the level (Simes 1986)."""
    rng, runs = np.random.default_rng(34), 20_000
    share = float(np.mean([(q_values(rng.random(30)) <= 0.05).any() for _ in range(runs)]))
    figure(f"any false discovery among 30 independent tests, {runs:,} runs", f"{share:.2%}", "4 to 6 %")
    assert 0.04 <= share <= 0.06
