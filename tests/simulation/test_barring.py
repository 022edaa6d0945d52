"""Inputs with other names barred are those that would have been made with them; rows on which nothing is in the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from positioning.market.load import load
from positioning.simulation.fees import read_fees
from positioning.simulation.inputs import ledger_inputs
from tests.builders import SAMPLE
from tests.simulation.accounts import FREE, build


def test_barred_inputs_are_those_made_anew() -> None:
    inputs = ledger_inputs(load(SAMPLE, ["NTR", "0598.HK"]), read_fees("default"))
    barred = np.random.default_rng(0).random(inputs.no_buy.shape) < 0.1
    again, other = replace(inputs, no_buy=barred), inputs.barring(barred)
    for name, one, two in zip(again.arrays._fields, again.arrays, other.arrays, strict=True):
        assert np.array_equal(one, two, equal_nan=True), name
    assert not np.array_equal(inputs.arrays.no_buy, barred)


def test_rows_on_which_all_is_open_are_those_without_anything_in_the_way() -> None:
    """A left its listing on the first row, though prices of it go on; B opens too early on row 2, which asks for a
    decision of the day before, and row 5 comes after a weekend; B is closed on row 4."""
    market = build({"A": [10.0] * 7, "B": [10.0] * 7}, early=[(2, "B"), (5, "B")], closed=[(4, "B")])
    inputs = ledger_inputs(market, FREE)
    assert inputs.all_open.tolist() == [True, True, False, True, False, True, True]
    for row in (0, 3):
        gone = replace(inputs, exit_row=np.array([row, -1]))
        assert gone.all_open.tolist() == [t < row and bool(inputs.all_open[t]) for t in range(7)]
