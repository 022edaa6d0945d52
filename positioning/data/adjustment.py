"""What an adjusted close says beside the close: the steps of their ratio, found within the rounding of both."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from positioning.arrays import FloatArray, IntArray

LATE_DIGITS = 3e-6  # adjusted closes of one vendor differ by under 2e-6 from call to call
SMALLEST_STEP = 2e-5  # in 13 real files, 21,500 rows, noise reached 1.0e-6, the smallest dividend was 3.1e-4
FLOAT32 = 2.0**-23
EXCURSION = 3  # rows after which a ratio that left and came back is a level of its own


@final
@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """How adjusted / close moves: constant but for steps, one a payment or split.

    rows: (K,) with both. at: (S,) the row on which each step arrives; before: the row known before it.
    ratio: (S,) level after / level before: 1 / (1 - d / close before) of a dividend d, n of an n:1 split left in
    the close. unsure: relative width of what the rounding leaves open between the first and last level.
    outliers: rows whose ratio leaves for at most EXCURSION rows and comes back.
    """

    rows: IntArray
    at: IntArray
    before: IntArray
    ratio: FloatArray
    unsure: float
    outliers: IntArray


def half_unit(values: FloatArray) -> FloatArray:
    """(R,) half a unit of the last decimal that a column is written with, and what a float32 cannot hold.

    The decimals are measured: the fewest, from two to eight, that 99.5 % of the values are multiples of.
    """
    finite = values[np.isfinite(values)]
    for decimals in range(2, 9):
        scaled = finite * 10.0**decimals
        if finite.size and (np.abs(scaled - np.round(scaled)) < 1e-6 + scaled * 1e-14).mean() >= 0.995:
            return np.asarray(0.5 * 10.0**-decimals + values * FLOAT32)
    return np.asarray(values * FLOAT32)


def steps(
    close: FloatArray, adjusted: FloatArray, halves: tuple[FloatArray, FloatArray] | None = None
) -> Steps:
    """The steps of adjusted / close, both (R,). halves: `half_unit` of both, where they are not as they were written.

    Each row leaves an interval for the true ratio: its two numbers plus and minus half a unit. A level is a
    stretch of rows whose intervals meet; where the next row's misses them all there is a step. So no size of
    rounding is assumed, and the levels of long stretches are known far better than one row tells.
    """
    rows = np.flatnonzero(np.isfinite(close) & np.isfinite(adjusted) & (close > 0) & (adjusted > 0))
    c, a = close[rows], adjusted[rows]
    ec, ea = (half[rows] for half in halves or (half_unit(close), half_unit(adjusted)))
    low = np.maximum(a - ea, 0.0) / (c + ec) * (1.0 - LATE_DIGITS)
    high = (a + ea) / np.maximum(c - ec, 1e-12) * (1.0 + LATE_DIGITS)
    plain = a / c
    cuts = _stretches(low, high)
    cuts, outliers = _without_strays(cuts, low, high)
    cuts = [
        0,
        *(_arrival(b, cuts[n + 2], cuts[n], low, high, plain) for n, b in enumerate(cuts[1:-1])),
        c.size,
    ]
    use = np.ones(c.size, np.bool_)
    use[outliers] = False
    spans = [np.arange(i, j)[use[i:j]] for i, j in pairwise(cuts)]
    spans = [s for s in spans if s.size]
    level = np.array([_level(s, low, high, plain) for s in spans])
    ratio = level[1:] / level[:-1]
    arrives = np.array([s[0] for s in spans[1:]], dtype=np.int64)
    lasts = np.array([s[-1] for s in spans[:-1]], dtype=np.int64)
    real = np.abs(np.log(ratio)) > SMALLEST_STEP if ratio.size else np.zeros(0, np.bool_)
    return Steps(
        rows=rows,
        at=rows[arrives[real]],
        before=rows[lasts[real]],
        ratio=ratio[real],
        unsure=_unsure(spans, low, high),
        outliers=rows[outliers],
    )


def _stretches(low: FloatArray, high: FloatArray) -> list[int]:
    """Where stretches of rows whose intervals meet begin, and the number of rows."""
    cuts, least, most = [0], 0.0, np.inf
    for n, (lo, hi) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        least, most = max(least, lo), min(most, hi)
        if least > most:
            cuts.append(n)
            least, most = lo, hi
    return [*cuts, low.size]


def _without_strays(cuts: list[int], low: FloatArray, high: FloatArray) -> tuple[list[int], IntArray]:
    """The cuts without stretches of up to EXCURSION rows between two that are one level, and their rows."""
    outliers: list[int] = []
    n = 1
    while n < len(cuts) - 2:
        i, j = cuts[n], cuts[n + 1]
        if j - i <= EXCURSION:
            sides = np.array([*range(cuts[n - 1], i), *range(j, min(cuts[n + 2], j + i - cuts[n - 1] + 20))])
            sides = sides[~np.isin(sides, outliers)]
            if low[sides].max() <= high[sides].min():
                outliers += range(i, j)
                del cuts[n : n + 2]
                continue
        n += 1
    return cuts, np.array(outliers, dtype=np.int64)


def _arrival(cut: int, end: int, begin: int, low: FloatArray, high: FloatArray, plain: FloatArray) -> int:
    """The row of a step: of those back to which the next level's intervals meet, the one with the largest move."""
    if end - cut < 2:
        return cut
    least, most, first = low[cut:end].max(), high[cut:end].min(), cut
    while first - 1 > begin:
        least, most = max(least, low[first - 1]), min(most, high[first - 1])
        if least > most:
            break
        first -= 1
    if first == cut:
        return cut
    moves = np.abs(np.log(plain[first : cut + 1] / plain[first - 1 : cut]))
    return first + int(np.argmax(moves))


def _level(rows: IntArray, low: FloatArray, high: FloatArray, plain: FloatArray) -> float:
    least, most = low[rows].max(), high[rows].min()
    middle = float(np.median(plain[rows]))
    return min(max(middle, least), most) if least <= most else middle


def _unsure(spans: list[IntArray], low: FloatArray, high: FloatArray) -> float:
    if not spans:
        return 0.0
    widths = [high[s].min() / max(low[s].max(), 1e-12) for s in (spans[0], spans[-1])]
    return float(max(widths[0] * widths[1] - 1.0, 0.0)) / 2.0
