"""A driver's course by hand: a step that lasts, one that leaks away, and what a strategy makes of the two."""

import math
from dataclasses import replace

import numpy as np
import pytest

from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.scenarios.scenario import DriverPath
from positioning.scenarios.scenario_file import read_scenarios
from positioning.scenarios.stress_test import StressSettings, stress_test
from positioning.scenarios.transmission import course
from strategies import FertilizerProducers
from tests.builders import THESIS

STEP = DriverPath("potash", 100, 400, "x", "x", "x", "step", session=3)


def test_a_step_that_fades_halves_by_rows() -> None:
    whole = math.log(4)
    np.testing.assert_allclose(course(STEP, 5), [0, 0, whole, whole, whole])
    fading = replace(STEP, half_life=2)
    np.testing.assert_allclose(
        course(fading, 7), [0, 0, whole, whole / 2**0.5, whole / 2, whole / 2**1.5, whole / 4]
    )
    assert fading.remaining(7) == pytest.approx(course(fading, 7)[-1])
    assert STEP.remaining(7) == STEP.move


def test_half_lives_that_mean_nothing_are_refused() -> None:
    with pytest.raises(BadInputError, match="half_life 0"):
        replace(STEP, half_life=0)
    with pytest.raises(BadInputError, match="ramp with half_life 2"):
        replace(STEP, course="ramp", half_life=2)


def test_a_shock_that_leaks_away_is_worth_less_than_one_that_lasts() -> None:
    made = read_scenarios(THESIS, "rerouting", 252)
    lasts, leaks = made.scenarios
    assert (lasts.drivers[0].move, lasts.drivers[0].half_life) == (leaks.drivers[0].move, math.inf)
    assert leaks.drivers[0].half_life == 252
    found = stress_test(
        [FertilizerProducers()], SampleSource(), THESIS, "rerouting", StressSettings(paths=40, window=None)
    ).figures["fertilizer_producers"]
    # Both are simulated on the same draws, so that what differs is the leak alone.
    assert found["lasts"].mean > found["leaks_away"].mean
