"""Dated news about the theme, and the pressure it puts on a sleeve of the strategy."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast, final, get_args

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.display import Displayed, Picture
from positioning.errors import BadInputError
from positioning.events.instant import known_on, parse_instant
from positioning.events.restriction import INSTANT, Restriction, read_restrictions
from positioning.market.records import Cells, check_choice, check_filled, parsed, read_records

if TYPE_CHECKING:
    import pandas as pd

Confidence = Literal["high", "medium", "low"]
THEMES = ("fertilizer", "corridor", "equipment", "payments", "sovereign_debt")
DIRECTIONS = (
    "tighten",
    "ease",
    "supply_shock",
    "corridor_positive",
    "corridor_negative",
    "payments",
    "price_benchmark",
)
SLEEVES = ("fertilizer", "corridor", "equipment")
ARTICLE = np.datetime64("2025-06-05", "D")  # the advice these strategies are built on

_TEXTS = ("id", "title", "issuer", "instrument", "direction", "source", "confidence", "follows")
_COLUMNS = ("announced", "severity", "themes", *_TEXTS, *SLEEVES)


@final
@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news, from the instant it was public.

    announced: aware; 24:00 UTC of the date where date_only. severity: 1 (noise) to 5 (change of regime).
    signs: the expected direction per sleeve, -1, 0 or +1: hypotheses written with hindsight, to be tested.
    follows: id of the earlier event whose news this act only puts into force, "" where it is news itself.

    Raises BadInputError naming the field that is empty, unknown or out of its range.
    """

    id: str
    announced: datetime
    title: str
    issuer: str
    instrument: str
    direction: str
    severity: int
    themes: tuple[str, ...]
    signs: Mapping[str, int] = field(hash=False)
    source: str
    confidence: Confidence
    date_only: bool = False
    follows: str = ""

    def __post_init__(self) -> None:
        check_filled("id", self.id, "give each event an id of its own")
        check_filled("source", self.source, "name the document or publication")
        check_choice("direction", self.direction, DIRECTIONS)
        check_choice("confidence", self.confidence, get_args(Confidence))
        for theme in self.themes or ("",):
            check_choice("themes", theme, THEMES)
        if self.announced.tzinfo is None:
            raise BadInputError(f"announced {self.announced}", "wanted an instant with a zone", "add a zone")
        if self.severity not in range(1, 6):
            raise BadInputError(f"severity {self.severity}", "wanted 1 to 5", "correct the severity")
        for sleeve in SLEEVES:
            if self.signs.get(sleeve) not in (-1, 0, 1):
                raise BadInputError(
                    f"{sleeve} {self.signs.get(sleeve)}", "wanted a sign: -1, 0 or 1", "correct the sign"
                )
        object.__setattr__(self, "signs", MappingProxyType(dict(self.signs)))

    def __reduce__(self) -> tuple[Callable[..., Event], tuple[object, ...]]:
        # A mappingproxy cannot be pickled, and a grid search sends events to other processes.
        values = (getattr(self, f.name) for f in fields(self))
        return Event, tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    def known_on(self) -> np.datetime64:
        """The UTC date, datetime64[D], from whose end a decision may know of it."""
        return known_on(self.announced)

    @property
    def counts(self) -> bool:
        """Whether a decision may answer it: not of low confidence, and not an act that only puts earlier news
        into force."""
        return self.confidence != "low" and not self.follows


@final
@dataclass(frozen=True, repr=False)
class Events(Displayed):
    """Events by instant and then id, with the restrictions known beside them.

    Raises BadInputError for an id used twice.
    """

    items: tuple[Event, ...]
    restrictions: tuple[Restriction, ...] = ()

    def __post_init__(self) -> None:
        repeated = [i for i, n in Counter(e.id for e in self.items).items() if n > 1]
        if repeated:
            raise BadInputError(f"id {repeated[0]!r} twice", "wanted each id once", "rename one of the two")
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda e: (e.announced, e.id))))

    def picture(self) -> Picture:
        """How many, from when to when; in a notebook also the newest."""
        themes = Counter(theme for e in self.items for theme in e.themes)
        facts = {
            "events": f"{len(self.items)}"
            + (f", {self.items[0].known_on()} to {self.items[-1].known_on()}" if self.items else ""),
            "themes": ", ".join(f"{theme} {count}" for theme, count in themes.most_common()) or "none",
            "restrictions": str(len(self.restrictions)),
        }
        newest = [(e.id, str(e.known_on()), e.direction, str(e.severity), e.title) for e in self.items[::-1]]
        return Picture(facts, ("id", "known on", "direction", "severity", "title"), newest)

    def to_frame(self) -> pd.DataFrame:
        """One row an event by id: known_on, announced (UTC), title, issuer, instrument, direction, severity, themes,
        a sign a sleeve, confidence, follows, source."""
        import pandas as pd

        records = [
            {
                "known_on": pd.Timestamp(e.known_on()), "announced": e.announced, "title": e.title,
                "issuer": e.issuer, "instrument": e.instrument, "direction": e.direction, "severity": e.severity,
                "themes": "; ".join(e.themes), **{f"sign_{s}": sign for s, sign in e.signs.items()},
                "confidence": e.confidence, "follows": e.follows, "source": e.source,
            }
            for e in self.items
        ]  # fmt: skip
        return pd.DataFrame.from_records(records, index=pd.Index([e.id for e in self.items], name="id"))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.items)

    @cached_property
    def known(self) -> DateArray:
        """(E,) `known_on` of each event, ascending."""
        return np.array([e.known_on() for e in self.items], "datetime64[D]")

    def of(self, theme: str) -> Events:
        """The events that carry the theme, one of THEMES; restrictions stay. Raises BadInputError."""
        check_choice("theme", theme, THEMES)
        return replace(self, items=tuple(e for e in self.items if theme in e.themes))

    def until(self, day: np.datetime64) -> Events:
        """What was known by 24:00 UTC of that date, restrictions included."""
        return Events(
            tuple(e for e in self.items if e.known_on() <= day),
            tuple(r for r in self.restrictions if r.known_on() <= day),
        )

    def rows(self, sessions: pd.DatetimeIndex | DateArray) -> IntArray:
        """(E,) per event the first row whose date is at or after `known_on`; len(sessions) where none is.

        Events known before the first session get row 0.
        """
        return np.searchsorted(_days(sessions), self.known).astype(np.int64)

    def news(self, sessions: pd.DatetimeIndex | DateArray, sleeve: str) -> FloatArray:
        """(T,) the sum of sign * severity of the events that become known on each row.

        sleeve: one of SLEEVES. Left out: events of low confidence; acts that only put earlier news into force
        (`follows`); events known before the first session, whose age in rows cannot be counted: start the
        sessions earlier where they should still be felt. Raises BadInputError for an unknown sleeve.
        """
        check_choice("sleeve", sleeve, SLEEVES)
        days = _days(sessions)
        arrived = np.zeros(days.size)
        if not days.size:
            return arrived
        inside = (self.known >= days[0]) & (self.known <= days[-1])
        for event, row, seen in zip(self.items, self.rows(days), inside, strict=True):
            if seen and event.counts:
                arrived[row] += event.signs[sleeve] * event.severity
        return arrived

    def pressure(self, sessions: pd.DatetimeIndex | DateArray, theme: str, half_life: float) -> FloatArray:
        """(T,) the sum, over events known by row t, of sign * severity * 0.5 ** ((t - row) / half_life).

        theme: one of SLEEVES. half_life: rows, above zero. What counts is what `news` counts.
        Raises BadInputError for an unknown sleeve and a half-life that is not a positive finite number.
        """
        if not (half_life > 0 and np.isfinite(half_life)):
            raise BadInputError(
                f"half_life {half_life}",
                "wanted a number of rows above zero",
                "type for example half_life=20",
            )
        news: list[float] = self.news(sessions, theme).tolist()
        decay = 0.5 ** (1.0 / half_life)
        return np.array(list(accumulate(news, lambda level, shock: level * decay + shock)))

    def digest(self) -> str:
        """SHA-256 of every field of every event and restriction, in hexadecimal."""
        h = hashlib.sha256()
        records: tuple[Event | Restriction, ...] = (*self.items, *self.restrictions)
        for record in records:
            for f in fields(record):
                value = getattr(record, f.name)
                text = sorted(value.items()) if isinstance(value, Mapping) else value
                h.update(f"{f.name}={text!r};".encode())
        return h.hexdigest()


def read_events(path: Path | str | None = None) -> Events:
    """The shipped record (None), or a CSV with the same columns; with the shipped restrictions.

    `announced` is a bare date, known at its end, or a time with its zone. Columns beyond the known ones are
    ignored. An event that `follows` another comes on a later line. Raises BadInputError naming file, line and
    column. Source: events.csv, a source per row.
    """
    file = Path(__file__).with_name("events.csv") if path is None else Path(path)
    seen: set[str] = set()

    def add(cells: Cells) -> Event:
        event = _from_cells(cells)
        if event.id in seen:
            raise BadInputError(f"id {event.id!r} again", "wanted each id once", "rename one of the two")
        if event.follows:
            check_choice("follows", event.follows, seen)
        seen.add(event.id)
        return event

    return Events(read_records(file, _COLUMNS, add), read_restrictions())


def _from_cells(cells: Cells) -> Event:
    announced, date_only = parsed(cells, "announced", parse_instant, INSTANT)
    return Event(
        announced=announced,
        severity=parsed(cells, "severity", int, "a whole number from 1 to 5"),
        themes=tuple(t.strip() for t in cells["themes"].split(";")),
        signs={s: parsed(cells, s, int, "a sign: -1, 0 or 1") for s in SLEEVES},
        date_only=date_only,
        id=cells["id"],
        title=cells["title"],
        issuer=cells["issuer"],
        instrument=cells["instrument"],
        direction=cells["direction"],
        source=cells["source"],
        confidence=cast(Confidence, cells["confidence"]),  # checked by the constructor
        follows=cells["follows"],
    )


def _days(sessions: pd.DatetimeIndex | DateArray) -> DateArray:
    return np.asarray(sessions).astype("datetime64[D]")
