"""Rows on which an account only holds: what its cash becomes, and what it is worth.

Each function is made for a width: one account (1), or WIDTH of them side by side; see `vectors`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from positioning.compiled import compiled_part
from positioning.simulation.ledger_arrays import DUST, SHARES, SPELL
from positioning.vectors import any_of, fill, fused, item, load, negated, store, where

MARGIN = 1e-9  # parts of all that is held and owed by which equity must stay above zero for a spell to be taken whole
BESIDE, FEW = 4, 1  # rows valued together, and by themselves


@cache  # so that it is compiled once for all that hold it
def build_accrue(width: int) -> Any:
    """Financing and dividends on what was held overnight."""

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def accrue(first, end, origin, cash, legs, short, owing, arrays, path):
        """Cash after rows first .. end - 1 (end - first <= SPELL), also into path (SPELL, width) from its
        place for row `origin`, and the least of it.
        short: (N,) the names that any of these accounts is short of; owing: (N,) room for their numbers."""
        dividend, tax, borrow, growth, mark, paying = (
            arrays.dividend, arrays.tax, arrays.borrow, arrays.growth, arrays.mark, arrays.paying,
        )  # fmt: skip
        n_names, owed, lowest = short.size, 0, cash
        for n in range(n_names):
            if short[n]:
                owing[owed] = n
                owed += 1
        for r in range(first, end):
            rate = item(growth, (r,))
            if item(paying, (r,)):
                carry = cash * rate
                for n in range(n_names):
                    per_share, withheld, charge = dividend[r, n], tax[r, n], borrow[r, n]
                    s = load(legs, (n, SHARES, 0), width)
                    if per_share != 0.0:
                        carry = carry + s * per_share
                        if withheld != 0.0:
                            carry = carry - where(s > 0.0, s, 0.0) * withheld
                    if short[n] and charge != 0.0:
                        carry = carry + where(s < 0.0, s, 0.0) * mark[r - 1, n] * charge
                cash = cash + carry
            elif owed > 0 or rate != 0.0:
                carry = cash * rate if rate != 0.0 else fill(0.0, width)
                for i in range(owed):
                    n = item(owing, (i,))
                    s, charge = load(legs, (n, SHARES, 0), width), item(borrow, (r, n))
                    if charge != 0.0:
                        carry = carry + where(s < 0.0, s, 0.0) * item(mark, (r - 1, n)) * charge
                cash = cash + carry
            store(path, (r - origin, 0), cash)
            lowest = where(cash < lowest, cash, lowest)
        return cash, lowest

    return accrue


@cache
def build_hold(width: int) -> Any:  # noqa: PLR0915 - what belongs to a spell, in one place
    """A spell without an order, an exit or a trapped holding."""
    accrue = build_accrue(width)

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def hold(first, end, begun, cash, last, dead, legs, short, shorted, owing, arrays, path, nav, lane):
        """Nav of rows first .. end - 1, at most SPELL of them, into nav (T, lanes) from `lane` on; the
        cash and the nav after the last; and whether it holds: False where one of the accounts might be ruined or in
        debt meanwhile, and then the rows are to be taken one by one. begun: whether row `first` has had its
        financing, dividends and orders, and is only to be valued; last: nav before; dead: where there is no account;
        shorted: whether any is short of anything."""
        mark, least, most = arrays.mark, arrays.least, arrays.most
        n_names, spell, later = short.size, first // SPELL, (end - 1) // SPELL
        after, lowest = cash, cash
        paid = first + 1 if begun else first
        still = not shorted and item(arrays.moving, (paid,)) >= end  # cash stays as it is
        if not still:
            store(path, (0, 0), cash)
            after, lowest = accrue(paid, end, first, cash, legs, short, owing, arrays, path)
        # Holdings alone, whose prices do not fall to nothing, beside cash that is more than dust: none can be ruined.
        safe = not shorted and item(arrays.steady, (spell,))
        safe = safe and not any_of(negated(dead | ((lowest > 0.0) & (lowest > DUST * last))))
        if not safe:
            # No price of the spell is below `least` or above `most`: if equity stays above zero at the worst of them,
            # no account is ruined, neither at fill prices nor at marks.
            equity, gross = lowest, where(lowest < 0.0, -lowest, lowest)
            for n in range(n_names):
                s = load(legs, (n, SHARES, 0), width)
                low = min(item(least, (spell, n)), item(least, (later, n)))
                high = max(item(most, (spell, n)), item(most, (later, n)))
                if short[n]:
                    equity = equity + where(s > 0.0, s * low, s * high)
                    gross = gross + where(s > 0.0, s, -s) * high
                else:
                    equity, gross = fused(s, low, equity), fused(s, high, gross)
            safe = not any_of(negated(dead | ((equity > MARGIN * gross) & (equity > DUST * last))))

        r, total, zero = first if safe else end, cash, fill(0.0, width)
        while r + BESIDE <= end:  # so that holdings are fetched once for all of them
            a, b, c, d = zero, zero, zero, zero
            for n in range(n_names):
                s = load(legs, (n, SHARES, 0), width)
                a = fused(s, item(mark, (r, n)), a)
                b = fused(s, item(mark, (r + 1, n)), b)
                c = fused(s, item(mark, (r + 2, n)), c)
                d = fused(s, item(mark, (r + 3, n)), d)
            if still:
                a, b, c, d = a + cash, b + cash, c + cash, d + cash
            else:
                at = r - first
                a, b = a + load(path, (at, 0), width), b + load(path, (at + 1, 0), width)
                c, d = c + load(path, (at + 2, 0), width), d + load(path, (at + 3, 0), width)
            store(nav, (r, lane), a)
            store(nav, (r + 1, lane), b)
            store(nav, (r + 2, lane), c)
            store(nav, (r + 3, lane), d)
            total = d
            # some may be valued twice, which is quicker than more than FEW one by one
            r = end - BESIDE if r + BESIDE + FEW < end < r + 2 * BESIDE else r + BESIDE
        while r < end:
            total = zero
            for n in range(n_names):
                total = fused(load(legs, (n, SHARES, 0), width), item(mark, (r, n)), total)
            total = total + (cash if still else load(path, (r - first, 0), width))
            store(nav, (r, lane), total)
            r += 1
        return after, total, safe, still

    return hold


@cache
def build_appraise(width: int) -> tuple[Any, Any]:
    """What accounts are worth."""

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def appraise_leg(n, price, frozen, legs, total, trapped):
        """`total` and `trapped` of `appraise` with one leg more."""
        s = load(legs, (n, SHARES, 0), width)
        if frozen:
            return fused(where(s < 0.0, s, 0.0), price, total), fused(where(s > 0.0, s, 0.0), price, trapped)
        return fused(s, price, total), trapped

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def appraise(r, cash, legs, arrays):
        """Free equity at the marks of a row, and the value of frozen long holdings, which are no part of it."""
        total, trapped = fill(0.0, width), fill(0.0, width)
        for n in range(arrays.exit_row.size):
            price, frozen = item(arrays.mark, (r, n)), item(arrays.frozen, (r, n))
            total, trapped = appraise_leg(n, price, frozen, legs, total, trapped)
        return total + cash, trapped

    @compiled_part(error_model="numpy", forceinline=True, _nrt=False)
    def appraise_at_fill(r, fresh, cash, legs, worth, arrays):
        """The same at its fill prices, which are written to worth (N,); fresh: whether it was decided the row before."""
        total, trapped = fill(0.0, width), fill(0.0, width)
        for n in range(arrays.exit_row.size):
            # what opened before the decision was known is worth its last mark
            unseen, frozen = fresh and item(arrays.early, (r, n)), item(arrays.frozen, (r, n))
            price = item(arrays.last, (r, n)) if unseen else item(arrays.value, (r, n))
            store(worth, (n,), price)
            total, trapped = appraise_leg(n, price, frozen, legs, total, trapped)
        return total + cash, trapped

    return appraise, appraise_at_fill
