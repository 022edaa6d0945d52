"""The parts of a profit, each on an account of a few rows whose numbers doubles hold exactly."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.events.event import Events
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.profit import PARTS
from positioning.simulation.result import Result
from positioning.simulation.simulate import run, simulate
from positioning.simulation.taxes import DividendTax, WithholdingRate
from tests.simulation.accounts import FREE, build, charge, decide

ROUND = {"rtol": 1e-14, "atol": 1e-16}  # a few sums of doubles near one


def adds_up(result: Result) -> None:
    """The parts of a row are what nav changed by on it, with what cash earned."""
    parts = sum(result.profit[part].sum(axis=1) for part in PARTS)
    np.testing.assert_allclose(np.diff(result.nav), (parts + result.interest)[1:], **ROUND)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_price_currency_and_what_is_traded_off_the_mark(sign: float) -> None:
    """Half at an open of 8 and a rate of 2 is 0.03125 shares. Row 1 closes at 10: 0.03125 x 2 x 2. Row 2: 12 at a rate of
    3: price 0.03125 x 2 x 2, currency 0.03125 x 12 x 1. Row 3 sells all at an open of 14, at a rate of 3: 0.03125 x 2 x 3
    of price from the close before, and then from the mark of 16 back to what was paid."""
    market = build(
        {"A": [8, 10, 12, 16]}, {"A": [8, 8, 12, 14]}, rates={"A": [2, 2, 3, 3]},
    )  # fmt: skip
    result = simulate(decide(market, {0: {"A": 0.5 * sign}, 2: {}}), market, FREE)
    profit = {part: (sign * values[:, 0]).tolist() for part, values in result.profit.items()}
    assert profit["price"] == [0.0, 0.125, 0.125, 0.1875]
    assert profit["currency"] == [0.0, 0.0, 0.375, 0.0]
    for part in ("dividends", "taxes", "costs", "impact", "financing"):
        assert not any(profit[part])
    adds_up(result)


@pytest.mark.parametrize(("weight", "kept"), [(0.5, 0.75), (-0.5, 1.0)])
def test_dividends_are_gross_and_tax_is_of_longs(weight: float, kept: float) -> None:
    """0.0625 shares at 8 are paid 1 on row 2, of which a quarter is withheld from who holds them."""
    market = build({"A": [8.0] * 4}, dividends={(2, "A"): 1.0, (1, "A"): 1.0})
    rate = WithholdingRate("XX", "A", "*", 25.0, np.datetime64("2000-01-01"), "assumption: test")
    result = AccountTerms(FREE, tax=DividendTax((rate,), "*", "test")).run(
        decide(market, {0: {"A": weight}}), market
    )
    assert result.profit["dividends"][:, 0].tolist() == [0.0, 0.0, weight / 8, 0.0]
    assert result.profit["taxes"][:, 0].tolist() == [0.0, 0.0, (kept - 1) * weight / 8, 0.0]
    adds_up(result)


def test_costs_are_of_each_side_and_financing_of_shorts_by_the_mark_before() -> None:
    """Friday to Monday is three days of 1e-4 (365 bps a year) on what 0.0625 shares were worth on Friday, 10 each, and
    Tuesday a day on 12 each; fees of 32 bps on sales and 64 on buys."""
    market = build({"A": [8, 10, 12, 12]}, {"A": [8, 8, 12, 12]}, first="2024-01-04")
    fees = FeeTable((charge(365, "short", "borrow"), charge(32, "sell"), charge(64, "buy")), "test")
    result = simulate(decide(market, {0: {"A": -0.5}, 2: {}}), market, fees)
    np.testing.assert_allclose(result.profit["financing"][:, 0], [0, 0, -1.875e-4, -0.75e-4], **ROUND)
    np.testing.assert_allclose(result.profit["costs"][:, 0], [0, -0.0016, 0, -0.0048], **ROUND)
    adds_up(result)
    held = simulate(decide(market, {0: {"A": 0.5}}), market, fees)
    assert not held.profit["financing"].any()


def test_what_was_paid_on_the_row_an_account_goes_on_from_was_paid_before() -> None:
    """Cut on row 2, on which A pays and B's borrow is due: the second account begins after that."""
    prices = {"A": [8.0] * 5, "B": [4, 4, 4, 5, 5]}
    paid = {(2, "A"): 1.0, (3, "A"): 2.0}
    rate = WithholdingRate("XX", "A", "*", 25.0, np.datetime64("2000-01-01"), "assumption: test")
    terms = AccountTerms(
        FeeTable((charge(365, "short", "borrow"),), "test"), cash=CashRate.constant(0.0365),
        tax=DividendTax((rate,), "*", "test"),
    )  # fmt: skip
    market = build(prices, dividends=paid)
    whole = terms.run(decide(market, {0: {"A": 0.5, "B": -0.25}}), market)
    after = build(prices, dividends=paid, start=2)
    inputs = terms.inputs(after, Events(()))
    holdings = Holdings(
        float(whole.cash[2]), whole.shares[2], np.full(2, np.nan), np.zeros(2, np.int8), np.zeros(2, np.bool_)
    )
    tail = run(decide(after, {0: {"A": 0.5, "B": -0.25}}), after, inputs, holdings)
    for part in PARTS:
        np.testing.assert_array_equal(tail.profit[part][0], 0.0)
        np.testing.assert_allclose(tail.profit[part][1:], whole.profit[part][3:], **ROUND)
    # half of nav 1.0001 at 8: cash earned a day before it traded
    np.testing.assert_allclose(tail.profit["dividends"][1], [2 * 1.0001 / 16, 0.0], **ROUND)
    adds_up(tail)


def test_nothing_is_earned_after_a_ruin() -> None:
    """Short of 0.125 at 8, which is at 24 on row 2: 1 + 1 - 3 is below zero. What came of it stands on that row alone."""
    market = build({"A": [8, 8, 24, 30, 2], "B": [4.0] * 5}, dividends={(3, "A"): 1.0, (4, "B"): 1.0})
    fees = FeeTable((charge(365, "short", "borrow"),), "test")
    result = simulate(decide(market, {0: {"A": -1.0, "B": 0.25}, 3: {"B": 0.5}}), market, fees)
    assert result.ruin_row == 2
    for part, values in result.profit.items():
        assert not values[3:].any(), part
    assert result.profit["price"][2].tolist() == [-2.0, 0.0]
    total = sum(values.sum() for values in result.profit.values())
    np.testing.assert_allclose(total, -1.0 - result.deficit, **ROUND)


def test_a_name_that_is_not_held_earns_nothing_where_it_has_no_price() -> None:
    nan = float("nan")
    market = build({"A": [8, 8, 10, 10], "B": [nan, nan, 4, 6]})
    result = simulate(decide(market, {0: {"A": 0.5}}), market, FREE)
    assert all(np.isfinite(values).all() for values in result.profit.values())
    assert result.profit["price"].sum(axis=0).tolist() == [0.125, 0.0]
