"""One CSV file of dated numbers. Every complaint names the file, the line and the remedy."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError

_EMPTY = ("", "nan", "NaN", "null")
_MAY_BE_ZERO = ("Volume", "Dividends")


@final
@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """dates: (R,) datetime64[D], ascending. columns: (R,) float64 by name, positive, NaN where empty."""

    file: Path
    dates: DateArray
    columns: Mapping[str, FloatArray]

    def at(self, bad: BoolArray) -> str:
        """`NAME line N` of the first row marked bad."""
        row = int(np.argmax(bad))
        lines = (line for k, (line, _) in enumerate(_records(self.file)) if k == row + 1)
        return f"{self.file.name} line {next(lines, row + 2)}"


def read_sheet(file: Path, need: Sequence[str], may: Sequence[str], what: str) -> CsvTable:
    """Date, the needed columns and those of `may` that are there; `what` says what kind of file was wanted.

    Raises BadInputError for a file that cannot be read, a missing or repeated column, a cell that is no
    number or no ISO date, dates not ascending or yet to come, and numbers that are infinite, negative or (but for volumes
    and dividends) zero.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    header = next(_records(file), (1, []))[1]
    _check_header(file, header, ("Date", *need), what)
    names = [name for name in ("Date", *need, *may) if name in header]
    types = {name: pa.date32() if name == "Date" else pa.float64() for name in names}
    try:
        table = arrow.read_csv(
            str(file),
            read_options=arrow.ReadOptions(use_threads=False),
            convert_options=arrow.ConvertOptions(
                column_types=types, include_columns=names, null_values=_EMPTY
            ),
        )
    except pa.ArrowException as error:
        raise _blame(file, names, str(error)) from None
    sheet = CsvTable(file, table["Date"].to_numpy(), {name: table[name].to_numpy() for name in names[1:]})
    _check_dates(sheet)
    _check_numbers(sheet)
    return sheet


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not empty, the header first."""
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            reader = csv.reader(text)
            yield from ((reader.line_num, cells) for cells in reader if cells)
    except (OSError, csv.Error) as error:
        raise _unreadable(file, getattr(error, "strerror", None) or str(error)) from None


def _unreadable(file: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{file.name} cannot be read ({why})", "wanted a UTF-8 CSV file", "save it again as CSV"
    )


def _check_header(file: Path, header: list[str], need: Iterable[str], what: str) -> None:
    if any("\0" in cell or "\ufffd" in cell for cell in header):
        raise BadInputError(
            f"{file.name} line 1: not text", "wanted a UTF-8 CSV file", "save it again as CSV"
        )
    for name in need:
        if (times := header.count(name)) != 1:
            raise BadInputError(
                f"{file.name} line 1: {times or 'no'} column {name} in {', '.join(header)[:200] or 'nothing'}",
                f"wanted {what}",
                "name each column once"
                if times
                else "name it so, with its capital, commas between the columns and no spaces",
            )


def _check_dates(sheet: CsvTable) -> None:
    if (bad := np.isnat(sheet.dates)).any():
        raise BadInputError(
            f"{sheet.at(bad)}: no date", "wanted a date on every row", "fill it in or drop the row"
        )
    bad = np.zeros(sheet.dates.size, dtype=np.bool_)
    bad[1:] = np.diff(sheet.dates.astype(np.int64)) <= 0
    if bad.any():
        raise BadInputError(
            f"{sheet.at(bad)}: date {sheet.dates[bad][0]} is repeated or out of order",
            "wanted ascending dates",
            "sort the file and drop the repeated row",
        )
    tomorrow = np.datetime64("today", "D") + 1  # east of here it is tomorrow already
    if (bad := sheet.dates > tomorrow).any():
        raise BadInputError(
            f"{sheet.at(bad)}: date {sheet.dates[bad][0]} is yet to come",
            "wanted dates that are over",
            "correct that date or drop the row",
        )


def _check_numbers(sheet: CsvTable) -> None:
    for name, values in sheet.columns.items():
        zero = name in _MAY_BE_ZERO
        bad = np.isinf(values) | (values < 0) | ((values == 0) & (not zero))
        if bad.any():
            raise BadInputError(
                f"{sheet.at(bad)}: {name} {values[bad][0]:g}",
                f"wanted a finite number {'of at least' if zero else 'above'} zero",
                "correct that cell or empty it",
            )


def _blame(file: Path, names: Sequence[str], why: str) -> BadInputError:
    """The complaint about the first cell that cannot be read, or what the reader said where none is found."""
    header: list[str] = []
    for line, cells in _records(file):
        header = header or cells
        if len(cells) != len(header):
            return BadInputError(
                f"{file.name} line {line}: {len(cells)} cells",
                f"wanted {len(header)}, as in the header",
                "correct that line",
            )
        for name in names if cells is not header else ():
            if not _readable(name, cell := cells[header.index(name)].strip()):
                wanted = "a date such as 2020-01-31" if name == "Date" else "a number such as 1234.5"
                return BadInputError(
                    f"{file.name} line {line}: {name} {cell[:40]!r}", f"wanted {wanted}", "correct that cell"
                )
    return _unreadable(file, why)


def _readable(name: str, cell: str) -> bool:
    if cell in _EMPTY:
        return True
    try:
        _ = date.fromisoformat(cell) if name == "Date" else float(cell)
    except ValueError:
        return False
    return name != "Date" or len(cell) == 10  # 20200131 is ISO too, but not what the reader takes
