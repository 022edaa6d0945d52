"""Any daily or monthly series as a state of the world: NAME=FILE:COLUMN:LAG, such as gpr=data_gpr_daily.csv:GPRD:7.

LAG is the publication lag in days: the value of a day is known so many days after it, that of a month, quarter or
year so many days after its end. Without one a series is refused, since a value of a day is seldom known on that day.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.csv_cells import EMPTY, ColumnError
from positioning.data.csv_dates import read_dates
from positioning.data.csv_text import folded
from positioning.errors import BadInputError, did_you_mean
from positioning.files import read_bounded
from positioning.market.source import Driver

MOST_BYTES = 64_000_000
MOST_DAYS = 3650
MOST_MONTHS = 12  # of the period that a value stands for
SHORTEST_MONTH = 28  # days between values from which each is taken for a period's
DATE_COLUMNS = ("day", "date", "month", "time", "timestamp", "period", "observationdate")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MONTH = re.compile(r"(\d{4})[-/M]?(\d{2})")
_EXAMPLE = "give index=gpr=data_gpr_daily.csv:GPRD:7"


def read_indices(words: Sequence[str]) -> dict[str, Driver]:
    """The series of these words by name. Raises BadInputError for words of another form, a name twice, a file that cannot
    be read, a column it lacks, a lag that is no number of days, dates out of order and cells that are no numbers."""
    drivers: dict[str, Driver] = {}
    for word in words:
        name, file, column, lag = _parts(word)
        if name in drivers:
            raise _refused(word, f"names {name} twice", "wanted each name once", "choose another name")
        drivers[name] = _read(name, Path(file), column, lag)
    return drivers


def _parts(word: str) -> tuple[str, str, str, int]:
    name, equals, rest = word.partition("=")
    pieces = rest.rsplit(":", 2)
    if not equals or not _NAME.fullmatch(name):
        raise _refused(
            word, "has no name", "wanted NAME=FILE:COLUMN:LAG, the name in small letters", _EXAMPLE
        )
    lag = pieces[-1].strip().removesuffix("d")
    if len(pieces) < 3 or not all(pieces) or not lag.isascii() or not lag.isdigit():
        raise _refused(
            word,
            "has no publication lag",
            "wanted FILE:COLUMN:LAG, the days after which a value is known",
            _EXAMPLE,
        )
    if int(lag) > MOST_DAYS:
        raise _refused(
            word, f"has a lag of {int(lag):,} days", f"wanted at most {MOST_DAYS:,}", "correct the lag"
        )
    return name, pieces[0], pieces[1].strip(), int(lag)


def _refused(word: str, fault: str, requirement: str, remedy: str) -> BadInputError:
    return BadInputError(f"index={word} {fault}", requirement, remedy, "index")


def _read(name: str, file: Path, column: str, lag: int) -> Driver:
    try:
        text = read_bounded(file, MOST_BYTES).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise BadInputError(
            f"{file.name}: {error.strerror}", "wanted a CSV file of a series", "correct the path"
        ) from None
    if text.startswith(("PK", "\ufffd\ufffd\x11")):
        raise BadInputError(f"{file.name} is a spreadsheet", "wanted a CSV file", "save its sheet as CSV")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [
            [c.strip() for c in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise BadInputError(f"{file.name}: {error}", "wanted a CSV file", "save it again as CSV") from None
    top = next((n for n, row in enumerate(rows[:20]) if column in row), None)
    if top is None:
        names = [c for c in (rows[0] if rows else []) if c]
        raise BadInputError(
            f"{file.name} has no column {column}", f"wanted one of {', '.join(names[:8]) or 'its header'}",
            did_you_mean(column, names),
        )  # fmt: skip
    header = rows[top]
    dated = next((n for n, c in enumerate(header) if folded(c) in DATE_COLUMNS), 0)
    value = header.index(column)
    cells = [
        (n, row[dated], row[value])
        for n, row in enumerate(rows[top + 1 :], top + 2)
        if len(row) > max(dated, value) and row[dated] and row[value].casefold() not in EMPTY
    ]
    if not cells:
        raise BadInputError(
            f"{file.name}: {column} has no value", "wanted numbers by date", "choose another column"
        )
    dates = _period_ends(file, [cell for _, cell, _ in cells])
    if (np.diff(dates.astype(np.int64)) <= 0).any():
        at = int(np.argmax(np.diff(dates.astype(np.int64)) <= 0)) + 1
        raise BadInputError(
            f"{file.name} line {cells[at][0]}: {cells[at][1][:40]!r} is not after the date before it",
            "wanted dates in ascending order, each once", "sort the file",
        )  # fmt: skip
    return Driver(name, dates, dates + np.timedelta64(lag, "D"), _numbers(file, column, cells))


def _period_ends(file: Path, cells: Sequence[str]) -> DateArray:
    """The day itself of daily and weekly values; of those that lie a month or more apart the last day of their month or
    quarter, wherever in it they are stamped, since a month's mean is not known on its first or fifteenth day. Where a
    quarter is stamped by its last month this is later than need be, and never too early; the last day of a month is
    taken as it stands."""
    months = [_MONTH.fullmatch(c) for c in cells]
    if all(m is not None and 1 <= int(m[2]) <= 12 for m in months):
        starts = np.array([f"{m[1]}-{m[2]}" for m in months if m is not None], dtype="datetime64[M]")
        return _ends(starts, _step(starts))
    try:
        days = read_dates([re.sub(r"\.0$", "", c) for c in cells]).days
    except ColumnError as error:
        raise BadInputError(f"{file.name}: {error.seen}", error.wanted, error.remedy) from None
    starts = days.astype("datetime64[M]")
    step = _step(starts)
    is_sparse = days.size > 1 and step > 0 and np.median(np.diff(days).astype(np.int64)) >= SHORTEST_MONTH
    return _ends(starts, step) if is_sparse and (days != _ends(starts, 1)).any() else days


def _step(months: DateArray) -> int:
    """The smallest number of months from one value to the next; 1 for a single one."""
    return int(np.diff(months).astype(np.int64).min(initial=MOST_MONTHS)) if months.size > 1 else 1


def _ends(months: DateArray, step: int) -> DateArray:
    """The last days of the periods of `step` months that begin with these."""
    return np.asarray((months + max(step, 1)).astype("datetime64[D]") - np.timedelta64(1, "D"))


def _numbers(file: Path, column: str, cells: Sequence[tuple[int, str, str]]) -> FloatArray:
    out = np.empty(len(cells))
    for n, (line, _, cell) in enumerate(cells):
        try:
            out[n] = float(cell) if "_" not in cell else np.nan
        except ValueError:
            out[n] = np.nan
        if not np.isfinite(out[n]):
            raise BadInputError(
                f"{file.name} line {line}: {column} {cell[:40]!r}",
                "wanted a number such as 118.2",
                "correct that cell",
            )
    return out
