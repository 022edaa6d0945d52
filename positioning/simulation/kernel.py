"""The ledger, row by row. The only code that moves shares and cash.

The order of a row: financing and dividends on what was held; forced exits; yesterday's decision becomes
pending; pending legs whose venue is open trade, sells before buys; the account is marked.

One body, compiled twice: for one account with everything recorded (`run_ledger`), and for LANES accounts side
by side with only their nav kept (`run_lanes`), which share the market and the rows they decide on. Lanes are
never added together and fastmath is off, so an account has the same bits in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from positioning.market.bars import FloatArray

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
CodeArray = npt.NDArray[np.int8]

# Why a leg cannot trade on a row.
OPEN, CLOSED, HALTED, NO_RATE, TOO_EARLY, FROZEN = 0, 1, 2, 3, 4, 5
# What became of an order.
NONE, FILLED, CUT, PENDING, REPLACED, CANCELLED, IN_BAND = 0, 1, 2, 3, 4, 5, 6

# Fractions of nav below this are what rounding leaves, neither cash to buy with nor a living account.
DUST = 1e-12
LANES = 64  # accounts side by side: eight AVX-512 registers of doubles a row of state


def _build(lanes: int, recording: bool) -> Any:  # noqa: PLR0915
    """The ledger for `lanes` accounts; with `recording` (one lane) the out arrays of `run_ledger` are filled."""

    # A division by zero must not stop a lane, so it gives infinity or NaN, which is masked: hence error_model.
    @njit(nogil=True, cache=True, error_model="numpy")
    def trade(  # noqa: PLR0912, PLR0915
        r, d, fresh, on, total, band, why, early, no_buy, frozen, fill, value, buy, sell,
        cash, shares, pending, partial, traded, cost, scratch, wish,
        trades, paid, status, waits, reason, filled_row, wanted, got,
    ):  # fmt: skip
        """The pending legs of a row. on: (lanes,) 1 where the account may trade; total: (lanes,) its free equity at
        this row's fill prices. Returns whether any leg is still pending, and whether anyone is short."""
        n_names = fill.shape[1]
        shorts, awaited, need, scale, low = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
        delayed = False
        for k in range(lanes):
            delayed = delayed or on[k] == 0.0
            low[k] = 0.0
            shorts[k] = 0.0
            awaited[k] = 0.0
            need[k] = 0.0
        for n in range(n_names):
            price = value[r, n]
            for k in range(lanes):
                shorts[k] -= min(shares[n, k], 0.0) * price

        # sells first; remember what the waiting sales would have released
        for n in range(n_names):
            if no_buy[r, n]:
                price = value[r, n]
                for k in range(lanes):
                    w, s = pending[n, k], shares[n, k]
                    if on[k] > 0.0 and w > 0.0 and (s <= 0.0 or w * total[k] > s * price):
                        if recording:
                            status[d, n] = CANCELLED
                        partial[n, k] = 0.0
                        delayed = True
                        pending[n, k] = np.nan if s >= 0.0 else 0.0  # a short may still be covered
            code = why[r, n]
            if code == OPEN and early[r, n] and fresh:
                code = TOO_EARLY
            if code != OPEN:
                delayed = True
                price = value[r, n]
                for k in range(lanes):
                    w, s = pending[n, k], shares[n, k]
                    if on[k] > 0.0 and not np.isnan(w):
                        if recording:
                            if waits[d, n] == 0:
                                reason[d, n] = code
                            waits[d, n] += 1
                        if s > 0.0 and not frozen[r, n]:
                            awaited[k] += max(s * price - max(w, 0.0) * total[k], 0.0)
                continue
            price, on_buy, on_sale = fill[r, n], buy[r, n], sell[r, n]
            for k in range(lanes):
                w, s, t = pending[n, k], shares[n, k], total[k]
                live = on[k] > 0.0 and not np.isnan(w)
                delta = w * t / price - s
                rest = partial[n, k] > 0.0
                near = (not rest) and w != 0.0 and s != 0.0 and abs(w - s * price / t) < band[k] * abs(w)
                carried = rest and delta <= 0.0  # the market carried the rest of the buy to its target
                deal = live and not (near or carried)
                sale = -delta if deal and delta < 0.0 else 0.0
                rise = delta if deal and delta > 0.0 else 0.0
                cover = min(rise, max(-s, 0.0))
                # a cover's principal leaves free cash as it is, so only its fee is taken before the longs
                cash[k] += sale * price * (1.0 - on_sale) - cover * price * on_buy
                shorts[k] += (min(s, 0.0) - min(s - sale, 0.0)) * price
                need[k] += (rise - cover) * price * (1.0 + on_buy)
                traded[k] += sale * price
                cost[k] += sale * price * on_sale
                shares[n, k] = s - sale
                wish[n, k] = rise
                pending[n, k] = np.nan if live and rise == 0.0 else w
                if recording and live:
                    if near:
                        status[d, n] = IN_BAND
                    elif rise == 0.0:
                        status[d, n] = FILLED
                    if not (near or rest):
                        wanted[d, n] = delta
                    if sale > 0.0:
                        trades[r, n] = -sale
                        paid[r, n] = price
                        got[d, n] -= sale
                        filled_row[d, n] = r

        # buys: covers in full, longs shrunk by one factor to the free cash
        for k in range(lanes):
            free, t = cash[k] - shorts[k], total[k]
            short_of = need[k] > 0.0 and need[k] > free + DUST * t
            scale[k] = (free / need[k] if free > DUST * t else 0.0) if short_of else 1.0
        waiting, shorted = False, False
        for n in range(n_names):
            if why[r, n] == OPEN and not (early[r, n] and fresh):
                price, on_buy = fill[r, n], buy[r, n]
                for k in range(lanes):
                    s, rise = shares[n, k], wish[n, k]
                    cover = min(rise, max(-s, 0.0))
                    long = (rise - cover) * scale[k]
                    cash[k] -= cover * price + long * price * (1.0 + on_buy)
                    traded[k] += (cover + long) * price
                    cost[k] += (cover + long) * price * on_buy
                    shares[n, k] = s + (cover + long)
                    due = (
                        scale[k] < 1.0 and rise > cover and awaited[k] > 0.0
                    )  # its cash comes from a waiting sale
                    if rise > 0.0:
                        partial[n, k] = 1.0 if due else partial[n, k]
                        pending[n, k] = pending[n, k] if due else np.nan
                    if recording and rise > 0.0:
                        if not due:
                            status[d, n] = CUT if scale[k] < 1.0 and rise > cover else FILLED
                        if cover + long > 0.0:
                            trades[r, n] = cover + long
                            paid[r, n] = price
                            got[d, n] += cover + long
                            filled_row[d, n] = r
            for k in range(lanes):
                low[k] = min(low[k], shares[n, k])
            if delayed:  # only then can a leg be left over
                for k in range(lanes):
                    waiting = waiting or pending[n, k] == pending[n, k]
        for k in range(lanes):
            shorted = shorted or low[k] < 0.0
        return waiting, shorted

    @njit(nogil=True, cache=True)
    def appraise(prices, frozen, cash, shares, total, trapped):
        """total: free equity at these prices; trapped: value of frozen long holdings, which is no part of it."""
        for k in range(lanes):
            total[k] = cash[k]
            trapped[k] = 0.0
        for n in range(prices.size):
            price = prices[n]
            if frozen[n]:
                for k in range(lanes):
                    trapped[k] += max(shares[n, k], 0.0) * price
                    total[k] += min(shares[n, k], 0.0) * price
            else:
                for k in range(lanes):
                    total[k] += shares[n, k] * price

    @njit(nogil=True, cache=True, error_model="numpy")
    def bury(r, k, total, at_fill, cash, shares, pending, dead, ruin_row, ruined_at_fill, deficit, status):
        """The account is dead from row r on: nothing held, nothing owed, nothing pending."""
        for n in range(shares.shape[0]):
            shares[n, k] = 0.0
            pending[n, k] = np.nan
            if recording:
                for d in range(status.shape[0]):
                    if status[d, n] == PENDING:
                        status[d, n] = CANCELLED
        cash[k] = 0.0
        dead[k] = True
        ruin_row[k] = r
        ruined_at_fill[k] = at_fill
        deficit[k] = max(-total, 0.0)

    @njit(nogil=True, cache=True, error_model="numpy")
    def ledger(  # noqa: PLR0912, PLR0915 - one body, so that there is one law
        decided, weights, band, why, early, no_buy, frozen, keep, fill, value, mark, buy, sell,
        dividend, borrow, growth, exit_row, exit_price, cash, shares, pending, partial,
        nav, traded, cost, ruin_row, ruined_at_fill, deficit,
        held, trades, paid, cash_path, status, waits, reason, filled_row, wanted, got,
    ):  # fmt: skip
        n_rows, n_names = fill.shape
        total, trapped, carry = np.empty(lanes), np.empty(lanes), np.empty(lanes)
        on, dead = np.empty(lanes), np.zeros(lanes, np.bool_)
        last, before = np.zeros(lanes), np.zeros(lanes)
        scratch, wish = np.empty((5, lanes)), np.zeros((n_names, lanes))
        waiting, shorted = False, False
        d = 0
        for n in range(n_names):
            for k in range(lanes):
                shorted = shorted or shares[n, k] < 0.0
                if not np.isnan(pending[n, k]):
                    waiting = True
                    if recording:
                        status[0, n] = PENDING

        for r in range(n_rows):
            if r > 0:
                # financing and dividends on what was held overnight
                rate = growth[r]
                for k in range(lanes):
                    carry[k] = cash[k] * rate
                for n in range(n_names):
                    per_share, charge, price = dividend[r, n], borrow[r, n], mark[r - 1, n]
                    if per_share != 0.0:
                        for k in range(lanes):
                            carry[k] += shares[n, k] * per_share
                    if shorted and charge != 0.0:
                        for k in range(lanes):
                            carry[k] += min(shares[n, k], 0.0) * price * charge
                for k in range(lanes):
                    cash[k] += carry[k]

                # forced exits at stated terms
                for n in range(n_names):
                    if exit_row[n] == r:
                        for k in range(lanes):
                            if not np.isnan(pending[n, k]):
                                pending[n, k] = np.nan
                                if recording:
                                    status[d, n] = CANCELLED
                            if shares[n, k] != 0.0:
                                cash[k] += shares[n, k] * exit_price[n]
                                if recording:
                                    trades[r, n] = -shares[n, k]
                                    paid[r, n] = exit_price[n]
                                shares[n, k] = 0.0

                # the decision of the row before becomes pending
                fresh = d < decided.size and decided[d] == r - 1
                if fresh:
                    d += 1
                    waiting = True
                    for n in range(n_names):
                        over = 0 <= exit_row[n] <= r
                        for k in range(lanes):
                            if dead[k]:
                                continue
                            w = weights[d - 1, n, k]
                            if recording and not np.isnan(pending[n, k]):
                                status[d - 1, n] = REPLACED
                            partial[n, k] = 0.0
                            pending[n, k] = np.nan
                            if over:
                                if recording and w != 0.0:
                                    status[d, n] = CANCELLED
                            elif w != 0.0 or shares[n, k] != 0.0:
                                pending[n, k] = w
                                if recording:
                                    status[d, n] = PENDING

                # pending legs: value the accounts at this row's fill prices
                if waiting or shorted:  # an account without shorts cannot be ruined between two closes
                    appraise(value[r], frozen[r], cash, shares, total, trapped)
                    low = 0
                    for k in range(lanes):
                        on[k] = 1.0 if total[k] > DUST * last[k] else 0.0  # if not: all is trapped, or over
                        low += total[k] <= DUST * last[k]
                    if low > 0:
                        for k in range(lanes):
                            over = total[k] < -DUST * last[k] or (on[k] == 0.0 and trapped[k] == 0.0)
                            if over and not dead[k]:
                                bury(
                                    r, k, total[k], True, cash, shares, pending, dead,
                                    ruin_row, ruined_at_fill, deficit, status,
                                )  # fmt: skip
                if waiting:
                    waiting, shorted = trade(
                        r, d, fresh, on, total, band, why, early, no_buy, frozen, fill, value, buy, sell,
                        cash, shares, pending, partial, traded, cost, scratch, wish,
                        trades, paid, status, waits, reason, filled_row, wanted, got,
                    )  # fmt: skip

            appraise(mark[r], frozen[r], cash, shares, total, trapped)
            low = 0
            for k in range(lanes):
                low += total[k] <= DUST * last[k]
                before[k] = last[k]
                last[k] = total[k] + keep * trapped[k]
                nav[r, k] = last[k]
            if low > 0:
                for k in range(lanes):
                    dust = DUST * before[k]
                    if not dead[k] and (total[k] < -dust or (total[k] <= dust and trapped[k] == 0.0)):
                        bury(
                            r, k, total[k], False, cash, shares, pending, dead,
                            ruin_row, ruined_at_fill, deficit, status,
                        )  # fmt: skip
                    if dead[k]:
                        last[k] = 0.0
                        nav[r, k] = 0.0
            if recording and not dead[0]:
                cash_path[r] = cash[0]
                for n in range(n_names):
                    held[r, n] = shares[n, 0]

    return ledger


_one = _build(1, True)
_many = _build(LANES, False)


@njit(nogil=True, cache=True, error_model="numpy")
def run_ledger(
    decided: IntArray,  # (D,) row of each decision
    weights: FloatArray,  # (D, N)
    band: float,  # no-trade band, fraction of the target weight
    why: CodeArray,  # (T, N) int8: OPEN or the reason a leg cannot trade
    early: BoolArray,  # (T, N) bool: the session opened before a decision of the row before was known
    no_buy: BoolArray,  # (T, N) bool: purchases are barred, but for covering a short
    frozen: BoolArray,  # (T, N) bool: a long holding is trapped, and counts for nothing when targets are sized
    keep: float,  # fraction of its mark a trapped holding is worth in nav
    fill: FloatArray,  # (T, N) fill price in base currency
    value: FloatArray,  # (T, N) price a leg is valued at when others fill: its fill price, else its last mark, else 0
    mark: FloatArray,  # (T, N) closing mark in base currency, 0 before the first
    buy: FloatArray,  # (T, N) fee fraction of a buy
    sell: FloatArray,  # (T, N) fee fraction of a sale
    dividend: FloatArray,  # (T, N) base currency per share
    borrow: FloatArray,  # (T, N) cost of being short from the row before, fraction of value
    growth: FloatArray,  # (T,) return of cash from the row before
    exit_row: IntArray,  # (N,) row of a forced exit, -1 for none
    exit_price: FloatArray,  # (N,) base currency per share at the forced exit
    cash: float,  # opening cash
    shares: FloatArray,  # (N,) opening shares; overwritten with the closing ones
    pending: FloatArray,  # (N,) opening pending weights, NaN for none; overwritten
    partial: FloatArray,  # (N,) 1 where the pending leg is the rest of a buy, else 0; overwritten
    held: FloatArray,  # out (T, N) shares after the row
    trades: FloatArray,  # out (T, N) shares traded, signed
    paid: FloatArray,  # out (T, N) base currency price of those trades
    nav: FloatArray,  # out (T,)
    cash_path: FloatArray,  # out (T,)
    status: CodeArray,  # out (D + 1, N) int8; row 0 is for orders inherited with the opening
    waits: IntArray,  # out (D + 1, N) rows the order waited
    reason: CodeArray,  # out (D + 1, N) int8, why it waited first
    filled_row: IntArray,  # out (D + 1, N) last row it traded, -1 for none
    wanted: FloatArray,  # out (D + 1, N) shares it wanted when it first could trade
    got: FloatArray,  # out (D + 1, N) shares it got
) -> tuple[int, bool, float]:
    """One account; the out arrays come in filled with zeros (filled_row with -1).

    Returns (ruin_row or -1, ruined_at_fill, what was then owed beyond zero).
    """
    names = shares.size
    ruin_row, at_fill, deficit = np.full(1, -1, np.int64), np.zeros(1, np.bool_), np.zeros(1)
    _one(
        decided, weights.reshape(decided.size, names, 1), np.full(1, band), why, early, no_buy, frozen, keep,
        fill, value, mark, buy, sell, dividend, borrow, growth, exit_row, exit_price,
        np.full(1, cash), shares.reshape(names, 1), pending.reshape(names, 1), partial.reshape(names, 1),
        nav.reshape(nav.size, 1), np.zeros(1), np.zeros(1), ruin_row, at_fill, deficit,
        held, trades, paid, cash_path, status, waits, reason, filled_row, wanted, got,
    )  # fmt: skip
    return ruin_row[0], at_fill[0], deficit[0]


@njit(nogil=True, cache=True, error_model="numpy")
def run_lanes(
    decided: IntArray,  # (D,)
    weights: FloatArray,  # (D, N, LANES)
    band: FloatArray,  # (LANES,)
    why: CodeArray,  # from here to exit_price as in run_ledger
    early: BoolArray,
    no_buy: BoolArray,
    frozen: BoolArray,
    keep: float,
    fill: FloatArray,
    value: FloatArray,
    mark: FloatArray,
    buy: FloatArray,
    sell: FloatArray,
    dividend: FloatArray,
    borrow: FloatArray,
    growth: FloatArray,
    exit_row: IntArray,
    exit_price: FloatArray,
    nav: FloatArray,  # out (T, LANES)
    traded: FloatArray,  # out (LANES,) sum of absolute trade values, comes in as zeros
    cost: FloatArray,  # out (LANES,) sum of fees, comes in as zeros
) -> IntArray:
    """LANES accounts opened with one unit of cash. Returns (LANES,) the rows of their ruin, -1 for none."""
    names = fill.shape[1]
    ruin_row = np.full(LANES, -1, np.int64)
    none, codes, counts = np.empty((0, 0)), np.empty((0, 0), np.int8), np.empty((0, 0), np.int64)
    _many(
        decided, weights, band, why, early, no_buy, frozen, keep,
        fill, value, mark, buy, sell, dividend, borrow, growth, exit_row, exit_price,
        np.ones(LANES), np.zeros((names, LANES)), np.full((names, LANES), np.nan), np.zeros((names, LANES)),
        nav, traded, cost, ruin_row, np.zeros(LANES, np.bool_), np.zeros(LANES),
        none, none, none, np.empty(0), codes, counts, codes, counts, none, none,
    )  # fmt: skip
    return ruin_row
