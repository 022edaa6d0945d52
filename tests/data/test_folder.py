"""A folder of CSV files as a source of prices: hand-made files for each rule, then the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from positioning.arrays import FloatArray
from positioning.data.adjustment import steps
from positioning.data.folder import FolderSource
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars
from positioning.market.load import Span, load
from positioning.market.venues import sessions

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


@pytest.mark.parametrize("name", ["MOS.xlsx", "mos.parquet", "MOS.csv.gz", "MOS.TXT", "HKD_X.json"])
def test_a_table_of_another_kind_is_named_and_not_passed_over(tmp_path: Path, name: str) -> None:
    put(tmp_path, "CF", columns("Date,Close", "20", "21"))
    (tmp_path / name).write_bytes(b"PK")
    wanted = rf"^{name} is there, and prices are read from CSV files alone; wanted (MOS|HKD_X)\.csv; save it"
    with pytest.raises(BadInputError, match=wanted):
        FolderSource(tmp_path).deliver(["MOS", "CF"], ["HKD"])
    (tmp_path / "MOS.csv").write_text(columns("Date,Close", "20", "21"))
    put(
        tmp_path, "USDHKD_X", columns("Date,Close", "7.8", "7.8")
    )  # beside a file that is read, it says nothing
    delivery = FolderSource(tmp_path).deliver(["MOS", "CF"], ["HKD"])
    assert list(delivery.bars) == ["MOS", "CF"]
    assert list(delivery.rates) == ["HKD"]


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
    seen, found = steps(close, adjusted), np.zeros(2000)
    found[seen.at] = close[seen.before] * (1.0 - 1.0 / seen.ratio)
    assert np.nonzero(found)[0].tolist() == [500, 1500]
    # Four prices rounded to six decimals and to float32 (1.2e-7), as a share of the price.
    np.testing.assert_allclose(found, paid, atol=(2e-6 / adjusted.min() + 5e-7) * close.max())


def test_a_falling_ratio_is_no_dividend_and_an_error_where_it_matters(tmp_path: Path) -> None:
    source = put(tmp_path, "MOS", columns("Date,Close,Adj Close", "20,20", "20,19", "20,19"))
    assert not bars(source, "MOS").dividends.any()
    (f,) = source.findings(["MOS"])
    assert (f.check, f.severity, str(f.first)) == ("adjusted", "error", "2024-01-03")
    assert "implying 1 negative dividends (first 2024-01-03), 5.13% in sum" in f.seen
    small = columns(
        "Date,Close,Adj Close", "20.000000,20.000000", "20.000000,19.940000", "20.000000,19.940000"
    )
    (tmp_path / "MOS.csv").write_text(small)
    source = FolderSource(tmp_path)
    assert "implying 1 negative dividends" in texts(bars(source, "MOS"))
    assert source.findings(["MOS"]) == ()


def test_a_dividend_of_a_quarter_of_the_price_is_a_notice(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Dividends", "20,0", "15,6")), "MOS")
    assert b.dividends.tolist() == [0, 6]
    assert "pays 30% of its price on 2024-01-03: a split, or another unit?" in texts(b)


def traded(rows: int = 300, seed: int = 5) -> tuple[FloatArray, FloatArray, list[str]]:
    """Closes in cents, four dividends in cents, and their dates: made markets of this file."""
    rng = np.random.default_rng(seed)
    close = np.round(40 * np.exp(np.cumsum(rng.normal(0, 0.015, rows))), 2)
    paid = np.zeros(rows)
    paid[[60, 120, 180, 240]] = 0.25, 0.3, 0.35, 0.4
    days = sessions("XNYS", np.datetime64("2020-01-02"), np.datetime64("2021-12-31"))[:rows]
    return close, paid, days.astype(str).tolist()


def adjusted(close: FloatArray, paid: FloatArray) -> FloatArray:
    """Closes adjusted backward by hand: each dividend divides all before it by 1 / (1 - d / close before)."""
    out = close.copy()
    for row in np.flatnonzero(paid):
        out[:row] *= 1 - paid[row] / close[row - 1]
    return out


def table(days: list[str], **cells: FloatArray) -> str:
    names = list(cells)
    lines = [f"{d},{','.join(repr(float(cells[n][k])) for n in names)}" for k, d in enumerate(days)]
    return "\n".join(["Date," + ",".join(n.replace("_", " ") for n in names), *lines]) + "\n"


def test_adjusted_closes_are_told_by_the_price_grid(tmp_path: Path) -> None:
    close, paid, days = traded()
    b = bars(put(tmp_path, "MOS", table(days, Close=adjusted(close, paid))), "MOS")
    assert b.basis == "total_return"
    assert not b.dividends.any()
    assert "dividends are inside its price" in texts(b)


@pytest.mark.parametrize("decimals", [4, 6, 10])
def test_dividends_inside_the_price_are_not_counted_again(tmp_path: Path, decimals: int) -> None:
    # What yfinance writes by default: adjusted closes and no Adj Close, beside the dividends.
    close, paid, days = traded()
    source = put(tmp_path, "MOS", table(days, Close=adjusted(close, paid).round(decimals), Dividends=paid))
    b = bars(source, "MOS")
    assert b.basis == "total_return"
    assert not b.dividends.any()
    assert source.findings(["MOS"]) == ()


@pytest.mark.parametrize(("split", "decimals"), [(7, 6), (7, 4), (3, 6), (1.5, 6), (28, 8)])
def test_closes_brought_to_todays_shares_keep_their_dividends(
    tmp_path: Path, split: float, decimals: int
) -> None:
    close, paid, days = traded()
    b = bars(
        put(tmp_path, "MOS", table(days, Close=(close / split).round(decimals), Dividends=paid / split)),
        "MOS",
    )
    assert b.basis == "traded"
    np.testing.assert_allclose(b.dividends, paid / split, rtol=1e-12)
    assert "inside its price" not in texts(b)


def test_net_asset_values_of_four_decimals_keep_their_dividends(tmp_path: Path) -> None:
    close, paid, days = traded()
    value = close + np.random.default_rng(1).uniform(-0.005, 0.005, close.size)
    b = bars(put(tmp_path, "MOS", table(days, Close=value.round(4), Dividends=paid)), "MOS")
    assert b.basis == "traded"
    np.testing.assert_array_equal(b.dividends, paid)


def test_what_no_grid_tells_is_refused_until_it_is_stated(tmp_path: Path) -> None:
    close, paid, days = traded()
    value = close + np.random.default_rng(1).uniform(-0.005, 0.005, close.size)
    source = put(tmp_path, "MOS", table(days, Close=value, Dividends=paid))
    (f,) = source.findings(["MOS"])
    assert (f.check, f.severity) == ("basis", "error")
    assert "give basis=MOS=split where they do not, basis=MOS=total_return" in f.remedy
    for stated, basis, total in (("split", "traded", paid.sum()), ("total_return", "total_return", 0.0)):
        told = FolderSource(tmp_path, {"MOS": stated})  # type: ignore[dict-item]  # one of the words
        assert told.findings(["MOS"]) == ()
        assert (bars(told, "MOS").basis, bars(told, "MOS").dividends.sum()) == (basis, pytest.approx(total))


@pytest.mark.parametrize("decimals", [2, 3, 6])
def test_rounding_of_both_columns_is_measured(tmp_path: Path, decimals: int) -> None:
    close, paid, days = traded()
    source = put(tmp_path, "MOS", table(days, Close=close, Adj_Close=adjusted(close, paid).round(decimals)))
    b = bars(source, "MOS")
    assert np.flatnonzero(b.dividends).tolist() == [60, 120, 180, 240]
    # Half a unit of the adjusted close: sixty rows know a level better than one does; and late digits (3e-6) of 40.
    np.testing.assert_allclose(b.dividends, paid, atol=max(0.5 * 10.0**-decimals, 2.4e-4))
    assert source.findings(["MOS"]) == ()


def test_dividends_that_the_adjusted_close_denies_are_an_error(tmp_path: Path) -> None:
    close, paid, days = traded()
    for said in (
        np.zeros(300),
        np.where(np.arange(300) == 120, 0.0, paid),
        paid * np.where(paid > 0.38, 2, 1),
    ):
        source = put(
            tmp_path, "MOS", table(days, Close=close, Adj_Close=adjusted(close, paid), Dividends=said)
        )
        (f,) = source.findings(["MOS"])
        assert (f.check, f.severity) == ("adjusted", "error")
        assert "Dividends and Adj Close contradict" in f.seen
        np.testing.assert_array_equal(bars(source, "MOS").dividends, said)  # what --accept goes on with
    source = put(tmp_path, "MOS", table(days, Close=close, Adj_Close=adjusted(close, paid), Dividends=paid))
    assert source.findings(["MOS"]) == ()


def test_an_adjusted_close_equal_to_the_close_found_no_dividend(tmp_path: Path) -> None:
    close, _, days = traded()
    source = put(tmp_path, "MOS", table(days, Close=close, Adj_Close=close))
    assert "no dividend was found" in texts(bars(source, "MOS"))


def test_half_an_adjusted_column_is_an_error(tmp_path: Path) -> None:
    close, paid, days = traded()
    half = adjusted(close, paid)
    half[:150] = np.nan
    source = put(tmp_path, "MOS", table(days, Close=close, Adj_Close=half).replace("nan", ""))
    assert [(f.check, f.severity) for f in source.findings(["MOS"])] == [("adjusted", "error")]


@pytest.mark.parametrize("ratio", [4.0, 0.1, 1.5, 2.0])
def test_a_split_the_file_announces_is_taken_out_where_it_is_still_in(tmp_path: Path, ratio: float) -> None:
    close, _, days = traded()
    raw, splits, volume = close.copy(), np.zeros(300), np.full(300, 1e6)
    raw[:150], splits[150], volume[:150] = raw[:150] * ratio, ratio, 1e6 / ratio
    source = put(tmp_path, "MOS", table(days, Close=raw, Volume=volume, Stock_Splits=splits))
    b = bars(source, "MOS")
    np.testing.assert_allclose(b.close, close, rtol=1e-12)
    np.testing.assert_allclose(b.volume, 1e6, rtol=1e-12)
    assert f"split of {ratio:g} on {days[150]} still in its prices: taken out" in texts(b)
    # Nothing is done where the closes are on its basis, as yfinance's are.
    source = put(tmp_path, "MOS", table(days, Close=close, Volume=volume, Stock_Splits=splits))
    np.testing.assert_array_equal(bars(FolderSource(tmp_path), "MOS").close, close)


def test_a_split_that_fits_neither_way_is_an_error(tmp_path: Path) -> None:
    close, _, days = traded()
    raw, splits = close.copy(), np.zeros(300)
    raw[:150], splits[150] = raw[:150] / 4, 4  # applied the wrong way round
    source = put(tmp_path, "MOS", table(days, Close=raw, Stock_Splits=splits))
    assert [(f.check, f.severity, str(f.first)) for f in source.findings(["MOS"])] == [
        ("split", "error", days[150])
    ]


@pytest.mark.parametrize("ratio", [0.1, 4.0, 0.5])
def test_a_split_that_the_adjusted_close_denies_is_an_error_or_taken_out(
    tmp_path: Path, ratio: float
) -> None:
    close, paid, days = traded()
    raw = close.copy()
    raw[:150] *= ratio
    source = put(tmp_path, "MOS", table(days, Close=raw, Adj_Close=adjusted(close, paid)))
    assert [(f.check, str(f.first)) for f in source.findings(["MOS"])] == [("split", days[150])]
    told = FolderSource(tmp_path, {"MOS": "traded"})
    assert told.findings(["MOS"]) == ()
    np.testing.assert_allclose(bars(told, "MOS").close, close, rtol=1e-9)
    np.testing.assert_allclose(bars(told, "MOS").dividends, paid, atol=1e-3)


def test_gains_of_a_fund_are_dividends_and_doubles_are_told_by_the_adjusted_close(tmp_path: Path) -> None:
    close, paid, days = traded()
    gains = np.where(np.arange(300) == 180, 2.5, 0.0)
    for said, whole in ((paid, paid + gains), (paid + gains, paid + gains), (np.zeros(300), gains)):
        source = put(
            tmp_path, "MOO",
            table(days, Close=close, Adj_Close=adjusted(close, whole), Dividends=said, Capital_Gains=gains),
        )  # fmt: skip
        b = bars(source, "MOO")
        np.testing.assert_allclose(b.dividends, whole, atol=1e-12)
        assert source.findings(["MOO"]) == ()


def test_gains_beside_dividends_without_an_adjusted_close_are_refused(tmp_path: Path) -> None:
    close, paid, days = traded()
    gains = np.where(np.arange(300) == 180, 2.5, 0.0)
    source = put(tmp_path, "MOO", table(days, Close=close, Dividends=paid, Capital_Gains=gains))
    assert [(f.check, f.severity) for f in source.findings(["MOO"])] == [("adjusted", "error")]


def test_a_payment_in_another_unit_is_an_error(tmp_path: Path) -> None:
    close, paid, days = traded()
    source = put(tmp_path, "MOS", table(days, Close=close, Dividends=paid * 100))
    assert {f.check for f in source.findings(["MOS"])} == {"adjusted"}


@pytest.mark.parametrize(
    "name", ["Adj_Close", " Adj Close", "Adj. Close", "adj close", "ADJCLOSE", "Adj Close**"]
)
def test_adjusted_closes_under_other_names(tmp_path: Path, name: str) -> None:
    text = columns(f"Date,Close,{name}", "20,19", "19.5,19.5", "20,20")
    np.testing.assert_allclose(bars(put(tmp_path, "MOS", text), "MOS").dividends, [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize("name", ["Adj Clse", "Dividens", "Stock Split s1", "Volumen e"])
def test_a_name_that_is_nearly_one_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match=r"MOS.csv line 1: a column .*, nearly '"):
        bars(put(tmp_path, "MOS", columns(f"Date,Close,{name}", "20,19", "20,20")), "MOS")


def test_further_columns_are_left_aside_and_named(tmp_path: Path) -> None:
    b = bars(put(tmp_path, "MOS", columns("Date,Close,Sentiment", "20,1", "21,2")), "MOS")
    assert "columns Sentiment left aside" in texts(b)


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
    "no date column": ("When,Close\n2024-01-02,1\n", "MOS.csv line 1: no column Date in When, Close"),
    "no close": ("Date,Open\n2024-01-02,1\n", "MOS.csv line 1: no column Close in Date, Open"),
    "twice": ("Date,Close,Close\n2024-01-02,1,1\n", "MOS.csv line 1: 2 columns Close"),
    "number": (
        "Date,Close\n2024-01-02,1\n\n2024-01-03,one\n",
        "MOS.csv line 4: Close 'one'; wanted a number",
    ),
    "thousands": ('Date,Close\n2024-01-02,"1,234"\n', "MOS.csv: '1,234' may be 1.234 or 1234;"),
    "date": (
        "Date,Close\n2024-01-02,1\n2024-13-02,1\n",
        "MOS.csv line 3: Date '2024-13-02'; wanted a date such",
    ),
    "time": (
        "Date,Close\n2024-01-01 16:00:00+00:00,1\n",
        "MOS.csv line 2: Date '2024-01-01 16:00:00+00:00': a time of day in UTC, whose date may be another there;",
    ),
    "two readings": (
        "Date,Close\n03/04/2024,1\n04/04/2024,1\n",
        "MOS.csv line 2: Date '03/04/2024' may be 2024-03-04 or 2024-04-03",
    ),
    "many cells": (
        "Date,Close\n2024-01-02,x\n2024-01-03,y\n2024-01-04,z\n",
        "MOS.csv line 2: Close 'x' (and 2 more such cells)",
    ),
    "two symbols": (
        "Price,Close,Close\nTicker,MOS,NTR\nDate,,\n2024-01-02,1,2\n",
        "MOS.csv holds 2 symbols (MOS, NTR); wanted the prices of one; download each symbol by itself, with "
        "multi_level_index=False",
    ),
    "no date": ("Date,Close\n2024-01-02,1\n,1\n", "MOS.csv line 3: no date"),
    "cells": ("Date,Close\n2024-01-02,1,2\n", "MOS.csv line 2: 3 cells; wanted 2"),
    "repeated": (
        "Date,Close\n2024-01-02,1\n2024-01-02,1\n",
        "MOS.csv line 3: date 2024-01-02 is repeated or out",
    ),
    "unsorted": (
        "Date,Close\n2024-01-03,1\n2024-01-02,1\n2024-01-04,1\n2024-01-05,1\n",
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
    source = put(tmp_path, "HKD_X", columns("Date,Close", "7.8", "seven"))
    with pytest.raises(BadInputError, match=r"HKD_X.csv line 3: Close 'seven'"):
        source.deliver([], ["HKD"])
    (tmp_path / "HKD_X.csv").unlink()
    put(tmp_path, "FX_ECB", columns("Date,EURHKD,VOL", "9,1"))
    with pytest.raises(BadInputError, match=r"FX_ECB.csv line 1: no column EURUSD in Date, EURHKD, VOL"):
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


def test_real_currencies(prices: Path) -> None:
    delivery = FolderSource(prices).deliver([], ["HKD", "CNY", "EUR", "GBP", "RUB", "TRY", "KZT"])
    origins = {c: r.origin for c, r in delivery.rates.items()}
    assert origins == dict.fromkeys(["HKD", "CNY", "EUR", "GBP", "TRY"], "FX_ECB.csv") | {
        "RUB": "RUB_X.csv",
        "KZT": "KZT_X.csv",
    }
    hong_kong = delivery.rates["HKD"].usd
    assert ((1 / hong_kong > 7.74) & (1 / hong_kong < 7.86)).all()  # the peg's band, 7.75 to 7.85


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
    found = benchmark(FolderSource(prices).deliver, symbols, ["HKD", "CNY", "EUR", "GBP", "TRY"])
    assert set(found.bars) == set(symbols)


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
