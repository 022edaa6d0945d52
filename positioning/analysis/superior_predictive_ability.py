"""Hansen's test for superior predictive ability: has the best of many trials more than the search explains?

Trials are known by their block sums, as in `overfitting`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import final

import numpy as np
from threadpoolctl import threadpool_limits

from positioning.analysis.overfitting import varying
from positioning.analysis.resampled_tops import ResampledTops
from positioning.arrays import FloatArray, IntArray
from positioning.worker_processes import cores
from positioning.worker_threads import in_order

# A draw may be the sample itself in another order, whose t differs from the sample's by rounding alone.
TIE = 1e-9

# Trials worked through at once, among which those nearest to each other are looked for: 1 MB of block sums.
CHUNK = 2048

# Part of the statistic below which maxima of draws are not told apart at first, because few p-values depend on them.
FLOOR = 0.7


@final
@dataclass(frozen=True, slots=True)
class Spa:
    """What `spa` found. statistic: Student's t of the best trial, at least 0; lower <= consistent <= upper:
    p-values; best: the place of that trial among all given, -1 if none is better than the benchmark; trials:
    how many differ from it at all."""

    statistic: float
    lower: float
    consistent: float
    upper: float
    best: int
    trials: int


def spa(chunks: Iterable[FloatArray], benchmark: FloatArray, *, draws: int = 1000, seed: int = 0) -> Spa:
    """Hansen's test for superior predictive ability: has the best of all trials a higher mean return than the
    benchmark by more than the search explains? The null: no trial has.

        t_k = sqrt(B) mean(d_k) / w_k,   T = max(0, max_k t_k),   n = #{T* >= T}
        T* = max(0, max_k sqrt(B) (mean(d*_k) - g(mean(d_k))) / w*_k)
        p = (1 + #{T* >= T2}) / (1 + draws),   T2: the n-th highest T**, infinite for n = 0

    d_k: trial k's block sums less the benchmark's; w_k: their standard deviation; *: B blocks drawn with
    replacement, the same for all trials, which keeps their correlation; **: B of the blocks of such a draw, one draw of
    each, around the mean of its own. g decides what a trial worse than the
    benchmark adds to the null: lower max(0, mean), consistent mean 1{t_k >= -sqrt(2 ln ln B)}, upper mean.

    Only block sums are kept, so the block is the observation: with blocks far longer than returns remember,
    block sums are nearly independent and drawing whole blocks is the non-overlapping block bootstrap. It tests
    the mean of active returns, not the Sharpe ratio. Trials equal to the benchmark, or with a NaN, are left out.

    Each draw is divided by its own w*_k (bootstrap-t), where Hansen keeps w_k: a short series of skewed blocks
    owes the height of its t to a deviation that is too small as often as to its mean, and only draws that
    suffer the same tell how high that goes. With w_k kept, 300 unlike skilless trials of 64 blocks of skewness
    -1 are rejected in 40 % of cases at the 5 % level, with w*_k in 6 %. What is left is the bootstrap's own error, which
    the draws of draws measure: T** is to T* as T* is to T (the fast double bootstrap). At 100 trials and a nominal 5 %,
    lognormal losses are so rejected in 4.5 to 5.1 % of cases, by T* alone in 3.7 to 3.8 %.
    lower and upper are what they are at the least and at the most beside consistent, since draws of draws are drawn.
    A draw without any deviation counts as infinitely far on the side of its mean.

    chunks: the trials' (trials, B) block sums in as many pieces as memory asks for, gone through once more for the draws
    of draws where any draw reaches T, and both again where T2 turns out to be below FLOOR T; only one maximum a draw is
    kept. benchmark: (B,). Raises ValueError for arrays that do not fit, fewer than one draw, or pieces that can be gone
    through only once.

    Hansen (2005), doi:10.1198/073500105000000063; Carlstein (1986), doi:10.1214/aos/1176350057;
    Hall (1988), Theoretical comparison of bootstrap confidence intervals, doi:10.1214/aos/1176350933;
    Davidson and MacKinnon (2007), Improving the reliability of bootstrap tests with the fast double bootstrap,
    doi:10.1016/j.csda.2006.04.001.
    """
    blocks = benchmark.size
    if blocks < 3 or draws < 1 or not np.isfinite(benchmark).all():
        raise ValueError(f"{blocks} blocks and {draws} draws; wanted 3 known blocks and 1 draw, or more")
    if iter(chunks) is chunks:
        raise ValueError("wanted pieces that can be gone through again, such as a list of arrays")
    rng = np.random.default_rng(seed)
    block_numbers = rng.integers(blocks, size=(draws, blocks))
    again = np.take_along_axis(block_numbers, rng.integers(blocks, size=(draws, blocks)), axis=1)
    times, times_again = shares_of(block_numbers), shares_of(again)
    for floor in (FLOOR, 0.0):
        best = _best_of_draws(chunks, benchmark, times, np.zeros_like(times), floor)
        tops_again = best.tops
        if (best.tops >= best.statistic * (1.0 - TIE)).any():
            tops_again = _best_of_draws(chunks, benchmark, times_again, times, floor).tops
        each = list(zip(best.tops, tops_again, strict=True))
        if all(second_level(best.statistic, *both) >= floor * best.statistic for both in each):
            break
    lower, consistent, upper = (double_bootstrap_p(best.statistic, *both) for both in each)
    # Student's has its deviation with ddof 1
    student_t = best.statistic * math.sqrt(1.0 - 1.0 / blocks)
    return Spa(student_t, min(lower, consistent), consistent, max(consistent, upper), best.place, best.trials)


@final
@dataclass(frozen=True, eq=False)
class _BestOfDraws:
    """statistic, place: T and the trial that has it, -1 where T is 0; trials: their number; tops: (3, draws), the same of
    each draw under the three nulls."""

    statistic: float
    place: int
    trials: int
    tops: FloatArray


def _best_of_draws(
    chunks: Iterable[FloatArray], benchmark: FloatArray, times: FloatArray, origin: FloatArray, floor: float
) -> _BestOfDraws:
    """times, origin: of `ResampledTops`; tops below `floor` times the statistic may be less than they are."""
    blocks = benchmark.size
    pieces = [ResampledTops(times, origin) for _ in range(cores())]
    free = list(pieces)
    statistic, best, offset, trials = 0.0, -1, 0, 0

    def resampled(block_sums: FloatArray) -> tuple[FloatArray, IntArray, int]:
        places, mean, centred, deviation = varying(block_sums - benchmark)
        t = np.asarray(math.sqrt(blocks) * mean / deviation)
        piece = free.pop()
        piece.add(centred / deviation[:, None], t, floor * max(statistic, float(t.max(initial=0.0))))
        free.append(piece)
        return t, places, block_sums.shape[0]

    with (
        threadpool_limits(1, "blas"),  # its threads would wait for each other
        closing(in_order(resampled, _bounded(chunks, blocks), len(pieces))) as each,
    ):
        for t, places, count in each:
            if t.size and t.max() > statistic:
                statistic, best = float(t.max()), offset + int(places[t.argmax()])
            offset, trials = offset + count, trials + t.size
    return _BestOfDraws(statistic, best, trials, pieces[0].merged(pieces[1:]))


def shares_of(block_numbers: IntArray) -> FloatArray:
    """(draws, B) the share of each of B blocks in draws of B block numbers."""
    blocks = block_numbers.shape[1]
    counts = [np.bincount(row, minlength=blocks) for row in block_numbers]
    return np.asarray(np.array(counts, dtype=np.float64) / blocks)


def second_level(statistic: float, tops: FloatArray, tops_again: FloatArray) -> float:
    """T2 of `spa`, the level that its draws are held against. tops: (draws,) T*; tops_again: (draws,) T**."""
    above = int((tops >= statistic * (1.0 - TIE)).sum())
    return (float(np.sort(tops_again)[-above]) if above else math.inf) * (1.0 - TIE)


def double_bootstrap_p(statistic: float, tops: FloatArray, tops_again: FloatArray) -> float:
    """The p-value of `spa`, of what `second_level` takes."""
    return float((1.0 + (tops >= second_level(statistic, tops, tops_again)).sum()) / (1.0 + tops.size))


def _bounded(chunks: Iterable[FloatArray], blocks: int) -> Iterator[FloatArray]:
    for chunk in chunks:
        if chunk.shape[1:] != (blocks,):
            raise ValueError(f"block sums {chunk.shape} do not fit a benchmark of {blocks} blocks")
        for start in range(0, chunk.shape[0], CHUNK):
            yield chunk[start : start + CHUNK]
