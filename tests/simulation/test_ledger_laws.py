"""Laws of the ledger on random markets, and the ledger held against its plain reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.events.event import Events
from positioning.events.restriction import Restriction, RestrictionKind
from positioning.market.bars import DateArray
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import trading_constraints
from positioning.simulation.fees import FeeRate, FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import Fill
from positioning.simulation.kernel import CANCELLED, CUT, FILLED, IN_BAND, NONE, PENDING
from positioning.simulation.reference import ReferenceAccount, reference
from positioning.simulation.result import REASON, Result
from positioning.simulation.simulate import run, simulate
from positioning.strategy.targets import Targets

thorough = settings(derandomize=True, deadline=None, max_examples=500, database=None)
modest = settings(derandomize=True, deadline=None, max_examples=150, database=None)

VENUES = {"XNYS": "USD", "XHKG": "HKD", "XASX": "AUD"}
# Both sides sum forty rows of doubles near one, in another order; a wrong share shows at 1e-4 and more.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Case:
    """One random account and what it is charged: bps by side, doubled from `dearer` on."""

    market: Market
    targets: Targets
    buy: float
    sell: float
    borrow: float
    dearer: np.datetime64
    cash: float
    fill: Fill
    restrictions: tuple[Restriction, ...] = ()
    mark: str = "last"

    @property
    def terms(self) -> AccountTerms:
        return AccountTerms(self.fees, self.fill, CashRate.constant(self.cash), self.mark)

    @property
    def fees(self) -> FeeTable:
        rates = []
        for side, fee, bps in (
            ("buy", "commission", self.buy),
            ("sell", "commission", self.sell),
            ("short", "borrow", self.borrow),
        ):
            for start, factor in ((np.datetime64("2000-01-01"), 1), (self.dearer, 2)):
                rates.append(FeeRate("*", "*", "*", fee, side, bps * factor, start, "assumption: test"))
        return FeeTable(tuple(rates), "random")

    def simulate(self, market: Market | None = None, targets: Targets | None = None) -> Result:
        events = Events((), self.restrictions)
        return self.terms.run(targets or self.targets, market or self.market, events)

    def reference(self) -> ReferenceAccount:
        held_under = trading_constraints(self.market, self.restrictions, mark=self.mark)
        return reference(self.targets, self.market, self.terms, held_under)


@st.composite
def cases(draw: st.DrawFn, gaps: bool = True) -> Case:  # noqa: PLR0915 - a market has many parts
    """Venues with holidays of their own, halts, holes, late names, missing opens, stale rates, an early venue,
    delistings, dividends, shorts, fees; `gaps=False` leaves every leg tradable on every row."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_names = draw(st.sampled_from([3, 12, 25, 40])), draw(st.sampled_from([1, 2, 4, 6]))
    wild = draw(st.sampled_from([0.01, 0.03, 0.3]))  # the last one ruins some short accounts
    shape = (n_rows, n_names)
    rows = np.datetime64("2024-01-02") + np.cumsum(rng.choice([1, 1, 1, 1, 3], n_rows))
    venues = rng.choice(list(VENUES), n_names)
    close = rng.uniform(1, 200, n_names) * np.exp(np.cumsum(rng.standard_t(4, shape) * wild, axis=0))
    squeezed = gaps and n_names > 1 and draw(st.booleans())  # a short rises beside a long that freezes
    if squeezed:
        close[:, 1] *= np.exp(0.08 * np.arange(n_rows))
    opens = close * np.exp(rng.normal(0, wild / 2, shape))
    dividends = np.where(rng.random(shape) < 0.08, close * 0.02, 0.0)
    by_currency = {
        c: rng.uniform(0.1, 2) * np.exp(np.cumsum(rng.normal(0, 0.02, n_rows))) for c in VENUES.values()
    }
    by_currency["USD"] = np.ones(n_rows)
    venue_open = np.ones(shape, bool)
    tradable = np.ones(shape, bool)
    delisted: list[date | None] = [None] * n_names
    if gaps:
        opens[rng.random(shape) < 0.2] = np.nan
        for venue in VENUES:
            venue_open[np.ix_(rng.random(n_rows) < 0.2, venues == venue)] = False
        for c in ("HKD", "AUD"):
            stale = rng.integers(n_rows)
            if rng.random() < 0.3:
                by_currency[c][stale : stale + 4] = np.nan
        holes = rng.random(shape) < 0.05  # the name has no price
        for n in range(n_names):
            if rng.random() < 0.3:
                holes[: rng.integers(1, n_rows), n] = True  # joins late
            if rng.random() < 0.25:
                last = int(rng.integers(1, n_rows))
                delisted[n] = rows[last].astype(object)
                holes[last + 1 :, n] = True
        close[holes | ~venue_open] = opens[holes | ~venue_open] = np.nan
        tradable = np.isfinite(close) & (rng.random(shape) > 0.15)  # halted: a stale print, no trade
    rates = np.column_stack([by_currency[VENUES[v]] for v in venues])
    instruments = tuple(
        Instrument(
            f"N{n}", f"N{n}", str(v), VENUES[v], VENUES[v], "share", recorded=False, delisted=delisted[n],
            exit_price=float(rng.uniform(1, 100)) if delisted[n] and rng.random() < 0.5 else None,
        )
        for n, v in enumerate(venues)
    )  # fmt: skip
    early = (venues == "XASX")[None, :] & venue_open & (gaps and draw(st.booleans()))
    market = Market(
        rows, instruments, opens, close, dividends, tradable, venue_open, early, rates,
        basis=("traded",) * n_names, start=int(rng.integers(0, n_rows // 3 + 1)) if gaps else 0,
    )  # fmt: skip
    decided = np.nonzero(rng.random(n_rows) < draw(st.sampled_from([0.15, 0.4, 1.0])))[0]
    raw = rng.normal(size=(decided.size, n_names)) * (rng.random((decided.size, n_names)) < 0.8)
    if draw(st.booleans()):
        raw = np.abs(raw)  # long only
    gross = rng.choice([0.5, 0.9, 1.0, 1.8], decided.size)
    weights = raw * (gross / np.maximum(np.abs(raw).sum(axis=1), 1e-9))[:, None]
    if squeezed:
        weights[:1] = 0.0
        weights[:1, :2] = (1.0, 0.0) if rng.random() < 0.4 else (0.95, -0.8)
    targets = Targets(rows, market.symbols, decided, weights, draw(st.sampled_from([0.0, 0.1, 0.5])))
    free = draw(st.booleans())
    bps = rng.uniform(0, 50, 2) * (not free)
    fill: Fill = draw(st.sampled_from(["open", "close"]))
    cash = draw(st.sampled_from([0.0, 0.05]))
    borrow, dearer = float(rng.choice([0, 300])), rows[n_rows // 2]
    if not gaps or not draw(st.booleans()):
        return Case(market, targets, bps[0], bps[1], borrow, dearer, cash, fill)
    mark = draw(st.sampled_from(["last", "zero", "haircut:0.5"]))
    made = tuple(r for i in instruments for r in restrictions_on(i.symbol, rows, rng))
    if squeezed and decided.size:
        day = datetime.fromisoformat(str(rows[min(decided[0] + 3, n_rows - 1)])).replace(tzinfo=UTC)
        made += (Restriction("N0", day, "frozen", "designated", "why", "doc"),)
    return Case(market, targets, bps[0], bps[1], borrow, dearer, cash, fill, made, mark)


def restrictions_on(symbol: str, rows: DateArray, rng: np.random.Generator) -> list[Restriction]:
    """Freezes on one or two grounds, liftings that take effect later, purchases barred, delistings; of half the names
    nothing."""
    made: list[Restriction] = []

    def add(kind: RestrictionKind, ground: str, row: int, later: int = 0, **more: Any) -> None:
        announced = datetime.fromisoformat(str(rows[row])).replace(tzinfo=UTC) + timedelta(days=1)
        effective = rows[min(row + later, rows.size - 1)]
        made.append(
            Restriction(symbol, announced, kind, ground, "why", "doc", True, effective, binding=True, **more)
        )

    for kind, ground in (("frozen", "designated"), ("frozen", "suspended"), ("no_buy", "our own list")):
        if rng.random() < 0.3:
            row = int(rng.integers(rows.size))
            add(kind, ground, row, int(rng.integers(3)))
            if rng.random() < 0.5:
                add("lifted", ground, min(row + int(rng.integers(8)), rows.size - 1), int(rng.integers(4)))
    if rng.random() < 0.15:
        recovery = None if rng.random() < 0.5 else float(rng.choice([0.0, 5.0]))
        add("delisted", "delisting", int(rng.integers(rows.size)), recovery=recovery)
    return made


def fates_of(result: Result) -> Mapping[tuple[int, int], dict[str, Any]]:
    """By row of decision and leg; orders inherited with the opening left out."""
    o, first = result.orders_, result.market.start
    return {
        (int(o.decided[d - 1]) + first, int(n)): {
            "fate": int(o.status[d, n]), "waits": int(o.waits[d, n]),
            "why": REASON[int(o.reason[d, n])], "got": o.got[d, n],
        }
        for d, n in np.argwhere(o.status != NONE)
        if d > 0
    }  # fmt: skip


def close_to(ours: Any, theirs: Any, tolerance: float = ROUNDING) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def agrees(case: Case) -> Result:
    """The account, having compared it with the reference."""
    result, slow = case.simulate(), case.reference()
    assert result.ruined == slow.ruined
    close_to(result.nav, slow.nav)
    close_to(result.cash, slow.cash)
    close_to(result.shares, slow.shares)
    close_to(result.deficit, slow.owed)
    assert sorted(map(tuple, np.argwhere(result.called).tolist())) == sorted(slow.called)
    fates = fates_of(result)
    assert fates.keys() == slow.fates.keys()
    for key, fate in fates.items():
        expected = slow.fates[key]
        assert {k: fate[k] for k in ("fate", "waits", "why")} == {
            k: expected[k] for k in ("fate", "waits", "why")
        }, key
        close_to(fate["got"], expected["got"])
    return result


def adds_up(result: Result) -> None:
    """The parts of profit are the change of nav on each row, and what ruin left unpaid."""
    by_row = sum(result.profit.values()).sum(axis=1) + result.interest
    steps = np.diff(result.nav, prepend=1.0)
    if result.ruined:
        steps[result.ruin_row] -= result.deficit
    close_to(by_row, steps)


@thorough
@given(cases())
def test_the_ledger_equals_its_reference(case: Case) -> None:
    adds_up(agrees(case))


@pytest.mark.slow
@settings(thorough, max_examples=5000, derandomize=False)
@given(cases())
def test_five_thousand_markets_agree_with_the_reference(case: Case) -> None:
    adds_up(agrees(case))


@thorough
@given(cases())
def test_a_mark_moves_neither_trades_nor_ruin(case: Case) -> None:
    last, *others = (replace(case, mark=mark).simulate() for mark in ("last", "zero", "haircut:0.3"))
    for other, factor in zip(others, (0.0, 0.7), strict=True):
        np.testing.assert_array_equal(other.shares, last.shares)
        np.testing.assert_array_equal(other.trades, last.trades)
        np.testing.assert_array_equal(other.cash, last.cash)
        assert (other.ruin_row, other.deficit) == (last.ruin_row, last.deficit)
        close_to(other.nav, last.nav_marked(factor))


def test_the_random_markets_reach_every_fate() -> None:
    """Else the comparison above would compare less than it says."""
    seen: set[Any] = set()

    @settings(derandomize=True, deadline=None, max_examples=1500, database=None)
    @given(cases())
    def collect(case: Case) -> None:
        result = case.simulate()
        o = result.orders_
        seen.update(("status", int(s)) for s in np.unique(o.status))
        seen.update(("reason", int(s)) for s in np.unique(o.reason))
        spans = pairwise([*o.decided, result.rows.size])
        lots = [(result.trades[a + 1 : b + 1] != 0).sum(axis=0).max() for a, b in spans]
        seen.add(("ruined", result.ruined, result.ruined_at_fill))
        seen.add(
            (
                "forced",
                any(result.trades[row, n] != 0 for n, row in enumerate(result.inputs.exit_row) if row >= 0),
            )
        )
        seen.add(("lots", max(lots, default=0) > 1))
        seen.add(("called", bool(result.called.any())))

    collect()
    wanted = {("status", k) for k in range(7)} | {("reason", k) for k in range(8)}
    wanted |= {("ruined", True, True), ("ruined", True, False), ("forced", True), ("lots", True)}
    wanted |= {("called", True)}
    assert wanted <= seen, wanted - seen


@thorough
@given(cases())
def test_nav_is_the_product_of_returns_and_the_sum_of_contributions(case: Case) -> None:
    result = case.simulate()
    # Nav marked below what is owed can rise again; no return leads out of it, and the result says it was there.
    broke = np.flatnonzero(result.nav <= 0)
    stop = result.nav.size if broke.size == 0 or not result.nav[broke[0] :].any() else int(broke[0]) + 1
    close_to(np.cumprod(1 + result.returns)[:stop], result.nav[:stop])
    assert not result.returns[1:][result.nav[:-1] <= 0].any()
    assert result.worthless == bool(broke.size)
    if stop < result.nav.size:
        assert case.mark != "last" or result.ruined
    earned = sum(v for parts in result.contributions().values() for v in parts.values())
    close_to(earned + result.deficit, result.nav[-1] - 1, 1e-11)  # a hundred terms and more
    by_row = sum(result.profit.values()).sum(axis=1) + result.interest
    steps = np.diff(result.nav, prepend=1.0)
    if result.ruined:
        steps[result.ruin_row] -= result.deficit
    close_to(by_row, steps)
    close_to(
        result.weights.sum(axis=1)[result.nav > 0],
        1 - result.cash[result.nav > 0] / result.nav[result.nav > 0],
        1e-9,
    )


@thorough
@given(cases())
def test_cash_is_conserved(case: Case) -> None:
    result = case.simulate()
    cash, stop = 1.0, result.ruin_row if result.ruined else result.rows.size
    for t in range(1, stop):
        cash += cash * result.inputs.growth[t]
        for n in range(len(case.market.symbols)):
            held, traded, paid = result.shares[t - 1, n], result.trades[t, n], result.paid[t, n]
            cash += held * result.inputs.dividend[t, n] - traded * paid
            if held < 0:
                cash += held * result.inputs.mark[t - 1, n] * result.inputs.borrow[t, n]
            if traded and t != result.inputs.exit_row[n]:
                dear = 2 if result.rows[t] >= case.dearer else 1
                cash -= abs(traded) * paid * (case.buy if traded > 0 else case.sell) * dear / 1e4
            close_to(result.shares[t, n], held + traded)
        close_to(cash, result.cash[t])
    close_to(result.cost, sum(result.costs.values()).sum(axis=1))


@modest
@given(cases(), st.randoms(use_true_random=False))
def test_column_order_changes_nothing(case: Case, random: Any) -> None:
    turn = list(range(len(case.market.symbols)))
    random.shuffle(turn)
    m = case.market
    arrays = ("open", "close", "dividends", "tradable", "venue_open", "early", "rates")
    turned = replace(
        m, instruments=tuple(m.instruments[n] for n in turn), **{a: getattr(m, a)[:, turn] for a in arrays}
    )
    targets = replace(case.targets, symbols=turned.symbols, weights=case.targets.weights[:, turn])
    ours, theirs = case.simulate(), case.simulate(turned, targets)
    close_to(theirs.nav, ours.nav)
    close_to(theirs.shares, ours.shares[:, turn])


@modest
@given(cases(), st.sampled_from([0.01, 7.0, 100.0]))
def test_the_unit_of_a_price_changes_nothing(case: Case, factor: float) -> None:
    m, n = case.market, len(case.market.symbols) - 1
    unit = np.ones(n + 1)
    unit[n] = factor
    exits = tuple(
        replace(i, exit_price=i.exit_price * u) if i.exit_price else i
        for i, u in zip(m.instruments, unit, strict=True)
    )
    scaled = replace(
        m, open=m.open * unit, close=m.close * unit, dividends=m.dividends * unit, instruments=exits
    )
    ours, theirs = case.simulate(), case.simulate(scaled)
    close_to(theirs.nav, ours.nav)
    close_to(theirs.shares * unit, ours.shares)
    # a currency of another denomination: a hundred new for one old
    close_to(case.simulate(replace(scaled, rates=m.rates / unit)).nav, ours.nav)
    # and another unit of the base currency
    close_to(case.simulate(replace(m, rates=m.rates * factor)).nav, ours.nav)


@thorough
@given(cases(), st.floats(0, 1))
def test_a_run_cut_and_continued_equals_the_whole(case: Case, share: float) -> None:
    m, first = case.market, case.market.start
    t = first + round(share * (m.rows.size - 1 - first))
    whole = case.simulate()
    until, after = m.until(t), replace(m, start=t)
    known = case.targets.decided <= t
    head_targets = replace(
        case.targets,
        rows=until.rows,
        decided=case.targets.decided[known],
        weights=case.targets.weights[known],
    )
    opening = Holdings.opening(len(m.symbols))
    events = Events((), case.restrictions)
    head = run(head_targets, until, case.terms.inputs(until, events), opening)
    tail = run(case.targets, after, case.terms.inputs(after, events), head.closing)
    # the same operations in the same order: the same bits
    assert [*head.nav, *tail.nav[1:]] == whole.nav.tolist()
    assert [*head.cash, *tail.cash[1:]] == whole.cash.tolist()
    assert np.vstack([head.shares, tail.shares[1:]]).tolist() == whole.shares.tolist()
    late = {k: f for k, f in fates_of(whole).items() if k[0] >= t}
    assert fates_of(tail) == late
    assert opening.cash == 1.0
    assert (opening.shares == 0).all()


@thorough
@given(cases())
def test_no_trade_where_there_is_no_trading_nor_on_the_row_of_its_decision(case: Case) -> None:
    m, result = case.market, case.simulate()
    first = m.start
    forced = np.zeros_like(result.trades, dtype=bool)
    for n, row in enumerate(result.inputs.exit_row):
        if row >= 0:
            forced[row, n] = True
    open_ = m.tradable[first:] & m.venue_open[first:] & np.isfinite(m.rates[first:])
    assert not ((result.trades != 0) & ~forced & ~open_).any()
    local = (
        m.close[first:] if case.fill == "close" else np.where(np.isfinite(m.open), m.open, m.close)[first:]
    )
    traded = (result.trades != 0) & ~forced
    close_to(result.paid[traded], (local * m.rates[first:])[traded])
    # each trade lies after some decision, and no order fills on the row of its own
    o = result.orders_
    for d, n in np.argwhere(o.filled_row >= 0):
        assert d > 0
        assert o.filled_row[d, n] > o.decided[d - 1]
    earliest = o.decided[0] if o.decided.size else result.rows.size
    assert not traded[: earliest + 1].any()


@thorough
@given(cases())
def test_buys_never_take_longs_above_nav(case: Case) -> None:
    """Free cash = cash - shorts; on a row of buys it ends at zero or more, at that row's fill values."""
    result = case.simulate()
    stop = result.ruin_row if result.ruined else result.rows.size
    for t in range(1, stop):
        after, before = result.shares[t], result.shares[t - 1]
        if not (after > np.maximum(before, 0)).any():
            continue
        too_early = result.inputs.early[t] & bool((result.orders_.decided == t - 1).any())
        worth = np.where(too_early, result.inputs.last[t], result.inputs.value[t])
        value = np.where(after != 0, after * worth, 0.0)
        nav = result.cash[t] + value.sum()
        assert value[value > 0].sum() <= nav * (1 + 1e-11)


@modest
@given(cases(gaps=False))
def test_where_all_is_open_the_next_row_fills_everything(case: Case) -> None:
    result = case.simulate()
    o = result.orders_
    final = {FILLED, CUT, IN_BAND} | ({CANCELLED} if result.ruined else set())
    late = (
        1 if o.decided.size and o.decided[-1] == result.rows.size - 1 else 0
    )  # for the order of the last row
    done = o.status[: o.status.shape[0] - late]
    assert set(np.unique(done[done != NONE])) <= final
    assert set(np.unique(o.status[done.shape[0] :])) <= {NONE, PENDING}
    for d, n in np.argwhere(o.filled_row >= 0):
        assert o.filled_row[d, n] == o.decided[d - 1] + 1
    assert (o.waits == 0).all()


@modest
@given(cases())
def test_without_fees_dividends_and_rates_a_full_account_follows_its_single_name(case: Case) -> None:
    """Closed form: all of nav in one name from its first fill on is that name's mark over the price paid."""
    m = replace(case.market, dividends=np.zeros_like(case.market.dividends))
    weights = np.zeros((1, len(m.symbols)))
    weights[0, 0] = 1.0
    targets = Targets(m.rows, m.symbols, np.array([m.start]), weights)
    result = simulate(targets, m, FeeTable((), "none"), case.fill)
    filled = np.nonzero(result.trades[:, 0] > 0)[0]
    row = int(filled[0]) if filled.size else result.rows.size
    stop = result.inputs.exit_row[0] if result.inputs.exit_row[0] >= 0 else result.rows.size
    close_to(result.nav[:row], 1.0)
    if row < stop:
        close_to(result.nav[row:stop], result.inputs.mark[row:stop, 0] / result.paid[row, 0])
