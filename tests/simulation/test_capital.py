"""An account with a capital, worked by hand, and what is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeRate, FeeTable, read_fees
from positioning.simulation.impact import NO_IMPACT, ImpactConstant, ImpactTable, read_impact
from positioning.simulation.liquidity import Capital, daily_volatility, value_traded, volume_findings
from positioning.simulation.order_sizes import BoardLot, LeastFee, lots_on, read_least_fees, read_lots
from positioning.simulation.result import Result
from positioning.strategy.targets import Targets

FREE = read_fees("none")
LONG_AGO = np.datetime64("2000-01-01")
EXACT = 1e-12  # a few sums of doubles near one


def world(prices: dict[str, list[float]], volume: dict[str, list[float]]) -> Market:
    index = pd.bdate_range("2024-01-01", periods=len(next(iter(prices.values()))))
    close = pd.DataFrame(prices, index)
    return Market.from_frames(close, volume=pd.DataFrame(volume, index))


def account(
    market: Market, decisions: dict[int, list[float]], capital: Capital | None, fees: FeeTable = FREE
) -> Result:
    weights = np.array(list(decisions.values()))
    targets = Targets(market.rows, market.symbols, np.array(list(decisions)), weights)
    return AccountTerms(fees, "close", capital=capital).run(targets, market)


def plain(amount: float, **more: object) -> Capital:
    return Capital(amount, **{"impact": NO_IMPACT, "lots": (), "least_fees": ()} | more)  # type: ignore[arg-type]


def test_a_purchase_is_filled_over_sessions_up_to_its_share_of_past_volume() -> None:
    """Price 10, volume 1,000: 10,000 a session. Capital 10,000, all of it wanted, a tenth of volume: 1,000 a day, so a
    tenth of the account on each of ten sessions."""
    market = world({"A": [10.0] * 30}, {"A": [1000.0] * 30})
    result = account(market, {7: [1.0]}, plain(10_000))
    bought = result.trades[:, 0] * 10
    np.testing.assert_allclose(bought[8:18], 0.1, atol=EXACT)
    assert not bought[:8].any()
    assert not bought[18:].any()
    (order,) = result.orders.to_dict("records")
    assert (order["status"], order["waited"]) == ("filled", 9)
    assert order["reason"] == "more than the share of past volume"
    assert order["wanted"] == pytest.approx(0.1, abs=EXACT)
    assert order["got"] == pytest.approx(0.1, abs=EXACT)


def test_a_margin_call_sells_over_sessions_up_to_the_share_of_past_volume() -> None:
    """As above a tenth of the account a session of A, of which it holds two tenths; half is short of B, seven tenths lie
    in F. On row 12 F is frozen and B goes from 10 to 24: free equity is 0.6 + 0.2 - 1.2. On row 13 B is 14: all of it is
    bought back for 0.7, and A is sold in two halves, both of them by the call."""
    rows = 18
    market = world(
        {"A": [10.0] * rows, "B": [10.0] * 12 + [24.0] + [14.0] * 5, "F": [10.0] * rows},
        {"A": [1000.0] * rows, "B": [1e6] * rows, "F": [1e6] * rows},
    )
    frozen = Restriction(
        "F", datetime(2024, 1, 16, tzinfo=UTC), "frozen", "suspended", "why", "doc", True,
        effective=market.rows[12],
    )  # fmt: skip
    targets = Targets(market.rows, market.symbols, np.array([7]), np.array([[0.2, -0.5, 0.7]]))
    terms = AccountTerms(FREE, "close", capital=plain(10_000))
    result = terms.run(targets, market, Events((), (frozen,)))
    np.testing.assert_allclose(result.nav[12], -0.4 + 0.7, atol=EXACT)
    np.testing.assert_allclose(result.trades[12:, 0], [0.0, -0.01, -0.01, 0.0, 0.0, 0.0], atol=EXACT)
    np.testing.assert_allclose(result.trades[12:, 1], [0.0, 0.05, 0.0, 0.0, 0.0, 0.0], atol=EXACT)
    assert np.argwhere(result.called).tolist() == [[13, 0], [13, 1], [14, 0]]


def test_what_the_run_ends_before_is_pending_and_what_the_next_decision_ends_is_replaced() -> None:
    market = world({"A": [10.0] * 20}, {"A": [1000.0] * 20})
    result = account(market, {7: [1.0], 10: [0.0]}, plain(10_000))
    first, second = result.orders.to_dict("records")
    assert first["status"] == "replaced by the next decision"
    assert first["got"] == pytest.approx(0.03, abs=EXACT)  # three sessions of a tenth, at a price of ten
    assert second["side"] == "sell"
    assert second["status"] == "filled"
    np.testing.assert_allclose(result.trades[11:14, 0], -0.01, atol=EXACT)
    assert result.shares[-1, 0] == 0.0
    late = account(market, {16: [1.0]}, plain(10_000))
    assert late.orders["status"].tolist() == ["pending"]
    assert late.closing.pending[0] == 1.0


def test_impact_is_the_root_of_the_share_of_volume_times_volatility() -> None:
    """A quarter of past volume in one session: Y sigma sqrt(0.25) of the value, paid in cash; nothing of it comes back.
    Closes alternate 10, 11: returns of +10 % and -1/11 in turn."""
    closes = [10.0, 11.0] * 15
    market = world({"A": closes}, {"A": [1000.0 * 11 / c for c in closes]})  # 11,000 a session
    table = ImpactTable((ImpactConstant("*", "*", 0.8, "test"),), "test")
    result = account(market, {20: [0.5]}, plain(5_500, participation=1.0, impact=table))
    gains = np.array([0.1, 1 / 1.1 - 1] * 10)
    sigma = float(np.std(gains, ddof=1))
    value = 0.5  # 2,750 of 11,000
    paid = value * 0.8 * sigma * math.sqrt(2_750 / 11_000)
    assert result.impact[21, 0] == pytest.approx(paid, abs=EXACT)
    assert result.cash[21] == pytest.approx(0.5 - paid, abs=EXACT)
    assert result.contributions()["A"]["impact"] == pytest.approx(-paid, abs=EXACT)
    assert result.cost[21] == pytest.approx(paid, abs=EXACT)


def test_a_buy_of_all_there_is_leaves_room_for_its_impact() -> None:
    closes = [10.0, 11.0] * 15
    market = world({"A": closes}, {"A": [1000.0] * 30})
    result = account(market, {20: [1.0]}, plain(5_500, participation=1.0, impact=read_impact()))
    assert result.cash[21] >= 0
    assert result.orders["status"].tolist() == ["cut: cash did not suffice"]


def test_board_lots_are_rounded_down_and_a_holding_is_sold_whole() -> None:
    """10,000 at 7 a share: 0.5 wants 714.3 shares, of lots of 100 are bought 700; then all are sold."""
    market = world({"A": [7.0] * 20}, {"A": [1e9] * 20})
    lots = (BoardLot("XNYS", "", 100, LONG_AGO, "test"),)
    result = account(market, {10: [0.5], 14: [0.0]}, plain(10_000, lots=lots))
    assert result.trades[11, 0] * 10_000 == pytest.approx(700, abs=1e-8)
    assert result.trades[15, 0] * 10_000 == pytest.approx(-700, abs=1e-8)
    assert result.shares[-1, 0] == 0.0
    below = account(market, {10: [0.05]}, plain(10_000, lots=lots))  # 71 shares
    assert below.orders["status"].tolist() == ["not traded: less than a lot"]
    assert not below.trades.any()


@pytest.mark.parametrize(("before", "bought"), [(0.0, 900.0), (-0.3, 1200.0)])
def test_a_purchase_shrunk_to_its_cash_is_rounded_down_to_its_lots(before: float, bought: float) -> None:
    """10,000 at 10 a share and 1 % a trade: 1,000 shares cost 10,100, so 990 are left, of which nine lots of 100.
    Short of 300 first: these are covered in full, and 987 of the 1,000 beside them are left: twelve lots in all."""
    market = world({"A": [10.0] * 20}, {"A": [1e9] * 20})
    fees = FeeTable((FeeRate("*", "*", "*", "commission", "buy", 100.0, LONG_AGO, "test"),), "one per cent")
    capital = plain(10_000, lots=(BoardLot("XNYS", "", 100, LONG_AGO, "test"),))
    result = account(market, {10: [before], 14: [1.0]}, capital, fees)
    assert result.trades[15, 0] * 10_000 == pytest.approx(bought, abs=1e-8)
    assert result.shares[-1, 0] == pytest.approx(0.09, abs=EXACT)
    assert result.orders["status"].tolist()[-1] == "cut: cash did not suffice"


def test_a_least_commission_is_charged_where_the_rate_gives_less() -> None:
    """10 bps of 5,000 are 5; at least 18 are asked, so 13 more, which is 0.0013 of 10,000."""
    market = world({"A": [10.0] * 20}, {"A": [1e9] * 20})
    fees = FeeTable((FeeRate("*", "*", "*", "commission", "both", 10.0, LONG_AGO, "test"),), "ten")
    least = (LeastFee("XNYS", 18.0, "USD", LONG_AGO, "test"),)
    result = account(market, {10: [0.5]}, plain(10_000, least_fees=least), fees)
    assert result.cost[11] == pytest.approx(0.0018, abs=EXACT)
    assert result.costs["least_commission"][11, 0] == pytest.approx(0.0013, abs=EXACT)
    assert not account(
        market, {10: [0.5]}, plain(10_000, least_fees=least)
    ).cost.any()  # who charges no commission
    large = account(market, {10: [0.5]}, plain(10_000_000, least_fees=least), fees)
    assert large.cost[11] == pytest.approx(0.0005, abs=EXACT)


def test_purchases_wait_for_the_cash_of_a_sale_that_volume_holds_up() -> None:
    """All in A, then all in B: what A can be sold for each day is what B is bought for that day."""
    market = world({"A": [10.0] * 40, "B": [10.0] * 40}, {"A": [1000.0] * 40, "B": [1e9] * 40})
    result = account(market, {7: [1.0, 0.0], 20: [0.0, 1.0]}, plain(10_000))
    np.testing.assert_allclose(result.trades[21:31, 0], -0.01, atol=EXACT)
    np.testing.assert_allclose(result.trades[21:31, 1], 0.01, atol=EXACT)
    assert (result.cash >= -EXACT).all()
    assert result.shares[-1].tolist() == pytest.approx([0.0, 0.1], abs=EXACT)


def test_the_rest_of_a_sale_is_over_when_the_market_has_carried_it_to_its_target() -> None:
    """Half of A is wanted where all is held; after a day's sale of a tenth A halves against cash, and no share is bought
    back."""
    prices = [10.0] * 22 + [2.0] * 18
    market = world({"A": prices}, {"A": [1000.0] * 40})
    result = account(market, {7: [1.0], 20: [0.5]}, plain(10_000))
    assert result.trades[21, 0] == pytest.approx(-0.01, abs=EXACT)
    # 0.09 shares at 2 are 0.18 beside 0.1 of cash: 0.14 is wanted, so 0.02 shares more are sold
    assert result.trades[22, 0] == pytest.approx(-0.02, abs=EXACT)
    fell = world({"A": [10.0] * 22 + [0.5] * 18}, {"A": [1000.0] * 40})
    ended = account(
        fell, {7: [1.0], 20: [0.5]}, plain(10_000)
    )  # 0.045 beside 0.1: it would have to be bought
    assert not ended.trades[22:].any()
    assert ended.orders["status"].tolist() == ["filled", "filled"]


def test_unknown_volume_is_nothing_to_trade_against() -> None:
    market = world({"A": [10.0] * 20, "B": [10.0] * 20}, {"A": [1e9] * 20, "B": [math.nan] * 20})
    result = account(market, {10: [0.4, 0.4]}, plain(10_000))
    assert result.trades[:, 0].any()
    assert not result.trades[:, 1].any()
    waiting = result.orders.set_index("symbol").loc["B"]
    assert (waiting["status"], waiting["reason"]) == ("pending", "no past volume known")
    assert any(n.symbol == "B" and "no volume" in n.text for n in result.notices)
    (found,) = volume_findings(market)
    assert (found.symbol, found.check, found.severity) == ("B", "volume", "warning")


def test_without_any_volume_a_capital_is_refused() -> None:
    index = pd.bdate_range("2024-01-01", periods=5)
    market = Market.from_frames(pd.DataFrame({"A": [1.0] * 5}, index))
    with pytest.raises(BadInputError, match="no volume is known of A"):
        account(market, {1: [0.5]}, plain(1e6))
    account(market, {1: [0.5]}, plain(0.0))


def test_the_value_traded_is_that_of_past_sessions_alone() -> None:
    closes = [10.0, 20.0, 10.0, 10.0, 40.0, 10.0]
    market = world({"A": closes}, {"A": [1.0, 1.0, 0.0, 2.0, 1.0, 1e9]})
    traded = value_traded(market)[:, 0]
    assert np.isnan(traded[:5]).all()  # four sessions are too few
    assert traded[5] == pytest.approx((10 + 20 + 0 + 20 + 40) / 5, abs=EXACT)
    assert traded[6] == pytest.approx((10 + 20 + 0 + 20 + 40 + 1e10) / 6, rel=1e-12)
    gains = np.diff(closes) / np.array(closes[:-1])
    assert daily_volatility(market)[6, 0] == pytest.approx(np.std(gains, ddof=1), abs=EXACT)


def test_splits_leave_the_value_traded_as_it_was() -> None:
    """Two for one: half the price, twice the shares, before and after it."""
    market = world({"A": [10.0, 12.0, 9.0, 10.0, 11.0, 10.0]}, {"A": [100.0, 200.0, 50.0, 80.0, 70.0, 90.0]})
    split = world({"A": [5.0, 6.0, 4.5, 5.0, 5.5, 5.0]}, {"A": [200.0, 400.0, 100.0, 160.0, 140.0, 180.0]})
    np.testing.assert_allclose(value_traded(split), value_traded(market), rtol=1e-12)


@pytest.mark.parametrize("amount", [-1.0, math.nan, math.inf])
def test_amounts_that_are_none_are_refused(amount: float) -> None:
    with pytest.raises(BadInputError, match="wanted an amount"):
        Capital(amount)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01, math.nan])
def test_shares_of_volume_that_are_none_are_refused(share: float) -> None:
    with pytest.raises(BadInputError, match="wanted a share of volume"):
        Capital(1e6, share)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("venue,kind,constant\n*,*,1\n", "no column 'source'"),
        ("venue,kind,constant,source\n*,*,one,x\n", "constant 'one'"),
        ("venue,kind,constant,source\n*,*,-1,x\n", "constant -1"),
        ("venue,kind,constant,source\n*,*,nan,x\n", "constant nan"),
        ("venue,kind,constant,source\n*,*,1,\n", "source is empty"),
        ("venue,kind,constant,source\n*,bond,1,x\n", "kind 'bond'"),
        ("venue,kind,constant,source\nNew York,*,1,x\n", "venue 'New York'"),
        ("venue,kind,constant,source\n*,*,1,x\n*,*,2,x\n", "duplicate"),
        ("venue,kind,constant,source\n", "has no rows"),
    ],
)
def test_garbage_for_impact_names_its_line(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "impact.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=wrong):
        read_impact(str(path))


def test_impact_of_a_word_that_is_no_file_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match="Did you mean sqrt"):
        read_impact("sqr")


def test_an_impact_table_without_a_row_for_a_name_is_refused() -> None:
    market = world({"A": [10.0] * 20}, {"A": [1e9] * 20})
    table = ImpactTable((ImpactConstant("XHKG", "*", 1.0, "test"),), "test")
    with pytest.raises(BadInputError, match="no impact constant for A"):
        account(market, {10: [0.5]}, plain(1e6, impact=table))


def test_the_shipped_tables_are_read_and_sourced() -> None:
    assert all(r.source for r in (*read_lots(), *read_least_fees(), *read_impact().constants))
    from positioning.market.instruments import instrument

    dates = np.array(["2020-01-02", "2025-01-02"], dtype="datetime64[D]")
    names = ("1919.HK", "0936.HK", "NTR", "HSBK.IL", "TAVHL.IS")
    lots, unknown = lots_on(read_lots(), dates, [instrument(s) for s in names])
    assert lots[-1].tolist() == [500, 10_000, 1, 1, 0]
    assert unknown == ("TAVHL.IS",)


def test_what_is_just_the_share_of_volume_is_filled_at_once() -> None:
    """A tenth of 1,000 shares at 10 is 1,000: a tenth of an account of 10,000, and not a share more."""
    market = world({"A": [10.0] * 20}, {"A": [1000.0] * 20})
    for weight, waited in ((0.1, 0), (0.1001, 1)):
        result = account(market, {10: [weight], 14: [0.0]}, plain(10_000))
        assert result.orders["waited"].tolist() == [waited, waited]
        assert result.trades[11, 0] == pytest.approx(0.01, abs=EXACT)
        assert result.shares[14, 0] == pytest.approx(weight / 10, abs=EXACT)
        assert result.shares[-1, 0] == 0.0


@pytest.mark.parametrize(
    ("lot", "weight", "bought"),
    [
        (100, 0.49, 700),
        (100, 0.4899, 600),
        (1, 0.5, 714),
        (1, 0.49, 700),
        (1, 0.4899, 699),
        (3, 0.5, 714),
        (4, 0.5, 712),
    ],
)
def test_whole_lots_are_bought_whole_and_one_share_is_a_lot_too(lot: int, weight: float, bought: int) -> None:
    """10,000 at 7: 0.49 is 700 shares, 0.4899 is 699.86, a half is 714.29."""
    market = world({"A": [7.0] * 20}, {"A": [1e9] * 20})
    result = account(
        market, {10: [weight]}, plain(10_000, lots=(BoardLot("XNYS", "", lot, LONG_AGO, "test"),))
    )
    assert result.trades[11, 0] * 10_000 == pytest.approx(bought, abs=1e-8)
    assert result.orders["status"].tolist() == ["filled"]


@pytest.mark.parametrize(
    ("first", "then", "rest"), [(0.0, 0.5, 1), (0.5, 0.0, -1), (-0.1, -0.5, -1), (-0.5, 0.0, 1)]
)
def test_the_rest_of_an_order_says_which_side_it_is_of(first: float, then: float, rest: int) -> None:
    market = world({"A": [10.0] * 30}, {"A": [1000.0] * 30})
    result = account(market, {7: [first], 27: [then]}, plain(10_000))
    assert result.shares[27, 0] == pytest.approx(
        first / 10, abs=EXACT
    )  # five sessions were enough for the first
    assert result.closing.partial.tolist() == [rest]
    assert result.closing.pending.tolist() == [then]
    assert result.orders["status"].tolist()[-1] == "pending"


@pytest.mark.parametrize("amount", [0.25, 1.0, 4.0])
def test_an_account_of_less_than_one_has_a_size_as_well(amount: float) -> None:
    """A tenth of as many shares at 10 as the account is worth: a tenth a day, whatever that is."""
    market = world({"A": [10.0] * 30}, {"A": [amount / 10] * 30})
    result = account(market, {7: [1.0]}, plain(amount))
    np.testing.assert_allclose(result.trades[8:18, 0] * 10, 0.1, atol=EXACT)
    assert result.shares[-1, 0] == pytest.approx(0.1, abs=EXACT)
