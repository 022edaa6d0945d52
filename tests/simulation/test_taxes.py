"""Withholding on dividends, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.instruments import instrument, table
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.simulation.result import Result
from positioning.simulation.taxes import DividendTax, read_tax
from positioning.strategy.targets import Targets

FREE = FeeTable((), "none")
exactly = {"rtol": 1e-13, "atol": 1e-14}  # a dozen sums near one


def paying(symbol: str, first: str = "2024-01-08", weight: float = 0.5, investor: str = "none") -> Result:
    """A flat share at 10 that pays 1 on row 3; row 0 decides `weight`, so 0.1 x weight shares are held from row 1."""
    index = pd.bdate_range(first, periods=5)
    close = pd.DataFrame({symbol: [10.0] * 5}, index)
    dividends = pd.DataFrame({symbol: [0.0, 0.0, 0.0, 1.0, 0.0]}, index)
    m = Market.from_frames(close, dividends=dividends)
    m = replace(m, instruments=(replace(m.instruments[0], incorporated=instrument(symbol).incorporated),))
    targets = Targets(m.rows, m.symbols, np.array([0]), np.array([[weight]]))
    return AccountTerms(FREE, tax=read_tax(investor)).run(targets, m, Events(()))


@pytest.mark.parametrize(
    ("symbol", "first", "investor", "part"),
    [
        ("NTR", "2024-01-08", "US", 0.15),  # Canada, by treaty
        ("NTR", "2024-01-08", "IE", 0.15),
        ("NTR", "2024-01-08", "none", 0.0),
        ("1157.HK", "2024-01-08", "US", 0.10),  # an H share of the mainland
        ("1157.HK", "2024-01-08", "HK", 0.10),
        ("BGEO.L", "2024-01-08", "US", 0.0),  # incorporated in the United Kingdom
        (
            "TAVHL.IS",
            "2021-12-13",
            "US",
            0.15,
        ),  # the ex-date is 16 December: Decision 4936 holds from the 22nd
        ("TAVHL.IS", "2021-12-20", "US", 0.10),  # the 23rd
        ("TAVHL.IS", "2024-12-16", "UK", 0.10),  # the 19th: Decision 9286 holds from the 22nd
        ("TAVHL.IS", "2024-12-23", "UK", 0.15),
        ("MOS", "2024-01-08", "US", 0.0),
        ("MOS", "2024-01-08", "IE", 0.15),
        ("MOS", "2024-01-08", "HK", 0.30),
    ],
)
def test_a_long_is_paid_net(symbol: str, first: str, investor: str, part: float) -> None:
    r = paying(symbol, first, 0.5, investor)  # 0.05 shares: 0.05 gross
    np.testing.assert_allclose(r.nav, [1, 1, 1, 1 + 0.05 * (1 - part), 1 + 0.05 * (1 - part)], **exactly)
    parts = r.contributions()[symbol]
    assert parts["dividends"] == pytest.approx(0.05, abs=1e-15)
    assert parts["taxes"] == pytest.approx(-0.05 * part, abs=1e-15)
    assert sum(v for own in r.contributions().values() for v in own.values()) == pytest.approx(r.nav[-1] - 1)


def test_a_short_over_its_ex_date_owes_the_dividend_gross() -> None:
    r = paying("NTR", weight=-0.5, investor="US")
    np.testing.assert_allclose(r.nav[-1], 0.95, **exactly)
    assert r.contributions()["NTR"]["taxes"] == 0.0


def test_none_is_the_account_without_a_tax_to_the_bit() -> None:
    assert read_tax("none") is None
    assert (paying("NTR").nav == paying("NTR", investor="none").nav).all()


def test_a_payer_without_a_rate_is_paid_gross_and_named() -> None:
    r = paying("ZZZ", investor="US")
    np.testing.assert_allclose(r.nav[-1], 1.05, **exactly)
    assert [(n.symbol, "gross" in n.text) for n in r.notices] == [("ZZZ", True)]


def test_a_payer_of_its_own_goes_before_its_country() -> None:
    rates = read_tax("HK")
    assert isinstance(rates, DividendTax)
    day = np.array(["2024-01-08"], dtype="datetime64[D]")
    rate, known = rates.on(day, [instrument("BHP"), replace(instrument("BHP"), symbol="XYZ")])
    assert rate.tolist() == [[0.0, 0.3]]
    assert known.all()


HEAD = "country,symbol,domicile,rate,start,source\n"


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEAD}CA,,*,12.5,2020-01-01,assumption: mine\n", encoding="utf-8")
    r = paying("NTR", investor=str(path))
    np.testing.assert_allclose(r.nav[-1], 1 + 0.05 * 0.875, **exactly)
    assert r.inputs.tax_label == "withheld by mine.csv"
    assert paying("NTR", investor="us").inputs.tax_label == "withheld as from an investor in US"
    assert paying("NTR", investor="none").inputs.tax_label != ""


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("Canada,,*,15,2020-01-01,doc", "line 2: country 'Canada'"),
        ("CA,,*,much,2020-01-01,doc", "line 2: rate 'much'"),
        ("CA,,*,-1,2020-01-01,doc", "line 2: rate -1"),
        ("CA,,*,nan,2020-01-01,doc", "line 2: rate nan"),
        ("CA,,*,inf,2020-01-01,doc", "line 2: rate inf"),
        ("CA,,*,100.5,2020-01-01,doc", "line 2: rate 100.5"),
        ("CA,,*,15,soon,doc", "line 2: start 'soon'"),
        ("CA,,*,15,2020-01-01,", "line 2: source is empty"),
        ("CA,,*,15,2020-01-01,doc\nCA,,*,15,2020-01-01,doc", "line 3: duplicate"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEAD}{row}\n", encoding="utf-8")
    with pytest.raises(BadInputError) as error:
        read_tax(str(path))
    assert complaint in str(error.value)


def test_an_unknown_investor_is_refused() -> None:
    with pytest.raises(BadInputError, match="no investor 'DE'"):
        read_tax("DE")


def test_every_rate_has_a_source_and_every_recorded_country_a_rate() -> None:
    rates = read_tax("US")
    assert rates is not None
    assert all(r.source for r in rates.rates)
    countries = {i.incorporated for i in table().values() if i.incorporated}
    assert countries <= {r.country for r in rates.rates}
