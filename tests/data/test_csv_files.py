"""Files as people's programs write them: one made series in each layout is read as the same bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from positioning.cli.terminal import folded
from positioning.data.csv_cells import ColumnError
from positioning.data.csv_dates import read_dates
from positioning.data.csv_numbers import number_marks, read_numbers
from positioning.data.csv_prices import read_every_column
from positioning.data.folder import FolderSource
from positioning.errors import BadInputError
from positioning.market.bars import Bars

DAYS = ("2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07", "2020-01-17")
CLOSES = (40.15, 40.49, 1040.64, 40.7, 41.0)


def us(day: str) -> str:
    return f"{day[5:7]}/{day[8:]}/{day[:4]}"


def german(day: str) -> str:
    return f"{day[8:]}.{day[5:7]}.{day[:4]}"


def lines(head: str, rows: Sequence[str], newest_first: bool = False) -> str:
    return "\n".join([head, *(reversed(rows) if newest_first else rows)]) + "\n"


NOTHING = ("N/A", "-", "null", "NaN", "#N/A")
PAIRS = list(zip(DAYS, CLOSES, strict=True))
LAYOUTS = {
    "plain": (lines("Date,Close", [f"{d},{c}" for d, c in PAIRS]), ""),
    "lower case": (lines("date,open,close", [f"{d},{c},{c}" for d, c in PAIRS]), ""),
    # nearly adjcloseprice and volume, which are not there
    "names near to others": (lines("Date,Close Price,adjVolume", [f"{d},{c},5" for d, c in PAIRS]), ""),
    "times alone": (lines("Time,Close", [f"{d},{c}" for d, c in PAIRS]), ""),
    "a time beside": (lines("Date,Time,Close", [f"{d},16:00,{c}" for d, c in PAIRS]), ""),
    "newest first": (lines("Date,Close", [f"{d},{c}" for d, c in PAIRS], True), "newest row first"),
    "history": (
        lines("Date,Close", [f"{d} 00:00:00-05:00,{c}" for d, c in PAIRS]), "times of midnight",
    ),
    "close of every day": (
        lines("Date,Close", [f"{d} 16:00:00,{c}" for d, c in PAIRS]), "times of 16:00:00",
    ),
    "close in its zone": (
        lines("Date,Close", [f"{d}T16:00-0{5 - n // 4}:00,{c}" for n, (d, c) in enumerate(PAIRS)]),
        "times of 16:00",
    ),
    "midnight in Hong Kong": (lines("Date,Close", [f"{d} 00:00:00+08:00,{c}" for d, c in PAIRS]), "times of midnight"),
    "download": (
        "Price,Close,Open\nTicker,MOS,MOS\nDate,,\n" + lines("", [f"{d},{c},{c}" for d, c in PAIRS]).lstrip(),
        "the header lines of yfinance.download (MOS)",
    ),
    "by ticker": (
        "Ticker,MOS,MOS\nPrice,Close,Open\nDate,,\n" + lines("", [f"{d},{c},{c}" for d, c in PAIRS]).lstrip(),
        "yfinance.download",
    ),
    "Excel in German": (
        lines("Datum;Schluss", [f"{german(d)};{f'{c:.2f}'.replace('.', ',')}" for d, c in PAIRS]),
        "decimal commas",
    ),
    "thousands in German": (
        lines("Datum;Schluss", [f"{german(d)};" + f"{c:,.2f}".translate(str.maketrans(",.", ".,")) for d, c in PAIRS]),
        "decimal commas",
    ),
    "tabs": (lines("Date\tClose", [f"{d}\t{c}" for d, c in PAIRS]), "tabs between columns"),
    "sep line": ("sep=;\n" + lines("Date;Close", [f"{d};{c}" for d, c in PAIRS]), "semicolons"),
    "blank rows": (lines("Date,Close,Volume", [f"{d},{c},5" for d, c in PAIRS]) + ",,\n,,\n", "2 blank rows"),
    "words for nothing": (
        lines("Date,Close,Open", [f"{d},{c},{w}" for (d, c), w in zip(PAIRS, NOTHING, strict=True)]),
        "",
    ),
    "Stooq": (
        lines("<TICKER>,<PER>,<DATE>,<TIME>,<CLOSE>,<VOL>,<OPENINT>",
              [f"MOS.US,D,{d.replace('-', '')},000000,{c},100,0" for d, c in PAIRS]),
        "Stooq's layout",
    ),
    "Investing.com": (
        lines('"Date","Price","Open","High","Low","Vol.","Change %"',
              [f'"{us(d)}","{c:,.2f}","{c:,.2f}","{c:,.2f}","{c:,.2f}","1.00M","0.5%"' for d, c in PAIRS], True),
        "Investing.com's layout",
    ),
    "Nasdaq": (
        lines("Date,Close/Last,Volume,Open,High,Low", [f"{us(d)},${c},100,${c},${c},${c}" for d, c in PAIRS], True),
        "Nasdaq's layout",
    ),
    "Tiingo": (
        lines("date,close,adjClose,divCash,splitFactor", [f"{d}T00:00:00.000Z,{c},{c},0.0,1.0" for d, c in PAIRS]),
        "",
    ),
    "preamble": ("Prices of Mosaic\n\n" + lines("Date,Close", [f"{d},{c}" for d, c in PAIRS]), "above the header"),
    "months by name": (lines("Date,Close", [f'"Jan {int(d[8:]):02d}, 2020",{c}' for d, c in PAIRS]), "months by name"),
}  # fmt: skip


def bars(folder: Path, text: str | bytes, name: str = "MOS.csv") -> Bars:
    data = text.encode("utf-8") if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    return FolderSource(folder).deliver(["MOS"], []).bars["MOS"]


@pytest.mark.parametrize(("text", "told"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_each_layout_is_read_as_the_same_bars(tmp_path: Path, text: str, told: str) -> None:
    b = bars(tmp_path, text)
    assert b.dates.astype(str).tolist() == list(DAYS)
    np.testing.assert_array_equal(b.close, CLOSES)
    said = " | ".join(n.text for n in b.notices)
    assert told in said
    assert said.count("was read with") == (1 if told else said.count("was read with"))
    shown = " | ".join(folded(b.notices))  # the summary on a terminal: nothing of it is left out
    for part in told.split(", "):
        assert part in shown


def test_one_line_says_all_of_a_german_file(tmp_path: Path) -> None:
    rows = [f"{german(d)};{f'{c:.2f}'.replace('.', ',')};ä" for d, c in PAIRS]
    b = bars(tmp_path, lines("Datum;Schluß;Währung, Börse", rows, True).encode("cp1252"))
    assert folded(b.notices)[-1:] == [
        "MOS was read with Windows-1252 text and semicolons between columns and columns Währung and Börse left aside and "
        "dates as day/month/year and decimal commas and newest row first"
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = lines("Séance;Clôture", [f"{german(d)};{c}" for d, c in PAIRS]).encode(encoding)
    np.testing.assert_array_equal(bars(tmp_path, text).close, CLOSES)


@pytest.mark.parametrize("name", ["mos.csv", "MOS.CSV", "Mos.csv"])
def test_a_file_name_in_another_case(tmp_path: Path, name: str) -> None:
    b = bars(tmp_path, LAYOUTS["plain"][0], name)
    assert any("was read from" in n.text for n in b.notices) == (name != "MOS.CSV")
    (tmp_path / "mOS.csv").write_text(LAYOUTS["plain"][0])
    with pytest.raises(BadInputError, match="may each be MOS; wanted one file a symbol"):
        FolderSource(tmp_path).deliver(["MOS"], [])


def test_opens_of_zero_are_missing(tmp_path: Path) -> None:
    b = bars(
        tmp_path, lines("Date,Open,Close", [f"{d},{0 if n < 2 else c},{c}" for n, (d, c) in enumerate(PAIRS)])
    )
    assert np.isnan(b.open).tolist() == [True, True, False, False, False]
    assert "writes 2 open prices as 0 (to 2020-01-03)" in " ".join(n.text for n in b.notices)


def test_closes_of_zero_are_holes_and_errors_on_their_dates(tmp_path: Path) -> None:
    (tmp_path / "MOS.csv").write_text(
        lines("Date,Close", [f"{d},{0 if n == 1 else c}" for n, (d, c) in enumerate(PAIRS)])
    )
    source = FolderSource(tmp_path)
    assert np.isnan(source.deliver(["MOS"], []).bars["MOS"].close).tolist() == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert [(f.check, str(f.first)) for f in source.findings(["MOS"])] == [("price", "2020-01-03")]


@pytest.mark.parametrize("name", ["FX_ECB.csv", "eurofxref-hist.csv"])
def test_the_ecbs_own_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Date,USD,JPY,TRY,\n2025-12-31,1.175,130,50.5,\n2025-12-30,1.2,N/A,48,\n")
    rates = FolderSource(tmp_path).deliver([], ["TRY", "EUR", "JPY"]).rates
    np.testing.assert_allclose(rates["TRY"].usd, [1.2 / 48, 1.175 / 50.5], rtol=1e-15)
    np.testing.assert_array_equal(rates["EUR"].usd, [1.2, 1.175])
    assert rates["JPY"].dates.astype(str).tolist() == ["2025-12-31"]
    assert rates["TRY"].origin == name


def test_two_files_of_one_currency_that_disagree_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "FX_ECB.csv").write_text("Date,EURUSD,EURGBP\n2020-01-02,1.12,0.85\n2020-01-03,1.12,0.85\n")
    (tmp_path / "GBPUSD_X.csv").write_text("Date,Close\n2020-01-02,0.76\n2020-01-03,0.76\n")
    (f,) = FolderSource(tmp_path).findings(["GBP=X"])
    assert (f.check, f.severity) == ("level", "error")
    assert "FX_ECB.csv" in f.seen
    assert "GBPUSD_X.csv" in f.seen


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("2020-01-02 16:00:00", "2020-01-03 13:00:00", "times of day that differ"),
        ("2020-01-02 00:00", "2020-01-03 13:00", "times of day that differ"),
        ("2020-01-02", "2020-01-03 16:00", "times of day that differ"),
        (
            "2020-01-02 05:00:00Z",
            "2020-01-03 05:00:00Z",
            "a time of day in UTC, whose date may be another there",
        ),
        ("2020-01-02T16:00:00+0000", "2020-01-03T16:00:00+0000", "a time of day in UTC"),
    ],
)
def test_times_that_are_not_the_sessions_own_are_refused(
    tmp_path: Path, first: str, second: str, said: str
) -> None:
    with pytest.raises(BadInputError, match=rf"MOS\.csv line \d: Date .*{said}.*tz_convert"):
        bars(tmp_path, f"Date,Close\n{first},1\n{second},2\n")


def test_a_time_may_be_written_in_two_ways(tmp_path: Path) -> None:
    assert bars(tmp_path, "Date,Close\n2020-01-02 9:30,1\n2020-01-03 09:30:00,2\n").dates.size == 2


@pytest.mark.parametrize(
    ("days", "line"),
    [
        # Newest first, with 6 January told twice: the second telling, turned round, stands on line 4 of the file.
        (["2020-01-08", "2020-01-07", "2020-01-06", "2020-01-06", "2020-01-03"], 4),
        # Half of the steps go back: such a file is not newest first, and its first step back is named.
        (["2020-01-06", "2020-01-07", "2020-01-03", "2020-01-08", "2020-01-02"], 4),
        # A day that stands still goes back on none.
        (["2020-01-06", "2020-01-06", "2020-01-06"], 3),
    ],
)
def test_a_date_out_of_order_is_named_with_its_line_in_the_file(
    tmp_path: Path, days: list[str], line: int
) -> None:
    (tmp_path / "SPY.csv").write_text(lines("Date,Close", [f"{d},10" for d in days]))
    with pytest.raises(BadInputError, match=rf"line {line}\b.*is repeated or out of order"):
        FolderSource(tmp_path).deliver(["SPY"], [])


def numbers(*cells: str, name: str = "Close") -> list[float]:
    return read_numbers(name, cells, number_marks([cells])).tolist()


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (("1 234.50", "2.5"), [1234.5, 2.5]),
        (("1\u2009234,50", "2,0"), [1234.5, 2.0]),
        (("1\u202f234.50", "2.5"), [1234.5, 2.5]),
        (("1'234.50", "2.5"), [1234.5, 2.5]),
        (("1\u2019234.50", "2.5"), [1234.5, 2.5]),
        (("1,23,456.50", "2.5"), [123456.5, 2.5]),
        (("\u22121.5", "2"), [-1.5, 2.0]),
        (("12,30 \u20ac", "1.200,50 \u20ac"), [12.3, 1200.5]),
        (("1,234,567", "1,234"), [1234567.0, 1234.0]),  # two marks part thousands, and no decimals
        (("1,234", "12.34"), [1234.0, 12.34]),
    ],
)
def test_thousands_are_parted_in_many_ways(cells: tuple[str, ...], wanted: list[float]) -> None:
    assert numbers(*cells) == wanted


def test_volumes_in_thousands_millions_and_billions() -> None:
    assert numbers("1.5K", "2.25M", "3B", "4k", "7", name="Volume") == [1500.0, 2.25e6, 3e9, 4000.0, 7.0]


@pytest.mark.parametrize(
    ("cells", "seen"),
    [
        (("30,5", *["30.25"] * 9), "Close '30,5'"),  # the slip is named, not the nine that are right
        (("30.5", *["30,25"] * 9), "Close '30.5'"),
        (("1 2 3,5", "2,0"), "Close '1 2 3,5'"),
        (("12 34.5", "2"), "Close '12 34.5'"),
        (("12,3,4.5", "2"), "Close '12,3,4.5'"),
        (("3O.5", "2"), "Close '3O.5'"),
    ],
)
def test_a_slip_is_named_and_not_guessed(cells: tuple[str, ...], seen: str) -> None:
    with pytest.raises(ColumnError) as error:
        numbers(*cells)
    assert error.value.seen == seen


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "9" * 400, "1e-320", "-1E200", "1e307M"])
def test_a_number_that_nothing_measured_has_is_a_slip(cell: str) -> None:
    """Infinite or as good as that, it would overflow where prices are weighed against each other."""
    for others in (("30", "31"), ("30", "n/a"), ("$30", "1,000.5")):  # read at once, and cell by cell
        with pytest.raises(ColumnError) as error:
            numbers(*others, cell, name="Volume")
        assert error.value.seen == f"Volume {cell[:40]!r}"
        assert error.value.at == 2
    assert numbers("0", "-0.0", "1e-9", "1e15") == [0, 0, 1e-9, 1e15]


@pytest.mark.parametrize("digits", ["\uff13\uff10", "\u0663\u0660", "\u09e9\u09e6"])
def test_digits_of_other_scripts_are_told_as_such(digits: str) -> None:
    with pytest.raises(ColumnError) as error:
        numbers(digits, "30")
    assert error.value.wanted == "wanted a number such as 1234.5, in the digits 0 to 9"
    with pytest.raises(ColumnError) as error:
        read_dates(["2020-01-02", f"2020-01-{digits}"])
    assert error.value.wanted == "wanted a date such as 2020-01-31, in the digits 0 to 9"


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["43832", "43833"], "a spreadsheet's serial number"),
        (["43832.0", "43833.0"], "a spreadsheet's serial number"),
        (["1577923200", "1578009600"], "seconds since 1970"),
        (["1577923200000", "1578009600000"], "a count of time since 1970"),
    ],
)
def test_dates_as_numbers_are_told_as_what_they_are(cells: list[str], meant: str) -> None:
    with pytest.raises(ColumnError) as error:
        read_dates(cells)
    assert error.value.seen == f"Date {cells[0]!r} (and 1 more such cells): {meant}"
    assert error.value.at == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda d: d.strftime("%d-%b-%y"),
        lambda d: d.strftime("%a, %d %b %Y"),
        lambda d: d.strftime("%A, %d %b %Y"),
        lambda d: d.strftime("%b %d, %Y"),
    ],
)
def test_months_by_name_leave_no_doubt(write: Callable[[date], str]) -> None:
    days = [date(2020, 1, 2), date(2020, 3, 4), date(2021, 11, 12)]
    assert read_dates([write(d) for d in days]).days.tolist() == days


@pytest.mark.parametrize("cell", ["5 Foo 2020", "Jam 5, 2020", "5 Jan 0000"])
def test_a_month_that_is_none_is_no_date(cell: str) -> None:
    with pytest.raises(ColumnError) as error:
        read_dates(["3 Jan 2020", cell])
    assert error.value.seen == f"Date {cell!r}"


@pytest.mark.parametrize("names", [
    ("Fecha", "Apertura", "Máximo", "Mínimo", "Último"),
    ("Datum", "Eröffn.", "Hoch", "Tief", "Zuletzt"),
    ("Date", "PX_OPEN", "PX_HIGH", "PX_LOW", "PX_LAST"),
])  # fmt: skip
def test_the_columns_of_more_vendors(tmp_path: Path, names: tuple[str, ...]) -> None:
    (tmp_path / "MOS.csv").write_text(f"{','.join(names)}\n2020-01-02,19,21,18,20\n", encoding="utf-8")
    made = FolderSource(tmp_path).deliver(["MOS"], []).bars["MOS"]
    assert [made.open[0], made.high[0], made.low[0], made.close[0]] == [19, 21, 18, 20]


def test_a_long_table_of_two_symbols_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "MOS.csv").write_text("Date,Ticker,Close\n2020-01-02,MOS,20\n2020-01-02,NTR,50\n")
    with pytest.raises(BadInputError, match=r"MOS\.csv holds 2 symbols \(MOS, NTR\)"):
        FolderSource(tmp_path).deliver(["MOS"], [])


def test_a_long_table_of_one_symbol_and_a_time_beside_the_date_are_read(tmp_path: Path) -> None:
    alone = bars(tmp_path, lines("Time,Close", [f"{d},{c}" for d, c in PAIRS]))
    b = bars(tmp_path, lines("Date,Time,Symbol,Close", [f"{d},00:00,MOS,{c}" for d, c in PAIRS]))
    assert b.dates.astype(str).tolist() == alone.dates.astype(str).tolist() == list(DAYS)
    np.testing.assert_array_equal(b.close, CLOSES)


@pytest.mark.parametrize(("later", "more"), [("", ""), ("2024-06-17,1.1\n", r" \(and 1 more such rows\)")])
def test_the_last_day_that_may_be_over_is_read_and_the_next_is_yet_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: str, more: str
) -> None:
    monkeypatch.setattr("positioning.clock.latest_day", lambda: np.datetime64("2024-06-15"))
    (tmp_path / "FX_ECB.csv").write_text("Date,EURUSD\n2024-06-14,1.1\n2024-06-15,1.1\n")
    rates = FolderSource(tmp_path).deliver([], ["EUR"]).rates
    assert rates["EUR"].dates[-1] == np.datetime64("2024-06-15")
    (tmp_path / "FX_ECB.csv").write_text(f"Date,EURUSD\n2024-06-14,1.1\n2024-06-16,1.1\n{later}")
    with pytest.raises(BadInputError, match=rf"line 3: date 2024-06-16 is yet to come{more}; wanted"):
        FolderSource(tmp_path).deliver([], ["EUR"])


def test_every_column_of_a_series_by_its_name_and_per_cent_as_shares(tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("Day,Rate %,Level,Growth\n2020-01-02,5.5,100,1%\n2020-01-03,,101,-2%\n")
    found = read_every_column(file, "series")
    assert list(found.columns) == ["Rate %", "Level", "Growth"]
    np.testing.assert_allclose(found.columns["Rate %"], [0.055, np.nan], rtol=1e-15)
    assert found.columns["Level"].tolist() == [100.0, 101.0]
    assert found.columns["Growth"].tolist() == [0.01, -0.02]
    assert found.notes == ("Rate % in per cent", "Growth in per cent")
    for text, complaint in (
        ("Day\n2020-01-02\n", "no column beside Day; wanted series"),
        ("Day,A\n", "no rows below a header"),
        ("Day,A,A\n2020-01-02,1,2\n", "line 1: a second column A"),
        ("Day,A,\n2020-01-02,1,2\n", "line 1: a column without a name"),
        ("Day,A\n2020-01-02,1%\n2020-01-03,2\n", "line 3: A '2' without a per cent sign"),
        ("Day,A\nsoon,1\n", "line 2: its first column is no dates: 'soon'"),
    ):
        file.write_text(text)
        with pytest.raises(BadInputError) as error:
            read_every_column(file, "series")
        assert complaint in str(error.value)


DOWNLOADED = "Price,Close,Volume\nTicker,{0},{0}\nDate,,\n2024-01-02,20,5\n2024-01-03,21,5\n"
NAMED = "Ticker,Date,Close\n{0},2024-01-02,20\n{0},2024-01-03,21\n"


@pytest.mark.parametrize("text", [DOWNLOADED, NAMED])
@pytest.mark.parametrize(
    ("symbol", "stated", "same"),
    [
        ("MOS", "MOS", True),
        ("MOS", "MOS.US", True),
        ("MOS", "NYSE:MOS", True),
        ("MOS", "CF", False),
        ("MOS", "MOSY", False),
        ("1157.HK", "1157", True),
        ("0144.HK", "HKG:144", True),
        ("1157.HK", "1138.HK", False),
        ("BRK-B", "BRK.B", True),
        ("MOS", "US61945C1036", True),  # an ISIN says nothing of the line
        ("MOS", "The Mosaic Company", True),
    ],
)
def test_a_file_that_says_that_it_is_of_another_symbol_is_refused(
    tmp_path: Path, text: str, symbol: str, stated: str, same: bool
) -> None:
    (tmp_path / f"{symbol}.csv").write_text(text.format(stated))
    source = FolderSource(tmp_path)
    if same:
        assert source.deliver([symbol], []).bars[symbol].close.size == 2
    else:
        with pytest.raises(BadInputError, match=f"its prices are of {stated}; wanted those of {symbol}"):
            source.deliver([symbol], [])


@pytest.mark.parametrize(
    ("symbol", "header", "cell", "other"),
    [
        ("MOS", "Close,Currency", "20,USD", False),
        ("MOS", "Close,Currency", "20,usd", False),
        ("MOS", "Close,Currency", "20,EUR", True),
        ("MOS", "Close,Currency", "20,Dollars", False),  # no code
        ("BGEO.L", "Close,Currency", "2000,GBp", False),
        ("BGEO.L", "Close,Currency", "2000,GBX", False),
        ("BGEO.L", "Close,Currency", "20,GBP", True),  # pounds, where pence are on record
        ("MOS", "Close", "$20", False),
        ("1157.HK", "Close", "$20", False),
        ("MOS", "Close", "€20", True),
        ("BGEO.L", "Close", "£20", True),
    ],
)
def test_a_file_that_says_that_it_is_in_another_currency_is_an_error(
    tmp_path: Path, symbol: str, header: str, cell: str, other: bool
) -> None:
    (tmp_path / f"{symbol}.csv").write_text(f"Date,{header}\n2024-01-02,{cell}\n2024-01-03,{cell}\n")
    found = [f for f in FolderSource(tmp_path).findings([symbol]) if f.check == "currency"]
    assert [f.severity for f in found] == ["error"] * other


def test_a_file_in_two_currencies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "MOS.csv").write_text("Date,Close,Currency\n2024-01-02,20,USD\n2024-01-03,21,EUR\n")
    with pytest.raises(BadInputError, match=r"holds 2 currencies \(USD, EUR\); wanted prices in one"):
        FolderSource(tmp_path).deliver(["MOS"], [])


@pytest.mark.parametrize(
    "names",
    [
        "Datum,Open,Hoog,Laag,Slot,Volume,Dividenden",
        "Data,Abertura,Máxima,Mínima,Fechamento,Volume,Dividendos",
        "Data,Apertura,Massimo,Minimo,Chiusura,Volume,Dividendi",
        "Datum,Eröffnung,Tageshoch,Tagestief,Schluss,Volumen,Dividende",
        "Exchange Date,Trade Open,Trade High,Trade Low,Trade Close,Volume,Dividends",
    ],
)
def test_columns_in_other_languages(tmp_path: Path, names: str) -> None:
    (tmp_path / "MOS.csv").write_text(
        f"{names}\n2024-01-02,20,21,19,20.5,5,0\n2024-01-03,20,21,19,20,5,0.3\n"
    )
    bars = FolderSource(tmp_path).deliver(["MOS"], []).bars["MOS"]
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0], bars.dividends[1]) == (
        20, 21, 19, 20.5, 5, 0.3,
    )  # fmt: skip
