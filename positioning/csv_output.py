"""CSV that people open in a spreadsheet: none of its cells is run there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

RISKY = ("=", "+", "-", "@", "\t", "\n", "|", "%")
"""What a spreadsheet takes for the beginning of a formula, or skips to find one."""


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """One line a row, the heading first. Text that a spreadsheet would run begins with an apostrophe; numbers, and
    texts that are numbers, are as they are."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([escaped_formula(cell) for cell in row] for row in rows)
    return text.getvalue()


def unescaped_formula(cell: str) -> str:
    """The text that `csv_text` wrote as that cell."""
    return cell[1:] if cell.startswith("'") and escaped_formula(cell[1:]) == cell else cell


def escaped_formula(cell: object) -> object:
    """A cell as a spreadsheet may open it: text that it would run begins with an apostrophe."""
    if not isinstance(cell, str):
        return cell
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")  # which the writer would not quote
    if not cell.lstrip(" \u00a0").startswith(RISKY):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
