"""What an account held at its end, and what its last decision wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.events.thesis import Thesis
from positioning.simulation.result import Result

UNKNOWN = "not on record"


@final
@dataclass(frozen=True, slots=True)
class LastDayLeg:
    """A name that was wanted or held. target: of the last decision; weight: on the last row; fractions of nav, signed."""

    symbol: str
    name: str
    theme: str
    country: str
    currency: str
    target: float
    weight: float


@final
@dataclass(frozen=True, slots=True)
class LastDay:
    """The end of an account, the largest leg first. decided: day of the last decision, NaT where there was none; cash:
    1 less the sum of the weights."""

    as_of: np.datetime64
    decided: np.datetime64
    legs: tuple[LastDayLeg, ...]

    @property
    def cash(self) -> tuple[float, float]:
        """Share of nav that is wanted in cash, and that is held so."""
        return 1.0 - sum(leg.target for leg in self.legs), 1.0 - sum(leg.weight for leg in self.legs)

    def shares(self, of: Callable[[LastDayLeg], str]) -> dict[str, tuple[float, float]]:
        """Weights wanted and held by what `of` gives of a leg, the largest held first."""
        sums: dict[str, tuple[float, float]] = {}
        for leg in self.legs:
            target, weight = sums.get(of(leg), (0.0, 0.0))
            sums[of(leg)] = target + leg.target, weight + leg.weight
        return dict(sorted(sums.items(), key=lambda x: (-abs(x[1][1]), -abs(x[1][0]), x[0])))

    def to_json(self) -> dict[str, Any]:
        """weights: targets by symbol, as `today` has them; held: by symbol; then both by theme, country and currency."""

        def apart(of: Callable[[LastDayLeg], str]) -> dict[str, dict[str, float]]:
            return {key: {"target": a, "held": b} for key, (a, b) in self.shares(of).items()}

        return {
            "as_of": str(self.as_of),
            "decided": None if np.isnat(self.decided) else str(self.decided),
            "weights": {leg.symbol: leg.target for leg in self.legs},
            "held": {leg.symbol: leg.weight for leg in self.legs},
            "cash": {"target": self.cash[0], "held": self.cash[1]},
            "by_theme": apart(lambda leg: leg.theme),
            "by_country": apart(lambda leg: leg.country),
            "by_currency": apart(lambda leg: leg.currency),
        }


def last_day(result: Result, thesis: Thesis) -> LastDay:
    """The weights of the last decision, to the bit, and those held on the last row. Themes are the universe's, a country
    is that of incorporation."""
    market, targets = result.market, result.targets
    count = targets.decided.size
    target_weights = targets.weights[-1] if count else np.zeros(len(market.symbols))
    legs = [
        LastDayLeg(
            i.symbol, i.name, thesis.universe[i.symbol].theme if i.symbol in thesis.universe else UNKNOWN,
            i.incorporated or UNKNOWN, i.currency, float(target_weights[n]), float(result.weights[-1, n]),
        )
        for n, i in enumerate(market.instruments)
        if target_weights[n] or result.weights[-1, n]
    ]  # fmt: skip
    legs.sort(key=lambda leg: (-abs(leg.weight), -abs(leg.target), leg.symbol))
    decided = targets.date(-1) if count else np.datetime64("NaT", "D")
    return LastDay(result.rows[-1], decided, tuple(legs))
