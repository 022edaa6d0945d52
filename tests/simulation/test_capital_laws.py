"""Laws of an account with a capital, on random markets: volume, lots, least fees and impact; and its plain reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from positioning.simulation.constraints import trading_constraints
from positioning.simulation.impact import NO_IMPACT
from positioning.simulation.kernel import run_lanes
from positioning.simulation.ledger_arrays import BELOW_LOT, LANES, NO_VOLUME, PENDING, VOLUME
from positioning.simulation.liquidity import daily_volatility, value_traded
from positioning.simulation.reference import reference
from tests.simulation.random_accounts import (
    adds_up,
    close_to,
    equals_itself_cut_and_continued,
    fates_of,
)
from tests.simulation.random_sizes import Sized, sized

thorough = settings(derandomize=True, deadline=None, max_examples=80, database=None)
modest = settings(derandomize=True, deadline=None, max_examples=40, database=None)


@thorough
@given(sized())
def test_the_ledger_with_a_capital_equals_its_reference(made: Sized) -> None:
    result, case = made.simulate(), made.case
    under = trading_constraints(made.market, case.restrictions, mark=case.mark)
    slow = reference(case.targets, made.market, replace(case.terms, capital=made.capital), under)
    assert result.ruined == slow.ruined
    close_to(result.nav, slow.nav)
    close_to(result.cash, slow.cash)
    close_to(result.shares, slow.shares)
    assert sorted(map(tuple, np.argwhere(result.called).tolist())) == sorted(slow.margin_calls)
    fates = fates_of(result)
    assert fates.keys() == slow.fates.keys()
    for key, fate in fates.items():
        assert {k: fate[k] for k in ("fate", "waits", "why")} == {
            k: slow.fates[key][k] for k in ("fate", "waits", "why")
        }, key
        close_to(fate["got"], slow.fates[key]["got"])
    adds_up(result)


def test_the_random_markets_reach_what_a_capital_does() -> None:
    """Else the comparison above would compare less than it says."""
    seen: set[Any] = set()

    @settings(thorough, max_examples=200)
    @given(sized())
    def collect(made: Sized) -> None:
        result = made.simulate()
        o, depth = result.order_arrays, result.inputs.depth
        seen.update(("status", int(s)) for s in np.unique(o.status))
        seen.update(("reason", int(s)) for s in np.unique(o.reason))
        seen.add(("impact", bool(result.impact.any())))
        seen.add(("topped up", bool(result.costs["least_commission"].any())))
        seen.add(("sale at rest", bool((result.closing.partial < 0).any())))
        assert depth is not None

    collect()
    wanted = {("status", BELOW_LOT), ("status", PENDING), ("reason", VOLUME), ("reason", NO_VOLUME)}
    wanted |= {(what, True) for what in ("impact", "topped up", "sale at rest")}
    assert wanted <= seen, wanted - seen


@thorough
@given(sized())
def test_no_fill_exceeds_its_share_of_past_volume_nor_breaks_a_lot(made: Sized) -> None:
    """The share worked out here from the rows before alone; rounding is the kernel's HAIR."""
    result, capital, m = made.simulate(), made.capital, made.market
    assert capital is not None
    value = result.trade_value * capital.amount
    known = np.isfinite(daily_volatility(m)[m.start : -1])
    limit = capital.participation * np.nan_to_num(np.where(known, value_traded(m)[m.start : -1], 0.0))
    assert (value <= limit * (1 + 1e-8)).all()
    lots = result.inputs.liquidity.lot  # type: ignore[union-attr]
    count = np.divide(result.trades * capital.amount, lots, out=np.zeros_like(lots), where=lots > 0)
    last = (result.shares == 0.0) | ~(lots > 0)  # what is closed takes the odd shares of a lot that changed
    exits = np.zeros_like(last)
    for n, row in enumerate(result.inputs.exit_row):
        if row >= 0:
            exits[row, n] = True
    off = np.abs(count - np.round(count))
    assert (off[~last & ~exits] <= 1e-6).all()


@thorough
@given(sized())
def test_impact_is_paid_and_never_earned(made: Sized) -> None:
    """What a trade pays is the law's, recomputed; and the parts of profit with it are the change of nav."""
    result, capital = made.simulate(), made.capital
    assert capital is not None
    liquidity = result.inputs.liquidity
    assert liquidity is not None
    paid = -result.profit["impact"]
    assert (paid >= 0).all()
    traded = result.trade_value > 0
    share = result.trade_value[traded] * capital.amount / liquidity.traded[traded]
    constant = np.broadcast_to(liquidity.constant, traded.shape)[traded]
    law = result.trade_value[traded] * constant * liquidity.volatility[traded] * np.sqrt(share)
    if not result.ruined:
        close_to(paid[traded], law)
    adds_up(result)


@thorough
@given(sized())
def test_a_capital_of_nothing_is_no_capital_to_the_bit(made: Sized) -> None:
    without = replace(made, capital=None).simulate()
    zero = made.under(amount=0.0).simulate()
    for name in ("nav", "cash", "shares", "trades"):
        np.testing.assert_array_equal(getattr(zero, name), getattr(without, name))
    assert without.inputs.depth is None
    assert not without.impact.any()


@modest
@given(sized())
def test_lanes_have_the_bits_of_one_account_each_with_its_capital(made: Sized) -> None:
    capital = made.capital
    assert capital is not None
    amounts = np.resize(np.array([0.0, capital.amount / 100, capital.amount, capital.amount * 100]), LANES)
    inputs = made.simulate().inputs
    first, targets = made.market.start, made.case.targets
    inside = targets.decided >= first
    decided, own = targets.decided[inside] - first, targets.weights[inside]
    weights = np.repeat(own[:, :, None], LANES, axis=2)
    nav = np.empty((inputs.rows.size, LANES))
    lanes = run_lanes(
        decided, weights, np.full(LANES, targets.band), inputs.arrays, nav, amounts, inputs.depth
    )
    for k in range(4):
        one = made.under(amount=float(amounts[k])).simulate()
        np.testing.assert_array_equal(nav[:, k], one.nav)
        close_to(lanes.cost[k], one.cost.sum())
        close_to(lanes.impact[k], one.impact.sum())
        close_to(lanes.traded[k], one.trade_value.sum())


@thorough
@given(sized())
def test_as_capital_goes_to_nothing_the_account_tends_to_that_without(made: Sized) -> None:
    """Of volume and impact: a lot or a least fee grows without bound beside a capital that vanishes, so they are left
    out. Where no past volume is known nothing trades at any capital, so every volume is known here.

    At 1e-12 of the volume an order loses at most 1.5 sigma 1e-6 to impact; sigma is below 1 and turnover below 50."""
    m = made.market
    known = replace(
        m, volume=np.where(np.isfinite(m.close), 1e6, np.nan), start=max(m.start, min(6, m.rows.size - 1))
    )
    made = replace(made, market=known).under(lots=(), least_fees=())
    if not np.isfinite(known.volume).any():  # type: ignore[type-var]  # a name that never had a price
        return
    met = made.simulate().inputs.liquidity
    assert met is not None
    liquid = np.nan_to_num(met.traded)
    without = replace(made, capital=None).simulate()
    if (liquid[without.trade_value > 0] == 0).any() or (liquid[~np.isnan(without.inputs.fill)] == 0).any():
        return
    far, near = (
        made.under(amount=liquid[liquid > 0].min() * e if liquid.any() else 1.0) for e in (1e-6, 1e-12)
    )
    gaps = [np.abs(s.simulate().nav - without.nav).max() for s in (far, near)]
    assert gaps[1] <= 1e-4
    assert gaps[1] <= max(gaps[0], 1e-9)


@modest
@given(sized(), st.floats(0, 1))
def test_an_account_with_a_capital_cut_and_continued_equals_the_whole(made: Sized, share: float) -> None:
    m, terms = made.market, replace(made.case.terms, capital=made.capital)
    t = m.start + round(share * (m.rows.size - 1 - m.start))
    assume(np.isfinite(m.until(t).volume).any())  # a market without any volume is refused under a capital
    equals_itself_cut_and_continued(made.simulate(), made.case.targets, made.case.restrictions, terms, share)


@thorough
@given(sized())
def test_cash_and_shares_are_conserved(made: Sized) -> None:
    result = made.simulate()
    stop = result.ruin_row if result.ruined and result.ruin_row is not None else result.rows.size
    cash = np.ones(stop)
    for t in range(1, stop):
        before = result.shares[t - 1]
        paid = result.trades[t] * np.where(result.trades[t] != 0, result.paid[t], 0.0)
        income = np.where(before != 0, before * result.inputs.dividend[t], 0.0)
        income -= np.maximum(before, 0.0) * result.inputs.tax[t]  # which test_ledger_laws holds by hand
        rent = np.where(
            before < 0, before * np.nan_to_num(result.inputs.mark[t - 1]) * result.inputs.borrow[t], 0.0
        )
        earned = income.sum() + rent.sum() - paid.sum() - result.cost[t]
        cash[t] = cash[t - 1] * (1 + result.inputs.growth[t]) + earned
    close_to(cash, result.cash[:stop], 1e-10)  # summed over forty rows in another order
    close_to(result.shares[: stop - 1] + result.trades[1:stop], result.shares[1:stop])


@modest
@given(sized())
def test_the_future_of_volume_moves_nothing_before_it(made: Sized) -> None:
    m = made.market
    cut = (m.start + m.rows.size) // 2
    assert m.volume is not None
    tampered = m.volume.copy()
    tampered[cut:] = 1.0
    ours, theirs = made.simulate(), replace(made, market=replace(m, volume=tampered)).simulate()
    upto = cut - m.start + 1  # row `cut` itself is limited by what came before it
    np.testing.assert_array_equal(ours.nav[:upto], theirs.nav[:upto])
    np.testing.assert_array_equal(ours.trades[:upto], theirs.trades[:upto])


def test_no_impact_table_costs_nothing() -> None:
    assert NO_IMPACT.on(()).size == 0
    with pytest.raises(AttributeError):
        NO_IMPACT.label = "x"  # type: ignore[misc]
