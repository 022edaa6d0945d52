"""A CSV of events, read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from positioning.errors import BadInputError
from positioning.events.instant import parse_instant
from positioning.events.restriction import INSTANT
from positioning.market.records import Cells, check_choice, parsed, read_records, whole

if TYPE_CHECKING:
    pass
from positioning.events.event import SIGN, Confidence, Event, Events

_TEXTS = ("id", "title", "issuer", "instrument", "direction", "source", "confidence", "follows")
_COLUMNS = ("announced", "severity", "themes", *_TEXTS)


def read_events(
    path: Path | str,
    sleeves: Sequence[str] = (),
    themes: Sequence[str] = (),
    directions: Sequence[str] = (),
) -> Events:
    """A CSV of events, a source per row, without restrictions.

    Columns: id, announced, title, issuer, instrument, direction, severity, themes, follows, source, confidence, and
    `sign_NAME` for each sleeve. `announced` is a bare date, known at its end, or a time with its zone. Further
    columns are ignored. An event that `follows` another comes on a later line. sleeves, themes, directions: those
    there may be; where none are given, those that the file has.

    Raises BadInputError naming file, line and column.
    """
    file = Path(path)
    ids: set[str] = set()

    def add(cells: Cells) -> Event:
        event = _from_cells(cells)
        if event.id in ids:
            raise BadInputError(f"id {event.id!r} again", "wanted each id once", "rename one of the two")
        if event.follows:
            check_choice("follows", event.follows, ids)
        for column, allowed, words in (
            (f"{SIGN}...", sleeves, tuple(event.signs)),
            ("themes", themes, event.themes),
            ("direction", directions, (event.direction,)),
        ):
            for word in words if allowed else ():
                check_choice(column, word, allowed)
        ids.add(event.id)
        return event

    items = read_records(file, (*_COLUMNS, *(f"{SIGN}{s}" for s in sleeves)), add)
    return Events(items, (), tuple(sleeves), tuple(themes), tuple(directions))


def _from_cells(cells: Cells) -> Event:
    announced, date_only = parsed(cells, "announced", parse_instant, INSTANT)
    return Event(
        announced=announced,
        severity=parsed(cells, "severity", whole, "a whole number from 1 to 5"),
        themes=tuple(t.strip() for t in cells["themes"].split(";")),
        signs={
            column[len(SIGN) :]: parsed(cells, column, whole, "a sign: -1, 0 or 1")
            for column in cells
            if column.casefold().startswith(SIGN)
        },
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
