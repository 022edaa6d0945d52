"""When something became known: instants with a zone, and the date on which a decision may first use them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np

from positioning.errors import BadInputError


def parse_day(text: str) -> date:
    """The date of 2021-01-31 or 31.1.2021. Raises ValueError for other text."""
    if dotted := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text):
        return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    return date.fromisoformat(text)


def parse_instant(text: str) -> tuple[datetime, bool]:
    """(instant in UTC, whether only a date was given) of ISO 8601 text.

    A bare date is known when it ends: 24:00 UTC, stored as 00:00 UTC of the next date. It may be written with full
    stops, day first, as spreadsheets save one.
    Raises ValueError for anything else, a time of day without a zone included.
    """
    try:
        day = parse_day(text)
    except ValueError:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("a time of day needs a zone") from None
        return instant.astimezone(UTC), False
    return end_of(day), True


def known_at(announced: date, date_only: bool) -> tuple[datetime, bool]:
    """(instant, whether only a date was given) of a datetime with a zone, or of a date, which is known when it ends.

    Raises BadInputError for anything else.
    """
    if isinstance(announced, datetime) and announced.tzinfo is not None:
        return announced, date_only
    if isinstance(announced, date) and not isinstance(announced, datetime):
        return end_of(announced), True
    if isinstance(announced, datetime):
        raise BadInputError(
            f"announced {announced}", "wanted an instant with a zone", "add a zone", "announced"
        )
    raise BadInputError(
        f"announced {announced!r}",
        "wanted a date, or an instant with a zone",
        "give for example date(2022, 2, 24)",
        "announced",
    )


def end_of(day: date) -> datetime:
    """24:00 UTC of a date, which is 00:00 UTC of the next."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def known_on(announced: datetime) -> np.datetime64:
    """The UTC date, datetime64[D], at or before whose 24:00, and after whose 00:00, the instant lies."""
    return _date_of(announced.astimezone(UTC))


@lru_cache(10_000)
def _date_of(instant: datetime) -> np.datetime64:
    """Kept, since a record is asked what was known at a hundred cuts. The instant is one of UTC: in a zone with summer
    time two that are equal may be an hour apart."""
    # Midnight belongs to the date it ends, hence the step back before the cut.
    return np.datetime64((instant - timedelta(microseconds=1)).date(), "D")
