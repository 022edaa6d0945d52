"""A file of dated numbers, column by column: which are found, what is said of the rest, and the order of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from positioning.data.csv_prices import CsvTable, is_per_euro, read_every_column, read_sheet
from positioning.errors import BadInputError

PRICES = ("Open", "High", "Low", "Adj Close", "Volume", "Dividends")


def sheet(
    folder: Path, text: str, need: tuple[str, ...] = ("Close",), may: tuple[str, ...] = PRICES
) -> CsvTable:
    (folder / "MOS.csv").write_text(text, encoding="utf-8")
    return read_sheet(folder / "MOS.csv", need, may, "daily prices")


def refused(
    folder: Path, text: str, need: tuple[str, ...] = ("Close",), may: tuple[str, ...] = PRICES
) -> str:
    with pytest.raises(BadInputError) as error:
        sheet(folder, text, need, may)
    return str(error.value)


def test_a_row_has_its_date_its_numbers_and_its_line(tmp_path: Path) -> None:
    made = sheet(tmp_path, "Date,Open,Close,Vol\n2024-01-02,1.5,2.5,10\n\n2024-01-03,,3.5,20\n")
    assert made.dates.astype(str).tolist() == ["2024-01-02", "2024-01-03"]
    assert list(made.columns) == ["Close", "Open", "Volume"]
    np.testing.assert_array_equal(made.columns["Open"], [1.5, np.nan])
    assert made.columns["Close"].tolist() == [2.5, 3.5]
    assert made.columns["Volume"].tolist() == [10.0, 20.0]
    assert made.lines.tolist() == [2, 4]
    assert (made.notes, made.symbol, made.unit) == ((), "", "")
    assert made.at(np.array([True, True])) == "MOS.csv line 2"
    assert made.at(np.array([False, True])) == "MOS.csv line 4"


def test_rows_that_are_newest_first_are_turned_round_with_their_numbers_and_lines(tmp_path: Path) -> None:
    made = sheet(tmp_path, "Date,Close\n2024-01-04,4\n2024-01-03,3\n2024-01-02,2\n")
    assert made.dates.astype(str).tolist() == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert made.columns["Close"].tolist() == [2.0, 3.0, 4.0]
    assert made.lines.tolist() == [4, 3, 2]
    assert made.notes == ("newest row first",)
    assert sheet(tmp_path, "Date,Close\n2024-01-04,4\n2024-01-03,3\n").notes == ("newest row first",)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("02 03 03", "line 4: date 2024-01-03 is repeated or out of order; wanted"),
        ("02 03 03 03", "line 4: date 2024-01-03 is repeated or out of order (and 1 more such rows)"),
        ("02 03 03 03 03", "line 4: date 2024-01-03 is repeated or out of order (and 2 more such rows)"),
        # two steps of three go back: newest first, and told so its second telling of the 4th stands on line 2
        ("04 04 03 02", "line 2: date 2024-01-04 is repeated or out of order; wanted"),
        # one of two goes back, which is no more than half
        ("03 02 04", "line 3: date 2024-01-02 is repeated or out of order; wanted"),
        ("02 02", "line 3: date 2024-01-02 is repeated or out of order; wanted"),
    ],
)
def test_a_row_out_of_order_is_named_with_how_many_others(tmp_path: Path, days: str, said: str) -> None:
    rows = "".join(f"2024-01-{day},1\n" for day in days.split())
    assert refused(tmp_path, f"Date,Close\n{rows}").startswith(f"MOS.csv {said}")


def test_the_first_day_that_is_yet_to_come_is_named_with_how_many_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positioning.clock.latest_day", lambda: np.datetime64("2024-01-03"))
    rows = ["2024-01-02,1\n", "2024-01-03,1\n", "2024-01-04,1\n", "2024-01-05,1\n", "2024-01-06,1\n"]
    assert sheet(tmp_path, "".join(["Date,Close\n", *rows[:2]])).dates.size == 2
    for more, told in ((3, "; wanted"), (4, " (and 1 more such rows)"), (5, " (and 2 more such rows)")):
        said = refused(tmp_path, "".join(["Date,Close\n", *rows[:more]]))
        assert said.startswith(f"MOS.csv line 4: date 2024-01-04 is yet to come{told}")


def test_a_cell_is_named_with_its_line_and_a_whole_file_without(tmp_path: Path) -> None:
    assert refused(tmp_path, "Date,Close\nsoon,1\n2024-01-03,2\n").startswith("MOS.csv line 2: Date 'soon'")
    assert refused(tmp_path, "Date,Close\n2024-01-02,1\n2024-01-03,x\n").startswith(
        "MOS.csv line 3: Close 'x'"
    )
    whole = refused(tmp_path, 'Date;Close\n2024-01-02;"1,234"\n')
    assert whole.startswith("MOS.csv: '1,234' may be 1.234 or 1234")


@pytest.mark.parametrize(
    ("text", "symbol", "unit"),
    [
        ("Date,Close,Ticker\n2024-01-02,1,MOS\n2024-01-03,1,\n", "MOS", ""),
        ("Date,Close,Symbol,Ccy\n2024-01-02,1,MOS,CAD\n2024-01-03,1,MOS,CAD\n", "MOS", "CAD"),
        ("Date,Close,Ticker\n2024-01-02,1,\n", "", ""),
        ("Date,Close\n2024-01-02,$1\n2024-01-03,\n2024-01-04,$2\n", "", "$"),
        ("Date,Close\n2024-01-02,€1\n2024-01-03,2\n", "", ""),  # in one of two
        ("Date,Close\n2024-01-02,\n", "", ""),
        ("Date,Close,Currency\n2024-01-02,£1,GBp\n", "", "GBp"),  # which it says outright
        ("Date,Close,Open\n2024-01-02,1,$1\n", "", ""),
    ],
)
def test_a_file_says_whose_prices_it_holds_and_in_what(
    tmp_path: Path, text: str, symbol: str, unit: str
) -> None:
    made = sheet(tmp_path, text)
    assert (made.symbol, made.unit) == (symbol, unit)


def test_a_file_of_two_symbols_or_currencies_is_refused(tmp_path: Path) -> None:
    rows = "2024-01-02,1,{}\n2024-01-03,1,{}\n"
    said = refused(tmp_path, "Date,Close,Ticker\n" + rows.format("MOS", "NTR"))
    assert said.startswith("MOS.csv holds 2 symbols (MOS, NTR); wanted the prices of one")
    said = refused(tmp_path, "Date,Close,Currency\n" + rows.format("USD", "CAD"))
    assert said.startswith("MOS.csv holds 2 currencies (USD, CAD); wanted prices in one")


@pytest.mark.parametrize(
    ("header", "columns", "notes"),
    [
        ("Date,Close,Remark", ["Close"], "columns Remark left aside"),
        (
            "Date,Close,Remark,Why,ISIN",
            ["Close"],
            "columns Remark, Why left aside",
        ),  # an ISIN is of no use here
        ("Date,Close,Adj Close", ["Close", "Adj Close"], ""),
        ("Date,Close,Adjusted Close", ["Close", "Adj Close"], "Adjusted Close as Adj Close"),
        ("Date,Time,Close", ["Close"], ""),
        ("Time,Close", ["Close"], ""),
        ("Date,Price,Open", ["Close", "Open"], ""),  # Investing.com
        ("Date,Price,Open,Close", ["Close", "Open"], "columns Price left aside"),
        ("Date,close,OPEN,vol.", ["Close", "Open", "Volume"], ""),
    ],
)
def test_columns_are_found_under_their_names_and_the_others_are_told(
    tmp_path: Path, header: str, columns: list[str], notes: str
) -> None:
    names = header.split(",")
    cells = [
        "2024-01-02" if n == 0 else "09:30" if name == "Time" else str(n) for n, name in enumerate(names)
    ]
    made = sheet(tmp_path, f"{header}\n{','.join(cells)}\n")
    assert list(made.columns) == columns
    place = names.index("Close") if "Close" in names else names.index("close") if "close" in names else 1
    assert made.columns["Close"].tolist() == [float(place)]
    assert ", ".join(made.notes) == notes


def test_columns_that_are_wanted_alone_leave_the_others_aside_without_a_word(tmp_path: Path) -> None:
    assert sheet(tmp_path, "Date,Close,Remark\n2024-01-02,1,2\n", may=()).notes == ()
    assert sheet(tmp_path, "Date,Rate,Remark\n2024-01-02,1,2\n", ("Rate",)).notes == ()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Date,Open", "no column Close in Date, Open; wanted daily prices"),
        ("Date,Price", "no column Close in Date, Price; wanted daily prices"),  # of a series, no instrument
        ("Date,Close,close", "2 columns Close in Date, Close, close"),
        ("Date,Day,Close", "2 columns Date in Date, Day, Close"),
        (
            "Date,Close,Dividnds",
            "a column 'Dividnds', nearly 'Dividends'; wanted 'Dividends', or no such column",
        ),
        ("Date,Price,Price,Open", "2 columns Close in Date, Price, Price, Open"),
    ],
)
def test_a_column_that_is_missing_repeated_or_misspelt_is_refused(
    tmp_path: Path, header: str, said: str
) -> None:
    cells = ["2024-01-02"] * (1 + ("Day" in header)) + ["1"] * (header.count(",") - ("Day" in header))
    assert refused(tmp_path, f"{header}\n{','.join(cells)}\n").startswith(f"MOS.csv line 1: {said}")


def test_a_name_that_is_near_to_one_that_is_there_is_left_aside(tmp_path: Path) -> None:
    made = sheet(tmp_path, "Date,Close,Dividends,Dividnds\n2024-01-02,1,2,3\n")
    assert made.columns["Dividends"].tolist() == [2.0]
    assert made.notes == ("columns Dividnds left aside",)


@pytest.mark.parametrize(
    ("header", "per_euro"),
    [
        ("Date USD JPY", True), ("Date USD", False), ("Date JPY GBP", False), ("Date USD JPY Close", False),
        ("Date USD JPYX", False), ("Date USD GBP JPY", True),
    ],
)  # fmt: skip
def test_the_ecb_s_file_has_the_dollar_and_another_currency_and_no_close(header: str, per_euro: bool) -> None:
    assert is_per_euro(header.split()) is per_euro


def test_columns_of_the_ecb_are_pairs_where_a_pair_is_wanted(tmp_path: Path) -> None:
    text = "Date,USD,JPY,Usd,TOTAL\n2024-01-02,1.25,130,5,6\n"
    made = sheet(tmp_path, text, ("EURUSD",), ("EURJPY", "Usd", "TOTAL"))
    assert {name: values[0] for name, values in made.columns.items()} == {
        "EURUSD": 1.25, "EURJPY": 130.0, "Usd": 5.0, "TOTAL": 6.0,
    }  # fmt: skip
    assert made.notes == ("the ECB's own file, units per euro",)
    pairs = sheet(tmp_path, "Date,EURUSD,EURJPY\n2024-01-02,1.25,130\n", ("EURUSD",), ("EURJPY",))
    assert pairs.notes == ()
    alone = sheet(tmp_path, "Date,USD\n2024-01-02,1.25\n", ("EURUSD",), ())
    assert alone.columns["EURUSD"].tolist() == [1.25]  # one of its three is enough
    assert refused(tmp_path, text, ("EURGBP",), ()).startswith(
        "MOS.csv line 1: no column EURGBP in Date, USD"
    )


def test_every_column_of_a_series_is_a_number_by_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("Day,Rate %,Level,Growth\n2020-01-03,5.5,100,1 %\n2020-01-02,3,101,0\n")
    made = read_every_column(file, "series")
    assert made.dates.astype(str).tolist() == ["2020-01-02", "2020-01-03"]
    assert made.columns["Rate %"].tolist() == [0.03, 0.055]
    assert made.columns["Level"].tolist() == [101.0, 100.0]
    assert made.columns["Growth"].tolist() == [0.0, 0.01]
    assert made.lines.tolist() == [3, 2]
    assert made.notes == ("Rate % in per cent", "Growth in per cent", "newest row first")
    file.write_text("Day;Level\n02.01.2020;1,5\n13.01.2020;2,5\n")
    made = read_every_column(file, "series")
    assert made.columns["Level"].tolist() == [1.5, 2.5]
    assert made.notes == ("semicolons between columns", "dates as day/month/year", "decimal commas")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Day,A,B,A\n2020-01-02,1,2,3\n", "line 1: a second column A; wanted series"),
        ("Day,A,,B\n2020-01-02,1,2,3\n", "line 1: a column without a name; wanted series"),
        ("Day,A\n", ": no rows below a header; wanted series"),
        ("Day\n2020-01-02\n", ": no column beside Day; wanted series"),
        ("", ": no column beside nothing; wanted series"),
        ("Day,A\nDate 1,1\n", "line 2: its first column is no dates: 'Date 1'"),
        ("Day,A\n2020-01-02,1\n2020-01-03,x\n", "line 3: A 'x'"),
    ],
)
def test_a_file_that_is_no_series_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "series.csv"
    file.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_every_column(file, "series")
    assert str(error.value).startswith(f"series.csv{said if said.startswith(':') else f' {said}'}")
