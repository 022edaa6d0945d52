"""How often a move of a given size is found, test by test, on the record's dates; how often nothing is called one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest

from positioning.analysis.multiplicity import q_values
from positioning.event_studies.calendar_time import calendar_time
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.evidence import evidence
from positioning.event_studies.placebo import study_placebo
from positioning.event_studies.study import ALL, LEAD, TESTS, Outcome
from positioning.event_studies.synthetic_control import synthetic_control
from tests.builders import EVENTS, Figure
from tests.event_studies.returns import drawn

DESIGN = Design()
SPANS = ((0, 1), (0, 10))
EFFECTS = (0.005, 0.01, 0.02, 0.03, 0.05)  # on each day zero, in the direction that the record expects
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


def shares(runs: int, seed: int, effect: float, volatility: str) -> dict[str, float]:
    """How often each p-value is at 5 % or below."""
    rng = np.random.default_rng(seed)
    found = [p_values(rng, effect, volatility) for _ in range(runs)]
    return {test: float(np.mean([p[test] <= 0.05 for p in found])) for test in found[0]}


def test_a_large_effect_is_found_by_every_test() -> None:
    found = p_values(np.random.default_rng(1), 0.08, "constant")  # eight errors of the mean of [0, 10]
    assert len(found) == 2 * (len(TESTS) + 3) + 2
    assert {test for test, p in found.items() if not p <= 0.05} == set()


@pytest.mark.slow
@pytest.mark.parametrize("volatility", ["constant", "clustered"])
def test_how_often_an_effect_is_found(volatility: str, figure: Figure) -> None:
    """The same seed for every effect, so that a larger one is met by the same noise. The Monte Carlo error of a share is
    five points at most: the curves are read, not held to a figure."""
    runs = 100
    curves: Mapping[float, Mapping[str, float]] = {e: shares(runs, 31, e, volatility) for e in EFFECTS}
    for test in curves[EFFECTS[0]]:
        told = ", ".join(f"{effect:.1%}: {curve[test]:.0%}" for effect, curve in curves.items())
        figure(
            f"a move of each day zero found at 5 % by {test}, volatility {volatility}, {runs} runs, within 10 points",
            told,
            "rises",
        )
        curve = [curves[e][test] for e in EFFECTS]
        # Noise is the same, so the curve may only fall by the draws of what resamples.
        assert all(b >= a - 0.02 for a, b in pairwise(curve)), test
        assert curve[-1] > curve[0], test


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
