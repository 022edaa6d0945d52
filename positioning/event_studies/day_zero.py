"""Which events an event study uses, and the session of a venue on which each of them could first be traded on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray
from positioning.errors import BadInputError
from positioning.events.event import Event, Events
from positioning.market.coverage import Span
from positioning.market.records import check_choice
from positioning.market.venues import closings, local_date

# A bare date is known to a decision at its end. A measurement asks when prices moved, and news of a date is
# rarely from its last minute: at noon UTC Europe and America have that day's session ahead, Asia has closed.
PUBLIC_BY = time(12)
ALL_DAYS = Span()


@final
@dataclass(frozen=True)
class EventFilter:
    """Which events are asked for; None takes every theme or direction. span: of the days on which they were public;
    follows: acts that only put earlier news into force, too."""

    theme: str | None = None
    direction: str | None = None
    span: Span = ALL_DAYS
    follows: bool = False

    def check(self, events: Events) -> None:
        """BadInputError for a theme or direction that the record does not have."""
        if self.theme is not None:
            check_choice("theme", self.theme, events.themes)
        if self.direction is not None:
            check_choice("direction", self.direction, events.directions)

    def refusal(self, event: Event) -> str:
        """Why the event is not one that was asked for; "" for one that was."""
        if self.theme is not None and self.theme not in event.themes:
            return f"not of the theme {self.theme}"
        if self.direction not in (None, event.direction):
            return f"not of the direction {self.direction}"
        day = np.datetime64(public_at(event).date(), "D")
        if self.span.start is not None and day < self.span.start:
            return f"public before {self.span.start}"
        return "" if self.span.end is None or day <= self.span.end else f"public after {self.span.end}"


@final
@dataclass(frozen=True)
class News:
    """The events of one sleeve that share a day zero, as one piece of news.

    day: index of day zero among the venue's sessions. sign: of the sum of sign * severity. direction: that of
    the most severe, of equals the first. notes: what a reader must know of its day.
    """

    day: int
    events: tuple[Event, ...]
    sign: int
    direction: str
    notes: tuple[str, ...]

    @property
    def ids(self) -> str:
        """Ids of its events, joined: `E13+E14`."""
        return "+".join(e.id for e in self.events)


@final
@dataclass(frozen=True, slots=True)
class ExcludedEvent:
    """An event, or several merged, that a sleeve's study does not use, and why."""

    ids: str
    reason: str


def public_at(event: Event) -> datetime:
    """The instant at which prices may have begun to move: `announced`, or PUBLIC_BY of a bare date."""
    if not event.date_only:
        return event.announced
    return datetime.combine(event.announced.astimezone(UTC) - timedelta(days=1), PUBLIC_BY, UTC)


def day_zero(event: Event, sessions: DateArray, venue: str) -> tuple[int, str]:
    """(index of the first session that had not ended when the news was public, a note where that needs one).

    sessions: (S,) datetime64[D] of the venue, ascending. The index is S where the news comes after them.
    This is the first session whose close can hold the news, not the first one a strategy may trade on: it
    decides at 24:00 UTC and trades a session later, so the move of day zero itself is never its own.
    """
    instant = public_at(event)
    public = np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "s")
    day = local_date(venue, instant)
    at = int(np.searchsorted(sessions, day))
    after = (
        at < sessions.size
        and sessions[at] == day
        and bool(closings(venue, sessions[at : at + 1])[0] < public)
    )
    at += after
    if at == sessions.size:
        return at, ""
    if after:
        when = f"a bare date counts as public at {PUBLIC_BY:%H:%M} UTC" if event.date_only else "public"
        return at, f"{when}, after {venue} closed on {day}: day zero is {sessions[at]}"
    return at, "" if sessions[at] == day else f"{day} is no session of {venue}: day zero is {sessions[at]}"


def select(
    events: Events, sleeve: str, choice: EventFilter, sessions: DateArray, venue: str
) -> tuple[tuple[News, ...], tuple[ExcludedEvent, ...]]:
    """The news of a sleeve by day zero, and what is left out with the reason.

    sleeve: one of the record's. Events of one day zero merge; where their signs cancel they are left out.
    """
    events.require_sleeve(sleeve)
    choice.check(events)
    days: dict[int, list[tuple[Event, str]]] = defaultdict(list)
    out = []
    for event in events:
        reason = _unwanted(event, sleeve, choice)
        day, note = day_zero(event, sessions, venue)
        if not reason and (day == sessions.size or public_at(event).date() < sessions[0].item()):
            reason = f"lies outside the prices, {sessions[0]} to {sessions[-1]}"
        if reason:
            out.append(ExcludedEvent(event.id, reason))
        else:
            days[day].append((event, note))
    merged = [_merged(day, entries, sleeve) for day, entries in sorted(days.items())]
    out += [
        ExcludedEvent(n.ids, "merged on one day zero, and their signs cancel") for n in merged if not n.sign
    ]
    return tuple(n for n in merged if n.sign), tuple(out)


def blocked(
    events: Events, sleeve: str, window: tuple[int, int], sessions: DateArray, venue: str
) -> BoolArray:
    """(S,) sessions inside the window of any event with a sign for the sleeve, used or not.

    Whatever an analyst selects, the sessions that count as free of events stay the same.
    """
    mask = np.zeros(sessions.size, np.bool_)
    for day in signed_days(events, sleeve, sessions, venue):
        mask[max(day + window[0], 0) : day + window[1] + 1] = True
    return mask


def signed_days(
    events: Events, sleeve: str, sessions: DateArray, venue: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Day zeros of all events with a sign for the sleeve, used or not, but for those before the sessions."""
    eligible = (e for e in events if e.signs[sleeve] and public_at(e).date() >= sessions[0].item())
    return np.array([day_zero(e, sessions, venue)[0] for e in eligible], dtype=np.int64)


def parse_window(text: str) -> tuple[int, int]:
    """`-5:10`: the first and last session around day zero. Raises BadInputError for anything else."""
    try:
        first, last = (int(part) for part in text.split(":"))
    except ValueError:
        first, last = 1, 0
    if not -60 <= first <= 0 <= last <= 60:
        raise BadInputError(
            f"window={text}",
            "wanted two integers FIRST:LAST around day 0, within 60",
            "give window=-5:10",
            "window",
        )
    return first, last


def _unwanted(event: Event, sleeve: str, choice: EventFilter) -> str:
    if not event.signs[sleeve]:
        return "no expected sign for this sleeve"
    if event.confidence == "low":
        return "of low confidence"
    if event.follows and not choice.follows:
        return f"only puts {event.follows} into force: the same news twice"
    return choice.refusal(event)


def _merged(day: int, entries: list[tuple[Event, str]], sleeve: str) -> News:
    members = tuple(event for event, _ in entries)
    lead = max(members, key=lambda e: e.severity)  # the first of equals
    notes = [note for _, note in entries if note]
    if len(members) > 1:
        signs = ", ".join(f"{e.id} {e.signs[sleeve]:+d} x {e.severity}" for e in members)
        notes.append(f"merged: one day zero, sign of the sum of sign x severity ({signs})")
    total = sum(e.signs[sleeve] * e.severity for e in members)
    return News(day, members, int(np.sign(total)), lead.direction, tuple(dict.fromkeys(notes)))
