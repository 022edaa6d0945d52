"""Dividends in another unit than the prices: pounds beside pence, cents beside dollars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.data.folder import FolderSource
from positioning.market.findings import Finding
from positioning.market.venues import sessions

DAYS = sessions("XNYS", np.datetime64("2019-01-02"), np.datetime64("2020-12-31"))


def read(folder: Path, unit: float, decimals: int) -> tuple[list[str], tuple[Finding, ...]]:
    """What is said of two years of closes that fall by eight dividends of 1 %, the payments in `unit` of theirs."""
    growth = np.random.default_rng(5).normal(0, 0.012, DAYS.size)
    pays = np.zeros(DAYS.size)
    pays[40::60] = 0.01
    close = 40 * np.exp(np.cumsum(growth + np.log1p(-pays)))
    paid = pays * np.append(close[:1], close[:-1]) * unit
    columns = {"Date": DAYS.astype(str), "Close": close.round(decimals), "Dividends": paid.round(6)}
    pd.DataFrame(columns).to_csv(folder / "MOS.csv", index=False)
    source = FolderSource(folder)
    delivery = source.deliver(["MOS"], [])
    return [n.text for n in delivery.bars["MOS"].notices], source.findings(["MOS"])


@pytest.mark.parametrize("decimals", [2, 9])
def test_a_hundredfold_payment_is_an_error_on_and_off_the_grid_of_prices(
    tmp_path: Path, decimals: int
) -> None:
    _, found = read(tmp_path, 100.0, decimals)
    assert {(f.check, f.severity) for f in found} == {("adjusted", "error")}
    assert "bring Dividends to the unit of the prices" in found[0].remedy


@pytest.mark.parametrize("decimals", [2, 9])
def test_a_hundredth_is_an_error_of_a_price_that_moves_as_a_share_does(tmp_path: Path, decimals: int) -> None:
    """Without it an account lacks 8 % over the file. Closes of nine decimals are off every grid: those are refused for
    what they hold already, whatever is paid."""
    _, found = read(tmp_path, 0.01, decimals)
    if decimals == 2:
        assert [(f.check, f.severity) for f in found] == [("adjusted", "error")]
        assert (
            found[0].seen
            == "pays 0.0100% of its price at a time: divided by a hundred? so multiplied they come to 8.00% of it in sum"
        )
        assert "bring Dividends to the unit of the prices" in found[0].remedy


def test_payments_of_one_per_cent_are_as_they_should_be(tmp_path: Path) -> None:
    told, found = read(tmp_path, 1.0, 2)
    assert not any("at a time" in t for t in told)
    assert found == ()
