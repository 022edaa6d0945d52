"""What a decision looks at. Each feature names the parameters it depends on, so that a search computes it once
per distinct value; all use rows up to the decision's own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.events.restriction import dropped
from positioning.market.market import Market
from positioning.strategy.weights import covariances, rolling_betas

TOP_SEVERITY = 5.0  # an event of the highest severity, fresh, moves the response to tanh(1)
STALE_SESSIONS = 10  # sessions without trading after which a name is no longer chosen
MAX_BYTES = 2**28  # of the features of a book


class Feature(ABC):
    """A frozen, hashable recipe for one array over the decision rows."""

    @abstractmethod
    def compute(self, market: Market, events: Events, decided: IntArray) -> Any:
        """The array; its first axis is the D decisions."""


@final
@dataclass(frozen=True, slots=True)
class Response(Feature):
    """(D,) tanh(pressure / 5): signed, severity-weighted news of one theme, decaying; see Events.pressure."""

    theme: str
    half_life: float

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:
        pressure = events.pressure(market.rows, self.theme, self.half_life)
        return np.asarray(np.tanh(pressure[decided] / TOP_SEVERITY))


@final
@dataclass(frozen=True, slots=True)
class Betas(Feature):
    """(D, L) rolling beta of each leg to the hedge, in base-currency total returns."""

    legs: tuple[str, ...]
    hedge: str
    lookback: int

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG002
        columns = np.array([market.column(s) for s in self.legs], dtype=np.int64)
        return np.asarray(
            rolling_betas(
                market.returns, market.tradable, market.column(self.hedge), columns, decided, self.lookback
            )
        )


@final
@dataclass(frozen=True, slots=True)
class Eligible(Feature):
    """(D, L) the leg has `history` rows of prices, has traded within STALE_SESSIONS sessions, and no restriction that
    the screen looks at is known."""

    legs: tuple[str, ...]
    history: int
    screen: str

    def compute(self, market: Market, events: Events, decided: IntArray) -> BoolArray:
        columns = [market.column(s) for s in self.legs]
        enough = market.history[decided][:, columns] >= self.history
        fresh = market.silence[decided][:, columns] <= STALE_SESSIONS
        return enough & fresh & ~dropped(events.restrictions, self.legs, market.rows, self.screen)[decided]


@final
@dataclass(frozen=True, slots=True)
class Covariance(Feature):
    """(D, N, N) covariance of base-currency total returns over the last `lookback` rows."""

    lookback: int

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG002
        return np.asarray(covariances(market.returns, decided, self.lookback))


@final
class FeatureBook:
    """Features of one market, one record of events and one set of decision rows, each computed once, whichever
    thread asks first. Beyond MAX_BYTES those asked for longest ago are forgotten."""

    def __init__(
        self, market: Market, events: Events, decided: IntArray, known: Mapping[Feature, Any] | None = None
    ) -> None:
        self.market, self.events, self.decided = market, events, decided
        self.known: dict[Feature, Any] = dict(known or {})
        self._held = sum(array.nbytes for array in self.known.values())
        self._lock = threading.RLock()

    def __getitem__(self, feature: Feature) -> Any:
        with self._lock:
            found = self.known.pop(feature, None)
            if found is None:
                found = feature.compute(self.market, self.events, self.decided)
                self._held += found.nbytes
                while self.known and self._held > MAX_BYTES:
                    self._held -= self.known.pop(next(iter(self.known))).nbytes
            self.known[feature] = found  # the last of the dict is the one asked for last
            return found
