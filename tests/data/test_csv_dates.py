"""Dates of columns of people's files."""

from __future__ import annotations

import calendar

import pytest

from positioning.data.csv_cells import ColumnError
from positioning.data.csv_dates import read_dates

MONTH_FIRST, DAY_FIRST = "dates as month/day/year", "dates as day/month/year"


def told(cells: list[str]) -> tuple[list[str], str]:
    """The days that a column is read as, and what is said of it."""
    made = read_dates(cells)
    return made.days.astype(str).tolist(), made.notes


@pytest.mark.parametrize("length", [3, 9])
def test_each_month_is_read_by_its_name_and_by_three_letters_of_it(length: int) -> None:
    cells = [f"{calendar.month_name[month][:length]} 15, 2024" for month in range(1, 13)]
    days = read_dates(cells).days
    assert days.astype(str).tolist() == [f"2024-{month:02d}-15" for month in range(1, 13)]


@pytest.mark.parametrize(
    ("cells", "notes"),
    [
        (["2024-01-05", "2024-02-06"], ""),
        (["2024-1-5", "2024-2-6"], ""),
        (["2024-01-05", "2024-2-6"], ""),
        (["2024/01/05", "2024-02-06"], "dates without hyphens"),
        (["20240105", "20240206"], "dates without hyphens"),
        (["2024.01.05", "2024.02.06"], "dates without hyphens"),
        (["5 Jan 2024", "2024-02-06"], "months by name"),
        (["Jan 5, 2024", "6-Feb-24"], "months by name"),
        (["1/5/2024", "2/6/24"], MONTH_FIRST),  # as days of one month they would stand still
        (["5/1/2024", "6/2/2024"], DAY_FIRST),
        (["5.1.2024", "6.2.2024"], DAY_FIRST),
        (["2024-01-05T00:00:00Z", "2024-02-06 00:00"], "times of midnight"),
        (["2024-01-05 00:00", "2024-02-06"], "times of midnight"),
        (["2024-01-05 09:30", "2024-02-06 9:30:00"], "times of 09:30"),
        (["20240105 16:00", "20240206 16:00"], "dates without hyphens, times of 16:00"),
        (["2024-01-05 00:00:01", "2024-02-06 0:00:01"], "times of 00:00:01"),
        (["2024-01-05 00:01", "2024-02-06 0:01:00"], "times of 00:01"),
    ],
)
def test_two_days_are_read_however_they_are_written(cells: list[str], notes: str) -> None:
    if notes == MONTH_FIRST:
        cells = [cells[0], "1/31/2024", cells[1]]
        assert told(cells) == (["2024-01-05", "2024-01-31", "2024-02-06"], notes)
    elif "day/month/year" in notes:
        cells = [cells[0], cells[0].replace("5", "31", 1), cells[1]]
        assert told(cells) == (["2024-01-05", "2024-01-31", "2024-02-06"], notes)
    else:
        assert told(cells) == (["2024-01-05", "2024-02-06"], notes)


@pytest.mark.parametrize(
    ("cells", "days", "notes"),
    [
        # 1 and 2 April, or 4 January and 4 February: both go on, so neither may be chosen
        (["04/01/2024", "04/02/2024"], ["2024-04-01", "2024-01-04"], "two"),
        (["04/02/2024", "04/01/2024"], ["2024-04-02", "2024-02-04"], "two"),  # newest first
        (["04/01/2024"], ["2024-04-01", "2024-01-04"], "two"),
        (["04/01/2024", "03/02/2024", "05/03/2024"], ["2024-01-04", "2024-02-03", "2024-03-05"], DAY_FIRST),
        (["05/03/2024", "03/02/2024", "04/01/2024"], ["2024-03-05", "2024-02-03", "2024-01-04"], DAY_FIRST),
        (["01/04/2024", "02/03/2024", "03/05/2024"], ["2024-01-04", "2024-02-03", "2024-03-05"], MONTH_FIRST),
        (["03/02/2024", "04/01/2024"], ["2024-03-02", "2024-02-03"], "two"),  # oldest first and newest first
        # a day told twice goes neither way: no order is left, and the first that has such days is taken
        (["04/01/2024", "04/01/2024"], ["2024-04-01", "2024-04-01"], MONTH_FIRST),
        (["04/13/2024", "04/13/2024"], ["2024-04-13", "2024-04-13"], MONTH_FIRST),
        (["13/04/2024", "13/04/2024"], ["2024-04-13", "2024-04-13"], DAY_FIRST),
        (["04.01.2024", "04.02.2024"], ["2024-01-04", "2024-02-04"], "dates as day.month.year"),
        (["04.01.2024", "04/02/2024"], ["2024-04-01", "2024-01-04"], "two"),
        (["04/01/2024", "2024-04-02"], ["2024-04-01", "2024-01-04"], "two"),
        (["2024-03-31", "04/01/2024", "2024-04-02"], ["2024-03-31", "2024-04-01", "2024-04-02"], MONTH_FIRST),
        (["2024-03-31", "04/13/2024", "04/13/2024"], ["2024-03-31", "2024-04-13", "2024-04-13"], MONTH_FIRST),
        (["2024-03-31", "13/04/2024", "13/04/2024"], ["2024-03-31", "2024-04-13", "2024-04-13"], DAY_FIRST),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_the_one_in_which_the_days_go_on(
    cells: list[str], days: list[str], notes: str
) -> None:
    if notes != "two":
        assert told(cells) == (days, notes)
        return
    with pytest.raises(ColumnError) as error:
        read_dates(cells)
    assert error.value.seen == f"Date {cells[0]!r} may be {' or '.join(days)}"
    assert error.value.at == 0


def test_a_year_of_two_digits_is_of_1970_to_2069() -> None:
    cells = ["31-Dec-70", "31-Dec-99", "31-Dec-00", "31-Dec-69"]
    assert told(cells)[0] == ["1970-12-31", "1999-12-31", "2000-12-31", "2069-12-31"]
    assert told(["12/30/69", "12/31/69"])[0] == ["2069-12-30", "2069-12-31"]


@pytest.mark.parametrize(
    ("cells", "seen", "at"),
    [
        (["2024-01-05", "", ""], "no date (and 1 more such cells)", 1),
        (["2024-01-05", "2024-02-30"], "Date '2024-02-30'", 1),
        (["2024-01-05", "2024-13-01", "soon"], "Date 'soon'", 2),
        (["Jan 2024", "5 Jan 2024"], "Date 'Jan 2024'", 0),
        (["12345678901"], "Date '12345678901'", 0),
        (
            ["2024-01-05", "45296", ""],
            "Date '45296' (and 1 more such cells): a spreadsheet's serial number",
            1,
        ),
        (["2024-01-05", "13/13/2024", "13/14/2024"], "Date '13/13/2024' (and 1 more such cells)", 1),
        (["2024-01-05x"], "Date '2024-01-05x'", 0),
        (["2024-01-05", "x" * 60], f"Date {'x' * 40!r}", 1),
    ],
)
def test_a_cell_that_is_no_date_is_named(cells: list[str], seen: str, at: int) -> None:
    with pytest.raises(ColumnError) as error:
        read_dates(cells)
    assert (error.value.seen, error.value.at) == (seen, at)
    if "serial" in seen:
        assert error.value.remedy == "format the column as YYYY-MM-DD and save it again"
        return
    alone = "more such" not in seen
    assert error.value.remedy == (
        "fill it in or drop the row" if "no date" in seen
        else "correct that cell" if alone else "write dates as YYYY-MM-DD"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "seen", "at"),
    [
        (["2024-01-05 16:00", "2024-01-08 16:01", "2024-01-09 17:00"], "'2024-01-05 16:00' and '2024-01-08 16:01'", 0),
        (["2024-01-05", "2024-01-08 16:00:30", "2024-01-09 16:00"], "'2024-01-08 16:00:30' and '2024-01-05'", 1),
        (["2024-01-05 00:01", "2024-01-08 01:00"], "'2024-01-05 00:01' and '2024-01-08 01:00'", 0),
        (["2024-01-05 00:01", "2024-01-08 00:00:01"], "'2024-01-05 00:01' and '2024-01-08 00:00:01'", 0),
        (["2024-01-05 16:00:00.5", "2024-01-08 16:00"], "'2024-01-05 16:00:00.5' and '2024-01-08 16:00'", 0),
    ],
)  # fmt: skip
def test_times_of_day_that_differ_are_told_by_the_first_two(cells: list[str], seen: str, at: int) -> None:
    with pytest.raises(ColumnError) as error:
        read_dates(cells)
    assert error.value.seen == f"Date {seen}: times of day that differ"
    assert error.value.at == at


def test_a_time_in_utc_is_refused_and_one_of_an_exchange_is_not() -> None:
    for zone in ("Z", "UTC", "GMT", "+00:00", "-0000", " Z"):
        with pytest.raises(ColumnError) as error:
            read_dates(["2024-01-05 05:00+08:00", f"2024-01-08 05:00{zone}", f"2024-01-09 05:00{zone}"])
        assert error.value.seen.startswith(
            f"Date '2024-01-08 05:00{zone}' (and 1 more such cells): a time of day"
        )
        assert error.value.at == 1
    assert told(["2024-01-05 05:00+08:00", "2024-01-08 05:00-05:00"])[1] == "times of 05:00"
