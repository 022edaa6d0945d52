"""The ledger by hand: each law of time and money on a market small enough to work out on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.metrics import summarise
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.instruments import table
from positioning.market.load import Span, load
from positioning.market.source import Delivery, Source
from positioning.market.venues import calendar_name, has_calendar, opens_early
from positioning.simulation.cash import CashRate, read_cash
from positioning.simulation.fees import FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import ledger_inputs
from positioning.simulation.result import Result
from positioning.simulation.simulate import run, simulate
from tests.simulation.accounts import FREE, TEN, build, charge, decide, exactly


def order(result: Result, symbol: str, decided: int) -> Any:
    """The one order of that leg decided on that row."""
    orders = result.orders
    decided_then = orders.decided == pd.Timestamp(result.rows[decided])
    found = orders[(orders.symbol == symbol) & decided_then & ~orders.status.str.startswith("forced")]
    assert len(found) == 1, orders
    return found.iloc[0]


def total(result: Result) -> float:
    return sum(v for parts in result.contributions().values() for v in parts.values())


@final
@dataclass(frozen=True)
class Handmade(Source):
    """Bars and rates given by hand, so that `load` adds the calendars."""

    bars: Mapping[str, Bars]
    rates: Mapping[str, Rates]

    @property
    def label(self) -> str:
        return "handmade"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        return Delivery({s: self.bars[s] for s in symbols}, {c: self.rates[c] for c in currencies})


def bars(
    symbol: str, dates: Sequence[str], close: Sequence[float], open: Sequence[float] | None = None
) -> Bars:
    c = np.asarray(close, dtype=float)
    o = c if open is None else np.asarray(open, dtype=float)
    days = np.array(dates, dtype="datetime64[D]")
    return Bars(
        symbol, days, o, np.maximum(o, c), np.minimum(o, c), c, np.full(c.size, 1e6), np.zeros(c.size)
    )


def flat_rate(currency: str, usd: float, first: str, last: str) -> Rates:
    days = np.arange(first, last, dtype="datetime64[D]")
    return Rates(currency, days, np.full(days.size, usd), "handmade")


def test_three_sessions_with_fees_worked_by_hand() -> None:
    # Fees 10 bps of value. Row 0 opens with cash 1 and decides A 60 %, B -20 %.
    # Row 1, open A 100, B 50: A +0.6/100 = 0.006, B -0.2/50 = -0.004, fees 0.8 x 0.001 = 0.0008,
    #   cash 1 - 0.6 + 0.2 - 0.0008 = 0.5992. Close 105, 45: nav 0.5992 + 0.63 - 0.18 = 1.0492.
    #   It decides A 30 %, B 0.
    # Row 2, open A 110, B 40: worth 0.5992 + 0.66 - 0.16 = 1.0992, so A should be 0.32976 and 0.66 - 0.32976
    #   = 0.33024 is sold (fee 0.00033024); B is bought back for 0.16 (fee 0.00016).
    #   cash 0.5992 + 0.33024 - 0.00033024 - 0.16 - 0.00016 = 0.76894976.
    #   Close A 99: 0.32976 x 99/110 = 0.296784, nav 1.06573376.
    # Row 3, close A 110: nav 0.76894976 + 0.32976 = 1.09870976.
    market = build(
        {"A": [100, 105, 99, 110], "B": [50, 45, 44, 50]}, {"A": [99, 100, 110, 98], "B": [49, 50, 40, 44]}
    )
    result = simulate(decide(market, {0: {"A": 0.6, "B": -0.2}, 1: {"A": 0.3}}), market, TEN)
    np.testing.assert_allclose(result.nav, [1.0, 1.0492, 1.06573376, 1.09870976], **exactly)
    np.testing.assert_allclose(result.cash, [1.0, 0.5992, 0.76894976, 0.76894976], **exactly)
    np.testing.assert_allclose(result.shares[:, 0], [0, 0.006, 0.32976 / 110, 0.32976 / 110], **exactly)
    np.testing.assert_allclose(result.shares[:, 1], [0, -0.004, 0, 0], **exactly)
    np.testing.assert_allclose(result.cost, [0, 0.0008, 0.00049024, 0], **exactly)
    np.testing.assert_allclose(result.trade_value.sum(axis=1), [0, 0.8, 0.49024, 0], **exactly)
    np.testing.assert_allclose(result.weights[1], [0.63 / 1.0492, -0.18 / 1.0492], **exactly)
    assert total(result) == pytest.approx(0.09870976, abs=1e-15)
    # filled at the close instead: row 1 at 105 and 45
    at_close = simulate(decide(market, {0: {"A": 0.6, "B": -0.2}}), market, TEN, fill="close")
    np.testing.assert_allclose(at_close.shares[1], [0.6 / 105, -0.2 / 45], **exactly)


# Chinese New Year 2024: Hong Kong is closed on Monday 12 and Tuesday 13 February, New York is open.
NEW_YEAR = ["2024-02-08", "2024-02-09", "2024-02-12", "2024-02-13", "2024-02-14", "2024-02-15"]
HONG_KONG = [NEW_YEAR[k] for k in (0, 1, 4, 5)]


@pytest.mark.parametrize(("fill", "paid"), [("open", (101.0, 82.0)), ("close", (102.0, 84.0))])
def test_one_sided_holiday_on_the_rebalance_day(fill: Any, paid: tuple[float, float]) -> None:
    # Decided on Friday 9: AAA 50 %, 9999.HK 40 %. HKD is 0.125 USD throughout, no fees.
    # Monday: AAA alone trades at 101 (102): 0.5/101. Tuesday: nothing. Wednesday: Hong Kong at 82 (84) HKD:
    # nav then is cash 0.5 + AAA at its own Wednesday price (open 105, close 106).
    source = Handmade(
        {
            "AAA": bars("AAA", NEW_YEAR, [100, 100, 102, 104, 106, 107], [100, 100, 101, 103, 105, 106]),
            "9999.HK": bars("9999.HK", HONG_KONG, [80, 80, 84, 85], [80, 80, 82, 84]),
        },
        {"HKD": flat_rate("HKD", 0.125, "2024-02-01", "2024-03-01")},
    )
    span = Span(np.datetime64("2024-02-08"), np.datetime64("2024-02-15"))
    market = load(source, ["AAA", "9999.HK"], span=span)
    assert market.rows.astype(str).tolist() == NEW_YEAR
    assert market.venue_open[:, 1].tolist() == [True, True, False, False, True, True]
    result = simulate(decide(market, {1: {"AAA": 0.5, "9999.HK": 0.4}}), market, FREE, fill)
    assert (result.trades[:, 0] != 0).tolist() == [False, False, True, False, False, False]
    assert (result.trades[:, 1] != 0).tolist() == [False, False, False, False, True, False]
    first = 0.5 / paid[0]
    nav = 0.5 + first * (105 if fill == "open" else 106)
    np.testing.assert_allclose(result.shares[2:4, 0], first, **exactly)
    np.testing.assert_allclose(result.shares[4, 1], 0.4 * nav / (paid[1] * 0.125), **exactly)
    waited = order(result, "9999.HK", 1)
    assert (waited.status, waited.waited, waited.reason) == ("filled", 2, "venue closed")
    assert waited.filled == pd.Timestamp("2024-02-14")
    assert (order(result, "AAA", 1).waited, order(result, "AAA", 1).reason) == (0, "")


def test_a_halted_leg_waits_and_zero_volume_alone_is_no_halt() -> None:
    # BBB repeats Monday's four prices on Tuesday with zero volume: halted. Wednesday has zero volume and new
    # prices: traded. CCC repeats its prices on Tuesday with volume: traded.
    days = ["2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"]
    halted = bars("BBB", days, [50, 50, 55, 55])
    halted.volume[1:3] = 0.0
    source = Handmade({"BBB": halted, "CCC": bars("CCC", days, [20, 20, 20, 20])}, {})
    market = load(source, ["BBB", "CCC"], span=Span(np.datetime64(days[0]), np.datetime64(days[-1])))
    assert market.tradable[:, 0].tolist() == [True, False, True, True]
    assert market.tradable[:, 1].all()
    result = simulate(decide(market, {0: {"BBB": 0.5, "CCC": 0.5}}), market, FREE)
    assert result.shares[1].tolist() == [0.0, 0.5 / 20]
    assert result.shares[2, 0] == pytest.approx(0.5 / 55, rel=1e-13)
    assert order(result, "BBB", 0).reason == "no trading in the name"


@pytest.mark.parametrize(("held", "first_lot"), [(1.0, 0.0), (0.6, 0.4 / 50)])
def test_a_waiting_sale_keeps_the_buy_pending_until_it_fills(held: float, first_lot: float) -> None:
    # Row 1 buys A (held) at 100. Row 1 decides A 0, B 100 %. A is halted on rows 2 and 3: on row 2 the free
    # cash 1 - held buys B at 50. On row 4 A is sold at 120, B costs 60: nav = cash + 1.2 held + lot x 60,
    # all of it in B, bought on the very row of the sale.
    market = build(
        {"A": [100, 100, 100, 100, 120, 120], "B": [50, 50, 50, 50, 60, 66]}, halted=[(2, "A"), (3, "A")]
    )
    result = simulate(decide(market, {0: {"A": held}, 1: {"B": 1.0}}), market, FREE)
    np.testing.assert_allclose(result.shares[2:4, 1], first_lot, **exactly)
    np.testing.assert_allclose(result.shares[2:4, 0], held / 100, **exactly)
    nav = 1.2 * held + first_lot * 60
    np.testing.assert_allclose(result.shares[4], [0.0, nav / 60], **exactly)
    np.testing.assert_allclose(result.nav[4:], [nav, 1.1 * nav], **exactly)
    bought = order(result, "B", 1)
    assert (bought.status, bought.filled) == ("filled", pd.Timestamp(market.rows[4]))
    assert bought.got == pytest.approx(nav / 60, rel=1e-13)
    # two lots, each at its own price
    assert bought.value == pytest.approx(first_lot * 50 + (nav / 60 - first_lot) * 60, rel=1e-13)
    assert (order(result, "A", 1).waited, order(result, "A", 1).side) == (2, "sell")


def test_a_waiting_sale_that_fills_below_the_need_leaves_the_buy_cut_not_pending() -> None:
    # 10 bps: A 1/1.001 is held; B 100 % waits for the sale of A on row 3 and is then short of fees only.
    market = build({"A": [100] * 6, "B": [50] * 6}, halted=[(2, "A")])
    result = simulate(decide(market, {0: {"A": 1.0}, 1: {"B": 1.0}}), market, TEN)
    assert order(result, "A", 0).status == "cut: cash did not suffice"
    assert order(result, "B", 1).status == "cut: cash did not suffice"
    worth = 1 / 1.001 * 0.999 / 1.001  # bought with fees, sold with fees, bought with fees
    np.testing.assert_allclose(result.nav[3:], worth, **exactly)
    np.testing.assert_allclose(result.cash[3:], 0.0, atol=1e-15)
    assert (result.trades[4:] == 0).all()


def test_a_shortfall_from_fees_alone_is_cut_and_forgotten() -> None:
    # A 100 % with fees: 1/1.001 of it fits. Cash arrives by dividend on row 2; nothing more is bought.
    market = build({"A": [100, 100, 100, 100]}, dividends={(2, "A"): 5.0})
    result = simulate(decide(market, {0: {"A": 1.0}}), market, TEN)
    assert result.shares[1, 0] == pytest.approx(0.01 / 1.001, rel=1e-13)
    assert (result.trades[2:] == 0).all()
    cut = order(result, "A", 0)
    assert cut.status == "cut: cash did not suffice"
    assert (cut.wanted, cut.got) == (pytest.approx(0.01), pytest.approx(0.01 / 1.001))


def test_the_next_decision_replaces_what_is_pending() -> None:
    market = build({"A": [100.0] * 6, "B": [50.0] * 6}, halted=[(1, "B"), (2, "B"), (3, "B")])
    targets = decide(market, {0: {"A": 0.5, "B": 0.5}, 2: {"A": 0.5, "B": 0.2}})
    result = simulate(targets, market, FREE)
    assert result.shares[4:, 1].tolist() == [0.2 / 50] * 2
    old, new = order(result, "B", 0), order(result, "B", 2)
    assert (old.status, old.waited, old.got, old.side) == ("replaced by the next decision", 2, 0.0, "buy")
    assert pd.isna(old.filled)
    assert (new.status, new.waited) == ("filled", 1)


def test_buys_shrink_by_one_factor_where_vectorbt_fills_in_turn() -> None:
    # A 50 %, B 40 %, C 30 % need 1.2 of a cash of 1: each gets 5/6 of what it wanted, 5/12 + 4/12 + 3/12.
    # Then A +10 %, C -50 %: nav 5/12 x 1.1 + 4/12 + 3/12 x 0.5 = 0.91666...
    # vectorbt (call_seq auto) fills the smallest first: C 0.3, B 0.4, and A gets the 0.3 that is left:
    # 0.3 x 1.1 + 0.4 + 0.3 x 0.5 = 0.88. In column order it would be A 0.5, B 0.4, C 0.1: 1.0.
    vbt = pytest.importorskip("vectorbt")
    market = build({"A": [100, 100, 110], "B": [50, 50, 50], "C": [20, 20, 10]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.4, "C": 0.3}}), market, FREE)
    np.testing.assert_allclose(result.values[1], [5 / 12, 4 / 12, 3 / 12], **exactly)
    assert result.nav[2] == pytest.approx(11 / 12, rel=1e-13)
    assert set(result.orders.status) == {"cut: cash did not suffice"}
    index = pd.DatetimeIndex(market.rows.astype("datetime64[ns]"))
    size = pd.DataFrame([[0.5, 0.4, 0.3], [np.nan] * 3, [np.nan] * 3], index, list("ABC"))
    theirs = {
        turn: vbt.Portfolio.from_orders(
            close=pd.DataFrame(market.close, index, list("ABC")), size=size.shift(1), size_type="targetpercent",
            direction="both", group_by=True, cash_sharing=True, call_seq=turn, init_cash=1.0, freq="1D",
        ).value().to_numpy().ravel()[-1]
        for turn in ("auto", "default")
    }  # fmt: skip
    assert theirs["auto"] == pytest.approx(0.88, rel=1e-12)
    assert theirs["default"] == pytest.approx(1.0, rel=1e-12)


def test_covers_come_in_full_and_only_their_fee_is_free_cash() -> None:
    # Fees start on row 2. Row 1: A 0.5, B -0.5; cash 1, of which 0.5 is collateral. Row 1 decides A 0.5, C 0.6.
    # Row 2: B is covered for 0.5, fee 0.0005: free cash 1 - 0.5 - 0.0005 = 0.4995. C needs 0.6 x 1.001 =
    # 0.6006, so it shrinks by 0.4995 / 0.6006. Longs are then all of nav.
    market = build({"A": [100.0] * 4, "B": [50.0] * 4, "C": [10.0] * 4})
    fees = FeeTable((charge(10, start=str(market.rows[2])),), "late")
    result = simulate(decide(market, {0: {"A": 0.5, "B": -0.5}, 1: {"A": 0.5, "C": 0.6}}), market, fees)
    factor = 0.4995 / 0.6006
    np.testing.assert_allclose(result.values[2], [0.5, 0.0, 0.6 * factor], **exactly)
    assert result.nav[2] == pytest.approx(1 - 0.0005 - 0.0006 * factor, rel=1e-13)
    assert result.values[2].sum() == pytest.approx(result.nav[2], rel=1e-13)
    assert order(result, "B", 1).status == "filled"
    assert order(result, "C", 1).status == "cut: cash did not suffice"


def test_short_proceeds_buy_nothing() -> None:
    # A 120 %, B -50 %: the proceeds of B are collateral, so A gets the one unit of cash and no more.
    market = build({"A": [100.0] * 3, "B": [50.0] * 3})
    result = simulate(decide(market, {0: {"A": 1.2, "B": -0.5}}), market, FREE)
    np.testing.assert_allclose(result.values[1], [1.0, -0.5], **exactly)
    assert result.cash[1] == pytest.approx(0.5, rel=1e-13)
    assert order(result, "A", 0).status == "cut: cash did not suffice"
    # with fees of 10 bps the short's fee 0.0005 comes first: A (1 - 0.0005) / 1.001 = nav - 0
    charged = simulate(decide(market, {0: {"A": 1.2, "B": -0.5}}), market, TEN)
    assert charged.values[1, 0] == pytest.approx(0.9995 / 1.001, rel=1e-13)
    assert charged.values[1, 0] <= charged.nav[1] * (1 + 1e-12)


def test_a_long_turned_short_sells_first_and_a_short_turned_long_covers_in_full() -> None:
    # A 50 % long and B 50 % short change sides. Row 2, no fees, prices unchanged, nav 1: A sells 1.0 in all;
    # free cash: 1 + 1 - (0.5 + 0.5) = 1; B covers 0.5 and buys 0.5.
    market = build({"A": [100.0] * 3, "B": [50.0] * 3})
    result = simulate(decide(market, {0: {"A": 0.5, "B": -0.5}, 1: {"A": -0.5, "B": 0.5}}), market, FREE)
    np.testing.assert_allclose(result.values[2], [-0.5, 0.5], **exactly)
    assert result.cash[2] == pytest.approx(1.0, rel=1e-13)


def test_shorts_pay_borrow_by_the_calendar_day_and_owe_dividends() -> None:
    # Thursday 4 to Tuesday 9 January 2024. Borrow 365 bps a year: 1e-4 of the short a calendar day, on the
    # mark of the row before. Row 1 (Friday) sells B -0.5: 0.01 at 50. Row 2 (Monday): three days on 0.01 x 52
    # = 0.000156. Row 3: one day on 0.01 x 54 = 0.000054, and a dividend of 2 is owed: 0.02.
    market = build(
        {"B": [50, 52, 54, 51]}, {"B": [50, 50, 54, 51]}, first="2024-01-04", dividends={(3, "B"): 2.0}
    )
    fees = FeeTable((charge(365, "short", "borrow"),), "borrow")
    result = simulate(decide(market, {0: {"B": -0.5}}), market, fees)
    np.testing.assert_allclose(result.profit["financing"][:, 0], [0, 0, -0.000156, -0.000054], **exactly)
    np.testing.assert_allclose(result.profit["dividends"][:, 0], [0, 0, 0, -0.02], **exactly)
    assert result.cash[3] == pytest.approx(1.5 - 0.000156 - 0.000054 - 0.02, rel=1e-13)
    assert result.nav[3] == pytest.approx(result.cash[3] - 0.51, rel=1e-13)
    long_only = simulate(decide(market, {0: {"B": 0.5}}), market, fees)
    assert (long_only.profit["financing"] == 0).all()


def test_dividends_in_a_foreign_currency_go_to_who_held_the_day_before() -> None:
    # A at 80 local. Rate 1.25: 0.5 buys 0.005. Ex-date row 2, 4 local at a rate of 1.5: 0.005 x 6 = 0.03.
    # A buyer on the ex-date itself (decided on row 1) gets nothing.
    market = build({"A": [80, 80, 76, 76]}, dividends={(2, "A"): 4.0}, rates={"A": [1.25, 1.25, 1.5, 1.5]})
    result = simulate(decide(market, {0: {"A": 0.5}}), market, FREE)
    assert result.cash[2] == pytest.approx(0.53, rel=1e-13)
    assert result.nav[2] == pytest.approx(0.53 + 0.005 * 76 * 1.5, rel=1e-13)
    late = simulate(decide(market, {1: {"A": 0.5}}), market, FREE)
    assert late.nav[2:].tolist() == [1.0, 1.0]


def test_currency_split_price_at_the_old_rate_currency_at_the_new_price() -> None:
    # 0.005 A from 80 at 1.25 to 88 at 1.5: price 0.005 x 8 x 1.25 = 0.05; currency 0.005 x 88 x 0.25 = 0.11.
    market = build({"A": [80, 80, 88]}, rates={"A": [1.25, 1.25, 1.5]})
    result = simulate(decide(market, {0: {"A": 0.5}}), market, FREE)
    assert result.profit["price"][2, 0] == pytest.approx(0.05, rel=1e-13)
    assert result.profit["currency"][2, 0] == pytest.approx(0.11, rel=1e-13)
    assert result.nav[2] == pytest.approx(1.16, rel=1e-13)
    # what is bought at the open gains from there to the close as price, none of it as currency
    opened = build({"A": [80, 80, 88]}, {"A": [80, 80, 84]}, rates={"A": [1.25, 1.25, 1.5]})
    bought = simulate(decide(opened, {1: {"A": 0.5}}), opened, FREE)
    assert bought.profit["price"][2, 0] == pytest.approx(0.5 * 88 / 84 - 0.5, rel=1e-12)
    assert bought.profit["currency"][2, 0] == 0.0


def test_cash_earns_by_the_calendar_day() -> None:
    # 3.65 % simple: 1e-4 a day. Friday to Monday is three days, on cash alone.
    market = build({"A": [100.0] * 3}, first="2024-01-04")
    rate = CashRate.constant(0.0365)
    idle = simulate(decide(market, {0: {"A": 0.0}}), market, FREE, cash=rate)
    np.testing.assert_allclose(idle.nav, [1, 1.0001, 1.0001 * 1.0003], **exactly)
    half = simulate(decide(market, {0: {"A": 0.5}}), market, FREE, cash=rate)
    # row 1: 0.0001 on the whole before anything trades; then half of 1.0001 is in A
    np.testing.assert_allclose(half.nav, [1, 1.0001, 1.0001 + 0.50005 * 0.0003], **exactly)
    assert half.contributions()["cash"]["financing"] == pytest.approx(0.0001 + 0.50005 * 0.0003, rel=1e-12)


def test_a_dated_cash_rate_holds_from_its_date(tmp_path: Path) -> None:
    # The night into row 1 (Tuesday 9) is paid at Monday's rate, and so on; a byte-order mark does no harm.
    file = tmp_path / "cash.csv"
    file.write_text("date,rate\n2024-01-08,0.0365\n2024-01-10,0.073\n", encoding="utf-8-sig")
    market = build({"A": [100.0] * 4})
    result = simulate(decide(market, {0: {"A": 0.0}}), market, FREE, cash=read_cash(str(file)))
    np.testing.assert_allclose(result.returns, [0, 0.0001, 0.0001, 0.0002], rtol=0, atol=1e-15)


def test_a_cash_file_that_begins_after_the_account_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "cash.csv"
    file.write_text("date,rate\n2024-01-09,0.0365\n", encoding="utf-8")
    market = build({"A": [100.0] * 4})
    with pytest.raises(BadInputError, match="begins on 2024-01-09, the account on 2024-01-08"):
        simulate(decide(market, {0: {"A": 0.0}}), market, FREE, cash=read_cash(str(file)))


@pytest.mark.parametrize("text", ["nan", "5", "no such file", "-0.5"])
def test_a_cash_rate_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(BadInputError):
        read_cash(text)


@pytest.mark.parametrize("header", ["day,rate\n2024-01-09,0.01\n", "date,rate\n", "date,rate\n2024-01-09,x\n",
                                    "date,rate\n2024-01-09,0.01\n2024-01-08,0.02\n"])  # fmt: skip
def test_a_cash_file_that_cannot_be_read_is_an_error(header: str, tmp_path: Path) -> None:
    file = tmp_path / "cash.csv"
    file.write_text(header, encoding="utf-8")
    with pytest.raises(BadInputError):
        read_cash(str(file))


@pytest.mark.parametrize(
    ("decided", "sydney"),
    [
        ("2024-12-10", "2024-12-12"),  # Tuesday in summer: Wednesday's session opens at 23:00 UTC on Tuesday
        ("2024-12-13", "2024-12-16"),  # Friday: Monday's session opens on Sunday, long after the decision
        ("2024-07-09", "2024-07-10"),  # winter: it opens at 24:00 UTC exactly, when the decision is known
    ],
)
def test_sydney_is_deferred_where_it_opens_before_the_decision(decided: str, sydney: str) -> None:
    days = np.arange(np.datetime64(decided) - 4, np.datetime64(decided) + 7)
    days = days[np.is_busday(days)].astype(str).tolist()
    source = Handmade(
        {s: bars(s, days, np.linspace(90, 110, len(days))) for s in ("AAA", "ZZZ.AX", "9999.HK")},
        {c: flat_rate(c, r, days[0], "2025-01-01") for c, r in (("AUD", 0.5), ("HKD", 1 / 7.8))},
    )
    span = Span(np.datetime64(days[0]), np.datetime64(days[-1]))
    market = load(source, ["AAA", "ZZZ.AX", "9999.HK"], span=span)
    row = int(np.searchsorted(market.rows, np.datetime64(decided)))
    result = simulate(decide(market, {row: dict.fromkeys(market.symbols, 0.3)}), market, FREE)
    filled = {
        s: market.rows[np.nonzero(result.trades[:, n])[0]].astype(str).tolist()
        for n, s in enumerate(market.symbols)
    }
    next_day = str(market.rows[row + 1])
    assert filled == {"AAA": [next_day], "9999.HK": [next_day], "ZZZ.AX": [sydney]}
    if sydney != next_day:
        assert order(result, "ZZZ.AX", row).reason == "session opened before the decision"


HELD = (
    "XNYS",
    "XHKG",
    "XLON",
    "XIST",
    "XOSL",
    "XTKS",
    "XETR",
    "XSHG",
    "XTSE",
    "XPAR",
    "XCSE",
    "XWAR",
    "AIXK",
    "XASX",
)


@pytest.mark.parametrize("venue", HELD)
def test_opening_instants_against_the_instant_of_decision(venue: str) -> None:
    """A session of date d may execute a decision of d - 1 when it opens at or after 24:00 UTC of d - 1."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exchange_calendars uses pandas calls that pandas deprecates
        import exchange_calendars

        calendar = exchange_calendars.get_calendar(calendar_name(venue), "2018-01-01", "2025-12-31")
        opens = calendar.opens
    dates = opens.index.to_numpy().astype("datetime64[D]")
    instants = opens.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    before = instants < dates.astype("datetime64[ns]")  # 00:00 UTC of d is 24:00 UTC of d - 1
    assert (opens_early(venue, dates) == before).all()
    if venue != "XASX":
        assert not before.any()
    else:
        month = dates.astype("datetime64[M]").astype(int) % 12 + 1
        assert before[np.isin(month, (11, 12, 1, 2, 3))].all()
        assert not before[np.isin(month, (5, 6, 7, 8, 9))].any()
    assert instants.min() > np.datetime64("2018-01-01") - np.timedelta64(1, "D")


def test_the_instruments_lie_on_venues_whose_openings_are_held_to_it() -> None:
    venues = {v for i in table().values() if has_calendar(v := i.venue)}
    rest = {calendar_name(v) for v in venues} - {*HELD}
    # Stockholm, Zurich and Moscow open hours after midnight UTC
    assert rest <= {"XSTO", "XSWX", "XMOS"}


@pytest.mark.parametrize(("terms", "price"), [(7.5, 7.5), (None, 0.0)])
def test_a_forced_exit_pays_its_terms_on_the_row_after(terms: float | None, price: float) -> None:
    # A (rate 0.5) is bought at 8 on row 1: 0.5 / 4 = 0.125. Last trade row 1, delisted on row 2. On row 3 its
    # 0.125 become 0.125 x price x 0.5 (the rate of row 3 is 0.6: x 0.6), free of fees. Row 1 had decided to
    # sell it: that order waits on row 2 and is cancelled on row 3. Row 3 decides to buy it again: cancelled.
    market = build(
        {"A": [8, 8, np.nan, np.nan, np.nan], "B": [10.0] * 5},
        rates={"A": [0.5, 0.5, 0.5, 0.6, 0.6]},
        delisted={"A": ("2024-01-10", terms)},
    )
    result = simulate(decide(market, {0: {"A": 0.5}, 1: {"B": 0.2}, 3: {"A": 0.5}}), market, FREE)
    np.testing.assert_allclose(result.shares[:, 0], [0, 0.125, 0.125, 0, 0], **exactly)
    np.testing.assert_allclose(
        result.nav[2:], [1, 0.5 + 0.125 * price * 0.6, 0.5 + 0.125 * price * 0.6], **exactly
    )
    sale, again = order(result, "A", 1), order(result, "A", 3)
    assert (sale.status, sale.waited, sale.got, sale.side) == ("cancelled", 1, 0.0, "sell")
    assert (again.status, again.waited, again.got, again.side) == ("cancelled", 0, 0.0, "buy")
    forced = result.orders[result.orders.status.str.startswith("forced out: delisted")].iloc[0]
    assert (forced.symbol, forced.filled, forced.got) == (
        "A",
        pd.Timestamp("2024-01-11"),
        pytest.approx(-0.125),
    )
    assert forced.status == ("forced out: delisted" if price else "forced out: delisted, nothing paid")
    assert forced.reason == ("" if terms else "no terms on record")
    assert result.trade_value[3, 0] == 0.0
    assert result.trades[4, 0] == 0.0
    assert total(result) == pytest.approx(result.nav[-1] - 1, abs=1e-14)


def test_the_cash_of_a_forced_exit_completes_a_buy_that_waited_for_the_sale() -> None:
    # All in A; row 1 decides B 100 %. A no longer trades: B waits for A's sale, which the exit on row 3 brings.
    market = build(
        {"A": [10, 10, np.nan, np.nan, np.nan], "B": [10.0] * 5}, delisted={"A": ("2024-01-10", 12.0)}
    )
    result = simulate(decide(market, {0: {"A": 1.0}, 1: {"B": 1.0}}), market, FREE)
    np.testing.assert_allclose(result.values[:, 1], [0, 0, 0, 1.2, 1.2], **exactly)
    assert order(result, "B", 1).status == "filled"


def test_a_forced_exit_or_dividend_without_a_rate_uses_the_last_one() -> None:
    # The currency's rate ends after row 1 (older than the carry): no trade, but money owed is not lost.
    nan = np.nan
    market = build(
        {"A": [10, 10, nan, nan]}, rates={"A": [0.5, 0.5, nan, nan]}, delisted={"A": ("2024-01-10", 12.0)}
    )
    result = simulate(decide(market, {0: {"A": 1.0}}), market, FREE)
    assert result.nav[3] == pytest.approx(1.2, rel=1e-13)
    paying = build({"A": [10.0] * 4}, rates={"A": [0.5, 0.5, nan, nan]}, dividends={(2, "A"): 1.0})
    result = simulate(decide(paying, {0: {"A": 1.0}}), paying, FREE)
    np.testing.assert_allclose(result.nav, [1, 1, 1.1, 1.1], **exactly)
    np.testing.assert_allclose(paying.total_return[:, 0], [1, 1, 1.1, 1.1], **exactly)


def test_a_short_squeeze_ruins_the_account_for_good() -> None:
    # B -100 % at 10: cash 2, owed 0.1 x price. At 25 the account is worth -0.5: dead, nav 0 from there.
    market = build({"A": [5.0] * 5, "B": [10, 10, 25, 5, 5]}, {"A": [5.0] * 5, "B": [10, 10, 12, 5, 5]})
    result = simulate(decide(market, {0: {"B": -1.0}, 2: {"B": -0.5}}), market, FREE)
    assert result.ruined
    assert result.ruin_row == 2
    assert result.nav.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert result.returns.tolist() == [0.0, 0.0, -1.0, 0.0, 0.0]
    assert (result.shares[2:] == 0).all()
    assert (result.weights[2:] == 0).all()
    assert result.deficit == pytest.approx(0.5, rel=1e-13)
    assert total(result) + result.deficit == pytest.approx(-1.0, abs=1e-13)
    metrics = summarise(
        result.rows, result.nav, trade_value=result.trade_value.sum(axis=1), cost=result.cost, ruined=True
    )
    assert math.isnan(metrics.sharpe)
    assert math.isnan(metrics.sortino)
    assert metrics.total_return == -1.0


def test_a_ruin_found_at_the_fill_trades_nothing_and_leaves_nothing_pending() -> None:
    # The open of row 2 is already at 25; the decision of row 1 never trades, nor does what waited (A, halted).
    market = build(
        {"A": [5.0] * 5, "B": [10, 10, 25, 5, 5]},
        {"A": [5.0] * 5, "B": [10, 10, 25, 5, 5]},
        halted=[(1, "A"), (2, "A")],
    )
    result = simulate(decide(market, {0: {"A": 0.2, "B": -1.0}}), market, TEN)
    assert result.ruined_at_fill
    assert result.ruin_row == 2
    assert (result.trades[2:] == 0).all()
    assert total(result) + result.deficit == pytest.approx(-1.0, abs=1e-13)
    assert order(result, "A", 0).status == "cancelled"


@pytest.mark.parametrize(("again", "lost"), [({}, 0.05), ({1: {"A": -1.0, "B": 0.5}}, 0.0)])
def test_a_leg_that_opened_too_early_is_worth_its_last_mark_where_a_fill_ruins(
    again: Any, lost: float
) -> None:
    # Row 1: A -0.1 at 10, B 0.05 at 10, cash 1 + 1 - 0.5 = 1.5. Row 2 opens with A at 25: owed 2.5. B opened at 9, where
    # it is worth 0.45 and has lost 0.05; but before a decision of row 1 was known, and then it is worth its mark, 0.5.
    market = build(
        {"A": [10.0, 10.0, 25.0, 25.0], "B": [10.0, 10.0, 8.0, 8.0]},
        {"A": [10.0, 10.0, 25.0, 25.0], "B": [10.0, 10.0, 9.0, 8.0]},
        early=[(2, "B")],
    )
    result = simulate(decide(market, {0: {"A": -1.0, "B": 0.5}, **again}), market, FREE)
    assert (result.ruin_row, result.ruined_at_fill) == (2, True)
    assert result.deficit == pytest.approx(0.5 + lost, rel=1e-13)
    assert sum(result.contributions()["B"].values()) == pytest.approx(-lost, abs=1e-14)
    assert total(result) == pytest.approx(-1 - result.deficit, rel=1e-13)


def test_an_account_lost_to_the_last_unit_is_ruined_though_rounding_leaves_dust() -> None:
    # Everything in A, B and C, which are delisted for nothing: what rounding leaves of nav 1 is no account.
    nan = np.nan
    rng = np.random.default_rng(1)
    for _ in range(50):
        prices = rng.uniform(1, 100, 3)
        market = build(
            {s: [p, p, p * 1.1, nan, nan] for s, p in zip("ABC", prices, strict=True)},
            delisted=dict.fromkeys("ABC", ("2024-01-10", None)),
        )
        weights = dict(zip("ABC", rng.dirichlet([1, 1, 1]), strict=True))
        result = simulate(decide(market, {0: weights, 3: weights}), market, FREE)
        assert result.ruined
        assert result.nav[3:].tolist() == [0.0, 0.0]
        assert result.deficit == pytest.approx(0.0, abs=1e-15)
        assert total(result) == pytest.approx(-1.0, abs=1e-13)


def test_a_name_delisted_before_the_account_opened_is_never_pending() -> None:
    market = build(
        {"A": [100.0, np.nan, np.nan, np.nan], "B": [50.0] * 4}, delisted={"A": ("2024-01-08", 9.0)}, start=1
    )
    result = simulate(decide(market, {1: {"A": 0.5, "B": 0.5}}), market, FREE)
    assert result.orders.set_index("symbol").status.to_dict() == {"A": "cancelled", "B": "filled"}
    assert result.nav.tolist() == [1.0, 1.0, 1.0]
    late = simulate(decide(market, {3: {"A": 0.5, "B": 0.5}}), market, FREE)
    assert late.orders.set_index("symbol").status.to_dict() == {"A": "cancelled", "B": "pending"}


def test_a_rate_older_than_five_rows_stops_trading_and_freezes_the_mark() -> None:
    # HKD rates end on row 2. Rows 3..7 carry it; from row 8 Hong Kong does not trade, at the mark of row 7.
    days = np.arange("2024-04-08", "2024-04-25", dtype="datetime64[D]")
    days = days[np.is_busday(days)].astype(str).tolist()
    rates = Rates(
        "HKD", np.array(days[:3], dtype="datetime64[D]"), np.array([0.125, 0.125, 0.25]), "handmade"
    )
    source = Handmade(
        {s: bars(s, days, np.arange(80, 80 + len(days))) for s in ("AAA", "9999.HK")}, {"HKD": rates}
    )
    market = load(source, ["AAA", "9999.HK"], span=Span(np.datetime64(days[0]), np.datetime64(days[-1])))
    h = market.column("9999.HK")
    assert np.isfinite(market.rates[:8, h]).all()
    assert np.isnan(market.rates[8:, h]).all()
    result = simulate(decide(market, {0: {"9999.HK": 0.5}, 7: {"AAA": 0.5}}), market, FREE)
    assert (result.shares[1:, h] == 0.5 / (81 * 0.125)).all()
    assert (result.values[7:, h] == result.values[7, h]).all()
    assert result.values[7, h] == pytest.approx(0.5 / (81 * 0.125) * 87 * 0.25, rel=1e-13)
    waiting = order(result, "9999.HK", 7)
    assert (waiting.status, waiting.reason, waiting.side) == ("pending", "no currency rate", "sell")
    assert waiting.waited == market.rows.size - 8
    again = simulate(decide(market, {6: {"AAA": 0.5}}), market, FREE)  # row 7 still trades
    assert again.trades[7, market.column("AAA")] > 0
    assert total(result) == pytest.approx(result.nav[-1] - 1, abs=1e-14)


@pytest.mark.parametrize("delisted", [{}, {"A": ("2024-01-09", 9.0)}])
def test_what_the_ledger_reads_lies_in_one_layout_however_it_came(delisted: Any) -> None:
    """Columns taken out of order lie in another, for which the kernel would be compiled anew."""
    m = build({"A": [100.0] * 4, "B": [50.0] * 4}, delisted=delisted)
    turned = replace(m, **{name: np.asfortranarray(getattr(m, name)) for name in ("open", "close", "rates")})
    arrays = ledger_inputs(turned, TEN).arrays
    assert all(a.flags.c_contiguous for a in arrays if isinstance(a, np.ndarray))


def test_gross_above_the_limit_and_weights_not_finite_are_errors() -> None:
    market = build({"A": [100.0] * 3, "B": [50.0] * 3})
    with pytest.raises(BadInputError, match=r"gross exposure 2\.10"):
        decide(market, {0: {"A": 1.1, "B": -1.0}})
    decide(market, {0: {"A": 1.0, "B": -1.0}})
    decide(market, {0: {"A": 1.1, "B": -1.0}}, limit=2.1)
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(BadInputError, match="the weight of B on 2024-01-08"):
            decide(market, {0: {"A": 0.5, "B": bad}})
    with pytest.raises(BadInputError, match="band"):
        decide(market, {0: {"A": 0.5}}, band=math.nan)
    with pytest.raises(BadInputError, match="fill=noon; wanted open or close; give fill=open"):
        simulate(decide(market, {0: {"A": 0.5}}), market, FREE, fill="noon")  # type: ignore[arg-type]


def test_targets_of_another_market_are_refused() -> None:
    market, later = build({"A": [100.0] * 3}), build({"A": [100.0] * 3}, first="2024-02-05")
    other = build({"B": [100.0] * 3})
    for wrong in (later, other):
        with pytest.raises(ValueError, match="another market"):
            simulate(decide(market, {0: {"A": 0.5}}), wrong, FREE)


@pytest.mark.parametrize(
    ("second", "trades"),
    [
        (0.5, False),  # at 52.38 %: within 10 % of 50 %
        (0.48, False),  # 4.38 points off, 4.8 allowed
        (0.47, True),  # 5.38 off, 4.7 allowed: the band is relative to the target, not to what is held
        (0.58, False),  # 5.62 off, 5.8 allowed
        (0.585, True),
        (0.0, True),  # an exit is always made
        (-0.01, True),
    ],
)
def test_the_band_is_a_share_of_the_target(second: float, trades: bool) -> None:
    # A 50 % at 100, then 110: 0.55 / 1.05 = 52.38 % held when the second decision comes to trade.
    market = build({"A": [100, 100, 110, 110]})
    result = simulate(decide(market, {0: {"A": 0.5}, 1: {"A": second}}, band=0.1), market, FREE)
    assert (result.trades[2, 0] != 0) == trades
    if not trades:
        kept = order(result, "A", 1)
        assert (kept.status, kept.got) == ("not traded: inside the band", 0.0)
        assert pd.isna(kept.filled)
    # an entry of any size is always made
    entry = simulate(decide(market, {0: {"A": 0.001}}, band=0.9), market, FREE)
    assert entry.shares[1, 0] == pytest.approx(0.00001, rel=1e-13)


def test_entries_and_exits_are_traded_under_any_band() -> None:
    """Twice the target wide, so that no change of what is held is traded: 0.5 at 10 is 0.05 shares."""
    market = build({"A": [10.0] * 7})
    targets = decide(market, {0: {"A": 0.5}, 2: {"A": 0.25}, 4: {}}, band=2.0)
    assert simulate(targets, market, FREE).shares[:, 0].tolist() == [0.0, 0.05, 0.05, 0.05, 0.05, 0.0, 0.0]


def test_a_decision_never_trades_on_its_own_row_nor_on_the_last() -> None:
    market = build({"A": [100, 100, 120]})
    result = simulate(decide(market, {1: {"A": 0.5}, 2: {"A": 0.1}}), market, FREE)
    assert (result.trades[:, 0] != 0).tolist() == [False, False, True]
    assert result.shares[2, 0] == 0.5 / 120
    last = simulate(decide(market, {2: {"A": 0.5}}), market, FREE)
    assert (last.trades == 0).all()
    assert last.nav.tolist() == [1.0, 1.0, 1.0]


def test_the_account_opens_on_the_start_row_and_decisions_before_it_do_not_count() -> None:
    market = build({"A": [10, 20, 40, 80, 80]}, start=2)
    result = simulate(decide(market, {0: {"A": 1.0}, 2: {"A": 0.5}}), market, FREE)
    assert result.rows.size == 3
    assert result.nav.tolist() == [1.0, 1.0, 1.0]
    assert result.shares[:, 0].tolist() == [0.0, 0.5 / 80, 0.5 / 80]


def test_orders_has_a_row_for_each_fate() -> None:
    market = build(
        {"A": [100.0] * 5, "B": [50.0] * 5, "C": [20.0] * 5, "D": [10.0] * 5},
        halted=[(row, "B") for row in range(5)] + [(row, "D") for row in (3, 4)],
    )
    targets = decide(
        market, {0: {"A": 1.0, "B": -0.5, "D": 0.2}, 2: {"A": 0.5, "B": 0.2, "C": 0.1}}, band=0.5
    )
    orders = simulate(targets, market, TEN).orders
    assert list(orders.columns) == [
        "decided", "symbol", "side", "target_weight", "status", "filled", "waited", "reason", "wanted", "got", "value",
    ]  # fmt: skip
    rows = [(f"{o.decided:%d}", o.symbol, o.side, o.status, o.waited, o.reason) for o in orders.itertuples()]
    cut, halt = "cut: cash did not suffice", "no trading in the name"
    assert rows == [
        ("08", "A", "buy", cut, 0, ""),
        ("08", "B", "sell", "replaced by the next decision", 2, halt),
        ("08", "D", "buy", cut, 0, ""),
        # 0.83 held against 0.5 wanted is beyond the band of half of it
        ("10", "A", "sell", "filled", 0, ""),
        ("10", "B", "buy", "pending", 2, halt),
        ("10", "C", "buy", "filled", 0, ""),
        ("10", "D", "sell", "pending", 2, halt),
    ]
    np.testing.assert_allclose(orders.target_weight, [1.0, -0.5, 0.2, 0.5, 0.2, 0.1, 0.0])
    filled = orders[orders.got != 0]
    np.testing.assert_allclose(
        filled.value, filled.got.abs() * filled.symbol.map({"A": 100, "B": 50, "C": 20, "D": 10})
    )


def test_sessions_without_a_price_are_counted_with_their_share_of_nav() -> None:
    # A 50 % at 100 has no price on rows 2 and 3 of an open venue, a closed day (row 4) is not one of them.
    # B 40 % falls from 50 to 25: nav 0.1 + 0.5 + 0.2 = 0.8, so the unpriced share is at most 0.5 / 0.8.
    nan = np.nan
    market = build({"A": [100, 100, nan, nan, nan, 100], "B": [50, 50, 50, 25, 25, 25]}, closed=[(4, "A")])
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.4}}), market, FREE)
    assert result.unpriced == {"A": (2, pytest.approx(0.5 / 0.8, rel=1e-13))}
    np.testing.assert_allclose(result.values[1:, 0], 0.5, **exactly)  # its last mark
    assert simulate(decide(market, {0: {"B": 0.4}}), market, FREE).unpriced == {}


def test_without_an_open_the_close_is_paid() -> None:
    market = build({"A": [100, 110, 110], "B": [50, 55, 55]}, {"A": [100, np.nan, 110], "B": [50, 52, 55]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.5}}), market, FREE)
    assert result.paid[1].tolist() == [110.0, 52.0]


def test_sells_of_one_venue_pay_for_buys_of_another_on_one_row() -> None:
    market = build({"Z": [100.0] * 3, "A": [50.0] * 3})
    for buy, sell in (("A", "Z"), ("Z", "A")):  # whichever column comes first
        result = simulate(decide(market, {0: {sell: 1.0}, 1: {buy: 1.0}}), market, FREE)
        assert result.values[2, market.column(buy)] == pytest.approx(1.0, rel=1e-13)


def test_fees_are_those_of_the_side_the_venue_and_the_date() -> None:
    # Buys 10 bps, sales 30 bps from row 3 on (20 before): 1 -> buy 0.5 (0.0005); sell 0.5 on row 3 (0.0015).
    market = build({"A": [100.0] * 4})
    fees = FeeTable(
        (charge(10, "buy"), charge(20, "sell"), charge(30, "sell", start=str(market.rows[3]))), "by side"
    )
    result = simulate(decide(market, {0: {"A": 0.5}, 2: {}}), market, fees)
    np.testing.assert_allclose(result.cost, [0, 0.0005, 0, 0.0015], **exactly)
    np.testing.assert_allclose(result.costs["commission"][:, 0], result.cost, **exactly)


def test_a_later_dividend_never_changes_an_earlier_row_of_the_total_return() -> None:
    market = build({"A": [100, 110, 99, 99]}, dividends={(2, "A"): 11.0}, rates={"A": [1, 1, 2, 2]})
    # 1; 1.1; x (99 + 11) 2 / (110 x 1) = 2.2; flat
    np.testing.assert_allclose(market.total_return[:, 0], [1, 1.1, 2.2, 2.2], **exactly)
    more = market.dividends.copy()
    more[3] = 50.0
    later = replace(market, dividends=more)
    assert (later.total_return[:3] == market.total_return[:3]).all()
    assert (later.returns[1:3] == market.returns[1:3]).all()
    assert later.total_return[3, 0] != market.total_return[3, 0]


def test_an_account_cut_while_a_leg_waits_goes_on_as_if_never_cut() -> None:
    # A has no price on rows 2..4, so its mark, its pending sale and B's pending buy cross the cut on row 3.
    nan = np.nan
    market = build({"A": [100, 100, nan, nan, nan, 90, 91], "B": [50, 51, 52, 53, 54, 55, 56]})
    targets = decide(market, {0: {"A": 0.9}, 1: {"B": 0.9}})
    whole = simulate(targets, market, TEN)
    before = market.until(3)
    early = decide(before, {0: {"A": 0.9}, 1: {"B": 0.9}})
    head = run(early, before, ledger_inputs(before, TEN), Holdings.opening(2))
    after = replace(market, start=3)
    tail = run(targets, after, ledger_inputs(after, TEN), head.closing)
    assert np.concatenate([head.nav, tail.nav[1:]]).tolist() == whole.nav.tolist()
    assert tail.nav[0] == head.nav[-1]
    inherited = tail.orders
    assert set(inherited.symbol) == {"A", "B"}
    assert set(inherited.status) <= {"filled", "cut: cash did not suffice"}
    assert inherited.set_index("symbol").target_weight.to_dict() == {"A": 0.0, "B": 0.9}
    assert (inherited.decided == pd.Timestamp(market.rows[3])).all()  # where the account goes on


def test_the_side_of_an_order_that_got_nothing_is_that_of_what_it_wanted() -> None:
    """Half in A and half in B, no cash. Decided on row 2, where A at 11 is worth more than its half: it would be sold.
    On row 3 A is at 8 and B does not trade: of nav 0.9 half is 0.45, A is worth 0.4, and no cash buys the rest."""
    market = build({"A": [10.0, 10.0, 11.0, 8.0], "B": [10.0] * 4}, halted=[(3, "B")])
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.5}, 2: {"A": 0.5, "B": 0.5}}), market, FREE)
    order = result.orders[(result.orders.symbol == "A")].iloc[-1]
    assert (order.side, order.status, order.got) == (
        "buy",
        "pending",
        0.0,
    )  # B's sale, which waits, would pay for it
    assert order.wanted == pytest.approx(0.05 / 8, rel=1e-12)
