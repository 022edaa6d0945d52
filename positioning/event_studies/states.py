"""CARs by the state of the world: the third in which a series lay on the last day before day zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.world import STATES
from positioning.event_studies.study import EventStudy
from positioning.json_text import plain
from positioning.market.in_force import in_force, thirds
from positioning.market.source import Driver

DAYS = (0, 1)  # sessions around day zero


@final
@dataclass(frozen=True, slots=True)
class StateCars:
    """One third of one series. events: their number; mean: of their CARs over DAYS times the expected sign; error: its
    standard error as if events were independent, NaN below two."""

    name: str
    state: str
    events: int
    mean: float
    error: float

    def to_json(self) -> dict[str, Any]:
        """Fractions; undefined is None."""
        return {"events": self.events, "mean": plain(self.mean), "error": plain(self.error)}


def cars_by_state(study: EventStudy, driver: Driver) -> tuple[StateCars, ...]:
    """The three thirds, told on the study's own sessions from the series' past alone."""
    cars_by_third: list[list[float]] = [[], [], []]
    by_label = {r.sleeve.label: (r.sessions, thirds(in_force(driver, r.sessions))) for r in study.returns}
    for o in study.observations:
        sessions, state = by_label[o.sleeve]
        day = int(np.searchsorted(sessions, o.day))
        window = [int(n) for n in np.flatnonzero(o.days >= o.day)[DAYS[0] : DAYS[1] + 1]]
        if day == 0 or not np.isfinite(state[day - 1]) or not window:
            continue
        cars_by_third[int(state[day - 1])].append(o.news.sign * float(o.abnormal[window].sum()))
    return tuple(_third(driver.name, word, cars) for word, cars in zip(STATES, cars_by_third, strict=True))


def by_study(studies: Sequence[EventStudy], series: Mapping[str, Driver]) -> dict[str, tuple[StateCars, ...]]:
    """The thirds of every series, by the label of each study; nothing where there is no series."""
    if not series:
        return {}
    return {s.label: tuple(t for d in series.values() for t in cars_by_state(s, d)) for s in studies}


def _third(name: str, state: str, cars: list[float]) -> StateCars:
    values = np.array(cars)
    mean = float(values.mean()) if values.size else float("nan")
    error = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
    return StateCars(name, state, values.size, mean, error)
