"""What closes are, where only their own digits can say: traded, brought to today's shares, or with dividends inside."""

from __future__ import annotations

from typing import Literal

import numpy as np

from positioning.arrays import FloatArray
from positioning.data.adjustment import half_unit
from positioning.data.price_moves import fall_by_payments, on_next

TICKS = (0.01, 0.001)  # of a currency unit: what traded prices are multiples of
OFF_GRID = 0.01  # share of rows
SPLITS = range(2, 61)  # a close divided by a split is on the grid when multiplied by it
ROWS = 80  # rows that a search for a hidden grid looks at
COHERENT = 0.8  # of 1; rows without a grid reach about 0.4 by chance over the frequencies searched
CLEAR = 1.0 / 6.0  # standard error of a fall by payments, which puts both readings six of them apart
_FINEST, _COARSEST = 1200.0, 85.0  # ticks a unit: from 0.0008 to 0.012

Verdict = Literal["traded", "total_return", "unclear"]


def off_grid(close: FloatArray) -> bool:
    """Whether over 1 % of the closes are no multiple of 0.001 (of a unit in their sixth digit, above 1,000).

    Traded closes are, within the rounding of float32 and of six decimals: in 17 real files at most 0.2 % were
    not, in 14 adjusted ones at least 4 %. Closes restated for a spin-off look adjusted; closes adjusted and
    then rounded to cents (DBA, FXI, MOO of one vendor) look traded.
    """
    prices = close[np.isfinite(close)]
    tick = np.maximum(1e-3, 10.0 ** (np.floor(np.log10(prices)) - 5))
    miss = np.abs(prices - np.round(prices / tick) * tick)
    return bool((miss > 1e-6 + prices * 2.0**-23).mean() > OFF_GRID)


def split_of_grid(close: FloatArray) -> int:
    """The whole number that puts all closes on a price grid when they are multiplied by it; 0 where none does.

    Closes brought to today's shares by a split of 7 are sevenths of cents. A number counts only where rows off
    the grid would miss it by chance in half of the cases or more.
    """
    prices = close[np.isfinite(close)]
    half = half_unit(prices)
    if whole := _split_of_decimals(prices):
        return whole
    for tick in TICKS:
        for n in SPLITS:
            room = half * n + prices * n * 1e-9
            if np.median(room) > tick / 8:
                break  # rounded too coarsely to tell
            miss = np.abs(prices * n / tick - np.round(prices * n / tick)) * tick
            if (miss > room).mean() <= OFF_GRID:
                return n
    return 0


def _split_of_decimals(prices: FloatArray) -> int:
    """The same where the quotients need few decimals: twenty-fifths of cents are multiples of 0.0004."""
    for decimals in range(3, 7):
        units = np.round(prices * 10.0**decimals)
        if (np.abs(prices * 10.0**decimals - units) > 1e-6 + prices * 1e-9).mean() > OFF_GRID:
            continue
        for n in SPLITS:
            step, rest = divmod(10 ** (decimals - 2), n)
            if not rest and step > 1 and (units % step != 0).mean() <= OFF_GRID:
                return n
        return 0
    return 0


def basis_beside_dividends(
    close: FloatArray, payments: FloatArray, nights: FloatArray | None = None
) -> Verdict:
    """What closes off the price grid are that lie beside a column of dividends and no adjusted close.

    close, payments: (R,). Adjusted for the dividends they hide a price grid once the adjustment is taken back; brought
    to today's shares they hide one as they are. Where neither shows, closes of up to four decimals are net asset
    values, and others are told by whether they fall on the ex-dates, if the payments outweigh the moves. nights: see
    `price_moves.overnight`.
    """
    priced_rows = np.flatnonzero(np.isfinite(close))
    c, d = close[priced_rows], on_next(close, payments)[priced_rows]
    if split_of_grid(close):
        return "traded"
    taken_back = _unadjusted(c, d)
    plain, undone = coherence(c), coherence(taken_back)
    if max(plain, undone) >= COHERENT:
        return "traded" if plain >= undone else "total_return"
    if np.median(half_unit(c) - c * 2.0**-23) >= 0.5e-4:
        return "traded"
    slope, error = fall_by_payments(close, payments, nights)
    if error > CLEAR:
        return "unclear"
    return "traded" if slope < -0.5 else "total_return"


def _unadjusted(close: FloatArray, payments: FloatArray) -> FloatArray:
    """Closes with the backward adjustment for these dividends taken out, if it was ever in them."""
    raw, factor = np.empty(close.size), 1.0
    for row in range(close.size - 1, -1, -1):
        raw[row] = close[row] / factor
        if row and payments[row] > 0:
            # factor before = factor after (1 - d / raw before), and raw before = close before / factor before
            factor = factor * close[row - 1] / (close[row - 1] + payments[row] * factor)
    return raw


def coherence(prices: FloatArray) -> float:
    """0..1: how well one hidden step of 0.0008 to 0.012 explains the prices (1: all are multiples of it).

    The largest length of the mean of exp(2 pi i price / step) over the steps, for the ROWS prices nearest to
    their median: the narrower they lie, the fewer steps need looking at.
    """
    if prices.size < 40:
        return 0.0
    room = float(np.median(half_unit(prices)))
    if room > min(TICKS) / 3:
        return 1.0
    finest = min(_FINEST, 0.1 / max(room, 1e-9))
    if finest <= _COARSEST:
        return 0.0
    spread = prices[np.argsort(np.abs(prices - np.median(prices)), kind="stable")[:ROWS]]
    span = float(spread.max() - spread.min())
    step = 0.2 / max(span, 1e-6)
    frequencies = np.arange(_COARSEST, finest, step)
    best = 0.0
    for part in np.array_split(frequencies, max(frequencies.size // 20_000, 1)):
        waves = np.exp(2j * np.pi * np.outer(part, spread - spread.min()))
        best = max(best, float(np.abs(waves.mean(axis=1)).max()))
    return best
