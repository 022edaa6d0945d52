"""The ledger, row by row. The only code that moves shares and cash.

The order of a row: financing and dividends on what was held; forced exits; yesterday's decision becomes
pending; pending legs whose venue is open trade, sells before buys; the account is marked. The same law in plain
Python, leg by leg, is `reference.py`.

Free equity is nav without frozen long holdings; whole equity has them at their last marks, whatever mark nav
counts them at, so a mark never decides a trade or a ruin. Whole equity of zero or less is ruin. Where free equity
is below zero and the whole is not, there is a debt against what is trapped: a margin call closes every other leg at
its next session, decisions are cancelled while it lasts, and what is still owed is negative cash that pays the cash
rate until a thaw or an exit of the trapped holding settles it.

With a capital an account has a size (`Depth`): a leg trades at most its share of past volume on a row, whole lots,
and pays impact and minimum fees. What exceeds the share waits as a leg of a closed venue does.

One body, compiled for one account with everything recorded (`run_ledger`) and for LANES accounts side by side with
only their nav kept (`run_lanes`), which share the market and the rows they decide on, each with a capital or without.
Lanes are never added together and fastmath is off, so an account has the same bits in both; what a capital adds is
left out where there is none, and a capital of zero has the bits of none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from positioning.arrays import BoolArray, CodeArray, FloatArray, IntArray
from positioning.compiled import compiled

# Why a leg cannot trade on a row.
OPEN, CLOSED, HALTED, NO_RATE, TOO_EARLY, FROZEN, NO_EQUITY, ENDS, VOLUME, NO_VOLUME = range(10)
# What became of an order.
NONE, FILLED, CUT, PENDING, REPLACED, CANCELLED, IN_BAND, BELOW_LOT = range(8)

# Fractions of nav below this are what rounding leaves, neither cash to buy with nor a living account.
DUST = 1e-12
HAIR = 1e-9  # parts of a share of volume, or of a lot, that are rounding
LANES = 64  # accounts side by side; LLVM unrolls loops over 32 or fewer, which costs what vectors gain

# The slots of what the ledger keeps of an account (NEAR: of the leg at hand, 1 where it is within the band), and of a
# leg of an account (WANTED: its pending weight; PARTIAL: 1 where that is the rest of a buy, -1 of a sale; RISE: the
# shares it is to buy; CALLED: 1 where a margin call closes it; CAPPED: 1 where volume leaves some of it for later;
# DEARER: its impact, fraction of the value; BOUGHT: what the cash allows beyond a cover).
CASH, TOTAL, TRAPPED, CARRY, LAST, DEAD, ON, BAND = range(8)
NEAR, SHORTS, AWAITED, NEED, SCALE, TRADED, COST, CALL, RESERVED, IMPACT, SIZE, PER = range(8, 20)
SHARES, WANTED, PARTIAL, RISE, CALLED, CAPPED, DEARER, BOUGHT = range(8)


class LedgerArrays(NamedTuple):
    """What the ledger reads of a market: T rows, N names, base currency."""

    why: CodeArray  # (T, N) int8: OPEN or the reason a leg cannot trade
    early: BoolArray  # (T, N) bool: the session opened before a decision of the row before was known
    no_buy: BoolArray  # (T, N) bool: purchases are barred, but for covering a short
    frozen: BoolArray  # (T, N) bool: a long holding is trapped, and counts for nothing when targets are sized
    mark_factor: float  # fraction of its mark a trapped holding is worth in nav
    fill: FloatArray  # (T, N) fill price
    value: FloatArray  # (T, N) price a leg is valued at when others fill: its fill price, else its last mark, else 0
    last: FloatArray  # (T, N) last mark of the row before at this row's rate, 0 before the first
    mark: FloatArray  # (T, N) closing mark, 0 before the first
    buy: FloatArray  # (T, N) fee fraction of a buy
    sell: FloatArray  # (T, N) fee fraction of a sale
    dividend: FloatArray  # (T, N) per share, gross: what a short owes
    tax: FloatArray  # (T, N) withheld of it from a long
    borrow: FloatArray  # (T, N) cost of being short from the row before, fraction of value
    growth: FloatArray  # (T,) return of cash from the row before
    exit_row: IntArray  # (N,) row of a forced exit, -1 for none
    exit_price: FloatArray  # (N,) per share paid to a long at the forced exit
    exit_cover: FloatArray  # (N,) per share owed by a short then


class Depth(NamedTuple):
    """What the ledger reads of a market where accounts have a capital."""

    limit: FloatArray  # (T, N) most that may be traded on the row, base currency; 0 where no past volume is known
    impact: (
        FloatArray  # (T, N) paid on a trade, fraction of its value by the root of its value in base currency
    )
    lot: FloatArray  # (T, N) shares that trade together, 0 for any number
    least: FloatArray  # (T, N) least commission of a trade, base currency
    buy: FloatArray  # (T, N) commission of a buy that it is the least of, part of `LedgerArrays.buy`
    sell: FloatArray  # (T, N) the same of a sale


class AccountState(NamedTuple):
    """K accounts between two rows."""

    cash: FloatArray  # (K,)
    shares: FloatArray  # (N, K)
    pending: FloatArray  # (N, K) weights, NaN for none
    partial: FloatArray  # (N, K) 1 where the pending leg is the rest of a buy, -1 of a sale, else 0
    called: FloatArray  # (N, K) 1 where a margin call closes the leg, else 0


class Outcome(NamedTuple):
    """What is kept of K accounts."""

    nav: FloatArray  # (T, K)
    traded: FloatArray  # (K,) sum of absolute trade values
    cost: FloatArray  # (K,) sum of fees and impact
    impact: FloatArray  # (K,) of that, impact
    ruin_row: IntArray  # (K,) -1 for none
    ruined_at_fill: BoolArray  # (K,)
    deficit: FloatArray  # (K,) what was then owed beyond zero


class Recording(NamedTuple):
    """What is kept of a single account besides. D decisions; row 0 of the orders is for those inherited."""

    held: FloatArray  # (T, N) shares after the row
    trades: FloatArray  # (T, N) shares traded, signed
    called: BoolArray  # (T, N) whether a margin call made that trade
    paid: FloatArray  # (T, N) price of those trades
    cash: FloatArray  # (T,)
    status: CodeArray  # (D + 1, N) int8
    waits: IntArray  # (D + 1, N) rows the order waited
    reason: CodeArray  # (D + 1, N) int8, why it waited first
    filled_row: IntArray  # (D + 1, N) last row it traded, -1 for none
    wanted: FloatArray  # (D + 1, N) shares it wanted when it first could trade
    got: FloatArray  # (D + 1, N) shares it got

    @classmethod
    def blank(cls, rows: int, names: int, decisions: int) -> Recording:
        """Nothing has happened yet."""
        path, order = (rows, names), (decisions + 1, names)
        return cls(
            np.zeros(path), np.zeros(path), np.zeros(path, np.bool_), np.zeros(path), np.zeros(rows),
            np.zeros(order, np.int8), np.zeros(order, np.int64), np.zeros(order, np.int8),
            np.full(order, -1, np.int64), np.zeros(order), np.zeros(order),
        )  # fmt: skip


def _build(lanes: int, recording: bool, sized: bool) -> Any:  # noqa: PLR0915
    """The ledger for `lanes` accounts; with `recording` (one lane) the out arrays of `run_ledger` are filled; `sized`:
    with what a capital adds.

    What an account has stands in two arrays made in the ledger, lane (slots, lanes) and legs (names, slots, lanes).
    LLVM takes the lanes in vectors only where it sees constant offsets and no branches: so the parts are inlined,
    and the loops that run often join conditions by & and | and choose values instead of skipping.
    """

    # A division by zero must not stop a lane, so it gives infinity or NaN, which is masked: hence error_model.
    @compiled(error_model="numpy", inline="always")
    def trade(  # noqa: PLR0912, PLR0915
        r, d, fresh, banded, short, why, early, no_buy, frozen, fill, worth, buy, sell, lane, legs, record, depth,
    ):  # fmt: skip
        """The pending legs of a row. lane[ON]: 1 where the account may trade; lane[TOTAL]: its free equity at this
        row's fill prices; worth: (N,) what legs are valued at; short: (N,) the names anyone is short of, brought up
        to date. Returns whether any leg is still pending."""
        n_names = fill.shape[1]
        _, trades, called, paid, _, status, waits, reason, filled_row, wanted, got = record
        limit, impact, lot, least, least_buy, least_sell = depth
        off = 0
        for k in range(lanes):
            off += lane[ON, k] == 0.0
            lane[SHORTS, k] = 0.0
            lane[AWAITED, k] = 0.0
            lane[NEED, k] = 0.0
            if sized:
                lane[RESERVED, k] = 0.0
        delayed = sized or off > 0
        for n in range(n_names):
            if short[n]:
                price = worth[n]
                for k in range(lanes):
                    lane[SHORTS, k] -= min(legs[n, SHARES, k], 0.0) * price

        # sells first; remember what the waiting sales would have released
        for n in range(n_names):
            if no_buy[r, n]:
                price = worth[n]
                for k in range(lanes):
                    w, s, t = legs[n, WANTED, k], legs[n, SHARES, k], lane[TOTAL, k]
                    if lane[ON, k] > 0.0 and w > 0.0 and (s <= 0.0 or w * t > s * price):
                        if recording:
                            status[d, n] = CANCELLED
                        legs[n, PARTIAL, k] = 0.0
                        delayed = True
                        legs[n, WANTED, k] = np.nan if s >= 0.0 else 0.0  # a short may still be covered
            code = why[r, n]
            if code == OPEN and early[r, n] and fresh:
                code = TOO_EARLY
            if code != OPEN:
                delayed = True
                price = worth[n]
                for k in range(lanes):
                    w, s = legs[n, WANTED, k], legs[n, SHARES, k]
                    if (lane[ON, k] > 0.0 or w == 0.0) and not np.isnan(w):
                        if recording and legs[n, CALLED, k] == 0.0:
                            if waits[d, n] == 0:
                                reason[d, n] = code
                            waits[d, n] += 1
                        if s > 0.0 and not frozen[r, n]:
                            lane[AWAITED, k] += max(s * price - max(w, 0.0) * lane[TOTAL, k], 0.0)
                continue
            price, on_buy, on_sale = fill[r, n], buy[r, n], sell[r, n]
            if sized:
                bound, push, block, floor, floored = (
                    limit[r, n] / price, impact[r, n], lot[r, n], least[r, n], least_sell[r, n],
                )  # fmt: skip
                blocks = 1.0 / block if block > 0.0 else 0.0
            if banded:  # a loop of its own, since only the band needs this division
                for k in range(lanes):
                    w, s, t = legs[n, WANTED, k], legs[n, SHARES, k], lane[TOTAL, k]
                    apart = abs(w - s * price / t) < lane[BAND, k] * abs(w)
                    near = (legs[n, PARTIAL, k] == 0.0) & (w != 0.0) & (s != 0.0) & apart
                    lane[NEAR, k] = 1.0 if near else 0.0
            for k in range(lanes):
                w, s, t = legs[n, WANTED, k], legs[n, SHARES, k], lane[TOTAL, k]
                on = (lane[ON, k] > 0.0) | (w == 0.0)  # an exit needs no equity to be sized by
                live = on & (not np.isnan(w))
                delta = w * t / price - s
                part, near = legs[n, PARTIAL, k], lane[NEAR, k] > 0.0
                rest = part > 0.0
                carried = rest & (delta <= 0.0)  # the market carried the rest of the buy to its target
                if sized:
                    rest = part != 0.0
                    carried = carried | ((part < 0.0) & (delta >= 0.0))
                deal = live & (not (near | carried))
                sale = -delta if deal & (delta < 0.0) else 0.0
                rise = delta if deal & (delta > 0.0) else 0.0
                capped = False
                if sized:  # of a sale and a rise one is zero
                    sought = sale + rise
                    most = bound * lane[PER, k] if lane[SIZE, k] > 0.0 else np.inf
                    count = blocks * lane[SIZE, k]  # of lots in a share of the account, 0 where none is known
                    capped = sought > most * (1.0 + HAIR)
                    within = most if capped else sought
                    closing = (w == 0.0) & (not capped)  # odd shares may be sold with the last of a holding
                    lots = np.floor(within * count + HAIR) * (block * lane[PER, k])
                    lots = within if closing | (count == 0.0) else lots
                    sale = lots if sale > 0.0 else 0.0
                    rise = lots if rise > 0.0 else 0.0
                    legs[n, CAPPED, k] = 1.0 if capped else 0.0
                cover = min(rise, max(-s, 0.0))
                # a cover's principal leaves free cash as it is, so only its fee is taken before the longs
                lane[CASH, k] += sale * price * (1.0 - on_sale) - cover * price * on_buy
                lane[SHORTS, k] += (min(s, 0.0) - min(s - sale, 0.0)) * price
                if sized:
                    value = sale * price
                    dearer = push * np.sqrt(lots * price * lane[SIZE, k])
                    charge = value * dearer
                    legs[n, DEARER, k] = dearer
                    topped = max(floor * lane[PER, k] - floored * value, 0.0) if sale > 0.0 else 0.0
                    lane[CASH, k] -= charge + topped
                    lane[COST, k] += charge + topped
                    lane[IMPACT, k] += charge
                    lane[NEED, k] += (rise - cover) * price * (1.0 + on_buy + dearer)
                    lane[RESERVED, k] += cover * price * dearer + (
                        floor * lane[PER, k] if rise > 0.0 else 0.0
                    )
                    left = max((s - sale) * price - max(w, 0.0) * t, 0.0)
                    lane[AWAITED, k] += left if capped & (s > 0.0) & (delta < 0.0) else 0.0
                    legs[n, PARTIAL, k] = -1.0 if capped & (sale > 0.0) else part
                else:
                    lane[NEED, k] += (rise - cover) * price * (1.0 + on_buy)
                lane[TRADED, k] += sale * price
                lane[COST, k] += sale * price * on_sale
                legs[n, SHARES, k] = s - sale
                legs[n, RISE, k] = rise
                legs[n, WANTED, k] = np.nan if live & (rise == 0.0) & (not capped) else w
                if recording and not on and not np.isnan(w):
                    if waits[d, n] == 0:
                        reason[d, n] = NO_EQUITY
                    waits[d, n] += 1
                if recording and live and legs[n, CALLED, k] > 0.0:
                    if sale > 0.0:
                        trades[r, n], paid[r, n], called[r, n] = -sale, price, True
                        legs[n, CALLED, k] = 1.0 if capped else 0.0
                elif recording and live:
                    if near:
                        status[d, n] = IN_BAND
                    elif rise == 0.0 and not capped:
                        status[d, n] = FILLED
                        if sized and sale == 0.0 and deal and not rest and delta != 0.0:
                            status[d, n] = BELOW_LOT
                    if capped:
                        if waits[d, n] == 0:
                            reason[d, n] = VOLUME if limit[r, n] > 0.0 else NO_VOLUME
                        waits[d, n] += 1
                    if not (near or rest):
                        wanted[d, n] = delta
                    if sale > 0.0:
                        trades[r, n] = -sale
                        paid[r, n] = price
                        got[d, n] -= sale
                        filled_row[d, n] = r

        # buys: covers in full, longs shrunk by one factor to the free cash
        shrunk = 0
        for k in range(lanes):
            free, t, need = lane[CASH, k] - lane[SHORTS, k], lane[TOTAL, k], lane[NEED, k]
            if sized:
                free -= lane[RESERVED, k]
            share = free / need if free > DUST * t else 0.0
            lane[SCALE, k] = share if (need > 0.0) & (need > free + DUST * t) else 1.0
            if sized:
                shrunk += lane[SCALE, k] < 1.0
        for n in range(n_names):
            if why[r, n] == OPEN and not (early[r, n] and fresh):
                price, on_buy = fill[r, n], buy[r, n]
                if sized:
                    push, block, floor, floored = impact[r, n], lot[r, n], least[r, n], least_buy[r, n]
                    blocks = 1.0 / block if block > 0.0 else 0.0
                    if (
                        shrunk > 0
                    ):  # a loop of its own, since little is shrunk and this takes divisions and roots
                        for k in range(lanes):
                            s, rise, scale = legs[n, SHARES, k], legs[n, RISE, k], lane[SCALE, k]
                            cover = min(rise, max(-s, 0.0))
                            some, count = (rise - cover) * scale, blocks * lane[SIZE, k]
                            lots = np.floor((cover + some) * count + HAIR) * (block * lane[PER, k])
                            some = some if count == 0.0 else max(lots - cover, 0.0)
                            dearer = push * np.sqrt((cover + some) * price * lane[SIZE, k])
                            legs[n, DEARER, k] = dearer if scale < 1.0 else legs[n, DEARER, k]
                            legs[n, BOUGHT, k] = some
                for k in range(lanes):
                    s, rise, scale = legs[n, SHARES, k], legs[n, RISE, k], lane[SCALE, k]
                    cover = min(rise, max(-s, 0.0))
                    long = (rise - cover) * scale
                    if sized:
                        if shrunk > 0:
                            long = legs[n, BOUGHT, k] if scale < 1.0 else rise - cover
                        value = (cover + long) * price
                        charge = value * legs[n, DEARER, k]
                        topped = max(floor * lane[PER, k] - floored * value, 0.0) if value > 0.0 else 0.0
                        lane[CASH, k] -= charge + topped
                        lane[COST, k] += charge + topped
                        lane[IMPACT, k] += charge
                    lane[CASH, k] -= cover * price + long * price * (1.0 + on_buy)
                    lane[TRADED, k] += (cover + long) * price
                    lane[COST, k] += (cover + long) * price * on_buy
                    legs[n, SHARES, k] = s + (cover + long)
                    # its cash comes from a waiting sale
                    due = (scale < 1.0) & (rise > cover) & (lane[AWAITED, k] > 0.0)
                    if sized:
                        due = due | (legs[n, CAPPED, k] > 0.0)
                    legs[n, PARTIAL, k] = 1.0 if due & (rise > 0.0) else legs[n, PARTIAL, k]
                    legs[n, WANTED, k] = np.nan if (not due) & (rise > 0.0) else legs[n, WANTED, k]
                    if recording and rise > 0.0 and legs[n, CALLED, k] > 0.0:
                        trades[r, n], paid[r, n], called[r, n] = cover + long, price, True
                        legs[n, CALLED, k] = 1.0 if due else 0.0
                    elif recording and rise > 0.0:
                        if not due:
                            status[d, n] = CUT if scale < 1.0 and rise > cover else FILLED
                        if cover + long > 0.0:
                            trades[r, n] = cover + long
                            paid[r, n] = price
                            got[d, n] += cover + long
                            filled_row[d, n] = r
        pending = 0
        for n in range(n_names):
            owing = 0
            for k in range(lanes):
                owing += legs[n, SHARES, k] < 0.0
            short[n] = owing > 0
            if delayed:  # only then can a leg be left over
                for k in range(lanes):
                    pending += not np.isnan(legs[n, WANTED, k])
        return pending > 0

    @compiled(inline="always")
    def appraise(prices, frozen, lane, legs):
        """lane[TOTAL]: free equity at these prices; lane[TRAPPED]: value of frozen long holdings, no part of it."""
        for k in range(lanes):
            lane[TOTAL, k] = lane[CASH, k]
            lane[TRAPPED, k] = 0.0
        n, n_names = 0, prices.size
        while n < n_names:
            price = prices[n]
            if frozen[n]:
                for k in range(lanes):
                    lane[TRAPPED, k] += max(legs[n, SHARES, k], 0.0) * price
                    lane[TOTAL, k] += min(legs[n, SHARES, k], 0.0) * price
                n += 1
            elif n + 1 < n_names and not frozen[n + 1]:  # two names for each time the totals are fetched
                other = prices[n + 1]
                for k in range(lanes):
                    first = lane[TOTAL, k] + legs[n, SHARES, k] * price
                    lane[TOTAL, k] = first + legs[n + 1, SHARES, k] * other
                n += 2
            else:
                for k in range(lanes):
                    lane[TOTAL, k] += legs[n, SHARES, k] * price
                n += 1

    @compiled(error_model="numpy")
    def close_ruined(r, k, at_fill, lane, legs, ruin_row, ruined_at_fill, deficit, status):
        """The account is dead from row r on: nothing held, nothing owed, nothing pending."""
        for n in range(legs.shape[0]):
            legs[n, SHARES, k] = 0.0
            legs[n, WANTED, k] = np.nan
            legs[n, CALLED, k] = 0.0
            if recording:
                for d in range(status.shape[0]):
                    if status[d, n] == PENDING:
                        status[d, n] = CANCELLED
        deficit[k] = max(-(lane[TOTAL, k] + lane[TRAPPED, k]), 0.0)
        lane[CASH, k], lane[TOTAL, k], lane[TRAPPED, k] = 0.0, 0.0, 0.0
        lane[DEAD, k] = 1.0
        ruin_row[k] = r
        ruined_at_fill[k] = at_fill

    @compiled(error_model="numpy")
    def call(r, k, d, frozen, lane, legs, status):
        """A margin call: every order is cancelled, and each leg that is not trapped is to be closed."""
        for n in range(legs.shape[0]):
            if recording and legs[n, CALLED, k] == 0.0 and not np.isnan(legs[n, WANTED, k]):
                status[d, n] = CANCELLED
            s = legs[n, SHARES, k]
            closing = s < 0.0 or (s > 0.0 and not frozen[r, n])
            legs[n, WANTED, k] = 0.0 if closing else np.nan
            legs[n, CALLED, k] = 1.0 if closing else 0.0
            legs[n, PARTIAL, k] = 0.0
        lane[CALL, k] = 1.0

    @compiled(error_model="numpy")
    def ledger(  # noqa: PLR0912, PLR0915 - one body, so that there is one law
        decided, weights, band, arrays, state, outcome, record, size, depth,
    ):  # fmt: skip
        (
            why, early, no_buy, frozen, mark_factor, fill, value, last, mark, buy, sell, dividend, tax, borrow,
            growth, exit_row, exit_price, exit_cover,
        ) = arrays  # fmt: skip
        cash, shares, pending, partial, called = state
        nav, traded, cost, impact_paid, ruin_row, ruined_at_fill, deficit = outcome
        held, trades, paid, cash_path, status = (
            record.held,
            record.trades,
            record.paid,
            record.cash,
            record.status,
        )
        n_rows, n_names = fill.shape
        lane = np.zeros((PER + 1 if sized else CALL + 1, lanes))
        legs = np.zeros((n_names, BOUGHT + 1 if sized else CALLED + 1, lanes))
        short, worth = np.zeros(n_names, np.bool_), np.zeros(n_names)
        calling = False  # whether a margin call stands in some account
        waiting, banded, last_exit, d = False, False, -1, 0
        for k in range(lanes):
            lane[CASH, k] = cash[k]
            lane[BAND, k] = band[k]
            if sized:
                lane[SIZE, k] = size[k]
                lane[PER, k] = 1.0 / size[k] if size[k] > 0.0 else 0.0
            banded = banded or band[k] > 0.0
        for n in range(n_names):
            last_exit = max(last_exit, exit_row[n])
            for k in range(lanes):
                legs[n, SHARES, k], legs[n, WANTED, k] = shares[n, k], pending[n, k]
                legs[n, PARTIAL, k], legs[n, CALLED, k] = partial[n, k], called[n, k]
                short[n] = short[n] or shares[n, k] < 0.0
                if not np.isnan(pending[n, k]):
                    waiting = True
                    if recording and called[n, k] == 0.0:
                        status[0, n] = PENDING

        shorted = short.any()
        for r in range(n_rows):
            if r > 0:
                # financing and dividends on what was held overnight
                rate = growth[r]
                paying = False
                for n in range(n_names):
                    paying = paying or dividend[r, n] != 0.0
                if paying or shorted or rate != 0.0:
                    for k in range(lanes):
                        lane[CARRY, k] = lane[CASH, k] * rate
                    for n in range(n_names):
                        per_share, charge, price = dividend[r, n], borrow[r, n], mark[r - 1, n]
                        if per_share != 0.0:
                            withheld = tax[r, n]
                            for k in range(lanes):
                                lane[CARRY, k] += legs[n, SHARES, k] * per_share
                            if withheld != 0.0:
                                for k in range(lanes):
                                    lane[CARRY, k] -= max(legs[n, SHARES, k], 0.0) * withheld
                        if short[n] and charge != 0.0:
                            for k in range(lanes):
                                lane[CARRY, k] += min(legs[n, SHARES, k], 0.0) * price * charge
                    for k in range(lanes):
                        lane[CASH, k] += lane[CARRY, k]

                # forced exits at stated terms
                for n in range(n_names if r <= last_exit else 0):
                    if exit_row[n] == r:
                        for k in range(lanes):
                            if not np.isnan(legs[n, WANTED, k]):
                                legs[n, WANTED, k] = np.nan
                                if recording and legs[n, CALLED, k] == 0.0:
                                    status[d, n] = CANCELLED
                                legs[n, CALLED, k] = 0.0
                            if legs[n, SHARES, k] != 0.0:
                                price = exit_price[n] if legs[n, SHARES, k] > 0.0 else exit_cover[n]
                                lane[CASH, k] += legs[n, SHARES, k] * price
                                if recording:
                                    trades[r, n] = -legs[n, SHARES, k]
                                    paid[r, n] = price
                                legs[n, SHARES, k] = 0.0

                # the decision of the row before becomes pending
                fresh = d < decided.size and decided[d] == r - 1
                if fresh:
                    d += 1
                    waiting = True
                    for n in range(n_names):
                        over = 0 <= exit_row[n] <= r
                        for k in range(lanes):
                            w, dead = weights[d - 1, n, k], lane[DEAD, k] > 0.0
                            owing = lane[CALL, k] > 0.0
                            if recording and legs[n, CALLED, k] == 0.0 and not np.isnan(legs[n, WANTED, k]):
                                status[d - 1, n] = REPLACED
                            moves = (w != 0.0) | (legs[n, SHARES, k] != 0.0)
                            taken = w if moves & (not (dead | over)) else np.nan
                            legs[n, PARTIAL, k] = legs[n, PARTIAL, k] if dead | owing else 0.0
                            legs[n, CALLED, k] = legs[n, CALLED, k] if owing else 0.0
                            legs[n, WANTED, k] = legs[n, WANTED, k] if owing else taken
                            if recording and not dead:
                                if owing:
                                    if moves:
                                        status[d, n] = CANCELLED
                                elif over:
                                    if w != 0.0:
                                        status[d, n] = CANCELLED
                                elif moves:
                                    status[d, n] = PENDING

                # pending legs: value the accounts at this row's fill prices
                if waiting or shorted:  # an account without shorts cannot be ruined between two closes
                    for n in range(
                        n_names
                    ):  # what opened before the decision was known is worth its last mark
                        worth[n] = last[r, n] if fresh and early[r, n] else value[r, n]
                    appraise(worth, frozen[r], lane, legs)
                    low = 0
                    for k in range(lanes):
                        total, dust = lane[TOTAL, k], DUST * lane[LAST, k]
                        lane[ON, k] = 1.0 if total > dust else 0.0  # if not: all is trapped, or over
                        low += total <= dust
                    if low > 0:
                        for k in range(lanes):
                            whole, dust = lane[TOTAL, k] + lane[TRAPPED, k], DUST * lane[LAST, k]
                            if whole <= dust and lane[DEAD, k] == 0.0:
                                close_ruined(
                                    r, k, True, lane, legs, ruin_row, ruined_at_fill, deficit, status
                                )
                if waiting:
                    waiting = trade(
                        r, d, fresh, banded, short, why, early, no_buy, frozen, fill, worth, buy, sell, lane, legs,
                        record, depth,
                    )  # fmt: skip
                    shorted = short.any()

            appraise(mark[r], frozen[r], lane, legs)
            low = 0
            for k in range(lanes):
                low += lane[TOTAL, k] <= DUST * lane[LAST, k]
            if low > 0 or calling:
                calling = False
                for k in range(lanes):
                    total, dust = lane[TOTAL, k], DUST * lane[LAST, k]
                    lane[CALL, k] = 0.0
                    if lane[DEAD, k] == 0.0:
                        if total + lane[TRAPPED, k] <= dust:
                            close_ruined(r, k, False, lane, legs, ruin_row, ruined_at_fill, deficit, status)
                        elif total < -dust:
                            call(r, k, d, frozen, lane, legs, status)
                            waiting, calling = True, True
            for k in range(lanes):
                nav[r, k] = lane[TOTAL, k] + mark_factor * lane[TRAPPED, k]
                lane[LAST, k] = lane[TOTAL, k] + lane[TRAPPED, k]
            if mark_factor < 1.0:
                for k in range(lanes):  # what rounding leaves of an account that is all trapped is no equity
                    nav[r, k] = nav[r, k] if abs(nav[r, k]) > DUST * lane[LAST, k] else 0.0
            if recording and lane[DEAD, 0] == 0.0:
                cash_path[r] = lane[CASH, 0]
                for n in range(n_names):
                    held[r, n] = legs[n, SHARES, 0]

        if recording and d < decided.size and decided[d] == n_rows - 1 and lane[DEAD, 0] == 0.0:
            for n in range(n_names):  # decided on the last row: no session is left to trade on
                w, over = weights[d, n, 0], 0 <= exit_row[n] < n_rows
                if w != 0.0 or (legs[n, SHARES, 0] != 0.0 and not over):
                    status[d + 1, n] = CANCELLED if over or lane[CALL, 0] > 0.0 else PENDING
                    record.reason[d + 1, n] = OPEN if over or lane[CALL, 0] > 0.0 else ENDS
        for k in range(lanes):
            cash[k], traded[k], cost[k] = lane[CASH, k], lane[TRADED, k], lane[COST, k]
            if sized:
                impact_paid[k] = lane[IMPACT, k]
        for n in range(n_names):
            for k in range(lanes):
                shares[n, k], pending[n, k] = legs[n, SHARES, k], legs[n, WANTED, k]
                partial[n, k], called[n, k] = legs[n, PARTIAL, k], legs[n, CALLED, k]

    return ledger


_one, _one_sized = _build(1, True, False), _build(1, True, True)
_many, _many_sized = _build(LANES, False, False), _build(LANES, False, True)
_UNSIZED = Depth(*(np.zeros((0, 0)) for _ in Depth._fields))
one_account, UNSIZED = _one, _UNSIZED  # for compiled code that has many markets


def run_ledger(
    decided: IntArray,
    weights: FloatArray,
    band: float,
    arrays: LedgerArrays,
    opening: AccountState,
    capital: float = 0.0,
    depth: Depth | None = None,
) -> tuple[Outcome, Recording, AccountState]:
    """One account (K = 1), everything recorded; also its state after the last row.

    decided: (D,) row of each decision; weights: (D, N); band: no-trade band, fraction of the target weight. capital:
    what one unit of the account stands for, base currency, where a depth is given.
    """
    rows, names = arrays.fill.shape
    outcome, record = _blank(rows, 1), Recording.blank(rows, names, decided.size)
    closing = AccountState(*(values.copy() for values in opening))
    run = _one if depth is None else _one_sized
    run(
        decided, weights.reshape(decided.size, names, 1), np.full(1, band), arrays, closing, outcome, record,
        np.full(1, capital), depth or _UNSIZED,
    )  # fmt: skip
    return outcome, record, closing


def run_lanes(
    decided: IntArray,
    weights: FloatArray,
    band: FloatArray,
    arrays: LedgerArrays,
    nav: FloatArray,
    capital: FloatArray | None = None,
    depth: Depth | None = None,
) -> Outcome:
    """LANES accounts opened with one unit of cash, only what `Outcome` names kept of them.

    decided: (D,); weights: (D, N, LANES); band: (LANES,); nav: (T, LANES), overwritten, so that its memory serves
    again. capital: (LANES,) what a unit of each stands for, base currency, 0 for an account without size; with depth.
    """
    names = arrays.fill.shape[1]
    outcome = _blank(0, LANES)._replace(nav=nav)
    state = AccountState(
        np.ones(LANES), np.zeros((names, LANES)), np.full((names, LANES), np.nan), np.zeros((names, LANES)),
        np.zeros((names, LANES)),
    )  # fmt: skip
    run = _many if depth is None else _many_sized
    size = np.zeros(LANES) if capital is None else capital
    run(
        decided, weights, band, arrays, state, outcome, Recording.blank(0, 0, -1), size, depth or _UNSIZED,
    )  # fmt: skip
    return outcome


def _blank(rows: int, accounts: int) -> Outcome:
    return Outcome(
        np.zeros((rows, accounts)), np.zeros(accounts), np.zeros(accounts), np.zeros(accounts),
        np.full(accounts, -1, np.int64), np.zeros(accounts, np.bool_), np.zeros(accounts),
    )  # fmt: skip
