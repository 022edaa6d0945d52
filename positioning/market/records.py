"""Reading a CSV of records: every complaint names the file, the line and the column."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

from positioning.errors import BadInputError, did_you_mean
from positioning.files import check_regular

MOST_BYTES = 64_000_000  # of a file of records
MINUS = "\u2212"  # which word processors write for a hyphen before a number
_DELIMITERS = ",;\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
T = TypeVar("T")
Cells = Mapping[str, str]


def read_records(
    path: Path, columns: Sequence[str], build: Callable[[Cells], T], optional: Sequence[str] = ()
) -> tuple[T, ...]:
    """One `build(cells)` per line of a CSV with a header, in UTF-8, or UTF-16 with its mark; cells are stripped, further
    columns ignored, and so are lines that begin with # above the header and rows without a value, as spreadsheets
    leave them.

    The header says whether commas, semicolons or tabs lie between cells; its names may be in any case, with blanks
    for underscores; those of `optional` may be absent. Raises BadInputError for a file that cannot be read, a missing
    column, a row of the wrong width, and repeats what `build` raises with the file and line put before it.
    """
    try:
        check_regular(path, MOST_BYTES)
        with path.open("rb") as file:
            encoding = "utf-16" if file.read(2) in _UTF_16 else "utf-8-sig"
        with path.open(encoding=encoding, newline="") as file:
            above, lines = _after_remarks(file)
            first = next(lines, "")
            if re.fullmatch(r"sep=.\s*", first):  # Excel's own first line
                above, first = above + 1, next(lines, "")
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
            spelling = {_folded(column): column for column in (*columns, *optional)}
            header = [spelling.get(_folded(cell), cell.strip()) for cell in next(reader, [])]
            _check_header(path, columns, header, above + 1)
            return tuple(
                _built(path, above + reader.line_num, header, row, build)
                for row in reader
                if any(map(str.strip, row))
            )
    except UnicodeError as error:
        raise BadInputError(
            f"{path} cannot be read (not UTF-8: {getattr(error, 'reason', error)})", "wanted a UTF-8 CSV file",
            'save it as "CSV UTF-8"',
        ) from error  # fmt: skip
    except (OSError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise BadInputError(
            f"{path} cannot be read ({why})", "wanted a UTF-8 CSV file", "check the path and save it as CSV"
        ) from error


def _folded(cell: str) -> str:
    """A column's name without case, its blanks as underscores."""
    return "_".join(cell.casefold().split())


def _after_remarks(file: Iterable[str]) -> tuple[int, Iterator[str]]:
    """How many lines above the header begin with #, and the lines from the header on."""
    lines = iter(file)
    for above, line in enumerate(lines):
        if not line.startswith("#"):
            return above, chain([line], lines)
    return 0, iter(())


def decimal(text: str) -> float:
    """A number with a full stop or a comma before its decimals, as in 1234.5, 1234,5, 1.234,5 and 1,234.5.

    Raises ValueError for other text, digits of other scripts among it, and BadInputError where a comma may be before
    decimals or thousands.
    """
    text = text.replace(MINUS, "-")
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        raise BadInputError(
            f"{text!r} may be {text.replace(',', '.')} or {text.replace(',', '')}",
            "wanted a number that can be read in one way only",
            "write 1234.5, without marks between thousands",
        )
    if re.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+", text):
        text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    return float(text)


def whole(text: str) -> int:
    """A whole number in the digits 0 to 9. Raises ValueError for other text."""
    text = text.replace(MINUS, "-")
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return int(text)


def in_digits(text: str) -> str:
    """What is to be added to `wanted` where a text has digits of another script, which look like a number's: ``,
    or `, in the digits 0 to 9`."""
    return ", in the digits 0 to 9" if any(c.isdigit() and not c.isascii() for c in text) else ""


def parsed(cells: Cells, column: str, convert: Callable[[str], T], requirement: str) -> T:
    """The cell through `convert`; BadInputError naming the column where that fails on its text."""
    try:
        return convert(cells[column])
    except (ValueError, OverflowError):
        raise BadInputError(
            f"{column} {cells[column]!r}",
            f"wanted {requirement}{in_digits(cells[column])}",
            "correct that cell",
        ) from None


def check_choice(field: str, value: str, options: Collection[str]) -> None:
    """BadInputError with the nearest option where `value` is none of them."""
    if value not in options:
        raise BadInputError(
            f"{field} {value!r}", "wanted one of the known values", did_you_mean(value, options)
        )


def check_filled(field: str, value: str, remedy: str) -> None:
    """BadInputError where `value` is empty."""
    if not value:
        raise BadInputError(f"{field} is empty", f"every record needs a {field}", remedy)


def _check_header(path: Path, columns: Sequence[str], header: Sequence[str], line: int) -> None:
    for column in columns:
        if header.count(column) > 1:
            raise BadInputError(
                f"{path} line {line}: column {column!r} twice",
                "wanted each column once",
                "remove one of them",
            )
        if column not in header:
            raise BadInputError(
                f"{path} line {line}: no column {column!r}",
                f"wanted the columns {','.join(columns)}",
                f"add the column {column}, or rename the one that is meant",
            )


def _built(
    path: Path, line: int, header: Sequence[str], row: Sequence[str], build: Callable[[Cells], T]
) -> T:
    surplus = row[len(header) :]
    if len(row) < len(header) or any(map(str.strip, surplus)):
        raise BadInputError(
            f"{path} line {line}: {'more' if surplus else 'fewer'} cells than the header",
            "wanted one cell per column",
            "quote cells that contain commas",
        )
    try:
        return build({name: cell.strip() for name, cell in zip(header, row, strict=False) if name})
    except BadInputError as error:
        raise BadInputError(f"{path} line {line}: {error.seen}", error.wanted, error.remedy) from None
