"""What a sleeve earned around its events beyond what a model expected of it.

For one event, with L estimation sessions, regressors X (L x K, the first a constant) and returns r (L):

    b  = (X'X)^-1 X'r,   e = r - Xb,   s2 = e'e / (L - K)
    AR = r* - X*b                                      abnormal returns of the W window sessions
    V  = s2 (I + X* (X'X)^-1 X*')                      their covariance, given the regressors

V is the covariance of prediction errors: the parameters of all window sessions come from the same L sessions,
so abnormal returns of one window are correlated, and the variance of their sum is g'Vg, not W s2.

    market   X = [1, benchmark]          mean   X = [1]          factors   X = [1, benchmark, further factors]

Published factors (see `analysis.factors`) take the place of benchmark and funds, and returns are then over their rate.

Where a name closes at another hour than a factor, the factor enters three times: with its return up to the day
before each session, up to the session, and of the session after (Dimson 1979, doi:10.1016/0304-405X(79)90013-8).

MacKinlay 1997, "Event studies in economics and finance", Journal of Economic Literature 35, 13-39 (no DOI);
Patell 1976, doi:10.2307/2490543.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.event_studies.day_zero import EventFilter, ExcludedEvent, News, blocked, select
from positioning.event_studies.design import MIN_ESTIMATION_SESSIONS, REACH, Design
from positioning.event_studies.sleeve_returns import Returns
from positioning.events.event import Events


@final
@dataclass(frozen=True, eq=False)
class Observation:
    """One piece of news on one sleeve.

    days, abnormal: (W,) sessions of the window and their abnormal returns; covariance: (W, W), V above.
    quiet, residuals: (L,) estimation sessions and their residuals; freedom: L less the rank of X. loading: (W, L)
    X* (X'X)^-1 X', what each estimation return weighs in each expected one.
    overlaps: its window meets another's of the same sleeve; alone: in the first-come subset without overlap.
    """

    sleeve: str
    news: News
    day: np.datetime64
    symbols: tuple[str, ...]
    days: DateArray
    abnormal: FloatArray
    covariance: FloatArray
    quiet: DateArray
    residuals: FloatArray
    loading: FloatArray
    freedom: int
    overlaps: bool
    alone: bool


def observe(
    returns: Returns, events: Events, choice: EventFilter, design: Design
) -> tuple[tuple[Observation, ...], tuple[ExcludedEvent, ...]]:
    """One observation a piece of news, and what could not be used with the reason.

    Estimation: the last `design.estimation` sessions before the window that lie outside the window of every
    event of the sleeve, reaching back REACH at most. Names: those with a return on all sessions used.
    Raises BadInputError where the data are shorter than estimation and window together.
    """
    theme, first, last = returns.sleeve.theme, *design.window
    needed = design.estimation + last - first + 1
    usable = np.asarray(np.isfinite(returns.names).any(axis=1) & np.isfinite(returns.factors).all(axis=1))
    if needed > usable.sum():
        raise BadInputError(
            f"estimation={design.estimation} and a window of {last - first + 1} sessions",
            f"{returns.sleeve.label} has {usable.sum()} sessions with returns of a name and its factors",
            "shorten it, or add prices",
            "estimation",
        )
    news, out = select(events, theme, choice, returns.sessions, returns.venue)
    free = usable & ~blocked(events, theme, design.window, returns.sessions, returns.venue)
    measured = [(n, _measure(returns, n, design, free, usable)) for n in news]
    measurements = [(n, m) for n, m in measured if not isinstance(m, str)]
    out += tuple(ExcludedEvent(n.ids, m) for n, m in measured if isinstance(m, str))
    overlaps, alone = overlapping([n.day for n, _ in measurements], last - first + 1)
    pairs = zip(measurements, overlaps, alone, strict=True)
    return tuple(_observation(returns, n, m, o, a) for (n, m), o, a in pairs), out


def overlapping(days: Sequence[int], width: int) -> tuple[list[bool], list[bool]]:
    """Per day zero, ascending: whether its window of `width` sessions meets another's, and whether it belongs
    to the subset that takes each window in turn unless it meets one taken before."""
    meets = [False] * len(days)
    alone: list[bool] = []
    last_alone = None
    for n, day in enumerate(days):
        meets[n] = any(abs(day - other) < width for m, other in enumerate(days) if m != n)
        alone.append(last_alone is None or day - last_alone >= width)
        last_alone = day if alone[-1] else last_alone
    return meets, alone


@final
@dataclass(frozen=True, eq=False)
class Fit:
    """A least-squares fit on quiet sessions and what it makes of the window; see the module."""

    abnormal: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    loading: FloatArray
    freedom: int


def fit(own: FloatArray, design: FloatArray, own_window: FloatArray, design_window: FloatArray) -> Fit:
    """own: (L,), design: (L, K) with its constant; own_window: (W,), design_window: (W, K)."""
    inverse = np.linalg.pinv(design)  # also where two factors are the same
    b = inverse @ own
    residuals = own - design @ b
    freedom = own.size - round(float(np.einsum("kl,lk->", inverse, design)))  # trace: the rank
    loading = design_window @ inverse
    s2 = residuals @ residuals / freedom
    covariance = s2 * (np.eye(own_window.size) + loading @ loading.T)
    return Fit(own_window - design_window @ b, covariance, residuals, loading, freedom)


@final
@dataclass(frozen=True, eq=False)
class _EventMeasurement:
    fit: Fit
    quiet: np.ndarray[tuple[int], np.dtype[np.int64]]
    window: np.ndarray[tuple[int], np.dtype[np.int64]]
    names: BoolArray


def _measure(
    returns: Returns, news: News, design: Design, free: BoolArray, usable: BoolArray
) -> _EventMeasurement | str:
    """The fit of one piece of news, or the reason why there is none."""
    first, last = news.day + design.window[0], news.day + design.window[1]
    if first < 0 or last >= returns.sessions.size:
        return f"its window reaches beyond the prices, {returns.sessions[0]} to {returns.sessions[-1]}"
    window = np.arange(first, last + 1)
    if not usable[window].all():
        day = window[~usable[window]][0]
        what = "no name" if np.isfinite(returns.factors[day]).all() else "not every factor"
        return f"{what} has a return on {returns.sessions[day]}, inside its window"
    begin = max(first - REACH, 0)
    quiet = begin + np.flatnonzero(free[begin:first])[-design.estimation :]
    if quiet.size < MIN_ESTIMATION_SESSIONS:
        return (
            f"{quiet.size} of the {first - begin} sessions before its window are free of the sleeve's events; "
            f"{MIN_ESTIMATION_SESSIONS} are needed"
        )
    span = np.concatenate([quiet, window])
    names = np.isfinite(returns.names[span]).all(axis=0)
    if not names.any():
        return f"no name has prices on all of its sessions, {returns.sessions[quiet[0]]} to {returns.sessions[last]}"
    own = returns.names[span][:, names].mean(axis=1)
    x = np.column_stack([np.ones(span.size), returns.factors[span]])
    cut = quiet.size
    return _EventMeasurement(fit(own[:cut], x[:cut], own[cut:], x[cut:]), quiet, window, names)


def _observation(
    returns: Returns, news: News, m: _EventMeasurement, overlaps: bool, alone: bool
) -> Observation:
    return Observation(
        sleeve=returns.sleeve.label,
        news=news,
        day=returns.sessions[news.day],
        symbols=tuple(s for s, is_used in zip(returns.symbols, m.names, strict=True) if is_used),
        days=returns.sessions[m.window],
        abnormal=m.fit.abnormal,
        covariance=m.fit.covariance,
        quiet=returns.sessions[m.quiet],
        residuals=m.fit.residuals,
        loading=m.fit.loading,
        freedom=m.fit.freedom,
        overlaps=overlaps,
        alone=alone,
    )
