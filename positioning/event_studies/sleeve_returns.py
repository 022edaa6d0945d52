"""What a sleeve earned session by session, and the factors it is held against, on the clock of one venue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.factor_regions import factor_measure, require_dollars, require_fit
from positioning.analysis.factors import Factors
from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.errors import DataMissingError
from positioning.event_studies.design import Design
from positioning.market.bars import Notice
from positioning.market.benchmark import benchmark, parts
from positioning.market.coverage import Span
from positioning.market.findings import Finding
from positioning.market.instruments import Instruments
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.price_checks import NOTHING
from positioning.market.source import Source
from positioning.market.venues import calendar_name

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
        factor = benchmark(source, symbol, sessions, base, crash_dates, accepted)
        if factor is None:
            raise DataMissingError(
                f"{sleeve.label}: its benchmark or factor {symbol} is not in {source.label}",
                "wanted its prices and its currency's rates",
                "add them, or choose another benchmark, or give model=mean",
                "model",
            )
        notices += factor.notices
        against.append(factor.label)
        # By dates, not by counting sessions: after a holiday here the day before covers all that happened there.
        eve = (
            benchmark(source, symbol, sessions - np.timedelta64(1, "D"), base, crash_dates, accepted)
            if lag
            else None
        )
        blocks.append(_regressors(factor.levels, None if eve is None else eve.levels))
    return Returns(
        sleeve, home, market.symbols, sessions, _name_returns(market, rows), np.hstack(blocks), any(lagged),
        market.snapshot, market.simulated, tuple(dict.fromkeys(notices)), market.findings,
        " and ".join(against) or "their own mean",
    )  # fmt: skip


def _against_published(
    sleeve: Sleeve, market: Market, home: str, rows: IntArray, published: Factors, region: str
) -> Returns:
    """Returns over the factors' risk-free rate. Factors enter with leads and lags where a name closes at another hour
    than their markets."""
    require_dollars(market.base)
    require_fit(dict.fromkeys(market.instruments, 1.0), published.regions, region)
    sessions = market.rows[rows]
    levels, eve = published.levels(sessions), published.levels(sessions - np.timedelta64(1, "D"))
    lagged = factor_measure((i.venue for i in market.instruments), published.regions) == "dimson"
    blocks = [_regressors(levels[:, k], eve[:, k] if lagged else None) for k in range(len(published.names))]
    names = _name_returns(market, rows) - _growth(levels[:, -1])[:, None]
    notices = [*market.notices, *(Notice("", text) for text in published.notes)]
    return Returns(
        sleeve, home, market.symbols, sessions, names, np.hstack(blocks), lagged,
        market.snapshot, market.simulated, tuple(dict.fromkeys(notices)), market.findings,
        f"the factors {', '.join(published.names)} ({' and '.join(published.regions) or 'region not told'})",
    )  # fmt: skip


def _home(market: Market, instruments: Instruments, measure: str) -> str:
    """The calendar most names keep; of equals the benchmark's, else the first."""
    counts = Counter(calendar_name(i.venue) for i in market.instruments)
    most = [c for c, n in counts.items() if n == max(counts.values())]
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
