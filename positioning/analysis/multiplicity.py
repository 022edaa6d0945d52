"""Many tests, and tests that could not have seen anything: false-discovery rates, power, the smallest effect seen."""

from __future__ import annotations

import math

import numpy as np

from positioning.arrays import FloatArray

LEVEL = 0.05
POWER = 0.8


def q_values(p: FloatArray) -> FloatArray:
    """(M,) for each p-value the lowest false-discovery rate at which its test would be called; NaN stays NaN and
    belongs to no family.

        q_(i) = min over j >= i of M p_(j) / j

    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x; it holds for tests that are independent or
    depend positively (Benjamini and Yekutieli 2001, doi:10.1214/aos/1013699998), as windows of one sleeve do.
    """
    out = np.full(p.size, np.nan)
    tests = np.flatnonzero(np.isfinite(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    steps = p[order] * order.size / np.arange(1, order.size + 1)
    out[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return out


def power(effect: float, error: float, freedom: float, level: float = LEVEL) -> float:
    """Probability that a two-sided t-test at `level` sees a true mean of `effect`, whose estimate has standard error
    `error` with `freedom` degrees; noncentral t. NaN where there is no error or freedom.

    Cohen (1988), Statistical power analysis for the behavioral sciences, chapter 2.
    """
    if not (error > 0 and freedom > 0):
        return math.nan
    return _beyond(_edge(freedom, level), abs(effect) / error, freedom)


def detectable(error: float, freedom: float, probability: float = POWER, level: float = LEVEL) -> float:
    """The smallest true mean that the test of `power` would see with that probability; NaN as there.

    Halved to the last bit: scipy.optimize is longer to import than sixty steps are to take.
    """
    if not (error > 0 and freedom > 0):
        return math.nan
    low, high, edge = 0.0, 1.0, _edge(freedom, level)
    while _beyond(edge, high, freedom) < probability:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if _beyond(edge, middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return error * high


def _edge(freedom: float, level: float) -> float:
    """The t-value that a two-sided test must exceed."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - level / 2))


def _beyond(edge: float, shift: float, freedom: float) -> float:
    """Probability that a noncentral t lies outside of the edges."""
    from scipy.special import nctdtr

    # The far side is level / 2 at most and vanishes with the shift, where the program gives NaN.
    far = float(nctdtr(freedom, shift, -edge))
    return 1.0 - float(nctdtr(freedom, shift, edge)) + (0.0 if math.isnan(far) else far)
