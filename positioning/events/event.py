"""Dated news, and the pressure it puts on a sleeve of a thesis."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, final, get_args

import numpy as np
import numpy.typing as npt

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.display import Displayable, Picture
from positioning.errors import BadInputError, did_you_mean
from positioning.events.instant import end_of, known_at, known_on
from positioning.events.restriction import Restriction
from positioning.market.records import check_choice, check_filled

if TYPE_CHECKING:
    import pandas as pd

Confidence = Literal["high", "medium", "low"]
SIGN = "sign_"  # begins the column that holds the signs of a sleeve


@final
@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news, from the instant it was public.

    announced: an instant with its zone; or a `date`, which is known when it ends and kept as that instant, 24:00 UTC,
    with date_only. Midnight UTC is the end of the day before it, see `known_on`.
    severity: 1 (noise) to 5 (change of regime).
    direction: what kind of news it is. themes: tags, one or more.
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
        announced, date_only = known_at(self.announced, self.date_only)
        object.__setattr__(self, "announced", announced)
        object.__setattr__(self, "date_only", date_only)
        check_filled("source", self.source, "name the document or publication")
        check_filled("direction", self.direction, "say what kind of news it is, such as tighten or ease")
        check_choice("confidence", self.confidence, get_args(Confidence))
        for theme in self.themes or ("",):
            check_filled("themes", theme, "tag each event with one theme or more, parted by ;")
        if self.severity not in range(1, 6):
            raise BadInputError(f"severity {self.severity}", "wanted 1 to 5", "correct the severity")
        for sleeve, sign in self.signs.items():
            if sign not in (-1, 0, 1):
                raise BadInputError(f"{SIGN}{sleeve} {sign}", "wanted a sign: -1, 0 or 1", "correct the sign")
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


_FIELDS = tuple(f.name for f in fields(Event))


@final
@dataclass(frozen=True, repr=False)
class Events(Displayable):
    """Events by instant and then id, with the restrictions known beside them.

    sleeves, themes, directions: those there may be, in the order in which they are shown; where none are given,
    those that the events have, as they first appear. A record without any sleeve, that of no events, is silent on all.
    thesis: the title of the one whose record this is, "" of none.

    Raises BadInputError for an id used twice, and for a sleeve, theme or direction that is not among those there
    may be.
    """

    items: tuple[Event, ...]
    restrictions: tuple[Restriction, ...] = ()
    sleeves: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    thesis: str = ""

    def __post_init__(self) -> None:
        repeated = [i for i, n in Counter(e.id for e in self.items).items() if n > 1]
        if repeated:
            raise BadInputError(f"id {repeated[0]!r} twice", "wanted each id once", "rename one of the two")
        object.__setattr__(self, "items", tuple(sorted(self.items, key=lambda e: (e.announced, e.id))))
        used: Mapping[str, Callable[[Event], Iterable[str]]] = {
            "sleeves": lambda e: e.signs, "themes": lambda e: e.themes, "directions": lambda e: (e.direction,),
        }  # fmt: skip
        for name, of in used.items():
            words = tuple(dict.fromkeys(word for e in self.items for word in of(e)))
            allowed = getattr(self, name) or words
            for word in words:
                check_choice(name, word, allowed)
            object.__setattr__(self, name, allowed)
        for event in self.items:
            lacking = [s for s in self.sleeves if s not in event.signs]
            if lacking:
                raise BadInputError(
                    f"event {event.id!r} without {SIGN}{lacking[0]}", "wanted a sign for each sleeve",
                    "add it: -1, 0 or 1",
                )  # fmt: skip

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

        columns = (
            "known_on", "announced", "title", "issuer", "instrument", "direction", "severity", "themes",
            *(f"{SIGN}{s}" for s in self.sleeves), "confidence", "follows", "source",
        )  # fmt: skip
        rows = [
            (
                pd.Timestamp(e.known_on()), e.announced, e.title, e.issuer, e.instrument, e.direction, e.severity,
                "; ".join(e.themes), *(e.signs[s] for s in self.sleeves), e.confidence, e.follows, e.source,
            )
            for e in self.items
        ]  # fmt: skip
        frame = pd.DataFrame(
            rows, index=pd.Index([e.id for e in self.items], name="id"), columns=list(columns)
        )
        kinds = {n: "int64" if n == "severity" or n.startswith(SIGN) else "str" for n in columns}
        return frame.astype(kinds | {"known_on": "datetime64[s]", "announced": "datetime64[us, UTC]"})

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.items)

    @cached_property
    def known(self) -> DateArray:
        """(E,) `known_on` of each event, ascending."""
        return np.array([e.known_on() for e in self.items], "datetime64[D]")

    def of(self, theme: str) -> Events:
        """The events that carry the theme; restrictions stay. Raises BadInputError for a theme there is not."""
        check_choice("theme", theme, self.themes)
        return replace(self, items=tuple(e for e in self.items if theme in e.themes))

    def until(self, day: np.datetime64) -> Events:
        """What was known by 24:00 UTC of that date, restrictions included."""
        return replace(
            self,
            items=tuple(e for e in self.items if e.known_on() <= day),
            restrictions=tuple(r for r in self.restrictions if r.known_on() <= day),
        )

    def on_days(self, days: DateArray) -> Events:
        """The same events, as if each had been known on another day: (E,) one for each of `items`; restrictions stay."""
        instants, ids = self._instants
        stays = days == self.known
        order = np.lexsort((ids, np.where(stays, instants, days + 1)))
        moved = copy(self)  # all that is checked at construction stands: only days are others
        shocks = {sleeve: self.shocks(sleeve)[order] for sleeve in self.sleeves}
        whole = {name: value for name, value in self.__dict__.items() if name not in ("items", "_instants")}
        moved.__dict__.clear()
        moved.__dict__.update(
            whole, known=days[order], _known_shocks=shocks, _moved=(self.items, days, stays, order)
        )
        return moved

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The events of `on_days` one by one, made when they are asked for: dates and news are enough for most."""
            if name != "items" or "_moved" not in self.__dict__:
                raise AttributeError(f"Events has no {name}")
            items, days, stays, order = self.__dict__["_moved"]
            announced = [end_of(day) for day in days.tolist()]
            events = tuple(items[n] if stays[n] else _announced(items[n], announced[n]) for n in order)
            self.__dict__["items"] = events
            return events

    @cached_property
    def _instants(self) -> tuple[npt.NDArray[np.datetime64], IntArray]:
        """(E,) when each was announced, in UTC, and (E,) the places of their ids in order."""
        announced = [e.announced.astimezone(UTC).replace(tzinfo=None) for e in self.items]
        place = {name: n for n, name in enumerate(sorted(e.id for e in self.items))}
        return np.array(announced, "datetime64[us]"), np.array([place[e.id] for e in self.items], np.int64)

    @property
    def crash_dates(self) -> dict[str, DateArray]:
        """Days near which a large move of a price may be a crash and no misprint: of a symbol's restrictions, and
        under "" of events of severity 4 and 5."""
        near: dict[str, list[np.datetime64]] = {"": [e.known_on() for e in self.items if e.severity >= 4]}
        for r in self.restrictions:
            near.setdefault(r.symbol, []).append(r.known_on())
        return {symbol: np.array(days, dtype="datetime64[D]") for symbol, days in near.items()}

    def rows(self, sessions: pd.DatetimeIndex | DateArray) -> IntArray:
        """(E,) per event the first row whose date is at or after `known_on`; len(sessions) where none is.

        Events known before the first session get row 0.
        """
        return np.searchsorted(_days(sessions), self.known).astype(np.int64)

    def require_sleeve(self, sleeve: str) -> None:
        """BadInputError for a sleeve that the record has no signs for: of whose thesis, and which there are."""
        if sleeve in self.sleeves:
            return
        whose = f" is none of the thesis {self.thesis!r}" if self.thesis else ""
        near = did_you_mean(sleeve, self.sleeves)
        near = f"{near}; or " if near.endswith("?") else ""
        raise BadInputError(
            f"sleeve {sleeve!r}{whose}", f"wanted one of its sleeves: {', '.join(self.sleeves) or 'there are none'}",
            f"{near}give thesis=DIR, the folder of the thesis that has it", "thesis",
        )  # fmt: skip

    def news(self, sessions: pd.DatetimeIndex | DateArray, sleeve: str) -> FloatArray:
        """(T,) the sum of sign * severity of the events that become known on each row.

        sleeve: one of `sleeves`. Left out: events of low confidence; acts that only put earlier news into force
        (`follows`); events known before the first session, whose age in rows cannot be counted: start the
        sessions earlier where they should still be felt. Raises BadInputError for an unknown sleeve.
        """
        shocks, days = self.shocks(sleeve), _days(sessions)
        arrived = np.zeros(days.size)
        if not days.size:
            return arrived
        inside = (self.known >= days[0]) & (self.known <= days[-1])
        np.add.at(arrived, self.rows(days)[inside], shocks[inside])
        return arrived

    def pressure(self, sessions: pd.DatetimeIndex | DateArray, sleeve: str, half_life: float) -> FloatArray:
        """(T,) the sum, over events known by row t, of sign * severity * 0.5 ** ((t - row) / half_life).

        sleeve: one of `sleeves`. half_life: rows, above zero. What counts is what `news` counts.
        Raises BadInputError for an unknown sleeve and a half-life that is not a positive finite number.
        """
        if not (half_life > 0 and np.isfinite(half_life)):
            raise BadInputError(
                f"half_life {half_life}",
                "wanted a number of rows above zero",
                "type for example half_life=20",
            )
        from positioning.events.decay import fading

        return fading(self.news(sessions, sleeve), half_life)

    def shocks(self, sleeve: str) -> FloatArray:
        """(E,) sign * severity of each event, 0 where it does not count. Raises BadInputError for an unknown sleeve."""
        if self.sleeves:
            self.require_sleeve(sleeve)
        if sleeve not in self._known_shocks:
            shocks = [e.signs[sleeve] * e.severity if e.counts else 0 for e in self.items]
            self._known_shocks[sleeve] = np.array(shocks, dtype=np.float64)
        return self._known_shocks[sleeve]

    @cached_property
    def _known_shocks(self) -> dict[str, FloatArray]:
        return {}

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


def _announced(event: Event, instant: datetime) -> Event:
    """The event at the end of another day. What was checked at its construction is not checked again."""
    moved: Event = object.__new__(Event)
    for name in _FIELDS:
        object.__setattr__(moved, name, getattr(event, name))
    object.__setattr__(moved, "announced", instant)
    object.__setattr__(moved, "date_only", True)
    return moved


def _days(sessions: pd.DatetimeIndex | DateArray) -> DateArray:
    return np.asarray(sessions).astype("datetime64[D]")
