"""The ledger, row by row. The only code that moves shares and cash.

The order of a row: financing and dividends on what was held; forced exits; yesterday's decision becomes
pending; pending legs whose venue is open trade, sells before buys; the account is marked.
"""

from __future__ import annotations

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
# Fraction of nav that rounding alone leaves behind: neither a shortfall, nor cash, nor a living account.
DUST = 1e-12


@njit(cache=True, nogil=True)  # no fastmath: the grid search must give the same bits
def run_ledger(  # noqa: PLR0912, PLR0915 - one body, so that there is one law
    decided: IntArray,  # (D,) row of each decision
    weights: FloatArray,  # (D, N)
    band: float,  # no-trade band, fraction of the target weight
    why: CodeArray,  # (T, N) int8: OPEN or the reason a leg cannot trade
    early: BoolArray,  # (T, N) bool: the session opened before a decision of the row before was known
    no_buy: BoolArray,  # (T, N) bool: purchases are barred, but for covering a short
    frozen: BoolArray,  # (T, N) bool: a long holding is trapped, and counts for nothing when targets are sized
    keep: float,  # fraction of its mark a trapped holding is worth in nav
    fill: FloatArray,  # (T, N) fill price in base currency
    value: FloatArray,  # (T, N) price the leg is valued at when others fill: its fill price, else its last mark
    mark: FloatArray,  # (T, N) closing mark in base currency
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
    partial: BoolArray,  # (N,) bool: the pending leg is the rest of a buy; overwritten
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
    """Fills the out arrays; returns (ruin_row or -1, ruined_at_fill, deficit)."""
    n_rows, n_names = fill.shape
    slot = np.zeros(n_names, np.int64)
    for n in range(n_names):
        if not np.isnan(pending[n]):
            status[0, n] = PENDING
    d = 0

    total = cash  # free equity: what is trapped is no part of it
    trapped = 0.0
    for n in range(n_names):
        held[0, n] = shares[n]
        if frozen[0, n] and shares[n] > 0.0:
            trapped += shares[n] * mark[0, n]
        elif shares[n] != 0.0:
            total += shares[n] * mark[0, n]
    nav[0] = total + keep * trapped
    cash_path[0] = cash
    if total <= 0.0 and trapped == 0.0:  # continued from a ruin
        return _ruin(0, total, shares, pending, status, held, nav, cash_path, False)

    for r in range(1, n_rows):
        # financing and dividends on what was held overnight
        carry = cash * growth[r]
        for n in range(n_names):
            s = shares[n]
            if s != 0.0:
                carry += s * dividend[r, n]
                if s < 0.0:
                    carry += s * mark[r - 1, n] * borrow[r, n]
        cash += carry

        # forced exits at stated terms
        for n in range(n_names):
            if exit_row[n] == r:
                if not np.isnan(pending[n]):
                    status[slot[n], n] = CANCELLED
                    pending[n] = np.nan
                if shares[n] != 0.0:
                    cash += shares[n] * exit_price[n]
                    trades[r, n] = -shares[n]
                    paid[r, n] = exit_price[n]
                    shares[n] = 0.0

        # the decision of the row before becomes pending
        if d < decided.size and decided[d] == r - 1:
            d += 1
            for n in range(n_names):
                if not np.isnan(pending[n]):
                    status[slot[n], n] = REPLACED
                slot[n] = d
                partial[n] = False
                if 0 <= exit_row[n] <= r:
                    pending[n] = np.nan
                    if weights[d - 1, n] != 0.0:
                        status[d, n] = CANCELLED
                elif weights[d - 1, n] == 0.0 and shares[n] == 0.0:
                    pending[n] = np.nan
                else:
                    pending[n] = weights[d - 1, n]
                    status[d, n] = PENDING

        # pending legs: value the account at this row's fill prices
        busy = False
        total = cash
        shorts = 0.0
        trapped = 0.0
        for n in range(n_names):
            busy = busy or not np.isnan(pending[n])
            if frozen[r, n] and shares[n] > 0.0:
                trapped += shares[n] * value[r, n]
            elif shares[n] != 0.0:
                total += shares[n] * value[r, n]
                if shares[n] < 0.0:
                    shorts -= shares[n] * value[r, n]
        if total < -DUST * nav[r - 1] or (total <= DUST * nav[r - 1] and trapped == 0.0):
            return _ruin(r, total, shares, pending, status, held, nav, cash_path, True)

        if busy and total > DUST * nav[r - 1]:  # an account wholly trapped has nothing to trade with
            # sells first; remember what the waiting sales would have released
            awaited = 0.0
            need = 0.0
            for n in range(n_names):
                w = pending[n]
                if np.isnan(w):
                    continue
                o = slot[n]
                if no_buy[r, n] and w > 0.0 and (shares[n] <= 0.0 or w * total > shares[n] * value[r, n]):
                    status[o, n] = CANCELLED
                    partial[n] = False
                    pending[n] = 0.0 if shares[n] < 0.0 else np.nan  # a short may still be covered
                    if shares[n] >= 0.0:
                        continue
                    w = 0.0
                code = why[r, n]
                if code == OPEN and early[r, n] and d > 0 and o == d and decided[d - 1] == r - 1:
                    code = TOO_EARLY
                if code != OPEN:
                    if waits[o, n] == 0:
                        reason[o, n] = code
                    waits[o, n] += 1
                    if shares[n] > 0.0 and not frozen[r, n]:
                        awaited += max(shares[n] * value[r, n] - max(w, 0.0) * total, 0.0)
                    continue
                price = fill[r, n]
                delta = w * total / price - shares[n]
                if partial[n]:
                    if delta <= 0.0:  # the market carried the rest of the buy to its target
                        pending[n] = np.nan
                        status[o, n] = FILLED
                        continue
                elif w != 0.0 and shares[n] != 0.0 and abs(w - shares[n] * price / total) < band * abs(w):
                    pending[n] = np.nan
                    status[o, n] = IN_BAND
                    continue
                else:
                    wanted[o, n] = delta
                if delta < 0.0:
                    before = min(shares[n], 0.0)
                    cash -= delta * price * (1.0 - sell[r, n])
                    shares[n] += delta
                    shorts += (before - min(shares[n], 0.0)) * price
                    trades[r, n] = delta
                    paid[r, n] = price
                    got[o, n] += delta
                    filled_row[o, n] = r
                    status[o, n] = FILLED
                    pending[n] = np.nan
                elif delta == 0.0:
                    status[o, n] = FILLED
                    pending[n] = np.nan
                else:
                    cover = min(delta, max(-shares[n], 0.0))
                    cash -= cover * price * buy[r, n]  # a cover's principal leaves free cash as it is
                    need += (delta - cover) * price * (1.0 + buy[r, n])

            # buys: covers in full, longs shrunk by one factor to the free cash
            free = cash - shorts
            scale = 1.0
            if need > 0.0 and need > free + DUST * total:
                scale = free / need if free > DUST * total else 0.0
            for n in range(n_names):
                w = pending[n]
                if np.isnan(w) or why[r, n] != OPEN:
                    continue
                o = slot[n]
                if early[r, n] and d > 0 and o == d and decided[d - 1] == r - 1:
                    continue
                price = fill[r, n]
                delta = w * total / price - shares[n]
                cover = min(delta, max(-shares[n], 0.0))
                bought = cover + (delta - cover) * scale
                cash -= cover * price + (bought - cover) * price * (1.0 + buy[r, n])
                shares[n] += bought
                if bought != 0.0:
                    trades[r, n] = bought
                    paid[r, n] = price
                    got[o, n] += bought
                    filled_row[o, n] = r
                if scale < 1.0 and delta > cover and awaited > 0.0:
                    partial[n] = True  # the cash is due from a sale that waits
                    continue
                status[o, n] = CUT if scale < 1.0 and delta > cover else FILLED
                pending[n] = np.nan

        # mark
        total = cash
        trapped = 0.0
        for n in range(n_names):
            held[r, n] = shares[n]
            if frozen[r, n] and shares[n] > 0.0:
                trapped += shares[n] * mark[r, n]
            elif shares[n] != 0.0:
                total += shares[n] * mark[r, n]
        if total < -DUST * nav[r - 1] or (total <= DUST * nav[r - 1] and trapped == 0.0):
            return _ruin(r, total, shares, pending, status, held, nav, cash_path, False)
        nav[r] = total + keep * trapped
        cash_path[r] = cash
    return -1, False, 0.0


@njit(cache=True, nogil=True)
def _ruin(
    r: int,
    total: float,
    shares: FloatArray,
    pending: FloatArray,
    status: CodeArray,
    held: FloatArray,
    nav: FloatArray,
    cash_path: FloatArray,
    at_fill: bool,
) -> tuple[int, bool, float]:
    """The account is dead from row r on: nothing held, nothing owed, nothing pending."""
    for d in range(status.shape[0]):
        for n in range(status.shape[1]):
            if status[d, n] == PENDING:
                status[d, n] = CANCELLED
    nav[r:] = 0.0
    cash_path[r:] = 0.0
    held[r:, :] = 0.0
    shares[:] = 0.0
    pending[:] = np.nan
    return r, at_fill, max(-total, 0.0)
