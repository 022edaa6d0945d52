"""What an order of one leg comes to, in numbers that doubles hold exactly."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.simulation.ledger_arrays import DUST
from positioning.simulation.leg_arithmetic import (
    affordable,
    shares_covered,
    shares_short,
    shares_to_trade,
    too_dear,
    within_band,
)

LARGE = 2.0**41  # an account whose dust is 2.2


@pytest.mark.parametrize(
    ("weight", "shares", "price", "total", "delta"),
    [
        (0.5, 3.0, 4.0, 16.0, -1.0), (0.5, 1.0, 4.0, 16.0, 1.0), (0.5, 2.0, 4.0, 16.0, 0.0), (0.5, -3.0, 4.0, 16.0, 5.0),
        (-0.25, 1.0, 8.0, 16.0, -1.5), (0.0, 3.0, 4.0, 16.0, -3.0), (0.25, 0.0, 0.5, 2.0, 1.0),
    ],
)  # fmt: skip
def test_an_order_is_what_lies_between_a_holding_and_its_target(
    weight: float, shares: float, price: float, total: float, delta: float
) -> None:
    assert shares_to_trade(weight, shares, price, 1.0 / price, total) == delta


@pytest.mark.parametrize(
    ("weight", "shares", "band", "within"),
    [
        # Of 16, at a price of 2: three shares are 0.375, an eighth from a target of a half: a quarter of it.
        (0.5, 3.0, 0.25, False), (0.5, 3.0, 0.2501, True), (0.5, 3.0, 0.2499, False),
        (0.5, 5.0, 0.25, False), (0.5, 5.0, 0.2501, True),  # as far above
        (-0.5, -3.0, 0.2501, True), (-0.5, -3.0, 0.25, False), (-0.5, 3.0, 1.0, False), (-0.5, 3.0, 2.0, True),
        (0.5, 0.0, 1.5, False), (0.0, 3.0, 9.0, False),  # to enter and to leave are no small orders
        (1.0, 7.0, 0.1251, True), (0.125, 1.0, 0.1, True),  # a weight of one, a single share
        (0.5, 4.0, 0.0, False),  # no band
    ],
)  # fmt: skip
def test_the_band_is_a_part_of_the_target_and_its_edge_lies_outside(
    weight: float, shares: float, band: float, within: bool
) -> None:
    assert bool(within_band(weight, shares, 2.0, 16.0, 1 / 16.0, band)) is within


@pytest.mark.parametrize(
    ("shares", "short"), [(-2.0, 2.0), (-0.5, 0.5), (0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (2.0, 0.0)]
)
def test_a_holding_below_nought_is_short_of_so_many(shares: float, short: float) -> None:
    assert shares_short(shares) == short


@pytest.mark.parametrize(
    ("shares", "rise", "covered"),
    [
        (-2.0, 1.0, 1.0),
        (-2.0, 2.0, 2.0),
        (-2.0, 3.0, 2.0),
        (-0.5, 0.0, 0.0),
        (0.0, 3.0, 0.0),
        (2.0, 3.0, 0.0),
    ],
)
def test_a_purchase_covers_what_is_short_and_no_more(shares: float, rise: float, covered: float) -> None:
    assert shares_covered(shares, rise) == covered


@pytest.mark.parametrize(
    ("need", "free", "total", "part"),
    [
        (1.0, 1.0, 1.0, 1.0), (1.0, 2.0, 1.0, 1.0), (2.0, 1.0, 1.0, 0.5), (0.5, 0.25, 1.0, 0.5), (0.5, 0.125, 1.0, 0.25),
        (0.0, 0.0, 1.0, 1.0), (0.0, -1.0, 1.0, 1.0),  # nothing is needed
        (2.0, 0.0, 1.0, 0.0), (2.0, -1.0, 1.0, 0.0), (0.5, -1.0, 1.0, 0.0),
        # within rounding of the account all is paid, and free cash within rounding is none
        (3.0, 1.0, LARGE, 1.0), (3.25, 1.0, LARGE, 0.0), (5.0, 2.5, LARGE, 0.5), (5.0, 2.0, LARGE, 0.0),
    ],
)  # fmt: skip
def test_purchases_get_the_part_that_free_cash_pays_for(
    need: float, free: float, total: float, part: float
) -> None:
    assert 2.1 < DUST * LARGE < 2.2
    # as a division of the machine, which gives no error
    assert affordable(np.float64(need), free, total) == part
    assert bool(too_dear(need, free, total)) is (part < 1.0)
