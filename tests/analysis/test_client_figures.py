"""Factsheet figures against worked values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from positioning.analysis.client_figures import (
    captures,
    cornish_fisher,
    information_ratio,
    risk_class,
    three_year_deviation,
    tracking_error,
)


@pytest.mark.parametrize(
    ("yearly", "skew", "excess", "expected"),
    [(0.18, 0.0, 0.0, 0.180), (0.18, -1.0, 8.0, 0.183), (0.25, 0.0, 0.0, 0.250), (0.25, -1.0, 8.0, 0.254)],
)
def test_volatility_equivalents(yearly: float, skew: float, excess: float, expected: float) -> None:
    found = cornish_fisher(yearly / math.sqrt(256), skew, excess, 256, 1.0)
    assert found == pytest.approx(
        expected, abs=6e-4
    )  # the worked values are rounded to a tenth of a per cent


def test_classes_and_the_rule_for_shorts() -> None:
    assert [risk_class(v, False) for v in (0.004, 0.005, 0.12, 0.18, 0.25, 0.8)] == [1, 2, 4, 4, 5, 7]
    assert risk_class(0.1, True) == 7
    assert risk_class(math.nan, False) is None


def test_captures_are_of_geometric_mean_months_and_need_both_sides() -> None:
    b = np.tile([0.02, -0.01], 18)
    assert captures(0.5 * b, b) == pytest.approx((0.5, 0.5))
    assert captures(np.tile([0.04, -0.005], 18), b) == pytest.approx((2.0, 0.5))
    assert np.isnan(captures(b, np.abs(b))).all()
    assert np.isnan(captures(b[:35], b[:35])).all()


def test_tracking_error_is_the_spread_of_differences_not_their_mean() -> None:
    b = np.random.default_rng(0).normal(0, 0.01, 500)
    assert tracking_error(b + 0.001, b, 250.0) == pytest.approx(
        0.0, abs=1e-12
    )  # rounding of a constant difference
    own = b + np.tile([0.002, 0.0], 250)
    assert information_ratio(own, b, 250.0) == pytest.approx(
        0.25 / (np.std(own - b, ddof=1) * math.sqrt(250))
    )
    assert math.isnan(tracking_error(b[:249], b[:249], 250.0))


def test_three_years_are_thirty_six_months() -> None:
    months = np.tile([0.01, -0.01], 20)
    assert three_year_deviation(months) == pytest.approx(np.std(months[-36:], ddof=1) * math.sqrt(12))
    assert math.isnan(three_year_deviation(months[:35]))
