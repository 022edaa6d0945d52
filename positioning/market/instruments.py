"""The security master (instruments.csv), and what a Yahoo symbol outside it must be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, final, get_args

from positioning.errors import BadInputError, did_you_mean
from positioning.market.records import Cells, check_choice, check_filled, parsed, read_records

Kind = Literal["share", "receipt", "fund", "index"]

PENCE: Mapping[str, tuple[str, float]] = MappingProxyType(
    {"GBX": ("GBP", 0.01), "GBp": ("GBP", 0.01), "ZAc": ("ZAR", 0.01), "ILA": ("ILS", 0.01)}
)
"""Units of quotation that are a hundredth of a currency: unit -> (currency, factor)."""

# Yahoo suffix -> (venue, currency, unit of quotation, kind). `.IL` is London's order book for receipts.
SUFFIXES: Mapping[str, tuple[str, str, str, Kind]] = MappingProxyType(
    {
        "": ("XNYS", "USD", "USD", "share"),
        "AD": ("XADS", "AED", "AED", "share"),
        "AS": ("XAMS", "EUR", "EUR", "share"),
        "AT": ("XATH", "EUR", "EUR", "share"),
        "AX": ("XASX", "AUD", "AUD", "share"),
        "BA": ("XBUE", "ARS", "ARS", "share"),
        "BD": ("XBUD", "HUF", "HUF", "share"),
        "BK": ("XBKK", "THB", "THB", "share"),
        "BO": ("XBOM", "INR", "INR", "share"),
        "BR": ("XBRU", "EUR", "EUR", "share"),
        "CL": ("XBOG", "COP", "COP", "share"),
        "CO": ("XCSE", "DKK", "DKK", "share"),
        "DE": ("XETR", "EUR", "EUR", "share"),
        "DU": ("XDUS", "EUR", "EUR", "share"),
        "F": ("XFRA", "EUR", "EUR", "share"),
        "HE": ("XHEL", "EUR", "EUR", "share"),
        "HK": ("XHKG", "HKD", "HKD", "share"),
        "HM": ("XHAM", "EUR", "EUR", "share"),
        "IC": ("XICE", "ISK", "ISK", "share"),
        "IL": ("XLON", "USD", "USD", "receipt"),
        "IR": ("XDUB", "EUR", "EUR", "share"),
        "IS": ("XIST", "TRY", "TRY", "share"),
        "JK": ("XIDX", "IDR", "IDR", "share"),
        "JO": ("XJSE", "ZAR", "ZAc", "share"),
        "KA": ("XKAR", "PKR", "PKR", "share"),
        "KL": ("XKLS", "MYR", "MYR", "share"),
        "KQ": ("XKOS", "KRW", "KRW", "share"),
        "KS": ("XKRX", "KRW", "KRW", "share"),
        "L": ("XLON", "GBP", "GBX", "share"),
        "LM": ("XLIM", "PEN", "PEN", "share"),
        "LS": ("XLIS", "EUR", "EUR", "share"),
        "MC": ("XMAD", "EUR", "EUR", "share"),
        "ME": ("MISX", "RUB", "RUB", "share"),
        "MI": ("XMIL", "EUR", "EUR", "share"),
        "MX": ("XMEX", "MXN", "MXN", "share"),
        "NS": ("XNSE", "INR", "INR", "share"),
        "NZ": ("XNZE", "NZD", "NZD", "share"),
        "OL": ("XOSL", "NOK", "NOK", "share"),
        "PA": ("XPAR", "EUR", "EUR", "share"),
        "PR": ("XPRA", "CZK", "CZK", "share"),
        "PS": ("XPHS", "PHP", "PHP", "share"),
        "RG": ("XRIS", "EUR", "EUR", "share"),
        "SA": ("BVMF", "BRL", "BRL", "share"),
        "SG": ("XSTU", "EUR", "EUR", "share"),
        "SI": ("XSES", "SGD", "SGD", "share"),
        "SN": ("XSGO", "CLP", "CLP", "share"),
        "SR": ("XSAU", "SAR", "SAR", "share"),
        "SS": ("XSHG", "CNY", "CNY", "share"),
        "ST": ("XSTO", "SEK", "SEK", "share"),
        "SW": ("XSWX", "CHF", "CHF", "share"),
        "SZ": ("XSHE", "CNY", "CNY", "share"),
        "T": ("XTKS", "JPY", "JPY", "share"),
        "TA": ("XTAE", "ILS", "ILA", "share"),
        "TL": ("XTAL", "EUR", "EUR", "share"),
        "TO": ("XTSE", "CAD", "CAD", "share"),
        "TW": ("XTAI", "TWD", "TWD", "share"),
        "TWO": ("ROCO", "TWD", "TWD", "share"),
        "V": ("XTSX", "CAD", "CAD", "share"),
        "VI": ("XWBO", "EUR", "EUR", "share"),
        "VS": ("XLIT", "EUR", "EUR", "share"),
        "WA": ("XWAR", "PLN", "PLN", "share"),
    }
)

# Yahoo's suffixes of exchanges that are not covered. Source: Yahoo Finance's list of exchanges and suffixes.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "BE": "Berlin", "CA": "Cairo", "CN": "the Canadian Securities Exchange", "CR": "Caracas", "HA": "Hanover",
        "KW": "Kuwait", "MU": "Munich", "NE": "Cboe Canada", "QA": "Qatar", "RO": "Bucharest", "VN": "Vietnam",
        "XC": "Cboe Europe",
    }
)  # fmt: skip
MONEY = frozenset({*(row[1] for row in SUFFIXES.values()), "BTC", "ETH", "USDT", "USDC"})
"""What the second half of a pair such as BTC-USD is."""

# fmt: off
_COLUMNS = (
    "symbol", "name", "venue", "currency", "quoted_in", "kind", "incorporated",
    "listed", "delisted", "exit_price", "exit_currency", "source",
)
# fmt: on


@final
@dataclass(frozen=True, slots=True)
class Instrument:
    """One line of one venue.

    venue: ISO 10383 MIC. currency: ISO 4217. quoted_in: the unit of its price file (GBX for pence).
    incorporated: ISO country, "" where not known. delisted: the local date on which the listing ended; exit_price:
    cash per share, in `currency`, paid then. recorded: False where it was inferred from the symbol's suffix alone.

    Raises BadInputError for a kind that is not known, a unit that is not the currency's, an exit price without
    a delisting, and a recorded instrument without a source.
    """

    symbol: str
    name: str
    venue: str
    currency: str
    quoted_in: str
    kind: Kind
    incorporated: str = ""
    listed: date | None = None
    delisted: date | None = None
    exit_price: float | None = None
    source: str = ""
    recorded: bool = True

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, get_args(Kind))
        if PENCE.get(self.quoted_in, (self.quoted_in, 1.0))[0] != self.currency:
            raise BadInputError(
                f"quoted_in {self.quoted_in!r} with currency {self.currency!r}",
                "wanted the currency itself or its hundredth",
                f"write {self.currency}, or one of {', '.join(PENCE)} with its own currency",
            )
        if self.exit_price is not None and (self.delisted is None or not self.exit_price > 0):
            raise BadInputError(
                f"exit_price {self.exit_price:g}",
                "wanted cash above zero with a delisted date",
                "fill in delisted, or clear exit_price",
            )
        if self.recorded:
            check_filled("source", self.source, "name the document, or write: general knowledge")


@lru_cache(maxsize=1)
def table() -> Mapping[str, Instrument]:
    """Every recorded instrument by symbol, read once.

    Raises BadInputError naming the line and column of a bad row. Source: instruments.csv, a source per row.
    """
    return read_table(Path(__file__).with_name("instruments.csv"))


def read_table(path: Path) -> Mapping[str, Instrument]:
    """The instruments of a CSV with the columns of the shipped one. Raises BadInputError as `table` does."""
    found: dict[str, Instrument] = {}

    def add(cells: Cells) -> None:
        new = _from_cells(cells)
        if new.symbol in found:
            raise BadInputError(f"symbol {new.symbol!r} again", "wanted each symbol once", "drop one row")
        found[new.symbol] = new

    read_records(path, _COLUMNS, add)
    return MappingProxyType(found)


def instrument(symbol: str) -> Instrument:
    """The recorded instrument, or one inferred from the Yahoo suffix with `recorded=False`.

    A symbol without a suffix is a New York share in US dollars. Currencies and futures are not instruments.
    Raises BadInputError for an index that is not recorded and for a symbol no venue can be read from.
    """
    if symbol in table():
        return table()[symbol]
    stem, _, suffix = symbol.partition(".")
    # Bare digits name no venue: 1157 could be Hong Kong, Shenzhen or Tokyo.
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9&-]*", stem) or (stem.isdigit() and not suffix):
        raise BadInputError(
            f"symbol {symbol!r}",
            "wanted a recorded symbol, or a Yahoo symbol of a share, receipt or fund",
            _nearest(symbol),
        )
    if not suffix and stem.rpartition("-")[0] and stem.rpartition("-")[2] in MONEY:
        raise BadInputError(
            f"symbol {symbol!r}",
            "a pair of currencies trades on no venue and has no sessions; wanted a share, receipt or fund",
            "take a fund that holds it, or write it into no basket",
        )
    if suffix not in SUFFIXES or symbol.endswith("."):
        raise BadInputError(
            f"symbol {symbol!r}",
            f"no venue is known for the suffix {'.' + suffix!r}",
            _beside_suffix(stem, suffix),
        )
    venue, currency, unit, kind = SUFFIXES[suffix]
    return Instrument(symbol, symbol, venue, currency, unit, kind, recorded=False)


def _beside_suffix(stem: str, suffix: str) -> str:
    """What to type in place of a suffix that no venue is known for."""
    held = f"choose a line on one of {', '.join('.' + s for s in SUFFIXES if s)}, or in New York without a suffix"
    if suffix == "US":
        return f"Yahoo writes New York's lines without a suffix: type {stem}"
    if suffix and suffix.upper() in SUFFIXES:
        return f"type {stem}.{suffix.upper()}"
    if len(suffix) == 1 and stem.isalpha() and suffix.isalpha() and suffix not in ELSEWHERE:
        return f"a class of shares? Yahoo writes it with a hyphen: type {stem}-{suffix}"
    if len(suffix) > 2 and (near := [s for s in SUFFIXES if len(s) == 2 and suffix.upper().startswith(s)]):
        return f"Did you mean .{near[0]}?"
    if place := ELSEWHERE.get(suffix):
        return f"it is {place}'s, which is not covered: {held}"
    return held


def _nearest(symbol: str) -> str:
    """Did you mean: a recorded symbol that begins so, or a recorded index where one is asked for."""
    begins = symbol.strip().upper() or " "
    near = [s for s in table() if s.startswith(begins) or s[0] == begins[0] == "^"]
    return did_you_mean(symbol, near) if near else "type a symbol such as NTR, 1157.HK or HSBK.IL"


def _from_cells(cells: Cells) -> Instrument:
    def optional_date(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    if cells["exit_currency"] not in ("", cells["currency"]):
        raise BadInputError(
            f"exit_currency {cells['exit_currency']!r}", "wanted the row's currency", "convert exit_price"
        )
    return Instrument(
        symbol=cells["symbol"],
        name=cells["name"],
        venue=cells["venue"],
        currency=cells["currency"],
        quoted_in=cells["quoted_in"],
        kind=cast(Kind, cells["kind"]),  # checked by the constructor
        incorporated=cells["incorporated"],
        listed=parsed(cells, "listed", optional_date, "a date YYYY-MM-DD, or nothing"),
        delisted=parsed(cells, "delisted", optional_date, "a date YYYY-MM-DD, or nothing"),
        exit_price=parsed(cells, "exit_price", lambda text: float(text) if text else None, "a number"),
        source=cells["source"],
    )
