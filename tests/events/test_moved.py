"""Events on other days are the events that would have been read with those days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.events.event import Event, Events
from tests.builders import EVENTS

ROWS = np.arange("2020-01-01", "2026-01-01", dtype="datetime64[D]")
DAYS = st.lists(st.integers(0, ROWS.size - 1), min_size=len(EVENTS), max_size=len(EVENTS))


def rebuilt(event: Event, day: np.datetime64) -> Event:
    """The event read anew with a bare date."""
    midnight = datetime.fromisoformat(str(day)).replace(tzinfo=UTC) + timedelta(days=1)
    return replace(event, announced=midnight, date_only=True)


@settings(max_examples=20, deadline=None)
@given(DAYS)
def test_moved_events_are_those_read_on_the_new_days(places: list[int]) -> None:
    days = ROWS[places]
    moved = EVENTS.on_days(days)
    known = EVENTS.known
    again = Events(
        tuple(e if day == own else rebuilt(e, day) for e, day, own in zip(EVENTS, days, known, strict=True)),
        EVENTS.restrictions, EVENTS.sleeves, EVENTS.themes, EVENTS.directions, EVENTS.thesis,
    )  # fmt: skip
    assert moved == again
    assert moved.digest() == again.digest()
    assert moved.known.tolist() == again.known.tolist()
    for sleeve in EVENTS.sleeves:
        assert (moved.news(ROWS, sleeve) == again.news(ROWS, sleeve)).all()
        assert (moved.pressure(ROWS, sleeve, 20.0) == again.pressure(ROWS, sleeve, 20.0)).all()


def test_the_record_itself_stays() -> None:
    before = EVENTS.digest()
    EVENTS.on_days(np.full(len(EVENTS), ROWS[5]))
    assert EVENTS.digest() == before
    assert EVENTS.on_days(EVENTS.known) == EVENTS


def test_a_moved_event_comes_where_its_day_ends_among_those_that_stay() -> None:
    """X is moved to the day that ends twelve hours before Y's instant, and then to the day that ends twelve after it."""
    x = replace(
        EVENTS.items[0], id="X", announced=datetime(2024, 3, 1, 9, tzinfo=UTC), date_only=False, follows=""
    )
    y = replace(x, id="Y", announced=datetime(2024, 3, 6, 12, tzinfo=UTC))
    for day, order in (("2024-03-05", ["X", "Y"]), ("2024-03-06", ["Y", "X"])):
        moved = Events((x, y)).on_days(np.array([day, "2024-03-06"], "datetime64[D]"))
        assert [e.id for e in moved.items] == order
        assert {e.id: e.date_only for e in moved.items} == {"X": True, "Y": False}


def test_what_events_do_not_have_they_say_they_have_not() -> None:
    for record in (EVENTS, EVENTS.on_days(EVENTS.known)):
        assert not hasattr(record, "days")
        with pytest.raises(AttributeError, match="Events has no days"):
            record.days  # noqa: B018
        assert [e.id for e in record.items] == [e.id for e in EVENTS.items]
