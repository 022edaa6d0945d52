"""The names that are screened: a file of the user's own, or the instruments of the record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from positioning.errors import BadInputError
from positioning.market.identifiers import identifiers, is_isin
from positioning.market.instruments import Instrument
from positioning.screening.opening import Table, one_line, text_lines
from positioning.screening.plain import ALIASES, ISINS, LEIS, NAMES, column_of
from positioning.screening.recognise import delimiter_of

SYMBOLS = ("symbol", "ticker", "yahoo")
COUNTRIES = ("country", "incorporated", "countries")


@final
@dataclass(frozen=True, slots=True)
class ScreenedInstrument:
    """One instrument as it may stand on a list. names: the first is its own, others are aliases and former names."""

    symbol: str
    names: tuple[str, ...]
    isins: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    country: str = ""


def with_identifiers(instruments: Iterable[Instrument]) -> list[ScreenedInstrument]:
    """Instruments with what is known of their identifiers, their aliases and the names and ISINs they had.

    An index is no security and is left out.
    """
    screened = []
    for i in instruments:
        if i.kind == "index":
            continue
        ids = identifiers(i.symbol)
        screened.append(
            ScreenedInstrument(
                i.symbol,
                tuple(dict.fromkeys((i.name, *ids.names))),
                ids.isins,
                (ids.lei,) if ids.lei else (),
                ids.incorporated or i.incorporated,
            )
        )
    return screened


def from_file(path: Path) -> list[ScreenedInstrument]:
    """A CSV with a column symbol and name, isin, lei, aliases (joined by ;) or country.

    Raises BadInputError naming the line for a symbol that is missing or comes twice, and for a row without
    a name and an ISIN.
    """
    by_symbol: dict[str, ScreenedInstrument] = {}
    with one_line(path.name), path.open("rb") as stream:
        lines = text_lines(stream)
        first = next(lines, "")
        table = Table(_chain(first, lines), delimiter_of(first))
        symbol, name, isin, lei, alias, country = (
            column_of(table.header, meanings)
            for meanings in (SYMBOLS, NAMES, ISINS, LEIS, ALIASES, COUNTRIES)
        )
        if not symbol or not (name or isin):
            raise BadInputError(
                f"columns {', '.join(table.header)[:80]}",
                "wanted symbol, and name or isin",
                "name the columns so",
            )
        for where, cell in table.rows():
            key = cell(symbol)
            if not key or key in by_symbol:
                raise BadInputError(f"{where}: symbol {key!r}", "wanted each symbol once", "correct that row")
            names = tuple(filter(None, (cell(name), *(a.strip() for a in cell(alias).split(";")))))
            isins = tuple(_split(cell(isin)))
            if not names and not isins:
                raise BadInputError(f"{where}: {key} has no name and no ISIN", "wanted one", "add it")
            by_symbol[key] = ScreenedInstrument(
                key, names, isins, tuple(_split(cell(lei))), cell(country).upper()
            )
    if not by_symbol:
        raise BadInputError(f"{path.name} names nothing", "wanted a row an instrument", "add rows")
    return list(by_symbol.values())


def invalid_isins(universe: Sequence[ScreenedInstrument]) -> list[str]:
    """ISINs whose check digit does not fit, as `symbol ISIN`: they can match only a list with the same slip."""
    return [f"{u.symbol} {isin}" for u in universe for isin in u.isins if not is_isin(isin)]


def _split(text: str) -> list[str]:
    return [t for t in re.split(r"[;,\s]+", text.upper()) if t]


def _chain(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest
