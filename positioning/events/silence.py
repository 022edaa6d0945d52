"""An account that goes on where the record does not: silence of the record is not absence of news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, final

import numpy as np

from positioning.events.thesis import Thesis

GRACE_DAYS = 30  # calendar days past the record's end that need no word: the next record is a month's work


@final
@dataclass(frozen=True, slots=True)
class Silence:
    """complete_until: the last day of the record; last: that of the account. themes: those whose record ends then."""

    complete_until: np.datetime64
    last: np.datetime64
    themes: tuple[str, ...]

    @property
    def days(self) -> int:
        """Calendar days between the two."""
        return int((self.last - self.complete_until).astype(int))

    @property
    def words(self) -> str:
        """What a reader must know first, in two sentences."""
        of = f" of {' and '.join(self.themes)}" if self.themes else ""
        return (
            f"The record{of} is complete until {_day(self.complete_until)} and this goes on to {_day(self.last)}, "
            f"{self.days} days past it: that nothing is recorded there does not mean that nothing happened. What news "
            "had weighed fades by itself after that day, as if there had been no more of it."
        )

    def to_json(self) -> dict[str, Any]:
        """The fields for JSON, dates in ISO form."""
        return {
            "complete_until": str(self.complete_until), "last": str(self.last), "days_past": self.days,
            "themes": list(self.themes), "words": self.words,
        }  # fmt: skip


def silence(thesis: Thesis, themes: Sequence[str], last: np.datetime64) -> Silence | None:
    """What to say of an account of those themes that ends on `last`; None where the record reaches, give or take
    GRACE_DAYS, where it states no end, and where no theme is asked for that it could end for."""
    end = thesis.complete(themes)
    day = last.astype("datetime64[D]")
    if end is None or (day - end) <= np.timedelta64(GRACE_DAYS, "D"):
        return None
    ends = {t: thesis.complete((t,)) for t in themes}
    return Silence(end, day, tuple(t for t, d in ends.items() if d == end))


def _day(day: np.datetime64) -> str:
    calendar_day = day.astype(date)
    return f"{calendar_day.day} {calendar_day:%B %Y}"
