"""Rows on which an account only holds: what its cash becomes, and what it is worth.

Each function is made for a width: one account (1), or WIDTH of them side by side; see `vectors`.
"""

from __future__ import annotations

from typing import Any

from positioning.compiled import compiled
from positioning.simulation.ledger_arrays import DUST, SHARES, SPELL
from positioning.vectors import any_of, fill, item, load, negated, store, where

MARGIN = 1e-9  # parts of all that is held and owed by which equity must stay above zero for a spell to be taken whole
BESIDE = 4  # rows valued together


def build_accrue(width: int) -> Any:
    """Financing and dividends on what was held overnight."""

    @compiled(error_model="numpy", forceinline=True, _nrt=False)
    def accrue(first, end, cash, legs, short, owing, arrays, path):
        """Cash after rows first .. end - 1 (end - first <= SPELL), also into path (SPELL, width), and the least of it.
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
                carry = cash * rate
                for i in range(owed):
                    n = item(owing, (i,))
                    s, charge = load(legs, (n, SHARES, 0), width), item(borrow, (r, n))
                    if charge != 0.0:
                        carry = carry + where(s < 0.0, s, 0.0) * item(mark, (r - 1, n)) * charge
                cash = cash + carry
            store(path, (r - first, 0), cash)
            lowest = where(cash < lowest, cash, lowest)
        return cash, lowest

    return accrue


def build_hold(width: int) -> Any:
    """A spell without an order, an exit or a trapped holding."""
    accrue = build_accrue(width)

    @compiled(error_model="numpy", forceinline=True, _nrt=False)
    def hold(first, end, cash, last, dead, legs, short, shorted, owing, arrays, path, nav, lane):
        """Nav of rows first .. end - 1, all within one stretch of SPELL rows, into nav (T, lanes) from `lane` on; the
        cash and the nav after the last; and whether it holds: False where one of the accounts might be ruined or in
        debt meanwhile, and then the rows are to be taken one by one. last: nav before; dead: where there is no account;
        shorted: whether any is short of anything."""
        mark, least, most = arrays.mark, arrays.least, arrays.most
        n_names, spell = short.size, first // SPELL
        after, lowest = cash, cash
        still = not shorted and item(arrays.moving, (first,)) >= end  # cash stays as it is
        if not still:
            after, lowest = accrue(first, end, cash, legs, short, owing, arrays, path)
        # No price of the spell is below `least` or above `most`: if equity stays above zero at the worst of them, no
        # account is ruined, neither at fill prices nor at marks.
        equity, gross = lowest, where(lowest < 0.0, -lowest, lowest)
        for n in range(n_names):
            s, low, high = load(legs, (n, SHARES, 0), width), item(least, (spell, n)), item(most, (spell, n))
            if short[n]:
                equity = equity + where(s > 0.0, s * low, s * high)
                gross = gross + where(s > 0.0, s, -s) * high
            else:
                equity = equity + s * low
                gross = gross + s * high
        safe = not any_of(negated(dead | ((equity > MARGIN * gross) & (equity > DUST * last))))

        r, total = first if safe else end, cash
        while r + BESIDE <= end:  # so that holdings are fetched once for all of them
            a, b, c, d, at = cash, cash, cash, cash, r - first
            if not still:
                a, b = load(path, (at, 0), width), load(path, (at + 1, 0), width)
                c, d = load(path, (at + 2, 0), width), load(path, (at + 3, 0), width)
            for n in range(n_names):
                s = load(legs, (n, SHARES, 0), width)
                a = a + s * item(mark, (r, n))
                b = b + s * item(mark, (r + 1, n))
                c = c + s * item(mark, (r + 2, n))
                d = d + s * item(mark, (r + 3, n))
            store(nav, (r, lane), a)
            store(nav, (r + 1, lane), b)
            store(nav, (r + 2, lane), c)
            store(nav, (r + 3, lane), d)
            total = d
            # the last of them may be valued twice, which is quicker than one by one
            r = end - BESIDE if r + BESIDE < end < r + 2 * BESIDE else r + BESIDE
        while r < end:
            total = cash if still else load(path, (r - first, 0), width)
            for n in range(n_names):
                total = total + load(legs, (n, SHARES, 0), width) * item(mark, (r, n))
            store(nav, (r, lane), total)
            r += 1
        return after, total, safe, still

    return hold


def build_appraise(width: int) -> Any:
    """What accounts are worth."""

    @compiled(error_model="numpy", forceinline=True, _nrt=False)
    def appraise(prices, frozen, cash, legs):
        """Free equity at these prices, and the value of frozen long holdings, which are no part of it."""
        total, trapped = cash, fill(0.0, width)
        for n in range(prices.size):
            s, price = load(legs, (n, SHARES, 0), width), item(prices, (n,))
            if item(frozen, (n,)):
                trapped = trapped + where(s > 0.0, s, 0.0) * price
                total = total + where(s < 0.0, s, 0.0) * price
            else:
                total = total + s * price
        return total, trapped

    return appraise
