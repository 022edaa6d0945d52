"""What is doubtful in the dates of a series: sessions it lacks, days its venue was closed, bars that are no days'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from positioning.arrays import BoolArray, DateArray, days_among
from positioning.errors import BadInputError
from positioning.market.bars import Bars
from positioning.market.findings import Finding, counted, error, stretches, warning
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.venues import sessions

OFF_SHARE = 0.05  # of bars on days without a session, beyond which the dates are not those of sessions
OFF_SHARE_OF_BLOCK, OFF_BLOCK = 0.15, 60  # a shift has 20 % of its bars on Sundays
OFF_LEAST = 3
OFF_WEEK = 20  # rows in which a shift puts four bars on days of the week that have no session
IN_A_ROW = 8  # steps of a week or more that no thin trading makes, one after the other
FEWEST = 6  # bars that say how far apart they lie
MONTHS = 12
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HALT = 20  # sessions in a row: a longer stretch without a price is a halt, not a hole
THIN, THIN_LEAST = (
    0.2,
    3,
)  # of sessions without a price, in so many holes; the thinnest real series known lacks 0.03
WEEKS, NO_DAY = 10, 0.9  # sessions of a day of the week, and the share of them without a price
_WEEK, _MONTH = (5, 9), (26, 35)  # days between bars


def frequency_findings(symbol: str, dates: DateArray) -> Iterator[Finding]:
    """That a series is weekly or monthly, which a day's decisions must not read: its last price of a period lies
    under the date of the first."""
    if dates.size < FEWEST:
        return
    steps = np.diff(dates.astype(np.int64))
    apart = float(np.median(steps))
    if apart < _WEEK[0]:
        for at in stretches(steps >= _WEEK[0], 1):
            if at.size >= IN_A_ROW:
                part = dates[at[0] : at[-1] + 2]
                text = f"{part.size} bars {np.median(steps[at]):.0f} days apart beside daily ones"
                yield error(symbol, "calendar", part, text, "download daily bars (interval 1d) for all of it")
        return
    kind = next((k for k, (a, b) in {"weekly": _WEEK, "monthly": _MONTH}.items() if a <= apart <= b), "")
    text = f"{dates.size} bars {apart:.0f} days apart: {kind or 'not daily'}"
    yield error(symbol, "calendar", dates, text, "download daily bars (interval 1d)")


def session_findings(bars: Sequence[Bars], instruments: Instruments = RECORDED) -> list[Finding]:
    """Sessions without a close between a name's first and last, those of a whole venue once, for the venue; and dates
    that are not those of sessions at all."""
    venues: dict[str, list[Bars]] = {}
    for b in bars:
        venues.setdefault(instruments.of(b.symbol).venue, []).append(b)
    return [f for mic, names in venues.items() for f in _of_venue(mic, names)]


def _of_venue(mic: str, names: Sequence[Bars]) -> Iterator[Finding]:
    closes = {b.symbol: b.dates[np.isfinite(b.close)] for b in names}
    first, last = min(d[0] for d in closes.values()), max(d[-1] for d in closes.values())
    odd = {s: faults for s, d in closes.items() if (faults := list(frequency_findings(s, d)))}
    try:
        venue_sessions = sessions(mic, first, last)
    except BadInputError as failure:
        for symbol, dates in closes.items():
            yield from odd.get(symbol, ())
            yield warning(symbol, "gap", dates, f"cannot be told: {failure.wanted}", failure.remedy)
        return
    odd |= {s: faults for s, d in closes.items() if s not in odd and (faults := list(off_days(s, mic, d)))}
    odd |= {
        s: faults for s, d in closes.items() if s not in odd and (faults := list(half_missing(s, mic, d)))
    }
    for findings in odd.values():
        yield from findings
    closes = {s: d for s, d in closes.items() if s not in odd}  # the gaps of the others have one cause
    if closes:
        yield from _gaps(mic, closes, venue_sessions)


def off_days(symbol: str, mic: str, dates: DateArray) -> Iterator[Finding]:
    """That dates are no sessions: all a day off, or weekends among them, over the whole series or a stretch of it."""
    day = np.timedelta64(1, "D")
    venue_sessions = sessions(mic, dates[0] - day, dates[-1] + day)
    off = ~days_among(dates, venue_sessions)
    blocks = np.arange(dates.size) // OFF_BLOCK
    many = np.bincount(blocks, off) >= np.maximum(OFF_LEAST, OFF_SHARE_OF_BLOCK * np.bincount(blocks))
    weekday = (dates.astype(np.int64) + 3) % 7
    shut = off & ~np.isin(weekday, (venue_sessions.astype(np.int64) + 3) % 7)
    weeks = np.arange(dates.size) // OFF_WEEK
    many |= np.isin(np.arange(many.size), blocks[(np.bincount(weeks, shut) >= OFF_LEAST)[weeks]])
    if off.sum() < max(OFF_LEAST, OFF_SHARE * dates.size):
        off &= many[blocks]
        if not off.any():
            return
    at = np.flatnonzero(off)
    part = slice(int(at[0]), int(at[-1]) + 1)
    names = [
        DAYS[n] for n in np.unique(weekday[off]) if (off & (weekday == n)).sum() >= OFF_SHARE * off.sum()
    ]
    text = f"{off.sum()} of {dates[part].size} bars lie on days {mic} was closed ({', '.join(names)})"
    if words := day_shift(dates[part], venue_sessions):
        yield error(
            symbol, "calendar", dates[part], f"{text}: every date is a day {words}, as of stamps in another zone",
            "convert the stamps to the exchange's zone (tz_convert), then cut them to dates",
        )  # fmt: skip
    else:
        yield error(symbol, "calendar", dates[off], text, "keep the rows of sessions only")


def day_shift(dates: DateArray, venue_sessions: DateArray) -> str:
    """`early` or `late` where moving all dates by a day makes sessions of those that are none; else ""."""
    off = (~days_among(dates, venue_sessions)).sum()
    day = np.timedelta64(1, "D")
    for shift, words in ((1, "early"), (-1, "late")):
        if (
            off >= max(OFF_LEAST, OFF_SHARE * dates.size)
            and (~days_among(dates + shift * day, venue_sessions)).sum() < off / 4
        ):
            return words
    return ""


def half_missing(symbol: str, mic: str, dates: DateArray) -> Iterator[Finding]:
    """That many sessions between its first and last have no price, in holes all over: half of a file was lost, as
    that of dates read with day and month exchanged. Halts do not count."""
    venue_sessions = sessions(mic, dates[0], dates[-1])
    absent = ~days_among(venue_sessions, dates)
    holes = list(stretches(absent, 1))
    halted = sum(len(at) for at in holes if len(at) > HALT)
    holes = [at for at in holes if len(at) <= HALT]
    missing = sum(len(at) for at in holes)
    if len(holes) < THIN_LEAST or missing <= THIN * (venue_sessions.size - halted):
        yield from _no_weekday(symbol, mic, venue_sessions, absent)
        return
    text = f"{missing} of {venue_sessions.size} sessions of {mic} have no price, in {len(holes)} holes"
    remedy = "complete the file"
    if int((dates - dates.astype("datetime64[M]")).astype(np.int64).max()) < MONTHS:
        text += "; all its dates are days 1 to 12 of a month"
        remedy = "write its dates as YYYY-MM-DD: day and month may be exchanged, and the dates where they cannot be, lost"
    yield error(symbol, "gap", venue_sessions[absent], text, remedy)


def _no_weekday(symbol: str, mic: str, venue_sessions: DateArray, absent: BoolArray) -> Iterator[Finding]:
    """That a day of the week has hardly any price, in ten weeks or more, and the others have theirs."""
    weekday = (venue_sessions.astype(np.int64) + 3) % 7
    for day in np.unique(weekday):
        own = weekday == day
        if own.sum() >= WEEKS and absent[own].mean() > NO_DAY and absent[~own].mean() < THIN:
            text = f"{absent[own].sum()} of {own.sum()} {DAYS[day]}s on which {mic} was open have no price"
            yield error(symbol, "gap", venue_sessions[own & absent], text, "complete the file")


def _gaps(mic: str, closes: dict[str, DateArray], venue_sessions: DateArray) -> Iterator[Finding]:
    spans = np.array([(venue_sessions >= d[0]) & (venue_sessions <= d[-1]) for d in closes.values()])
    absent = spans & ~np.array([days_among(venue_sessions, d) for d in closes.values()])
    # One name alone cannot say whether it or its venue stood still.
    shut = (spans.sum(axis=0) > 1) & (absent.sum(axis=0) == spans.sum(axis=0))
    for at in stretches(shut, 1):
        text = f"{counted(at, 'session')} of the calendar that none of {spans[:, at[0]].sum()} names has"
        remedy = "closed by weather, or a hole of the source: untradable there"
        yield warning(mic, "venue_gap", venue_sessions[at], text, remedy)
    for symbol, row in zip(closes, absent & ~shut, strict=True):
        for at in stretches(row, 1):
            text = f"{counted(at, 'session')} of {mic} without a close"
            yield warning(symbol, "gap", venue_sessions[at], text, "untradable there")
