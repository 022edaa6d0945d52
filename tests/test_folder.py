"""A folder of CSV files as a source of prices: hand-made files for each rule, then the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from positioning.data.folder import FolderSource, recovered_dividends
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars
from positioning.market.load import Span, load

DAYS = ("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")
HEAD = "Date,Open,High,Low,Close,Volume\n"


def put(folder: Path, name: str, text: str) -> FolderSource:
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return FolderSource(folder)


def columns(head: str, *cells: str) -> str:
    """A file of one row per cells, on the days above."""
    return "\n".join([head, *(f"{day},{c}" for day, c in zip(DAYS, cells, strict=False))]) + "\n"


def bars(source: FolderSource, symbol: str) -> Bars:
    return source.deliver([symbol], []).bars[symbol]


def texts(b: Bars) -> str:
    return " | ".join(n.text for n in b.notices)


# ------------------------------------------------------------------------------------------ what is read


def test_only_the_files_asked_for_are_read_and_only_the_top_level(tmp_path: Path) -> None:
    put(tmp_path, "MOS", columns("Date,Close", "20", "21"))
    put(tmp_path, "CF", "not a price file")
    (tmp_path / "deeper").mkdir()
    put(tmp_path / "deeper", "NTR", columns("Date,Close", "50"))
    source = FolderSource(tmp_path)
    delivery = source.deliver(["MOS", "NTR"], ["HKD"])
    assert list(delivery.bars) == ["MOS"]
    assert not delivery.rates
    assert source.label == f"folder:{tmp_path}"
    assert not source.simulated


def test_all_columns_and_empty_cells(tmp_path: Path) -> None:
    source = put(
        tmp_path, "MOS", HEAD + "2024-01-02,9.5,10.5,9,10,1000\n\n2024-01-03,,,,,\n2024-01-04,10,11,10,11,0\n"
    )
    b = bars(source, "MOS")
    assert b.dates.tolist() == np.array(["2024-01-02", "2024-01-03", "2024-01-04"], "M8[D]").tolist()
    assert b.dates.dtype == np.dtype("datetime64[D]")
    np.testing.assert_array_equal(b.open, [9.5, np.nan, 10])
    np.testing.assert_array_equal(b.high, [10.5, np.nan, 11])
    np.testing.assert_array_equal(b.low, [9, np.nan, 10])
    np.testing.assert_array_equal(b.close, [10, np.nan, 11])
    np.testing.assert_array_equal(b.volume, [1000, np.nan, 0])


def test_close_alone_is_enough(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close", "20", "21")), "MOS")
    assert np.isnan([b.open, b.high, b.low, b.volume]).all()
    np.testing.assert_array_equal(b.close, [20, 21])


def test_a_byte_order_mark_and_a_missing_last_line_end_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "MOS.csv").write_bytes(b"\xef\xbb\xbfDate,Close\r\n2024-01-02,20")
    assert bars(FolderSource(tmp_path), "MOS").close.tolist() == [20]


def test_pence_become_pounds(tmp_path: Path) -> None:
    head = "Date,Open,High,Low,Close,Volume,Dividends"
    b = bars(
        put(tmp_path, "BGEO.L", columns(head, "1000,1100,990,1050,7,0", "1000,1100,990,1050,7,25")), "BGEO.L"
    )
    np.testing.assert_allclose([b.open[0], b.high[0], b.low[0], b.close[0]], [10, 11, 9.9, 10.5], rtol=1e-15)
    np.testing.assert_allclose(b.dividends, [0, 0.25])
    assert b.volume[0] == 7


@pytest.mark.parametrize(
    ("low", "high", "said"), [("81", "0.81", True), ("0.81", "81", True), ("81", "2", False)]
)
def test_a_move_beyond_a_factor_of_fifty_is_named_not_repaired(
    tmp_path: Path, low: str, high: str, said: bool
) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close", low, "", high)), "MOS")
    assert ("a unit switch?" in texts(b)) is said
    assert not said or f"closes at {low} on 2024-01-02 and {high} on 2024-01-04, a factor of 100" in texts(b)
    assert b.close[[0, 2]].tolist() == [float(low), float(high)]


# ------------------------------------------------------------------------------------------- dividends


def test_dividends_column_wins_over_adj_close(tmp_path: Path) -> None:
    b = bars(
        put(tmp_path, "MOS", columns("Date,Close,Adj Close,Dividends", "20,19,0", "20,19.5,0.3", "20,20,")),
        "MOS",
    )
    assert b.dividends.tolist() == [0, 0.3, 0]
    assert (b.basis, texts(b)) == ("traded", "")


def test_dividends_recovered_from_adj_close(tmp_path: Path) -> None:
    # A dividend of 1.00 on the 3rd, from a close of 20: before it f is 1 - 1/20 and Adj Close 20 x 0.95 = 19.
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Adj Close", "20,19", "19.5,19.5", "20,20")), "MOS")
    np.testing.assert_allclose(b.dividends, [0, 1, 0], atol=1e-12)
    assert (b.basis, texts(b)) == ("traded", "")


def test_a_day_without_a_close_moves_the_dividend_to_the_next_close(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Adj Close", "20,19", ",", "20,20")), "MOS")
    np.testing.assert_allclose(b.dividends, [0, 0, 1], atol=1e-12)


@pytest.mark.parametrize("level", [0.03, 1.0, 30.0, 400.0])
def test_rounding_makes_no_dividends_and_hides_none(level: float) -> None:
    rng = np.random.default_rng(3)
    close = np.float32(level * np.exp(np.cumsum(rng.normal(0, 0.02, 2000)))).astype(float).round(6)
    paid = np.zeros(2000)
    paid[[500, 1500]] = 0.004 * close[[499, 1499]]
    factor = np.cumprod((1 - paid[1:] / close[:-1])[::-1])[::-1]
    adjusted = np.float32(close * np.append(factor, 1.0)).astype(float).round(6)
    found = recovered_dividends(close, adjusted)
    assert np.nonzero(found)[0].tolist() == [500, 1500]
    # Four prices rounded to six decimals and to float32 (1.2e-7), as a share of the price.
    np.testing.assert_allclose(found, paid, atol=(2e-6 / adjusted.min() + 5e-7) * close.max())


def test_a_negative_implied_dividend_is_a_notice(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Adj Close", "20,20", "20,19", "20,19")), "MOS")
    assert not b.dividends.any()
    assert "implying 1 negative dividends (first 2024-01-03): not used" in texts(b)


def test_a_dividend_of_a_quarter_of_the_price_is_a_notice(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Dividends", "20,0", "15,6")), "MOS")
    assert b.dividends.tolist() == [0, 6]
    assert "pays 30% of its price on 2024-01-03: a split, or another unit?" in texts(b)


def test_adjusted_closes_are_told_by_the_price_grid(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close", "20.113742", "20.287391", "20.5", "20.61")), "MOS")
    assert b.basis == "total_return"
    assert not b.dividends.any()
    assert "dividends are inside its price" in texts(b)


def test_dividends_inside_the_price_are_not_counted_again(tmp_path: Path) -> None:
    # What yfinance writes by default: adjusted closes and no Adj Close, beside the dividends.
    b = bars(
        put(tmp_path, "MOS", columns("Date,Close,Dividends", "20.113742,0", "20.287391,0.2", "20.5,0")), "MOS"
    )
    assert b.basis == "total_return"
    assert not b.dividends.any()


@pytest.mark.parametrize("close", ["20.11", "20.110001", "0.095", "5258.5", "613.400024", "35505.0"])
def test_closes_on_the_grid_are_traded_and_lack_dividends(tmp_path: Path, close: str) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close", close, close)), "MOS")
    assert b.basis == "traded"
    assert "its return lacks its dividends" in texts(b)


def test_an_index_is_a_price_index(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "^HSI", columns("Date,Close", "30515.310547", "30560.949219")), "^HSI")
    assert (b.basis, texts(b)) == ("traded", "is a price index: dividends are not included")


# ------------------------------------------------------------------------------------------- currencies


def rates(source: FolderSource, currency: str) -> tuple[str, list[float], str]:
    r = source.deliver([], [currency]).rates[currency]
    return r.origin, r.usd.tolist(), str(r.dates[-1])


@pytest.mark.parametrize("name", ["HKD_X", "HKD=X"])
def test_units_per_dollar(tmp_path: Path, name: str) -> None:
    source = put(tmp_path, name, columns("Date,Close", "8", "", "7.8125"))
    assert rates(source, "HKD") == (f"{name}.csv", [0.125, 0.128], "2024-01-04")


def test_dollars_per_unit(tmp_path: Path) -> None:
    assert rates(put(tmp_path, "EURUSD_X", columns("Date,Close", "1.25")), "EUR")[:2] == (
        "EURUSD_X.csv",
        [1.25],
    )


def test_rates_per_euro(tmp_path: Path) -> None:
    source = put(tmp_path, "FX_ECB", columns("Date,EURUSD,EURHKD,EURRUB", "1.25,10,100", "1.2,8,", "1.1,,"))
    assert rates(source, "HKD") == ("FX_ECB.csv", [0.125, 0.15], "2024-01-03")
    assert rates(source, "RUB") == ("FX_ECB.csv", [0.0125], "2024-01-02")
    assert rates(source, "EUR") == ("FX_ECB.csv", [1.25, 1.2, 1.1], "2024-01-04")
    assert not source.deliver([], ["KZT"]).rates


def test_the_rates_that_end_last_are_taken(tmp_path: Path) -> None:
    put(tmp_path, "FX_ECB", columns("Date,EURUSD,EURHKD,EURCNY", "1,8,7", "1,8,7", "1,,7"))
    put(tmp_path, "CNY_X", columns("Date,Close", "6", "6"))
    source = put(tmp_path, "HKD_X", columns("Date,Close", "5", "5"))
    assert rates(source, "HKD")[0] == "HKD_X.csv"  # a tie
    assert rates(source, "CNY")[0] == "FX_ECB.csv"


def test_a_false_rate_is_named(tmp_path: Path) -> None:
    (notice,) = put(tmp_path, "RUB_X", columns("Date,Close", "75", "5", "76")).deliver([], ["RUB"]).notices
    assert notice.symbol == "RUB=X"
    assert "on 2024-01-03, a factor of 15 (and 1 more such moves), in RUB_X.csv: a false rate?" in notice.text


# ---------------------------------------------------------------------------------------------- drivers


def test_a_monthly_series_is_known_in_the_month_after(tmp_path: Path) -> None:
    source = put(tmp_path, "POTASH_WB", "Date,Price\n2023-11-01,300\n2023-12-01,310\n")
    d = source.driver("POTASH_WB")
    assert (d.name, d.values.tolist()) == ("POTASH_WB", [300, 310])
    assert [str(k) for k in d.dates] == ["2023-11-01", "2023-12-01"]
    assert [str(k) for k in d.known] == ["2023-12-05", "2024-01-05"]


def test_a_named_column_and_its_empty_cell(tmp_path: Path) -> None:
    source = put(tmp_path, "FERT", "Date,Urea,DAP\n2024-01-01,1,4\n2024-02-01,,5\n2024-03-01,3,6\n")
    d = source.driver("FERT.Urea")
    assert (d.values.tolist(), [str(k) for k in d.known]) == ([1, 3], ["2024-02-05", "2024-04-05"])


def test_a_series_is_no_instrument(tmp_path: Path) -> None:
    source = put(tmp_path, "MOS", "Date,Price\n2024-01-01,300\n")
    with pytest.raises(
        BadInputError, match=r"MOS.csv line 1: no column Close in Date, Price; .* no instrument"
    ):
        source.deliver(["MOS"], [])


def test_bad_series(tmp_path: Path) -> None:
    source = put(tmp_path, "FERT", "Date,Urea\n2024-01-01,1\n2024-02-15,2\n")
    with pytest.raises(BadInputError, match=r"FERT.csv line 3: date 2024-02-15; wanted monthly"):
        source.driver("FERT.Urea")
    with pytest.raises(BadInputError, match=r"line 1: no column Uria in Date, Urea"):
        source.driver("FERT.Uria")
    with pytest.raises(BadInputError, match=r"line 1: no column Price in Date, Urea; .* FILE.Column"):
        source.driver("FERT")
    with pytest.raises(DataMissingError, match="no series POTASH in folder:"):
        source.driver("POTASH")


# -------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("symbol", ["../MOS", "a/b", "/etc/passwd", "..", "", "a\\b", "MOS\0", "C:MOS", "*"])
def test_names_stay_in_the_folder(tmp_path: Path, symbol: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    put(tmp_path, "MOS", columns("Date,Close", "20"))
    with pytest.raises(BadInputError, match="wanted a Yahoo symbol"):
        FolderSource(inside).deliver([symbol], [])
    with pytest.raises(BadInputError, match="wanted a Yahoo symbol"):
        FolderSource(inside).driver(symbol)


def test_missing_folder_and_file_as_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"folder:.*nowhere is not a folder"):
        FolderSource(tmp_path / "nowhere")
    put(tmp_path, "MOS", "")
    with pytest.raises(BadInputError, match="is not a folder"):
        FolderSource(tmp_path / "MOS.csv")


BAD = {
    "empty file": ("", "MOS.csv line 1: no column Date in nothing; wanted an instrument's prices"),
    "no date column": ("Day,Close\n2024-01-02,1\n", "MOS.csv line 1: no column Date in Day, Close"),
    "no close": ("Date,Open\n2024-01-02,1\n", "MOS.csv line 1: no column Close in Date, Open"),
    "case as given": ("date,close\n2024-01-02,1\n", "MOS.csv line 1: no column Date"),
    "twice": ("Date,Close,Close\n2024-01-02,1,1\n", "MOS.csv line 1: 2 column Close"),
    "number": (
        "Date,Close\n2024-01-02,1\n\n2024-01-03,one\n",
        "MOS.csv line 4: Close 'one'; wanted a number",
    ),
    "thousands": ('Date,Close\n2024-01-02,"1,234"\n', "MOS.csv line 2: Close '1,234'"),
    "date": (
        "Date,Close\n2024-01-02,1\n2024-13-02,1\n",
        "MOS.csv line 3: Date '2024-13-02'; wanted a date such",
    ),
    "basic date": ("Date,Close\n20240102,1\n", "MOS.csv line 2: Date '20240102'"),
    "time": ("Date,Close\n2024-01-02 00:00:00,1\n", "MOS.csv line 2: Date '2024-01-02 00:00:00'"),
    "no date": ("Date,Close\n2024-01-02,1\n,1\n", "MOS.csv line 3: no date"),
    "cells": ("Date,Close\n2024-01-02,1,2\n", "MOS.csv line 2: 3 cells; wanted 2"),
    "zero": (
        "Date,Close\n2024-01-02,1\n2024-01-03,0\n",
        "MOS.csv line 3: Close 0; wanted a finite number above",
    ),
    "negative": ("Date,Open,Close\n2024-01-02,-1,1\n", "MOS.csv line 2: Open -1;"),
    "infinite": ("Date,Close\n2024-01-02,inf\n", "MOS.csv line 2: Close inf;"),
    "volume": (
        "Date,Close,Volume\n2024-01-02,1,-5\n",
        "MOS.csv line 2: Volume -5; wanted a finite number of at",
    ),
    "repeated": (
        "Date,Close\n2024-01-02,1\n2024-01-02,1\n",
        "MOS.csv line 3: date 2024-01-02 is repeated or out",
    ),
    "unsorted": (
        "Date,Close\n2024-01-03,1\n2024-01-02,1\n",
        "MOS.csv line 3: date 2024-01-02 is repeated or out",
    ),
    "no rows": ("Date,Close\n", "MOS.csv: no close at all"),
    "no values": ("Date,Close\n2024-01-02,\n", "MOS.csv: no close at all"),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD.keys())
def test_bad_files_get_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        put(tmp_path, "MOS", text).deliver(["MOS"], [])
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert str(tmp_path) not in str(caught.value)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    for content in (b"\xff\xfeD\x00a\x00", b"\x00\x01\x02", b"Date,Close\n2024-01-02,\xff\xfe\n"):
        (tmp_path / "MOS.csv").write_bytes(content)
        with pytest.raises(BadInputError, match=r"^MOS.csv line \d: "):
            FolderSource(tmp_path).deliver(["MOS"], [])


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    source = put(tmp_path, "MOS", columns("Date,Close", "20"))
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInputError, match=r"MOS.csv cannot be read \(Permission denied\)"):
        source.deliver(["MOS"], [])


def test_bad_rates_name_their_file(tmp_path: Path) -> None:
    source = put(tmp_path, "HKD_X", columns("Date,Close", "7.8", "-7.8"))
    with pytest.raises(BadInputError, match=r"HKD_X.csv line 3: Close -7.8"):
        source.deliver([], ["HKD"])
    (tmp_path / "HKD_X.csv").unlink()
    put(tmp_path, "FX_ECB", columns("Date,EURHKD", "9"))
    with pytest.raises(BadInputError, match=r"FX_ECB.csv line 1: no column EURUSD in Date, EURHKD"):
        source.deliver([], ["HKD"])


# ------------------------------------------------------------------------------- the real prices, if here

# Ex-dates and cash per share. Source: company declarations (Nutrien, Mosaic, CF Industries).
DECLARED = {
    "NTR": {
        "2018-03-28": 0.40,
        "2019-06-27": 0.43,
        "2021-03-30": 0.46,
        "2022-03-30": 0.48,
        "2023-03-30": 0.53,
    }
    | {"2024-12-31": 0.54},
    "MOS": {
        "2018-02-28": 0.025,
        "2019-06-05": 0.05,
        "2022-03-02": 0.1125,
        "2022-06-01": 0.15,
        "2023-03-01": 0.20,
    }
    | {"2023-03-14": 0.25, "2024-03-06": 0.21, "2025-03-06": 0.22},
    "CF": {
        "2018-02-15": 0.30,
        "2022-02-14": 0.30,
        "2022-05-13": 0.40,
        "2024-02-14": 0.50,
        "2025-11-14": 0.50,
    },
}


@pytest.mark.parametrize("symbol", DECLARED)
def test_real_dividends(prices: Path, symbol: str) -> None:
    b = bars(FolderSource(prices), symbol)
    found = dict(zip(b.dates.astype(str).tolist(), b.dividends.tolist(), strict=True))
    # 5e-4: Yahoo keeps three decimals of Mosaic's 0.1125.
    assert {day: found[day] for day in DECLARED[symbol]} == pytest.approx(DECLARED[symbol], abs=5.1e-4)
    # One a quarter of each whole year, and Mosaic's special one of March 2023.
    assert (b.dividends > 0).sum() == {"NTR": 28, "MOS": 33, "CF": 32}[symbol]
    assert not b.notices


@pytest.mark.parametrize("symbol", ["FRHC", "IPI"])
def test_real_names_that_paid_nothing(prices: Path, symbol: str) -> None:
    assert not bars(FolderSource(prices), symbol).dividends.any()


def test_real_price_bases(prices: Path) -> None:
    traded = ["000157.SZ", "BGEO.L", "TBCG.L", "EVR.L", "^HSI", "NTR", "SQM", "FMC"]
    adjusted = ["0144.HK", "1157.HK", "SPY", "EEM", "IWM", "XLB", "TAVHL.IS"]
    # Adjusted too, says the folder's README, but rounded to cents: no grid tells, and their notice says so.
    rounded = ["FXI", "DBA", "MOO"]
    found = FolderSource(prices).deliver([*traded, *adjusted, *rounded], []).bars
    assert {s: found[s].basis for s in adjusted} == dict.fromkeys(adjusted, "total_return")
    assert {s: found[s].basis for s in traded} == dict.fromkeys(traded, "traded")
    assert all("unless its closes were adjusted and then rounded" in texts(found[s]) for s in rounded)


def test_real_unit_switch(prices: Path) -> None:
    assert "on 2022-03-23 and 0.81 on 2022-03-24, a factor of 1" in texts(bars(FolderSource(prices), "EVR.L"))


def test_real_currencies(prices: Path) -> None:
    delivery = FolderSource(prices).deliver([], ["HKD", "CNY", "EUR", "GBP", "RUB", "TRY", "KZT"])
    origins = {c: r.origin for c, r in delivery.rates.items()}
    assert origins == dict.fromkeys(["HKD", "CNY", "EUR", "GBP", "TRY"], "FX_ECB.csv") | {
        "RUB": "RUB_X.csv",
        "KZT": "KZT_X.csv",
    }
    hong_kong = delivery.rates["HKD"].usd
    assert ((1 / hong_kong > 7.74) & (1 / hong_kong < 7.86)).all()  # the peg's band, 7.75 to 7.85
    assert [n.symbol for n in delivery.notices] == ["RUB=X"]


def test_real_drivers(prices: Path) -> None:
    source = FolderSource(prices)
    potash = source.driver("POTASH_WB")
    assert potash.values[potash.dates == np.datetime64("2022-04-01")].tolist() == [1202.0]
    assert potash.known[potash.dates == np.datetime64("2022-04-01")].tolist() == [
        np.datetime64("2022-05-05").item()
    ]
    assert source.driver("FERTILIZERS_WB.Phosphate_rock").values.size == potash.values.size - 1


def test_reading_speed(prices: Path, benchmark: BenchmarkFixture) -> None:
    symbols = sorted(p.stem for p in prices.glob("[A-Z0-9]*.csv") if "_" not in p.stem)
    benchmark(FolderSource(prices).deliver, symbols, ["HKD", "CNY", "EUR", "GBP", "TRY"])


NAMES = ("NTR", "MOS", "ICL", "CF", "SDF.DE")


def test_real_market_and_its_default_span(prices: Path) -> None:
    market = load(FolderSource(prices), NAMES, hedges=("MOO",))
    assert market.symbols == ("NTR", "MOS", "ICL", "CF", "MOO")
    assert str(market.rows[-1]) == "2025-03-07"
    assert str(market.rows[market.start]) == "2020-07-27"  # the hedge's first price
    missing = [n.text for n in market.notices if n.symbol == "SDF.DE"]
    assert len(missing) == 1
    assert "its weight goes to the other names" in missing[0]
    row = np.searchsorted(market.rows, np.datetime64("2022-04-18"))
    assert market.close[row, :2].tolist() == pytest.approx([114.50, 78.15], abs=1e-5)
    assert market.dividends[np.searchsorted(market.rows, np.datetime64("2024-12-31")), 0] == pytest.approx(
        0.54, abs=1e-4
    )
    assert not np.nan_to_num(market.dividends[:, 4]).any()


def test_real_names_go_stale_under_a_later_end(prices: Path) -> None:
    span = Span(end=np.datetime64("2025-12-31"))
    market = load(FolderSource(prices), NAMES, hedges=("MOO",), span=span)
    assert market.symbols == ("NTR", "MOS", "ICL", "CF", "MOO")
    assert str(market.rows[-1]) == "2025-12-31"
    after = market.rows > np.datetime64("2025-03-07")
    assert not market.tradable[after][:, 0].any()
    assert (market.marks[after][:, 0] == market.marks[~after][-1, 0]).all()
    assert market.silence[-1, 0] == after.sum()
    assert market.tradable[-1].tolist() == [False, True, False, True, False]


def test_real_start_before_the_first_price(prices: Path) -> None:
    with pytest.raises(BadInputError, match="start 2017-06-01 lies before the first price of every name"):
        load(FolderSource(prices), NAMES, hedges=("MOO",), span=Span(start=np.datetime64("2017-06-01")))


def test_real_name_that_ends_early_is_left_out(prices: Path) -> None:
    market = load(FolderSource(prices), ("1157.HK", "BGEO.L"))
    assert str(market.rows[-1]) == "2025-10-30"  # BGEO.L stops in March 2024 and is left out
    assert market.symbols == ("1157.HK",)
    assert market.basis == ("total_return",)
    assert any(n.symbol == "BGEO.L" and "left out" in n.text for n in market.notices)
