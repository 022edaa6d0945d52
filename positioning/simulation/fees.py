"""What a trade costs: dated rates by venue, kind of instrument and country, all proportional to value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import Instrument
from positioning.market.records import Cells, check_choice, check_filled, decimal, parsed, read_records

FEES = (
    "commission",
    "half_spread",
    "stamp_duty",
    "transaction_levy",
    "afrc_levy",
    "trading_fee",
    "settlement_fee",
    "sec_fee",
    "borrow",
)
_ON_TRADES = FEES[:-1]
_CELLS = [*((fee, side) for side in ("buy", "sell") for fee in _ON_TRADES), ("borrow", "short")]
_COLUMNS = ("venue", "kind", "incorporated", "fee", "side", "bps", "start", "source")
_CHOICES = {"kind": ("share", "receipt", "fund", "*"), "fee": FEES, "side": ("buy", "sell", "both", "short")}
_CODES = {
    "venue": (r"\*|[A-Z0-9]{4}", "an ISO 10383 market code such as XHKG, or *"),
    "incorporated": (r"\*|[A-Z]{2}", "an ISO 3166 country such as GB, or *"),
}
# The listing venue does not change what a US trade costs, so one set of rows serves them all.
MOST_BPS = 10_000  # of a trade: all of it
MOST_BORROW_BPS = 100_000  # a year: what is hardest to borrow has cost several times its value
Place = tuple[str, str, str]  # venue, kind and country of an instrument
Steps = list[tuple[np.datetime64, float]]  # from which date on, and what fraction
_SAME_FEES = {"XNAS": "XNYS", "XASE": "XNYS", "ARCX": "XNYS"}


@final
@dataclass(frozen=True, slots=True)
class FeeRate:
    """One rate from one date on.

    venue: ISO 10383 market code or *; kind: share, receipt, fund or *; incorporated: ISO country or *.
    side: buy, sell or both; short for borrow, and only there. bps: 1e-4 of value, for borrow a year.
    start: datetime64[D], the first date the rate holds. source: who set it, or "assumption: ...".

    Raises BadInputError naming the field.
    """

    venue: str
    kind: str
    incorporated: str
    fee: str
    side: str
    bps: float
    start: np.datetime64
    source: str

    def __post_init__(self) -> None:
        for name, options in _CHOICES.items():
            check_choice(name, getattr(self, name), options)
        for name, (pattern, meaning) in _CODES.items():
            if not re.fullmatch(pattern, word := getattr(self, name)):
                raise BadInputError(f"{name} {word!r}", f"wanted {meaning}", f"correct the {name}")
        check_filled("source", self.source, "name the statute or notice, or write: assumption: ...")
        most = MOST_BORROW_BPS if self.fee == "borrow" else MOST_BPS
        if not 0 <= self.bps <= most:
            raise BadInputError(f"bps {self.bps:g}", f"wanted a number from 0 to {most:,}", "correct the bps")
        if (self.fee == "borrow") != (self.side == "short"):
            raise BadInputError(
                f"side {self.side!r} for {self.fee}",
                "wanted short for borrow; buy, sell or both for the rest",
                "correct the side",
            )

    @property
    def reach(self) -> tuple[str, str, str]:
        """Venue (US listing venues as XNYS), kind and country: what the rate applies to."""
        return _SAME_FEES.get(self.venue, self.venue), self.kind, self.incorporated

    @property
    def sides(self) -> tuple[str, ...]:
        """The single sides it is charged on."""
        return ("buy", "sell") if self.side == "both" else (self.side,)


@final
@dataclass(frozen=True)
class FeeTable:
    """Dated rates, and the name a page gives them."""

    rates: tuple[FeeRate, ...]
    label: str

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> FeeRates:
        """The rates of N instruments on T dates ((T,) datetime64[D], ascending).

        Of the rates in force on a date the one with the fewest * holds, and of its dated versions the latest.
        Before the first rate, and for indices (not tradable), the fee is zero.

        Raises BadInputError where two rates fit an instrument equally well.
        """
        paths: dict[Place, FloatArray] = {}  # many instruments, few places
        every = np.zeros((len(_CELLS), dates.size, len(instruments)))
        for n, i in enumerate(instruments):
            if i.kind == "index":
                continue
            place = _SAME_FEES.get(i.venue, i.venue), i.kind, i.incorporated
            if place not in paths:
                paths[place] = np.stack([_path(dates, steps) for steps in self._steps(place)])
            every[:, :, n] = paths[place]
        k = len(_ON_TRADES)
        return FeeRates(_ON_TRADES, every[:k], every[k : 2 * k], every[2 * k])

    @cached_property
    def _known_steps(self) -> dict[Place, list[Steps]]:
        """What `_steps` has worked out: a search asks for the same places at each trial."""
        return {}

    def _steps(self, place: Place) -> list[Steps]:
        """By cell the dates on which the rate of a place changes, and to what."""
        if place not in self._known_steps:
            fitting = [r for r in self.rates if all(map(_covers, r.reach, place))]
            by_cell = [[r for r in fitting if r.fee == fee and side in r.sides] for fee, side in _CELLS]
            self._known_steps[place] = [_steps(rates) for rates in by_cell]
        return self._known_steps[place]


@final
@dataclass(frozen=True, eq=False)
class FeeRates:
    """Rates as arrays: K kinds of fee on trades, T dates, N instruments.

    buy, sell: (K, T, N) float64, fraction of the value traded.
    borrow: (T, N) float64, fraction of the short market value a year.
    """

    kinds: tuple[str, ...]
    buy: FloatArray
    sell: FloatArray
    borrow: FloatArray

    @cached_property
    def buy_total(self) -> FloatArray:
        """(T, N): all fees on a purchase, fraction of its value."""
        total: FloatArray = self.buy.sum(axis=0)
        return total

    @cached_property
    def sell_total(self) -> FloatArray:
        """(T, N): all fees on a sale, fraction of its value."""
        total: FloatArray = self.sell.sum(axis=0)
        return total


def read_fees(name_or_path: str = "default") -> FeeTable:
    """The fee table "default" (shipped), "none" (no fees), or a CSV file with the columns of the shipped one.

    Raises BadInputError naming the line and the field: a missing column, source or cell, an unknown word,
    bps not finite or negative, a date not ISO, a rate given twice.
    """
    if name_or_path == "none":
        return FeeTable((), "none")
    path = Path(__file__).with_name("fees.csv") if name_or_path == "default" else Path(name_or_path)
    if not path.is_file():
        requirement, named = (
            "wanted none, default or a CSV file",
            did_you_mean(name_or_path, ("none", "default")),
        )
        raise BadInputError(f"no fees {name_or_path!r}", requirement, named)
    known_keys: set[tuple[str, ...]] = set()

    def add(cells: Cells) -> FeeRate:
        rate = _from_cells(cells)
        keys = {(*rate.reach, rate.fee, side, str(rate.start)) for side in rate.sides}
        for key in sorted(keys & known_keys):
            requirement = "wanted one rate for each venue, kind, country, fee, side and start"
            raise BadInputError(f"duplicate of {' '.join(key)}", requirement, "drop one row")
        known_keys.update(keys)
        return rate

    return FeeTable(read_records(path, _COLUMNS, add), name_or_path)


def _from_cells(cells: Cells) -> FeeRate:
    return FeeRate(
        venue=cells["venue"],
        kind=cells["kind"],
        incorporated=cells["incorporated"],
        fee=cells["fee"],
        side=cells["side"],
        bps=parsed(cells, "bps", decimal, "a number, zero or more"),
        start=parsed(cells, "start", lambda text: np.datetime64(date.fromisoformat(text), "D"), "YYYY-MM-DD"),
        source=cells["source"],
    )


def _covers(pattern: str, value: str) -> bool:
    return pattern in ("*", value)


def _path(dates: DateArray, steps: Steps) -> FloatArray:
    """(T,) fractions."""
    path = np.zeros(dates.size)
    for start, fraction in steps:
        path[dates.searchsorted(start) :] = fraction
    return path


def _steps(rates: list[FeeRate]) -> Steps:
    """(date, fraction) in order: the winner changes only on dates on which some rate starts."""
    return [
        (start, _winner([r for r in rates if r.start <= start]).bps / 1e4)
        for start in sorted({r.start for r in rates})
    ]


def _winner(rates: list[FeeRate]) -> FeeRate:
    """The most specific of the rates in force, then the latest."""
    stars = min(r.reach.count("*") for r in rates)
    best = max((r for r in rates if r.reach.count("*") == stars), key=lambda r: r.start)
    for r in rates:
        if r.reach.count("*") == stars and r is not best and (r.reach != best.reach or r.start == best.start):
            raise BadInputError(
                f"fees {' '.join(r.reach)} and {' '.join(best.reach)} fit {r.fee} equally well",
                "wanted one most specific rate",
                "keep one, or add a rate with all three given",
            )
    return best
