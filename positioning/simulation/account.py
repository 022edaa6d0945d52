"""What an account is held under, and the one way into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import BoolArray, FloatArray
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.capitals import CapitalSweep, sweep_capitals
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import trading_constraints
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, ledger_inputs
from positioning.simulation.liquidity import Capital
from positioning.simulation.result import Result
from positioning.simulation.simulate import run
from positioning.simulation.taxes import DividendTax
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets, require_targets


@final
@dataclass(frozen=True, eq=False)
class AccountTerms:
    """fees; fill: at the open or the close of the first session after a decision; cash: its rate, None for 0; mark:
    of frozen holdings (last, zero or haircut:X); tax: withheld from dividends, None for gross; capital: what a unit of
    the account stands for, None for an account without a size."""

    fees: Fees
    fill: Fill = "open"
    cash: CashRate | None = None
    mark: str = "last"
    tax: DividendTax | None = None
    capital: Capital | None = None

    def inputs(self, market: Market, events: Events, barred: BoolArray | None = None) -> LedgerInputs:
        """The market under these terms, worked out once for many accounts. barred: (T, N) names that a strategy's
        screen lets nobody buy."""
        constraints = trading_constraints(market, events.restrictions, barred, self.mark)
        return ledger_inputs(market, self.fees, self.fill, self.cash, constraints, self.tax, self.capital)

    def run(
        self,
        decisions: Strategy | Targets,
        market: Market,
        events: Events | None = None,
        inputs: LedgerInputs | None = None,
        opening: Holdings | None = None,
    ) -> Result:
        """The account of a strategy, or of targets already decided, under these terms.

        events: what the strategy answers and what restricts the ledger; none by default. inputs: what `inputs`
        made of this market, where many accounts share it. opening: holdings on the row `market.start`; one unit
        of cash by default. Raises BadInputError as the strategy and `ledger_inputs` do, ValueError for targets
        decided on another market.
        """
        events = Events(()) if events is None else events
        if inputs is None:
            screened = decisions.screened(market, events) if isinstance(decisions, Strategy) else None
            inputs = self.inputs(market, events, screened)
        targets = decisions.target_weights(market, events) if isinstance(decisions, Strategy) else decisions
        if isinstance(decisions, Strategy):
            require_targets(targets, market, decisions.name)
        return run(targets, market, inputs, opening)

    def run_at(
        self,
        amounts: Sequence[float] | FloatArray,
        decisions: Strategy | Targets,
        market: Market,
        events: Events | None = None,
        inputs: LedgerInputs | None = None,
    ) -> CapitalSweep:
        """The account under each of these capitals (base currency), side by side; the rest of `capital` holds for all.

        Raises BadInputError as `run` does, and for an amount that `Capital` would refuse.
        """
        capital = Capital(1.0) if self.capital is None else self.capital
        for amount in np.asarray(amounts, np.float64).tolist():
            replace(capital, amount=amount)
        events = Events(()) if events is None else events
        if inputs is None or inputs.depth is None:
            screened = decisions.screened(market, events) if isinstance(decisions, Strategy) else None
            some = replace(self, capital=replace(capital, amount=capital.amount or 1.0))
            inputs = some.inputs(market, events, screened)
        targets = decisions.target_weights(market, events) if isinstance(decisions, Strategy) else decisions
        return sweep_capitals(targets, inputs, market.start, np.asarray(amounts, np.float64))
