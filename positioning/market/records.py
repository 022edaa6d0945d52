"""Reading a CSV of records: every complaint names the file, the line and the column."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

from positioning.errors import BadInputError, did_you_mean
from positioning.files import check_regular

MOST_BYTES = 64_000_000  # of a file of records
T = TypeVar("T")
Cells = Mapping[str, str]


def read_records(path: Path, columns: Sequence[str], build: Callable[[Cells], T]) -> tuple[T, ...]:
    """One `build(cells)` per line of a UTF-8 CSV with a header; cells are stripped, further columns ignored, and so are
    lines that begin with # above the header.

    Raises BadInputError for a file that cannot be read, a missing column, a row of the wrong width, and
    repeats what `build` raises with the file and line put before it.
    """
    try:
        check_regular(path, MOST_BYTES)
        with path.open(encoding="utf-8-sig", newline="") as file:
            above, lines = _after_remarks(file)
            reader = csv.DictReader(lines, strict=True)
            _check_header(path, columns, reader.fieldnames or (), above + 1)
            return tuple(_built(path, above + reader.line_num, row, build) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise BadInputError(
            f"{path} cannot be read ({why})", "wanted a UTF-8 CSV file", "check the path and save it as CSV"
        ) from error


def _after_remarks(file: Iterable[str]) -> tuple[int, Iterator[str]]:
    """How many lines above the header begin with #, and the lines from the header on."""
    lines = iter(file)
    for above, line in enumerate(lines):
        if not line.startswith("#"):
            return above, chain([line], lines)
    return 0, iter(())


def parsed(cells: Cells, column: str, convert: Callable[[str], T], wanted: str) -> T:
    """The cell through `convert`; BadInputError naming the column where that fails on its text."""
    try:
        return convert(cells[column])
    except (ValueError, OverflowError):
        raise BadInputError(f"{column} {cells[column]!r}", f"wanted {wanted}", "correct that cell") from None


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
        if list(header).count(column) > 1:
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


def _built(path: Path, line: int, row: Mapping[str | None, str | None], build: Callable[[Cells], T]) -> T:
    # DictReader files surplus cells under None and fills a short row with None.
    if None in row or None in row.values():
        raise BadInputError(
            f"{path} line {line}: {'more' if None in row else 'fewer'} cells than the header",
            "wanted one cell per column",
            "quote cells that contain commas",
        )
    try:
        return build({str(k): str(v).strip() for k, v in row.items()})
    except BadInputError as error:
        raise BadInputError(f"{path} line {line}: {error.seen}", error.wanted, error.remedy) from None
