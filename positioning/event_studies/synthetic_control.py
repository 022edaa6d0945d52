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
from positioning.arrays import FloatArray, IntArray
from positioning.event_studies.control_fits import MIN_DONORS, ControlFits, control_fits
from positioning.event_studies.day_zero import News, blocked
from positioning.event_studies.design import Design
from positioning.event_studies.donors import DonorPool
from positioning.event_studies.sleeve_returns import Returns
from positioning.event_studies.study import EventStudy
from positioning.events.event import Events
from positioning.json_text import plain

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
    own = control_fits(returns.names, pool.returns, free, days, design)
    has_fit = np.isfinite(own.error)
    if not has_fit.any():
        return SyntheticControl(
            study.label, f"no window has {MIN_DONORS} donors with a return on all of its sessions",
            pool.symbols, pool.apart, pool.left_out,
        )  # fmt: skip
    treated = {
        s: control_fits(pool.returns[:, [n]], np.delete(pool.returns, n, axis=1), free, days, design)
        for n, s in enumerate(pool.symbols)
    }
    sign = panel.sign
    spans = panel.spans()
    at = {span: panel.columns(span) for span in spans}
    ranks = {span: _ranks(own, treated, at[span]) for span in spans}
    moved = _in_time(returns, pool, free, days, sign, design, at, draws, seed) if draws else {}
    outcomes = tuple(_outcome(span, own, treated, sign, has_fit, at[span], moved.get(span)) for span in spans)
    return SyntheticControl(
        study.label, "", pool.symbols, pool.apart, pool.left_out, np.arange(panel.first, panel.last + 1),
        tuple(
            ControlledWindow(
                news[n], returns.sessions[days[n]],
                {s: float(w) for s, w in zip(pool.symbols, own.weights[n], strict=True) if w > 0},
                own.gap[n], float(own.error[n]),
                {span: ranks[span][n] for span in spans},
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


def _outcome(
    span: Span, own: ControlFits, treated: Mapping[str, ControlFits], sign: FloatArray, has_fit: Any, at: slice,
    moved: FloatArray | None,
) -> ControlOutcome:  # fmt: skip
    effect = float((sign * own.gap[:, at].sum(axis=1))[has_fit].mean())
    statistic = _statistic(own, sign, has_fit, at)
    others = np.array([_statistic(f, sign, has_fit, at) for f in treated.values()])
    p_space = _two_sided(others, statistic)
    p_time = math.nan if moved is None else _two_sided(moved, statistic)
    return ControlOutcome(span, int(has_fit.sum()), effect, statistic, p_space, p_time)


def _statistic(fitted: ControlFits, sign: FloatArray, has_fit: Any, at: slice) -> float:
    values = (sign * fitted.standard(at))[has_fit]
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else math.nan


def _two_sided(others: FloatArray, statistic: float) -> float:
    sizes = np.abs(others[np.isfinite(others)])
    return monte_carlo_p(sizes, abs(statistic)) if sizes.size and math.isfinite(statistic) else math.nan


def _ranks(own: ControlFits, treated: Mapping[str, ControlFits], at: slice) -> list[float]:
    """p in space of each day zero."""
    others = np.array([f.standard(at) for f in treated.values()])
    return [_two_sided(others[:, n], float(v)) for n, v in enumerate(own.standard(at))]


def _path(fitted: ControlFits, sign: FloatArray, has_fit: Any) -> FloatArray:
    gaps = (np.cumsum(fitted.gap, axis=1) * sign[:, None])[has_fit]
    has_path = np.isfinite(gaps).all(axis=1)
    return gaps[has_path].mean(axis=0) if has_path.any() else np.full(fitted.gap.shape[1], math.nan)


def _in_time(
    returns: Returns, pool: DonorPool, free: IntArray, days: IntArray, sign: FloatArray, design: Design,
    at: Mapping[Span, slice], draws: int, seed: int,
) -> dict[Span, FloatArray]:  # fmt: skip
    """(draws,) the statistic of each span with all day zeros moved round the sessions that can be fitted."""
    every = np.arange(returns.sessions.size)
    fitted = control_fits(returns.names, pool.returns, free, every, design)
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
