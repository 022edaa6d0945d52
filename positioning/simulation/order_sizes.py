"""What an order is made of: board lots and least commissions, dated, where they are on record."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.instruments import Instrument
from positioning.market.records import Cells, check_filled, decimal, parsed, read_records, whole

_LOTS = ("venue", "symbol", "shares", "start", "source")
_LEAST = ("venue", "amount", "currency", "start", "source")


@final
@dataclass(frozen=True, slots=True)
class BoardLot:
    """Shares that trade together from `start` (datetime64[D]) on: of a venue (ISO 10383 code), or of one symbol of it
    ("" for all without a row of their own). Raises BadInputError naming the field."""

    venue: str
    symbol: str
    shares: int
    start: np.datetime64
    source: str

    def __post_init__(self) -> None:
        _check_venue(self.venue)
        if self.shares < 1:
            raise BadInputError(f"shares {self.shares}", "wanted one or more", "correct the shares")
        check_filled("source", self.source, "name the list or the rule")


@final
@dataclass(frozen=True, slots=True)
class LeastFee:
    """Least commission of an order on a venue from `start` (datetime64[D]) on. Raises BadInputError naming the field."""

    venue: str
    amount: float
    currency: str
    start: np.datetime64
    source: str

    def __post_init__(self) -> None:
        _check_venue(self.venue)
        if not (math.isfinite(self.amount) and self.amount >= 0):
            raise BadInputError(f"amount {self.amount:g}", "wanted zero or more", "correct the amount")
        check_filled("source", self.source, "name the price list, or write: assumption: ...")


def _check_venue(venue: str) -> None:
    if not re.fullmatch("[A-Z0-9]{4}", venue):
        raise BadInputError(f"venue {venue!r}", "wanted an ISO 10383 market code", "correct the venue")


def lots_on(
    lots: Sequence[BoardLot], dates: DateArray, instruments: Sequence[Instrument]
) -> tuple[FloatArray, tuple[str, ...]]:
    """(T, N) shares of a lot, 0 where none is on record, and the symbols of which none is on record at any date.

    A row of the symbol goes before one of its venue. Before the first row on record the first holds: a lot is changed,
    not introduced. Lots are of shares as prices are, splits and all.
    """
    out, unknown = np.zeros((dates.size, len(instruments))), list[str]()
    for n, i in enumerate(instruments):
        here = [x for x in lots if x.venue == _home(i.venue)]
        own = [x for x in here if x.symbol == i.symbol] or [x for x in here if not x.symbol]
        if not own:
            unknown.append(i.symbol)
        for x in sorted(own, key=lambda x: x.start):
            first = x is min(own, key=lambda x: x.start)
            out[0 if first else dates.searchsorted(x.start) :, n] = x.shares
    return out, tuple(unknown)


def least_on(
    fees: Sequence[LeastFee], dates: DateArray, instruments: Sequence[Instrument]
) -> tuple[FloatArray, tuple[str, ...]]:
    """(T, N) least commission of an order in the instrument's currency, 0 where none is on record in it, and the symbols
    of which that is so. Before the first row on record the first holds."""
    out, unknown = np.zeros((dates.size, len(instruments))), list[str]()
    for n, i in enumerate(instruments):
        own = [f for f in fees if f.venue == _home(i.venue) and f.currency == i.currency]
        if not own:
            unknown.append(i.symbol)
        for f in sorted(own, key=lambda f: f.start):
            first = f is min(own, key=lambda f: f.start)
            out[0 if first else dates.searchsorted(f.start) :, n] = f.amount
    return out, tuple(unknown)


def _home(venue: str) -> str:
    """US listing venues as XNYS: an order in New York costs the same wherever the name is listed."""
    return "XNYS" if venue in ("XNAS", "XASE", "ARCX") else venue


def read_lots(path: Path | None = None) -> tuple[BoardLot, ...]:
    """The shipped board lots, or those of a CSV file with the same columns. Raises BadInputError naming the line."""

    def add(cells: Cells) -> BoardLot:
        return BoardLot(
            cells["venue"], cells["symbol"], parsed(cells, "shares", whole, "a whole number"), _day(cells),
            cells["source"],
        )  # fmt: skip

    return read_records(path or Path(__file__).with_name("board_lots.csv"), _LOTS, add)


def read_least_fees(path: Path | None = None) -> tuple[LeastFee, ...]:
    """The shipped least commissions, or those of a CSV file with the same columns. Raises BadInputError naming the
    line."""

    def add(cells: Cells) -> LeastFee:
        amount = parsed(cells, "amount", decimal, "a number, zero or more")
        return LeastFee(cells["venue"], amount, cells["currency"], _day(cells), cells["source"])

    return read_records(path or Path(__file__).with_name("least_fees.csv"), _LEAST, add)


def _day(cells: Cells) -> np.datetime64:
    return parsed(cells, "start", lambda t: np.datetime64(date.fromisoformat(t), "D"), "YYYY-MM-DD")
