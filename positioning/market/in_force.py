"""What a published series said on a day: the last value that was out by then, and which third of its past it lay in."""

from __future__ import annotations

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.market.source import Driver

LOOKBACK = 756  # rows, three years
FEWEST_ROWS = 250  # values in force without which no third is told
GRACE = 31  # days beside three times the usual spacing after which a value is no longer in force


def in_force(driver: Driver, rows: DateArray) -> FloatArray:
    """(T,) the last value known at or before each row; NaN before the first and where the series has ended: three times
    its usual spacing and GRACE days after the last one was known."""
    order = np.argsort(driver.known, kind="stable")
    public_on, values = driver.known[order], driver.values[order]
    at = np.searchsorted(public_on, rows, side="right") - 1
    gaps = np.diff(np.unique(driver.known)).astype(np.int64)
    most = 3 * int(np.median(gaps)) + GRACE if gaps.size else GRACE
    age = (rows - public_on[np.maximum(at, 0)]).astype(np.int64)
    return np.where((at >= 0) & (age <= most), values[np.maximum(at, 0)], np.nan)


def thirds(values: FloatArray, lookback: int = LOOKBACK) -> FloatArray:
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
