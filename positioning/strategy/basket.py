"""A long basket that leans with the news of one theme and may be hedged by beta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.events.restriction import SCREENS, dropped
from positioning.market.market import Market
from positioning.strategy.features import BETAS, DEFAULT_BETA, Betas, Eligibility, FeatureBook, Response
from positioning.strategy.limits import LIMITS
from positioning.strategy.strategy import present
from positioning.strategy.weight_batches import ScheduledStrategy, WeightBatch
from positioning.strategy.weights import basket_weights

NO_HEDGE = "none"


@dataclass(frozen=True)
class Basket(ScheduledStrategy):
    """Equal weights over eligible legs: long = exposure (1 + respond tanh(pressure / pressure_scale)), hedged by beta.

    legs: symbols, held when they have `lookback` rows of prices and no restriction is known; with a hedge
    only those whose beta can be measured. exposure: long fraction of nav without news. half_life: sessions
    in which the weight of news halves. pressure_scale: pressure at which the response is tanh(1) = 0.76: 5, one fresh
    event of the highest severity, is a choice and no estimate. hedge: symbol sold short, or "none"; hedge_ratio:
    share of the basket's beta that is sold. lookback: rows for betas. beta: how they are measured where a leg
    closes at another hour than the hedge: same_day, dimson or overlapping (see `features.Betas`). screen: which
    restrictions drop a name, from the day they are known: none, listed or strict (see events.restriction.SCREENS).
    """

    theme: ClassVar[str] = ""
    BATCHABLE: ClassVar[tuple[str, ...]] = (
        "exposure", "respond", "half_life", "pressure_scale", "hedge_ratio", "band", "gross_limit", *LIMITS,
    )  # fmt: skip
    ZERO_SWITCHES: ClassVar[tuple[str, ...]] = ("respond", "hedge_ratio")

    legs: tuple[str, ...] = ()
    hedge: str = NO_HEDGE
    exposure: float = 0.5
    half_life: float = 20.0
    pressure_scale: float = 5.0
    hedge_ratio: float = 1.0
    lookback: int = 120
    screen: str = "listed"
    beta: str = DEFAULT_BETA

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("legs", bool(self.legs) and len(set(self.legs)) == len(self.legs), "symbols, each once")
        self.require("hedge", self.hedge not in self.names, "a symbol that is not one of the legs, or none")
        self.require("exposure", 0 < self.exposure <= 1, "above 0, at most 1")
        self.require("half_life", 0 < self.half_life <= 10_000, "sessions above 0")
        self.require("pressure_scale", 0.1 <= self.pressure_scale <= 1000, "0.1 to 1000")
        self.require("hedge_ratio", 0 <= self.hedge_ratio <= 2, "between 0 and 2")
        self.require("lookback", 20 <= self.lookback <= 500, "20 to 500 rows")
        self.require("beta", self.beta in BETAS, f"one of {', '.join(BETAS)}")
        self.require("screen", self.screen in SCREENS, f"one of {', '.join(SCREENS)}")

    @property
    def themes(self) -> tuple[str, ...]:
        return (self.theme,) if self.theme else ()

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

    def batch(self, book: FeatureBook, own: Mapping[str, FloatArray]) -> WeightBatch:
        """Weights of many parameter sets; see `ScheduledStrategy.batch`."""
        market, legs = book.market, present(book.market, self.names, self.name)
        eligible = book[Eligibility(legs, self.history, self.screen)]
        betas, hedge = np.zeros(eligible.shape), -1
        if self.hedges:
            betas, hedge = book[Betas(legs, self.hedge, self.lookback, self.beta)], market.column(self.hedge)
            eligible = eligible & np.isfinite(betas)
        half_life, scale, response_row = own["half_life"], own["pressure_scale"], np.zeros(1, dtype=np.int64)
        settings = [(float(half_life[0]), float(scale[0]))]
        if half_life.size > 1:
            # pairs as complex numbers, which are sorted ten times as fast as rows
            distinct, response_row = np.unique(half_life + 1j * scale, return_inverse=True)
            settings = [(pair.real, pair.imag) for pair in distinct.tolist()]
        responses = np.stack([book[Response(self.theme, *each)] for each in settings])
        columns = np.array([market.column(s) for s in legs], dtype=np.int64)
        return _BasketBatch(
            book.decided,
            own,
            eligible,
            responses,
            betas,
            columns,
            hedge,
            response_row.ravel().astype(np.int64),
        )


@final
@dataclass(frozen=True, eq=False)
class _BasketBatch(WeightBatch):
    """Baskets of one set of legs. eligible, betas: (D, L); responses: (H, D), one row a half-life and scale; columns:
    of the legs; hedge: its column or -1; response_row: (K,) that of the responses which each set hears."""

    eligible: BoolArray
    responses: FloatArray
    betas: FloatArray
    columns: IntArray
    hedge: int
    response_row: IntArray

    def write(self, sets: IntArray, out: FloatArray) -> None:
        """Write the weights of these sets; see `WeightBatch.write`."""
        own = self.own
        basket_weights(
            self.eligible, self.responses, self.betas, self.columns, self.hedge, self.response_row[sets],
            own["exposure"][sets], own["respond"][sets], own["hedge_ratio"][sets], own["gross_limit"][sets], out,
        )  # fmt: skip
