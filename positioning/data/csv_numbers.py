"""Numbers as people's programs write them: which marks a whole file allows, or that two readings do."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import BoolArray, FloatArray
from positioning.data.csv_cells import EMPTY, ColumnError, more_cells
from positioning.market.records import MINUS, in_digits

_LARGEST = (
    1e100  # of a number, and one over it of what is not nought: three of them multiply without overflow
)
_MULTIPLES = {"K": 1e3, "M": 1e6, "B": 1e9}
_SIGNS = str.maketrans({**dict.fromkeys("$€£¥%'\u2019\u00a0\u2007\u2009\u202f "), MINUS: "-"})
_BARE = re.compile(r"[!-#%&(-~]+")  # without blanks, currencies and marks of thousands
_PARTED = re.compile(r"\d[\s'\u2019]+\d")  # blanks of any width, or apostrophes, between digits
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[\s'\u2019]\d{3})+(?!\d)")


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
            f"{name} {cells[bare[0]][:40]!r}{more_cells(bare)} without a per cent sign, and others with one",
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
            f"{name} {cells[bad[0]][:40]!r}{more_cells(bad)}",
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
