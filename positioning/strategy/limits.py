"""Limits on what any strategy wants: a volatility to aim at, and caps by name and by country.

    scaled    w' = f w,  f = target / sqrt(w' C w rows a year), and no larger than keeps gross within its limit and
              purchases within nav
    capped    |w_n| at most name_cap; the sum of |w_n| over the names of a country at most country_cap, cut in proportion

C is the covariance of the last VOLATILITY_ROWS rows that end on the row before the decision, and so is the count of rows
a year: nothing of the decision's own row enters. It is taken at decisions alone: between them the volatility drifts.
Hedges are not capped; where the names are cut, they are cut by the same share, so that what is hedged stays so. Names
without a country on record count as of one country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import DAYS_PER_YEAR, BoolArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.features import DEFAULT_BETA, Covariance, Feature
from positioning.strategy.targets import Targets

LIMITS = ("target_volatility", "name_cap", "country_cap")  # parameters of every strategy, 0 for none
VOLATILITY_ROWS = 60
LAG = 1  # rows between the last one that is looked at and the decision
FEWEST_ROWS = 20  # with fewer rows of the past nothing is scaled

PAST_COVARIANCE = Covariance(VOLATILITY_ROWS, DEFAULT_BETA, LAG)


@final
@dataclass(frozen=True, slots=True)
class RowsPerYear(Feature):
    """(D,) rows a year of the rows that `PAST_COVARIANCE` looks at; 0 where they are fewer than FEWEST_ROWS."""

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG002
        last = decided - LAG
        first = np.maximum(last - VOLATILITY_ROWS + 1, 0)
        days = (market.rows[np.maximum(last, 0)] - market.rows[first]).astype(np.float64)
        count = (last - first).astype(np.float64)
        return np.where(last + 1 - first >= FEWEST_ROWS, count / np.maximum(days, 1.0) * DAYS_PER_YEAR, 0.0)


@final
@dataclass(frozen=True, eq=False)
class LimitedMarket:
    """What the limits read of a market. covariance: (D, N, N), per_year: (D,); countries: (N,) numbers; hedge: (N,) sold
    against the names, and so cut with them."""

    covariance: FloatArray
    per_year: FloatArray
    countries: IntArray
    hedge: BoolArray


def countries_of(market: Market) -> IntArray:
    """(N,) a number for each country of incorporation, those that are not on record together."""
    places = [i.incorporated for i in market.instruments]
    numbers = {place: n for n, place in enumerate(sorted(set(places)))}
    return np.array([numbers[place] for place in places], dtype=np.int64)


def limited(
    targets: Targets, market: Market, events: Events, hedges: Sequence[str], limits: Mapping[str, float]
) -> Targets:
    """The same decisions within these limits, by name of LIMITS."""
    weights = targets.weights[:, :, None].copy()
    sees = LimitedMarket(
        PAST_COVARIANCE.compute(market, events, targets.decided),
        RowsPerYear().compute(market, events, targets.decided),
        countries_of(market),
        np.array([s in hedges for s in market.symbols], dtype=np.bool_),
    )
    own = {name: np.array([limits[name]]) for name in LIMITS}
    apply_limits(weights, sees, own, np.array([targets.gross_limit]))
    return replace(targets, weights=weights[:, :, 0], limited=True)


def apply_limits(
    weights: FloatArray, sees: LimitedMarket, own: Mapping[str, FloatArray], gross_limit: FloatArray
) -> None:
    """Bring (D, N, K) weights within the limits of each of K sets, in place."""
    if own["target_volatility"].any():
        scale(weights, sees.covariance, sees.per_year, own["target_volatility"], gross_limit)
    if own["name_cap"].any() or own["country_cap"].any():
        cap(weights, sees.countries, sees.hedge, own["name_cap"], own["country_cap"])


@compiled()
def scale(
    weights: FloatArray,
    covariance: FloatArray,
    per_year: FloatArray,
    target: FloatArray,
    gross_limit: FloatArray,
) -> None:
    """Scale (D, N, K) weights to (K,) volatilities a year, those at 0 left alone; covariance: (D, N, N) of a row,
    per_year: (D,). What has no volatility on record stays as it is."""
    names = weights.shape[1]
    for d in range(weights.shape[0]):
        for k in range(weights.shape[2]):
            if target[k] <= 0.0 or per_year[d] <= 0.0:
                continue
            variance, gross, long = 0.0, 0.0, 0.0
            for i in range(names):
                gross += abs(weights[d, i, k])
                long += max(weights[d, i, k], 0.0)
                for j in range(names):
                    variance += weights[d, i, k] * covariance[d, i, j] * weights[d, j, k]
            if variance * per_year[d] <= 1e-16:
                continue
            factor = target[k] / np.sqrt(variance * per_year[d])
            factor = min(factor, gross_limit[k] / gross)
            if long > 0.0:
                factor = min(factor, 1.0 / long)
            for i in range(names):
                weights[d, i, k] *= factor


@compiled()
def cap(
    weights: FloatArray, countries: IntArray, hedge: BoolArray, name_cap: FloatArray, country_cap: FloatArray
) -> None:
    """Cap (D, N, K) weights by name and by country, each (K,), 0 for none; hedges are cut with what they hedge."""
    names = np.flatnonzero(~hedge)
    for d in range(weights.shape[0]):
        for k in range(weights.shape[2]):
            before = np.abs(weights[d, :, k])[names].sum()
            if name_cap[k] > 0.0:
                for n in names:
                    weights[d, n, k] = min(max(weights[d, n, k], -name_cap[k]), name_cap[k])
            if country_cap[k] > 0.0:
                _cap_countries(weights[d, :, k], countries, names, country_cap[k])
            after = np.abs(weights[d, :, k])[names].sum()
            if after < before:
                for n in np.flatnonzero(hedge):
                    weights[d, n, k] *= after / before


@compiled_part()
def _cap_countries(weights: FloatArray, countries: IntArray, names: IntArray, most: float) -> None:
    for first in names:
        country, total = countries[first], 0.0
        for n in names:
            if countries[n] == country:
                total += abs(weights[n])
        if total > most:
            for n in names:
                if countries[n] == country:
                    weights[n] *= most / total
