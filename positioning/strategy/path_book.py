"""Decisions on many markets at once that differ in prices and sessions alone, as simulated paths do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.compiled import compiled
from positioning.events.event import Events
from positioning.events.restriction import dropped
from positioning.market.market import Market
from positioning.strategy.basket import Basket
from positioning.strategy.batched import decided_in_batches
from positioning.strategy.blend import Blend
from positioning.strategy.features import (
    STALE_SESSIONS,
    Betas,
    Covariance,
    Eligible,
    Feature,
    FeatureBook,
    RowFeature,
    without_negative,
)
from positioning.strategy.strategy import Strategy
from positioning.strategy.weights import covariances, rolling_betas


@final
@dataclass(frozen=True, eq=False)
class PathMarkets:
    """What decisions read of P markets.

    dates: one of them, whose rows and instruments are those of all. returns: (P, T, N); traded: (P, T, N) bool.
    rows: (U,) ascending market rows on which something is decided; history, silence: (P, U, N), see `Market`.
    """

    dates: Market
    returns: FloatArray
    traded: BoolArray
    rows: IntArray
    history: IntArray
    silence: IntArray


def decides_on_paths(strategy: Strategy) -> bool:
    """Whether `path_book` has all that it looks at: a basket or a blend that decides by the engine's code."""
    if not decided_in_batches(strategy):
        return False
    if isinstance(strategy, Blend):
        return type(strategy).batch is Blend.batch and all(map(decides_on_paths, strategy.parts()))
    return isinstance(strategy, Basket) and type(strategy).batch is Basket.batch


def path_book(
    paths: PathMarkets, events: Events, decided: IntArray, known: Mapping[Feature, Any] | None = None
) -> FeatureBook:
    """The features of all paths on the same (D,) decision rows, path after path: the first axis of each has P D places.

    known: features that depend on dates and events alone, of D places. A feature has the bits that it has on each of
    the markets by itself.
    """
    count = paths.returns.shape[0]

    def compute(feature: Feature) -> Any:
        if isinstance(feature, RowFeature):
            found = _ON_PATHS[type(feature)](feature, paths, events, decided)
            return found.reshape(-1, *found.shape[2:])
        return np.concatenate([feature.compute(paths.dates, events, decided)] * count)

    repeated = {f: np.concatenate([values] * count) for f, values in (known or {}).items()}
    return FeatureBook(paths.dates, events, np.tile(decided, count), repeated, compute)


def _eligible(feature: Eligible, paths: PathMarkets, events: Events, decided: IntArray) -> BoolArray:
    columns = [paths.dates.column(s) for s in feature.legs]
    at = np.searchsorted(paths.rows, decided)
    enough = paths.history[:, at][:, :, columns] >= feature.history
    fresh = paths.silence[:, at][:, :, columns] <= STALE_SESSIONS
    return (
        enough
        & fresh
        & ~dropped(events.restrictions, feature.legs, paths.dates.rows, feature.screen)[decided]
    )


def _betas(feature: Betas, paths: PathMarkets, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG001
    hedge, columns, measures = feature.pairs(paths.dates)
    return np.asarray(
        _betas_of_paths(paths.returns, paths.traded, hedge, columns, decided, feature.lookback, measures)
    )


def _covariance(feature: Covariance, paths: PathMarkets, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG001
    last, leading = np.maximum(decided - feature.lag, 0), feature.leading(paths.dates)
    whole = np.asarray(_covariances_of_paths(paths.returns, last, feature.lookback, leading))
    shape = whole.shape
    return without_negative(whole.reshape(-1, *shape[2:])).reshape(shape) if leading.any() else whole


_ON_PATHS: dict[type[RowFeature], Callable[[Any, PathMarkets, Events, IntArray], Any]] = {
    Eligible: _eligible,
    Betas: _betas,
    Covariance: _covariance,
}


@compiled()
def _betas_of_paths(
    returns: FloatArray,
    traded: BoolArray,
    hedge: int,
    legs: IntArray,
    rows: IntArray,
    lookback: int,
    measures: IntArray,
) -> FloatArray:
    """(P, D, L) of `rolling_betas` on each of (P, T, N) returns."""
    out = np.empty((returns.shape[0], rows.size, legs.size))
    for p in range(out.shape[0]):
        out[p] = rolling_betas(returns[p], traded[p], hedge, legs, rows, lookback, measures)
    return out


@compiled()
def _covariances_of_paths(
    returns: FloatArray, rows: IntArray, lookback: int, leading: FloatArray
) -> FloatArray:
    """(P, D, N, N) of `covariances` of each of (P, T, N) returns."""
    names = returns.shape[2]
    out = np.empty((returns.shape[0], rows.size, names, names))
    for p in range(out.shape[0]):
        out[p] = covariances(returns[p], rows, lookback, leading)
    return out
