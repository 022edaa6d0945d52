"""What sanctions do to an account: purchases barred, holdings frozen, listings ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.events.restriction import Restriction, held_back, standing
from positioning.market.market import Market

MOST_PREMIUM = 50.0  # of a last close: what an exit may pay; pence for pounds are a hundred
MARKS = {"last": 1.0, "zero": 0.0}


@final
@dataclass(frozen=True, eq=False)
class TradingConstraints:
    """Restrictions as the ledger reads them, over T market rows and N instruments.

    no_buy: (T, N) purchases are barred, but for covering a short. frozen: (T, N) the name cannot be traded;
    what is held long is trapped. exit_row: (N,) row of the forced exit, T or more for none; exit_price: (N,)
    cash per share then, instrument's currency, NaN where no terms are on record. mark_factor: fraction of the last
    price a trapped holding is marked at; mark: what the user called it.
    """

    no_buy: BoolArray
    frozen: BoolArray
    exit_row: IntArray
    exit_price: FloatArray
    mark_factor: float
    mark: str


def trading_constraints(
    market: Market,
    restrictions: Sequence[Restriction] = (),
    no_buy: BoolArray | None = None,
    mark: str = "last",
) -> TradingConstraints:
    """The constraints of a market: freezes and delistings on record, purchases that the user's own restrictions bar,
    and what a strategy's screen bars, (T, N) no_buy.

    A freeze lasts until each of its grounds is lifted, by the effective dates. A delisting not among the restrictions
    but in the instrument table holds too. mark: last, zero or haircut:X (X of the last price is lost). Raises
    BadInputError for another mark, and for a recovery above MOST_PREMIUM times the last close.
    """
    shape = (market.rows.size, len(market.instruments))
    frozen = held_back(restrictions, market.symbols, market.rows, ("frozen",), Restriction.holds_from)
    exit_row, exit_price = np.full(shape[1], shape[0], dtype=np.int64), np.full(shape[1], np.nan)
    for n, i in enumerate(market.instruments):
        ended = [r for r in standing(restrictions, i.symbol) if r.kind == "delisted"]
        listed_to = None if i.delisted is None else np.datetime64(i.delisted, "D")
        day = ended[-1].holds_from() if ended else listed_to
        terms = ended[-1].recovery if ended and ended[-1].recovery is not None else i.exit_price
        if day is not None:
            exit_row[n] = np.searchsorted(market.rows, day, side="right")
            exit_price[n] = np.nan if terms is None else terms
            if ended and ended[-1].recovery is not None:
                _require_credible(market, n, int(exit_row[n]), ended[-1].recovery)
    buying_barred = held_back(
        restrictions, market.symbols, market.rows, ("no_buy",), Restriction.known_on, binding=True
    )
    if no_buy is not None:
        buying_barred |= no_buy
    return TradingConstraints(buying_barred, frozen, exit_row, exit_price, mark_factor(mark), mark)


def _require_credible(market: Market, n: int, row: int, price: float) -> None:
    """BadInputError for an exit that pays over MOST_PREMIUM times the last close before it: no offer ever did."""
    closes = market.close[:row, n]
    closes_before = closes[np.isfinite(closes)]
    if closes_before.size and price > MOST_PREMIUM * closes_before[-1]:
        i = market.instruments[n]
        raise BadInputError(
            f"recovery {price:g} of {i.symbol}, whose last close was {closes_before[-1]:g} {i.currency}",
            f"wanted cash per share in {i.currency}" + (", not in pence" if i.currency == "GBP" else ""),
            "correct the recovery, or leave it empty",
        )


def mark_factor(mark: str) -> float:
    """The fraction of the last price that a mark keeps: last 1, zero 0, haircut:0.3 keeps 0.7."""
    name, _, cut = mark.partition(":")
    if not cut and name in MARKS:
        return MARKS[name]
    try:
        loss = float(cut) if name == "haircut" else float("nan")
    except ValueError:
        loss = float("nan")
    if not 0 <= loss <= 1:
        raise BadInputError(
            f"mark={mark}",
            "wanted last, zero or haircut:X with X from 0 to 1",
            "give mark=haircut:0.5",
            "mark",
        )
    return 1.0 - loss
