"""The highest t that resampling gives the best of many trials, draw by draw: what Hansen's test counts.

Trials are much alike. So WIDTH of those nearest to each other are first answered for by their centre: how far any of
them may lie above it in a draw is bounded by their distance from it, and where even that is no new maximum none of them
is looked at. The centre's draws are worked out in single precision, and the bound leaves room for what its rounding can
amount to; whatever may be a new maximum is worked out in double precision. So the maxima have no digit of single
precision in them, and do not depend on which trials were taken together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, final

import numpy as np

from positioning.analysis.metrics import NOISE
from positioning.analysis.near_trials import UNIT, UP, SingleArray, centres, near_each_other
from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.vectors import WIDTH, any_of, fill, fused, load, root, store, where

DOWN = 1.0 - 8.0 * UNIT  # the opposite of UP
SLACK = 1e-12  # of what is added up, more than its roundings in double precision amount to


class Draws(NamedTuple):
    """times, moved: (draws, B) of `ResampledTops`; plain: whether they are the same; tops: (3, draws) so far; low: what
    is surely no higher than they or the floor, in single precision."""

    times: FloatArray
    moved: FloatArray
    plain: bool
    tops: FloatArray
    low: SingleArray
    floor: float


class NearTrials(NamedTuple):
    """WIDTH trials. lanes: (B, WIDTH) block sums; shifts: (3, WIDTH) of the three nulls; statistics: (WIDTH,) to work
    in."""

    lanes: FloatArray
    shifts: FloatArray
    statistics: FloatArray


@final
class ResampledTops:
    """Maxima over trials, one a draw, of the bootstrapped t under the three nulls of Hansen: lower, consistent, upper.

    times: (draws, B) share of each block in a draw, a whole number of B-ths, so that single precision holds it. origin:
    (draws, B) that of the sample whose means the draws are held against, nought where that is the sample itself.
    """

    def __init__(self, times: FloatArray, origin: FloatArray) -> None:
        self.times, self.moved = times, times - origin
        self.tops = np.zeros((3, times.shape[0]))
        self._single, self._moved = times.T.astype(np.float32), self.moved.T.astype(np.float32)
        self._plain = not origin.any()
        self._room = room(times, self.moved)

    def add(self, standardised: FloatArray, t: FloatArray, floor: float = 0.0) -> None:
        """Trials with these block sums (trials, B), each of mean 0 and deviation 1, and these t. Maxima that do not
        exceed the floor may afterwards be less than they are, and no more than that is said of them."""
        if not t.size:
            return
        limit = -math.sqrt(2.0 * math.log(math.log(self.times.shape[1])))
        shifts = np.stack([np.minimum(t, 0.0), np.where(t < limit, t, 0.0), np.zeros(t.size)])
        members = near_each_other(standardised)
        centre, radius = centres(standardised, members)
        mean, square = centre @ self._single, np.square(centre) @ self._single
        apart = mean if self._plain else centre @ self._moved
        raise_tops(
            self.tops, floor, self.times, self.moved, self._plain, standardised, shifts, members, apart, mean, square,
            radius, self._room,
        )  # fmt: skip

    def merged(self, others: Iterable[ResampledTops]) -> FloatArray:
        """(3, draws) over the trials of these, too."""
        return np.asarray(np.maximum.reduce([self.tops, *(other.tops for other in others)]))


def room(times: FloatArray, moved: FloatArray) -> SingleArray:
    """(3, draws) by which t sqrt(q - m^2) of a centre, as single precision has it, may be too low for those it answers
    for, in the terms of `raise_tops`: for rounding; and for each unit of their distance; and how much less
    sqrt(q - m^2) may be for each unit of that.

    A sum of B products of rounded factors is off by at most (B + 2) UNIT times the sum of their sizes. Of d that is the
    sum of |w z|, w what a draw has of a block more than its origin, by Cauchy and Schwarz no more than sqrt(B) |w|, z
    being no longer than sqrt(B); it is doubled here.
    Trial and centre differ by x, and their d by sum(w x) <= |w - mean(w)| |x|, since x sums to 0 but for what rounding
    to single precision moves of the centre, UNIT B at most; their sqrt(q - m^2), the deviation of a draw, by no more
    than that of x, which is at most sqrt(sum(share x^2)) <= sqrt(max(share)) |x|.
    """
    blocks = times.shape[1]
    wide, sizes = math.sqrt(blocks), np.sqrt(np.square(moved).sum(axis=1))
    uneven = np.sqrt(np.square(moved - moved.mean(axis=1, keepdims=True)).sum(axis=1))
    rounding = 2.0 * blocks * (blocks + 8.0) * UNIT * sizes + 2.0 * wide * UNIT
    return (UP * np.stack([rounding, wide * uneven, np.sqrt(times.max(axis=1))])).astype(np.float32)


@compiled(error_model="numpy")
def raise_tops(
    tops: FloatArray,
    floor: float,
    times: FloatArray,
    moved: FloatArray,
    plain: bool,
    standardised: FloatArray,
    shifts: FloatArray,
    members: IntArray,
    apart: SingleArray,
    mean: SingleArray,
    square: SingleArray,
    radius: SingleArray,
    room: SingleArray,
) -> None:
    """Raise tops (3, draws). standardised, shifts: (K, B) and (3, K) of trials; members: (G, WIDTH) of them. mean,
    square: (G, draws) of each draw's block sums of a centre and of their squares, apart: its mean less that of its
    origin; radius: (G,) of `centres`; room: of `room`; plain: whether moved is times.

    With z the block sums of a draw, m their mean, q that of their squares and d how far m lies from its origin's, its t
    is (sqrt(B) d + shift) / sqrt(q - m^2).
    """
    blocks, draws = times.shape[1], times.shape[0]
    low, near = np.empty((3, draws), np.float32), np.empty(draws, np.bool_)
    for i in range(3):
        for j in range(draws):
            low[i, j] = np.float32(max(tops[i, j], floor) * DOWN)
    all_draws = Draws(times, moved, plain, tops, low, floor)
    near_trials = NearTrials(np.empty((blocks, WIDTH)), np.empty((3, WIDTH)), np.empty(WIDTH))
    highest = np.empty(3, np.float32)
    nobody: Any = np.int64(-1)  # numba would compile `raise_two` anew for the constant
    for g in range(members.shape[0]):
        for i in range(3):
            for k in range(WIDTH):
                near_trials.shifts[i, k] = shifts[i, members[g, k]]
            highest[i] = near_trials.shifts[i].max()
        if not any_near(near, low, highest, apart[g], mean[g], square[g], radius[g], blocks, room):
            continue
        for k in range(WIDTH):
            for b in range(blocks):
                near_trials.lanes[b, k] = standardised[members[g, k], b]
        waiting = nobody  # two draws are worked out together
        for j in range(draws):
            if not near[j]:
                continue
            if waiting < 0:
                waiting = j
                continue
            raise_two(all_draws, waiting, j, near_trials)
            waiting = nobody
        if waiting >= 0:
            raise_two(all_draws, waiting, waiting, near_trials)


@compiled_part(error_model="numpy")
def any_near(
    near: BoolArray,
    low: SingleArray,
    shift: SingleArray,
    apart: SingleArray,
    mean: SingleArray,
    square: SingleArray,
    radius: float,
    blocks: int,
    room: SingleArray,
) -> bool:
    """Fill near (draws,): whether any trial that a centre answers for may have a t above low (3, draws); whether any draw
    is. shift: (3,) the highest of those trials.

    Rounding moves q by at most 2 (B + 2) UNIT of itself, and q - m^2 by no more than four times that.
    """
    wide, down, zero = np.float32(math.sqrt(blocks)), np.float32(DOWN), np.float32(0.0)
    less, some = np.float32(1.0 - 8.0 * (blocks + 8.0) * UNIT), False
    for j in range(near.size):
        high = wide * apart[j] + (room[0, j] + room[1, j] * radius)
        spread = np.sqrt(max(square[j] * less - mean[j] * mean[j], zero)) * down
        spread = max(spread - room[2, j] * radius, zero)
        near[j] = (
            (max(high + shift[0], zero) > low[0, j] * spread)
            | (max(high + shift[1], zero) > low[1, j] * spread)
            | (max(high + shift[2], zero) > low[2, j] * spread)
        )
        some |= near[j]
    return some


@compiled_part(error_model="numpy")
def raise_two(draws: Draws, j: int, other: int, trials: NearTrials) -> None:
    """Raise the tops of draws j and other, and low with them, by these trials."""
    times, moved, lanes = draws.times, draws.moved, trials.lanes
    total, square, apart = fill(0.0, WIDTH), fill(0.0, WIDTH), fill(0.0, WIDTH)
    total_other, square_other, apart_other = fill(0.0, WIDTH), fill(0.0, WIDTH), fill(0.0, WIDTH)
    for b in range(times.shape[1]):
        z = load(lanes, (b, 0), WIDTH)
        z_square = z * z
        total, total_other = fused(z, times[j, b], total), fused(z, times[other, b], total_other)
        square, square_other = (
            fused(z_square, times[j, b], square),
            fused(z_square, times[other, b], square_other),
        )
    if draws.plain:
        apart, apart_other = total, total_other
    else:
        for b in range(times.shape[1]):
            z = load(lanes, (b, 0), WIDTH)
            apart, apart_other = fused(z, moved[j, b], apart), fused(z, moved[other, b], apart_other)
    if may_rise(draws, j, apart, total, square, trials.shifts):
        raise_top(draws, j, trials)
    if other != j and may_rise(draws, other, apart_other, total_other, square_other, trials.shifts):
        raise_top(draws, other, trials)


@compiled_part(error_model="numpy", forceinline=True)
def may_rise(draws: Draws, j: int, apart: Any, total: Any, square: Any, shifts: FloatArray) -> Any:
    """Whether any of these trials may have a t above the tops of draw j, with room for all that another order of rounding
    in double precision can move: a few B units in the last place of what is added up."""
    blocks, variance = draws.times.shape[1], square * (1.0 - SLACK) - total * total
    variance = where(variance > 2.0 * NOISE, variance, 0.0)
    rises = False
    for i in range(3):
        ahead, top = (
            apart * math.sqrt(blocks) + load(shifts, (i, 0), WIDTH) + SLACK * blocks,
            max(draws.tops[i, j], draws.floor),
        )
        rises |= any_of((ahead > 0.0) & (ahead * ahead >= variance * (top * top * (1.0 - SLACK))))
    return rises


@compiled_part(error_model="numpy")
def raise_top(draws: Draws, j: int, trials: NearTrials) -> None:
    """`raise_two` for one draw, in the order in which a draw's sums are defined."""
    times, moved, tops, lanes = draws.times, draws.moved, draws.tops, trials.lanes
    blocks, total, square = times.shape[1], fill(0.0, WIDTH), fill(0.0, WIDTH)
    for b in range(blocks):
        z = load(lanes, (b, 0), WIDTH)
        total = total + times[j, b] * z
        square = square + times[j, b] * (z * z)
    apart = total
    if not draws.plain:
        apart = fill(0.0, WIDTH)
        for b in range(blocks):
            apart = apart + moved[j, b] * load(lanes, (b, 0), WIDTH)
    variance = square - total * total
    deviation = where(variance > NOISE, root(variance), 0.0)
    for i in range(3):
        ahead = apart * math.sqrt(blocks) + load(trials.shifts, (i, 0), WIDTH)
        t = ahead / deviation  # infinite without a deviation; 0 / 0 says nothing
        higher = (t > tops[i, j]) & ((deviation > 0.0) | (ahead > NOISE))
        store(trials.statistics, (0,), where(higher, t, tops[i, j]))
        tops[i, j] = trials.statistics.max()
        draws.low[i, j] = np.float32(max(tops[i, j], draws.floor) * DOWN)
