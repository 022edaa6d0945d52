"""The profit of an account by part: price, currency, dividends, taxes, costs, impact and financing."""

from __future__ import annotations

import numpy as np

from positioning.arrays import FloatArray
from positioning.simulation.ledger import Ledger, times

PARTS = ("price", "currency", "dividends", "taxes", "costs", "impact", "financing")


def profit_parts(ledger: Ledger) -> dict[str, FloatArray]:
    """(T, N) profit by part, in units of opening nav; the parts add up to the change of nav.

    price: shares held x change of local price at the old rate (and of what a trapped holding counts), and
    shares traded x (mark - paid). currency: shares held x new local price x change of the rate. dividends:
    gross; taxes: withheld of them from longs (negative); costs (fees, negative); impact: of the size of trades on
    their price (negative, 0 without a capital); financing: borrow paid.
    Interest on cash belongs to no leg: see `Ledger.interest`. After ruin what is owed beyond zero is forgiven: see
    `Ledger.deficit`.
    """
    inputs, shares = ledger.inputs, ledger.held_before
    mark, local = ledger.final_marks, inputs.local
    rate = np.divide(inputs.mark, local, out=np.zeros_like(local), where=np.isfinite(local))
    price, currency = np.zeros_like(mark), np.zeros_like(mark)
    currency[1:] = times(shares[1:], local[1:] * (rate[1:] - rate[:-1]) * ledger.mark_factors[1:])
    last = inputs.mark[:-1] * ledger.mark_factors[:-1]
    price[1:] = times(shares[1:], mark[1:] - last) - currency[1:]
    traded = times(ledger.trades, mark - ledger.paid)
    parts = {
        "price": price + traded,
        "currency": currency,
        "dividends": shares * inputs.dividend,
        "taxes": -np.maximum(shares, 0.0) * inputs.tax,
        "costs": -sum(ledger.costs.values(), np.zeros_like(mark)),
        "impact": 0.0 - ledger.impact,
        "financing": np.zeros_like(mark),
    }
    parts["dividends"][0] = parts["taxes"][0] = 0.0
    parts["financing"][1:] = np.minimum(shares[1:], 0.0) * np.nan_to_num(inputs.mark[:-1]) * inputs.borrow[1:]
    return parts
