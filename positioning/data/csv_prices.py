"""One CSV file of dated numbers. Every complaint names the file, the line and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from positioning import clock
from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.data.csv_cells import ColumnError
from positioning.data.csv_dates import Dates, read_dates
from positioning.data.csv_numbers import is_per_cent, number_marks, per_cent_words, read_numbers
from positioning.data.csv_text import ALIASES, Table, folded, is_unused, known_as, read_table
from positioning.errors import BadInputError

_CURRENCIES_OF_THE_ECB = ("USD", "JPY", "GBP")  # three of its columns tell its file, and none begins with EUR


@final
@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """dates: (R,) datetime64[D], ascending, none after tomorrow. columns: (R,) float64 by name, NaN where empty;
    what a number may be is the caller's to say. lines: (R,) the line of each row. notes: how the file had to be
    read, where that was not plain. symbol: whose prices the file says they are; unit: in what it says that they are
    quoted, a code such as EUR or GBp, or one of $, €, £ and ¥; each "" where it does not say.
    """

    file: Path
    dates: DateArray
    columns: Mapping[str, FloatArray]
    lines: IntArray
    notes: tuple[str, ...] = ()
    symbol: str = ""
    unit: str = ""

    def at(self, bad: BoolArray) -> str:
        """`NAME line N` of the first row marked bad."""
        return f"{self.file.name} line {self.lines[bad].min()}"


def read_sheet(file: Path, need: Sequence[str], may: Sequence[str], what: str) -> CsvTable:
    """Date, the needed columns and those of `may` that are there; `what` says what kind of file was wanted.

    Columns are found under the names of `csv_text.ALIASES`, in any case and spacing; the rest is in `csv_text`,
    and in `csv_dates` and `csv_numbers` how these may be written. Rows may be newest first.
    Raises BadInputError for a file that cannot be read, a missing or repeated column, a name that is nearly one of
    those wanted, a cell that is no number or no date, a date that is repeated, out of order or yet to come.
    """
    table = read_table(file)
    notes = list(table.notes)
    symbol = _only(table, file, ("ticker", "symbol"), "symbols", "the prices of one") or table.symbol
    unit = _only(table, file, ("currency", "ccy"), "currencies", "prices in one")
    header = _ecb(table, need, notes)
    places = _places(file, header, ("Date", *need), may, what, notes)
    cells = {name: [row[at] for row in table.rows] for name, at in places.items()}
    with _named(file, table):
        dates = read_dates(cells.pop("Date"))
        marks = number_marks(list(cells.values()))
        columns = {name: read_numbers(name, column, marks) for name, column in cells.items()}
    notes += [text for text in (dates.notes, marks.notes) if text]
    unit = unit or _sign(cells.get("Close", ()))
    lines = np.array(table.lines, dtype=np.int64)
    sheet = _in_order(CsvTable(file, dates.days, columns, lines, tuple(notes), symbol, unit))
    _check_future(sheet)
    return sheet


def read_every_column(file: Path, what: str) -> CsvTable:
    """The first column as dates, every other as numbers under its own name; a name that ends in %, and cells that do,
    say per cent, and their numbers are divided by 100. `what` says what the file was wanted for.

    Raises BadInputError as `read_sheet` does, for a file without rows or columns, and where only some cells of a column
    have a per cent sign.
    """
    table = read_table(file)
    names = [name.strip() for name in table.header[1:]]
    if not names or not table.rows:
        fault = (
            "no rows below a header" if names else f"no column beside {', '.join(table.header) or 'nothing'}"
        )
        raise BadInputError(f"{file.name}: {fault}", f"wanted {what}", "write dates first, then the columns")
    if twice := [name for n, name in enumerate(names) if name in names[:n] or not name]:
        fault = f"a second column {twice[0]}" if twice[0] else "a column without a name"
        raise BadInputError(f"{file.name} line 1: {fault}", f"wanted {what}", "give each column its own name")
    days, *cells = zip(*table.rows, strict=True)
    notes = list(table.notes)
    columns = {}
    with _named(file, table):
        dates = _first_column(days)
        marks = number_marks(cells)
        for name, column in zip(names, cells, strict=True):
            percent = is_per_cent(name, column)
            bare = [cell.rstrip(" %") for cell in column] if percent else column
            columns[name] = read_numbers(name, bare, marks) / (100.0 if percent else 1.0)
            notes += [per_cent_words(name)] if percent else []
    notes += [text for text in (dates.notes, marks.notes) if text]
    return _in_order(CsvTable(file, dates.days, columns, np.array(table.lines, dtype=np.int64), tuple(notes)))


def _first_column(cells: Sequence[str]) -> Dates:
    """Its dates. Raises ColumnError, saying which column."""
    try:
        return read_dates(cells)
    except ColumnError as error:
        fault = error.seen.replace("Date ", "its first column is no dates: ", 1)
        raise ColumnError(fault, error.wanted, error.remedy, error.at) from None


@contextmanager
def _named(file: Path, table: Table) -> Iterator[None]:
    """A cell that cannot be read becomes the complaint that names the file and the line."""
    try:
        yield
    except ColumnError as error:
        where = f"{file.name} line {table.lines[error.at]}" if error.at >= 0 else file.name
        raise BadInputError(f"{where}: {error.seen}", error.wanted, error.remedy) from None


def _only(table: Table, file: Path, names: Sequence[str], what: str, need: str) -> str:
    """What the cells of a column of such a name say, "" where there is none. Raises BadInputError where they differ."""
    for at, name in enumerate(table.header):
        if folded(name) in names:
            words = list(dict.fromkeys(row[at] for row in table.rows if row[at]))
            if len(words) > 1:
                raise BadInputError(
                    f"{file.name} holds {len(words)} {what} ({', '.join(words)[:80]})",
                    f"wanted {need}",
                    "write a file a symbol",
                )
            return words[0] if words else ""
    return ""


def _sign(cells: Sequence[str]) -> str:
    """The sign of a currency that stands in every cell which is not empty."""
    full = [c for c in cells if re.search(r"[0-9]", c)]
    return next((sign for sign in "€£¥$" if full and all(sign in c for c in full)), "")


def is_per_euro(header: Sequence[str]) -> bool:
    """Whether a header is of the ECB's own history file: currencies as columns, the dollar among them."""
    currencies = [name for name in header if re.fullmatch(r"[A-Z]{3}", name)]
    return (
        "USD" in currencies and len(currencies) > 1 and not any(known_as(name) == "Close" for name in header)
    )


def _ecb(table: Table, need: Sequence[str], notes: list[str]) -> list[str]:
    """The header; of the ECB's own history file with its columns named as pairs."""
    header = list(table.header)
    if "EURUSD" not in need or not (is_per_euro(header) or set(_CURRENCIES_OF_THE_ECB) & {*header}):
        return header
    notes.append("the ECB's own file, units per euro")
    return [f"EUR{name}" if len(name) == 3 and name.isupper() else name for name in header]


def _places(
    file: Path, header: Sequence[str], need: Iterable[str], may: Sequence[str], what: str, notes: list[str]
) -> dict[str, int]:
    """The index of each column that is wanted and there."""
    columns = [*need, *may]
    by_column: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        column = name if name in columns else known_as(name)
        if column in columns:
            by_column.setdefault(column, []).append(at)
    # Investing.com calls its closes Price; a series of a file with one column is no instrument.
    if (
        "Close" not in by_column
        and "Open" in by_column
        and "Close" in columns
        and "price" in map(folded, header)
    ):
        by_column["Close"] = [n for n, name in enumerate(header) if folded(name) == "price"]
    if len(by_column.get("Date", ())) > 1:  # beside a date, a time of day
        by_column["Date"] = [n for n in by_column["Date"] if folded(header[n]) != "time"]
    for name, here in by_column.items():
        if len(here) > 1:
            raise BadInputError(
                f"{file.name} line 1: {len(here)} columns {name} in {', '.join(header)[:200]}",
                f"wanted {what}",
                "name each column once",
            )
    _refuse_near_names(file, header, by_column, may)
    for name in (n for n in need if n not in by_column):
        raise BadInputError(
            f"{file.name} line 1: no column {name} in {', '.join(header)[:200] or 'nothing'}",
            f"wanted {what}",
            "name the column so",
        )
    used = {at for places in by_column.values() for at in places}
    if "Close" in need and may:
        rest = [n for at, n in enumerate(header) if at not in used and not is_unused(n) and not known_as(n)]
        if rest:
            notes.append(f"columns {', '.join(rest)[:80]} left aside")
    if [
        header[by_column[n][0]]
        for n in by_column
        if n == "Adj Close" and header[by_column[n][0]].strip() != n
    ]:
        notes.append(f"{header[by_column['Adj Close'][0]]} as Adj Close")
    return {name: by_column[name][0] for name in columns if name in by_column}


def _refuse_near_names(
    file: Path, header: Sequence[str], by_column: Mapping[str, Sequence[int]], may: Sequence[str]
) -> None:
    """BadInputError for a column whose name is nearly that of a wanted one that is missing: misspelt, it would
    be left aside and change what the account earned."""
    from difflib import get_close_matches

    missing = {
        alias: name for name in may if name not in by_column for alias in ALIASES.get(name, "").split()
    }
    for name in header:
        if known_as(name) or is_unused(name):
            continue
        near = get_close_matches(folded(name), missing, n=1, cutoff=0.8)
        if near:
            raise BadInputError(
                f"{file.name} line 1: a column {name.strip()[:40]!r}, nearly {missing[near[0]]!r}",
                f"wanted {missing[near[0]]!r}, or no such column",
                "name it so, or give it another name",
            )


def _in_order(sheet: CsvTable) -> CsvTable:
    """Ascending; a file that is newest first is turned round."""
    steps = np.diff(sheet.dates.astype(np.int64))
    notes = sheet.notes
    if steps.size and (steps < 0).sum() > steps.size / 2:
        columns = {name: values[::-1] for name, values in sheet.columns.items()}
        sheet = replace(
            sheet,
            dates=sheet.dates[::-1],
            columns=columns,
            lines=sheet.lines[::-1],
            notes=(*notes, "newest row first"),
        )
        steps = np.diff(sheet.dates.astype(np.int64))
    bad = np.append(False, steps <= 0)
    if bad.any():
        more = f" (and {bad.sum() - 1} more such rows)" if bad.sum() > 1 else ""
        raise BadInputError(
            f"{sheet.at(bad)}: date {sheet.dates[bad][0]} is repeated or out of order{more}",
            "wanted ascending dates",
            "sort the file and drop the repeated rows",
        )
    return sheet


def _check_future(sheet: CsvTable) -> None:
    if (bad := sheet.dates > clock.latest_day()).any():
        more = f" (and {bad.sum() - 1} more such rows)" if bad.sum() > 1 else ""
        raise BadInputError(
            f"{sheet.at(bad)}: date {sheet.dates[bad][0]} is yet to come{more}",
            "wanted dates that are over",
            "correct that date or drop the row",
        )
