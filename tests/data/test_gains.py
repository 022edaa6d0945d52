"""Gains that a fund paid out, as Yahoo answers them: dividends once, told from doubles by the adjusted closes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from positioning.data.cache_source import StoreSource
from positioning.data.series import COLUMNS, Series, decode, encode
from positioning.data.store import Store
from positioning.market.findings import errors
from positioning.market.venues import sessions
from tests.data.entries import ENTRY

DAYS = sessions("XNYS", np.datetime64("2020-01-02"), np.datetime64("2020-12-31"))


def fund(said: float, gains: float, whole: float) -> Series:
    """A year of a fund that pays `whole` on row 150, told as `said` of dividends and `gains` of gains."""
    close = np.round(80 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, DAYS.size))), 2)
    adjusted = close.copy()
    adjusted[:150] *= 1 - whole / close[149]
    columns = dict.fromkeys(("open", "high", "low", "close"), close) | {"adj_close": adjusted}
    columns["volume"] = np.full(DAYS.size, 1e6)
    for name, amount in (("dividends", said), ("gains", gains), ("splits", 0.0)):
        columns[name] = np.where(np.arange(DAYS.size) == 150, amount, 0.0)
    return Series(DAYS, {n: columns[n] for n in COLUMNS}, np.zeros(DAYS.size, dtype="U1"))


def kept(cache: Path, series: Series) -> StoreSource:
    with Store.writing(cache, 0) as store:
        store.put(series, replace(ENTRY, symbol="MOO", through="2020-12-31"))
    return StoreSource(cache)


@pytest.mark.parametrize(
    ("said", "gains", "whole"),
    [(0.0, 3.0, 3.0), (0.5, 3.0, 3.5), (3.5, 3.0, 3.5), (3.0, 3.0, 3.0), (0.5, 0.0, 0.5)],
)
def test_gains_are_paid_once(tmp_path: Path, said: float, gains: float, whole: float) -> None:
    source = kept(tmp_path, fund(said, gains, whole))
    paid = source.deliver(["MOO"], []).bars["MOO"].dividends
    assert np.flatnonzero(paid).tolist() == [150]
    assert paid[150] == pytest.approx(whole, abs=1e-12)
    assert errors(source.findings(["MOO"])) == ()


def test_adjusted_closes_that_part_from_the_closes_are_an_error(tmp_path: Path) -> None:
    source = kept(tmp_path, fund(0.0, 0.0, 3.0))  # the payment is in neither column
    assert [(f.check, f.severity) for f in source.findings(["MOO"])] == [("adjusted", "error")]


def test_gains_survive_the_store_and_cost_nothing_where_there_are_none() -> None:
    some, none = fund(0.0, 3.0, 3.0), fund(0.5, 0.0, 0.5)
    np.testing.assert_array_equal(decode(encode(some))["gains"], some["gains"])
    assert not decode(encode(none))["gains"].any()
    assert b"gains" not in encode(none)
