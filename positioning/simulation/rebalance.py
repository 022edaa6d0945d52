"""A decision all of whose legs can trade on its row, which is what most decisions of a search are.

What `trade` does with such a decision and the same bits, without what only waiting orders need: the target weights are
read where they were decided, and each leg's new holding is known in one pass unless purchases are to be shrunk.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from positioning.compiled import compiled_part
from positioning.simulation.ledger_arrays import BEFORE, COST, SHARES, TRADED
from positioning.simulation.leg_arithmetic import (
    affordable,
    shares_covered,
    shares_short,
    shares_to_trade,
    too_dear,
    within_band,
)
from positioning.vectors import any_of, fill, fused, item, load, prefetch, store, where


@cache  # so that it is compiled once for all that hold it
def build_rebalance(width: int) -> tuple[Any, Any]:  # noqa: PLR0915 - what belongs to one row, in one place
    """For one account (width 1) or WIDTH of them, without a capital."""

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def whole_equity(r, cash, legs, arrays):
        """Equity at the fill prices of a row on which every leg is open."""
        total = fill(0.0, width)
        for n in range(arrays.exit_row.size):
            total = fused(load(legs, (n, SHARES, 0), width), item(arrays.fill, (r, n)), total)
        return total + cash

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def change(w, s, price, banded, band, total, inverse):
        """Shares to trade, 0 within the band; inverse: 1 / total."""
        delta = shares_to_trade(w, s, price, 1.0 / price, total)
        if banded:
            delta = where(within_band(w, s, price, total, inverse, band), 0.0, delta)
        return delta

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def shrink(r, d, place, banded, band, weights, total, scale, short, legs, arrays):
        """The holdings where purchases are shrunk by `scale`; what those cost, and their fees."""
        purchases, buy_fees = fill(0.0, width), fill(0.0, width)
        inverse = 1.0 / total if banded else purchases
        for n in range(short.size):
            w, s = load(weights, (d - 1, n, place), width), load(legs, (n, BEFORE, 0), width)
            price, on_buy = item(arrays.fill, (r, n)), item(arrays.buy, (r, n))
            delta = change(w, s, price, banded, band, total, inverse)
            up, down = where(delta > 0.0, delta, 0.0), where(delta < 0.0, delta, 0.0)
            cover, long = fill(0.0, width), up * scale
            if short[n]:
                cover = shares_covered(s, up)
                long = (up - cover) * scale
            principal = long * price
            purchases, buy_fees = purchases + principal, fused(principal, on_buy, buy_fees)
            store(legs, (n, SHARES, 0), (s + down) + (cover + long))
        return purchases, buy_fees

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def rebalance(r, d, place, banded, band, weights, total, cash, short, sums, legs, arrays):
        """Cash after the legs have traded to weights[d - 1], (D, N, lanes), of accounts that may all trade.

        total: their `whole_equity`; short: (N,) names that any account is short of, brought up to date; sums: what was
        traded and what that cost; banded: whether the no-trade band of any account, `band`, is above zero.
        """
        zero = fill(0.0, width)
        inverse = 1.0 / total if banded else zero
        sales, sale_fees, covers, cover_fees, purchases, buy_fees = zero, zero, zero, zero, zero, zero
        shorts = zero
        for n in range(short.size):
            if short[n]:
                s = load(legs, (n, SHARES, 0), width)
                shorts = shorts + shares_short(s) * item(arrays.fill, (r, n))
                short[n] = any_of(s < 0.0)  # an exit or a ruin may have ended it
        for n in range(short.size):
            w, s = load(weights, (d - 1, n, place), width), load(legs, (n, SHARES, 0), width)
            price, on_buy = item(arrays.fill, (r, n)), item(arrays.buy, (r, n))
            on_sale = item(arrays.sell, (r, n))
            delta = change(w, s, price, banded, band, total, inverse)
            after, value = s + delta, delta * price
            fall, rise = where(value < 0.0, value, 0.0), where(value > 0.0, value, 0.0)
            sales, sale_fees = sales - fall, fused(fall, -on_sale, sale_fees)
            short[n] = short[n] or any_of(w < 0.0)
            if short[n]:
                up = where(delta > 0.0, delta, 0.0)
                cover = shares_covered(s, up)
                long, principal = up - cover, cover * price
                covers, cover_fees = covers + principal, fused(principal, on_buy, cover_fees)
                left = where(delta < 0.0, after, s)
                shorts = shorts + (shares_short(left) - shares_short(s)) * price
                rise = long * price
                after = where(delta > 0.0, s + (cover + long), after)
            purchases, buy_fees = purchases + rise, fused(rise, on_buy, buy_fees)
            store(legs, (n, BEFORE, 0), s)
            store(legs, (n, SHARES, 0), after)

        # a cover's principal leaves free cash as it is, so only its fee is taken before the longs
        cash = cash + (sales - sale_fees) - cover_fees
        need, free = purchases + buy_fees, cash - shorts
        if any_of(too_dear(need, free, total)):  # else no division is needed
            scale = affordable(need, free, total)
            purchases, buy_fees = shrink(
                r, d, place, banded, band, weights, total, scale, short, legs, arrays
            )
        soon = d < weights.shape[0]
        for n in range(short.size):
            if soon:
                prefetch(weights, (d, n, place))
            if short[n]:
                short[n] = any_of(load(legs, (n, SHARES, 0), width) < 0.0)
        store(sums, (TRADED, 0), load(sums, (TRADED, 0), width) + (sales + (covers + purchases)))
        store(sums, (COST, 0), load(sums, (COST, 0), width) + (sale_fees + (cover_fees + buy_fees)))
        return cash - (purchases + buy_fees) - covers

    return whole_equity, rebalance
