"""A thesis: what somebody advised on some day, and the record of facts that it is tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import final

import numpy as np

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.records import check_choice, check_filled
from positioning.market.sample_facts import NO_FACTS, SampleFacts

ROLES = ("long", "short", "hedge", "benchmark", "control", "excluded")
PROXIES = ("SPY", "EEM")  # the world and its emerging markets


@final
@dataclass(frozen=True, slots=True)
class SleeveFacts:
    """A sleeve of the record. words: what it is, in a sentence; benchmark: symbol that an event study of its single
    names measures against, "" for none of its own."""

    words: str
    benchmark: str = ""


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """How a symbol stands to the thesis.

    theme: a sleeve or theme of the thesis, "" for the market as a whole. role: one of ROLES. fit: 5 (what the thesis
    names) to 1 (that in name only), None where that is no question; reason: in words, why it is that and no more.

    Raises BadInputError for an unknown role and a fit outside 1..5.
    """

    symbol: str
    theme: str
    role: str
    fit: int | None
    reason: str

    def __post_init__(self) -> None:
        check_filled("symbol", self.symbol, "write a Yahoo symbol")
        check_choice("role", self.role, ROLES)
        if self.fit is not None and self.fit not in range(1, 6):
            raise BadInputError(f"fit {self.fit}", "wanted 1 to 5, or nothing", "correct the fit")


@final
@dataclass(frozen=True, eq=False)
class Thesis:
    """Advice that was published, and its record.

    published: all before it was seen by those who advised. events: with the restrictions beside them. sleeves: by name,
    in the order in which they are shown. universe: by symbol. complete_until: the day up to which the record holds
    all there was, by theme, and under "" for themes without a day of their own; a theme of neither has no such day.
    scenarios: files of scenarios by name. replay: first and last day of the past that a stress test puts onto today,
    None for none. proxies: funds that stand for the factors of an event study. claims: the file of what it claims, None
    for none. digest: SHA-256 of thesis.toml, of the universe, of own instruments and of sample.toml, "" where there is no
    file. instruments: those on record with the engine, and the thesis' own. sample: how they behave in the sample market.

    Raises BadInputError for a name or a title that is empty.
    """

    name: str
    title: str
    published: np.datetime64
    events: Events
    sleeves: Mapping[str, SleeveFacts] = field(default_factory=dict)
    universe: Mapping[str, Candidate] = field(default_factory=dict)
    complete_until: Mapping[str, np.datetime64] = field(default_factory=dict)
    scenarios: Mapping[str, Path] = field(default_factory=dict)
    replay: tuple[np.datetime64, np.datetime64] | None = None
    proxies: tuple[str, ...] = PROXIES
    claims: Path | None = None
    digest: str = ""
    instruments: Instruments = RECORDED
    sample: SampleFacts = NO_FACTS

    def __post_init__(self) -> None:
        check_filled("name", self.name, "give the thesis a name, a single word such as red_sea")
        check_filled("title", self.title, "give the thesis the title under which it was published")
        for name in ("sleeves", "universe", "complete_until", "scenarios"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Callable[..., Thesis], tuple[object, ...]]:
        # A mappingproxy cannot be pickled, and reports are sent to other processes.
        values = (getattr(self, f.name) for f in fields(self))
        return Thesis, tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    @property
    def restrictions(self) -> tuple[Restriction, ...]:
        """Those of its events."""
        return self.events.restrictions

    @property
    def reference(self) -> str:
        """Title and day, as sentences name it: `"Title" of 5 June 2025`."""
        day = self.published.astype(date)
        return f'"{self.title}" of {day.day} {day:%B %Y}'

    def members(self, theme: str) -> tuple[str, ...]:
        """The symbols of a theme, whatever their role, in the order of the universe."""
        return tuple(s for s, c in self.universe.items() if c.theme == theme)

    def complete(self, themes: Sequence[str]) -> np.datetime64 | None:
        """The first day on which the record of one of these themes ends; None where none is stated."""
        stated = [
            d for t in themes or ("",) if (d := self.complete_until.get(t, self.complete_until.get("")))
        ]
        return min(stated, default=None)
