"""The calendar-time portfolio: hold the sleeve while events are in force, and ask what the market does not explain.

Windows overlap, so CARs of a sleeve share sessions; a portfolio has one return a session whatever is in force. With N_t
pieces of news whose window holds session t, s_i their expected signs and v_i 1 or severity / 5:

    w_t = mean over those in force of s_i v_i,   y_t = w_t R_t = alpha + w_t F_t' beta + u_t   over sessions with N_t > 0

R: the sleeve's mean return, F: its factors. The factors are held with the same weight, since a portfolio that is short
after one event and long after another has no one beta. alpha is a return a session in force. Errors: Newey and West's.

Jaffe (1974), doi:10.1086/295625; Mandelker (1974), doi:10.1016/0304-405X(74)90012-9; Fama (1998),
doi:10.1016/S0304-405X(98)00026-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from positioning.analysis.active_returns import ActiveAlpha, active_returns
from positioning.analysis.factors import Factors
from positioning.analysis.multiplicity import detectable
from positioning.analysis.regression import newey_west
from positioning.arrays import FloatArray
from positioning.event_studies.day_zero import News
from positioning.event_studies.sleeve_returns import Returns
from positioning.events.thesis import Thesis
from positioning.market.benchmark import benchmark
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.source import Source
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.strategy import Strategy

Weighting = Literal["sign", "severity"]
IN_FORCE = (0, 10)  # sessions around day zero on which news is in force
TOP_SEVERITY = 5.0
MIN_SESSIONS = 60


@final
@dataclass(frozen=True, slots=True)
class CalendarTime:
    """alpha: mean return a session in force beyond the factors; error: Newey and West's; sessions: in force and known;
    betas: of the factors; NaN where there are fewer than MIN_SESSIONS."""

    weighting: Weighting
    alpha: float
    error: float
    t: float
    p: float
    sessions: int
    betas: tuple[float, ...]

    @property
    def detectable(self) -> float:
        """The smallest alpha that a two-sided test at 5 % would have seen in 80 % of cases; NaN without an error."""
        return detectable(self.error, self.sessions - 1.0 - len(self.betas))


def strategy_active(
    strategy: Strategy,
    source: Source,
    thesis: Thesis,
    base: str = "USD",
    accepted: Sequence[str] = (),
    measure: str = "",
    span: Span | None = None,
    published: Factors | None = None,
) -> tuple[ActiveAlpha, ...]:
    """What a strategy earns over itself without events, on an account of the shipped fees over `span`, all of it where
    None; beside the portfolio of its sleeve. measure: benchmark in place of its own. Empty for one that answers no news.

    Raises as `load` does.
    """
    if strategy.respond == 0 or not strategy.themes:
        return ()
    near = thesis.events.crash_dates
    thesis_source = source.knowing(thesis)
    market = load(
        thesis_source, strategy.names, strategy.hedges, span, base, strategy.history, near, accepted
    )
    terms = AccountTerms(read_fees("default"))
    inputs = terms.inputs(market, thesis.events, strategy.screened(market, thesis.events))
    own, without = (
        terms.run(s, market, thesis.events, inputs) for s in (strategy, strategy.without_events())
    )
    against = benchmark(thesis_source, measure or strategy.benchmark, own.rows, base, near, accepted)
    return active_returns(own, without, against, thesis.events, strategy.themes, published)


def in_force(
    news: Sequence[News], sessions: int, weighting: Weighting, window: tuple[int, int] = IN_FORCE
) -> FloatArray:
    """(S,) mean weight of the news in force on each session; NaN where there is none."""
    total, count = np.zeros(sessions), np.zeros(sessions)
    for n in news:
        span = slice(max(n.day + window[0], 0), max(n.day + window[1] + 1, 0))
        size = max(e.severity for e in n.events) / TOP_SEVERITY if weighting == "severity" else 1.0
        total[span] += n.sign * size
        count[span] += 1
    return np.asarray(np.divide(total, count, out=np.full(sessions, np.nan), where=count > 0))


def calendar_time(
    returns: Returns, news: Sequence[News], weighting: Weighting, window: tuple[int, int] = IN_FORCE
) -> CalendarTime:
    """The portfolio of one sleeve. News whose weights cancel on a session holds nothing there, which counts as a return
    of zero."""
    weight = in_force(news, returns.sessions.size, weighting, window)
    has_return = np.isfinite(returns.names)
    total = np.where(has_return, returns.names, 0.0).sum(axis=1)
    sleeve = np.divide(
        total, has_return.sum(axis=1), out=np.full(total.size, np.nan), where=has_return.any(axis=1)
    )
    used = np.isfinite(weight) & np.isfinite(sleeve) & np.isfinite(returns.factors).all(axis=1)
    count, none = int(used.sum()), CalendarTime(weighting, math.nan, math.nan, math.nan, math.nan, 0, ())
    if count < MIN_SESSIONS:
        return none
    w = weight[used]
    x = np.column_stack([np.ones(count), w[:, None] * returns.factors[used]])
    try:
        fit = newey_west(w * sleeve[used], x)
    except ValueError:  # two factors that are one
        return none
    alpha, error = float(fit.coefficients[0]), float(fit.errors[0])
    return CalendarTime(
        weighting,
        alpha,
        error,
        float(fit.t[0]),
        float(fit.p[0]),
        count,
        tuple(fit.coefficients[1:].tolist()),
    )
