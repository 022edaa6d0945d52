"""The table of orders, every cell of it: accounts of a few rows whose prices, shares and sums doubles hold exactly."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positioning.events.event import Events
from positioning.events.restriction import Restriction, RestrictionKind
from positioning.simulation.account import AccountTerms
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import ledger_inputs
from positioning.simulation.result import Result
from positioning.simulation.simulate import run, simulate
from tests.simulation.accounts import FREE, build, decide

HALT = "no trading in the name"


def told(result: Result) -> list[tuple[Any, ...]]:
    """Each order: its row of decision, name, side, weight, status, row of its last fill, waits and reason, then shares
    wanted and got, and value."""
    row = {pd.Timestamp(day): n for n, day in enumerate(result.rows)} | {pd.NaT: None}
    return [
        (row[o.decided], o.symbol, o.side, o.target_weight, o.status, row[o.filled], o.waited, o.reason,
         o.wanted, o.got, o.value)
        for o in result.orders.itertuples()
    ]  # fmt: skip


def test_what_trades_at_once_and_what_is_sold_again() -> None:
    # Half of 1 at 8 is 0.0625 shares of A, a quarter short at 4 is 0.0625 of B. Row 3: A at 16, B at 4: nav 1.5, of which
    # a quarter in A is 0.0234375 shares; B is bought back.
    market = build({"A": [8, 8, 8, 16, 16], "B": [4.0] * 5})
    result = simulate(decide(market, {0: {"A": 0.5, "B": -0.25}, 2: {"A": 0.25}}), market, FREE)
    assert told(result) == [
        (0, "A", "buy", 0.5, "filled", 1, 0, "", 0.0625, 0.0625, 0.5),
        (0, "B", "sell", -0.25, "filled", 1, 0, "", -0.0625, -0.0625, 0.25),
        (2, "A", "sell", 0.25, "filled", 3, 0, "", -0.0390625, -0.0390625, 0.625),
        (2, "B", "buy", 0.0, "filled", 3, 0, "", 0.0625, 0.0625, 0.25),
    ]


def test_a_fill_on_the_row_of_the_next_decision_is_of_the_one_before() -> None:
    # B does not trade on rows 1 and 2. On row 3 it is bought for a half at 4; what row 3 decides sells half of that on 4.
    market = build({"A": [8.0] * 6, "B": [4.0] * 6}, halted=[(1, "B"), (2, "B")])
    result = simulate(decide(market, {0: {"A": 0.25, "B": 0.5}, 3: {"A": 0.25, "B": 0.25}}), market, FREE)
    assert told(result) == [
        (0, "A", "buy", 0.25, "filled", 1, 0, "", 0.03125, 0.03125, 0.25),
        (0, "B", "buy", 0.5, "filled", 3, 2, HALT, 0.125, 0.125, 0.5),
        (3, "A", "sell", 0.25, "filled", None, 0, "", 0.0, 0.0, 0.0),  # it holds what it wants
        (3, "B", "sell", 0.25, "filled", 4, 0, "", -0.0625, -0.0625, 0.25),
    ]


@pytest.mark.parametrize(
    ("weight", "side"), [(0.75, "buy"), (0.625, "sell"), (-0.125, "sell"), (0.0, "sell")]
)
def test_the_side_of_what_never_traded_is_that_of_its_target_at_last_marks(weight: float, side: str) -> None:
    """Half in A at 8, which doubles: of nav 1.5 it is 1, two thirds. From then on A does not trade."""
    market = build({"A": [8, 8, 16, 16, 16], "B": [4.0] * 5}, halted=[(3, "A"), (4, "A")])
    result = simulate(decide(market, {0: {"A": 0.5}, 2: {"A": weight}}), market, FREE)
    assert told(result)[1] == (2, "A", side, weight, "pending", None, 2, HALT, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(("weight", "side"), [(-0.25, "buy"), (-0.75, "sell"), (0.25, "buy")])
def test_a_short_that_never_traded_has_its_side_too(weight: float, side: str) -> None:
    market = build({"A": [8.0] * 5}, halted=[(3, "A"), (4, "A")])
    result = simulate(decide(market, {0: {"A": -0.5}, 2: {"A": weight}}), market, FREE)
    assert told(result)[1] == (2, "A", side, weight, "pending", None, 2, HALT, 0.0, 0.0, 0.0)


def rule(kind: RestrictionKind, day: str, symbol: str = "F") -> Restriction:
    """Known when that day ends."""
    return Restriction(symbol, date.fromisoformat(day), kind, "suspended", "why", "doc")


@pytest.mark.parametrize(("weight", "side"), [(0.5, "sell"), (0.75, "buy")])
@pytest.mark.parametrize("mark", ["last", "zero"])
def test_a_target_is_a_part_of_free_equity_whatever_a_trapped_holding_counts(
    weight: float, side: str, mark: str
) -> None:
    """Half in F, which is frozen from row 2 on, and 0.3125 in A, which does not trade from row 3 on: of the free half
    0.5 is less than that and 0.75 is more; of the whole 0.5 would be more."""
    market = build({"A": [8.0] * 6, "F": [4.0] * 6}, halted=[(row, "A") for row in (3, 4, 5)])
    terms = AccountTerms(FREE, mark=mark)
    targets = decide(market, {0: {"A": 0.3125, "F": 0.5}, 2: {"A": weight}})
    result = terms.run(targets, market, Events((), (rule("frozen", "2024-01-10"),)))
    late = [order for order in told(result) if order[0] == 2]
    assert late[0] == (2, "A", side, weight, "pending", None, 3, HALT, 0.0, 0.0, 0.0)
    assert late[1][:7] == (2, "F", "sell", 0.0, "pending", None, 3)


@pytest.mark.parametrize(
    ("held", "price", "status", "reason", "got", "value"),
    [
        (0.5, 6.0, "forced out: delisted", "", -0.0625, 0.375),
        (-0.5, 6.0, "forced out: delisted", "", 0.0625, 0.375),
        (0.5, None, "forced out: delisted, nothing paid", "no terms on record", -0.0625, 0.0),
        (-0.5, None, "forced out: delisted, covered at its last mark", "no terms on record", 0.0625, 0.5),
        (0.5, 0.5, "forced out: delisted", "", -0.0625, 0.03125),
    ],
)  # fmt: skip
def test_a_forced_exit_is_an_order_of_its_day(
    held: float, price: float | None, status: str, reason: str, got: float, value: float
) -> None:
    market = build(
        {"A": [8.0] * 5, "B": [4.0] * 5}, delisted={"A": ("2024-01-10", price), "B": ("2024-01-10", 1.0)}
    )
    result = simulate(decide(market, {0: {"A": held}}), market, FREE)
    side = "buy" if got > 0 else "sell"
    assert told(result)[1:] == [
        (3, "A", side, 0.0, status, 3, 0, reason, got, got, value)
    ]  # and nothing of B


def test_a_delisting_that_is_known_to_pay_nothing_says_so() -> None:
    market = build({"A": [8.0] * 5})
    gone = Restriction(
        "A",
        date(2024, 1, 9),
        "delisted",
        "delisting",
        "why",
        "doc",
        effective=np.datetime64("2024-01-10"),
        recovery=0.0,
    )
    result = AccountTerms(FREE).run(decide(market, {0: {"A": 0.5}}), market, Events((), (gone,)))
    status = "forced out: delisted, nothing paid"
    assert told(result)[1:] == [(3, "A", "sell", 0.0, status, 3, 0, "", -0.0625, -0.0625, 0.0)]


def test_a_listing_that_ended_before_the_account_is_no_order() -> None:
    market = build({"A": [8.0] * 5, "B": [4.0] * 5}, delisted={"A": ("2024-01-05", 6.0)})
    result = simulate(decide(market, {0: {"A": 0.25, "B": 0.5}}), market, FREE)
    assert [order[:6] for order in told(result)] == [
        (0, "A", "buy", 0.25, "cancelled", None), (0, "B", "buy", 0.5, "filled", 1),
    ]  # fmt: skip


def test_a_margin_call_is_an_order_of_the_row_on_which_it_traded() -> None:
    """All in F, and half short of B at 8, which goes to 20 on row 2, where F is frozen: called, and bought back on row 3
    at 16. A second short, C, is called too, and does not trade to the end."""
    market = build(
        {"B": [8, 8, 20, 16, 16], "C": [4.0] * 5, "F": [4.0] * 5}, halted=[(3, "C"), (4, "C")],
    )  # fmt: skip
    targets = decide(market, {0: {"B": -0.5, "C": -0.25, "F": 1.0}})
    result = AccountTerms(FREE).run(targets, market, Events((), (rule("frozen", "2024-01-10"),)))
    why = "debt beside a frozen holding"
    own = [(order[1], order[-1]) for order in told(result) if order[0] == 0]
    assert own == [("B", 0.5), ("C", 0.25), ("F", 1.0)]  # what was called is no part of what was decided
    assert result.orders.index.tolist() == list(range(5))
    assert [order for order in told(result) if order[0] != 0] == [
        (3, "B", "buy", 0.0, "forced out: margin call", 3, 0, why, 0.0625, 0.0625, 1.0),
        (4, "C", "buy", 0.0, "forced out: margin call, pending", None, 0, why, 0.0625, 0.0, 0.0),
    ]
    assert result.trade_value[3].tolist() == [1.0, 0.0, 0.0]


def test_orders_that_were_inherited_stand_on_the_first_row() -> None:
    """Cut on row 2, where B waits for the half that was decided of it; it trades on row 3 at 8."""
    prices = {"A": [8.0] * 6, "B": [4, 4, 4, 8, 8, 8]}
    market = build(prices, halted=[(1, "B"), (2, "B")])
    decisions = {0: {"A": 0.25, "B": 0.5}, 4: {"B": 0.5}}
    before = market.until(2)
    head = run(decide(before, {0: decisions[0]}), before, ledger_inputs(before, FREE), Holdings.opening(2))
    assert told(head)[1] == (0, "B", "buy", 0.5, "pending", None, 2, HALT, 0.0, 0.0, 0.0)
    after = build(prices, halted=[(1, "B"), (2, "B")], start=2)
    tail = run(decide(after, decisions), after, ledger_inputs(after, FREE), head.closing)
    assert told(tail) == [
        (0, "B", "buy", 0.5, "filled", 1, 0, "", 0.0625, 0.0625, 0.5),
        (2, "A", "sell", 0.0, "filled", 3, 0, "", -0.03125, -0.03125, 0.25),
        (2, "B", "sell", 0.5, "filled", None, 0, "", 0.0, 0.0, 0.0),
    ]
    assert np.isfinite(tail.orders["value"]).all()
