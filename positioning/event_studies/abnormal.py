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

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from positioning.analysis.factor_regions import fits, require_dollars, require_fit
from positioning.analysis.factors import Factors
from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.errors import BadInputError, DataMissingError
from positioning.event_studies.day_zero import EventFilter, LeftOut, News, blocked, select
from positioning.events.event import Events
from positioning.events.thesis import PROXIES
from positioning.market.bars import Notice
from positioning.market.benchmark import benchmark, parts
from positioning.market.coverage import Span
from positioning.market.findings import Finding
from positioning.market.instruments import Instruments
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.price_checks import NOTHING
from positioning.market.records import check_choice
from positioning.market.source import Source
from positioning.market.venues import calendar_name

Model = Literal["market", "mean", "factors"]

REACH = 300  # sessions an estimation may reach back from the window
MIN_ESTIMATION_SESSIONS = 60  # estimation sessions below which an event is dropped
STALE_SESSIONS = 10  # sessions without a price after which a name has no return


@final
@dataclass(frozen=True, slots=True)
class Sleeve:
    """Names held in equal parts, the sleeve of the record whose signs they answer, and their benchmark."""

    label: str
    theme: str
    names: tuple[str, ...]
    benchmark: str


@final
@dataclass(frozen=True, slots=True)
class Design:
    """How abnormal returns are measured. factors: funds beside a sleeve's own benchmark. published: factors of a
    library in place of benchmark and funds, with returns over its risk-free rate; region: what was said of theirs, see
    `factor_regions.require_fit`. Raises BadInputError for an unknown model, for published factors beside model=mean and
    for too long an estimation.
    """

    window: tuple[int, int] = (-5, 10)
    estimation: int = 120
    model: Model = "market"
    factors: tuple[str, ...] = PROXIES
    published: Factors | None = None
    region: str = ""

    def __post_init__(self) -> None:
        check_choice("model", self.model, get_args(Model))
        if self.published is not None and self.model == "mean":
            raise BadInputError(
                "model=mean beside published factors", "wanted one of them", "give model=factors", "model"
            )
        if not MIN_ESTIMATION_SESSIONS <= self.estimation <= REACH:
            raise BadInputError(
                f"estimation={self.estimation}",
                f"wanted {MIN_ESTIMATION_SESSIONS} to {REACH} sessions, as an estimation reaches back {REACH} at most",
                "give estimation=120",
                "estimation",
            )


@final
@dataclass(frozen=True, eq=False)
class Returns:
    """A sleeve's returns on the clock of the venue most of its names trade on.

    sessions: (S,) of that venue. names: (S, N) simple total returns in base currency from the last session to
    this one; a name of another venue is taken at its last mark; NaN where a name has no price that is fresh.
    factors: (S, K) regressors beside the constant, NaN where unknown. against: what they are, in words.
    """

    sleeve: Sleeve
    venue: str
    symbols: tuple[str, ...]
    sessions: DateArray
    names: FloatArray
    factors: FloatArray
    lagged: bool = False
    snapshot: str = ""
    simulated: bool = False
    notices: tuple[Notice, ...] = ()
    findings: tuple[Finding, ...] = ()
    against: str = ""


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


def sleeve_returns(
    source: Source,
    sleeve: Sleeve,
    design: Design,
    base: str = "USD",
    crash_dates: Mapping[str, DateArray] = NOTHING,
    accepted: Sequence[str] = (),
    end: np.datetime64 | None = None,
) -> Returns:
    """The returns of a sleeve and its factors. crash_dates, accepted: for the quality gate, see `load`. end: the last
    day of prices, None for all there are.

    Raises DataMissingError where the source has none of the names, or lacks a factor, and BadInputError as
    `load` does.
    """
    bars = source.deliver(sleeve.names, ()).bars
    ends = [b.dates[-1] for b in bars.values()]
    # An explicit end keeps every name: each event uses those that have prices around it.
    span = Span(end=max(ends) if end is None else end) if ends else None
    market = load(source, sleeve.names, span=span, base=base, crash_dates=crash_dates, accepted=accepted)
    home = _home(market, source.instruments, sleeve.benchmark)
    column = next(n for n, i in enumerate(market.instruments) if calendar_name(i.venue) == home)
    rows = np.flatnonzero(market.venue_open[:, column])
    sessions = market.rows[rows]
    if design.published is not None:
        return _against_published(sleeve, market, home, rows, design.published, design.region)
    symbols = _factor_symbols(sleeve, design)
    elsewhere = {calendar_name(i.venue) for i in market.instruments}
    calendars = {s: _calendars(s, source.instruments) for s in symbols}
    lagged = [bool(elsewhere - calendars[s]) or len(calendars[s]) > 1 for s in symbols]
    notices, against = list(market.notices), list[str]()
    blocks = [np.empty((sessions.size, 0))]
    for symbol, lag in zip(symbols, lagged, strict=True):
        found = benchmark(source, symbol, sessions, base, crash_dates, accepted)
        if found is None:
            raise DataMissingError(
                f"{sleeve.label}: its benchmark or factor {symbol} is not in {source.label}",
                "wanted its prices and its currency's rates",
                "add them, or choose another benchmark, or give model=mean",
                "model",
            )
        notices += found.notices
        against.append(found.label)
        # By dates, not by counting sessions: after a holiday here the day before covers all that happened there.
        eve = (
            benchmark(source, symbol, sessions - np.timedelta64(1, "D"), base, crash_dates, accepted)
            if lag
            else None
        )
        blocks.append(_regressors(found.levels, None if eve is None else eve.levels))
    return Returns(
        sleeve, home, market.symbols, sessions, _name_returns(market, rows), np.hstack(blocks), any(lagged),
        market.snapshot, market.simulated, tuple(dict.fromkeys(notices)), market.findings,
        " and ".join(against) or "their own mean",
    )  # fmt: skip


def _against_published(
    sleeve: Sleeve, market: Market, home: str, rows: IntArray, published: Factors, region: str
) -> Returns:
    """Returns over the factors' risk-free rate. Where a name is of another region, factors enter with leads and lags."""
    require_dollars(market.base)
    require_fit(dict.fromkeys(market.instruments, 1.0), published.regions, region)
    sessions = market.rows[rows]
    levels, eve = published.levels(sessions), published.levels(sessions - np.timedelta64(1, "D"))
    lagged = not all(fits(i, published.regions) for i in market.instruments)
    blocks = [_regressors(levels[:, k], eve[:, k] if lagged else None) for k in range(len(published.names))]
    names = _name_returns(market, rows) - _growth(levels[:, -1])[:, None]
    told = [*market.notices, *(Notice("", text) for text in published.told)]
    return Returns(
        sleeve, home, market.symbols, sessions, names, np.hstack(blocks), lagged,
        market.snapshot, market.simulated, tuple(dict.fromkeys(told)), market.findings,
        f"the factors {', '.join(published.names)} ({' and '.join(published.regions) or 'region not told'})",
    )  # fmt: skip


def observe(
    returns: Returns, events: Events, choice: EventFilter, design: Design
) -> tuple[tuple[Observation, ...], tuple[LeftOut, ...]]:
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
    kept = [(n, m) for n, m in measured if not isinstance(m, str)]
    out += tuple(LeftOut(n.ids, m) for n, m in measured if isinstance(m, str))
    overlaps, alone = overlapping([n.day for n, _ in kept], last - first + 1)
    pairs = zip(kept, overlaps, alone, strict=True)
    return tuple(_observation(returns, n, m, o, a) for (n, m), o, a in pairs), out


def overlapping(days: Sequence[int], width: int) -> tuple[list[bool], list[bool]]:
    """Per day zero, ascending: whether its window of `width` sessions meets another's, and whether it belongs
    to the subset that takes each window in turn unless it meets one taken before."""
    meets = [False] * len(days)
    alone: list[bool] = []
    taken = None
    for n, day in enumerate(days):
        meets[n] = any(abs(day - other) < width for m, other in enumerate(days) if m != n)
        alone.append(taken is None or day - taken >= width)
        taken = day if alone[-1] else taken
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
class _Measured:
    fit: Fit
    quiet: np.ndarray[tuple[int], np.dtype[np.int64]]
    window: np.ndarray[tuple[int], np.dtype[np.int64]]
    names: BoolArray


def _measure(
    returns: Returns, news: News, design: Design, free: BoolArray, usable: BoolArray
) -> _Measured | str:
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
    return _Measured(fit(own[:cut], x[:cut], own[cut:], x[cut:]), quiet, window, names)


def _observation(returns: Returns, news: News, m: _Measured, overlaps: bool, alone: bool) -> Observation:
    return Observation(
        sleeve=returns.sleeve.label,
        news=news,
        day=returns.sessions[news.day],
        symbols=tuple(s for s, kept in zip(returns.symbols, m.names, strict=True) if kept),
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


def _home(market: Market, instruments: Instruments, measure: str) -> str:
    """The calendar most names keep; of equals the benchmark's, else the first."""
    held = Counter(calendar_name(i.venue) for i in market.instruments)
    most = [c for c, n in held.items() if n == max(held.values())]
    own = [c for c in most if c in _calendars(measure, instruments)]
    return own[0] if own else most[0]


def _calendars(measure: str, instruments: Instruments) -> set[str]:
    """Those that the parts of a benchmark keep."""
    return {calendar_name(p.instrument.venue) for p in parts(measure, instruments)}


def _factor_symbols(sleeve: Sleeve, design: Design) -> tuple[str, ...]:
    if design.model == "mean":
        return ()
    further = design.factors if design.model == "factors" else ()
    return tuple(s for s in dict.fromkeys([sleeve.benchmark, *further]) if s not in sleeve.names)


def _name_returns(market: Market, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    index = market.total_return[rows]
    out = np.full_like(index, np.nan)
    out[1:] = index[1:] / index[:-1] - 1.0
    stale = (market.silence[rows] > STALE_SESSIONS) | ~np.isfinite(market.rates[rows])
    stale[1:] |= stale[:-1]  # the first price after a hole would put the whole hole into one session
    out[stale] = np.nan
    return out


def _regressors(levels: FloatArray, before: FloatArray | None) -> FloatArray:
    """(S, 1) the factor's return, or (S, 3): up to the day before each session, up to it, and of the next."""
    same = _growth(levels)
    if before is None:
        return same[:, None]
    after = np.full_like(same, np.nan)
    after[:-1] = same[1:]
    return np.column_stack([_growth(before), same, after])


def _growth(levels: FloatArray) -> FloatArray:
    out = np.full(levels.size, np.nan)
    out[1:] = levels[1:] / levels[:-1] - 1.0
    return out
