"""What a decision would have earned."""

from __future__ import annotations

import numpy as np

from positioning.market.market import Market
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, ledger_inputs
from positioning.simulation.kernel import run_ledger
from positioning.simulation.orders import Orders
from positioning.simulation.result import Result
from positioning.strategy.targets import Targets


def simulate(
    targets: Targets,
    market: Market,
    fees: Fees,
    fill: Fill = "open",
    cash: CashRate | None = None,
    constraints: TradingConstraints | None = None,
) -> Result:
    """The account of these decisions on this market, opened with nav 1.0 on row `market.start`."""
    return run(targets, market, ledger_inputs(market, fees, fill, cash, constraints))


def run(targets: Targets, market: Market, inputs: LedgerInputs, opening: Holdings | None = None) -> Result:
    """As `simulate`, on ledger inputs already made and from given holdings (one unit of cash by default).

    Cut after row t and continued (`market.until(t)`, then the whole market with `start=t`, which keeps the
    last marks of names without a price, on `Result.closing`), the two parts equal the whole.
    Raises ValueError for targets decided on another market.
    """
    if targets.symbols != market.symbols or not np.array_equal(targets.rows, market.rows):
        raise ValueError("the targets were decided on another market")
    opening = Holdings.opening(len(market.instruments)) if opening is None else opening
    inside = targets.decided >= market.start
    decided, weights = targets.decided[inside] - market.start, np.ascontiguousarray(targets.weights[inside])
    outcome, record, closing = run_ledger(
        decided, weights, targets.band, inputs.arrays, opening.state, inputs.capital, inputs.depth
    )
    return Result(
        market=market,
        targets=targets,
        inputs=inputs,
        opening=opening,
        closing=Holdings.of(closing),
        shares=record.held,
        trades=record.trades,
        called=record.called,
        paid=record.paid,
        nav=outcome.nav[:, 0],
        cash=record.cash,
        order_arrays=Orders(
            decided=decided,
            weights=weights,
            inherited=opening.pending,
            status=record.status,
            waits=record.waits,
            reason=record.reason,
            filled_row=record.filled_row,
            wanted=record.wanted,
            got=record.got,
        ),
        ruin_row=None if outcome.ruin_row[0] < 0 else int(outcome.ruin_row[0]),
        ruined_at_fill=bool(outcome.ruined_at_fill[0]),
        deficit=float(outcome.deficit[0]),
    )
