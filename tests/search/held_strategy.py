"""A strategy whose trials hold one name each, without events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from positioning.arrays import BoolArray
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

NO_EVENTS = Events(())


@final
@dataclass(frozen=True)
class Held(Strategy):
    """Decides on the market's first row, and every `every` rows from there, to hold A at a weight; bars its purchase
    from row `barred` on."""

    name: ClassVar[str] = "held"
    benchmark: ClassVar[str] = "A"
    caveat: ClassVar[str] = "of a test"
    themes = ("fertilizer",)
    names = ("A",)
    hedges = ()
    history = 0

    weight: float = 0.5
    every: int = 1000
    barred: int = 1000

    def screened(self, market: Market, events: Events) -> BoolArray:
        return np.broadcast_to(np.arange(market.rows.size)[:, None] >= self.barred, market.close.shape).copy()

    def target_weights(self, market: Market, events: Events) -> Targets:
        decided = np.arange(0, market.rows.size, self.every)
        weights = np.full((decided.size, 1), self.weight)
        return Targets(market.rows, market.symbols, decided, weights, self.band, self.gross_limit)
