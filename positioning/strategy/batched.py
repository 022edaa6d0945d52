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
class Stacked(WeightBatch):
    """Weights (D, N, K) that were decided one by one, for strategies that cannot decide many sets at once."""

    weights: FloatArray

    def write(self, sets: IntArray, out: FloatArray) -> None:
        """Write the same weights for each set."""
        out[:] = self.weights[:, :, sets]


@dataclass(frozen=True)
class Scheduled(Strategy):
    """Decides at the opening, monthly and on the news of its themes. One compiled body serves a single parameter
    set and the lanes of a search."""

    BATCHABLE: ClassVar[tuple[str, ...]] = ("band",)
    ZERO_SWITCHES: ClassVar[tuple[str, ...]] = ("respond",)
    EVENT_PARAMETERS: ClassVar[tuple[str, ...]] = ("respond", "half_life", "pressure_scale")

    @abstractmethod
    def batch(self, book: FeatureBook, own: Mapping[str, FloatArray]) -> WeightBatch:
        """The decisions of many sets that differ from this strategy in `own` alone, zeros of ZERO_SWITCHES where this
        strategy has zeros."""

    def book(self, market: Market, events: Events) -> FeatureBook:
        """An empty book of features on the decision rows; blind to news where respond is 0."""
        themes = self.themes if self.respond > 0 else ()
        return FeatureBook(market, events, schedule(market, events, self.names, themes))

    def weights(self, book: FeatureBook) -> FloatArray:
        """(D, N) target weights on the book's decision rows."""
        own = {name: np.array([float(getattr(self, name))]) for name in self.BATCHABLE}
        out = np.zeros((book.decided.size, len(book.market.symbols), 1))
        self.batch(book, own).write(np.zeros(1, dtype=np.int64), out)
        return out[:, :, 0]

    def target_weights(self, market: Market, events: Events) -> Targets:
        book = self.book(market, events)
        return Targets(
            market.rows, market.symbols, book.decided, self.weights(book), self.band, self.gross_limit
        )
