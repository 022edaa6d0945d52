"""What is doubtful in a symbol's opens, highs and lows beside its closes: misprints, wrong ranges, other bases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from positioning.arrays import BoolArray, FloatArray
from positioning.market.bars import Bars
from positioning.market.findings import Finding, counted, error, stretches, warning
from positioning.market.move_sizes import (
    JUMP,
    SPIKE_SIGMAS,
)

OPEN_ALONE = np.log(1.2)  # of 90,000 real opens none lies so far off both; 14.7 % is the most
PRINT_OPEN = np.log(1.5)  # of an open, from the close before it and its own close alike
BASIS_SHARE = 0.1  # of closes outside their own range, beyond which the two are on different bases
BASIS_BLOCK = 20  # rows of which the median open is compared with the closes around it
BASIS_LEVEL = 0.02


def usable_opens(bars: Bars) -> FloatArray:
    """(R,) the opens, NaN where they lie beyond high or low, or OPEN_ALONE off the close before and their own close
    alike: a fill there falls back to the close.

    Beyond means by more than 2e-6 (sixth decimals) and 2.4e-7 of the close (two prices rounded to float32).
    """
    return np.where(_outside(bars, bars.open) | (np.abs(_alone(bars)) > OPEN_ALONE), np.nan, bars.open)


def _before(b: Bars) -> FloatArray:
    """(R,) the last close above each row, NaN where there is none."""
    priced_rows, before = np.flatnonzero(np.isfinite(b.close)), np.full(b.close.size, np.nan)
    before[priced_rows[1:]] = b.close[priced_rows[:-1]]
    return before


def _alone(b: Bars) -> FloatArray:
    """(R,) how far an open lies off the close before and its own alike, as a logarithm; 0 where it lies between them."""
    own, last = np.log(b.open / b.close), np.log(b.open / _before(b))
    return np.sign(own) * np.minimum(np.abs(own), np.where(np.sign(own) == np.sign(last), np.abs(last), 0.0))


def opening_findings(b: Bars, near: BoolArray) -> Iterator[Finding]:
    """An open far from its own close and the close before it fills orders at a price nobody paid, high and low or
    not: one in another unit, or a misprint; and ranges that reach as far are doubtful."""
    before, alone = _before(b), np.abs(_alone(b))
    explained = np.zeros(b.close.size, np.bool_)
    explained[np.flatnonzero(np.isfinite(b.close))[1:]] = near
    unit = np.abs(np.log(b.open / b.close)) > JUMP
    printed = (alone > np.maximum(PRINT_OPEN, SPIKE_SIGMAS * _usual(b.close))) & ~unit
    doubtful = np.flatnonzero((alone > OPEN_ALONE) & ~unit & ~(printed & ~explained))
    if doubtful.size:
        i = int(doubtful[0])
        text = (
            f"{counted(doubtful, 'row')} opening a fifth or more off the close before it and its own, first "
        )
        text += f"{b.open[i]:.6g} and {b.close[i]:.6g}"
        yield warning(b.symbol, "print", b.dates[doubtful], text, "fills take the close there")
    texts = (
        ("jump", unit, f"opening beyond a factor of {np.exp(JUMP):.0f} of its close"),
        ("print", printed & ~explained, "opening far from the close before it and its own"),
    )
    for name, mask, what in texts:
        for apart in [np.nonzero(mask)[0]]:
            if apart.size:
                i = int(apart[0])
                text = f"{counted(apart, 'row')} {what}, first {b.open[i]:.6g} and {b.close[i]:.6g}"
                yield error(b.symbol, name, b.dates[apart], text, "correct or remove those opens")  # type: ignore[arg-type]  # both are checks
    inner_high, inner_low = (
        np.fmax(np.fmax(b.open, b.close), before),
        np.fmin(np.fmin(b.open, b.close), before),
    )
    wide = np.nonzero(
        (np.log(b.high / inner_high) > np.log(2.0)) | (np.log(inner_low / b.low) > np.log(2.0))
    )[0]
    if wide.size:
        i = int(wide[0])
        text = f"{counted(wide, 'row')} reaching beyond twice or half the prices around, first "
        text += f"{b.low[i]:.6g} to {b.high[i]:.6g}"
        yield warning(b.symbol, "print", b.dates[wide], text, "nothing fills at a high or a low")


def _usual(close: FloatArray) -> float:
    finite = close[np.isfinite(close)]
    return 1.4826 * float(np.median(np.abs(np.diff(np.log(finite))))) if finite.size > 2 else 0.0


def range_findings(b: Bars) -> Iterator[Finding]:
    opened, closed = _outside(b, b.open), _outside(b, b.close)
    at = np.nonzero(opened | closed)[0]  # a low above its high leaves the close outside of one of them
    if at.size:
        outside = f"{opened.sum()} the open, {closed.sum()} the close"
        text = f"{counted(at, 'row')} where high and low do not enclose: {outside}"
        yield warning(b.symbol, "ohlc", b.dates[at], text, "fills take the close where the open is outside")


def _outside(b: Bars, price: FloatArray) -> BoolArray:
    rounding = 2e-6 + b.close * 2.0**-22
    return (price > b.high + rounding) | (price < b.low - rounding)


def level_findings(b: Bars) -> Iterator[Finding]:
    """Closes and their own opens, highs and lows on different bases: one adjusted, the others not."""
    closed, ranged = _outside(b, b.close), np.isfinite(b.high + b.low + b.close)
    remedy = "bring all columns to one basis, or keep Close alone"
    if ranged.sum() >= BASIS_BLOCK and closed.sum() > BASIS_SHARE * ranged.sum():
        at = np.flatnonzero(closed)
        text = f"{at.size} of {ranged.sum()} closes lie outside their own high and low: adjusted beside raw prices?"
        yield error(b.symbol, "basis", b.dates[at], text, remedy)
        return
    opened = _outside(b, b.open)
    if ranged.sum() >= BASIS_BLOCK and opened.sum() > BASIS_SHARE * ranged.sum():
        at = np.flatnonzero(opened)  # in 40 real files at most 0.6 % are
        text = f"{at.size} of {ranged.sum()} opens lie outside their own high and low: of another day, or another basis?"
        yield error(b.symbol, "basis", b.dates[at], text, remedy)
        return
    rows = np.flatnonzero(np.isfinite(b.close) & np.isfinite(b.open))[1:]
    if rows.size < 2 * BASIS_BLOCK:
        return
    last = np.log(b.close[np.flatnonzero(np.isfinite(b.close))])
    place = np.searchsorted(np.flatnonzero(np.isfinite(b.close)), rows)
    off = np.log(b.open[rows]) - (last[place] + last[place - 1]) / 2.0
    blocks = off[: off.size // BASIS_BLOCK * BASIS_BLOCK].reshape(-1, BASIS_BLOCK)
    middle = np.median(blocks, axis=1)
    # The median of a block has a standard error of 1.25 / sqrt(rows) of its scatter.
    scatter = 1.4826 * np.median(np.abs(blocks - middle[:, None]), axis=1)
    far = np.abs(middle) > np.maximum(BASIS_LEVEL, 6.0 * 1.25 / np.sqrt(BASIS_BLOCK) * scatter)
    for run in stretches(far, 1):
        if run.size >= 2:
            at = rows[run[0] * BASIS_BLOCK : (run[-1] + 1) * BASIS_BLOCK]
            text = f"opens lie {np.exp(np.median(middle[run])) - 1:+.1%} off the closes around them, for {at.size} rows"
            yield error(b.symbol, "basis", b.dates[at], text, remedy)
            return
