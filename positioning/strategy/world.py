"""Published series as features of a strategy: the value in force at a decision, and which third of its past it lay in.

    state = WorldState("gpr").compute(market, events, decided)      # 0 calm, 1 usual, 2 tense; NaN where not known

A series comes with the market, by name (`Source.carrying`); its values count from the day they were known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.arrays import FloatArray, IntArray
from positioning.errors import DataMissingError, did_you_mean
from positioning.events.event import Events
from positioning.market.in_force import LOOKBACK, in_force, terciles
from positioning.market.market import Market
from positioning.strategy.features import Feature


@final
@dataclass(frozen=True, slots=True)
class WorldIndex(Feature):
    """(D,) the last value of the series known at each decision; see `in_force`. Raises DataMissingError."""

    name: str

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG002
        return _in_force(market, self.name)[decided]


@final
@dataclass(frozen=True, slots=True)
class WorldState(Feature):
    """(D,) 0, 1 or 2: in which third of its last `lookback` rows it lies; see `in_force.terciles`. Raises
    DataMissingError."""

    name: str
    lookback: int = LOOKBACK

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:  # noqa: ARG002
        return terciles(_in_force(market, self.name), self.lookback)[decided]


def _in_force(market: Market, name: str) -> FloatArray:
    if name not in market.drivers:
        raise DataMissingError(
            f"the market has no series {name}",
            f"wanted one of {', '.join(market.drivers)}" if market.drivers else "wanted a series of that name",
            f"give index={name}=FILE:COLUMN:LAG; {did_you_mean(name, market.drivers)}" if market.drivers
            else f"give index={name}=FILE:COLUMN:LAG",
            "index",
        )  # fmt: skip
    return in_force(market.drivers[name], market.rows)
