"""How much of a search's winner is luck: what to expect of the best of many, and which winner to trust.

Every Sharpe ratio here is per row, never annualised: divide an annual one by the square root of rows a year.
Trials are known by their block sums, sums of excess returns over runs of consecutive rows whose lengths differ
by one row at most, so that no series is kept and a million trials are read in pieces.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np
import numpy.typing as npt

from positioning.analysis.metrics import NOISE
from positioning.arrays import FloatArray, IntArray
from positioning.worker_processes import cores
from positioning.worker_threads import in_order

NORMAL = NormalDist()

SLAB = 100_000  # trials of a grid whose neighbours are looked at together


def probabilistic_sharpe(
    sharpe: float, benchmark_sharpe: float, observations: float, skew: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Probability of a Sharpe ratio below the one seen, were the true one the benchmark's: 1 - p of a one-sided test.

        PSR = Phi((SR - SR*) sqrt(T - 1) / sqrt(1 - skew SR + (kurtosis - 1)/4 SR^2))

    Both ratios per row, over T = observations rows; kurtosis of a normal is 3. NaN where the moments leave no
    variance. Rows are taken as independent. Raises ValueError for fewer than two observations.

    Bailey and Lopez de Prado (2012), The Sharpe ratio efficient frontier, doi:10.21314/JOR.2012.255.
    """
    if observations < 2:
        raise ValueError(f"a Sharpe ratio needs two observations or more, not {observations:g}")
    variance = _sharpe_variance(sharpe, skew, kurtosis)
    if not variance > 0:
        return math.nan
    return NORMAL.cdf((sharpe - benchmark_sharpe) * math.sqrt((observations - 1) / variance))


def minimum_track_record_length(
    sharpe: float,
    benchmark_sharpe: float,
    confidence: float = 0.95,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """Observations from which the probabilistic Sharpe ratio reaches `confidence`; it is that ratio's inverse.

        MinTRL = 1 + (1 - skew SR + (kurtosis - 1)/4 SR^2) (Phi^-1(confidence) / (SR - SR*))^2

    Infinite for a Sharpe ratio at or below the benchmark's. Raises ValueError for a confidence outside [0.5, 1).

    Bailey and Lopez de Prado (2012), doi:10.21314/JOR.2012.255.
    """
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence must be in [0.5, 1), not {confidence:g}")
    if sharpe <= benchmark_sharpe:
        return math.inf
    deviations = NORMAL.inv_cdf(confidence) / (sharpe - benchmark_sharpe)
    return 1.0 + _sharpe_variance(sharpe, skew, kurtosis) * deviations**2


def expected_maximum_sharpe(variance_of_trial_sharpes: float, independent_trials: float) -> float:
    """The best Sharpe ratio to expect of N independent trials without any skill, whose Sharpes have variance V.

        E[max] = sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))),  g = 0.5772... (Euler-Mascheroni)

    An approximation for many trials; below N = 1.3 it would be negative, where 0, what one trial expects, is
    given. Raises ValueError for fewer than one trial or a variance below zero.

    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, doi:10.3905/jpm.2014.40.5.094.
    """
    if independent_trials < 1 or variance_of_trial_sharpes < 0:
        raise ValueError(f"{independent_trials:g} trials of variance {variance_of_trial_sharpes:g}")
    if independent_trials == 1:
        return 0.0
    peak = NORMAL.inv_cdf(1 - 1 / independent_trials)
    beyond = NORMAL.inv_cdf(1 - 1 / (independent_trials * math.e))
    normal = (1 - np.euler_gamma) * peak + np.euler_gamma * beyond
    return math.sqrt(variance_of_trial_sharpes) * float(np.maximum(normal, 0.0))


def deflated_sharpe(
    sharpe: float,
    variance_of_trial_sharpes: float,
    independent_trials: float,
    observations: float,
    skew: float = 0.0,
    kurtosis: float = 3.0,
) -> float:
    """The probabilistic Sharpe ratio of the best of many trials against what luck alone would give: the probability
    of a lower one than seen, were the true one the best to expect of trials without skill.

        DSR = PSR(SR* = E[max of N skilless trials])

    Bailey and Lopez de Prado (2014), doi:10.3905/jpm.2014.40.5.094.
    """
    luck = expected_maximum_sharpe(variance_of_trial_sharpes, independent_trials)
    return probabilistic_sharpe(sharpe, luck, observations, skew, kurtosis)


def effective_trials(chunks: Iterable[FloatArray]) -> float:
    """Number of independent trials that N correlated ones are worth, from their average correlation.

        N_eff = rho + (1 - rho) N,   rho = (|sum_k z_k|^2 - N) / (N (N - 1)),   rho cut to [0, 1]

    z_k is trial k's block sums less their mean, scaled to length 1, so rho is the plain average of all
    N (N - 1) / 2 correlations without a matrix of them. Trials that never vary, or have a NaN, do not count;
    NaN when none is left. Linear in N: a grid twice as fine counts for twice the trials, so it errs towards
    too much deflation. Opposite trials cancel in rho and count as different.

    chunks: the trials' (trials, blocks) block sums in as many pieces as memory asks for.

    Bailey and Lopez de Prado (2014), appendix, doi:10.3905/jpm.2014.40.5.094.
    """
    trials, total = 0, np.zeros(1)
    with closing(in_order(_summed, chunks, cores())) as each:
        for count, part in each:
            trials += count
            total = total + part
    if trials < 2:
        return float(trials) if trials else math.nan
    rho = (float(total @ total) - trials) / (trials * (trials - 1.0))
    rho = min(max(rho, 0.0), 1.0)
    return rho + (1.0 - rho) * trials


def _summed(chunk: FloatArray) -> tuple[int, FloatArray]:
    """How many trials vary, and the sum of their block sums less their mean, each scaled to length 1."""
    _, _, centred, deviation = varying(chunk)
    return deviation.size, (centred / deviation[:, None]).sum(axis=0) / math.sqrt(chunk.shape[1])


def varying(block_sums: FloatArray) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """The trials whose block sums are all finite and vary by more than rounding: their places, their means,
    their block sums less the mean (trials, blocks), and standard deviations, ddof 0.

    Raises ValueError unless block_sums is (trials, 2 blocks or more)."""
    if block_sums.ndim != 2 or block_sums.shape[1] < 2:
        raise ValueError(f"block sums must be (trials, 2 blocks or more), not {block_sums.shape}")
    mean = block_sums.mean(axis=1)
    centred = block_sums - mean[:, None]
    deviation = np.sqrt(np.square(centred).mean(axis=1))
    places = np.flatnonzero(deviation > NOISE)  # a NaN is above nothing
    return places, mean[places], centred[places], deviation[places]


@final
@dataclass(frozen=True, eq=False)
class Plateau:
    """best: place of the recommended trial. score: its own, see `neighbourhood_scores`. neighbours: how many of its
    neighbours have a value. edges: the ordered axes on whose end it lies, where the plateau may go on beyond the grid."""

    best: tuple[int, ...]
    score: float
    neighbours: int
    edges: tuple[int, ...]


def plateau(values: FloatArray, ordered: tuple[bool, ...]) -> Plateau:
    """The trial that loses least when any one parameter is a step off: the best of `neighbourhood_scores` wins; among
    equals the higher own value, then the first.

    values: one axis a parameter, larger is better; let ruin be -inf. ordered: for each axis, whether its steps are
    neighbours. The longest axis is cut into stretches of SLAB trials or so, since scores of all trials would take as
    much memory as their values. Raises ValueError where no value is known.
    """
    if len(ordered) != values.ndim or np.isnan(values).all():
        raise ValueError(
            f"{len(ordered)} axes told of {values.ndim}, {np.isfinite(values).sum()} values known"
        )
    axis = int(np.argmax(values.shape))
    length, beside = values.shape[axis], int(ordered[axis])
    step = max(1, SLAB * length // values.size)
    most, best, neighbours = (-math.inf, -math.inf), (0,) * values.ndim, 0
    untold = True
    for first in range(0, length, step):
        last, start = min(first + step, length), max(first - beside, 0)
        around, inside = [slice(None)] * values.ndim, [slice(None)] * values.ndim
        around[axis], inside[axis] = slice(start, last + beside), slice(first - start, last - start)
        own = values[tuple(around)]
        scores, counts = (of_all[tuple(inside)] for of_all in neighbourhood_scores(own, ordered))
        own = own[tuple(inside)]
        ties = np.argwhere(scores == np.fmax.reduce(scores, axis=None))
        if not ties.size:  # none of them is known
            continue
        place = tuple(ties[own[tuple(ties.T)].argmax()].tolist())
        here = tuple(i + first * (a == axis) for a, i in enumerate(place))
        rank = float(scores[place]), float(own[place])
        if untold or rank > most or (rank == most and here < best):
            untold, most, best, neighbours = False, rank, here, int(counts[place])
    searched = [a for a, size in enumerate(values.shape) if ordered[a] and size > 1]
    edges = tuple(a for a in searched if best[a] in (0, values.shape[a] - 1))
    return Plateau(best, most[0], neighbours, edges)


def neighbourhood_scores(
    values: FloatArray, ordered: tuple[bool, ...]
) -> tuple[FloatArray, npt.NDArray[np.uint8]]:
    """Of each trial the lowest of its own value and its neighbours', one step up or down on each ordered axis, NaN where
    its own is; and how many neighbours have a value.

    The lowest, not the mean: a mean lets a lonely peak lift itself and all around it, while the lowest
    is a promise one can say ("one step on any axis keeps at least 0.8"). Categories have no neighbours. At
    the edge of the grid, and where a value is NaN (not tried, or undefined), there is one neighbour less.
    """
    scores = values.copy()
    neighbours = np.zeros(values.shape, dtype=np.uint8)
    for axis in np.flatnonzero(ordered):
        # Views with the axis in front: writing to them writes to the grids.
        score, count, value = (np.moveaxis(grid, axis, 0) for grid in (scores, neighbours, values))
        for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            np.fmin(score[here], value[there], out=score[here])
            count[here] += ~np.isnan(value[there])
    scores[np.isnan(values)] = math.nan
    return scores, neighbours


def _sharpe_variance(sharpe: float, skew: float, kurtosis: float) -> float:
    """Variance of an estimated Sharpe ratio, times T - 1 (Mertens 2002)."""
    return 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
