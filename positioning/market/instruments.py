"""The security master (instruments.csv, and what a thesis adds), and what a Yahoo symbol outside it must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, final, get_args

from positioning.errors import BadInputError, did_you_mean
from positioning.market.identifiers import found_under, is_isin
from positioning.market.records import Cells, check_choice, check_filled, decimal, parsed, read_records
from positioning.market.suffixes import MONEY, SUFFIXES, beside_suffix
from positioning.market.venues import calendar_name

Kind = Literal["share", "receipt", "fund", "index"]

PENCE: Mapping[str, tuple[str, float]] = MappingProxyType(
    {"GBX": ("GBP", 0.01), "GBp": ("GBP", 0.01), "ZAc": ("ZAR", 0.01), "ILA": ("ILS", 0.01)}
)
"""Units of quotation that are a hundredth of a currency: unit -> (currency, factor)."""

# fmt: off
_COLUMNS = (
    "symbol", "name", "venue", "currency", "quoted_in", "kind", "incorporated",
    "listed", "delisted", "exit_price", "exit_currency", "source",
)
# fmt: on
OWN_COLUMNS = ("symbol", "name", "venue", "currency", "kind", "source")
"""Those that a thesis' own rows must have; the others of the shipped table may be left out."""
_SYMBOL = re.compile(
    r"\^?[A-Z0-9][A-Z0-9&_-]*(\.[A-Z0-9]+)?"
)  # what names a file, and is no word of a command


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
        if self.exit_price is not None and (self.delisted is None or not 0 < self.exit_price < math.inf):
            raise BadInputError(
                f"exit_price {self.exit_price:g}",
                "wanted cash above zero with a delisted date",
                "fill in delisted, or clear exit_price",
            )
        if self.recorded:
            check_filled("source", self.source, "name the document, or write: general knowledge")


@final
@dataclass(frozen=True)
class Instruments:
    """The security master: all that is on record with the engine, and what a thesis adds to it.

    own: the rows of a thesis, which stand before those of the engine. A market is loaded by what its source knows:
    see `Source.knowing`.
    """

    own: tuple[Instrument, ...] = ()
    _by_symbol: Mapping[str, Instrument] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_symbol", {i.symbol: i for i in self.own})

    def __contains__(self, symbol: str) -> bool:
        return self.recorded(symbol) is not None

    def __iter__(self) -> Iterator[Instrument]:
        return iter({**table(), **self._by_symbol}.values())

    def recorded(self, symbol: str) -> Instrument | None:
        """The instrument on record under that symbol, None where there is none."""
        return self._by_symbol.get(symbol) or table().get(symbol)

    def of(self, symbol: str) -> Instrument:
        """The recorded instrument, or one inferred from the Yahoo suffix with `recorded=False`.

        A symbol without a suffix is a New York share in US dollars. Currencies and futures are not instruments.
        Raises BadInputError for an index that is not recorded and for a symbol no venue can be read from.
        """
        return self.recorded(symbol) or _inferred(symbol, [i.symbol for i in self])


RECORDED = Instruments()
"""What the engine has on record, without a thesis."""


@lru_cache(maxsize=1)
def table() -> Mapping[str, Instrument]:
    """Every instrument on record with the engine by symbol, read once.

    Source: instruments.csv, a source per row.
    """
    return read_table(Path(__file__).with_name("instruments.csv"))


def read_table(path: Path) -> Mapping[str, Instrument]:
    """Every instrument of a table with the engine's columns, by symbol.

    Raises BadInputError naming the line and column of a bad row, and for a symbol that comes twice.
    """
    return MappingProxyType({i.symbol: i for i in read_records(path, _COLUMNS, _once(_from_cells))})


def read_instruments(path: Path) -> Instruments:
    """The engine's record with the rows of a thesis' own instruments.csv.

    Columns: OWN_COLUMNS, and where there are any quoted_in (GBX for pence; default the currency), incorporated (ISO
    country), listed, delisted, exit_price and exit_currency. Raises BadInputError naming file, line and column: for a
    venue whose sessions nobody knows, a symbol that comes twice, and one that the engine has on record with another
    venue, currency or kind.
    """
    return Instruments(read_records(path, OWN_COLUMNS, _once(_own), optional=_COLUMNS))


def instrument(symbol: str) -> Instrument:
    """The instrument that the engine has on record, or infers; see `Instruments.of`."""
    return RECORDED.of(symbol)


def _once(read: Callable[[Cells], Instrument]) -> Callable[[Cells], Instrument]:
    """The same reading of rows, which raises BadInputError where a symbol comes twice."""
    symbols: set[str] = set()

    def one(cells: Cells) -> Instrument:
        instrument = read(cells)
        if instrument.symbol in symbols:
            raise BadInputError(
                f"symbol {instrument.symbol!r} again", "wanted each symbol once", "drop one row"
            )
        symbols.add(instrument.symbol)
        return instrument

    return one


def _own(cells: Cells) -> Instrument:
    """A row of a thesis. Raises BadInputError for one that no market can be made of."""
    check_filled("name", cells["name"], "write what it is called")
    if not _SYMBOL.fullmatch(cells["symbol"]):
        raise BadInputError(
            f"symbol {cells['symbol']!r}",
            "wanted capitals and digits, and a suffix behind a full stop where there is one",
            "write it as your price files are named, such as 7203.T",
        )
    if not re.fullmatch(r"[A-Z]{3}", cells["currency"]):
        raise BadInputError(
            f"currency {cells['currency']!r}", "wanted three capitals (ISO 4217)", "write for example EUR"
        )
    calendar_name(cells["venue"])  # refuses one whose sessions are not known
    instrument = _from_cells({name: cells.get(name, "") for name in _COLUMNS} | {
        "quoted_in": cells.get("quoted_in") or cells["currency"]
    })  # fmt: skip
    if (ours := table().get(instrument.symbol)) is not None:
        facts = (ours.venue, ours.currency, ours.kind)
        if facts != (instrument.venue, instrument.currency, instrument.kind):
            raise BadInputError(
                f"{instrument.symbol} is on record with the engine as a {ours.kind} of {ours.venue} in {ours.currency}",
                "wanted the same venue, currency and kind, or a symbol of your own",
                "drop the row, or correct it",
            )
    return instrument


def _inferred(symbol: str, recorded_symbols: Sequence[str]) -> Instrument:
    """What the suffix of a Yahoo symbol says. recorded_symbols: symbols on record, to name the nearest."""
    if is_isin(symbol):
        here = found_under(symbol)
        raise BadInputError(
            f"{symbol!r} is an ISIN",
            "wanted a Yahoo symbol, which names one line of one venue",
            f"type {here[0]}" if here else "type the symbol of that line",
        )
    stem, _, suffix = symbol.partition(".")
    # Bare digits name no venue: 1157 could be Hong Kong, Shenzhen or Tokyo.
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9&-]*", stem) or (stem.isdigit() and not suffix):
        raise BadInputError(
            f"symbol {symbol!r}",
            "wanted a recorded symbol, or a Yahoo symbol of a share, receipt or fund",
            _nearest(symbol, recorded_symbols),
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
            beside_suffix(stem, suffix),
        )
    venue, currency, unit, kind = SUFFIXES[suffix]
    return Instrument(symbol, symbol, venue, currency, unit, cast(Kind, kind), recorded=False)


def _nearest(symbol: str, recorded_symbols: Sequence[str]) -> str:
    """Did you mean: a recorded symbol that begins so, or a recorded index where one is asked for."""
    begins = symbol.strip().upper() or " "
    near = [s for s in recorded_symbols if s.startswith(begins) or s[0] == begins[0] == "^"]
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
        exit_price=parsed(cells, "exit_price", lambda text: decimal(text) if text else None, "a number"),
        source=cells["source"],
    )
