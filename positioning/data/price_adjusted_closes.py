"""What adjusted closes say beside the closes of their file, and how closely the rounding of both lets it be known.

Every function takes columns that have an `Adj Close`, and the steps of adjusted / close where it says so.
"""

from __future__ import annotations

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.data.adjustment import Steps
from positioning.data.price_columns import SMALLEST_SPLIT, PriceColumns, is_split
from positioning.market.findings import Finding

MATERIAL = 0.005  # of what a holding earns over the file: contradictions beyond it stop a run
DOUBT = 5e-4  # of the price: below it two columns are rounded, not contrary
STRAY = float(np.log(1.05))  # a close that is so far off its adjusted close for a day is misprinted


def equal_columns(columns: PriceColumns) -> bool:
    """Whether the adjusted closes are the closes."""
    close, adjusted = columns.close, _adjusted(columns)
    both = np.isfinite(close) & np.isfinite(adjusted)
    return bool(np.allclose(close[both], adjusted[both], rtol=1e-5, atol=0.0))


def implied_payments(columns: PriceColumns, ratio_steps: Steps) -> FloatArray:
    """(R,) what steps of adjusted / close are as cash a share, splits left out; negative where the ratio falls."""
    close = columns.close
    payments = np.zeros(close.size)
    small = np.abs(np.log(ratio_steps.ratio)) < np.log(SMALLEST_SPLIT)
    moves = np.log(close[ratio_steps.at] / close[ratio_steps.before])
    special = (ratio_steps.ratio > 1) & (
        np.abs(moves + np.log(ratio_steps.ratio)) < np.log(np.maximum(ratio_steps.ratio, 1.0)) / 3
    )
    special &= np.array([not is_split(r) for r in ratio_steps.ratio], dtype=bool)
    use = small | special
    payments[ratio_steps.at[use]] = close[ratio_steps.before[use]] * (1.0 - 1.0 / ratio_steps.ratio[use])
    return payments


def rounding_room(columns: PriceColumns, rows: IntArray) -> float:
    """The most that rounding of two closes and two adjusted closes may do to the steps on some rows, as a logarithm."""
    pair = slice(max(int(rows[0]) - 1, 0), int(rows[-1]) + 1)
    close, adjusted = columns.close, _adjusted(columns)
    ec, ea = columns.halves()
    room = ec[pair] / close[pair] + ea[pair] / adjusted[pair]
    return DOUBT + 2.0 * float(np.nanmax(room)) if np.isfinite(room).any() else DOUBT


def coarse_columns(columns: PriceColumns, ratio_steps: Steps) -> list[Finding]:
    """An error where rounding leaves the dividends open by more than MATERIAL."""
    if ratio_steps.unsure <= MATERIAL:
        return []
    text = f"Close and Adj Close are rounded so that its dividends are known within {ratio_steps.unsure:.2%} only"
    remedy = "write both with more decimals, or add Dividends"
    return [columns.error("adjusted", columns.dates[ratio_steps.rows], text, remedy)]


def stray_closes(columns: PriceColumns, ratio_steps: Steps) -> list[Finding]:
    """An error for each close that leaves its adjusted close for a day or three."""
    close, adjusted, dates = columns.close, _adjusted(columns), columns.dates
    rest = ratio_steps.rows[~np.isin(ratio_steps.rows, ratio_steps.outliers)]
    findings = []
    for row in ratio_steps.outliers:
        beside = rest[max(int(np.searchsorted(rest, row)) - 1, 0)]
        off = np.log(close[row] / adjusted[row] * adjusted[beside] / close[beside])
        if abs(off) > STRAY:
            text = f"closes at {close[row]:.6g} beside an Adj Close of {adjusted[row]:.6g}, "
            text += f"which on {dates[beside]} was {adjusted[beside] / close[beside]:.4g} of it"
            findings.append(columns.error("print", dates[row : row + 1], text, "correct or empty that close"))
    return findings


def _adjusted(columns: PriceColumns) -> FloatArray:
    if columns.adjusted is None:
        raise ValueError(f"{columns.symbol}: has no adjusted closes")
    return columns.adjusted
