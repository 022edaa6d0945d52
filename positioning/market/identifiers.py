"""What an instrument is called elsewhere: ISIN, legal entity identifier, aliases, former names, lines it traded on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, final, get_args

from positioning.errors import BadInputError
from positioning.market.records import Cells, check_choice, check_filled, read_records

NameKind = Literal[
    "alias", "former_name", "later_name", "former_symbol", "former_isin", "twin_isin", "local_isin"
]


@final
@dataclass(frozen=True, slots=True)
class KnownName:
    """Another name or number of an instrument. until: the day or month it ended, "" where it did not or is not
    known."""

    kind: NameKind
    value: str
    until: str
    source: str


@final
@dataclass(frozen=True, slots=True)
class Listing:
    """One line on one venue. began, until: ISO days, months or years, as well as they are known; terms: what a
    holder got at its end."""

    line: str
    venue: str
    began: str
    until: str
    terms: str
    source: str


@final
@dataclass(frozen=True, slots=True)
class Identifiers:
    """isin, lei: "" where not known. incorporated: ISO country. form: the kind of share, receipt or fund.
    others: aliases and former names; listings: the lines it traded on, in order.

    Raises BadInputError for an ISIN or a legal entity identifier whose check digits do not fit.
    """

    symbol: str
    isin: str = ""
    lei: str = ""
    incorporated: str = ""
    form: str = ""
    source: str = ""
    others: tuple[KnownName, ...] = ()
    listings: tuple[Listing, ...] = ()

    def __post_init__(self) -> None:
        wrong = [n for n in (self.isin, *self._isins()) if n and not is_isin(n)]
        if wrong or (self.lei and not is_lei(self.lei)):
            raise BadInputError(
                f"{self.symbol}: {wrong[0] if wrong else self.lei}",
                "wanted check digits that fit",
                "look it up",
            )

    @property
    def isins(self) -> tuple[str, ...]:
        """Its own ISIN and those it had, its twin under rule 144A and its local share."""
        return tuple(dict.fromkeys(i for i in (self.isin, *self._isins()) if i))

    @property
    def names(self) -> tuple[str, ...]:
        """Aliases and former names, each once."""
        return tuple(
            dict.fromkeys(o.value for o in self.others if o.kind in ("alias", "former_name", "later_name"))
        )

    def _isins(self) -> tuple[str, ...]:
        return tuple(o.value for o in self.others if o.kind.endswith("_isin"))


def is_isin(text: str) -> bool:
    """Whether it has the form of an ISIN and its check digit fits (ISO 6166: Luhn over letters as two digits)."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{9}[0-9]", text):
        return False
    digits = "".join(str(int(c, 36)) for c in text)
    doubled = [int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits))]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def is_lei(text: str) -> bool:
    """Whether it has the form of a legal entity identifier and its check digits fit (ISO 17442: mod 97 is 1)."""
    return (
        bool(re.fullmatch(r"[A-Z0-9]{18}[0-9]{2}", text))
        and int("".join(str(int(c, 36)) for c in text)) % 97 == 1
    )


def identifiers(symbol: str) -> Identifiers:
    """What is known of a symbol; empty fields where nothing is."""
    return identifier_table().get(symbol, Identifiers(symbol))


def found_under(text: str) -> tuple[str, ...]:
    """The recorded symbols that are or were called so: by symbol, former symbol or line, ISIN now or then."""
    word = text.strip().upper()
    return tuple(
        k.symbol
        for k in identifier_table().values()
        if word in (k.symbol, *k.isins)
        or any(o.kind == "former_symbol" and o.value == word for o in k.others)
        or any(listing.line == word for listing in k.listings)
    )


@lru_cache(maxsize=1)
def identifier_table() -> Mapping[str, Identifiers]:
    """Every recorded identifier by symbol, read once. Source: identifiers.csv, names.csv, listings.csv."""
    room = Path(__file__).parent
    others: dict[str, list[KnownName]] = {}
    listings: dict[str, list[Listing]] = {}
    read_records(
        room / "names.csv", ("symbol", "kind", "value", "until", "source"),
        lambda c: others.setdefault(c["symbol"], []).append(_name(c)),
    )  # fmt: skip
    read_records(
        room / "listings.csv", ("symbol", "line", "venue", "from", "until", "terms", "source"),
        lambda c: listings.setdefault(c["symbol"], []).append(
            Listing(c["line"], c["venue"], c["from"], c["until"], c["terms"], c["source"])
        ),
    )  # fmt: skip
    rows = read_records(
        room / "identifiers.csv",
        ("symbol", "isin", "lei", "incorporated", "form", "source"),
        lambda c: Identifiers(
            c["symbol"], c["isin"], c["lei"], c["incorporated"], c["form"], c["source"],
            tuple(others.get(c["symbol"], ())), tuple(listings.get(c["symbol"], ())),
        ),
    )  # fmt: skip
    return MappingProxyType({row.symbol: row for row in rows})


def _name(cells: Cells) -> KnownName:
    check_choice("kind", cells["kind"], get_args(NameKind))
    check_filled("value", cells["value"], "write the name")
    check_filled("source", cells["source"], "name the document")
    return KnownName(cast(NameKind, cells["kind"]), cells["value"], cells["until"], cells["source"])
