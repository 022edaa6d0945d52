"""The plainest strategy there is: what all others must beat."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets


@final
@dataclass(frozen=True)
class BuyAndHold(Strategy):
    """Buys its names in equal parts on the first day and never trades again.

    Whoever follows news pays for it in costs and in errors; this is the account of somebody who did not.
    """

    name: ClassVar[str] = "buy_and_hold"
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = "A name that is delisted leaves cash, which it never invests again."

    legs: tuple[str, ...] = ("NTR", "MOS", "ICL")

    @property
    def names(self) -> tuple[str, ...]:
        return self.legs

    def target_weights(self, market: Market, events: Events) -> Targets:
        is_held = np.array(
            [s in self.legs and market.history[market.start, n] > 0 for n, s in enumerate(market.symbols)]
        )
        weights = is_held / max(is_held.sum(), 1)
        return Targets(market.rows, market.symbols, np.array([market.start]), weights[None, :], self.band)
