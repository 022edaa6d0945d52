"""A strategy without events: the winners of the last year, a month apart."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from positioning.arrays import BoolArray
from positioning.events.event import Events
from positioning.events.restriction import dropped
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets


@final
@dataclass(frozen=True)
class Momentum(Strategy):
    """Names that rose most over a year, the last month left out, go on rising for some months.

    Holds the best half of its names in equal parts and decides anew on the first row of each month. Source of the
    rule: Jegadeesh and Titman (1993), Journal of Finance 48, doi:10.1111/j.1540-6261.1993.tb04702.x.
    """

    name: ClassVar[str] = "momentum"
    benchmark: ClassVar[str] = "ACWI"
    caveat: ClassVar[str] = (
        "A handful of names of three themes is no cross-section: a year's winner is often one event."
    )

    legs: tuple[str, ...] = ("NTR", "MOS", "ICL", "3808.HK", "0631.HK", "3339.HK", "1766.HK", "1919.HK")
    lookback: int = 250
    skip: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("lookback", 20 <= self.lookback <= 500, "20 to 500 rows")
        self.require("skip", 0 <= self.skip < self.lookback, "0 to below lookback")

    @property
    def names(self) -> tuple[str, ...]:
        return self.legs

    @property
    def history(self) -> int:
        return self.lookback + 1

    def screened(self, market: Market, events: Events) -> BoolArray:
        return dropped(events.restrictions, market.symbols, market.rows, "listed")

    def target_weights(self, market: Market, events: Events) -> Targets:
        months = market.rows.astype("datetime64[M]")
        first = np.flatnonzero(np.concatenate([[False], months[1:] != months[:-1]]))
        decided = first[first >= max(market.start, self.lookback)]
        index = market.total_return
        gain = index[decided - self.skip] / index[decided - self.lookback] - 1.0
        gain[self.screened(market, events)[decided] | ~np.isfinite(gain)] = -np.inf
        places = np.argsort(np.argsort(-gain, axis=1, kind="stable"), axis=1)
        has_gain = np.isfinite(gain)
        chosen = has_gain & (places < np.maximum(has_gain.sum(axis=1, keepdims=True) // 2, 1))
        weights = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
        return Targets(market.rows, market.symbols, decided, weights, self.band)
