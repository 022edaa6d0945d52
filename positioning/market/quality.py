"""The quality gate: what is doubtful in a source's bars and rates, before anything is computed from them.

An error stops a run that uses its symbol and dates unless it is accepted; a warning goes on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, final, get_args

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.bars import Bars, Rates
from positioning.market.instruments import PENCE, instrument
from positioning.market.market import RATE_CARRY
from positioning.market.venues import sessions

# `hash` and `adjusted` are found by the store, which alone sees files and the provider's adjusted closes.
# fmt: off
Check = Literal[
    "unit_switch", "jump", "spike", "dates", "price", "currency", "hash", "adjusted",
    "large_move", "gap", "venue_gap", "stale", "zero_volume", "ohlc",
]
# fmt: on
Severity = Literal["error", "warning"]


UNIT = np.log(100.0)  # pence to pounds, and every other hundredth of a currency
UNIT_TOLERANCE = np.log(1.25)  # the day's own move, on top of the switch
NEAR_TOLERANCE = np.log(1.05)  # for a fall near a moment, which may be a crash: a switch is almost exact
JUMP = np.log(50.0)  # beyond any day of the record but a sanctions crash
LARGE = np.log(1.5)
DAYS_OF_A_MOVE = 7  # closes further apart have a gap between them, which is a finding of its own
NEAR = 7  # days between a moment and a move it may explain, either way
APART = 5  # rows; closer ones are one finding
STALE = 5  # rows in a row that repeat the close before them without volume
SPIKE_ROWS = 3  # a false rate is gone after so many rows at most
SPIKE_SMALLEST = 0.05
SPIKE_SIGMAS = 10.0
SPIKE_WINDOW = 20  # steps before and after it, which say how much the rate moves of itself

NOTHING: Mapping[str, DateArray] = MappingProxyType({})
UNSTATED: Mapping[str, str] = MappingProxyType({})


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt about one series. symbol: of an instrument, a currency (`RUB=X`) or a venue (its MIC).

    first, last: the dates it lies on, datetime64[D], both included; of a move the day it arrives.
    """

    symbol: str
    check: Check
    severity: Severity
    first: np.datetime64
    last: np.datetime64
    seen: str
    remedy: str

    def __str__(self) -> str:
        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return f"{self.symbol}: {self.check} on {days}: {self.seen}"


def check(
    bars: Mapping[str, Bars],
    rates: Mapping[str, Rates],
    *,
    crash_dates: Mapping[str, DateArray] = NOTHING,
    quoted: Mapping[str, str] = UNSTATED,
) -> tuple[Finding, ...]:
    """Every finding in what a source delivered, errors first, then by symbol and date.

    crash_dates: dates by symbol (of its restrictions), and under "" for all (of events of severity 4 and 5):
    a fall near one is a warning where it would be an error, unless it is an exact unit switch.
    quoted: the unit of quotation the provider states, by symbol (GBp); compared with the instrument's.

    Bars and Rates cannot be made of repeated or unsorted dates or of prices at or below zero: a folder's
    BadInputError stands for those, and `mend` finds them in columns that are not Bars yet.
    """
    priced = {s: b for s, b in bars.items() if np.isfinite(b.close).any()}
    found = [f for b in priced.values() for f in _bars(b, crash_dates)]
    found += [f for r in rates.values() for f in _rates(r, crash_dates)]
    found += [f for s, unit in quoted.items() if s in priced for f in _currency(priced[s], unit)]
    found += _gaps(list(priced.values()))
    return tuple(sorted(found, key=lambda f: (f.severity, f.symbol, f.first, f.check)))


def mend(
    symbol: str, dates: DateArray, columns: Mapping[str, FloatArray]
) -> tuple[DateArray, dict[str, FloatArray], tuple[Finding, ...]]:
    """Raw columns as Bars can take them, and an error for each thing that had to be mended.

    Rows are sorted, the last of repeated ones is kept, and open, high, low and close at or below zero or
    infinite become NaN, so that a run which accepts the finding, or lies elsewhere, cannot trade on them.
    """
    back = dates[1:][np.diff(dates.astype(np.int64)) <= 0]
    order = np.argsort(dates, kind="stable")
    order = order[np.append(dates[order][1:] != dates[order][:-1], True)[: order.size]]
    days, kept = dates[order], {name: values[order] for name, values in columns.items()}
    bad = np.zeros(days.size, np.bool_)
    for name in kept.keys() & {"open", "high", "low", "close"}:
        false = (kept[name] <= 0) | np.isinf(kept[name])
        kept[name] = np.where(false, np.nan, kept[name])
        bad |= false
    found: list[Finding] = []
    for at in _runs(np.isin(days, back), APART):
        seen = f"{_count(at, 'date')} repeated or out of order"
        found.append(_error(symbol, "dates", days[at], seen, "sort the rows and drop the repeated ones"))
    for at in _runs(bad, APART):
        seen = f"{_count(at, 'row')} with a price at or below zero, or infinite"
        found.append(_error(symbol, "price", days[at], seen, "correct or remove them"))
    return days, kept, tuple(found)


def usable_opens(bars: Bars) -> FloatArray:
    """(R,) the opens, NaN where they lie beyond high or low: a fill there falls back to the close.

    Beyond means by more than 2e-6 (sixth decimals) and 2.4e-7 of the close (two prices rounded to float32).
    """
    return np.where(_outside(bars, bars.open), np.nan, bars.open)


def within(
    findings: Iterable[Finding], first: np.datetime64, last: np.datetime64, symbols: Iterable[str]
) -> tuple[Finding, ...]:
    """Those that touch first .. last in one of the symbols, its venue or its currency (or a `CCY=X` named)."""
    used = reachable(symbols)
    return tuple(f for f in findings if f.symbol in used and f.first <= last and f.last >= first)


def reachable(symbols: Iterable[str]) -> frozenset[str]:
    """The symbols, and the MIC and the `CCY=X` of each: what findings about them are filed under."""
    named = frozenset(symbols)
    known = [instrument(s) for s in named if not s.endswith("=X")]
    return named | {i.venue for i in known} | {f"{i.currency}=X" for i in known}


def accept(findings: Iterable[Finding], words: Sequence[str], symbols: Iterable[str]) -> tuple[Finding, ...]:
    """The findings with the errors that `words` name (`EVR.L:unit_switch`) turned into warnings that say so.

    symbols: all that were checked. One that has no such finding may be named without harm.
    Raises BadInputError for a word that is not SYMBOL:CHECK of a checked symbol, with the nearest that is.
    """
    options = sorted(reachable(symbols))
    accepted = {_accepted(word, options) for word in words}
    return tuple(
        replace(f, severity="warning", remedy=f"accepted by --accept {f.symbol}:{f.check}")
        if f.severity == "error" and (f.symbol, f.check) in accepted
        else f
        for f in findings
    )


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stop a run."""
    return tuple(f for f in findings if f.severity == "error")


def stop_on_errors(findings: Iterable[Finding]) -> None:
    """BadInputError, one line, with the first error and what to type to go on in spite of all; else nothing."""
    wrong = errors(findings)
    if not wrong:
        return
    more = f" (the first of {len(wrong)} errors)" if len(wrong) > 1 else ""
    words = " ".join(f"--accept {w}" for w in dict.fromkeys(f"{f.symbol}:{f.check}" for f in wrong))
    raise BadInputError(f"{wrong[0]}{more}", wrong[0].remedy, f"or to use it as it is type {words}")


def _accepted(word: str, symbols: Collection[str]) -> tuple[str, str]:
    symbol, colon, name = word.rpartition(":")
    if not colon:
        raise BadInputError(
            f"--accept {word}", "wanted SYMBOL:CHECK", "type for example --accept EVR.L:unit_switch"
        )
    for given, options, what in ((symbol, symbols, "symbol"), (name, get_args(Check), "check")):
        if given not in options:
            raise BadInputError(f"--accept {word}", f"no {what} {given!r} here", did_you_mean(given, options))
    return symbol, name


# ------------------------------------------------------------------------------------------- one series


def _bars(b: Bars, crash_dates: Mapping[str, DateArray]) -> Iterator[Finding]:
    known = np.isfinite(b.close)
    dates, close = b.dates[known], b.close[known]
    yield from _moves(b.symbol, "closes at", dates, close, _near(b.symbol, dates, crash_dates))
    quiet = ~(b.volume[known] > 0)
    stale = np.zeros(close.size, np.bool_)
    for at in _runs(np.append(False, close[1:] == close[:-1]) & quiet, 1):
        if at.size >= STALE:
            stale[at] = True
            seen = f"{at.size} rows repeat the close {close[at[0]]:.6g} without volume"
            yield _warning(b.symbol, "stale", dates[at], seen, "suspended? nothing trades where all is flat")
    silent = np.nonzero((b.volume[known] == 0) & ~stale)[0]
    if silent.size:
        seen = f"{_count(silent, 'row')} with a price and no volume"
        yield _warning(b.symbol, "zero_volume", dates[silent], seen, "fills there are doubtful")
    yield from _openings(b)
    yield from _ranges(b)


def _openings(b: Bars) -> Iterator[Finding]:
    """An open in another unit than its own close fills orders at a price nobody paid, high and low or not."""
    apart = np.nonzero(np.abs(np.log(b.open / b.close)) > JUMP)[0]
    if apart.size:
        i = int(apart[0])
        first = f"first {b.open[i]:.6g} and {b.close[i]:.6g}"
        seen = f"{_count(apart, 'row')} opening beyond a factor of {np.exp(JUMP):.0f} of its close, {first}"
        yield _error(b.symbol, "jump", b.dates[apart], seen, "correct or remove those opens")


def _ranges(b: Bars) -> Iterator[Finding]:
    opened, closed = _outside(b, b.open), _outside(b, b.close)
    at = np.nonzero(opened | closed)[0]  # a low above its high leaves the close outside of one of them
    if at.size:
        outside = f"{opened.sum()} the open, {closed.sum()} the close"
        seen = f"{_count(at, 'row')} where high and low do not enclose: {outside}"
        yield _warning(b.symbol, "ohlc", b.dates[at], seen, "fills take the close where the open is outside")


def _outside(b: Bars, price: FloatArray) -> BoolArray:
    rounding = 2e-6 + b.close * 2.0**-22
    return (price > b.high + rounding) | (price < b.low - rounding)


def _rates(r: Rates, crash_dates: Mapping[str, DateArray]) -> Iterator[Finding]:
    symbol, level = f"{r.currency}=X", np.log(r.usd)
    false = np.zeros(level.size, np.bool_)
    for start, rows, size in _spikes(level):
        at = np.arange(start + 1, start + 1 + rows)
        false[at] = True
        seen = (
            f"is at {1 / r.usd[at[0]]:.6g} per USD between {1 / r.usd[start]:.6g} on {r.dates[start]} "
            f"and {1 / r.usd[at[-1] + 1]:.6g} on {r.dates[at[-1] + 1]}, in {r.origin}"
        )
        # A currency that loses a third and has it back in three rows is a misprint; nobody traded there.
        make = _error if size > LARGE else _warning
        yield make(symbol, "spike", r.dates[at], seen, "correct or remove that rate")
    dates, usd = r.dates[~false], r.usd[~false]
    yield from _moves(symbol, "is at USD", dates, usd, _near(symbol, dates, crash_dates))
    missed = np.busday_count(r.dates[:-1], r.dates[1:]) - 1
    for i in np.nonzero(missed > RATE_CARRY)[0]:
        seen = f"{missed[i]} weekdays without a rate in {r.origin}"
        lost = np.arange(r.dates[i] + 1, r.dates[i + 1])
        yield _warning(symbol, "gap", lost, seen, f"untradable after {RATE_CARRY} rows of it")


def _spikes(level: FloatArray) -> Iterator[tuple[int, int, float]]:
    """(row before, false rows, size in logs) of levels that leave by a step beyond SPIKE_SIGMAS robust sigmas of
    the steps around it, and are back within a quarter of it after at most SPIKE_ROWS rows."""
    steps = np.abs(np.diff(level))
    done = -1
    for start in np.nonzero(steps > SPIKE_SMALLEST)[0].tolist():
        ends = level[start + 2 : start + 2 + SPIKE_ROWS]
        back = np.nonzero(np.abs(ends - level[start]) < steps[start] / 4)[0]
        if start <= done or not back.size:
            continue
        rows = int(back[0]) + 1
        around = np.append(
            steps[max(start - SPIKE_WINDOW, 0) : start], steps[start + rows + 1 :][:SPIKE_WINDOW]
        )
        # 1.4826 medians of absolute steps are one standard deviation of normal ones; other spikes hardly move it.
        if around.size and steps[start] > SPIKE_SIGMAS * 1.4826 * np.median(around):
            done = start + rows
            yield start, rows, float(steps[start])


def _moves(
    symbol: str, verb: str, dates: DateArray, values: FloatArray, near: BoolArray
) -> Iterator[Finding]:
    step = np.diff(np.log(values))
    size, crash = np.abs(step), near & (step < 0)
    unit = np.abs(size - UNIT) <= np.where(crash, NEAR_TOLERANCE, UNIT_TOLERANCE)
    jump = (size > JUMP) & ~unit
    large = (size > LARGE) & ~unit & ~jump & (np.diff(dates.astype(np.int64)) <= DAYS_OF_A_MOVE)

    def said(at: IntArray) -> str:
        i = int(at[0])
        more = f" (and {_count(at[1:], 'more such move')})" if at.size > 1 else ""
        levels = f"{values[i]:.6g} on {dates[i]} and {values[i + 1]:.6g} on {dates[i + 1]}"
        beside = ", near a recorded event or restriction" if near[at].any() else ""
        return f"{verb} {levels}, a factor of {np.exp(size[i]):.3g}{more}{beside}"

    kinds: tuple[tuple[Check, Callable[..., Finding], BoolArray, str], ...] = (
        ("unit_switch", _error, unit, "bring all rows to one unit"),
        ("jump", _error, jump & ~crash, "correct it, or adjust for the split"),
        ("jump", _warning, jump & crash, "a sanctions crash looks so: check it against another source"),
        ("large_move", _warning, large, "check it against another source, and for a split left unadjusted"),
    )
    for name, make, mask, remedy in kinds:
        for at in _runs(mask, APART):
            yield make(symbol, name, dates[at + 1], said(at), remedy)


def _near(symbol: str, dates: DateArray, crash_dates: Mapping[str, DateArray]) -> BoolArray:
    """(R-1,) whether a moment may explain the move to the next date: one of all within NEAR days of its arrival,
    one of its own since NEAR days before the last close, however long it was suspended in between."""
    none, days = np.empty(0, "datetime64[D]"), np.timedelta64(NEAR, "D")
    arrival = dates[1:]
    common = _any_between(crash_dates.get("", none), arrival - days, arrival + days)
    return common | _any_between(crash_dates.get(symbol, none), dates[:-1] - days, arrival + days)


def _any_between(crash_dates: DateArray, first: DateArray, last: DateArray) -> BoolArray:
    known = np.sort(crash_dates)
    return np.asarray(np.searchsorted(known, last, side="right") > np.searchsorted(known, first))


def _currency(b: Bars, unit: str) -> Iterator[Finding]:
    wanted = instrument(b.symbol).quoted_in
    if PENCE.get(unit, (unit, 1.0)) != PENCE.get(wanted, (wanted, 1.0)):
        remedy = "correct quoted_in of the instrument, or take the line of the other currency"
        yield _error(b.symbol, "currency", b.dates, f"quoted in {unit} where {wanted} is on record", remedy)


# ---------------------------------------------------------------------------------------------- calendars


def _gaps(bars: Sequence[Bars]) -> list[Finding]:
    """Sessions without a close between a name's first and last; those of a whole venue once, for the venue."""
    venues: dict[str, list[Bars]] = {}
    for b in bars:
        venues.setdefault(instrument(b.symbol).venue, []).append(b)
    return [f for mic, names in venues.items() for f in _venue_gaps(mic, names)]


def _venue_gaps(mic: str, names: Sequence[Bars]) -> Iterator[Finding]:
    closes = {b.symbol: b.dates[np.isfinite(b.close)] for b in names}
    first, last = min(d[0] for d in closes.values()), max(d[-1] for d in closes.values())
    try:
        held = sessions(mic, first, last)
    except BadInputError as error:
        for symbol, dates in closes.items():
            yield _warning(symbol, "gap", dates, f"cannot be told: {error.wanted}", error.remedy)
        return
    spans = np.array([(held >= d[0]) & (held <= d[-1]) for d in closes.values()])
    absent = spans & ~np.array([np.isin(held, d) for d in closes.values()])
    # One name alone cannot say whether it or its venue stood still.
    shut = (spans.sum(axis=0) > 1) & (absent.sum(axis=0) == spans.sum(axis=0))
    for at in _runs(shut, 1):
        seen = f"{_count(at, 'session')} of the calendar that none of {spans[:, at[0]].sum()} names has"
        remedy = "closed by weather, or a hole of the source: untradable there"
        yield _warning(mic, "venue_gap", held[at], seen, remedy)
    for symbol, row in zip(closes, absent & ~shut, strict=True):
        for at in _runs(row, 1):
            seen = f"{_count(at, 'session')} of {mic} without a close"
            yield _warning(symbol, "gap", held[at], seen, "untradable there")


# ------------------------------------------------------------------------------------------------ making


def _runs(mask: BoolArray, apart: int) -> list[IntArray]:
    """The rows marked, split where more than `apart` lie between one and the next."""
    at = np.nonzero(mask)[0]
    cuts = [0, *(np.nonzero(np.diff(at) > apart)[0] + 1).tolist(), at.size]
    return [at[i:j] for i, j in pairwise(cuts)] if at.size else []


def _count(rows: IntArray, what: str) -> str:
    return f"{rows.size} {what}{'s' if rows.size != 1 else ''}"


def _error(symbol: str, name: Check, dates: DateArray, seen: str, remedy: str) -> Finding:
    return Finding(symbol, name, "error", dates[0], dates[-1], seen, remedy)


def _warning(symbol: str, name: Check, dates: DateArray, seen: str, remedy: str) -> Finding:
    return Finding(symbol, name, "warning", dates[0], dates[-1], seen, remedy)
