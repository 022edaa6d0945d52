"""What a published series said on a day: the last value that was out by then, and which third of its past it lay in."""

from __future__ import annotations

from bisect import insort

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.market.source import Driver

LOOKBACK = 756  # rows, three years
FEWEST_ROWS = 250  # values in force without which no third is told
GRACE = 31  # days beside three times the usual spacing after which a value is no longer in force


def in_force(driver: Driver, rows: DateArray) -> FloatArray:
    """(T,) the last value known at or before each row; NaN before the first and where the series has ended: three times
    its usual spacing up to then, and GRACE days, after the last one was known."""
    order = np.argsort(driver.known, kind="stable")
    public_on, values = driver.known[order], driver.values[order]
    at = np.searchsorted(public_on, rows, side="right") - 1
    last = np.maximum(at, 0)
    most = GRACE + 3 * _usual_gaps(public_on)
    age = (rows - public_on[last]).astype(np.int64)
    return np.where((at >= 0) & (age <= most[last]), values[last], np.nan)


def _usual_gaps(public_on: DateArray) -> IntArray:
    """(N,) whole days: the median gap between the days on which values up to each were known; 0 for the first. What comes
    later does not enter, so that a series which turns from quarterly to daily keeps its quarterly past."""
    usual, gaps, so_far = np.zeros(public_on.size, dtype=np.int64), list[int](), 0
    for n, gap in enumerate(np.diff(public_on).astype(np.int64).tolist(), 1):
        if gap:
            insort(gaps, gap)
            half = len(gaps) // 2
            so_far = gaps[half] if len(gaps) % 2 else (gaps[half - 1] + gaps[half]) // 2
        usual[n] = so_far
    return usual


def terciles(values: FloatArray, lookback: int = LOOKBACK) -> FloatArray:
    """(T,) 0, 1 or 2: in which third of the last `lookback` rows, its own among them, each value lies; NaN where fewer
    than FEWEST_ROWS of them have a value. Nothing after a row enters.

    The share of the rows below it, ties by half, times three.
    """
    out = np.full(values.size, np.nan)
    for t in np.flatnonzero(np.isfinite(values)):
        past = values[max(t - lookback + 1, 0) : t + 1]
        past = past[np.isfinite(past)]
        if past.size >= FEWEST_ROWS:
            below = (past < values[t]).sum() + 0.5 * (past == values[t]).sum()
            out[t] = min(int(3.0 * below / past.size), 2)
    return out
