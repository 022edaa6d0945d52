"""How much prices of a file usually move, from close to close and over the night."""

from __future__ import annotations

import numpy as np

from positioning.arrays import FloatArray

STILLEST = 5e-4  # usual move of a night below which opens are the closes before them
MOST_LACKING = 0.1  # of rows without an open


def log_moves(values: FloatArray) -> FloatArray:
    """(R - 1,) logarithms of each value over the one before."""
    return np.diff(np.log(values))


def usual_size(moves: FloatArray) -> float:
    """1.4826 medians of absolute moves, one standard deviation of normal ones; NaN left out, 0 where none is known."""
    sizes = np.abs(moves[np.isfinite(moves)])
    return 1.4826 * float(np.median(sizes)) if sizes.size else 0.0


def overnight(opens: FloatArray | None, close: FloatArray) -> FloatArray | None:
    """(R,) logarithm of each open over the close before it, NaN where one of them is missing; None where the file has
    too few, or where its opens are the closes before them."""
    if opens is None:
        return None
    before = previous(close)
    has_both = (opens > 0) & np.isfinite(opens) & np.isfinite(before)
    moves = np.full(close.size, np.nan)
    moves[has_both] = np.log(opens[has_both] / before[has_both])
    few = has_both.sum() < (1 - MOST_LACKING) * np.isfinite(before).sum()
    return None if few or usual_size(moves) < STILLEST else moves


def previous(values: FloatArray) -> FloatArray:
    """(R,) the last known value above each row, NaN where there is none."""
    last_row = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), -1))
    last = np.concatenate([[-1], last_row[:-1]]).astype(np.int64)
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def fall_by_payments(
    close: FloatArray, payments: FloatArray, nights: FloatArray | None = None
) -> tuple[float, float]:
    """(share of its payments by which a price moves on their days, standard error): -1 where it falls by them, as traded
    prices do, 0 where it holds them already.

    close, payments: (R,), NaN where there is no close; a payment on such a row is the next one's. nights: of `overnight`,
    looked at where nights move less than days. The slope of the moves on the payments: sum s m / sum s^2, whose error is
    the moves' deviation over the root of the latter. (NaN, inf) where nothing is paid.
    """
    priced_rows = np.flatnonzero(np.isfinite(close))
    share = on_next(close, payments)[priced_rows] / np.append(np.nan, close[priced_rows][:-1])
    moves = np.append(np.nan, log_moves(close[priced_rows]))
    if nights is not None and usual_size(nights) < usual_size(moves):
        moves = nights[priced_rows]
    use = np.isfinite(share) & (share > 0) & np.isfinite(moves)
    weight = float((share[use] ** 2).sum())
    if not weight:
        return float("nan"), float("inf")
    slope = float((share[use] * moves[use]).sum()) / weight
    return slope, max(float(np.nanstd(moves)), 1e-4) / float(np.sqrt(weight))


def on_next(close: FloatArray, payments: FloatArray) -> FloatArray:
    """(R,) payments on their own row, or on the next with a close."""
    priced_rows, moved = np.flatnonzero(np.isfinite(close)), np.zeros(close.size)
    due = np.flatnonzero(payments > 0)
    at = np.searchsorted(priced_rows, due)
    np.add.at(moved, priced_rows[at[at < priced_rows.size]], payments[due[at < priced_rows.size]])
    return moved
