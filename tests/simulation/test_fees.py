"""Fees by hand: the dated rates of the shipped table, which row wins, and what a bad file is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.market.instruments import Instrument, Kind, table
from positioning.simulation.fees import FEES, FeeRate, FeeRates, FeeTable, read_fees

HEADER = "venue,kind,incorporated,fee,side,bps,start,source\n"
GOOD = "XHKG,share,*,stamp_duty,both,10,2020-01-01,a law\n"


def near(value: object) -> object:
    # Rates are decimals of a few digits; 1e-11 is rounding in bps / 1e4 and in the sum over seven kinds.
    return pytest.approx(value, rel=0, abs=1e-11)


def line(symbol: str, venue: str, kind: Kind, incorporated: str, currency: str) -> Instrument:
    return Instrument(symbol, symbol, venue, currency, currency, kind, incorporated, recorded=False)


SINOTRUK = line("3808.HK", "XHKG", "share", "HK", "HKD")
TRACKER = line("2800.HK", "XHKG", "fund", "HK", "HKD")
GEORGIA = line("BGEO.L", "XLON", "share", "GB", "GBP")
HALYK = line("HSBK.IL", "XLON", "receipt", "KZ", "USD")
MOSAIC = line("MOS", "XNYS", "share", "US", "USD")
KASPI = line("KSPI", "XNAS", "receipt", "KZ", "USD")
AGRI = line("MOO", "ARCX", "fund", "US", "USD")
ALSTOM = line("ALO.PA", "XPAR", "share", "FR", "EUR")
ZOOMLION_A = line("000157.SZ", "XSHE", "share", "CN", "CNY")
INDEX = line("^GSPC", "XNYS", "index", "US", "USD")


def rate(
    venue: str, kind: str, incorporated: str, bps: float, start: str = "2020-01-01", *, side: str = "both"
) -> FeeRate:
    return FeeRate(venue, kind, incorporated, "stamp_duty", side, bps, np.datetime64(start, "D"), "a law")


def days(*dates: str) -> np.ndarray:
    return np.array(dates, dtype="datetime64[D]")


def bps(instrument: Instrument, fee: str, on: str, fees: FeeTable | None = None) -> tuple[float, float]:
    """(buy, sell) in bps."""
    rates = (fees or read_fees()).on(days(on), [instrument])
    k = rates.kinds.index(fee)
    return rates.buy[k, 0, 0] * 1e4, rates.sell[k, 0, 0] * 1e4


@pytest.mark.parametrize(
    ("instrument", "fee", "on", "buy", "sell"),
    [
        (SINOTRUK, "stamp_duty", "2021-07-30", 10, 10),
        (SINOTRUK, "stamp_duty", "2021-07-31", 10, 10),
        (SINOTRUK, "stamp_duty", "2021-08-01", 13, 13),
        (SINOTRUK, "stamp_duty", "2021-08-02", 13, 13),
        (SINOTRUK, "stamp_duty", "2023-11-16", 13, 13),
        (SINOTRUK, "stamp_duty", "2023-11-17", 10, 10),
        (TRACKER, "stamp_duty", "2015-02-12", 10, 10),
        (TRACKER, "stamp_duty", "2015-02-13", 0, 0),
        (TRACKER, "stamp_duty", "2022-06-01", 0, 0),
        (SINOTRUK, "transaction_levy", "2014-10-31", 0.3, 0.3),
        (SINOTRUK, "transaction_levy", "2014-11-01", 0.27, 0.27),
        (TRACKER, "transaction_levy", "2024-01-02", 0.27, 0.27),
        (SINOTRUK, "afrc_levy", "2021-12-31", 0, 0),
        (SINOTRUK, "afrc_levy", "2022-01-03", 0.015, 0.015),
        (SINOTRUK, "trading_fee", "2022-12-30", 0.5, 0.5),
        (SINOTRUK, "trading_fee", "2023-01-03", 0.565, 0.565),
        (SINOTRUK, "settlement_fee", "2025-06-27", 0.2, 0.2),
        (SINOTRUK, "settlement_fee", "2025-06-30", 0.42, 0.42),
        (SINOTRUK, "commission", "2025-06-30", 4.8, 4.8),
        (GEORGIA, "stamp_duty", "2024-03-01", 50, 0),
        (HALYK, "stamp_duty", "2024-03-01", 0, 0),
        (MOSAIC, "stamp_duty", "2024-03-01", 0, 0),
        (MOSAIC, "sec_fee", "2018-05-21", 0, 0.231),
        (MOSAIC, "sec_fee", "2018-05-22", 0, 0.13),
        (MOSAIC, "sec_fee", "2019-04-16", 0, 0.207),
        (MOSAIC, "sec_fee", "2020-02-18", 0, 0.221),
        (MOSAIC, "sec_fee", "2021-02-25", 0, 0.051),
        (MOSAIC, "sec_fee", "2022-05-13", 0, 0.051),
        (MOSAIC, "sec_fee", "2022-05-16", 0, 0.229),
        (KASPI, "sec_fee", "2024-05-21", 0, 0.08),
        (AGRI, "sec_fee", "2024-05-22", 0, 0.278),
        (MOSAIC, "sec_fee", "2025-05-13", 0, 0.278),
        (MOSAIC, "sec_fee", "2025-05-14", 0, 0),
        (GEORGIA, "sec_fee", "2024-06-03", 0, 0),
        (ALSTOM, "stamp_duty", "2025-03-31", 30, 0),
        (ALSTOM, "stamp_duty", "2025-04-01", 40, 0),
        (ZOOMLION_A, "stamp_duty", "2023-08-25", 0, 10),
        (ZOOMLION_A, "stamp_duty", "2023-08-28", 0, 5),
        (ZOOMLION_A, "transaction_levy", "2022-04-29", 0.3, 0.3),
    ],
)
def test_the_shipped_rate_on_a_date(
    instrument: Instrument, fee: str, on: str, buy: float, sell: float
) -> None:
    assert bps(instrument, fee, on) == near((buy, sell))


def test_a_hong_kong_round_trip_adds_up() -> None:
    rates = read_fees().on(days("2023-06-01"), [SINOTRUK])
    # commission 5 + half-spread 12 + stamp 13 + levy 0.27 + AFRC 0.015 + trading fee 0.565 bps, each side
    assert rates.buy_total[0, 0] == near(30.85e-4)
    assert rates.sell_total[0, 0] == near(30.85e-4)
    assert rates.borrow[0, 0] == near(150e-4)


def test_shapes_and_any_order_of_instruments() -> None:
    several = [HALYK, SINOTRUK, INDEX, GEORGIA, SINOTRUK]
    when = days("2021-07-30", "2021-08-02", "2023-11-17")
    rates = read_fees().on(when, several)
    assert rates.kinds == FEES[:-1]
    assert FEES[-1] == "borrow"
    assert rates.buy.shape == rates.sell.shape == (8, 3, 5)
    assert rates.borrow.shape == rates.buy_total.shape == rates.sell_total.shape == (3, 5)
    for n, instrument in enumerate(several):
        alone = read_fees().on(when, [instrument])
        np.testing.assert_array_equal(rates.buy[:, :, n], alone.buy[:, :, 0])
        np.testing.assert_array_equal(rates.borrow[:, n], alone.borrow[:, 0])


def test_indices_and_the_empty_table_cost_nothing() -> None:
    def is_free(rates: FeeRates) -> bool:
        return not (rates.buy.any() or rates.sell.any() or rates.borrow.any())

    assert is_free(read_fees().on(days("2024-01-02"), [INDEX]))
    assert is_free(read_fees("none").on(days("2024-01-02"), [SINOTRUK, GEORGIA]))
    assert read_fees("none").label == "none"


def test_us_listing_venues_cost_the_same() -> None:
    rates = read_fees().on(
        days("2024-06-03"), [line(v, v, "share", "US", "USD") for v in ("XNYS", "XNAS", "XASE", "ARCX")]
    )
    np.testing.assert_array_equal(rates.sell, rates.sell[:, :, :1].repeat(4, axis=2))


def test_every_recorded_instrument_has_one_rate_of_each_assumption() -> None:
    recorded = [i for i in table().values() if i.kind != "index"]
    rates = read_fees().on(days("2010-01-04", "2025-06-05"), recorded)
    k = [rates.kinds.index("commission"), rates.kinds.index("half_spread")]
    assert (rates.buy[k] > 0).all()
    assert (rates.sell[k] > 0).all()
    assert (rates.borrow > 0).all()


@pytest.mark.parametrize(("symbol", "stamp"), [("BGEO.L", 50), ("HSBK.IL", 0), ("3808.HK", 10), ("MOO", 0)])
def test_the_record_and_the_table_meet(symbol: str, stamp: float) -> None:
    assert bps(table()[symbol], "stamp_duty", "2024-03-01")[0] == near(stamp)


def test_the_most_specific_wins_and_then_the_latest() -> None:
    fees = FeeTable(
        (
            rate("*", "*", "*", 1),
            rate("XHKG", "*", "*", 2, "2021-01-01"),
            rate("XHKG", "share", "*", 3, "2022-01-01"),
            rate("XHKG", "*", "*", 4, "2023-01-01"),  # later, but less specific than the share's own
            rate("XHKG", "share", "*", 5, "2024-01-01"),
        ),
        "by hand",
    )
    years = ("2019-06-03", "2020-06-01", "2021-06-01", "2022-06-01", "2023-06-01", "2024-06-03")
    paid = [bps(SINOTRUK, "stamp_duty", day, fees)[0] for day in years]
    assert paid == near([0, 1, 2, 3, 3, 5])
    assert bps(TRACKER, "stamp_duty", "2024-06-03", fees)[0] == near(4)


def test_buy_and_sell_are_settled_apart() -> None:
    fees = FeeTable((rate("*", "*", "*", 2), rate("XHKG", "*", "*", 7, side="sell")), "by hand")
    assert bps(SINOTRUK, "stamp_duty", "2024-06-03", fees) == near((2, 7))


@pytest.mark.parametrize(
    "rival", [rate("*", "share", "*", 2), rate("XHKG", "*", "*", 3)], ids=["other key", "same key"]
)
def test_two_rates_that_fit_equally_well_are_refused(rival: FeeRate) -> None:
    fees = FeeTable((rate("XHKG", "*", "*", 1), rival), "by hand")
    with pytest.raises(BadInputError, match="equally well"):
        fees.on(days("2024-01-02"), [SINOTRUK])


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("XHKG,share,*,stampduty,both,10,2020-01-01,a law", "fee 'stampduty'.*Did you mean stamp_duty"),
        ("XHKG,share,*,stamp_duty,bought,10,2020-01-01,a law", "side 'bought'"),
        ("XHKG,shares,*,stamp_duty,both,10,2020-01-01,a law", "kind 'shares'.*Did you mean share"),
        ("xhkg,share,*,stamp_duty,both,10,2020-01-01,a law", "venue 'xhkg'"),
        ("XHKG,share,Hong Kong,stamp_duty,both,10,2020-01-01,a law", "incorporated 'Hong Kong'"),
        ("XHKG,share,*,stamp_duty,both,ten,2020-01-01,a law", "bps 'ten'"),
        ("XHKG,share,*,stamp_duty,both,nan,2020-01-01,a law", "bps nan"),
        ("XHKG,share,*,stamp_duty,both,inf,2020-01-01,a law", "bps inf"),
        ("XHKG,share,*,stamp_duty,both,-1,2020-01-01,a law", "bps -1"),
        ("XHKG,share,*,stamp_duty,both,10000.5,2020-01-01,a law", "bps 10000.5"),
        ("XHKG,share,*,borrow,short,100000.5,2020-01-01,a desk", "bps 100000"),
        ("XHKG,share,*,stamp_duty,both,10,1 May 2020,a law", "start '1 May 2020'"),
        ("XHKG,share,*,stamp_duty,both,10,2020-01-01,", "source is empty"),
        ("XHKG,share,*,stamp_duty,both,10,2020-01-01", "fewer cells"),
        ("XHKG,share,*,stamp_duty,both,10,2020-01-01,a law, amended", "more cells"),
        ("XHKG,share,*,stamp_duty,short,10,2020-01-01,a law", "side 'short' for stamp_duty"),
        ("XHKG,share,*,borrow,both,10,2020-01-01,a desk", "side 'both' for borrow"),
        ("XHKG,share,*,stamp_duty,buy,10,2020-01-01,a law", "duplicate of XHKG share"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str, says: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + GOOD + row + "\n")
    with pytest.raises(BadInputError, match=f"mine.csv line 3: .*{says}"):
        read_fees(str(path))


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER.replace(",source", ""))
    with pytest.raises(BadInputError, match=r"mine.csv line 1: no column 'source'"):
        read_fees(str(path))
    with pytest.raises(BadInputError, match="Did you mean default"):
        read_fees("defualt")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(HEADER + GOOD)
    fees = read_fees(str(path))
    assert fees.label == str(path)
    assert bps(SINOTRUK, "stamp_duty", "2024-01-02", fees) == near((10, 10))
    assert bps(SINOTRUK, "commission", "2024-01-02", fees) == (0, 0)


def test_two_thousand_rows_of_twenty_names_take_no_time(benchmark: Callable[..., FeeRates]) -> None:
    fees, names = read_fees(), [SINOTRUK, GEORGIA, HALYK, MOSAIC, ALSTOM, ZOOMLION_A, TRACKER, AGRI] * 3
    dates = np.datetime64("2018-01-01") + np.arange(2000)
    assert benchmark(fees.on, dates, names[:20]).buy.shape[1:] == (2000, 20)
