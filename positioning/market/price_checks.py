"""What is doubtful in one symbol's prices: switches of unit, misprints, splits left in, ranges that do not enclose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.market.bars import Bars
from positioning.market.findings import Check, Finding, counted, error, stretches, warning
from positioning.market.instruments import PENCE, Instrument
from positioning.market.move_sizes import (
    DAYS_OF_A_MOVE,
    JUMP,
    LARGE,
    NEAR_TOLERANCE,
    RISE,
    SPIKE_SIGMAS,
    SPIKE_WINDOW,
    UNIT,
    UNIT_TOLERANCE,
)
from positioning.market.range_checks import level_findings, opening_findings, range_findings
from positioning.market.split_checks import split_findings

NEAR = 7  # days between a moment and a move it may explain, either way
APART = 5  # rows; closer ones are one finding
STALE = 5  # rows in a row that repeat the close before them without volume

SPIKE_ROWS = 3  # a false value is gone after so many rows at most
SPIKE_SMALLEST = 0.05
# A close that leaves and comes back is a misprint from this size on: beside its own high and low, without them,
# and in spite of them (a day may double and halve a share, and shows it in its range).
PRINT_OUTSIDE, PRINT_ALONE, PRINT_INSIDE = np.log(1.2), np.log(1.5), np.log(3.0)

NOTHING: Mapping[str, DateArray] = MappingProxyType({})


def price_findings(b: Bars, crash_dates: Mapping[str, DateArray]) -> Iterator[Finding]:
    """The findings in one symbol's bars; crash_dates as for `quality.check`."""
    has_close = np.isfinite(b.close)
    dates, close = b.dates[has_close], b.close[has_close]
    near = near_moments(b.symbol, dates, crash_dates)
    printed = np.zeros(close.size, np.bool_)
    for f, rows in _prints(b, has_close, near):
        printed[rows] = True
        yield f
    yield from moves(
        b.symbol, "closes at", dates[~printed], close[~printed], _without(near, printed), shares=True
    )
    yield from split_findings(b, has_close, printed, _without(near, printed))
    yield from _silences(b, has_close)
    yield from opening_findings(b, near)
    yield from range_findings(b)
    yield from level_findings(b)


def moves(
    symbol: str, verb: str, dates: DateArray, values: FloatArray, near: BoolArray, shares: bool = False
) -> Iterator[Finding]:
    """Moves from one value to the next that are switches of unit, beyond any day's, or large.

    near: (R-1,) of `near_moments`. shares: a rise beyond RISE is an error as well."""
    step = np.diff(np.log(values))
    size, crash = np.abs(step), near & (step < 0)
    unit = np.abs(size - UNIT) <= np.where(crash, NEAR_TOLERANCE, UNIT_TOLERANCE)
    jump = ((size > JUMP) | (shares & (step > RISE))) & ~unit
    large = (size > LARGE) & ~unit & ~jump & (np.diff(dates.astype(np.int64)) <= DAYS_OF_A_MOVE)

    def describe(at: IntArray) -> str:
        i = int(at[0])
        more = f" (and {counted(at[1:], 'more such move')})" if at.size > 1 else ""
        levels = f"{values[i]:.6g} on {dates[i]} and {values[i + 1]:.6g} on {dates[i + 1]}"
        beside = ", near a recorded event or restriction" if near[at].any() else ""
        return f"{verb} {levels}, a factor of {np.exp(size[i]):.3g}{more}{beside}"

    kinds: tuple[tuple[Check, Callable[..., Finding], BoolArray, str], ...] = (
        ("unit_switch", error, unit, "bring all rows to one unit"),
        ("jump", error, jump & ~crash, "correct it, or adjust for the split"),
        ("jump", warning, jump & crash, "a sanctions crash looks so: check it against another source"),
        ("large_move", warning, large, "check it against another source, and for a split left unadjusted"),
    )
    for name, make, mask, remedy in kinds:
        for at in stretches(mask, APART):
            yield make(symbol, name, dates[at + 1], describe(at), remedy)


def spikes(level: FloatArray, smallest: float = SPIKE_SMALLEST) -> Iterator[tuple[int, int, float]]:
    """(row before, false rows, size in logs) of levels that leave by a step beyond SPIKE_SIGMAS robust sigmas of
    the steps around it, and are back within a quarter of it after at most SPIKE_ROWS rows."""
    steps = np.abs(np.diff(level))
    last_false = -1
    for start in np.nonzero(steps > smallest)[0].tolist():
        ends = level[start + 2 : start + 2 + SPIKE_ROWS]
        back = np.nonzero(np.abs(ends - level[start]) < steps[start] / 4)[0]
        if start <= last_false or not back.size:
            continue
        rows = int(back[0]) + 1
        around = np.append(
            steps[max(start - SPIKE_WINDOW, 0) : start], steps[start + rows + 1 :][:SPIKE_WINDOW]
        )
        # 1.4826 medians of absolute steps are one standard deviation of normal ones; other spikes hardly move it.
        if around.size and steps[start] > SPIKE_SIGMAS * 1.4826 * np.median(around):
            last_false = start + rows
            yield start, rows, float(steps[start])


def near_moments(symbol: str, dates: DateArray, crash_dates: Mapping[str, DateArray]) -> BoolArray:
    """(R-1,) whether a moment may explain the move to the next date: one of all within NEAR days of its arrival,
    one of its own since NEAR days before the last close, however long it was suspended in between."""
    none, days = np.empty(0, "datetime64[D]"), np.timedelta64(NEAR, "D")
    arrival = dates[1:]
    common = _any_between(crash_dates.get("", none), arrival - days, arrival + days)
    return common | _any_between(crash_dates.get(symbol, none), dates[:-1] - days, arrival + days)


def currency_findings(b: Bars, unit: str, recorded: Instrument) -> Iterator[Finding]:
    """That a provider states another unit of quotation than is on record."""
    quoted_in = recorded.quoted_in
    if PENCE.get(unit, (unit, 1.0)) != PENCE.get(quoted_in, (quoted_in, 1.0)):
        remedy = "correct quoted_in of the instrument, or take the line of the other currency"
        yield error(b.symbol, "currency", b.dates, f"quoted in {unit} where {quoted_in} is on record", remedy)


def _any_between(crash_dates: DateArray, first: DateArray, last: DateArray) -> BoolArray:
    crashes = np.sort(crash_dates)
    return np.asarray(np.searchsorted(crashes, last, side="right") > np.searchsorted(crashes, first))


def _without(near: BoolArray, dropped: BoolArray) -> BoolArray:
    """`near` of the rows that are left when some are dropped."""
    rows = np.flatnonzero(~dropped)
    return near[rows[1:] - 1] if rows.size > 1 else near[:0]


def _prints(b: Bars, has_close: BoolArray, near: BoolArray) -> Iterator[tuple[Finding, IntArray]]:
    """Closes that leave those around them for up to SPIKE_ROWS rows and come back."""
    dates, close = b.dates[has_close], b.close[has_close]
    high, low = b.high[has_close], b.low[has_close]
    for start, rows, size in spikes(np.log(close), float(PRINT_OUTSIDE)):
        at = np.arange(start + 1, start + 1 + rows)
        back = int(at[-1]) + 1
        left = min(size, float(np.abs(np.log(close[at[0]] / close[back]))))
        ranged = np.isfinite(high[at]) & np.isfinite(low[at]) & (high[at] > low[at])
        beyond = np.maximum(np.log(close[at] / high[at]), np.log(low[at] / close[at]))
        outside = bool((ranged & (beyond > left / 2)).any())
        least = PRINT_OUTSIDE if outside else PRINT_INSIDE if ranged.all() else PRINT_ALONE
        if left <= least or abs(left - UNIT) <= UNIT_TOLERANCE:
            continue  # a hundredfold row is a switch of unit there and back
        text = (
            f"closes at {close[at[0]]:.6g} between {close[start]:.6g} on {dates[start]} "
            f"and {close[back]:.6g} on {dates[back]}"
        )
        make = warning if near[start] or near[back - 1] else error
        yield make(b.symbol, "print", dates[at], text, "correct or empty that close"), at
    yield from _last_prints(b, has_close, near)


def _last_prints(b: Bars, has_close: BoolArray, near: BoolArray) -> Iterator[tuple[Finding, IntArray]]:
    """A step in the last SPIKE_ROWS rows that no later row can take back: on them an account ends."""
    dates, close = b.dates[has_close], b.close[has_close]
    step, high, low = np.diff(np.log(close)), b.high[has_close], b.low[has_close]
    usual = SPIKE_SIGMAS * 1.4826 * float(np.median(np.abs(step))) if step.size else 0.0
    for i in range(max(step.size - SPIKE_ROWS, 0), step.size):
        size = abs(float(step[i]))
        now = slice(i + 1, i + 2)
        outside = (
            max(float(np.log(close[i + 1] / high[i + 1])), float(np.log(low[i + 1] / close[i + 1])))
            > size / 2
        )
        least = max(float(PRINT_OUTSIDE if outside else PRINT_INSIDE), usual)
        if size <= least or abs(size - UNIT) <= UNIT_TOLERANCE or near[i] or size > JUMP:
            continue
        if np.abs(np.log(close[i + 2 :] / close[i])).min(initial=np.inf) < size / 4:
            return  # it has come back
        text = f"closes at {close[i + 1]:.6g} after {close[i]:.6g} on {dates[i]}, in the last rows there are"
        yield (
            error(b.symbol, "print", dates[now], text, "correct or empty that close"),
            np.arange(i + 1, i + 2),
        )
        return


def _silences(b: Bars, has_close: BoolArray) -> Iterator[Finding]:
    dates, close = b.dates[has_close], b.close[has_close]
    quiet = ~(b.volume[has_close] > 0)
    stale = np.zeros(close.size, np.bool_)
    for at in stretches(np.append(False, close[1:] == close[:-1]) & quiet, 1):
        if at.size >= STALE:
            stale[at] = True
            text = f"{at.size} rows repeat the close {close[at[0]]:.6g} without volume"
            yield warning(b.symbol, "stale", dates[at], text, "suspended? nothing trades where all is flat")
    volumeless = np.nonzero((b.volume[has_close] == 0) & ~stale)[0]
    if volumeless.size:
        text = f"{counted(volumeless, 'row')} with a price and no volume"
        yield warning(b.symbol, "zero_volume", dates[volumeless], text, "fills there are doubtful")
