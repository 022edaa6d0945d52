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
from positioning.strategy.blend import Blend
from positioning.strategy.features import (
    BETAS,
    STALE_SESSIONS,
    Betas,
    Covariance,
    Eligibility,
    Feature,
    FeatureBook,
    RowFeature,
    without_negative,
)
from positioning.strategy.strategy import Strategy
from positioning.strategy.weight_batches import decided_in_batches
from positioning.strategy.weights import covariances, dimson_betas, rolling_betas


@final
@dataclass(frozen=True, eq=False)
class PathMarkets:
    """What decisions read of P markets.

    dates: one of them, whose rows and instruments are those of all. returns: (P, T, N); traded: (P, T, N) bool.
    rows: (U,) ascending market rows on which something is decided; history, silence: (P, U, N), see `Market`. cache: is
    filled with what all such markets share, the next ones, too.
    """

    dates: Market
    returns: FloatArray
    traded: BoolArray
    rows: IntArray
    history: IntArray
    silence: IntArray
    cache: dict[Any, Any]

    def shared(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` made, or makes."""
        if key not in self.cache:
            self.cache[key] = make()
        return self.cache[key]


def decides_on_paths(strategy: Strategy) -> bool:
    """Whether `path_book` has all that it looks at: a basket or a blend that decides by the engine's code."""
    if not decided_in_batches(strategy):
        return False
    if isinstance(strategy, Blend):
        return type(strategy).batch is Blend.batch and all(map(decides_on_paths, strategy.parts()))
    return isinstance(strategy, Basket) and type(strategy).batch is Basket.batch


def path_book(
    paths: PathMarkets, events: Events, decided: IntArray, features: Mapping[Feature, Any] | None = None
) -> FeatureBook:
    """The features of all paths on the same (D,) decision rows, path after path: the first axis of each has P D places.

    features: those that depend on dates and events alone, of D places. A feature has the bits that it has on each of
    the markets by itself.
    """
    count, key = paths.returns.shape[0], decided.tobytes()

    def compute(feature: Feature) -> Any:
        if isinstance(feature, RowFeature):
            feature_values = _ON_PATHS[type(feature)](feature, paths, events, decided)
            return feature_values.reshape(-1, *feature_values.shape[2:])
        return np.concatenate([feature.compute(paths.dates, events, decided)] * count)

    def repeated() -> dict[Feature, Any]:
        return {f: np.concatenate([values] * count) for f, values in (features or {}).items()}

    return FeatureBook(
        paths.dates, events, np.tile(decided, count), paths.shared((count, key), repeated), compute
    )


def _eligible(feature: Eligibility, paths: PathMarkets, events: Events, decided: IntArray) -> BoolArray:
    def common() -> tuple[list[int], IntArray, BoolArray]:
        off_limits = dropped(events.restrictions, feature.legs, paths.dates.rows, feature.screen)[decided]
        return (
            [paths.dates.column(s) for s in feature.legs], np.searchsorted(paths.rows, decided), ~off_limits,
        )  # fmt: skip

    columns, at, allowed = paths.shared((feature, decided.tobytes()), common)
    cells = np.ix_(range(len(paths.history)), at, columns)
    enough, fresh = paths.history[cells] >= feature.history, paths.silence[cells] <= STALE_SESSIONS
    return np.asarray(enough & fresh & allowed)


def _betas(feature: Betas, paths: PathMarkets, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG001
    hedge, columns, measures = paths.shared(feature, lambda: feature.pairs(paths.dates))
    betas: FloatArray = _betas_of_paths(
        paths.returns, paths.traded, hedge, columns, decided, feature.lookback, measures
    )
    leaking = measures == BETAS.index("dimson")
    if leaking.any():
        for own, returns, traded in zip(betas, paths.returns, paths.traded, strict=True):
            own[:, leaking] = dimson_betas(
                returns, traded, hedge, columns[leaking], decided, feature.lookback
            )
    return betas


def _covariance(feature: Covariance, paths: PathMarkets, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG001
    leading = paths.shared(feature, lambda: feature.leading(paths.dates))
    last = np.maximum(decided - feature.lag, 0)
    whole = np.asarray(_covariances_of_paths(paths.returns, last, feature.lookback, leading))
    shape = whole.shape
    return without_negative(whole.reshape(-1, *shape[2:])).reshape(shape) if leading.any() else whole


_ON_PATHS: dict[type[RowFeature], Callable[[Any, PathMarkets, Events, IntArray], Any]] = {
    Eligibility: _eligible,
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
        betas = rolling_betas(returns[p], traded[p], hedge, legs, rows, lookback, measures)
        for d in range(rows.size):  # cell by cell: what assigns an array takes long to compile
            for j in range(legs.size):
                out[p, d, j] = betas[d, j]
    return out


@compiled()
def _covariances_of_paths(
    returns: FloatArray, rows: IntArray, lookback: int, leading: FloatArray
) -> FloatArray:
    """(P, D, N, N) of `covariances` of each of (P, T, N) returns."""
    names = returns.shape[2]
    out = np.empty((returns.shape[0], rows.size, names, names))
    for p in range(out.shape[0]):
        one = covariances(returns[p], rows, lookback, leading)
        for d in range(rows.size):
            for i in range(names):
                for j in range(names):
                    out[p, d, i, j] = one[d, i, j]
    return out
