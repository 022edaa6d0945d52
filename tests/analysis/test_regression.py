"""Regressions with the errors of other programs, and the size of the bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from positioning.analysis.regression import clustered, newey_west, wild_p
from tests.builders import Figure

SAME = 1e-10  # the same sums in another order, over a few hundred rows


def data(seed: int, rows: int = 300, columns: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(rows), rng.normal(0, 0.01, (rows, columns))])
    shocks = rng.normal(0, 0.02, rows + 1)
    return x @ np.linspace(0.001, 1.2, columns + 1) + shocks[1:] + 0.5 * shocks[:-1], x


@pytest.mark.parametrize("lags", [None, 0, 1, 9])
def test_newey_west_is_that_of_statsmodels_and_linearmodels(lags: int | None) -> None:
    from linearmodels.iv import IV2SLS

    y, x = data(1)
    most = int(4 * (y.size / 100) ** (2 / 9)) if lags is None else lags
    ours = newey_west(y, x, lags)
    theirs = OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": most, "use_correction": True}, use_t=True)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=0, atol=SAME)
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=SAME)
    np.testing.assert_allclose(ours.p, theirs.pvalues, rtol=1e-8, atol=1e-300)
    assert ours.r_squared == pytest.approx(theirs.rsquared, rel=SAME)
    others = IV2SLS(y, x, None, None).fit(cov_type="kernel", kernel="bartlett", bandwidth=most, debiased=True)
    np.testing.assert_allclose(ours.coefficients, others.params, rtol=0, atol=SAME)
    np.testing.assert_allclose(ours.errors, others.std_errors, rtol=SAME)


def test_clustered_errors_are_those_of_statsmodels() -> None:
    y, x = data(2, 90)
    groups = np.random.default_rng(3).integers(0, 14, 90)
    ours = clustered(y, x, groups)
    theirs = OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    np.testing.assert_allclose(ours.errors, theirs.bse, rtol=SAME)
    np.testing.assert_allclose(ours.p, theirs.pvalues, rtol=1e-8)


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_the_wild_bootstrap_is_that_of_another_program(seed: int) -> None:
    from wildboottest.wildboottest import wildboottest

    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(14), 6)
    x = np.column_stack([np.ones(84), rng.normal(size=(84, 2))])
    y = 0.25 * x[:, 1] + rng.normal(size=14)[groups] + rng.normal(size=84)
    ours = wild_p(y, x, groups, 1, draws=19_999)
    frame = pd.DataFrame(x, columns=["const", "a", "b"])
    with pytest.warns(UserWarning, match="full_enumeration"):
        theirs = wildboottest(
            OLS(pd.Series(y), frame), param="a", cluster=pd.Series(groups), B=19_999, seed=1, show=False
        )
    # Both go through all 2^14 signs; ties with the sample (itself and its mirror) count on one side or the other.
    assert ours == pytest.approx(float(np.asarray(theirs["p-value"].iloc[0], dtype=float)), abs=3 / 2**14)


def test_too_few_clusters_have_no_bootstrap() -> None:
    y, x = data(4, 40)
    assert np.isnan(wild_p(y, x, np.repeat(np.arange(4), 10), 1))
    with pytest.raises(ValueError, match="linearly dependent"):
        newey_west(y, np.column_stack([x, x[:, 1]]))


@pytest.mark.slow
def test_the_wild_bootstrap_keeps_its_size_with_few_clusters(figure: Figure) -> None:
    rng, runs = np.random.default_rng(7), 2000
    groups = np.repeat(np.arange(12), rng.integers(1, 7, 12))
    found = []
    for _ in range(runs):
        x = np.column_stack([np.ones(groups.size), rng.normal(size=groups.size)])
        y = rng.normal(size=12)[groups] + rng.normal(size=groups.size)
        found.append((wild_p(y, x, groups, 1, 399), clustered(y, x, groups).p[1]))
    wild, plain = np.mean(np.array(found) <= 0.05, axis=0)
    told = f"{wild:.1%}, the plain clustered t {plain:.1%}"
    figure("wild bootstrap rejects at 5 %, 12 clusters of unlike size, 2,000 runs", told, "3.5 to 6.5 %")
    assert 0.035 <= wild <= 0.065  # three standard errors of 2,000 runs
