"""The ledger, row by row. With `trade` and `holding` the only code that moves shares and cash.

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

One body, compiled for one account with everything recorded (`run_ledger`) and for WIDTH accounts side by side in
vectors, with only their nav kept (`run_lanes`, LANES of them), which share the market and the rows they decide on, each
with a capital or without. Lanes are never added together and fastmath is off, so an account has the same bits in both;
what a capital adds is left out where there is none, and a capital of zero has the bits of none.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.simulation.holding import build_accrue, build_appraise, build_hold
from positioning.simulation.ledger_arrays import (
    CALLED,
    CANCELLED,
    COST,
    DEARER,
    DUST,
    ENDS,
    IMPACT,
    LANES,
    OPEN,
    PARTIAL,
    PENDING,
    REPLACED,
    SHARES,
    SPELL,
    TRADED,
    WANTED,
    AccountState,
    Depth,
    LedgerArrays,
    Outcome,
    Recording,
)  # fmt: skip
from positioning.simulation.rebalance import build_rebalance
from positioning.simulation.trade import build_trade
from positioning.vectors import (
    WIDTH,
    aligned_zeros,
    any_of,
    fill,
    is_number,
    item,
    load,
    magnitude,
    negated,
    store,
    where,
    whole_lines,
)

# What the seldom called parts read and change of an account: cash, free equity, trapped value, whole equity on the row
# before, 1 where it is dead, and 1 where a margin call stands.
CASH, TOTAL, TRAPPED, LAST, DEAD, CALL = range(6)


@cache
def _build_parts(width: int, recording: bool) -> tuple[Any, Any, Any, Any]:  # noqa: PLR0915 - seldom, or short
    """What is the same with a capital and without."""

    @compiled_part(error_model="numpy", _nrt=False)
    def close_ruined(r, k, place, at_fill, lane, legs, outcome, record):
        """The account is dead from row r on: nothing held, nothing owed, nothing pending."""
        for n in range(legs.shape[0]):
            legs[n, SHARES, k] = 0.0
            legs[n, WANTED, k] = np.nan
            legs[n, CALLED, k] = 0.0
            if recording:
                for d in range(record.status.shape[0]):
                    if record.status[d, n] == PENDING:
                        record.status[d, n] = CANCELLED
        outcome.deficit[place + k] = max(-(lane[TOTAL, k] + lane[TRAPPED, k]), 0.0)
        lane[CASH, k], lane[TOTAL, k], lane[TRAPPED, k] = 0.0, 0.0, 0.0
        lane[DEAD, k] = 1.0
        outcome.ruin_row[place + k] = r
        outcome.ruined_at_fill[place + k] = at_fill

    @compiled_part(error_model="numpy", _nrt=False)
    def call(r, k, d, frozen, lane, legs, pending, record):
        """A margin call: every order is cancelled, and each leg that is not trapped is to be closed."""
        for n in range(legs.shape[0]):
            if recording and legs[n, CALLED, k] == 0.0 and not np.isnan(legs[n, WANTED, k]):
                record.status[d, n] = CANCELLED
            s = legs[n, SHARES, k]
            closing = s < 0.0 or (s > 0.0 and not frozen[r, n])
            legs[n, WANTED, k] = 0.0 if closing else np.nan
            legs[n, CALLED, k] = 1.0 if closing else 0.0
            legs[n, PARTIAL, k] = 0.0
            pending[n] = pending[n] or closing
        lane[CALL, k] = 1.0

    @compiled_part(error_model="numpy", _nrt=False)
    def settle(r, d, place, at_fill, frozen, lane, legs, pending, outcome, record):
        """Ruin, or at the close a margin call, of the accounts without free equity; whether one is called."""
        calling = False
        for k in range(width):
            total, dust = lane[TOTAL, k], DUST * lane[LAST, k]
            if not at_fill:
                lane[CALL, k] = 0.0
            if lane[DEAD, k] == 0.0:
                if total + lane[TRAPPED, k] <= dust:
                    close_ruined(r, k, place, at_fill, lane, legs, outcome, record)
                elif total < -dust and not at_fill:
                    call(r, k, d, frozen, lane, legs, pending, record)
                    calling = True
        return calling

    @compiled_part(error_model="numpy", _nrt=False)
    def leave(r, d, cash, legs, arrays, record):
        """Forced exits at stated terms; the cash after them."""
        exit_row, exit_price, exit_cover = arrays.exit_row, arrays.exit_price, arrays.exit_cover
        for n in range(exit_row.size):
            if exit_row[n] == r:
                w, s = load(legs, (n, WANTED, 0), width), load(legs, (n, SHARES, 0), width)
                price = where(s > 0.0, fill(exit_price[n], width), fill(exit_cover[n], width))
                if recording and is_number(w) and legs[n, CALLED, 0] == 0.0:
                    record.status[d, n] = CANCELLED
                if recording and s != 0.0:
                    record.trades[r, n], record.paid[r, n] = -s, price
                cash = where(s != 0.0, cash + s * price, cash)
                store(legs, (n, CALLED, 0), where(is_number(w), 0.0, load(legs, (n, CALLED, 0), width)))
                store(legs, (n, WANTED, 0), fill(np.nan, width))
                store(legs, (n, SHARES, 0), fill(0.0, width))
        return cash

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def decide(r, d, place, troubled, resting, weights, exit_row, lane, legs, pending, record):
        """The decision of the row before becomes pending. troubled: some account is dead or under a margin call;
        resting: some order is the rest of one."""
        for n in range(exit_row.size):
            over = 0 <= exit_row[n] <= r
            w, s = load(weights, (d - 1, n, place), width), load(legs, (n, SHARES, 0), width)
            if recording and legs[n, CALLED, 0] == 0.0 and not np.isnan(legs[n, WANTED, 0]):
                record.status[d - 1, n] = REPLACED
            moves = (w != 0.0) | (s != 0.0)
            if recording and moves and lane[DEAD, 0] == 0.0:
                if not over and lane[CALL, 0] == 0.0:
                    record.status[d, n] = PENDING
                elif w != 0.0 or lane[CALL, 0] > 0.0:
                    record.status[d, n] = CANCELLED
            taken, part, called = where(moves, w, np.nan), fill(0.0, width), fill(0.0, width)
            if over:
                taken = fill(np.nan, width)
            if troubled:
                dead, owing = load(lane, (DEAD, 0), width) > 0.0, load(lane, (CALL, 0), width) > 0.0
                part = where(dead | owing, load(legs, (n, PARTIAL, 0), width), part)
                called = where(owing, load(legs, (n, CALLED, 0), width), called)
                taken = where(owing, load(legs, (n, WANTED, 0), width), where(dead, np.nan, taken))
            if resting:
                store(legs, (n, PARTIAL, 0), part)
            if recording:  # nobody else asks
                store(legs, (n, CALLED, 0), called)
            store(legs, (n, WANTED, 0), taken)
            pending[n] = any_of(is_number(taken))

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def quiet_until(r, end, last_exit, arrays, legs):
        """The first row from r on where a listing ends or a holding is trapped, `end` where that is none before it."""
        exit_row, frozen, freezing = arrays.exit_row, arrays.frozen, arrays.freezing
        if r <= last_exit:
            for n in range(exit_row.size):
                if r <= exit_row[n] < end:
                    end = exit_row[n]
        q = item(freezing, (r,))
        while q < end:
            trapped = False
            for n in range(exit_row.size):
                trapped = trapped or (frozen[q, n] and any_of(load(legs, (n, SHARES, 0), width) > 0.0))
            if trapped:
                end = q
            q = freezing[q + 1]
        return end

    return settle, leave, decide, quiet_until


def _build(width: int, recording: bool, sized: bool) -> Any:  # noqa: PLR0915
    """The ledger for the `width` accounts from `place` on, their nav into nav from `column` on; with `recording` (one
    account) the out arrays of `run_ledger` are filled; `sized`: with what a capital adds."""
    accrue, hold = build_accrue(width), build_hold(width)
    appraise, appraise_at_fill = build_appraise(width)
    trade = build_trade(width, recording, sized)
    whole_equity, rebalance = build_rebalance(width)
    settle, leave, decide, quiet_until = _build_parts(width, recording)
    direct = not (recording or sized)  # whether a decision may trade without becoming pending

    @compiled(error_model="numpy", _nrt=False)
    def ledger(  # noqa: PLR0912, PLR0915 - one body, so that there is one law
        decided, weights, band_of, arrays, state, outcome, record, size_of, depth, room, place, column,
    ):  # fmt: skip
        whole_lines()
        frozen, mark_factor, exit_row = arrays.frozen, arrays.mark_factor, arrays.exit_row
        nav = outcome.nav
        n_rows, n_names = arrays.mark.shape
        lane, sums, legs, path, worth, owing, short, pending = room
        zero = fill(0.0, width)
        # numba compiles a function anew for each constant it is handed, so none of these begins as one
        no, nil = bool(0), np.int64(0)
        last_exit = nil - 1
        for n in range(n_names):
            last_exit = max(last_exit, exit_row[n])
        waiting, shorted, resting, fresh, cash = no, no, no, no, fill(1.0, width)
        for slot in range(CALL + 1):
            store(lane, (slot, 0), zero)
        for slot in range(IMPACT + 1):
            store(sums, (slot, 0), zero)
        for n in range(n_names):
            for slot in range(DEARER + 1):
                store(legs, (n, slot, 0), zero)
            store(legs, (n, WANTED, 0), fill(np.nan, width))
            short[n], pending[n] = False, False
        if recording:
            cash = state.cash[0]
            for n in range(n_names):
                s, w = state.shares[n, 0], state.pending[n, 0]
                legs[n, SHARES, 0], legs[n, WANTED, 0] = s, w
                legs[n, PARTIAL, 0], legs[n, CALLED, 0] = state.partial[n, 0], state.called[n, 0]
                short[n], pending[n] = s < 0.0, not np.isnan(w)
                waiting, shorted = waiting or pending[n], shorted or short[n]
                resting = resting or state.partial[n, 0] != 0.0
                if pending[n] and legs[n, CALLED, 0] == 0.0:
                    record.status[0, n] = PENDING
        else:
            for k in range(place, place + width):
                outcome.ruin_row[k], outcome.ruined_at_fill[k], outcome.deficit[k] = -1, False, 0.0
        band, size = load(band_of, (place,), width), zero
        banded = any_of(band > 0.0)
        if sized:
            size = load(size_of, (place,), width)
        per = where(size > 0.0, 1.0 / size, 0.0)
        total, trapped, last = zero, zero, zero
        dead = zero < 0.0
        # calling: whether a margin call stands in some account; troubled: that, or one is dead
        calling, troubled, at_fill = no, no, bool(1)
        # slow: the row up to which they are taken one by one; begun: what trades on row r has traded
        r, d, slow, begun = nil, nil, nil + 1, no
        while r < n_rows:
            if r >= slow and not (waiting or calling):
                end = n_rows if d >= decided.size else decided[d] + 1
                end = min(end, r + SPELL, n_rows)
                end = quiet_until(r, end, last_exit, arrays, legs)
                slow = end
                if end > r:
                    after, reached, safe, still = hold(
                        r, end, begun, cash, last, dead, legs, short, shorted, owing, arrays, path, nav, column,
                    )  # fmt: skip
                    if safe:
                        if recording and not dead:
                            for q in range(r, end):
                                record.cash[q] = cash if still else path[q - r, 0]
                                for n in range(n_names):
                                    record.held[q, n] = legs[n, SHARES, 0]
                        cash, total, last, r, begun = after, reached, reached, end, no
                        continue
            if not begun:
                fresh = no
                if r > 0:
                    if shorted or arrays.moving[r] == r:
                        cash, _ = accrue(r, r + 1, r, cash, legs, short, owing, arrays, path)
                    if r <= last_exit:
                        cash = leave(r, d, cash, legs, arrays, record)
                    fresh = d < decided.size and decided[d] == r - 1
                if fresh:
                    d += 1
                    if direct and arrays.all_open[r] and not troubled:
                        total = whole_equity(r, cash, legs, arrays)
                        if not any_of(negated(total > DUST * last)):
                            cash = rebalance(
                                r, d, place, banded, band, weights, total, cash, short, sums, legs, arrays
                            )
                            shorted = False
                            for n in range(n_names):
                                shorted = shorted or short[n]
                            if waiting or resting:  # what this decision replaces
                                for n in range(n_names):
                                    store(legs, (n, WANTED, 0), fill(np.nan, width))
                                    store(legs, (n, PARTIAL, 0), zero)
                                    pending[n] = False
                            waiting, resting, begun, slow = no, no, bool(1), r
                            continue
                    waiting = True
                    decide(r, d, place, troubled, resting, weights, exit_row, lane, legs, pending, record)
                    resting = resting and troubled

                # pending legs: value the accounts at this row's fill prices
                # without shorts none can be ruined between two closes
                if r > 0 and (waiting or shorted):
                    total, trapped = appraise_at_fill(r, fresh, cash, legs, worth, arrays)
                    on = total > DUST * last  # if not: all is trapped, or over
                    if any_of(negated(on | dead)):
                        store(lane, (CASH, 0), cash)
                        store(lane, (TOTAL, 0), total)
                        store(lane, (TRAPPED, 0), trapped)
                        store(lane, (LAST, 0), last)
                        settle(r, d, place, at_fill, frozen, lane, legs, pending, outcome, record)
                        cash, total = load(lane, (CASH, 0), width), load(lane, (TOTAL, 0), width)
                        dead = load(lane, (DEAD, 0), width) > 0.0
                        troubled = calling or any_of(dead)
                    if waiting:
                        cash, resting, waiting = trade(
                            r, d, fresh, banded, band, on, total, cash, size, per, short, pending, resting,
                            worth, sums, legs, arrays, record, depth,
                        )  # fmt: skip
                    shorted = False
                    for n in range(n_names):
                        shorted = shorted or short[n]
                    if not (waiting or calling):  # the rest of the row is like those that follow
                        begun, slow = bool(1), r
                        continue

            begun = no
            total, trapped = appraise(r, cash, legs, arrays)
            if calling or any_of(negated((total > DUST * last) | dead)):
                store(lane, (CASH, 0), cash)
                store(lane, (TOTAL, 0), total)
                store(lane, (TRAPPED, 0), trapped)
                store(lane, (LAST, 0), last)
                calling = settle(r, d, place, no, frozen, lane, legs, pending, outcome, record)
                cash, total = load(lane, (CASH, 0), width), load(lane, (TOTAL, 0), width)
                trapped, dead = load(lane, (TRAPPED, 0), width), load(lane, (DEAD, 0), width) > 0.0
                waiting, troubled = waiting or calling, calling or any_of(dead)
            last = total + trapped
            counted = total + mark_factor * trapped
            if mark_factor < 1.0:  # what rounding leaves of an account that is all trapped is no equity
                counted = where(magnitude(counted) > DUST * last, counted, 0.0)
            store(nav, (r, column), counted)
            if recording and not dead:
                record.cash[r] = cash
                for n in range(n_names):
                    record.held[r, n] = legs[n, SHARES, 0]
            r += 1

        if recording and d < decided.size and decided[d] == n_rows - 1 and not dead:
            for n in range(n_names):  # decided on the last row: no session is left to trade on
                w, over = weights[d, n, 0], 0 <= exit_row[n] < n_rows
                if w != 0.0 or (legs[n, SHARES, 0] != 0.0 and not over):
                    record.status[d + 1, n] = CANCELLED if over or lane[CALL, 0] > 0.0 else PENDING
                    record.reason[d + 1, n] = OPEN if over or lane[CALL, 0] > 0.0 else ENDS
        store(outcome.traded, (place,), load(sums, (TRADED, 0), width))
        store(outcome.cost, (place,), load(sums, (COST, 0), width))
        store(outcome.impact, (place,), load(sums, (IMPACT, 0), width))
        if recording:
            state.cash[0] = cash
            for n in range(n_names):
                state.shares[n, 0], state.pending[n, 0] = legs[n, SHARES, 0], legs[n, WANTED, 0]
                state.partial[n, 0], state.called[n, 0] = legs[n, PARTIAL, 0], legs[n, CALLED, 0]

    return ledger


@compiled()
def working_room(names: int, width: int) -> tuple[Any, ...]:
    """What the ledger works in: lane, sums, legs, path, worth, owing, short, pending."""
    return (
        aligned_zeros(CALL + 1, width), aligned_zeros(IMPACT + 1, width),
        aligned_zeros(names * (DEARER + 1), width).reshape((names, DEARER + 1, width)), aligned_zeros(SPELL, width),
        np.zeros(names),
        np.zeros(names, np.int64), np.zeros(names, np.bool_), np.zeros(names, np.bool_),
    )  # fmt: skip


class LaneMemory(NamedTuple):
    """What `run_lanes` works in and answers with: asking for it anew takes as long as two accounts."""

    outcome: Outcome
    room: tuple[Any, ...]


def lane_memory(names: int) -> LaneMemory:
    """For LANES accounts of that many names."""
    return LaneMemory(Outcome.blank(0, LANES), working_room(names, WIDTH))


def _build_lanes(ledger: Any) -> Any:
    """Held in a closure, so that what is compiled of it is compiled anew when the ledger is another."""

    @compiled()
    def lanes(decided, weights, band, arrays, outcome, size, depth, room):
        for place in range(0, LANES, WIDTH):
            ledger(decided, weights, band, arrays, None, outcome, None, size, depth, room, place, place)

    return lanes


_one, _one_sized = _build(1, True, False), _build(1, True, True)
_wide, _wide_sized = _build(WIDTH, False, False), _build(WIDTH, False, True)
_many, _many_sized = _build_lanes(_wide), _build_lanes(_wide_sized)
one_account, wide_accounts, wide_accounts_sized = (
    _one,
    _wide,
    _wide_sized,
)  # for compiled code that calls them


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
    outcome, record = Outcome.blank(rows, 1), Recording.blank(rows, names, decided.size)
    closing = AccountState(*(values.copy() for values in opening))
    run = _one if depth is None else _one_sized
    whole = np.ascontiguousarray(weights)  # numba would compile the ledger anew for each layout
    run(
        decided, whole.reshape(decided.size, names, 1), np.full(1, band, np.float64), arrays, closing, outcome, record,
        np.full(1, capital, np.float64), depth, working_room(names, 1), 0, 0,
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
    memory: LaneMemory | None = None,
) -> Outcome:
    """LANES accounts opened with one unit of cash, only what `Outcome` names kept of them.

    decided: (D,); weights: (D, N, LANES); band: (LANES,); nav: (T, LANES), overwritten, so that its memory serves
    again. capital: (LANES,) what a unit of each stands for, base currency, 0 for an account without size; with depth.
    memory: of `lane_memory`, whose outcome is then overwritten.
    """
    memory = memory or lane_memory(arrays.fill.shape[1])
    outcome = memory.outcome._replace(nav=nav)
    run = _many if depth is None else _many_sized
    # without a depth nobody reads the sizes; for None in their place numba would compile the ledger anew
    size = band if capital is None else capital.astype(np.float64, copy=False)
    run(decided, weights, band, arrays, outcome, size, depth, memory.room)
    return outcome
