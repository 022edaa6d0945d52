"""Dates and numbers as people's programs write them: which reading a whole column allows, or that two do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.market.records import MINUS, in_digits

EMPTY = frozenset(("", "nan", "na", "n/a", "#n/a", "#na", "null", "none", "-", "--", "—", "–", "."))
_TIME = r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
_UTC = r"Z|UTC|GMT|[+-]00:?00"
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
_LARGEST = (
    1e100  # of a number, and one over it of what is not nought: three of them multiply without overflow
)
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9}
_SIGNS = str.maketrans({**dict.fromkeys("$€£¥%'\u2019\u00a0\u2007\u2009\u202f "), MINUS: "-"})

_BARE = re.compile(r"[!-#%&(-~]+")  # without blanks, currencies and marks of thousands
_PARTED = re.compile(r"\d[\s'\u2019]+\d")  # blanks of any width, or apostrophes, between digits
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[\s'\u2019]\d{3})+(?!\d)")

Reading = tuple[int, int, int]  # year, month, day


class ColumnError(Exception):
    """A column that cannot be read, which the reader tells with its file. at: index of the first such cell; more: how
    many others."""

    def __init__(self, seen: str, wanted: str, remedy: str, at: int = -1) -> None:
        super().__init__(seen)
        self.seen, self.wanted, self.remedy, self.at = seen, wanted, remedy, at


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
    if all(len(c) == 10 and c[4] == c[7] == "-" and c[:4].isdecimal() for c in cells):
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
    late = [n for n, time in enumerate(times) if time]
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
            f"Date {cells[abroad[0]][:40]!r}{_more(abroad)}: a time of day in UTC, whose date may be another there",
            "wanted the local date of each session",
            remedy,
            abroad[0],
        )
    return f"times of {matches[first]['time']}"


def _clock(text: str | None) -> float:
    """Seconds since midnight, which a date alone is taken for."""
    hours, minutes, *seconds = (text or "0:0").split(":")
    return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds[0] if seconds else 0)


def _no_dates(cells: Sequence[str], bad: Sequence[int]) -> ColumnError:
    if not cells[bad[0]]:
        return ColumnError(
            f"no date{_more(bad)}", "wanted a date on every row", "fill it in or drop the row", bad[0]
        )
    cell = cells[bad[0]]
    for form, meant, remedy in _NUMBERED:
        if re.fullmatch(form, cell):
            return ColumnError(
                f"Date {cell!r}{_more(bad)}: {meant}", "wanted a date such as 2020-01-31", remedy, bad[0]
            )
    return ColumnError(
        f"Date {cell[:40]!r}{_more(bad)}",
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
    orders: dict[str, DateArray] = {}
    for name, read in readings.items():
        try:
            days = _days([read(m) if m.re is _YEAR_LAST else _plain(m) for m in matches], cells)
        except ColumnError:
            continue
        steps = np.diff(days.astype(np.int64))
        if (steps > 0).all() or (steps < 0).all():
            orders[name] = days
    if len(orders) == 1:
        name, days = next(iter(orders.items()))
        return days, f"dates as {name}"
    if all(m[2] == "." for m in numeric):  # a full stop is written between day and month, in this order
        return _days([readings["day/month/year"](m) for m in matches], cells), "dates as day.month.year"
    if not orders:
        try:
            days = _days([readings["month/day/year"](m) for m in numeric], cells)
            return days, "dates as month/day/year"
        except ColumnError:
            return _days([readings["day/month/year"](m) for m in numeric], cells), "dates as day/month/year"
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


@final
@dataclass(frozen=True, slots=True)
class Marks:
    """How a file writes numbers: its decimal mark and that of thousands, and what is told of it."""

    decimal: str = "."
    thousands: str = ""
    notes: str = ""


def number_marks(columns: Sequence[Sequence[str]]) -> Marks:
    """The marks that all cells of a file allow. Raises ColumnError where `1,234` may be two numbers."""
    cells = [c for column in columns for c in column if "," in c or c.count(".") > 1]
    if not cells:
        return Marks()
    stripped = [c.translate(_SIGNS).rstrip("KMBkmb") for c in cells]
    both = [c for c in stripped if "," in c and "." in c]
    alone = [c for c in stripped if "," in c and "." not in c]
    if both:
        comma = all(c.rfind(",") > c.rfind(".") for c in both)
    elif not alone:
        return Marks(".", ".", "")  # 1.000.000 beside plain numbers: volumes
    elif decimals := sum(len(c.rsplit(",", 1)[1]) != 3 or bool(re.match(r"[+-]?0*,", c)) for c in alone):
        # Thousands come in threes, and none begins with a nought; of a file that has both marks the fewer are slips.
        comma = decimals > _decimals(columns)
    elif any(c.count(",") > 1 for c in alone) or _decimals(columns):
        comma = False
    else:
        first = alone[0]
        raise ColumnError(
            f"{first!r} may be {first.replace(',', '.')} or {first.replace(',', '')}",
            "wanted numbers that can be read in one way only",
            "write 1234.5, without marks between thousands",
        )
    return Marks(",", ".", "decimal commas") if comma else Marks(".", ",", "commas between thousands")


def _decimals(columns: Sequence[Sequence[str]]) -> int:
    """How many other cells have a full stop that must be a decimal one."""
    return sum(
        bool(re.search(r"\.\d{1,2}$|\.\d{4,}$", c)) for column in columns for c in column if "," not in c
    )


def is_per_cent(name: str, cells: Sequence[str]) -> bool:
    """Whether a column says that it is in per cent: by its name, or by a sign in its cells. Raises ColumnError where some
    cells have the sign and others, that are not nought, have none."""
    signed = [c.endswith("%") for c in cells]
    if not any(signed) or re.search(r"%\W*$", name):
        return any(signed) or bool(re.search(r"%\W*$", name))
    bare = [
        n
        for n, c in enumerate(cells)
        if not signed[n] and c.casefold() not in EMPTY and re.search("[1-9]", c)
    ]
    if bare:
        raise ColumnError(
            f"{name} {cells[bare[0]][:40]!r}{_more(bare)} without a per cent sign, and others with one",
            "wanted all cells of a column with the sign, or none",
            "write them alike",
            bare[0],
        )
    return True


def per_cent_words(name: str) -> str:
    """What is told of a column that is in per cent."""
    return f"{name} in per cent"


def read_numbers(name: str, cells: Sequence[str], marks: Marks) -> FloatArray:
    """(R,) float64, NaN where a cell is empty or says that it is. Raises ColumnError for other text, and for a number
    that nothing measured has: infinite, or as good as that."""
    plain = marks.decimal == "." and not marks.thousands
    text = "".join(cells)
    if plain and text.isascii() and "_" not in text:
        try:
            numbers = np.array([float(c) if c else math.nan for c in cells], dtype=np.float64)
        except ValueError:
            pass  # other words for nothing, or a cell that is no number
        else:
            if not _beyond(numbers).any():
                return numbers
    out, bad = np.full(len(cells), math.nan), []
    for n, cell in enumerate(cells):
        if cell.casefold() in EMPTY:
            continue
        text = cell if plain and _BARE.fullmatch(cell) else _cleaned(cell, marks)
        scale = 1.0
        if text and text[-1].upper() in _MULTIPLES and name == "Volume":
            scale, text = _MULTIPLES[text[-1].upper()], text[:-1]
        try:
            if not text.isascii() or "_" in text:
                raise ValueError
            out[n] = float(text) * scale
        except ValueError:
            bad.append(n)
    bad = sorted({*bad, *np.flatnonzero(_beyond(out)).tolist()})
    if bad:
        raise ColumnError(
            f"{name} {cells[bad[0]][:40]!r}{_more(bad)}",
            f"wanted a number such as 1234.5{in_digits(cells[bad[0]])}",
            "correct that cell" if len(bad) == 1 else "correct those cells, or empty them",
            bad[0],
        )
    return out


def _beyond(values: FloatArray) -> BoolArray:
    """Whether each is so large, or so near nought and not nought, that it is a slip and no number of a file."""
    size = np.abs(values)
    return (size > _LARGEST) | ((size > 0) & (size < 1 / _LARGEST))


def _cleaned(cell: str, marks: Marks) -> str:
    """The cell as float() reads it, or a text that it does not read."""
    if _PARTED.search(cell) and not _THOUSANDS.search(cell):
        return "?"
    text = cell.translate(_SIGNS)
    body = text.rstrip("KMBkmb")
    if marks.thousands and marks.thousands in body:
        whole = body.split(marks.decimal)[0] if marks.decimal != marks.thousands else body
        mark = re.escape(marks.thousands)  # in India two digits lie between the first marks
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:(?:{mark}\d{{2}})*|(?:{mark}\d{{3}})*){mark}\d{{3}}", whole):
            if marks.decimal == marks.thousands and body.count(".") <= 1:
                return text
            return "?"
        text = text.replace(marks.thousands, "")
    return text.replace(marks.decimal, ".") if marks.decimal != "." else text


def _more(bad: Sequence[int]) -> str:
    return f" (and {len(bad) - 1} more such cells)" if len(bad) > 1 else ""
