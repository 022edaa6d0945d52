"""False-discovery rates and power against statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from positioning.analysis.multiplicity import detectable, power, q_values


def test_q_values_are_those_of_statsmodels_and_leave_out_the_unknown() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03, 0.9, 0.005, 0.04])
    ours, known = q_values(p), np.isfinite(p)
    np.testing.assert_allclose(ours[known], multipletests(p[known], method="fdr_bh")[1], rtol=1e-12)
    assert np.isnan(ours[2])
    assert np.isnan(q_values(np.array([np.nan]))).all()


@pytest.mark.parametrize("count", [5, 12, 60])
def test_power_is_that_of_statsmodels(count: int) -> None:
    theirs = TTestPower()
    error, freedom = 0.03 / math.sqrt(count), count - 1
    wanted = theirs.power(0.02 / 0.03, count, 0.05)
    assert power(0.02, error, freedom) == pytest.approx(wanted, rel=1e-8)
    smallest = theirs.solve_power(nobs=count, alpha=0.05, power=0.8) * 0.03
    assert detectable(error, freedom) == pytest.approx(smallest, rel=1e-6)
    assert power(detectable(error, freedom), error, freedom) == pytest.approx(0.8, abs=1e-9)


def test_nothing_is_detectable_without_an_error() -> None:
    assert math.isnan(detectable(math.nan, 5))
    assert math.isnan(power(0.1, 0.0, 5))
    assert power(0.0, 1.0, 20) == pytest.approx(0.05, abs=1e-12)
