"""A market as the ledger reads it, cell by cell, on five weekdays from Thursday 4 January 2024."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import trading_constraints
from positioning.simulation.fees import FeeTable
from positioning.simulation.inputs import exit_terms, ledger_inputs
from positioning.simulation.ledger_arrays import CLOSED, FROZEN, HALTED, NO_RATE, OPEN
from positioning.simulation.liquidity import Capital
from positioning.simulation.taxes import DividendTax, WithholdingRate
from tests.simulation.accounts import FREE, build, charge

NAN = float("nan")
THURSDAY = "2024-01-04"


def test_why_a_leg_cannot_trade_is_told_by_the_gravest_reason() -> None:
    market = build(
        {"A": [10.0] * 5, "B": [20.0] * 5}, first=THURSDAY, closed=[(1, "A")], halted=[(2, "A"), (3, "B")],
        rates={"A": [1.0] * 5, "B": [2, NAN, 2, NAN, NAN]},
    )  # fmt: skip
    frozen = np.zeros((5, 2), bool)
    frozen[4, 0] = True
    inputs = ledger_inputs(market, FREE, constraints=replace(trading_constraints(market), frozen=frozen))
    assert inputs.why.tolist() == [
        [OPEN, OPEN],
        [CLOSED, NO_RATE],
        [HALTED, OPEN],
        [OPEN, HALTED],
        [FROZEN, NO_RATE],
    ]
    np.testing.assert_array_equal(inputs.fill, [[10, 40], [NAN, NAN], [NAN, 40], [10, NAN], [NAN, NAN]])
    assert inputs.all_open.tolist() == [True, False, False, False, False]
    assert inputs.arrays.freezing.tolist() == [4, 4, 4, 4, 4, 5]


@pytest.mark.parametrize(("fill", "paid"), [("open", [12, 11, 14]), ("close", [10, 11, 13])])
def test_a_fill_is_at_the_open_where_there_is_one(fill: str, paid: list[float]) -> None:
    market = build({"A": [10, 11, 13]}, {"A": [12, NAN, 14]}, rates={"A": [1, 2, 3]})
    inputs = ledger_inputs(market, FREE, fill)  # type: ignore[arg-type]
    assert inputs.fill[:, 0].tolist() == [paid[0], 2 * paid[1], 3 * paid[2]]
    # the last mark is the close before at this row's rate
    np.testing.assert_array_equal(inputs.last[:, 0], [NAN, 20, 33])
    np.testing.assert_array_equal(inputs.value, inputs.fill)
    assert inputs.mark[:, 0].tolist() == [10, 22, 39]
    with pytest.raises(BadInputError, match="fill=noon; wanted open or close"):
        ledger_inputs(market, FREE, "noon")  # type: ignore[arg-type]


def test_what_does_not_trade_is_worth_its_last_mark() -> None:
    market = build(
        {"A": [10, NAN, 13, 14], "B": [NAN, 5, 5, 5]}, halted=[(3, "A")], rates={"A": [1, 2, 2, 3]}
    )
    inputs = ledger_inputs(market, FREE)
    np.testing.assert_array_equal(inputs.value, [[10, NAN], [20, 5], [26, 5], [39, 5]])
    np.testing.assert_array_equal(inputs.arrays.value, [[10, 0], [20, 5], [26, 5], [39, 5]])
    np.testing.assert_array_equal(inputs.last[:, 1], [NAN, NAN, 5, 5])
    np.testing.assert_array_equal(inputs.arrays.last[:, 1], [0, 0, 5, 5])


def test_a_rate_that_is_lacking_leaves_the_last_mark_as_it_was() -> None:
    market = build({"A": [10, 12, 13]}, rates={"A": [2, NAN, 3]})
    inputs = ledger_inputs(market, FREE)
    assert np.isfinite(inputs.mark).all()
    np.testing.assert_array_equal(inputs.last[1:, 0], [20, 36])


def test_days_count_for_borrow_and_cash_and_for_what_opens_too_early() -> None:
    """Thursday, Friday, then Monday: one day, three days, one and one."""
    fees = FeeTable((charge(365, "short", "borrow"), charge(10)), "test")
    market = build({"A": [10.0] * 5}, first=THURSDAY, early=[(row, "A") for row in range(5)])
    inputs = ledger_inputs(market, fees, cash=CashRate.constant(0.0365))
    np.testing.assert_allclose(inputs.borrow[:, 0], [0, 1e-4, 3e-4, 1e-4, 1e-4], rtol=1e-12)
    np.testing.assert_allclose(inputs.growth, [0, 1e-4, 3e-4, 1e-4, 1e-4], rtol=1e-12)
    assert inputs.early[:, 0].tolist() == [False, True, False, True, True]
    assert inputs.all_open.tolist() == [True, False, True, False, False]
    assert inputs.arrays.moving.tolist() == [1, 1, 2, 3, 4, 5]
    still = ledger_inputs(market, fees)
    assert not still.growth.any()
    assert still.arrays.moving.tolist() == [5] * 6


def test_dividends_are_taxed_at_the_payer_s_rate_and_those_without_one_are_named() -> None:
    market = build(
        {"A": [10.0] * 4, "B": [20.0] * 4, "C": [30.0] * 4, "D": [40.0] * 4},
        dividends={(1, "A"): 0.5, (2, "B"): 2.0, (3, "D"): 1.0}, rates={"A": [1, 2, 2, 2]},
    )  # fmt: skip
    market = replace(market, basis=("traded", "traded", "traded", "total_return"))
    rates = tuple(WithholdingRate("XX", symbol, "*", percent, np.datetime64("2000-01-01"), "assumption: test")
                  for symbol, percent in (("A", 25.0), ("D", 0.0)))  # fmt: skip
    inputs = ledger_inputs(market, FREE, tax=DividendTax(rates, "*", "test"))
    assert inputs.dividend.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]]
    assert inputs.tax.tolist() == [[0] * 4, [0.25, 0, 0, 0], [0] * 4, [0] * 4]
    assert (inputs.untaxed, inputs.inside) == (("B",), ("D",))  # C pays nothing, so nothing is lacking
    assert inputs.arrays.paying.tolist() == [False, True, True, True]
    assert inputs.arrays.moving.tolist() == [1, 1, 2, 3, 4]
    gross = ledger_inputs(market, FREE)
    assert not gross.tax.any()
    assert (gross.untaxed, gross.inside) == ((), ())


def test_an_account_reads_its_own_rows() -> None:
    market = build(
        {"A": [10, 11, 12, 13]},
        dividends={(0, "A"): 1.0, (2, "A"): 2.0},
        halted=[(1, "A"), (3, "A")],
        start=2,
    )
    inputs = ledger_inputs(market, FREE, "close")
    assert inputs.rows.tolist() == market.rows[2:].tolist()
    assert inputs.dividend[:, 0].tolist() == [2.0, 0.0]
    assert inputs.why[:, 0].tolist() == [OPEN, HALTED]
    assert inputs.last[:, 0].tolist() == [11.0, 12.0]
    assert inputs.growth.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("start", "row"), [(0, 3), (1, 2), (3, 0), (4, 0)])
def test_an_exit_is_on_the_row_after_the_last_of_its_listing(start: int, row: int) -> None:
    """Listed to the third row: out on the fourth, or on the account's first where that is later."""
    market = build(
        {"A": [10, 11, 12, 13, 14], "B": [5.0] * 5}, delisted={"A": ("2024-01-10", 6.0)}, start=start
    )
    inputs = ledger_inputs(market, FREE)
    assert inputs.exit_row.tolist() == [row, -1]
    assert inputs.exit_price.tolist() == [6.0, 0.0]
    assert inputs.exit_cover.tolist() == [6.0, 0.0]
    assert inputs.terms_known.tolist() == [True, False]
    assert inputs.all_open.tolist() == [row_ < row for row_ in range(5 - start)]


def test_an_exit_pays_at_the_rate_of_its_row_and_a_short_without_terms_the_last_mark() -> None:
    rows, prices = np.array([-1, 0, 2, 2]), np.array([5.0, NAN, 3.0, NAN])
    rate = np.arange(1.0, 13.0).reshape(3, 4)
    mark = 100 * rate
    mark[2, 3] = NAN
    paid, owed = exit_terms(rows, prices, rate, mark)
    assert paid.tolist() == [0.0, 0.0, 3.0 * 11.0, 0.0]
    assert owed.tolist() == [0.0, 200.0, 33.0, 0.0]
    two_paid, two_owed = exit_terms(
        rows, np.stack([prices, 2 * prices]), np.stack([rate, rate]), np.stack([mark, mark])
    )
    assert two_paid.tolist() == [paid.tolist(), (2 * paid).tolist()]
    assert two_owed.tolist() == [owed.tolist(), [0.0, 200.0, 66.0, 0.0]]


@pytest.mark.parametrize("trades", [True, False])
def test_a_frozen_name_is_marked_at_its_last_price_and_pays_nothing(trades: bool) -> None:
    """Frozen from row 2 to row 3: what it closes at on row 2, before it was suspended, counts where it traded."""
    market = build(
        {"A": [10, 11, 12, 13, 14]}, dividends={(2, "A"): 1.0, (4, "A"): 1.0}, halted=[] if trades else [(2, "A")],
    )  # fmt: skip
    frozen = np.array([[False], [False], [True], [True], [False]])
    inputs = ledger_inputs(market, FREE, constraints=replace(trading_constraints(market), frozen=frozen))
    kept = 12.0 if trades else 11.0
    assert inputs.mark[:, 0].tolist() == [10, 11, kept, kept, 14]
    assert inputs.dividend[:, 0].tolist() == [0, 0, 0, 0, 1]
    assert inputs.why[:, 0].tolist() == [OPEN, OPEN, FROZEN, FROZEN, OPEN]
    assert inputs.all_open.tolist() == [True, True, False, False, True]


def test_barring_a_name_shuts_its_rows_and_changes_nothing_else() -> None:
    market = build({"A": [10.0] * 3, "B": [20.0] * 3})
    inputs = ledger_inputs(market, FREE)
    barred = np.array([[False, False], [False, True], [False, False]])
    other = inputs.barring(barred)
    assert other.all_open.tolist() == other.arrays.all_open.tolist() == [True, False, True]
    np.testing.assert_array_equal(other.arrays.no_buy, barred)
    assert other.arrays.mark is inputs.arrays.mark
    assert inputs.arrays.all_open.all()


def test_an_account_of_no_capital_has_no_size() -> None:
    market = build({"A": [10.0] * 3})
    for capital in (None, Capital(0.0)):
        inputs = ledger_inputs(market, FREE, capital=capital)
        assert inputs.liquidity is None
        assert inputs.depth is None
        assert inputs.capital == 0.0
    sized = ledger_inputs(replace(market, volume=np.full((3, 1), 1e6)), FREE, capital=Capital(1.0))
    assert sized.capital == 1.0
    assert sized.depth is not None
    assert sized.depth.limit.shape == (3, 1)


def test_quotients_that_sizing_an_order_takes_are_worked_out_with_the_market() -> None:
    """Also where there is no price, no lot, or no volume."""
    market = build({"A": [10.0, 12.5, 8.0] * 20, "B": [np.nan] * 3 + [7.0] * 57})
    volumes = np.column_stack([np.full(60, 1e6), np.full(60, np.nan)])
    inputs = ledger_inputs(replace(market, volume=volumes), FREE, capital=Capital(1e6))
    assert inputs.depth is not None
    assert inputs.depth is inputs.depth
    d, priced = inputs.depth, ~np.isnan(inputs.fill)
    np.testing.assert_array_equal(d.per_price[priced], 1.0 / inputs.fill[priced])
    np.testing.assert_array_equal(d.most[priced], d.limit[priced] / inputs.fill[priced])
    assert (d.most[-1] > 0.0).tolist() == [True, False]
    np.testing.assert_array_equal(d.per_lot, np.where(d.lot > 0.0, 1.0 / np.maximum(d.lot, 1.0), 0.0))
