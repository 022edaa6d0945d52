"""The winner of every half of the blocks, against the same asked one half after the other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from positioning.analysis.cross_validation import ranks, sharpes
from positioning.analysis.winners_of_halves import subset_sums, winners_of_halves
from positioning.arrays import FloatArray


def sums_over(values: FloatArray, half: int) -> FloatArray:
    """(1, trials) in the order of the blocks: the lower half of them, the upper half, and then the two."""
    width, parts = values.shape[1] // 2, []
    for blocks in (range(width), range(width, values.shape[1])):
        total = np.zeros(values.shape[0])
        for b in blocks:
            if half >> b & 1:
                total = total + values[:, b]
        parts.append(total)
    return (parts[1] + parts[0])[None]


@pytest.mark.parametrize(("trials", "blocks"), [(2, 2), (5, 4), (12, 6)])
def test_winners_are_those_of_every_half_asked_alone(trials: int, blocks: int) -> None:
    rng = np.random.default_rng(blocks)
    counts = rng.integers(20, 30, blocks).astype(np.float64)
    sums = rng.standard_normal((trials, blocks))
    squares = sums * sums / counts + rng.random((trials, blocks))
    if trials > 5:
        sums[1], squares[1] = np.nan, np.nan  # died
        sums[2], squares[2] = 0.0, 0.0  # never moved
        sums[3:6], squares[3:6] = sums[6], squares[6]  # equals
    width, every = blocks // 2, 2**blocks - 1
    halves = np.array([sum(1 << b for b in chosen) for chosen in combinations(range(blocks), width)])
    low = [np.ascontiguousarray(x[:, :width].T) for x in (sums, squares)]
    nothing = np.empty((trials, 0))
    high = [np.stack([subset_sums(x[:, width:], nothing)] * 2) for x in (sums, squares)]
    answer = winners_of_halves(halves, counts, *low, *high)
    for last in (False, True):  # those that agree in the last block have sums of the others alone in memory
        here = (halves >> blocks - 1).astype(bool) == last
        sides = [(x[:, -1:], nothing) if last else (nothing, x[:, -1:]) for x in (sums, squares)]
        high = [
            np.stack([subset_sums(x[:, width:-1], added) for added in both])
            for x, both in zip((sums, squares), sides, strict=True)
        ]
        np.testing.assert_array_equal(
            answer[:, :, here], winners_of_halves(halves[here], counts, *low, *high)
        )
    for s, half in enumerate(halves.tolist()):
        both = []
        for side in (half, every ^ half):
            rows = np.array([[sum(counts[b] for b in range(blocks) if side >> b & 1)]])
            both.append(sharpes(rows, sums_over(sums, side), sums_over(squares, side)))
        for way, (inside, outside) in enumerate((both, both[::-1])):
            winner = inside.argmax(axis=1)
            wanted = [ranks(outside, winner)[0], inside[0, winner[0]], outside[0, winner[0]]]
            np.testing.assert_array_equal(answer[way, :, s], wanted)


def test_sums_of_subsets_by_hand() -> None:
    np.testing.assert_array_equal(
        subset_sums(np.array([[1.0, 2.0, 4.0], [10.0, 0.0, 5.0]]), np.empty((2, 0))),
        [[0, 0], [1, 10], [2, 0], [3, 10], [4, 5], [5, 15], [6, 5], [7, 15]],
    )
    np.testing.assert_array_equal(
        subset_sums(np.array([[1.0, 2.0], [10.0, 0.0]]), np.array([[4.0], [5.0]])),
        [[4, 5], [5, 15], [6, 5], [7, 15]],
    )
