"""Shuffled event dates say nothing of probability where an account is short."""

from __future__ import annotations

import math

import numpy as np
import pytest

from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.placebo import Placebo
from positioning.reporting.tearsheet.evidence import placebo_words

SHUFFLED = np.array([-0.02, 0.0, 0.01])


@pytest.mark.parametrize(("returns", "p"), [(MIN_RETURNS - 1, None), (MIN_RETURNS, 0.5)])
def test_a_p_value_takes_sixty_returns(returns: int, p: float | None) -> None:
    found = Placebo(0.005, SHUFFLED, 0.0, 0, returns)
    assert found.to_json()["p"] == p  # (1 + one shuffle at or above) / (1 + 3)
    assert math.isnan(found.p_value) == (p is None)
    words = " ".join(placebo_words(found))
    assert ("p = " in words) == (p is not None)
    assert ("59 returns are fewer than the 60" in words) == (p is None)
