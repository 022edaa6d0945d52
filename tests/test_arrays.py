"""Days looked up among days."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.arrays import days_among

DAYS = np.array(["2022-01-03", "2022-01-04", "2022-02-28"], "datetime64[D]")


def test_days_among_days_whatever_their_order_or_repetition() -> None:
    dates = np.array(["2022-02-28", "2021-12-31", "2022-01-03", "2022-01-03", "2022-03-01"], "datetime64[D]")
    assert days_among(dates, DAYS[::-1]).tolist() == [True, False, True, True, False]
    assert days_among(dates, DAYS[:0]).tolist() == [False] * 5
    assert days_among(dates[:0], DAYS).shape == (0,)


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_a_time_of_day_is_no_day(unit: str) -> None:
    instants = DAYS.astype(f"datetime64[{unit}]")
    instants[1] += np.timedelta64(1, "h")
    assert days_among(instants, DAYS).tolist() == [True, False, True]
    assert days_among(DAYS, instants).tolist() == [True, False, True]


def test_as_numpy_says_of_random_dates() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        dates, days = (
            rng.integers(-4000, 20_000, n).astype("datetime64[D]") for n in rng.integers(0, 3000, 2)
        )
        np.testing.assert_array_equal(days_among(dates, days), np.isin(dates, days))
