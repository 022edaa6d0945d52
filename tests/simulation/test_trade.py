"""Orders on a row, where one condition more or less would change what becomes of them; prices and shares that doubles
hold exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from positioning.simulation.constraints import trading_constraints
from positioning.simulation.result import Result
from positioning.simulation.simulate import simulate
from tests.simulation.accounts import FREE, build, decide

HALT = "no trading in the name"


def barred_from(row: int, decisions: dict[int, dict[str, float]], halted: tuple[int, ...] = ()) -> Result:
    """A at 8 and B at 4 for six rows; purchases of A are barred from a row on."""
    market = build({"A": [8.0] * 6, "B": [4.0] * 6}, halted=[(r, "A") for r in halted])
    no_buy = np.zeros((6, 2), bool)
    no_buy[row:, 0] = True
    return simulate(
        decide(market, decisions),
        market,
        FREE,
        constraints=replace(trading_constraints(market), no_buy=no_buy),
    )


def fate(result: Result, decided: int) -> tuple[str, int, float, float]:
    """Status, waits, and shares got and held at the end, of the order of A that was decided on a row."""
    orders = result.orders[
        (result.orders.symbol == "A") & (result.orders.decided == pd.Timestamp(result.rows[decided]))
    ]
    (order,) = orders.itertuples()
    return order.status, order.waited, order.got, float(result.shares[-1, 0])


@pytest.mark.parametrize(
    ("held", "wanted", "status", "got"),
    [
        (0.5, 0.5, "filled", 0.0), (0.5, 0.25, "filled", -0.03125), (0.5, 0.0, "filled", -0.0625),
        (0.5, 0.5078125, "cancelled", 0.0), (0.5, -0.25, "filled", -0.09375), (0.0, 0.25, "cancelled", 0.0),
        (-0.5, -0.5, "filled", 0.0), (-0.5, -0.25, "filled", 0.03125), (-0.5, 0.0, "filled", 0.0625),
        (-0.5, 0.25, "filled", 0.0625), (-0.5, -0.75, "filled", -0.03125),
    ],
)  # fmt: skip
def test_a_name_that_may_not_be_bought_may_be_kept_sold_and_covered(
    held: float, wanted: float, status: str, got: float
) -> None:
    result = barred_from(2, {0: {"A": held}, 2: {"A": wanted}})
    assert fate(result, 2) == (status, 0, got, held / 8 + got)


@pytest.mark.parametrize(
    ("held", "wanted", "status"),
    [
        (-0.5, 0.0, "pending"), (-0.5, -0.25, "pending"), (0.5, 0.25, "pending"), (0.5, 0.5, "pending"),
        (0.5, 0.75, "cancelled"), (0.0, 0.25, "cancelled"),
    ],
)  # fmt: skip
def test_what_may_not_be_bought_is_cancelled_and_a_sale_or_a_cover_waits(
    held: float, wanted: float, status: str
) -> None:
    result = barred_from(2, {0: {"A": held}, 2: {"A": wanted}}, halted=(3, 4, 5))
    assert fate(result, 2)[0] == status
    assert result.shares[-1, 0] == held / 8
    if status == "cancelled":
        assert not result.order_arrays.waits.any()


def test_a_purchase_that_waits_is_cancelled_on_the_row_from_which_it_is_barred() -> None:
    result = barred_from(3, {0: {"A": 0.5}}, halted=(1, 2, 3, 4))
    assert fate(result, 0) == ("cancelled", 2, 0.0, 0.0)


def test_the_first_reason_of_a_wait_is_kept_and_every_row_of_it_counts() -> None:
    market = build({"A": [8.0] * 7, "B": [4.0] * 7}, closed=[(1, "A"), (3, "A")], halted=[(2, "A")])
    result = simulate(decide(market, {0: {"A": 0.5}}), market, FREE)
    (order,) = result.orders.itertuples()
    assert (order.status, order.waited, order.reason) == ("filled", 3, "venue closed")
    assert order.filled == pd.Timestamp(market.rows[4])


def test_a_cover_in_full_is_done_where_purchases_beside_it_wait_for_a_sale() -> None:
    """A 0.75 held, B short of 0.25; then B is covered and C bought for 1. A's sale waits a row: cash of 0.25 is free, and
    the rest of C waits for A; B is filled."""
    market = build({"A": [8.0] * 6, "B": [4.0] * 6, "C": [2.0] * 6}, halted=[(3, "A")])
    result = simulate(decide(market, {0: {"A": 0.75, "B": -0.25}, 2: {"C": 1.0}}), market, FREE)
    orders = {o.symbol: o for o in result.orders.itertuples() if o.decided == pd.Timestamp(market.rows[2])}
    assert result.shares[3].tolist() == [0.09375, 0.0, 0.125]
    assert result.shares[4].tolist() == [0.0, 0.0, 0.5]
    assert (orders["B"].status, orders["B"].waited, orders["B"].filled) == (
        "filled",
        0,
        pd.Timestamp(market.rows[3]),
    )
    assert (orders["C"].status, orders["C"].got, orders["C"].value) == ("filled", 0.5, 1.0)
    assert (orders["A"].status, orders["A"].waited, orders["A"].reason) == ("filled", 1, HALT)
    assert np.isnan(result.closing.pending).all()


def test_prices_below_one_are_bought_by_more_than_a_share() -> None:
    """Half at 0.125 is four shares, and a quarter short at 0.0625 is four: conditions on shares hold above one."""
    market = build({"A": [0.125, 0.125, 0.25, 0.25], "B": [0.0625, 0.0625, 0.0625, 0.0625]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": -0.25}, 2: {"A": 0.25, "B": 0.25}}), market, FREE)
    assert result.shares.tolist() == [[0, 0], [4, -4], [4, -4], [1.5, 6]]
    assert result.nav.tolist() == [1.0, 1.0, 1.5, 1.5]
    assert result.orders.got.tolist() == [4.0, -4.0, -2.5, 10.0]
