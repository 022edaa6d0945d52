"""Inputs with other names barred are those that would have been made with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from positioning.market.load import load
from positioning.simulation.fees import read_fees
from positioning.simulation.inputs import ledger_inputs
from tests.builders import SAMPLE


def test_barred_inputs_are_those_made_anew() -> None:
    inputs = ledger_inputs(load(SAMPLE, ["NTR", "0598.HK"]), read_fees("default"))
    barred = np.random.default_rng(0).random(inputs.no_buy.shape) < 0.1
    again, other = replace(inputs, no_buy=barred), inputs.barring(barred)
    for name, one, two in zip(again.arrays._fields, again.arrays, other.arrays, strict=True):
        assert np.array_equal(one, two, equal_nan=True), name
    assert not np.array_equal(inputs.arrays.no_buy, barred)
