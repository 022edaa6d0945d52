"""Laws of the ledger on random markets, and the ledger held against its plain reference."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from positioning.analysis.metrics_crosscheck import require_agreement
from positioning.runs.backtest import judged
from positioning.simulation.fees import FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.kernel import one_account, run_ledger
from positioning.simulation.ledger_arrays import CANCELLED, CUT, FILLED, IN_BAND, NONE, PENDING
from positioning.simulation.result import Result
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from tests.builders import Figure
from tests.simulation.random_accounts import (
    Case,
    adds_up,
    agrees,
    cases,
    close_to,
    equals_itself_cut_and_continued,
    is_product_of_returns,
)

thorough = settings(derandomize=True, deadline=None, max_examples=300, database=None)
modest = settings(derandomize=True, deadline=None, max_examples=100, database=None)


def nav_is_the_product_of_returns_and_the_sum_of_contributions(case: Case, result: Result) -> None:
    is_product_of_returns(result)
    assert result.worthless == bool((result.nav <= 0).any())
    if case.mark == "last":  # there only ruin ends at nothing, and the law has one piece
        close_to(np.cumprod(1 + result.returns), result.nav)
    earned = sum(v for parts in result.contributions().values() for v in parts.values())
    close_to(earned + result.deficit, result.nav[-1] - 1, 1e-11)  # a hundred terms and more
    adds_up(result)
    close_to(
        result.weights.sum(axis=1)[result.nav > 0],
        1 - result.cash[result.nav > 0] / result.nav[result.nav > 0],
        1e-9,
    )


def cash_is_conserved(case: Case, result: Result) -> None:
    stop = result.ruin_row if result.ruined else result.rows.size
    cash = np.ones(stop)
    for t in range(1, stop):
        cash[t] = cash[t - 1] * (1 + result.inputs.growth[t])
        for n in range(len(case.market.symbols)):
            held, traded, paid = result.shares[t - 1, n], result.trades[t, n], result.paid[t, n]
            kept = case.kept_of_dividends(result.rows[t], n) if held > 0 else 1.0  # shorts owe them gross
            cash[t] += held * result.inputs.dividend[t, n] * kept - traded * paid
            if held < 0:
                cash[t] += held * result.inputs.mark[t - 1, n] * result.inputs.borrow[t, n]
            if traded and t != result.inputs.exit_row[n]:
                dear = 2 if result.rows[t] >= case.dearer else 1
                cash[t] -= abs(traded) * paid * (case.buy if traded > 0 else case.sell) * dear / 1e4
    close_to(result.shares[1:stop], result.shares[: stop - 1] + result.trades[1:stop])
    close_to(cash, result.cash[:stop])
    close_to(result.cost, sum(result.costs.values()).sum(axis=1))


def nothing_trades_where_there_is_no_trading_nor_on_the_row_of_its_decision(
    case: Case, result: Result
) -> None:
    m = case.market
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
    o = result.order_arrays
    for d, n in np.argwhere(o.filled_row >= 0):
        assert d > 0
        assert o.filled_row[d, n] > o.decided[d - 1]
    earliest = o.decided[0] if o.decided.size else result.rows.size
    assert not traded[: earliest + 1].any()


def buys_never_take_longs_above_nav(case: Case, result: Result) -> None:
    """Free cash = cash - shorts; on a row of buys it ends at zero or more, at that row's fill values."""
    stop = result.ruin_row if result.ruined else result.rows.size
    for t in range(1, stop):
        after, before = result.shares[t], result.shares[t - 1]
        if not (after > np.maximum(before, 0)).any():
            continue
        too_early = result.inputs.early[t] & bool((result.order_arrays.decided == t - 1).any())
        worth = np.where(too_early, result.inputs.last[t], result.inputs.value[t])
        value = np.where(after != 0, after * worth, 0.0)
        nav = result.cash[t] + value.sum()
        assert value[value > 0].sum() <= nav * (1 + 1e-11)


def a_mark_moves_neither_trades_nor_ruin(case: Case, result: Result) -> None:
    last, *others = (
        result if case.mark == mark else replace(case, mark=mark).simulate()
        for mark in ("last", "zero", "haircut:0.3")
    )  # fmt: skip
    for other, factor in zip(others, (0.0, 0.7), strict=True):
        np.testing.assert_array_equal(other.shares, last.shares)
        np.testing.assert_array_equal(other.trades, last.trades)
        np.testing.assert_array_equal(other.cash, last.cash)
        assert (other.ruin_row, other.deficit) == (last.ruin_row, last.deficit)
        close_to(other.nav, last.nav_marked(factor))


LAWS = (
    a_mark_moves_neither_trades_nor_ruin,
    nav_is_the_product_of_returns_and_the_sum_of_contributions,
    cash_is_conserved,
    nothing_trades_where_there_is_no_trading_nor_on_the_row_of_its_decision,
    buys_never_take_longs_above_nav,
)


@thorough
@given(cases(), st.floats(0, 1))
def test_the_ledger_equals_its_reference_and_keeps_each_law(case: Case, share: float) -> None:
    """All on one account, since most of what a law costs is drawing it; share: of its rows, before it is cut."""
    result = agrees(case)
    equals_itself_cut_and_continued(result, case.targets, case.restrictions, case.terms, share)
    for law in LAWS:
        law(case, result)


@pytest.mark.slow
@pytest.mark.parametrize("quarter", range(4))
def test_ten_thousand_markets_agree_with_the_reference(quarter: int, figure: Figure) -> None:
    seen: Counter[str] = Counter()

    @seed(quarter)
    @settings(thorough, max_examples=2500, derandomize=False)
    @given(cases())
    def compare(case: Case) -> None:
        result = agrees(case)
        for law in LAWS:
            law(case, result)
        require_agreement(result, judged(result, None), None)
        seen["accounts"] += 1
        seen["ruined"] += result.ruined
        seen["frozen"] += bool(result.trapped.any())
        seen["called"] += bool(result.called.any())
        seen["worthless at their mark alone"] += result.worthless and not result.ruined

    compare()
    told = ", ".join(f"{count:,} {what}" for what, count in seen.items())
    figure(
        f"random accounts that agree with the reference, quarter {quarter + 1}", told, "2,500, within 1e-12"
    )
    assert seen["accounts"] >= 2500


def test_the_random_markets_reach_every_fate() -> None:
    """Else the comparison above would compare less than it says."""
    seen: set[Any] = set()
    wanted = {("status", k) for k in range(7)} | {("reason", k) for k in range(8)}
    wanted |= {("ruined", True, True), ("ruined", True, False), ("forced", True), ("lots", True)}
    wanted |= {("called", True)}

    # this seed reaches the rarest, a margin call, after some 300 accounts; another may need over 1,500
    @seed(0)
    @settings(deadline=None, max_examples=1500, database=None, phases=[Phase.generate])
    @given(cases())
    def collect(case: Case) -> None:
        result = case.simulate()
        o = result.order_arrays
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
        if wanted <= seen:
            raise StopIteration

    with suppress(StopIteration):  # all are reached: no more need be made
        collect()
    assert wanted <= seen, wanted - seen


def _variants() -> int:
    """How many layouts the ledger is compiled for in this process; none where it runs as plain Python."""
    return len(getattr(one_account, "signatures", ()))


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
    ours = case.simulate()
    compiled = _variants()
    theirs = case.simulate(turned, targets)  # numpy takes columns in Fortran order
    assert _variants() == compiled, "another layout was compiled anew"
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


@modest
@given(cases(gaps=False))
def test_where_all_is_open_the_next_row_fills_everything(case: Case) -> None:
    result = case.simulate()
    o = result.order_arrays
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


@modest
@given(cases())
def test_what_a_search_reads_of_an_account_is_what_its_trades_add_up_to(case: Case) -> None:
    result = case.simulate()
    inputs, orders = result.inputs, result.order_arrays
    outcome, _, _ = run_ledger(
        orders.decided, orders.weights, case.targets.band, inputs.arrays,
        Holdings.opening(len(case.market.symbols)).state, inputs.capital, inputs.depth,
    )  # fmt: skip
    close_to(outcome.nav[:, 0], result.nav)
    close_to(outcome.traded[0], result.trade_value.sum())
    close_to(outcome.cost[0], result.cost.sum())
