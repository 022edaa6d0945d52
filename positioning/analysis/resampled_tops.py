"""The highest t that resampling gives the best of many trials, draw by draw: what `overfitting.spa` counts.

Most trials raise no draw's maximum, and single precision is enough to see that they do not: every comparison in it leaves
room for what its rounding can amount to, and what might be a new maximum is worked out in double precision. So the maxima
have no digit of single precision in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import final

import numpy as np
import numpy.typing as npt

from positioning.analysis.metrics import NOISE
from positioning.arrays import FloatArray
from positioning.compiled import compiled

AT_ONCE = 128  # trials whose draws stay in the cache: 0.5 MB of means at 1,000 draws
UNIT = 2.0**-24  # of single precision: a rounding is at most this part of what is rounded


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

    def add(self, standardised: FloatArray, t: FloatArray) -> None:
        """Trials with these block sums (trials, B), each of mean 0 and deviation 1, and these t."""
        if not t.size:
            return
        blocks = self.times.shape[1]
        limit = -math.sqrt(2.0 * math.log(math.log(blocks)))
        for first in range(0, t.size, AT_ONCE):
            some = slice(first, first + AT_ONCE)
            single = standardised[some].astype(np.float32)
            mean, square = single @ self._single, np.square(single) @ self._single
            apart = mean if self._plain else single @ self._moved
            raise_tops(
                self.tops, self.times, self.moved, standardised[some], t[some], apart, mean, square, limit
            )

    def merged(self, others: Iterable[ResampledTops]) -> FloatArray:
        """(3, draws) over the trials of these, too."""
        return np.asarray(np.maximum.reduce([self.tops, *(other.tops for other in others)]))


@compiled(error_model="numpy")
def raise_tops(
    tops: FloatArray,
    times: FloatArray,
    moved: FloatArray,
    standardised: FloatArray,
    t: FloatArray,
    apart: npt.NDArray[np.float32],
    mean: npt.NDArray[np.float32],
    square: npt.NDArray[np.float32],
    limit: float,
) -> None:
    """Raise tops (3, draws). mean, square: (trials, draws) of each draw's block sums and their squares, apart: its mean
    less that of its origin, in single precision; limit: the t from which the consistent null lets a trial be.

    With z the block sums of a draw, m their mean, q that of their squares and d how far m lies from its origin's, its t
    is (sqrt(B) d + shift) / sqrt(q - m^2). A sum of B products of rounded factors is off by at most (B + 2) UNIT times
    the sum of their sizes: d by that of |w z|, w what a draw has of a block more than its origin, which by Cauchy and
    Schwarz is no more than sqrt(B) |w|, z being of length sqrt(B); q by twice that of z^2, and q - m^2 by no more than
    four times q's. Both are doubled here for the rounding of the comparison itself.
    """
    blocks, draws = times.shape[1], times.shape[0]
    root, slack = math.sqrt(blocks), (blocks + 8.0) * UNIT
    room, less = np.float32(root * slack), np.float32(1.0 - 8.0 * slack)
    wide, zero = np.float32(root), np.float32(0.0)
    reach = np.empty(draws, np.float32)
    for j in range(draws):
        reach[j] = room * np.float32(2.0 * root * math.sqrt(np.sum(moved[j] * moved[j])))
    squared = np.empty((3, draws), np.float32)
    for i in range(3):
        for j in range(draws):
            squared[i, j] = _below(tops[i, j])
    near = np.zeros(
        (draws + 7) // 8 * 8, np.bool_
    )  # whether a draw may have a new maximum, looked at by eights
    words = near.view(np.uint64)
    shift = np.zeros(3)
    for k in range(t.size):
        shift[0] = min(t[k], 0.0)
        shift[1] = t[k] if t[k] < limit else 0.0
        first, second = np.float32(shift[0]), np.float32(shift[1])
        for j in range(draws):
            m, q = mean[k, j], square[k, j]
            high = wide * apart[k, j] + reach[j]
            spread = max(q * less - m * m, zero)
            lower, consistent, upper = max(high + first, zero), max(high + second, zero), max(high, zero)
            near[j] = (
                (lower * lower > squared[0, j] * spread)
                | (consistent * consistent > squared[1, j] * spread)
                | (upper * upper > squared[2, j] * spread)
            )
        for word in range(words.size):
            if words[word] == 0:
                continue
            for j in range(8 * word, min(8 * word + 8, draws)):
                if not near[j]:
                    continue
                own, own_square, own_apart = 0.0, 0.0, 0.0
                for b in range(blocks):
                    own += times[j, b] * standardised[k, b]
                    own_apart += moved[j, b] * standardised[k, b]
                    own_square += times[j, b] * (standardised[k, b] * standardised[k, b])
                variance = own_square - own * own
                deviation = math.sqrt(variance) if variance > NOISE else 0.0
                for i in range(3):
                    ahead = own_apart * root + shift[i]
                    draw_t = ahead / deviation  # infinite without a deviation; 0 / 0 says nothing
                    if draw_t > tops[i, j] and (deviation > 0.0 or ahead > NOISE):
                        tops[i, j] = draw_t
                        squared[i, j] = _below(draw_t)


@compiled(inline="always")
def _below(top: float) -> np.float32:
    """Its square in single precision, surely not above it."""
    return np.float32(top * top * (1.0 - 4.0 * UNIT))
