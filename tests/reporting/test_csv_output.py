"""CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positioning.csv_output import RISKY, csv_text


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0", "%0A"]
)
def test_formulas_are_text(cell: str) -> None:
    assert csv_text([[cell]]).strip('"').startswith("'")


def test_numbers_stay_numbers() -> None:
    assert csv_text([["a", "b", "c"], ["-1.5", -2, "+3e5"], [None, "", "[-1,1]"]]) == (
        'a,b,c\n-1.5,-2,+3e5\n,,"[-1,1]"\n'
    )


@given(st.lists(st.lists(st.text(), min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_text_comes_back_with_at_most_an_apostrophe_before_it(rows: list[list[str]]) -> None:
    back = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert [len(r) for r in back] == [len(r) for r in rows]
    for text, got in zip(chain(*rows), chain(*back), strict=True):
        cell = text.replace("\r\n", "\n").replace("\r", "\n")
        assert got in (cell, f"'{cell}")
        if cell.startswith(RISKY) and got == cell:
            float(cell)  # a number
