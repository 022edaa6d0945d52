"""The record of instruments: what it says, what a suffix means, and how it complains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from positioning.errors import BadInputError
from positioning.market.instruments import PENCE, SUFFIXES, Instrument, instrument, read_table, table

HEADER = (
    "symbol,name,venue,currency,quoted_in,kind,incorporated,listed,delisted,exit_price,exit_currency,source"
)
GOOD = "ABC.L,Abc,XLON,GBP,GBX,share,GB,2020-01-02,2021-02-03,1.5,GBP,a document"


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "list.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write


def test_every_recorded_instrument_has_a_source() -> None:
    for i in table().values():
        assert i.source, i.symbol
        assert i.recorded
    assert len(table()) == 108


def test_the_venue_and_currency_of_a_recorded_line_agree_with_its_suffix() -> None:
    odd = {"AIRA.L"}  # London receipts quoted in dollars under the suffix of pence
    for i in table().values():
        venue, currency, unit, _ = SUFFIXES[i.symbol.partition(".")[2]]
        if "." in i.symbol and i.symbol not in odd:
            assert (i.venue, i.currency, i.quoted_in) == (venue, currency, unit), i.symbol
    assert {i.venue for i in table().values() if "." not in i.symbol} == {
        "XNYS",
        "XNAS",
        "XASE",
        "ARCX",
        "XHKG",
    }


def test_pence_are_hundredths_of_a_pound() -> None:
    georgia = instrument("BGEO.L")
    assert (georgia.currency, georgia.quoted_in, georgia.incorporated) == ("GBP", "GBX", "GB")
    assert PENCE["GBX"] == PENCE["GBp"] == ("GBP", 0.01)
    assert PENCE["ZAc"] == ("ZAR", 0.01)
    assert PENCE["ILA"] == ("ILS", 0.01)


def test_london_receipts_are_dollars() -> None:
    halyk = instrument("HSBK.IL")
    assert (halyk.venue, halyk.currency, halyk.quoted_in, halyk.kind) == ("XLON", "USD", "USD", "receipt")


@pytest.mark.parametrize(
    ("symbol", "exit_price", "delisted"),
    [("1839.HK", 7.5, date(2024, 6, 3)), ("1829.HK", 3.7, date(2021, 8, 6))],
)
def test_names_bought_out_keep_their_cash_terms(symbol: str, exit_price: float, delisted: date) -> None:
    gone = instrument(symbol)
    assert (gone.exit_price, gone.delisted, gone.currency) == (exit_price, delisted, "HKD")


@pytest.mark.parametrize(
    ("symbol", "venue", "currency", "unit", "kind"),
    [
        ("XOM", "XNYS", "USD", "USD", "share"),
        ("AAL.L", "XLON", "GBP", "GBX", "share"),
        ("SMSN.IL", "XLON", "USD", "USD", "receipt"),
        ("0700.HK", "XHKG", "HKD", "HKD", "share"),
        ("SOL.JO", "XJSE", "ZAR", "ZAc", "share"),
        ("NOVO-B.CO", "XCSE", "DKK", "DKK", "share"),
        ("BRK-B", "XNYS", "USD", "USD", "share"),
        ("HAL.NS", "XNSE", "INR", "INR", "share"),
        ("012450.KS", "XKRX", "KRW", "KRW", "share"),
        ("SAN.MC", "XMAD", "EUR", "EUR", "share"),
    ],
)
def test_an_unrecorded_symbol_is_read_from_its_suffix_and_says_so(
    symbol: str, venue: str, currency: str, unit: str, kind: str
) -> None:
    i = instrument(symbol)
    assert (i.venue, i.currency, i.quoted_in, i.kind) == (venue, currency, unit, kind)
    assert not i.recorded


@pytest.mark.parametrize(
    ("symbol", "remedy"),
    [
        ("1157", "Did you mean 1157.HK?"),
        ("ntr", "Did you mean NTR?"),
        ("^HSE", "Did you mean ^HSI?"),
        ("^FTSE", "choose from ^HSI, ^GSPC"),
        ("X.HKG", "type X.HK"),
        ("NTR.", "no venue is known for the suffix"),
        ("KZT=X", "type a symbol such as NTR, 1157.HK or HSBK.IL"),
        ("ZC=F", "wanted a recorded symbol, or a Yahoo symbol of a share, receipt or fund"),
        ("", "type a symbol such as NTR"),
        ("NTR ", "Did you mean NTR?"),
        ("BMW.BE", "it is Berlin's, which is not covered"),
        ("QNBK.QA", "it is Qatar's"),
        ("BTC-USD", "a pair of currencies trades on no venue"),
        ("ETH-EUR", "a pair of currencies trades on no venue"),
        ("MOS.N", "without a suffix: type MOS"),
        ("AAPL.OQ", "without a suffix: type AAPL"),
        ("BRK.B", "type BRK-B"),
        ("BARC.LN", "Yahoo writes that venue .L: type BARC.L"),
        ("SAP.GR", "type SAP.DE"),
        ("7203.JP", "type 7203.T"),
        ("0700.HKG", "type 0700.HK"),
        ("BHP.AU", "type BHP.AX"),
        ("MOS.US", "without a suffix: type MOS"),
        ("BGEO.l", "type BGEO.L"),
    ],
)
def test_a_symbol_no_venue_can_be_read_from_is_refused_in_one_line(symbol: str, remedy: str) -> None:
    with pytest.raises(BadInputError) as error:
        instrument(symbol)
    assert remedy in str(error.value)
    assert "\n" not in str(error.value)


def test_a_good_row_is_read_whole(csv_of: Callable[..., Path]) -> None:
    assert read_table(csv_of(GOOD))["ABC.L"] == Instrument(
        symbol="ABC.L", name="Abc", venue="XLON", currency="GBP", quoted_in="GBX", kind="share",
        incorporated="GB", listed=date(2020, 1, 2),
        delisted=date(2021, 2, 3), exit_price=1.5, source="a document",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (",share,", ",shre,", "kind 'shre'; wanted one of the known values; Did you mean share?"),
        (",GBX,", ",USD,", "quoted_in 'USD' with currency 'GBP'"),
        ("2020-01-02", "2020-13-02", "listed '2020-13-02'; wanted a date"),
        ("2021-02-03", "soon", "delisted 'soon'; wanted a date"),
        ("2021-02-03", "", "exit_price 1.5; wanted cash above zero with a delisted date"),
        (",1.5,", ",-1,", "exit_price -1; wanted cash above zero"),
        (",1.5,", ",cheap,", "exit_price 'cheap'; wanted a number"),
        ("1.5,GBP", "1.5,USD", "exit_currency 'USD'; wanted the row's currency"),
        ("a document", "", "source is empty; every record needs a source"),
        (",Abc,", ",Abc, indeed,", "more cells than the header"),
        (",a document", "", "fewer cells than the header"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(
    csv_of: Callable[..., Path], old: str, new: str, complaint: str
) -> None:
    with pytest.raises(BadInputError) as error:
        read_table(csv_of(GOOD.replace("ABC", "OK"), GOOD.replace(old, new)))
    assert "list.csv line 3: " in str(error.value)
    assert complaint in str(error.value)


def test_a_symbol_twice_is_refused(csv_of: Callable[..., Path]) -> None:
    with pytest.raises(BadInputError, match=r"line 3: symbol 'ABC.L' again"):
        read_table(csv_of(GOOD, GOOD))
