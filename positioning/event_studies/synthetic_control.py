"""Is it the event or the sector? A sleeve less a portfolio of donors that moved like it before each window.

    w = argmin over w >= 0, sum w = 1 of sum over quiet sessions of (r_t - X_t w)^2,   gap_t = r_t - X_t w, in the window

Quiet sessions are those of the study's own model: the last before the window that lie outside the window of every event
of the sleeve. sigma, the root mean square of the fit's residuals, says how near the donors came; for a span of n sessions
and N pieces of news with signs s_i

    effect = mean of s_i sum of gap_i          statistic = mean of s_i (sum of gap_i) / (sigma_i sqrt(n))

in space   each donor in turn is treated on the same days, with the other donors for its own control: p is the rank of the
           sleeve's |statistic| among all of them, so that J donors give no p below 1 / (J + 1)
in time    all day zeros move round the sessions together, as in `placebo`, and the sleeve is fitted anew at each: p is
           the share of shuffles whose |statistic| is as large

Abadie, Diamond and Hainmueller (2010), doi:10.1198/jasa.2009.ap08746; on returns around events Acemoglu, Johnson,
Kermani, Kwak and Mitton (2016), doi:10.1016/j.jfineco.2015.10.001. A donor that the news moves too, or a fund that
holds the sleeve, takes part of the effect away: a gap near nothing is no proof that nothing happened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from positioning.analysis.placebo import check_draws, monte_carlo_p
from positioning.analysis.simplex import simplex_weights
from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled
from positioning.event_studies.day_zero import News, blocked
from positioning.event_studies.design import MIN_ESTIMATION_SESSIONS, REACH, Design
from positioning.event_studies.donors import DonorPool
from positioning.event_studies.sleeve_returns import Returns
from positioning.event_studies.study import EventStudy
from positioning.events.event import Events
from positioning.json_text import plain

MIN_DONORS = 3  # fewer are no pool to choose from
FEW_DONORS = f"fewer than {MIN_DONORS} donors have a return on all of its sessions"
Span = tuple[int, int]


@final
@dataclass(frozen=True, eq=False)
class ControlledWindow:
    """One piece of news. weights: of its donors above nothing; gap: (W,) by session of the window; error: sigma; p: in
    space, by span."""

    news: News
    day: np.datetime64
    weights: Mapping[str, float]
    gap: FloatArray
    error: float
    p: Mapping[Span, float]


@final
@dataclass(frozen=True, slots=True)
class ControlOutcome:
    """A span over all windows. count: pieces of news; effect: mean gap times sign; p_space, p_time: two-sided; NaN where
    not asked for or not known."""

    span: Span
    count: int
    effect: float
    statistic: float
    p_space: float
    p_time: float


@final
@dataclass(frozen=True, eq=False)
class SyntheticControl:
    """label: of the study; refused: why there is none, "" where there is. sessions: (W,) around day zero; path: (W,) mean
    cumulative gap times sign; placebo_paths: the same of each donor treated in turn; skipped: ids of news that could not
    be fitted, with the reason; draws: of p_time."""

    label: str
    refused: str
    donors: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    sessions: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    windows: tuple[ControlledWindow, ...] = ()
    path: FloatArray = field(default_factory=lambda: np.empty(0))
    placebo_paths: Mapping[str, FloatArray] = field(default_factory=dict)
    outcomes: tuple[ControlOutcome, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    draws: int = 0

    def outcome(self, span: Span) -> ControlOutcome | None:
        """The outcome of a span; None where there is none."""
        return next((o for o in self.outcomes if o.span == span), None)

    def to_json(self) -> dict[str, Any]:
        """By span and by window; refused alone where there is nothing else."""
        if self.refused:
            return {"refused": self.refused, "left_out": dict(self.left_out)}
        return {
            "refused": None, "donors": list(self.donors), "left_out": dict(self.left_out),
            "other_hours": list(self.apart), "draws": self.draws, "sessions": self.sessions.tolist(),
            "path": self.path.tolist(),
            "placebo_paths": {s: p.tolist() for s, p in self.placebo_paths.items()},
            "spans": {
                f"{o.span[0]}:{o.span[1]}": {
                    "events": o.count, "effect": plain(o.effect), "statistic": plain(o.statistic),
                    "p_space": plain(o.p_space), "p_time": plain(o.p_time),
                }
                for o in self.outcomes
            },
            "windows": {
                w.news.ids: {
                    "day": str(w.day), "weights": dict(w.weights), "gap": w.gap.tolist(), "error": plain(w.error),
                    "p_space": {f"{a}:{b}": plain(p) for (a, b), p in w.p.items()},
                }
                for w in self.windows
            },
            "skipped": dict(self.skipped),
        }  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class _Fitted:
    """weights: (M, J), gap: (M, W), error: (M,), of M day zeros; NaN where it could not be fitted."""

    weights: FloatArray
    gap: FloatArray
    error: FloatArray

    def standard(self, at: slice) -> FloatArray:
        """(M,) sums of the gap over columns, over sigma and the root of their number."""
        part = self.gap[:, at]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(part.sum(axis=1) / (self.error * math.sqrt(part.shape[1])))


def synthetic_control(
    study: EventStudy, pool: DonorPool, events: Events, design: Design, draws: int = 0, seed: int = 0
) -> SyntheticControl:
    """Of a study of one sleeve. draws: shuffles in time, 0 for none.

    Refused where the study has no observation or the pool fewer than MIN_DONORS donors. Raises BadInputError for fewer
    draws than none.
    """
    if draws:
        check_draws(draws)
    if study.panel is None or len(study.returns) != 1:
        return SyntheticControl(study.label, "no event of one sleeve could be measured")
    if len(pool.symbols) < MIN_DONORS:
        shortage = (
            f"{len(pool.symbols)} donors with prices ({', '.join(pool.symbols)})"
            if pool.symbols
            else "no donor with prices"
        )
        return SyntheticControl(
            study.label,
            f"{shortage}: at least {MIN_DONORS} are wanted, of the role control or funds in universe.csv, with prices",
            pool.symbols, pool.apart, pool.left_out,
        )  # fmt: skip
    returns, panel = study.returns[0], study.panel
    news = [o.news for o in panel.observations]
    days = np.array([n.day for n in news], dtype=np.int64)
    free = _free(returns, events, design)
    own = _fitted(returns.names, pool.returns, free, days, design)
    has_fit = np.isfinite(own.error)
    if not has_fit.any():
        return SyntheticControl(
            study.label, f"no window has {MIN_DONORS} donors with a return on all of its sessions",
            pool.symbols, pool.apart, pool.left_out,
        )  # fmt: skip
    treated = {
        s: _fitted(pool.returns[:, [n]], np.delete(pool.returns, n, axis=1), free, days, design)
        for n, s in enumerate(pool.symbols)
    }
    sign = panel.sign
    spans = panel.spans()
    at = {span: panel.columns(span) for span in spans}
    moved = _in_time(returns, pool, free, days, sign, design, at, draws, seed) if draws else {}
    outcomes = tuple(_outcome(span, own, treated, sign, has_fit, at[span], moved.get(span)) for span in spans)
    return SyntheticControl(
        study.label, "", pool.symbols, pool.apart, pool.left_out, np.arange(panel.first, panel.last + 1),
        tuple(
            ControlledWindow(
                news[n], returns.sessions[days[n]],
                {s: float(w) for s, w in zip(pool.symbols, own.weights[n], strict=True) if w > 0},
                own.gap[n], float(own.error[n]),
                {span: _rank(own, treated, n, at[span]) for span in spans},
            )
            for n in np.flatnonzero(has_fit).tolist()
        ),
        _path(own, sign, has_fit), {s: _path(f, sign, has_fit) for s, f in treated.items()}, outcomes,
        {news[n].ids: FEW_DONORS for n in np.flatnonzero(~has_fit)},
        draws,
    )  # fmt: skip


def _free(returns: Returns, events: Events, design: Design) -> IntArray:
    """Sessions outside the window of every event of the sleeve, on which a name has a return."""
    theme = returns.sleeve.theme
    mask = blocked(events, theme, design.window, returns.sessions, returns.venue)
    return np.flatnonzero(~mask & np.isfinite(returns.names).any(axis=1)).astype(np.int64)


def _fitted(names: FloatArray, donors: FloatArray, free: IntArray, days: IntArray, design: Design) -> _Fitted:
    begins = days + design.window[0]
    stops = np.searchsorted(free, begins)
    lows = np.maximum(stops - design.estimation, np.searchsorted(free, begins - REACH))
    width = design.window[1] - design.window[0] + 1
    rows = np.ascontiguousarray(names), np.ascontiguousarray(donors)  # one layout is compiled once
    return _Fitted(*_fit_all(*rows, free, lows, stops, begins, width))


@compiled()
def _fit_all(names: Any, donors: Any, free: Any, lows: Any, stops: Any, begins: Any, width: int) -> Any:
    """weights, gaps and errors of each day zero: of the names and donors with a return on all of its sessions."""
    size, pool = begins.size, donors.shape[1]
    weights = np.full((size, pool), np.nan)
    gaps, errors = np.full((size, width), np.nan), np.full(size, np.nan)
    for m in range(size):
        first, quiet = begins[m], free[lows[m] : stops[m]]
        if first < 0 or first + width > names.shape[0] or quiet.size < MIN_ESTIMATION_SESSIONS:
            continue
        used = np.concatenate((quiet, np.arange(first, first + width)))
        name_columns, donor_columns = _complete(names, used), _complete(donors, used)
        if name_columns.size == 0 or donor_columns.size < MIN_DONORS:
            continue
        own = np.zeros(used.size)
        for t in range(used.size):
            for n in name_columns:
                own[t] += names[used[t], n] / name_columns.size
        donor_weights = _nearest(own, donors, used[: quiet.size], donor_columns)
        weights[m] = 0.0
        weights[m][donor_columns] = donor_weights
        left, square = own.copy(), 0.0
        for t in range(used.size):
            for a in range(donor_columns.size):
                left[t] -= donor_weights[a] * donors[used[t], donor_columns[a]]
        gaps[m] = left[quiet.size :]
        for t in range(quiet.size):
            square += left[t] * left[t] / quiet.size
        errors[m] = np.sqrt(square)
    return weights, gaps, errors


@compiled()
def _nearest(own: Any, donors: Any, rows: Any, columns: Any) -> Any:
    """The weights of the donors in `columns` that come nearest to `own` on these rows."""
    size = columns.size
    gram, cross, x = np.zeros((size, size)), np.zeros(size), np.empty(size)
    for t in range(rows.size):
        for a in range(size):
            x[a] = donors[rows[t], columns[a]]
        for a in range(size):
            cross[a] += x[a] * own[t]
            for b in range(a + 1):
                gram[a, b] += x[a] * x[b]
    for a in range(size):
        for b in range(a):
            gram[b, a] = gram[a, b]
    return simplex_weights(gram, cross)


@compiled()
def _complete(values: Any, used: Any) -> Any:
    """The columns that are known on all of these rows."""
    is_complete = np.ones(values.shape[1], np.bool_)
    for n in range(values.shape[1]):
        for t in used:
            if not np.isfinite(values[t, n]):
                is_complete[n] = False
                break
    return np.flatnonzero(is_complete)


def _outcome(
    span: Span, own: _Fitted, treated: Mapping[str, _Fitted], sign: FloatArray, has_fit: Any, at: slice,
    moved: FloatArray | None,
) -> ControlOutcome:  # fmt: skip
    effect = float((sign * own.gap[:, at].sum(axis=1))[has_fit].mean())
    statistic = _statistic(own, sign, has_fit, at)
    others = np.array([_statistic(f, sign, has_fit, at) for f in treated.values()])
    p_space = _two_sided(others, statistic)
    p_time = math.nan if moved is None else _two_sided(moved, statistic)
    return ControlOutcome(span, int(has_fit.sum()), effect, statistic, p_space, p_time)


def _statistic(fitted: _Fitted, sign: FloatArray, has_fit: Any, at: slice) -> float:
    values = (sign * fitted.standard(at))[has_fit]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else math.nan


def _two_sided(others: FloatArray, statistic: float) -> float:
    sizes = np.abs(others[np.isfinite(others)])
    return monte_carlo_p(sizes, abs(statistic)) if sizes.size and math.isfinite(statistic) else math.nan


def _rank(own: _Fitted, treated: Mapping[str, _Fitted], n: int, at: slice) -> float:
    others = np.array([f.standard(at)[n] for f in treated.values()])
    return _two_sided(others, float(own.standard(at)[n]))


def _path(fitted: _Fitted, sign: FloatArray, has_fit: Any) -> FloatArray:
    gaps = (np.cumsum(fitted.gap, axis=1) * sign[:, None])[has_fit]
    has_path = np.isfinite(gaps).all(axis=1)
    return gaps[has_path].mean(axis=0) if has_path.any() else np.full(fitted.gap.shape[1], math.nan)


def _in_time(
    returns: Returns, pool: DonorPool, free: IntArray, days: IntArray, sign: FloatArray, design: Design,
    at: Mapping[Span, slice], draws: int, seed: int,
) -> dict[Span, FloatArray]:  # fmt: skip
    """(draws,) the statistic of each span with all day zeros moved round the sessions that can be fitted."""
    every = np.arange(returns.sessions.size)
    fitted = _fitted(returns.names, pool.returns, free, every, design)
    possible = np.flatnonzero(np.isfinite(fitted.error))
    first, size = int(possible[0]), int(possible[-1] - possible[0] + 1)
    inside = (days >= first) & (days < first + size)
    shifts = np.random.default_rng(seed).integers(1, max(size, 2), draws)
    moved = first + (days[inside][None, :] - first + shifts[:, None]) % size
    by_span = {}
    for span, columns in at.items():
        values = fitted.standard(columns)[moved] * sign[inside]
        finite = np.isfinite(values)
        count = finite.sum(axis=1)
        total = np.where(finite, values, 0.0).sum(axis=1)
        by_span[span] = np.divide(total, count, out=np.full(draws, np.nan), where=count > 0)
    return by_span


def synthetic_controls(
    studies: Sequence[EventStudy],
    pools: Mapping[str, DonorPool],
    events: Events,
    design: Design,
    draws: int = 0,
    seed: int = 0,
) -> dict[str, SyntheticControl]:
    """Of every study that has a pool, by its label."""
    return {
        s.label: synthetic_control(s, pools[s.label], events, design, draws, seed)
        for s in studies
        if s.label in pools
    }
