"""Dates as people's programs write them: which reading a whole column allows, or that two do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import final

import numpy as np

from positioning.arrays import DateArray
from positioning.data.csv_cells import ColumnError, more_cells
from positioning.market.records import in_digits

_TIME = r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
_UTC = r"Z|UTC|GMT|[+-]00:?00"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})" + _TIME, re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})" + _TIME, re.ASCII)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?"
_NAMED = re.compile(
    rf"(?i:{_WEEKDAY})(?:(\d{{1,2}})[ -])?([A-Za-z]{{3,9}})\.?[ -](?:(\d{{1,2}}),? )?(\d{{4}}|(?<=-)\d{{2}})"
    + _TIME,
    re.ASCII,
)
_NUMBERED = (
    (
        r"[1-7][0-9]{4}(?:\.[0-9]+)?",
        "a spreadsheet's serial number",
        "format the column as YYYY-MM-DD and save it again",
    ),
    (r"[0-9]{9,10}(?:\.[0-9]+)?", "seconds since 1970", "write the local date of each session"),
    (r"[0-9]{12,19}", "a count of time since 1970", "write the local date of each session"),
)
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
           "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}  # fmt: skip
Reading = tuple[int, int, int]  # year, month, day


@final
@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """days: (R,) datetime64[D]; notes: how they were read, "" for plain ISO dates."""

    days: DateArray
    notes: str


def read_dates(cells: Sequence[str]) -> Dates:
    """The dates of a column: ISO, year first, month's name, or two numbers and a year where only one order of
    them is possible for the whole column. A time of day must be the same on all rows: a zone beside it is that of the
    exchange, and the date before it the session's, so in UTC it must be midnight.

    Raises ColumnError for cells that are no date, for other times and for an order that two readings allow.
    """
    if all(map(_ISO.fullmatch, cells)):
        try:
            return Dates(np.array(cells, dtype="datetime64[D]"), "")
        except ValueError:
            pass  # the cell that is none is found below
    matches = [_YEAR_FIRST.fullmatch(c) or _YEAR_LAST.fullmatch(c) or _NAMED.fullmatch(c) for c in cells]
    if bad := [n for n, m in enumerate(matches) if m is None]:
        raise _no_dates(cells, bad)
    whole = [m for m in matches if m is not None]
    times = _times(whole, cells)
    days, order = _ordered(whole, cells)
    return Dates(days, ", ".join(text for text in (order, times) if text))


def _times(matches: Sequence[re.Match[str]], cells: Sequence[str]) -> str:
    """What is told of the times of day. Raises ColumnError where they are not the session's own date's."""
    times = [_clock(m["time"]) for m in matches]
    late = [n for n, time in enumerate(times) if any(time)]
    if not late:
        return "times of midnight" if any(m["time"] for m in matches) else ""
    remedy = "convert the stamps to the exchange's zone (tz_convert), then keep their dates"
    first = late[0]
    if other := [n for n, time in enumerate(times) if time != times[first]]:
        raise ColumnError(
            f"Date {cells[first][:40]!r} and {cells[other[0]][:40]!r}: times of day that differ",
            "wanted the local date of each session",
            remedy,
            first,
        )
    if abroad := [n for n, m in enumerate(matches) if re.fullmatch(_UTC, m["zone"] or "")]:
        raise ColumnError(
            f"Date {cells[abroad[0]][:40]!r}{more_cells(abroad)}: a time of day in UTC, whose date may be another there",
            "wanted the local date of each session",
            remedy,
            abroad[0],
        )
    return f"times of {matches[first]['time']}"


def _clock(text: str | None) -> tuple[float, ...]:
    """Hours, minutes and seconds, midnight where there are none."""
    return tuple(float(part) for part in f"{text or '0:0'}:0".split(":")[:3])


def _no_dates(cells: Sequence[str], bad: Sequence[int]) -> ColumnError:
    if not cells[bad[0]]:
        return ColumnError(
            f"no date{more_cells(bad)}", "wanted a date on every row", "fill it in or drop the row", bad[0]
        )
    cell = cells[bad[0]]
    for form, meant, remedy in _NUMBERED:
        if re.fullmatch(form, cell):
            return ColumnError(
                f"Date {cell!r}{more_cells(bad)}: {meant}", "wanted a date such as 2020-01-31", remedy, bad[0]
            )
    return ColumnError(
        f"Date {cell[:40]!r}{more_cells(bad)}",
        f"wanted a date such as 2020-01-31{in_digits(cell)}",
        "correct that cell" if len(bad) == 1 else "write dates as YYYY-MM-DD",
        bad[0],
    )


def _ordered(matches: Sequence[re.Match[str]], cells: Sequence[str]) -> tuple[DateArray, str]:
    """The days, and the order of day and month where the cells had to tell it."""
    numeric = [m for m in matches if m.re is _YEAR_LAST]
    if not numeric:
        return _days([_plain(m) for m in matches], cells), _named_note(matches)
    readings: dict[str, Callable[[re.Match[str]], Reading]] = {
        "month/day/year": lambda m: (_year(m[4]), int(m[1]), int(m[3])),
        "day/month/year": lambda m: (_year(m[4]), int(m[3]), int(m[1])),
    }

    def read(order: str) -> DateArray:
        return _days([readings[order](m) if m.re is _YEAR_LAST else _plain(m) for m in matches], cells)

    orders: dict[str, DateArray] = {}
    for name in readings:
        try:
            days = read(name)
        except ColumnError:
            continue
        steps = np.diff(days.astype(np.int64))
        if (steps > 0).all() or (steps < 0).all():
            orders[name] = days
    if len(orders) == 1:
        name, days = next(iter(orders.items()))
        return days, f"dates as {name}"
    if all(m[2] == "." for m in numeric):  # a full stop is written between day and month, in this order
        return read("day/month/year"), "dates as day.month.year"
    if not orders:
        try:
            return read("month/day/year"), "dates as month/day/year"
        except ColumnError:
            return read("day/month/year"), "dates as day/month/year"
    first = next(n for n, m in enumerate(matches) if m.re is _YEAR_LAST)
    both = " or ".join(str(days[first]) for days in orders.values())
    raise ColumnError(
        f"Date {cells[first]!r} may be {both}",
        "wanted dates that can be read in one way only",
        "write them as YYYY-MM-DD",
        first,
    )


def _plain(m: re.Match[str]) -> Reading:
    if m.re is _YEAR_FIRST:
        return int(m[1]), int(m[3]), int(m[4])
    return _year(m[4]), _MONTHS.get(m[2][:3].casefold(), 0), int(m[1] or m[3] or 0)


def _named_note(matches: Sequence[re.Match[str]]) -> str:
    if any(m.re is _NAMED for m in matches):
        return "months by name"
    return "dates without hyphens" if any(m[2] != "-" for m in matches) else ""


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 1900 + int(text) + (100 if int(text) < 70 else 0)


def _days(readings: Sequence[Reading], cells: Sequence[str]) -> DateArray:
    out = []
    bad = []
    for n, reading in enumerate(readings):
        try:
            out.append(date(*reading))
        except ValueError:
            bad.append(n)
    if bad:
        raise _no_dates(cells, bad)
    return np.array(out, dtype="datetime64[D]")
