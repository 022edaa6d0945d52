"""What a strategy earns beyond itself without events while news is in force: a calendar-time portfolio of its decisions.

    a_t = r_t - r0_t = alpha + beta' F_t + u_t      over the rows of each coverage, errors by Newey and West

r, r0: net returns of the account with and without events; F: the benchmark's return over cash, or published factors',
with those of the row before and after where they close at another hour than a name that is held, as in `market_line`.
Rows on which news is in force: WINDOW rows around the one on which an event of the strategy's sleeves is known, moved on
by one, since a decision is traded a session later. Windows overlap, and a row counts once however many events it holds.

Jaffe (1974), doi:10.1086/295625; Fama (1998), doi:10.1016/S0304-405X(98)00026-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from positioning.analysis.attribution import WINDOW
from positioning.analysis.factor_regions import factor_measure
from positioning.analysis.factors import Factors
from positioning.analysis.market_line import beta_measure, held_venues, regressors
from positioning.analysis.multiplicity import detectable
from positioning.analysis.regression import newey_west
from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.events.event import Events
from positioning.json_text import plain
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result

Coverage = Literal["in_force", "all", "in_force_factors"]
MIN_ROWS = 60  # returns below which nothing is estimated


@final
@dataclass(frozen=True, slots=True)
class ActiveAlpha:
    """alpha: mean return a row beyond the factors; error: Newey and West's; p: two-sided; rows: that were used; betas:
    of the factors. All NaN, and rows 0, where fewer than MIN_ROWS rows are known or nothing differs."""

    coverage: Coverage
    alpha: float
    error: float
    t: float
    p: float
    rows: int
    betas: tuple[float, ...]

    @property
    def detectable(self) -> float:
        """The smallest alpha that a two-sided test at 5 % would have seen in 80 % of cases; NaN without an error."""
        return detectable(self.error, self.rows - 1.0 - len(self.betas))

    def to_json(self) -> dict[str, Any]:
        """The fields for JSON, undefined as None."""
        return {
            "alpha": plain(self.alpha), "error": plain(self.error), "t": plain(self.t), "p": plain(self.p),
            "rows": self.rows, "betas": list(self.betas),
        }  # fmt: skip


def active_returns(
    result: Result,
    without_events: Result,
    benchmark: Benchmark | None,
    events: Events,
    sleeves: Sequence[str],
    published: Factors | None = None,
) -> tuple[ActiveAlpha, ...]:
    """Of two accounts on the same rows: while news of these sleeves is in force, and on all rows; where published
    factors are given, while news is in force beyond these instead of the benchmark, too."""
    factors = np.empty((result.rows.size, 0))
    if benchmark is not None:
        over_cash = _growth(benchmark.levels) - result.inputs.growth
        factors = regressors(over_cash, beta_measure(result, benchmark))[0]
    force = rows_in_force(result.rows, events, sleeves)
    nav, without = result.nav, without_events.nav
    estimates = (
        active_alpha(nav, without, factors, force, "in_force"),
        active_alpha(nav, without, factors, np.ones_like(force), "all"),
    )
    if published is None:
        return estimates
    levels = published.levels(result.rows)[:, :-1]  # a difference has no risk-free rate
    measure = factor_measure(held_venues(result), published.regions)
    columns = [regressors(_growth(levels[:, k]), measure)[0] for k in range(levels.shape[1])]
    factor_returns = np.hstack(columns)
    return (*estimates, active_alpha(nav, without, factor_returns, force, "in_force_factors"))


def _growth(levels: FloatArray) -> FloatArray:
    out = np.full(levels.size, math.nan)
    out[1:] = levels[1:] / levels[:-1] - 1.0
    return out


def rows_in_force(rows: DateArray, events: Events, sleeves: Sequence[str]) -> BoolArray:
    """(T,) rows whose return news of these sleeves can have changed: WINDOW rows from the one after its own."""
    mask = np.zeros(rows.size, np.bool_)
    for event, row in zip(events.items, events.rows(rows), strict=True):
        if event.counts and any(event.signs[s] for s in sleeves) and event.known_on() >= rows[0]:
            mask[row + WINDOW[0] + 1 : row + WINDOW[1] + 2] = True
    return mask


def active_alpha(
    nav: FloatArray, without_events: FloatArray, factors: FloatArray, used: BoolArray, coverage: Coverage
) -> ActiveAlpha:
    """nav, without_events: (T,) of two accounts on the same rows; factors: (T, K) returns, NaN where unknown; used: (T,).

    The first row has no return. Two accounts that are the same, and factors that are one another, say nothing.
    """
    nothing = ActiveAlpha(coverage, math.nan, math.nan, math.nan, math.nan, 0, ())
    if (nav <= 0).any() or (without_events <= 0).any():
        return nothing
    active = (nav[1:] / nav[:-1]) - (without_events[1:] / without_events[:-1])
    sample = used[1:] & np.isfinite(factors[1:]).all(axis=1)
    if sample.sum() < MIN_ROWS or not active[sample].any():
        return nothing
    try:
        fit = newey_west(active[sample], np.column_stack([np.ones(int(sample.sum())), factors[1:][sample]]))
    except ValueError:  # a factor that is constant, or two that are one
        return nothing
    return ActiveAlpha(
        coverage, float(fit.coefficients[0]), float(fit.errors[0]), float(fit.t[0]), float(fit.p[0]),
        int(sample.sum()), tuple(fit.coefficients[1:].tolist()),
    )  # fmt: skip
