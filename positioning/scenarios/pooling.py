"""Entropy pooling: history reweighted as little as possible to meet a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError

MULTIPLIER = 200.0  # of a standardised view: beyond it all weight is on the extreme observation


@final
@dataclass(frozen=True, slots=True, eq=False)
class PooledProbabilities:
    """probabilities: (J,) of the J observations; effective: exp of their entropy, between 1 and J."""

    probabilities: FloatArray
    effective: float


def pool(views: FloatArray, targets: FloatArray) -> PooledProbabilities:
    """Probabilities nearest to equal ones, in relative entropy, under which the mean of each view is its target.

    views: (K, J), targets: (K,). p_j is proportional to exp(sum_k l_k v_kj), with l the minimum of the dual
    log sum_j exp(l (v_j - targets)) (convex, no constraint). Meucci (2008), Fully flexible views: theory and
    practice, https://ssrn.com/abstract=1213325.

    Raises BadInputError where the observations do not reach the view: it lies outside their range.
    """
    scale = np.maximum(views.std(axis=1), 1e-300)[:, None]
    centred = (views - targets[:, None]) / scale

    def dual(multipliers: FloatArray) -> tuple[float, FloatArray]:
        power = multipliers @ centred
        top = power.max()
        weight = np.exp(power - top)
        return float(top + np.log(weight.sum())), centred @ weight / weight.sum()

    from scipy.optimize import minimize

    bounds = [(-MULTIPLIER, MULTIPLIER)] * len(targets)
    optimum = minimize(
        dual,
        np.zeros(len(targets)),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-16, "gtol": 1e-10},
    )
    power = optimum.x @ centred
    weight = np.exp(power - power.max())
    p = weight / weight.sum()
    if np.abs(centred @ p).max() > 1e-6:
        raise BadInputError("a view outside what history shows", "wanted one its observations can be weighed to",
                            "choose a milder view")  # fmt: skip
    positive = p[p > 0]
    return PooledProbabilities(p, float(np.exp(-(positive * np.log(positive)).sum())))


def mean_and_volatility(values: FloatArray, mean: float, multiple: float) -> PooledProbabilities:
    """Observations (J,) reweighted to a mean, and to `multiple` times their own deviation where that is not 1."""
    if multiple == 1.0:
        return pool(values[None], np.array([mean]))
    second = mean**2 + (multiple * values.std()) ** 2
    return pool(np.vstack([values, values**2]), np.array([mean, second]))
