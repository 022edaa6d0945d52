"""What sanctions do to an account, by hand: barred purchases, frozen holdings, forced exits, lifting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.data.folder import FolderSource
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.market import Market
from positioning.simulation.constraints import mark_factor, trading_constraints
from positioning.simulation.fees import FeeTable
from positioning.simulation.result import Result
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from strategies import STRATEGIES
from tests.builders import EVENTS, SAMPLE

FREE = FeeTable((), "none")
exactly = {"rtol": 1e-13, "atol": 1e-14}  # a dozen sums near one


def record(
    symbol: str, kind: str, day: str, effective: str | None = None, recovery: float | None = None
) -> Restriction:
    announced = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
    ground = {"delisted": "delisting", "no_buy": "designated"}.get(kind, "suspended")
    holds = None if effective is None else np.datetime64(effective, "D")
    return Restriction(symbol, announced, kind, ground, "why", "doc", True, holds, recovery)  # type: ignore[arg-type]


def market(a: list[float], b: list[float] | None = None) -> Market:
    """Names A and B on consecutive weekdays from Monday 8 January 2024."""
    index = pd.bdate_range("2024-01-08", periods=len(a))
    return Market.from_frames(pd.DataFrame({"A": a, "B": b or [10.0] * len(a)}, index))


def run(
    m: Market,
    rows: dict[int, tuple[float, float]],
    *restrictions: Restriction,
    mark: str = "last",
    barred: str = "",
) -> Result:
    weights = np.array(list(rows.values()))
    targets = Targets(m.rows, m.symbols, np.array(list(rows)), weights)
    no_buy = np.zeros((m.rows.size, 2), dtype=bool)
    for r in restrictions:
        if r.symbol == barred:
            no_buy[np.searchsorted(m.rows, r.known_on()) :, m.column(barred)] = True
    return simulate(targets, m, FREE, constraints=trading_constraints(m, restrictions, no_buy, mark))


@pytest.mark.parametrize(("mark", "factor"), [("last", 1.0), ("zero", 0.0), ("haircut:0.5", 0.5)])
def test_a_frozen_holding_is_trapped_and_only_its_mark_differs(mark: str, factor: float) -> None:
    # Row 0 decides A 50 %, B 25 %. Row 1: nav 1: 0.05 A and 0.025 B at 10; cash 0.25.
    # Row 2: A 12, nav 1.10. A is frozen from row 3 on, closes there at 12, and its later print of 99 does not exist.
    # Row 3 decides A 0 %, B 50 %. Row 4: free nav is 0.25 + 0.025 x 10 = 0.50, B to 50 % of it: 0.25, as held.
    # Row 4 decides B 100 %: row 5, B at 20: free nav 0.25 + 0.5 = 0.75, so B to 0.75 / 20 = 0.0375 shares.
    m = market([10, 10, 12, 12, 99, 99], [10, 10, 10, 10, 10, 20])
    freeze = record("A", "frozen", "2024-01-11")
    r = run(m, {0: (0.5, 0.25), 3: (0.0, 0.5), 4: (0.0, 1.0)}, freeze, mark=mark)
    np.testing.assert_allclose(r.shares[:, 0], [0, 0.05, 0.05, 0.05, 0.05, 0.05], **exactly)
    np.testing.assert_allclose(r.shares[:, 1], [0, 0.025, 0.025, 0.025, 0.025, 0.0375], **exactly)
    np.testing.assert_allclose(r.trapped, [0, 0, 0, 0.6, 0.6, 0.6], **exactly)
    np.testing.assert_allclose(
        r.nav, [1, 1, 1.1, 0.5 + 0.6 * factor, 0.5 + 0.6 * factor, 0.75 + 0.6 * factor], **exactly
    )
    np.testing.assert_allclose(r.nav_marked(1.0), [1, 1, 1.1, 1.1, 1.1, 1.35], **exactly)
    np.testing.assert_allclose(r.nav_marked(0.0)[-1], 0.75, **exactly)
    # The sale of A never happens: replaced by the next decision, then pending, for the reason that it is frozen.
    sales = r.orders[(r.orders.symbol == "A") & (r.orders.target_weight == 0)]
    assert list(sales.status) == ["replaced by the next decision", "pending"]
    assert set(sales.reason) == {"frozen"}
    total = sum(v for parts in r.contributions().values() for v in parts.values())
    assert total == pytest.approx(r.nav[-1] - 1, abs=1e-14)


def test_lifting_gives_the_holding_back_to_trade_at_the_new_price() -> None:
    # Frozen on rows 2 and 3 at 10; lifted on row 4, on which the waiting sale of row 1 fills at 4.
    m = market([10, 10, 10, 9, 4])
    r = run(
        m,
        {0: (0.5, 0.0), 1: (0.0, 0.0)},
        record("A", "frozen", "2024-01-10"),
        record("A", "lifted", "2024-01-12"),
    )
    np.testing.assert_allclose(r.nav, [1, 1, 1, 1, 0.7], **exactly)
    np.testing.assert_allclose(r.shares[:, 0], [0, 0.05, 0.05, 0.05, 0], **exactly)
    assert r.trapped[-1] == 0


def test_dongfengs_holders_get_cash_and_the_worth_of_a_share_of_voyah() -> None:
    # HKD 6.68 and 0.3552608 Voyah share at 6.40, the lowest price of its first day: 8.95366912, in the record 8.9537.
    # At 1 HKD = 0.125 USD row 1 (17 March 2026) buys 0.5 shares at HKD 8. The 18th is the listing's last day; on the 19th
    # 0.5 x 8.9537 x 0.125 = 0.55960625 is cash: nav 0.5 + 0.55960625.
    assert pytest.approx(6.68 + 0.3552608 * 6.40, abs=5e-5) == 8.9537
    index = pd.DatetimeIndex(["2026-03-16", "2026-03-17", "2026-03-18", "2026-03-19", "2026-03-20"])
    m = Market.from_frames(
        pd.DataFrame({"0489.HK": [8.0] * 5, "B": [10.0] * 5}, index),
        venue={"0489.HK": "XHKG", "B": "XNYS"},
        currency={"0489.HK": "HKD", "B": "USD"},
        rates=pd.DataFrame({"HKD": [0.125] * 5}, index),
    )
    r = run(m, {0: (0.5, 0.0)}, *EVENTS.restrictions)
    np.testing.assert_allclose(r.shares[:, 0], [0, 0.5, 0.5, 0, 0], **exactly)
    np.testing.assert_allclose(r.nav, [1, 1, 1, 1.05960625, 1.05960625], **exactly)


def test_no_buy_cancels_what_waits_and_lets_go() -> None:
    # Row 0 decides A 40 %; row 1 fills 0.04. Row 2 decides A 80 %, but A is barred from row 3 on: cancelled, kept.
    # Row 3 decides A 20 %: row 4 sells half.
    m = market([10, 10, 10, 10, 10])
    barred = record("A", "no_buy", "2024-01-11")
    r = run(m, {0: (0.4, 0.0), 2: (0.8, 0.0), 3: (0.2, 0.0)}, barred, barred="A")
    np.testing.assert_allclose(r.shares[:, 0], [0, 0.04, 0.04, 0.04, 0.02], **exactly)
    assert list(r.orders.status) == ["filled", "cancelled", "filled"]


def test_a_short_may_be_covered_but_not_turned() -> None:
    # Row 1 sells 0.04 A short. A is barred from row 2 on; row 1's decision to hold +50 % only covers.
    m = market([10, 10, 10, 10])
    r = run(m, {0: (-0.4, 0.0), 1: (0.5, 0.0)}, record("A", "no_buy", "2024-01-10"), barred="A")
    np.testing.assert_allclose(r.shares[:, 0], [0, -0.04, 0, 0], **exactly)


def test_forced_exit_at_terms_out_of_a_freeze() -> None:
    # 0.05 A at 10, frozen on row 2, last listed on row 3: on row 4 each pays 3, whatever the prints say.
    m = market([10, 10, 10, 8, 8])
    r = run(
        m,
        {0: (0.5, 0.0)},
        record("A", "frozen", "2024-01-10"),
        record("A", "delisted", "2024-01-11", recovery=3.0),
    )
    np.testing.assert_allclose(r.nav, [1, 1, 1, 1, 0.5 + 0.05 * 3], **exactly)
    assert r.orders.iloc[-1].status == "forced out: delisted"
    nothing = run(m, {0: (0.5, 0.0)}, record("A", "delisted", "2024-01-11"))
    np.testing.assert_allclose(nothing.nav[-1], 0.5, **exactly)  # no terms on record: nothing comes back


def test_an_account_wholly_trapped_is_not_ruined_at_its_last_mark() -> None:
    m = market([10, 10, 8, 8])
    freeze = record("A", "frozen", "2024-01-10")
    assert not run(m, {0: (1.0, 0.0), 2: (0.0, 1.0)}, freeze).ruined
    written_off = run(m, {0: (1.0, 0.0), 2: (0.0, 1.0)}, freeze, mark="zero")
    assert not written_off.ruined  # a mark decides no ruin: what is trapped is still there
    assert written_off.worthless
    assert written_off.shares[-1, 0] == 0.1
    np.testing.assert_array_equal(written_off.nav[2:], 0.0)


@pytest.mark.parametrize(("mark", "factor"), [("last", 1.0), ("zero", 0.0)])
def test_a_debt_beside_a_frozen_holding_is_a_margin_call_and_no_ruin(mark: str, factor: float) -> None:
    # Row 0 decides A 100 %, B -50 %. Row 1, both at 10: 0.1 A, -0.05 B, cash 1 - 1 + 0.5 = 0.5.
    # A is frozen from row 2. There B is at 25: free equity 0.5 - 1.25 = -0.75, with A at its last mark 0.25.
    # Row 3: the call buys B back at 24 for 1.2: cash -0.7. What row 2 decided (B 50 %) is cancelled, as is row 3's.
    # Row 5: A is lifted, at 12: free equity -0.7 + 1.2 = 0.5. Row 5 decides A 0: sold on row 6 at 12, nav 0.5.
    m = market([10, 10, 10, 10, 10, 12, 12], [10, 10, 25, 24, 30, 30, 30])
    decided = {0: (1.0, -0.5), 2: (0.0, 0.5), 3: (0.0, 0.5), 5: (0.0, 0.0)}
    limits = record("A", "frozen", "2024-01-10"), record("A", "lifted", "2024-01-15")
    r = run(m, decided, *limits, mark=mark)
    assert not r.ruined
    np.testing.assert_allclose(r.shares[:, 1], [0, -0.05, -0.05, 0, 0, 0, 0], **exactly)
    np.testing.assert_allclose(r.cash, [1, 0.5, 0.5, -0.7, -0.7, -0.7, 0.5], **exactly)
    free = np.array([1, 1, -0.75, -0.7, -0.7, 0.5, 0.5])
    np.testing.assert_allclose(r.nav, free + factor * np.array([0, 0, 1, 1, 1, 0, 0]), **exactly)
    calls = r.orders[r.orders.status == "forced out: margin call"]
    assert (calls.symbol.tolist(), calls.side.tolist()) == (["B"], ["buy"])
    own = r.orders[(r.orders.target_weight == 0.5) & (r.orders.symbol == "B")]
    assert own.status.tolist() == ["cancelled", "cancelled"]
    total = sum(v for parts in r.contributions().values() for v in parts.values())
    assert total == pytest.approx(r.nav[-1] - 1, abs=1e-14)
    assert any("led to a margin call (first trade 2024-01-11)" in n.text for n in r.notices)


def test_a_short_in_a_delisted_name_without_terms_is_bought_back_at_its_last_mark() -> None:
    # -0.05 B at 10; listed to row 2, last at 8. Row 3: bought back at 8: cash 1 + 0.5 - 0.4 = 1.1.
    m = market([10.0] * 5, [10, 10, 8, 8, 8])
    end = record("B", "delisted", "2024-01-10")
    r = run(m, {0: (0.0, -0.5)}, end)
    np.testing.assert_allclose(r.nav, [1, 1, 1.1, 1.1, 1.1], **exactly)
    assert r.orders.iloc[-1].status == "forced out: delisted, covered at its last mark"
    assert r.orders.iloc[-1].reason == "no terms on record"
    assert [n.symbol for n in r.notices] == ["B"]
    known = run(m, {0: (0.0, -0.5)}, replace(end, recovery=0.0))  # terms of nothing are terms
    np.testing.assert_allclose(known.nav[-1], 1.5, **exactly)
    assert not known.notices


def test_a_freeze_on_two_grounds_ends_with_the_second_lifting() -> None:
    m = market([10, 10, 10, 10, 10, 10])
    listed = replace(record("A", "frozen", "2024-01-09"), ground="designated")
    r = run(
        m,
        {0: (0.5, 0.0)},
        listed,
        record("A", "frozen", "2024-01-10"),
        record("A", "lifted", "2024-01-11"),
        replace(record("A", "lifted", "2024-01-11", effective="2024-01-15"), ground="designated"),
    )
    assert r.inputs.frozen[:, 0].tolist() == [False, True, True, True, True, False]


def test_a_rule_of_ones_own_binds_whatever_the_screen_and_whoever_decides() -> None:
    m = market([10.0] * 5)
    own = replace(record("A", "no_buy", "2024-01-09"), ground="compliance", reason="ours")
    r = run(m, {0: (0.4, 0.0), 1: (0.8, 0.0)}, own)
    np.testing.assert_array_equal(r.shares[:, 0], 0.0)
    assert r.orders.status.tolist() == ["cancelled", "cancelled"]
    on_record = replace(own, ground="partner")
    assert run(m, {0: (0.4, 0.0)}, on_record).shares[-1, 0] > 0  # the screen decides
    assert run(m, {0: (0.4, 0.0)}, replace(on_record, binding=True)).shares[-1, 0] == 0


def test_what_is_decided_on_the_last_row_is_pending() -> None:
    m = market([10.0] * 3)
    r = run(m, {0: (0.4, 0.0), 2: (0.0, 0.3)})
    late = r.orders[r.orders.decided == pd.Timestamp(m.rows[2])]
    assert late.symbol.tolist() == ["A", "B"]
    assert set(late.status) == {"pending"}
    assert set(late.reason) == {"the run ends before the next session"}


def test_what_is_decided_on_the_last_row_under_a_margin_call_is_cancelled() -> None:
    """As in the call above, which is still owed when the run ends: B is bought back, A is trapped."""
    m = market([10.0] * 5, [10, 10, 25, 24, 30])
    r = run(m, {0: (1.0, -0.5), 4: (0.2, 0.5)}, record("A", "frozen", "2024-01-10"))
    late = r.orders[r.orders.decided == pd.Timestamp(m.rows[4])]
    assert late.symbol.tolist() == ["A", "B"]
    assert late.status.tolist() == ["cancelled", "cancelled"]
    assert late.reason.tolist() == ["", ""]
    # called on the last row, there is no session to be bought back on: 0.05 shares stay wanted, none is got
    ended = run(market([10.0] * 3, [10, 10, 25]), {0: (1.0, -0.5)}, record("A", "frozen", "2024-01-10"))
    call = ended.orders.iloc[-1]
    assert (call.symbol, call.side, call.status) == ("B", "buy", "forced out: margin call, pending")
    assert (call.decided, call.wanted, call.got) == (pd.Timestamp("2024-01-10"), 0.05, 0.0)
    assert pd.isna(call.filled)
    assert ended.closing.called.tolist() == [False, True]
    assert any("led to a margin call (first trade 2024-01-10)" in n.text for n in ended.notices)


@pytest.mark.parametrize(
    "text", ["", "half", "haircut", "haircut:", "haircut:2", "haircut:-1", "last:1", "haircut:nan"]
)
def test_an_unknown_mark_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="wanted last, zero or haircut:X"):
        mark_factor(text)


def postponed(events: Events, until: datetime) -> Events:
    return replace(
        events, restrictions=tuple(replace(r, announced=until, effective=None) for r in events.restrictions)
    )


@pytest.mark.parametrize("strategy", [p() for p in STRATEGIES], ids=lambda p: p.name)
def test_the_screen_never_uses_a_later_list(strategy) -> None:
    m = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    events = EVENTS
    first = (
        min(r.known_on() for r in events.restrictions if r.symbol in strategy.names)
        if any(r.symbol in strategy.names for r in events.restrictions)
        else m.rows[-1]
    )
    strict = replace(strategy, screen="strict")
    now = strict.target_weights(m, events)
    never = strict.target_weights(m, postponed(events, datetime(2030, 1, 1, tzinfo=UTC)))
    before = m.rows[now.decided] < first
    alike = m.rows[never.decided] < first
    np.testing.assert_array_equal(now.decided[before], never.decided[alike])
    np.testing.assert_array_equal(now.weights[before], never.weights[alike])
    if strategy.name == "middle_corridor":  # the test can fail: afterwards they differ
        assert now.weights.shape != never.weights.shape or not np.array_equal(now.weights, never.weights)


def test_evraz_bought_before_the_war_cannot_be_sold(prices: Path) -> None:
    m = load(
        FolderSource(prices), ["EVR.L"], span=Span(np.datetime64("2022-01-04"), np.datetime64("2022-06-17")),
        accepted=["EVR.L:unit_switch"],
    )  # fmt: skip
    decided = np.array([m.start, int(np.searchsorted(m.rows, np.datetime64("2022-03-14")))])
    targets = Targets(m.rows, m.symbols, decided, np.array([[0.5], [0.0]]))
    results = {
        mark: simulate(targets, m, FREE, constraints=trading_constraints(m, EVENTS.restrictions, mark=mark))
        for mark in ("last", "zero", "haircut:0.5")
    }
    last, zero, half = results.values()
    suspended = int(np.searchsorted(last.rows, np.datetime64("2022-03-10")))
    assert last.shares[-1, 0] > 0
    np.testing.assert_array_equal(last.shares, zero.shares)
    # Marked at the last price of 10 March, on which it was suspended: the file's later prints never reach it.
    price = float(m.close[m.start + suspended, 0])
    assert price == pytest.approx(0.80889999)
    trapped = last.shares[-1, 0] * price * float(m.rates[-1, 0])
    np.testing.assert_allclose(last.trapped[-1], trapped, rtol=1e-12)
    np.testing.assert_allclose(last.nav[-1] - zero.nav[-1], trapped, rtol=1e-12)
    np.testing.assert_allclose(half.nav[-1], (last.nav[-1] + zero.nav[-1]) / 2, rtol=1e-12)
    assert (last.orders.iloc[-1].status, last.orders.iloc[-1].reason) == ("pending", "frozen")


@pytest.mark.parametrize(("recovery", "holds"), [(500.0, True), (500.1, False), (1e308, False)])
def test_an_exit_pays_at_most_fifty_times_the_last_close(recovery: float, holds: bool) -> None:
    """Pence for pounds, or a misprint: a close of 10 would make a thousand. One of 40 the day before is not the last."""
    gone = record("A", "delisted", "2024-01-08", effective="2024-01-10", recovery=recovery)
    prices = market([10.0, 40.0, 10.0, 10.0, 10.0, 10.0])
    if holds:
        assert trading_constraints(prices, [gone]).exit_price[0] == recovery
        return
    with pytest.raises(
        BadInputError, match=r"recovery .* of A, whose last close was 10 USD; wanted cash per share"
    ):
        trading_constraints(prices, [gone])


def test_a_listing_that_does_not_bind_bars_no_purchase_by_itself() -> None:
    listing = record("A", "no_buy", "2024-01-09")
    assert not trading_constraints(market([10.0] * 4), [listing]).no_buy.any()
    barred = trading_constraints(market([10.0] * 4), [replace(listing, binding=True)]).no_buy[:, 0]
    assert barred.tolist() == [False, True, True, True]
