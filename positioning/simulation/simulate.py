"""What a decision would have earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.market.bars import FloatArray
from positioning.market.market import BoolArray, Market
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, record
from positioning.simulation.kernel import run_ledger
from positioning.simulation.result import Orders, Result
from positioning.strategy.targets import Targets


@final
@dataclass(frozen=True, eq=False)
class Holdings:
    """An account between two rows: cash, shares (N,), pending weights (N,) with NaN for none, and which of
    them are the rest of a buy (N,)."""

    cash: float
    shares: FloatArray
    pending: FloatArray
    partial: BoolArray

    @classmethod
    def opening(cls, names: int) -> Holdings:
        """One unit of base currency, nothing else."""
        return cls(1.0, np.zeros(names), np.full(names, np.nan), np.zeros(names, dtype=bool))


def simulate(
    targets: Targets,
    market: Market,
    fees: Fees,
    fill: Fill = "open",
    cash: CashRate | None = None,
    limits: TradingConstraints | None = None,
) -> Result:
    """The account of these decisions on this market, opened with nav 1.0 on row `market.start`."""
    return run(
        targets, market, record(market, fees, fill, cash, limits), Holdings.opening(len(market.instruments))
    )[0]


def run(targets: Targets, market: Market, tape: LedgerInputs, opening: Holdings) -> tuple[Result, Holdings]:
    """As `simulate`, on a tape already recorded and from given holdings; also the closing holdings.

    Cut after row t and continued (`market.until(t)`, then the whole market with `start=t`, which keeps the
    last marks of names without a price, on the closing holdings), the two parts equal the whole.
    """
    if targets.symbols != market.symbols or not np.array_equal(targets.rows, market.rows):
        raise ValueError("the targets were decided on another market")
    inside = targets.decided >= market.start
    decided, weights = targets.decided[inside] - market.start, targets.weights[inside]
    shape, n_orders = tape.fill.shape, decided.size + 1
    names = shape[1]
    shares, pending = opening.shares.copy(), opening.pending.copy()
    partial = opening.partial.astype(np.float64)
    held, trades, paid = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    nav, cash_path = np.zeros(shape[0]), np.zeros(shape[0])
    orders = Orders(
        decided=decided,
        weights=weights,
        inherited=opening.pending,
        status=np.zeros((n_orders, names), np.int8),
        waits=np.zeros((n_orders, names), np.int64),
        reason=np.zeros((n_orders, names), np.int8),
        filled_row=np.full((n_orders, names), -1, np.int64),
        wanted=np.zeros((n_orders, names)),
        got=np.zeros((n_orders, names)),
    )
    ruin_row, ruined_at_fill, deficit = run_ledger(  # type: ignore[call-arg]  # mypy counts the dispatcher's own
        decided, weights, targets.band, *tape.inputs, opening.cash, shares, pending, partial,
        held, trades, paid, nav, cash_path,
        orders.status, orders.waits, orders.reason, orders.filled_row, orders.wanted, orders.got,
    )  # fmt: skip
    result = Result(
        market=market,
        targets=targets,
        tape=tape,
        opening_shares=opening.shares,
        opening_cash=opening.cash,
        shares=held,
        trades=trades,
        paid=paid,
        nav=nav,
        cash=cash_path,
        orders_=orders,
        ruin_row=None if ruin_row < 0 else int(ruin_row),
        ruined_at_fill=bool(ruined_at_fill),
        deficit=float(deficit),
    )
    return result, Holdings(float(cash_path[-1]), shares, pending, partial > 0)
