"""One account on each of many markets that differ in prices and sessions alone, with the bits of `simulate`.

What is left of an account is its nav, what each name made of it, and what it holds last. The ledger is the one of
`kernel`; it and the profits of names are worked out in compiled code from the first market to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.simulation.kernel import one_account, working_room
from positioning.simulation.ledger_arrays import (
    AccountState,
    LedgerArrays,
    Outcome,
    Recording,
    next_rows,
    price_range,
    row_has,
    steady_spells,
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """P accounts. nav: (P, T); profits: (P, N) of each name after fees, dividends less tax, and borrow, in units of
    opening nav; shares: (P, N) held last; trapped: (P,) value of frozen holdings at the end, at their last marks."""

    nav: FloatArray
    profits: FloatArray
    shares: FloatArray
    trapped: FloatArray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What one strategy decides on P markets. decided: (D,) rows of the decisions; weights: (P, D, N); no_buy: (T, N)
    names that it may not buy."""

    decided: IntArray
    weights: FloatArray
    band: float
    no_buy: BoolArray


def run_markets(strategies: Sequence[Decisions], shared: LedgerArrays, own: LedgerArrays) -> list[Accounts]:
    """For each strategy an account on each of P markets, opened with one unit of cash.

    own: `why`, `early`, `fill`, `value`, `last`, `mark`, `dividend`, `tax`, `exit_price` and `exit_cover` of each market,
    (P, ...); shared: the rest, of one.
    """
    sizes = [s.decided.size for s in strategies]
    found = _accounts(
        np.concatenate([s.decided for s in strategies]),
        np.concatenate([s.weights for s in strategies], axis=1)[..., None],
        np.array([s.band for s in strategies]),
        np.stack([s.no_buy for s in strategies]),
        np.concatenate([[0], np.cumsum(sizes)]),
        max(sizes),
        shared,
        own,
    )
    return [_left(nav, profits, shares, shared, own) for nav, profits, shares in zip(*found, strict=True)]


def _left(
    nav: FloatArray, profits: FloatArray, shares: FloatArray, shared: LedgerArrays, own: LedgerArrays
) -> Accounts:
    trapped = np.where(shared.frozen[-1] & (shares > 0), shares * own.mark[:, -1], 0.0).sum(axis=1)
    return Accounts(nav, profits, shares, trapped)


def _build(ledger: Any) -> Any:
    """Held in a closure, so that what is compiled of it is compiled anew when the ledger is another."""

    @compiled()
    def accounts(
        decided: IntArray,
        weights: FloatArray,
        bands: FloatArray,
        no_buy: BoolArray,
        edges: IntArray,
        most: int,
        shared: LedgerArrays,
        own: LedgerArrays,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(S, P, T) nav, (S, P, N) profits and shares held last; a strategy's decisions, at most `most`, lie between two
        `edges`."""
        markets, rows, names = own.fill.shape
        count, room = bands.size, working_room(names, 1)
        navs = np.empty((count, markets, rows))
        profits, shares = np.zeros((count, markets, names)), np.empty((count, markets, names))
        orders = most + 1
        record = Recording(
            np.zeros((rows, names)), np.zeros((rows, names)), np.zeros((rows, names), np.bool_),
            np.zeros((rows, names)), np.zeros(rows), np.zeros((orders, names), np.int8),
            np.zeros((orders, names), np.int64), np.zeros((orders, names), np.int8), np.zeros((orders, names), np.int64),
            np.zeros((orders, names)), np.zeros((orders, names)),
        )  # fmt: skip
        # of the constant 0, or of None for the sizes that nobody reads, numba would compile the ledger anew
        nil = np.int64(0)
        freezing, unused = next_rows(row_has(shared.frozen)), np.zeros(rows, np.bool_)
        for p in range(markets):
            paying = row_has(own.dividend[p] != 0.0)
            moving = next_rows(paying | (shared.growth != 0.0))
            least, most_worth = price_range(own.value[p], own.mark[p])
            steady = steady_spells(least, most_worth)
            for s in range(count):
                first, last = edges[s], edges[s + 1]
                arrays = LedgerArrays(
                    own.why[p], own.early[p], no_buy[s], shared.frozen, shared.mark_factor, own.fill[p],
                    own.value[p], own.last[p], own.mark[p], shared.buy, shared.sell, own.dividend[p], own.tax[p],
                    shared.borrow, shared.growth, shared.exit_row, own.exit_price[p], own.exit_cover[p],
                    unused, paying, moving, freezing, least, most_worth, steady,
                )  # fmt: skip
                state = AccountState(
                    np.ones(1), np.zeros((names, 1)), np.full((names, 1), np.nan), np.zeros((names, 1)),
                    np.zeros((names, 1)),
                )  # fmt: skip
                outcome = Outcome(
                    np.zeros((rows, 1)), np.zeros(1), np.zeros(1), np.zeros(1), np.full(1, -1, np.int64),
                    np.zeros(1, np.bool_), np.zeros(1),
                )  # fmt: skip
                record.held[:] = 0.0
                record.trades[:] = 0.0
                record.paid[:] = 0.0
                record.called[:] = False
                record.status[:] = 0
                record.waits[:] = 0
                ledger(
                    decided[first:last], weights[p, first:last], bands[s : s + 1], arrays, state, outcome, record,
                    state.cash, None, room, nil, nil,
                )  # fmt: skip
                for r in range(rows):  # cell by cell: what assigns an array takes long to compile
                    navs[s, p, r] = outcome.nav[r, 0]
                for n in range(names):
                    shares[s, p, n] = record.held[rows - 1, n]
                    if (weights[p, first:last, n] != 0.0).any():  # nothing else is ever traded
                        profits[s, p, n] = _profit(arrays, record, n)
        return navs, profits, shares

    return accounts


@compiled_part()
def _profit(arrays: LedgerArrays, record: Recording, n: int) -> float:
    """What one name made: its last value, less what was paid for it, charged and owed, and what it brought."""
    rows = arrays.fill.shape[0]
    spent, rent, before = 0.0, 0.0, 0.0
    for r in range(rows):
        held, traded = record.held[r, n], record.trades[r, n]
        if traded != 0.0 or before != 0.0:
            paid, charge, income = 0.0, 0.0, 0.0
            if traded != 0.0:
                paid = traded * record.paid[r, n]
                if arrays.exit_row[n] != r:  # a forced exit is not dealt in
                    rate = arrays.buy[r, n] if traded > 0.0 else arrays.sell[r, n]
                    charge = abs(traded) * record.paid[r, n] * rate
            if before != 0.0:
                income = before * arrays.dividend[r, n] - max(before, 0.0) * arrays.tax[r, n]
                if before < 0.0:
                    rent += before * arrays.mark[r - 1, n] * arrays.borrow[r, n]
            spent += paid + charge - income
        before = held
    worth = 0.0
    if before != 0.0:
        factor = arrays.mark_factor if arrays.frozen[rows - 1, n] and before > 0.0 else 1.0
        worth = before * arrays.mark[rows - 1, n] * factor
    return worth - spent + rent


_accounts = _build(one_account)
