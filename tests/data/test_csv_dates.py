"""Dates of columns of people's files."""

import calendar

import pytest

from positioning.data.csv_dates import read_dates


@pytest.mark.parametrize("length", [3, 9])
def test_each_month_is_read_by_its_name_and_by_three_letters_of_it(length: int) -> None:
    cells = [f"{calendar.month_name[month][:length]} 15, 2024" for month in range(1, 13)]
    days = read_dates(cells).days
    assert days.astype(str).tolist() == [f"2024-{month:02d}-15" for month in range(1, 13)]
