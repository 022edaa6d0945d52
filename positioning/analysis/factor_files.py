"""Daily factor files in the layout of the French library, as they come and as spreadsheets save them again.

Files are in percent, their missing code is -99.99 or -999, and the first block of rows is the daily one; what stands
above its header, annual rows and the copyright below it are left alone. Files whose returns were divided by 100 are
recognised by their size. Kenneth R. French, Data Library (Fama and French 1993, doi:10.1016/0304-405X(93)90023-5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from positioning.analysis.factor_regions import region_of
from positioning.analysis.factors import Factors
from positioning.arrays import FloatArray
from positioning.errors import BadInputError

MISSING = (-99.99, -999.0)
PERCENT_FROM = (
    0.05  # median over days of the largest absolute return: percent at or above it, a fraction below
)
RISK_FREE = "RF"
MAX_BYTES = 50_000_000
_DAY = re.compile(r"\d{8}$")


def read_factors(path: Path) -> Factors:
    """A daily file of the French library.

    Raises BadInputError for a file that cannot be read, without a header that begins with a comma, without daily rows
    (monthly and annual files), with a row among the daily ones that is none, with dates out of order, and with returns
    that are no percentages.
    """
    lines = _lines(path)
    first = next((n for n, line in enumerate(lines) if _DAY.match(_cells(line)[0])), len(lines))
    headers = [n for n, line in enumerate(lines[:first]) if _is_header(line)]
    if not headers:
        raise BadInputError(f"{path.name} has no header such as ,Mkt-RF,SMB,HML,RF", "wanted the French library's layout",
                            "unzip its daily CSV and give it unchanged")  # fmt: skip
    head = headers[-1]
    names = _names(lines[head])
    if not set(names) - {RISK_FREE} or "" in names or len(set(names)) != len(names):
        raise BadInputError(f"{path.name}, line {head + 1}: the header {lines[head].strip()[:80]!r}",
                            "wanted each factor once", "unzip its daily CSV and give it unchanged")  # fmt: skip
    if first == len(lines):
        raise BadInputError(
            f"{path.name} has no daily rows", "wanted dates as yyyymmdd", "give the file named daily"
        )
    dates, values = _daily_rows(path.name, lines, first, len(names))
    values[np.isin(values, MISSING)] = np.nan
    values, notes = _fractions(values, path.name)
    if np.nanmax(np.abs(values), initial=0.0) > 1:
        raise BadInputError(
            f"{path.name} has a daily return beyond 100 %", "wanted percent a day", "download the file again"
        )
    columns = [n for n, name in enumerate(names) if name != RISK_FREE]
    free = values[:, names.index(RISK_FREE)] if RISK_FREE in names else np.full(len(dates), np.nan)
    vintage = next((text for line in lines[:head] if (text := line.strip(" \t,"))), "")[:200]
    region = region_of(path.name, vintage)
    return Factors(
        tuple(names[n] for n in columns), np.array(dates), values[:, columns], free, vintage,
        (region,) if region else (), notes,
    )  # fmt: skip


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInputError(f"{path.name} is larger than {MAX_BYTES:,} bytes", "wanted a daily factor file",
                                "give one region's file")  # fmt: skip
        return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise BadInputError(
            f"{path.name}: {error.strerror}", "wanted a factor file", "correct the path"
        ) from None


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"').strip() for cell in line.split(",")]


def _is_header(line: str) -> bool:
    """Whether a line begins with a comma and names something; spreadsheets save an empty line as commas alone."""
    cells = _cells(line)
    return len(cells) > 1 and not cells[0] and any(cells)


def _names(header: str) -> list[str]:
    names = _cells(header)[1:]
    while names and not names[-1]:
        names.pop()
    return [RISK_FREE if name.upper() == RISK_FREE else name for name in names]


def _daily_rows(
    file: str, lines: Sequence[str], first: int, width: int
) -> tuple[list[np.datetime64], FloatArray]:
    """The block of daily rows that begins at line `first`, empty lines left out; it ends with the first line of another
    kind, after which no daily row may follow but under a header of its own."""
    dates: list[np.datetime64] = []
    rows: list[list[float]] = []
    end = len(lines)
    for number, line in enumerate(lines[first:], first + 1):
        cells = _cells(line)
        if not any(cells):
            continue
        if not _DAY.match(cells[0]):
            end = number
            break
        day, row = _row(cells, width)
        if day is None or (dates and day <= dates[-1]):
            raise _no_row(file, number, line, width)
        dates.append(day)
        rows.append(row)
    for line in lines[end:]:
        if _is_header(line):
            break
        if _DAY.match(_cells(line)[0]):
            raise _no_row(file, end, lines[end - 1], width)
    return dates, np.array(rows)


def _row(cells: Sequence[str], width: int) -> tuple[np.datetime64 | None, list[float]]:
    """The day and its returns; no day where a cell is no number, or there are more or fewer than `width`."""
    texts, more = cells[1 : width + 1], cells[width + 1 :]
    if len(texts) != width or any(more) or any("_" in text for text in texts):
        return None, []
    try:
        day = np.datetime64(f"{cells[0][:4]}-{cells[0][4:6]}-{cells[0][6:]}", "D")
        return day, [float(text) if text else MISSING[0] for text in texts]
    except ValueError:
        return None, []


def _no_row(file: str, number: int, line: str, width: int) -> BadInputError:
    return BadInputError(
        f"{file}, line {number}: {line[:80]!r}",
        f"wanted a later day and {width} numbers",
        "download the file again",
    )


def _fractions(values: FloatArray, name: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Daily returns as fractions, and what is told where they are so in the file already. Days without any return, as
    before a factor begins, say nothing of the unit."""
    largest = np.nanmax(np.abs(values), axis=1, initial=0.0)
    moved = largest[largest > 0]
    if not moved.size or np.median(moved) >= PERCENT_FROM:
        return values / 100, ()
    codes = np.isclose(values, MISSING[0] / 100, atol=1e-9) | np.isclose(values, MISSING[1] / 100, atol=1e-9)
    return np.where(codes, np.nan, values), (f"{name} holds fractions, not percent: read as they are",)
