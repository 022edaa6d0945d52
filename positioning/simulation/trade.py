"""The pending legs of a row: sales first, then covers of shorts, then purchases, shrunk by one factor to the cash."""

from __future__ import annotations

from typing import Any

import numpy as np

from positioning.compiled import compiled_part
from positioning.simulation.ledger_arrays import (
    BELOW_LOT,
    CALLED,
    CANCELLED,
    CAPPED,
    COST,
    CUT,
    DEARER,
    FILLED,
    HAIR,
    IMPACT,
    IN_BAND,
    NO_EQUITY,
    NO_VOLUME,
    OPEN,
    PARTIAL,
    RISE,
    SALE,
    SHARES,
    TOO_EARLY,
    TRADED,
    VOLUME,
    WANTED,
)  # fmt: skip
from positioning.simulation.leg_arithmetic import (
    affordable,
    shares_covered,
    shares_short,
    shares_to_trade,
    too_dear,
    within_band,
)
from positioning.vectors import (
    any_of,
    fill,
    fused,
    is_number,
    item,
    load,
    magnitude,
    negated,
    root,
    store,
    where,
    whole,
)


def build_trade(width: int, recording: bool, sized: bool) -> Any:  # noqa: PLR0915
    """The trading of a row for one account (width 1) or WIDTH of them, with what a capital adds where `sized`; with
    `recording` (width 1) it writes down what became of each order."""

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def add(sums, slot, value):
        store(sums, (slot, 0), load(sums, (slot, 0), width) + value)

    # A division by zero must not stop a lane, so it gives infinity or NaN, which is masked: hence error_model.
    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def trade(  # noqa: PLR0912, PLR0915 - one law, one body
        r, d, fresh, banded, band, on, total, cash, size, per, short, pending, resting, worth, sums, legs,
        arrays, record, depth,
    ):  # fmt: skip
        """on: where the account may trade; total: its free equity at this row's fill prices; worth: (N,) what legs are
        valued at; short, pending: (N,) names that any account is short of, or has an order in, brought up to date;
        resting: whether any order is the rest of one; sums: (3, width) what was traded and what that cost. Returns
        cash, resting, and whether any order is left."""
        why, early, no_buy, frozen, price_of, buy, sell = (
            arrays.why, arrays.early, arrays.no_buy, arrays.frozen, arrays.fill, arrays.buy, arrays.sell,
        )  # fmt: skip
        if recording:
            _, trades, called, paid, _, status, waits, reason, filled_row, wanted, got = record
        if sized:
            limit, impact, lot, least, least_buy, least_sell, most_shares, per_price, per_lot = depth
        n_names = short.size
        zero = fill(0.0, width)
        inverse = 1.0 / total if banded else zero
        never, all_on = zero < 0.0, not any_of(negated(on))
        shorts, awaited, reserved, need, need_fees = zero, zero, zero, zero, zero
        sales, sale_fees, covers, cover_fees, purchases, buy_fees = zero, zero, zero, zero, zero, zero
        for n in range(n_names):
            if short[n]:
                s = load(legs, (n, SHARES, 0), width)
                shorts = shorts + shares_short(s) * worth[n]
                short[n] = any_of(s < 0.0)  # an exit or a ruin may have ended it

        # sells first; remember what the waiting sales would have released
        for n in range(n_names):
            if not item(pending, (n,)):
                continue
            w, s = load(legs, (n, WANTED, 0), width), load(legs, (n, SHARES, 0), width)
            if item(no_buy, (r, n)):
                barred = on & (w > 0.0) & ((s <= 0.0) | (w * total > s * worth[n]))
                if any_of(barred):
                    if recording:
                        status[d, n] = CANCELLED
                    w = where(barred, where(s >= 0.0, np.nan, zero), w)  # a short may still be covered
                    store(legs, (n, WANTED, 0), w)
                    part = load(legs, (n, PARTIAL, 0), width)
                    store(legs, (n, PARTIAL, 0), where(barred, 0.0, part))
            ready = is_number(w)
            if not all_on:
                ready = ready & (on | (w == 0.0))  # an exit needs no equity to be sized by
            code = item(why, (r, n))
            if code == OPEN and fresh and item(early, (r, n)):
                code = TOO_EARLY
            if code != OPEN:
                if recording and ready and legs[n, CALLED, 0] == 0.0:
                    if waits[d, n] == 0:
                        reason[d, n] = code
                    waits[d, n] += 1
                if not frozen[r, n]:
                    due = s * worth[n] - where(w > 0.0, w, 0.0) * total
                    awaited = awaited + where(ready & (s > 0.0) & (due > 0.0), due, 0.0)
                pending[n] = any_of(is_number(w))
                continue
            price = item(price_of, (r, n))
            inverse_price = per_price[r, n] if sized else 1.0 / price
            delta = shares_to_trade(w, s, price, inverse_price, total)
            deal, near, rest, part = ready, never, never, zero
            if resting or banded or sized:
                part = load(legs, (n, PARTIAL, 0), width)
                rest = part != 0.0
                carried = rest & (part * delta <= 0.0)  # the market carried the rest of it to its target
                deal = ready & negated(carried)
                anew = ready & negated(rest)
                if banded and any_of(anew):
                    near = anew & within_band(w, s, price, total, inverse, band)
                    deal = deal & negated(near)
            capped = never
            if sized:
                sought = where(deal, magnitude(delta), 0.0)
                most = where(size > 0.0, most_shares[r, n] * per, np.inf)
                count = per_lot[r, n] * size  # of lots in a share of the account, 0 where none is known
                capped = sought > most * (1.0 + HAIR)
                within = where(capped, most, sought)
                closing = (w == 0.0) & negated(capped)  # odd shares may be sold with the last of a holding
                lots = whole(within * count + HAIR) * (lot[r, n] * per)
                lots = where(closing | (count == 0.0), within, lots)
                sale, rise = where(delta < 0.0, lots, 0.0), where(delta > 0.0, lots, 0.0)
                store(legs, (n, CAPPED, 0), where(capped, where(delta < 0.0, -1.0, fill(1.0, width)), 0.0))
            else:
                sale, rise = where(deal & (delta < 0.0), -delta, 0.0), where(deal & (delta > 0.0), delta, 0.0)
            store(legs, (n, SALE, 0), sale)
            store(legs, (n, RISE, 0), rise)
            if recording and not ready and not np.isnan(w):
                if waits[d, n] == 0:
                    reason[d, n] = NO_EQUITY
                waits[d, n] += 1
            if recording and ready and legs[n, CALLED, 0] > 0.0:
                if sale > 0.0:
                    trades[r, n], paid[r, n], called[r, n] = -sale, price, True
                    legs[n, CALLED, 0] = 1.0 if capped else 0.0
            elif recording and ready:
                if near:
                    status[d, n] = IN_BAND
                elif rise == 0.0 and not capped:
                    status[d, n] = FILLED
                    if sized and sale == 0.0 and deal and not rest and delta != 0.0:
                        status[d, n] = BELOW_LOT
                if sized and capped:
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

        # what sales give and purchases will take; apart from their sizes, so that the long way to those overlaps
        for n in range(n_names):
            if not item(pending, (n,)) or item(why, (r, n)) != OPEN or (fresh and item(early, (r, n))):
                continue
            price, on_buy, on_sale = item(price_of, (r, n)), item(buy, (r, n)), item(sell, (r, n))
            w, s = load(legs, (n, WANTED, 0), width), load(legs, (n, SHARES, 0), width)
            sale, rise = load(legs, (n, SALE, 0), width), load(legs, (n, RISE, 0), width)
            # with a capital there is so much to do for a sale, and for a purchase, that it pays to ask
            sells, buys = not sized or any_of(sale > 0.0), not sized or any_of(rise > 0.0)
            cover, long, dearer = zero, rise, zero
            short[n] = short[n] or any_of(w < 0.0)
            if short[n]:
                cover = shares_covered(s, rise)
                long = rise - cover
                principal = cover * price
                covers, cover_fees = covers + principal, fused(principal, on_buy, cover_fees)
                left = s - sale
                shorts = shorts + (shares_short(left) - shares_short(s)) * price
            if sized and (sells or buys):
                dearer = impact[r, n] * root((sale + rise) * price * size)
                store(legs, (n, DEARER, 0), dearer)
            if sells:
                value = sale * price
                sales, sale_fees = sales + value, fused(value, on_sale, sale_fees)
                store(legs, (n, SHARES, 0), s - sale)
                if sized:
                    charge = value * dearer
                    topped = least[r, n] * per - least_sell[r, n] * value
                    topped = where((sale > 0.0) & (topped > 0.0), topped, 0.0)
                    cash = cash - (charge + topped)
                    add(sums, COST, charge + topped)
                    add(sums, IMPACT, charge)
            if buys:
                outlay = long * price
                need, need_fees = need + outlay, fused(outlay, on_buy, need_fees)
                if sized:
                    need_fees = fused(outlay, dearer, need_fees)
                    least_fee = where(rise > 0.0, least[r, n] * per, 0.0)
                    reserved = reserved + (cover * price * dearer + least_fee)
            if sized:
                selling = load(legs, (n, CAPPED, 0), width) < 0.0
                if any_of(selling):
                    left = (s - sale) * price - where(w > 0.0, w, 0.0) * total
                    awaited = awaited + where(selling & (s > 0.0) & (left > 0.0), left, 0.0)
                    part = load(legs, (n, PARTIAL, 0), width)
                    store(legs, (n, PARTIAL, 0), where(selling & (sale > 0.0), -1.0, part))

        # buys: covers in full, longs shrunk by one factor to the free cash
        # a cover's principal leaves free cash as it is, so only its fee is taken before the longs
        cash = cash + (sales - sale_fees) - cover_fees
        need = need + need_fees
        free = cash - shorts
        if sized:
            free = free - reserved
        scale, shrunk = fill(1.0, width), False
        if any_of(too_dear(need, free, total)):  # else no division is needed
            scale = affordable(need, free, total)
            shrunk = any_of(scale < 1.0)
        whole_orders = all_on and not (sized or shrunk)  # nothing that trades is left over
        left_over, resting = False, resting or sized or shrunk
        for n in range(n_names):
            if not item(pending, (n,)):
                continue
            if item(why, (r, n)) != OPEN or (fresh and item(early, (r, n))):
                left_over = True
                continue
            price, on_buy = item(price_of, (r, n)), item(buy, (r, n))
            s, rise = load(legs, (n, SHARES, 0), width), load(legs, (n, RISE, 0), width)
            cover, long = zero, rise * scale
            if short[n]:
                cover = shares_covered(s, rise)
                long = (rise - cover) * scale
            if sized and shrunk:  # which is seldom, and takes a root
                count = per_lot[r, n] * size
                lots = whole((cover + long) * count + HAIR) * (lot[r, n] * per) - cover
                some = where(count == 0.0, long, where(lots > 0.0, lots, 0.0))
                deep = impact[r, n] * root((cover + some) * price * size)
                store(legs, (n, DEARER, 0), where(scale < 1.0, deep, load(legs, (n, DEARER, 0), width)))
                long = where(scale < 1.0, some, rise - cover)
            shares = long
            if not sized or any_of(rise > 0.0):
                if sized:
                    value = (cover + long) * price
                    charge = value * load(legs, (n, DEARER, 0), width)
                    topped = least[r, n] * per - least_buy[r, n] * value
                    topped = where((value > 0.0) & (topped > 0.0), topped, 0.0)
                    cash = cash - (charge + topped)
                    add(sums, COST, charge + topped)
                    add(sums, IMPACT, charge)
                principal = long * price
                purchases, buy_fees = purchases + principal, fused(principal, on_buy, buy_fees)
                if short[n]:
                    shares = cover + long
                s = s + shares
                store(legs, (n, SHARES, 0), s)
            if short[n]:
                short[n] = any_of(s < 0.0)
            due = never
            if whole_orders:
                store(legs, (n, WANTED, 0), fill(np.nan, width))
                pending[n] = False
            else:
                w, part = load(legs, (n, WANTED, 0), width), load(legs, (n, PARTIAL, 0), width)
                if shrunk:  # where its cash comes from a waiting sale
                    due = (scale < 1.0) & (rise > cover) & (awaited > 0.0)
                kept = never
                if not all_on:
                    kept = negated(on | (w == 0.0))  # without equity nothing was sized
                if sized:
                    capped = load(legs, (n, CAPPED, 0), width) != 0.0
                    due, kept = due | capped, kept | capped
                store(legs, (n, PARTIAL, 0), where(due & (rise > 0.0), 1.0, part))
                w = where(kept | (due & (rise > 0.0)), w, np.nan)
                store(legs, (n, WANTED, 0), w)
                pending[n] = any_of(is_number(w))
                left_over = left_over or pending[n]
            if recording and rise > 0.0 and legs[n, CALLED, 0] > 0.0:
                trades[r, n], paid[r, n], called[r, n] = shares, price, True
                legs[n, CALLED, 0] = 1.0 if due else 0.0
            elif recording and rise > 0.0:
                if not due:
                    status[d, n] = CUT if scale < 1.0 and rise > cover else FILLED
                if shares > 0.0:
                    trades[r, n] = shares
                    paid[r, n] = price
                    got[d, n] += shares
                    filled_row[d, n] = r
        add(sums, TRADED, sales + (covers + purchases))
        add(sums, COST, sale_fees + (cover_fees + buy_fees))
        return cash - (purchases + buy_fees) - covers, resting, left_over

    return trade
