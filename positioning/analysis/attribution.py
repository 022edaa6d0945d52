"""How much of the profit fell into the days after events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.events.event import Events
from positioning.simulation.result import Result

WINDOW = (0, 10)  # rows from the row on which an event is known


@final
@dataclass(frozen=True, slots=True)
class Attribution:
    """Profit as fractions of opening nav; by_event and rest add up to nav - 1, and so do by_theme and rest.

    events_late, rest_late: what of `events` and of `rest` fell after the day up to which the record is complete.
    """

    by_event: Mapping[str, float]
    by_theme: Mapping[str, float]
    rest: float
    share_of_rows: float
    events_late: float = 0.0
    rest_late: float = 0.0

    @property
    def events(self) -> float:
        """Profit of all event windows together."""
        return float(sum(self.by_event.values()))


def attribute(
    result: Result, events: Events, themes: tuple[str, ...], complete: np.datetime64 | None = None
) -> Attribution:
    """The account's daily profit given to the windows of the events that have a sign for one of the themes.

    A row under several windows is shared equally among them; so is an event's part among its themes. Events
    that `Events.news` leaves out have no window. share_of_rows: rows under a window / rows with a profit.
    complete: the day up to which the record is complete, None where it states none.
    """
    profit = np.diff(result.nav, prepend=result.nav[0])
    rows = result.rows
    event_rows = events.rows(rows)
    windows: dict[str, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], tuple[str, ...]]] = {}
    cover = np.zeros(rows.size)
    for e, row in zip(events.items, event_rows, strict=True):
        signed = tuple(t for t in themes if e.signs[t])
        if not signed or not e.counts or e.known_on() < rows[0]:
            continue
        span = np.arange(row + WINDOW[0], min(row + WINDOW[1] + 1, rows.size))
        if span.size:
            windows[e.id] = (span, signed)
            cover[span] += 1
    by_event = {key: float((profit[span] / cover[span]).sum()) for key, (span, _) in windows.items()}
    by_theme = {
        theme: float(sum(by_event[key] / len(s) for key, (_, s) in windows.items() if theme in s))
        for theme in themes
    }
    late = np.zeros(rows.size, bool) if complete is None else rows > complete
    return Attribution(
        by_event,
        by_theme,
        float(profit[cover == 0].sum()),
        float((cover[1:] > 0).sum() / max(rows.size - 1, 1)),
        float(profit[late & (cover > 0)].sum()),
        float(profit[late & (cover == 0)].sum()),
    )
