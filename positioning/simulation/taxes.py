"""What is withheld from a dividend: dated rates by the payer's country of incorporation and the investor's domicile."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import Instrument
from positioning.market.records import Cells, check_filled, decimal, parsed, read_records

GROSS = "gross: nothing is withheld"
DOMICILES = ("US", "IE", "UK", "HK")
_COLUMNS = ("country", "symbol", "domicile", "rate", "start", "source")


@final
@dataclass(frozen=True, slots=True)
class WithholdingRate:
    """One rate from one date on.

    country: ISO code of the payer; symbol: a payer that its country does not settle, else "". domicile: of the
    investor, or * for any without a rate of its own. rate: per cent of the gross dividend. start: datetime64[D].

    Raises BadInputError naming the field.
    """

    country: str
    symbol: str
    domicile: str
    rate: float
    start: np.datetime64
    source: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{2}", self.country):
            raise BadInputError(
                f"country {self.country!r}", "wanted an ISO country such as CA", "correct the country"
            )
        if not re.fullmatch(r"\*|[A-Z]{2}", self.domicile):
            raise BadInputError(
                f"domicile {self.domicile!r}", "wanted two letters, or *", "correct the domicile"
            )
        if not (math.isfinite(self.rate) and 0 <= self.rate <= 100):
            raise BadInputError(f"rate {self.rate:g}", "wanted 0 to 100 per cent", "correct the rate")
        check_filled("source", self.source, "name the law or the table, or write: assumption: ...")


@final
@dataclass(frozen=True)
class DividendTax:
    """The rates, for an investor of one domicile (* for a table of one's own). label: what a page calls it."""

    rates: tuple[WithholdingRate, ...]
    domicile: str
    label: str

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> tuple[FloatArray, BoolArray]:
        """(T, N) fraction withheld, and (N,) whether any rate is on record for the payer.

        A rate of the payer's symbol goes before its country's, one of the domicile before *; of these the latest that
        has begun holds. Before the first nothing is withheld.
        """
        out, has_rate = np.zeros((dates.size, len(instruments))), np.zeros(len(instruments), dtype=bool)
        for n, i in enumerate(instruments):
            own = [r for r in self.rates if r.symbol == i.symbol] or [
                r for r in self.rates if not r.symbol and r.country == i.incorporated
            ]
            fits = [r for r in own if r.domicile == self.domicile] or [r for r in own if r.domicile == "*"]
            has_rate[n] = bool(fits)
            for r in sorted(fits, key=lambda r: r.start):
                out[dates.searchsorted(r.start) :, n] = r.rate / 100.0
        return out, has_rate


def read_tax(investor: str = "none") -> DividendTax | None:
    """The shipped table for an investor of US, IE (a UCITS fund), UK or HK; None for "none", who is paid gross; or a
    CSV file with the columns of the shipped one, of which the rows with domicile * hold.

    Raises BadInputError naming the line and the field: a missing column, a country, rate or date that cannot be, a rate
    given twice.
    """
    if investor.lower() == "none":
        return None
    shipped = investor.upper() in DOMICILES
    path = Path(__file__).with_name("dividend_tax.csv") if shipped else Path(investor)
    if not path.is_file():
        raise BadInputError(
            f"no investor {investor!r}",
            f"wanted none, {', '.join(DOMICILES)}, or a CSV file",
            did_you_mean(investor, ("none", *DOMICILES)),
        )
    keys: set[tuple[str, str, str, str]] = set()

    def add(cells: Cells) -> WithholdingRate:
        rate = WithholdingRate(
            country=cells["country"],
            symbol=cells["symbol"],
            domicile=cells["domicile"],
            rate=parsed(cells, "rate", decimal, "a number, per cent"),
            start=parsed(cells, "start", lambda t: np.datetime64(date.fromisoformat(t), "D"), "YYYY-MM-DD"),
            source=cells["source"],
        )
        key = (rate.country, rate.symbol, rate.domicile, str(rate.start))
        if key in keys:
            raise BadInputError(f"duplicate of {' '.join(key)}", "wanted one rate each", "drop one row")
        keys.add(key)
        return rate

    rates = read_records(path, _COLUMNS, add)
    domicile = investor.upper() if shipped else "*"
    label = f"withheld as from an investor in {domicile}" if shipped else f"withheld by {path.name}"
    return DividendTax(rates, domicile, label)
