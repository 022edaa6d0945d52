"""A strategy decided on a fixed schedule from features, for one parameter set or for many at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.features import FeatureBook
from positioning.strategy.limits import (
    LIMITS,
    PAST_COVARIANCE,
    LimitedMarket,
    RowsPerYear,
    apply_limits,
    countries_of,
)
from positioning.strategy.strategy import Strategy, schedule
from positioning.strategy.targets import Targets


@dataclass(frozen=True, eq=False)
class WeightBatch(ABC):
    """The decisions of K parameter sets that share market, decision rows and features.

    decided: (D,) market rows. own: (K,) by name, the BATCHABLE parameters in which the sets may differ.
    """

    decided: IntArray
    own: Mapping[str, FloatArray]

    @abstractmethod
    def write(self, sets: IntArray, out: FloatArray) -> None:
        """The target weights of these sets, (D, N, sets.size), into out."""


@final
@dataclass(frozen=True, eq=False)
class StackedBatch(WeightBatch):
    """Weights (D, N, K) that were decided one by one, for strategies that cannot decide many sets at once."""

    weights: FloatArray

    def write(self, sets: IntArray, out: FloatArray) -> None:
        """Write the same weights for each set."""
        out[:] = self.weights[:, :, sets]


@final
@dataclass(frozen=True, eq=False)
class _LimitedBatch(WeightBatch):
    """Decisions of another batch within limits. limits: (K,) by name; gross_limit: (K,)."""

    whole: WeightBatch
    limits: Mapping[str, FloatArray]
    gross_limit: FloatArray
    sees: LimitedMarket

    def write(self, sets: IntArray, out: FloatArray) -> None:
        """Write the weights of these sets; see `WeightBatch.write`."""
        self.whole.write(sets, out)
        own = {name: values[sets] for name, values in self.limits.items()}
        apply_limits(out, self.sees, own, self.gross_limit[sets])


@dataclass(frozen=True)
class ScheduledStrategy(Strategy):
    """Decides at the opening, monthly and on the news of its themes. One compiled body serves a single parameter
    set and the lanes of a search."""

    BATCHABLE: ClassVar[tuple[str, ...]] = ("band", *LIMITS)
    ZERO_SWITCHES: ClassVar[tuple[str, ...]] = ("respond",)
    EVENT_PARAMETERS: ClassVar[tuple[str, ...]] = ("respond", "half_life", "pressure_scale")

    @abstractmethod
    def batch(self, book: FeatureBook, own: Mapping[str, FloatArray]) -> WeightBatch:
        """The decisions of many sets that differ from this strategy in `own` alone, zeros of ZERO_SWITCHES where this
        strategy has zeros."""

    @final
    def limited_batch(self, book: FeatureBook, own: Mapping[str, FloatArray]) -> WeightBatch:
        """What `batch` decides, within the limits of each set."""
        batch, sets = self.batch(book, own), next(iter(own.values())).size
        every = {name: own.get(name, np.full(sets, value)) for name, value in self.limits.items()}
        if not any(values.any() for values in every.values()):
            return batch
        gross_limit = own.get("gross_limit", np.full(sets, self.gross_limit))
        market = book.market
        sees = LimitedMarket(
            book[PAST_COVARIANCE],
            book[RowsPerYear()],
            countries_of(market),
            np.array([s in self.hedges for s in market.symbols], dtype=np.bool_),
        )
        return _LimitedBatch(batch.decided, batch.own, batch, every, gross_limit, sees)

    def book(self, market: Market, events: Events) -> FeatureBook:
        """An empty book of features on the decision rows; blind to news where respond is 0."""
        themes = self.themes if self.respond > 0 else ()
        return FeatureBook(market, events, schedule(market, events, self.names, themes))

    def weights(self, book: FeatureBook) -> FloatArray:
        """(D, N) target weights, within the limits, on the book's decision rows."""
        own = {name: np.array([float(getattr(self, name))]) for name in self.BATCHABLE}
        out = np.zeros((book.decided.size, len(book.market.symbols), 1))
        self.limited_batch(book, own).write(np.zeros(1, dtype=np.int64), out)
        return out[:, :, 0]

    def target_weights(self, market: Market, events: Events) -> Targets:
        book = self.book(market, events)
        weights = self.weights(book)
        return Targets(
            market.rows, market.symbols, book.decided, weights, self.band, self.gross_limit, limited=True
        )


def decided_in_batches(strategy: Strategy) -> bool:
    """Whether what it decides is what `ScheduledStrategy.batch` gives: a scheduled strategy may still have a
    `target_weights` of its own, which then decides."""
    own = type(strategy)
    return (
        issubclass(own, ScheduledStrategy)
        and own.target_weights is ScheduledStrategy.target_weights
        and own.weights is ScheduledStrategy.weights
        and own.book is ScheduledStrategy.book
    )
