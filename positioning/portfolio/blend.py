"""Several positions held as one, in proportion to the inverse of their volatility."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from positioning.events.event import Events
from positioning.market.bars import FloatArray
from positioning.market.market import BoolArray, Market
from positioning.portfolio.basket import Basket
from positioning.portfolio.features import Covariance, FeatureBook
from positioning.portfolio.position import Position, present, schedule
from positioning.portfolio.targets import Targets
from positioning.portfolio.verbs import blend_weights


@dataclass(frozen=True)
class Blend(Position):
    """Parts weighted by 1 / volatility of their event-free baskets over the last `lookback` rows, so that news
    moves a part's own exposure and not its share. half_life and exposure are those of every part; screen too,
    unless it is "own"."""

    exposure: float = 0.5
    half_life: float = 20.0
    lookback: int = 120
    screen: str = "own"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.parts()

    @abstractmethod
    def parts(self) -> tuple[Basket, ...]:
        """The positions it is made of, with this blend's parameters."""

    @property
    def themes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(t for p in self.parts() for t in p.themes))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s for p in self.parts() for s in p.names))

    @property
    def hedges(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s for p in self.parts() for s in p.hedges))

    @property
    def history(self) -> int:
        return self.lookback

    def screened(self, market: Market, events: Events) -> BoolArray:
        return np.asarray(np.any([p.screened(market, events) for p in self.parts()], axis=0))

    def target_weights(self, market: Market, events: Events) -> Targets:
        decided = schedule(market, events, self.names, self.themes if self.respond > 0 else ())
        book = FeatureBook(market, events, decided)
        return Targets(market.rows, market.symbols, decided, self.weights(book), self.band, self.gross_limit)

    def weights(self, book: FeatureBook) -> FloatArray:
        """(D, N) target weights on the book's decision rows."""
        known = present(book.market, self.names, self.name)
        parts = [p for p in self.parts() if set(p.names) & set(known)]
        tilted = np.stack([p.weights(book) for p in parts])
        plain = np.stack([p.without_events().weights(book) for p in parts])
        out = np.zeros(tilted.shape[1:])
        blend_weights(tilted, plain, book[Covariance(self.lookback)], out)
        return out
