"""CARs by the state of the world: the third in which a series lay on the last day before day zero.

    s CAR = a + u  of each third,   s CAR = a + b high + u  of the lower and the upper: b is what they lie apart

Errors are clustered by date, as in `severity`: observations whose days share a session are one cluster, whatever their
sleeve. Few clusters make these errors too small, so the p-value to read is the wild cluster bootstrap's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.multiplicity import detectable
from positioning.analysis.regression import clustered, wild_p
from positioning.analysis.world import STATES
from positioning.arrays import FloatArray, IntArray
from positioning.event_studies.severity import overlapping_clusters
from positioning.event_studies.study import EventStudy
from positioning.json_text import plain
from positioning.market.in_force import in_force, terciles
from positioning.market.source import Driver

DAYS = (0, 1)  # sessions around day zero
APART = "high less low"
BOOTSTRAP_DRAWS = 999


@final
@dataclass(frozen=True, slots=True)
class StateCars:
    """One third of one series, or APART. events: their number; mean: of their CARs over DAYS times the expected sign;
    clusters: of days; error: clustered by date, NaN below two clusters; p: the wild cluster bootstrap's, NaN below
    `regression.MIN_CLUSTERS`."""

    name: str
    state: str
    events: int
    mean: float
    clusters: int
    error: float
    p: float

    @property
    def detectable(self) -> float:
        """The smallest mean that a two-sided test at 5 % would have seen in 80 % of cases; NaN without an error."""
        return detectable(self.error, self.clusters - 1.0)

    def to_json(self) -> dict[str, Any]:
        """Fractions; undefined is None."""
        return {
            "events": self.events, "mean": plain(self.mean), "clusters": self.clusters, "error": plain(self.error),
            "p": plain(self.p),
        }  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class _SignedCars:
    """Of observations whose third is known. state, car, first, last: (N,), the days as numbers."""

    state: IntArray
    car: FloatArray
    first: IntArray
    last: IntArray


def cars_by_state(study: EventStudy, driver: Driver, seed: int = 0) -> tuple[StateCars, ...]:
    """The three thirds and APART, told on the study's own sessions from the series' past alone."""
    cars = _signed_cars(study, driver)
    outcomes = [
        _estimate(driver.name, word, cars, cars.state == k, None, seed) for k, word in enumerate(STATES)
    ]
    low, high = cars.state == 0, cars.state == len(STATES) - 1
    return (*outcomes, _estimate(driver.name, APART, cars, low | high, high, seed))


def by_study(
    studies: Sequence[EventStudy], series: Mapping[str, Driver], seed: int = 0
) -> dict[str, tuple[StateCars, ...]]:
    """The thirds of every series, by the label of each study; nothing where there is no series."""
    if not series:
        return {}
    return {s.label: tuple(t for d in series.values() for t in cars_by_state(s, d, seed)) for s in studies}


def _signed_cars(study: EventStudy, driver: Driver) -> _SignedCars:
    by_label = {r.sleeve.label: (r.sessions, terciles(in_force(driver, r.sessions))) for r in study.returns}
    cars: list[float] = []
    places: list[tuple[int, int, int]] = []
    for o in study.observations:
        sessions, state = by_label[o.sleeve]
        day = int(np.searchsorted(sessions, o.day))
        window = np.flatnonzero(o.days >= o.day)[DAYS[0] : DAYS[1] + 1]
        if day == 0 or not np.isfinite(state[day - 1]) or not window.size:
            continue
        first, last = o.days[window[[0, -1]]].astype("datetime64[D]").astype(np.int64)
        cars.append(o.news.sign * float(o.abnormal[window].sum()))
        places.append((int(state[day - 1]), int(first), int(last)))
    columns = np.array(places, dtype=np.int64).reshape(-1, 3)
    return _SignedCars(columns[:, 0], np.array(cars), columns[:, 1], columns[:, 2])


def _estimate(
    name: str, word: str, cars: _SignedCars, members: Any, apart: Any | None, seed: int
) -> StateCars:
    """The mean of the members, or, where `apart` tells two kinds of them, what these lie apart."""
    y, size = cars.car[members], int(members.sum())
    nothing = StateCars(name, word, size, math.nan, 0, math.nan, math.nan)
    if not size or (apart is not None and apart[members].all() | (~apart[members]).all()):
        return nothing
    x = np.ones((size, 1)) if apart is None else np.column_stack([np.ones(size), apart[members]])
    groups = overlapping_clusters(cars.first[members], cars.last[members])
    mean = float(y.mean() if apart is None else y[apart[members]].mean() - y[~apart[members]].mean())
    count = int(groups.max()) + 1
    if size <= x.shape[1] or count < 2:
        return StateCars(name, word, size, mean, count, math.nan, math.nan)
    column = x.shape[1] - 1
    fit = clustered(y, x, groups)
    p = wild_p(y, x, groups, column, BOOTSTRAP_DRAWS, seed)
    return StateCars(name, word, size, mean, count, float(fit.errors[column]), p)
