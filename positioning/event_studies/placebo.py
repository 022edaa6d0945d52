"""Would prices have moved as much on days without these events?

All day zeros of a study move round its sessions together, as `analysis.placebo` moves a strategy's events: count,
signs, merging, order and spacing stay, only the days are wrong. A CAR is linear in the sums over its estimation
sessions of X'X and X'r and over its window of X and r (see `abnormal`), so each set of dates costs one pass
of running sums for all events at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.placebo import check_draws, monte_carlo_p
from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.event_studies.day_zero import signed_days
from positioning.event_studies.design import MIN_ESTIMATION_SESSIONS, REACH, Design
from positioning.event_studies.sleeve_returns import Returns
from positioning.event_studies.study import EventStudy
from positioning.events.event import Events

Spans = Sequence[tuple[int, int]]


@final
@dataclass(frozen=True, eq=False)
class StudyPlacebo:
    """CAARs times the expected sign on shuffled dates.

    shuffled: by group, (N, spans in the order of Panel.spans); NaN where none of its news could be measured.
    """

    draws: int
    seed: int
    shuffled: Mapping[str, FloatArray]

    def p_value(self, group: str, span: int, caar: float) -> float:
        """One-sided: the share of shuffles with a CAAR times sign at least as high; see `monte_carlo_p`."""
        caars = self.shuffled[group][:, span]
        return monte_carlo_p(caars[np.isfinite(caars)], caar)

    def median(self, group: str, span: int) -> float:
        """The median CAAR of the shuffles."""
        return float(np.nanmedian(self.shuffled[group][:, span]))


def study_placebo(
    study: EventStudy, events: Events, design: Design, draws: int, seed: int = 0
) -> StudyPlacebo:
    """The groups of a study on `draws` sets of shifted dates. Raises BadInputError for fewer than 1.

    Names met one by one move together, on the dates all of them can be measured on; what lies outside stays.
    """
    check_draws(draws)
    turns = np.random.default_rng(seed).random(draws)
    if study.panel is None:
        return StudyPlacebo(draws, seed, {})
    spans, observations = study.panel.spans(), study.panel.observations
    rings = [_Ring(r, events, design) for r in study.returns]
    first, last = max(r.dates[0] for r in rings), min(r.dates[1] for r in rings)
    cars = np.full((draws, len(observations), len(spans)), np.nan)
    for ring in rings:
        own = [n for n, o in enumerate(observations) if o.sleeve == ring.returns.sleeve.label]
        days = np.array([observations[n].news.day for n in own], dtype=np.int64)
        cars[:, own] = ring.cars(days, turns, (first, last), spans)
    signed = cars * study.panel.sign[:, None]
    return StudyPlacebo(draws, seed, {g.name: _mean(signed[:, g.members], 1) for g in study.groups})


@final
class _Ring:
    """The sessions of a sleeve on which news could be measured, and the sums its CARs are made of.

    dates: the first and the last of these sessions.
    """

    def __init__(self, returns: Returns, events: Events, design: Design) -> None:
        self.returns, self._design = returns, design
        names, factors = returns.names, returns.factors
        self._usable = np.asarray(np.isfinite(names).any(axis=1) & np.isfinite(factors).all(axis=1))
        unit = np.nanstd(factors, axis=0)  # one scale for all regressors, so that one cut-off suits X'X
        own, x = np.nan_to_num(names), np.nan_to_num(factors / np.where(unit > 0, unit, 1.0))
        x = np.column_stack([np.ones(own.shape[0]), x])
        missing = ~np.isfinite(names)
        self._shape = (x.shape[1], own.shape[1])
        self._quiet = _flat(x[:, :, None] * x[:, None, :], x[:, :, None] * own[:, None, :], missing)
        self._window = _running(_flat(x, own, missing | ~self._usable[:, None]))
        self._events = signed_days(events, returns.sleeve.theme, returns.sessions, returns.venue)
        self.dates = self._span()

    def cars(
        self, days: IntArray, turns: FloatArray, dates: tuple[np.datetime64, np.datetime64], spans: Spans
    ) -> FloatArray:
        """(N, E, spans) raw CARs of the news of `days`, which turn round the sessions within `dates` together.

        turns: (N,) shares of a whole turn. NaN where `observe` would not use the news.
        """
        sessions = self.returns.sessions
        first, end = np.searchsorted(sessions, dates[0]), np.searchsorted(sessions, dates[1], side="right")
        size = int(end - first)
        shifts = 1 + np.floor(turns * max(size - 1, 1)).astype(np.int64)
        moved = [np.array([_rotate(d, int(first), size, s) for s in shifts]) for d in (days, self._events)]
        sums, count = self._estimation(*moved)
        return self._measured(moved[0], sums, count, spans)

    def _estimation(self, days: IntArray, events: IntArray) -> tuple[FloatArray, IntArray]:
        """(N, E, M) sums over the estimation sessions of each news, and (N, E) how many these are."""
        begin, design = days + self._design.window[0], self._design
        sums, count = np.empty((*days.shape, self._quiet.shape[1])), np.empty(days.shape, np.int64)
        for n, start in enumerate(begin):
            free = np.flatnonzero(self._free(events[n]))
            running = _running(self._quiet[free])
            stop = np.searchsorted(free, start)
            low = np.maximum(stop - design.estimation, np.searchsorted(free, start - REACH))
            sums[n], count[n] = running[stop] - running[low], stop - low
        return sums, count

    def _free(self, events: IntArray) -> BoolArray:
        free = self._usable.copy()
        around = events[:, None] + np.arange(self._design.window[0], self._design.window[1] + 1)
        free[around[(around >= 0) & (around < free.size)]] = False
        return free

    def _measured(self, days: IntArray, sums: FloatArray, count: IntArray, spans: Spans) -> FloatArray:
        k, n = self._shape
        gram, cross, missing = np.split(sums, [k * k, k * k + k * n], axis=-1)
        inverse = np.linalg.pinv(gram.reshape(*count.shape, k, k), rcond=1e-12, hermitian=True)
        b = inverse @ cross.reshape(*count.shape, k, n)
        whole = self._within(days, self._design.window)[..., k + n :]
        usable = (np.round(missing + whole) == 0) & (count >= MIN_ESTIMATION_SESSIONS)[..., None]
        means = np.empty((*count.shape, len(spans)))
        for at, span in enumerate(spans):
            x, own, _ = np.split(self._within(days, span), [k, k + n], axis=-1)
            cars = own - np.einsum("...k,...kn->...n", x, b)
            means[..., at] = _mean(np.where(usable, cars, np.nan), -1)
        return means

    def _within(self, days: IntArray, span: tuple[int, int]) -> FloatArray:
        return self._window[days + span[1] + 1] - self._window[days + span[0]]

    def _span(self) -> tuple[np.datetime64, np.datetime64]:
        first, last = self._design.window
        before = _running(self._usable)
        days = np.arange(-first, self._usable.size - last)
        reach = before[days + first] - before[np.maximum(days + first - REACH, 0)]
        whole = before[days + last + 1] - before[days + first] == last - first + 1
        possible = self.returns.sessions[days[whole & (reach >= MIN_ESTIMATION_SESSIONS)]]
        return possible[0], possible[-1]


def _rotate(days: IntArray, first: int, size: int, shift: int) -> IntArray:
    """Days inside the ring moved on, round its end to its start; others as they are."""
    inside = (days >= first) & (days < first + size)
    return np.where(inside, first + (days - first + shift) % max(size, 1), days)


def _flat(*blocks: FloatArray | BoolArray) -> FloatArray:
    return np.hstack([b.reshape(b.shape[0], -1).astype(np.float64) for b in blocks])


def _running(values: FloatArray | BoolArray) -> FloatArray:
    """Sums of the first 0, 1, ... rows."""
    out = np.zeros((values.shape[0] + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=out[1:])
    return out


def _mean(values: FloatArray, axis: int) -> FloatArray:
    """Over what is known; NaN where nothing is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.where(finite, values, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))
