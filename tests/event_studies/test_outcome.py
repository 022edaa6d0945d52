"""The interval of a mean move, by the test's own error and degrees of freedom."""

from __future__ import annotations

import math

import pytest

from positioning.event_studies.outcome import Outcome


def outcome(error: float, freedom: float) -> Outcome:
    return Outcome((0, 1), 3, 0.02, 1.0, 0.0, error, freedom, {})


def test_half_width_is_the_error_times_students_quantile() -> None:
    # Quantiles of the two-sided 5 % from printed tables of Student's t: 4.303 with 2 degrees, 2.042 with 30.
    assert outcome(0.01, 2).half_width == pytest.approx(0.04303, abs=5e-6)
    assert outcome(0.01, 30).half_width == pytest.approx(0.02042, abs=5e-6)
    assert math.isnan(outcome(math.nan, 2).half_width)
    assert math.isnan(outcome(0.01, 0).half_width)
