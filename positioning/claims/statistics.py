"""What rows and figures say of a claim: a mean difference, a skewness, a stated figure beside another."""

from __future__ import annotations

import math

import numpy as np

from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.multiplicity import detectable
from positioning.analysis.placebo import monte_carlo_p
from positioning.analysis.regression import newey_west
from positioning.arrays import FloatArray
from positioning.claims.claim import Evidence
from positioning.claims.verdict import Finding, Part

FLIPS = 999  # sign changes of the test of skewness


def mean_difference(
    place: int, one: Evidence, difference: FloatArray, what: str, part: Part, per_year: float
) -> Finding:
    """(T,) differences of simple returns: their mean a year, turned as the claim points, with Newey and West's errors."""
    if difference.size < MIN_RETURNS or not difference.any():
        why = f"{difference.size} returns, and {MIN_RETURNS} are wanted"
        return Finding(place, one.kind, what, part, count=difference.size, missing=why)
    fit = newey_west(difference, np.ones((difference.size, 1)))
    mean, reach = one.sign * float(fit.coefficients[0]), quantile(fit.freedom) * float(fit.errors[0])
    return Finding(
        place, one.kind, what, part, per_year * mean, per_year * (mean - reach), per_year * (mean + reach),
        float(fit.p[0]), difference.size, per_year * detectable(float(fit.errors[0]), fit.freedom),
    )  # fmt: skip


def skewness(place: int, one: Evidence, returns: FloatArray, part: Part, seed: int) -> Finding:
    """Skewness about the median, with the two-sided p that returns are symmetric: FLIPS draws of a sign for each
    distance from the median, which leave its size, and calm and wild days, where they are."""
    what = f"{one.strategy}, skewness of returns"
    if returns.size < MIN_RETURNS or not returns.any():
        why = f"{returns.size} returns, and {MIN_RETURNS} are wanted"
        return Finding(place, "skew", what, part, count=returns.size, missing=why)
    away = returns - np.median(returns)
    cubes, unit = away**3, float(np.mean(away**2) ** 1.5)
    statistic = float(cubes.mean()) / unit
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(FLIPS, returns.size))
    p = monte_carlo_p(np.abs(signs @ cubes) / returns.size / unit, abs(statistic) * (1 - 1e-12))
    return Finding(place, "skew", what, part, one.sign * statistic, p=p, count=returns.size, form="number")


def quantile(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975)) if freedom > 0 else math.nan
