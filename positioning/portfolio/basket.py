"""A long basket that leans with the news of one theme and may be hedged by beta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from positioning.events.event import Events
from positioning.events.restriction import SCREENS, dropped
from positioning.market.bars import FloatArray
from positioning.market.market import BoolArray, Market
from positioning.portfolio.features import Betas, Eligible, FeatureBook, Response
from positioning.portfolio.position import Position, present, schedule
from positioning.portfolio.targets import IntArray, Targets
from positioning.portfolio.verbs import basket_weights

NO_HEDGE = "none"


@dataclass(frozen=True)
class Basket(Position):
    """Equal weights over eligible legs: long = exposure (1 + respond tanh(pressure / 5)), hedged by beta.

    legs: symbols, held when they have `lookback` rows of prices and no restriction is known; with a hedge
    only those whose beta can be measured. exposure: long fraction of nav without news. half_life: sessions
    in which the weight of news halves. hedge: symbol sold short, or "none"; hedge_ratio: share of the
    basket's beta that is sold. lookback: rows for betas. screen: which restrictions drop a name, from the
    day they are known: none, listed or strict (see events.restriction.SCREENS).
    """

    theme: ClassVar[str]

    legs: tuple[str, ...] = ()
    hedge: str = NO_HEDGE
    exposure: float = 0.5
    half_life: float = 20.0
    hedge_ratio: float = 1.0
    lookback: int = 120
    screen: str = "listed"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("legs", bool(self.legs) and len(set(self.legs)) == len(self.legs), "symbols, each once")
        self.require("hedge", self.hedge not in self.names, "a symbol that is not one of the legs, or none")
        self.require("exposure", 0 < self.exposure <= 1, "above 0, at most 1")
        self.require("half_life", 0 < self.half_life <= 10_000, "sessions above 0")
        self.require("hedge_ratio", 0 <= self.hedge_ratio <= 2, "between 0 and 2")
        self.require("lookback", 20 <= self.lookback <= 500, "20 to 500 rows")
        self.require("screen", self.screen in SCREENS, f"one of {', '.join(SCREENS)}")

    @property
    def themes(self) -> tuple[str, ...]:
        return (self.theme,)

    @property
    def names(self) -> tuple[str, ...]:
        return self.legs

    @property
    def hedges(self) -> tuple[str, ...]:
        return () if self.hedge == NO_HEDGE or self.hedge_ratio == 0 else (self.hedge,)

    @property
    def history(self) -> int:
        return self.lookback

    def screened(self, market: Market, events: Events) -> BoolArray:
        symbols = [s if s in self.names else "" for s in market.symbols]
        return dropped(events.restrictions, symbols, market.rows, self.screen)

    def target_weights(self, market: Market, events: Events) -> Targets:
        decided = schedule(market, events, self.names, self.themes if self.respond > 0 else ())
        book = FeatureBook(market, events, decided)
        return Targets(market.rows, market.symbols, decided, self.weights(book), self.band, self.gross_limit)

    def weights(self, book: FeatureBook) -> FloatArray:
        """(D, N) target weights on the book's decision rows."""
        eligible, betas, columns, hedge = self.ground(book)
        out = np.zeros((book.decided.size, len(book.market.symbols)))
        basket_weights(
            eligible, book[Response(self.theme, self.half_life)], betas, columns, hedge,
            self.exposure, self.respond, self.hedge_ratio, self.gross_limit, out,
        )  # fmt: skip
        return out

    def ground(self, book: FeatureBook) -> tuple[BoolArray, FloatArray, IntArray, int]:
        """What does not depend on how it leans: eligible (D, L), betas (D, L), columns of the legs, hedge or -1."""
        market = book.market
        legs = present(market, self.names, self.name)
        eligible = book[Eligible(legs, self.history, self.screen)]
        betas, hedge = np.zeros(eligible.shape), -1
        if self.hedges:
            betas, hedge = book[Betas(legs, self.hedge, self.lookback)], market.column(self.hedge)
            eligible = eligible & np.isfinite(betas)
        return eligible, betas, np.array([market.column(s) for s in legs], dtype=np.int64), hedge
