"""How much of what a strategy wants its account held."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import final

import numpy as np

from positioning.events.event import Events
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy

HALF = 0.5  # of the intended weight: below it the account is not the strategy


@final
@dataclass(frozen=True, slots=True)
class HoldingCoverage:
    """names: of the `of` names a strategy wants, those its account ever held; weight: share of the intended weight
    that could be held, from 0 to 1, the mean over its rows; see `holding_coverage`."""

    names: int
    of: int
    weight: float

    @property
    def under_half(self) -> bool:
        """Whether the account held less than half of what the strategy wants."""
        return self.of > 0 and (self.weight < HALF or self.names < HALF * self.of)

    @property
    def words(self) -> str:
        """`held 3 of 12 names, 24 % of the intended weight`."""
        return (
            f"held {self.names} of {self.of} name{'s' if self.of != 1 else ''}, "
            f"{100 * self.weight:.0f} % of the intended weight"
        )

    def to_json(self) -> dict[str, float]:
        """The fields by their names, for JSON."""
        return asdict(self)


def holding_coverage(strategy: Strategy, result: Result, events: Events) -> HoldingCoverage:
    """What the account held of the strategy's names, hedges left out.

    Each of the n names is intended at 1/n of the long weight. On a row a name counts when it is held, or could be:
    it has the history the strategy asks for, and neither the screen nor a restriction bars it. A name that is missing,
    not listed yet, screened or barred does not count, though the others may stand in for its weight; a name that the
    strategy passes over of its own accord does. The mean is over the rows from the first holding on, so that the wait
    for the first fill is no shortfall; an account that held nothing has weight 0.
    """
    names = strategy.names
    columns = [result.market.column(s) for s in names if s in result.market.symbols]
    has_shares = result.shares[:, columns] != 0.0
    if not has_shares.any():
        return HoldingCoverage(0, len(names), 0.0)
    market, inputs = result.market, result.inputs
    rows = slice(market.start, market.start + inputs.rows.size)
    off_limits = (
        strategy.screened(market, events)[rows][:, columns]
        | inputs.no_buy[:, columns]
        | inputs.frozen[:, columns]
    )
    ended = inputs.exit_row[columns]
    over = (ended >= 0) & (np.arange(inputs.rows.size)[:, None] >= ended)
    has_history = np.cumsum(np.isfinite(market.close), axis=0)[rows][:, columns] >= strategy.history
    counted = has_shares | (has_history & ~off_limits & ~over)
    first = int(np.argmax(has_shares.any(axis=1)))
    share = counted[first:].sum(axis=1) / len(names)
    return HoldingCoverage(int(has_shares.any(axis=0).sum()), len(names), float(share.mean()))
