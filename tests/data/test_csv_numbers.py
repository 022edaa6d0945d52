"""How numbers of people's files are written: the marks that all cells of a file allow, worked out cell by cell."""

from __future__ import annotations

import math

import pytest

from positioning.data.csv_cells import ColumnError
from positioning.data.csv_numbers import Marks, is_per_cent, number_marks, read_numbers

PLAIN, COMMAS = Marks(), Marks(",", ".", "decimal commas")
PARTED, STOPS = Marks(".", ",", "commas between thousands"), Marks(".", ".", "")


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        ([], PLAIN), (["1234.5", "2", ""], PLAIN), (["1.5"], PLAIN),
        (["1.000.000", "12.5"], STOPS), (["1.000.000"], STOPS),
        (["1.234,5"], COMMAS), (["1,234.5"], PARTED),
        (["1.234,5", "1,234.5"], PARTED), (["1,234.5", "1.234,5"], PARTED),  # not all of them: one is a slip
        (["12,3"], COMMAS), (["12,3456"], COMMAS), (["1,234,56"], COMMAS),  # no three digits after the last mark
        (["0,123"], COMMAS), (["-0,123"], COMMAS), (["+00,123"], COMMAS), ([",123"], COMMAS),  # no thousand begins so
        (["30,5", "30.5"], PARTED), (["30,5", "30,6", "30.5"], COMMAS), (["30,5", "30.5", "30.6"], PARTED),
        (["1,234,567"], PARTED), (["1,234", "1,234,567"], PARTED),
        (["1,234", "1.5"], PARTED), (["1,234", "1.25"], PARTED), (["1,234", "1.2345"], PARTED),
        (["1,50 €"], COMMAS), (["1,234M", "1,234,567"], PARTED),
    ],
)  # fmt: skip
def test_the_marks_of_a_file_are_those_that_all_its_cells_allow(cells: list[str], marks: Marks) -> None:
    assert number_marks([cells]) == marks
    assert number_marks([[cell] for cell in cells]) == marks  # whichever columns they stand in


@pytest.mark.parametrize("others", [[], ["1"], ["1.234"], ["5,678"]])
def test_a_comma_before_three_digits_may_be_either_mark(others: list[str]) -> None:
    with pytest.raises(ColumnError) as error:
        number_marks([["1,234", *others]])
    assert error.value.seen == "'1,234' may be 1.234 or 1234"
    assert error.value.at == -1


@pytest.mark.parametrize(
    ("name", "cells", "answer"),
    [
        ("Rate", ["1%", "-2%"], True), ("Rate", ["1", "2"], False), ("Rate", [], False), ("Rate %", ["1", "2"], True),
        ("Rate (%)", ["1", "2"], True), ("% Rate", ["1", "2"], False), ("Rate %", ["1%", "2"], True),
        ("Rate", ["1%", "0", "0.00", "n/a", "", "-"], True), ("Rate", ["0", "1%"], True),
    ],
)  # fmt: skip
def test_a_column_is_in_per_cent_by_its_name_or_by_its_cells(
    name: str, cells: list[str], answer: bool
) -> None:
    assert is_per_cent(name, cells) is answer


def test_a_cell_without_the_sign_of_the_others_is_named() -> None:
    with pytest.raises(ColumnError) as error:
        is_per_cent("Rate", ["1%", "0", "2", "3%", "4"])
    assert error.value.seen == "Rate '2' (and 1 more such cells) without a per cent sign, and others with one"
    assert error.value.at == 2


@pytest.mark.parametrize("marks", [PLAIN, PARTED])
def test_numbers_are_as_large_as_the_largest_and_as_small_as_one_over_it(marks: Marks) -> None:
    assert read_numbers("Close", ["1e100", "-1e100", "1e-100", "-1e-100", "0", "1"], marks).tolist() == [
        1e100, -1e100, 1e-100, -1e-100, 0.0, 1.0,
    ]  # fmt: skip
    for cell in ("1.0000001e100", "-1.0000001e100", "9.999999e-101", "-9.999999e-101"):
        with pytest.raises(ColumnError) as error:
            read_numbers("Close", ["1", cell], marks)
        assert (error.value.seen, error.value.at) == (f"Close {cell!r}", 1)


@pytest.mark.parametrize(
    ("cells", "marks", "numbers"),
    [
        (["", "1.5", "n/a", "-", "NULL"], PLAIN, [math.nan, 1.5, math.nan, math.nan, math.nan]),
        (["1.000.000", "12.5", "1.00.000"], STOPS, [1e6, 12.5, 1e5]),
        (["1.234,5", "2,5", "1.234", "-1.234.567,25"], COMMAS, [1234.5, 2.5, 1234.0, -1234567.25]),
        (["1,234.5", "12,34,567.5", "-1,234", "+12", "1,23,456"], PARTED, [1234.5, 1234567.5, -1234.0, 12.0, 123456.0]),
        (["$1,234.50", "", "\u22125"], PARTED, [1234.5, math.nan, -5.0]),
    ],
)  # fmt: skip
def test_cells_are_read_with_the_marks_of_their_file(
    cells: list[str], marks: Marks, numbers: list[float]
) -> None:
    assert read_numbers("Close", cells, marks).tolist() == pytest.approx(numbers, nan_ok=True, rel=1e-15)


@pytest.mark.parametrize(
    ("cell", "marks"),
    [
        ("10.00.00", STOPS), ("1000.000.000", STOPS), ("1.2.3", STOPS), ("12.34", COMMAS), ("12.34,5", COMMAS),
        ("1234.567,5", COMMAS), ("1.2345,5", COMMAS), ("12,3", PARTED), ("1,234,5.5", PARTED), ("1,23,45.5", PARTED),
        ("1234,567.5", PARTED), ("1_000", PLAIN), ("1 23", PLAIN), ("1.5M", PLAIN), ("M", PLAIN), ("one", PLAIN),
    ],
)  # fmt: skip
def test_a_cell_that_the_marks_do_not_allow_is_a_slip(cell: str, marks: Marks) -> None:
    with pytest.raises(ColumnError) as error:
        read_numbers("Close", ["1", "", cell, "2"], marks)
    assert (error.value.seen, error.value.at) == (f"Close {cell!r}", 2)
    assert error.value.remedy == "correct that cell"
    with pytest.raises(ColumnError) as error:
        read_numbers("Close", [cell, "1", cell, cell], marks)
    assert (error.value.seen, error.value.at) == (f"Close {cell!r} (and 2 more such cells)", 0)
    assert error.value.remedy == "correct those cells, or empty them"


def test_multiples_are_those_of_volumes() -> None:
    cells = ["1.5K", "2.25M", "3B", "4k", "7", "-1m", "2b", ""]
    numbers = [1500.0, 2.25e6, 3e9, 4000.0, 7.0, -1e6, 2e9, math.nan]
    assert read_numbers("Volume", cells, PLAIN).tolist() == pytest.approx(numbers, nan_ok=True, rel=1e-15)
    assert read_numbers("Volume", ["1,234.5K"], PARTED).tolist() == [1234500.0]
    with pytest.raises(ColumnError, match="Volume '1e98M'"):
        read_numbers("Volume", ["1e98M"], PLAIN)
