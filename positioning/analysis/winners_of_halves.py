"""Which trial wins on half of the blocks, and where it ends on the other half: what `cross_validation.pbo` counts."""

from __future__ import annotations

import math

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled

# A variance is a difference of sums of squares; what is left of them below this share is rounding.
ROUNDING = 1e-12


def subset_sums(values: FloatArray, added: FloatArray) -> FloatArray:
    """(2^B, trials) sums of values (trials, B) over every subset of the blocks, block b in those whose number has bit b,
    and then of `added` (trials, A) over all of its blocks; each trial's numbers are added in the same order, hence equal
    trials stay equal to the last bit, which a matrix product does not promise."""
    sums = np.zeros((2 ** values.shape[1], values.shape[0]))
    for b, column in enumerate(values.T):
        np.add(sums[: 2**b], column, out=sums[2**b : 2 ** (b + 1)])
    for column in added.T:
        sums += column
    return sums


@compiled(error_model="numpy")
def winners_of_halves(
    halves: IntArray,
    counts: FloatArray,
    low_sums: FloatArray,
    low_squares: FloatArray,
    high_sums: FloatArray,
    high_squares: FloatArray,
) -> FloatArray:
    """(2, 3, S) of halves (S,), bit masks of blocks: the winner's rank outside, its Sharpe ratio inside and that outside,
    first with the half inside and then with its complement.

    counts: (B,) rows of each block. low: (B / 2, trials) of the lower blocks, which are added once for halves in a row
    that agree in them; high: (2, 2^U, trials) `subset_sums` of the next U blocks and of those after them that are in
    every one of the halves, and in their complements. All are added in the order of the blocks.
    """
    blocks, trials = counts.size, low_sums.shape[1]
    width, out = blocks // 2, np.empty((2, 3, halves.size))
    every, added = 2**blocks - 1, -1
    # Of the half and of its complement.
    sums, squares, ratios = np.empty((2, trials)), np.empty((2, trials)), np.empty((2, trials))
    for s in range(halves.size):
        lower = halves[s] % 2**width
        if lower != added:
            sums[:], squares[:] = 0.0, 0.0
            for b in range(width):
                side = 1 - (lower >> b & 1)
                for k in range(trials):
                    sums[side, k] += low_sums[b, k]
                    squares[side, k] += low_squares[b, k]
            added = lower
        for side in range(2):
            half = halves[s] if side == 0 else every ^ halves[s]
            rows = 0.0
            for b in range(blocks):
                rows += counts[b] if half >> b & 1 else 0.0
            upper = (half >> width) % high_sums.shape[1]
            scale = math.sqrt(rows - 1.0) / rows
            for k in range(trials):
                total = high_sums[side, upper, k] + sums[side, k]
                square = high_squares[side, upper, k] + squares[side, k]
                deviations = square - total * total / rows
                ratio = total / np.sqrt(deviations) * scale
                ratio = 0.0 if deviations <= ROUNDING * square else ratio
                ratios[side, k] = ratio if ratio == ratio else -np.inf  # noqa: PLR0124 - NaN alone is not itself
        for side in range(2):
            inside, outside = ratios[side], ratios[1 - side]
            winner = 0
            for k in range(1, trials):
                if inside[k] > inside[winner]:
                    winner = k
            own, above, level = outside[winner], 0, 0
            for k in range(trials):
                above += outside[k] > own
                level += outside[k] == own
            out[side, 0, s] = trials - above - (level - 1) / 2
            out[side, 1, s], out[side, 2, s] = inside[winner], own
    return out
