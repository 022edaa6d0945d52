"""Several baskets held as one, in proportion to the inverse of their volatility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.basket import Basket
from positioning.strategy.features import BETAS, DEFAULT_BETA, Covariance, FeatureBook
from positioning.strategy.limits import LIMITS
from positioning.strategy.strategy import present
from positioning.strategy.weight_batches import ScheduledStrategy, WeightBatch
from positioning.strategy.weights import add_share, inverse_volatility

SHARED = (
    "respond",
    "exposure",
    "half_life",
    "pressure_scale",
    "gross_limit",
)  # a part's own value is the blend's, look-back too


@dataclass(frozen=True)
class Blend(ScheduledStrategy):
    """Parts weighted by 1 / volatility of their event-free baskets over the last `lookback` rows, so that news
    moves a part's own exposure and not its share. members: the parts with what is theirs alone; response,
    exposure, half-life, pressure scale, look-back, beta and gross limit are the blend's, and so is the screen, unless it
    is "own". Volatilities are of returns that are measured as `beta` says, see `features.Covariance`."""

    members: ClassVar[tuple[Basket, ...]]
    BATCHABLE: ClassVar[tuple[str, ...]] = (*SHARED, "band", *LIMITS)

    exposure: float = 0.5
    half_life: float = 20.0
    pressure_scale: float = 5.0
    lookback: int = 120
    screen: str = "own"
    beta: str = DEFAULT_BETA

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("beta", self.beta in BETAS, f"one of {', '.join(BETAS)}")
        self.parts()

    def parts(self) -> tuple[Basket, ...]:
        """The members with this blend's parameters."""
        return self._parts

    @cached_property
    def _parts(self) -> tuple[Basket, ...]:
        shared = {name: getattr(self, name) for name in (*SHARED, "lookback", "beta")}
        if self.screen != "own":
            shared["screen"] = self.screen
        return tuple(replace(member, **shared) for member in self.members)

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

    def batch(self, book: FeatureBook, own: Mapping[str, FloatArray]) -> WeightBatch:
        """Weights of many parameter sets; see `ScheduledStrategy.batch`."""
        market, market_names = book.market, set(present(book.market, self.names, self.name))
        sets = own["exposure"].size
        parts = []
        for part in self.parts():
            if not market_names & set(part.names):
                continue
            theirs = {
                p: own[p] if p in SHARED else np.full(sets, float(getattr(part, p))) for p in part.BATCHABLE
            }
            blind = theirs | {"respond": np.zeros(sets)}
            columns = [market.column(s) for s in (*part.names, *part.hedges) if s in market.symbols]
            parts.append(_Part(part.batch(book, theirs), part.batch(book, blind), np.array(sorted(columns))))
        return _BlendBatch(book.decided, own, tuple(parts), book[Covariance(self.lookback, self.beta)])


@final
@dataclass(frozen=True, eq=False)
class _Part:
    """with_events: as it is held; plain: without events; columns: all it may hold."""

    with_events: WeightBatch
    plain: WeightBatch
    columns: IntArray


@final
@dataclass(frozen=True, eq=False)
class _BlendBatch(WeightBatch):
    """Shares in proportion to 1 / volatility of the plain parts; a part with nothing to hold leaves its share to the
    others. covariance: (D, N, N)."""

    parts: tuple[_Part, ...]
    covariance: FloatArray

    def write(self, sets: IntArray, out: FloatArray) -> None:
        """Write the weights of these sets; see `WeightBatch.write`."""
        weights, share = np.empty_like(out), np.empty((len(self.parts), out.shape[0], out.shape[2]))
        for p, part in enumerate(self.parts):
            part.plain.write(sets, weights)
            inverse_volatility(weights, part.columns, self.covariance, share[p])
        total = share.sum(axis=0)
        out[:] = 0.0
        for p, part in enumerate(self.parts):
            part.with_events.write(sets, weights)
            add_share(weights, part.columns, share[p], total, out)
