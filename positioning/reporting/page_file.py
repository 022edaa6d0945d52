"""Files of answers: written whole, and never over one that another program or a person wrote."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from positioning.errors import BadInputError
from positioning.files import check_writable, read_bounded, write_whole
from positioning.reporting.html import Html

GENERATOR = Html('<meta name="generator" content="positioning">')
HEAD = 200_000  # bytes of a page in which its marks stand
_BEFORE = (  # pages of earlier versions bear no generator; they begin so, and have our colours
    b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width',
    b"--strategy:",
)


# What a table of ours has: columns of a CSV or a Parquet file, keys of a JSON object; the first pattern that fits.
_TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "event_study_events.csv": ("study", "simulated", "events", "used", "reason"),
        "event_study_tests.csv": ("study", "simulated", "group", "caar", "test"),
        "comparison.csv": ("strategy", "run", "metric", "value"),
        "screened_restrictions.csv": ("symbol", "announced", "kind", "ground", "source"),
        "*_orders.csv": ("symbol", "venue", "side", "shares"),
        "*.csv": ("date", "nav", "returns"),
        "stress.json": ("simulated", "scenarios", "horizon", "paths"),
        "screening.json": ("screened", "lists", "findings", "restrictions"),
        "claims.json": ("claims",),
        "grid.json": ("verdict", "trials", "figures", "plateau"),
        "capacity_*.json": ("strategy", "assumptions", "capitals"),
        "stress.parquet": ("strategy", "scenario", "probability"),
        "trials.parquet": ("total_return", "sharpe", "max_drawdown"),
    }
)
_PRINTED = b"HeadlessChrome"  # by which the browser that prints our pages names itself in a PDF
_MOST_JSON = 200_000_000


def write_page(path: Path, text: str) -> Path:
    """Write a page or a table beside it, whole or not at all; returns its path. Raises BadInputError where a foreign file
    stands there."""
    refuse_foreign_pages(path.parent, [path.name])
    return write_whole(path, text)


def check_place(directory: Path, names: Iterable[str], *folders: str) -> None:
    """Before anything is worked out: raise OSError where nothing can be written there, or into these folders in it, and
    BadInputError as `refuse_foreign_pages`."""
    check_writable(directory, *(directory / folder for folder in folders))
    refuse_foreign_pages(directory, names)


def refuse_foreign_pages(directory: Path, names: Iterable[str]) -> None:
    """Raise BadInputError where one of these files is there and is none of ours: a page without our mark, a table of
    other columns, a PDF that was not printed here."""
    for name in names:
        path = directory / name
        if (path.is_symlink() or path.exists()) and not (path.is_file() and _is_own(path)):
            what = "page" if path.suffix == ".html" else "file"
            raise BadInputError(
                f"{path} is not a {what} of this program",
                f"wanted a folder whose {what}s are its own",
                "choose another folder, or move that file away",
            )


def _is_own(path: Path) -> bool:
    try:
        if path.suffix in (".csv", ".json", ".parquet"):
            columns = next(c for pattern, c in _TABLES.items() if fnmatchcase(path.name, pattern))
            return set(columns) <= _has(path)
        with path.open("rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError, StopIteration):  # pyarrow's errors are ValueErrors too
        return False
    if path.suffix == ".xlsx":
        return _made_by_us(path)
    if path.suffix == ".pdf":
        return head.startswith(b"%PDF") and _PRINTED in head
    return GENERATOR.encode() in head or (head.startswith(_BEFORE[0]) and _BEFORE[1] in head)


def _made_by_us(path: Path) -> bool:
    """Whether a workbook names this program as its author."""
    try:
        with zipfile.ZipFile(path) as book, book.open("docProps/core.xml") as properties:
            return b"<dc:creator>positioning</dc:creator>" in properties.read(HEAD)
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False


def _has(path: Path) -> set[str]:
    """Columns or keys. Raises ValueError for what has none."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        with path.open("rb") as table:  # pyarrow takes UTF-8 names alone
            return set(parquet.read_schema(table).names)
    if path.suffix == ".json":
        content = json.loads(read_bounded(path, _MOST_JSON))
        return set(content) if isinstance(content, dict) else set()
    with path.open(encoding="utf-8", newline="") as file:
        return set(next(csv.reader([file.readline(HEAD)]), ()))
