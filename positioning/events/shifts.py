"""One record of events on many sets of other days at once: what becomes known when, in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.events.event import Events


@final
@dataclass(frozen=True, eq=False)
class ShiftedRecords:
    """K records: in record k each event known between the first and the last of `rows[start:]` is moved `shifts[k]` of
    those rows on, round the end to the start; other events stay, and so do restrictions.

    rows: (T,) dates; shifts: (K,).
    """

    events: Events
    rows: DateArray
    start: int
    shifts: IntArray
    _news: dict[str, FloatArray] = field(init=False, default_factory=dict)

    def news(self, sleeve: str) -> FloatArray:
        """(K, T) what `Events.news` is of each record. Raises BadInputError for an unknown sleeve."""
        if sleeve not in self._news:
            events, own, number = self.events, self.rows[self.start :], np.arange(self.shifts.size)
            days, shocks = events.known, events.shocks(sleeve)
            inside = (days >= own[0]) & (days <= own[-1])
            stays = ~inside & (days >= self.rows[0]) & (days <= self.rows[-1])
            elsewhere = np.zeros(self.rows.size)
            np.add.at(elsewhere, events.rows(self.rows)[stays], shocks[stays])
            arrived = np.tile(elsewhere, (number.size, 1))
            moved = (events.rows(own)[inside] + self.shifts[:, None]) % own.size
            np.add.at(arrived, (number[:, None], self.start + moved), shocks[inside])
            self._news[sleeve] = arrived
        return self._news[sleeve]

    def parts(self, size: int) -> Iterator[ShiftedRecords]:
        """So many records at once, one after the other."""
        for first in range(0, self.shifts.size, size):
            yield ShiftedRecords(self.events, self.rows, self.start, self.shifts[first : first + size])
