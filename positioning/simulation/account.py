"""What an account is held under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.events.event import Events
from positioning.market.market import BoolArray, Market
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import limits
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, record


@final
@dataclass(frozen=True, eq=False)
class AccountTerms:
    """fees; fill: at the open or the close of the first session after a decision; cash: its rate, None for 0; mark:
    of frozen holdings (last, zero or haircut:X)."""

    fees: Fees
    fill: Fill = "open"
    cash: CashRate | None = None
    mark: str = "last"

    def tape(self, market: Market, events: Events, barred: BoolArray) -> LedgerInputs:
        """The market under these terms. barred: (T, N) names that a strategy's screen lets nobody buy."""
        return record(
            market, self.fees, self.fill, self.cash, limits(market, events.restrictions, barred, self.mark)
        )
