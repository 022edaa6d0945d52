"""The one door to vectorbt: the ledger's trades as a vectorbt Portfolio."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pandas as pd

from positioning.arrays import FloatArray
from positioning.simulation.inputs import LedgerInputs
from positioning.worker_processes import without_modules

NOTHING = 1e-12  # a forced exit that pays nothing: vectorbt takes no price of zero


@final
@dataclass(frozen=True)
class RoundTrips:
    """Trades as vectorbt counts them. closed, open: how many; won: share of the closed that gained; profit_factor: gains
    over losses; length: mean of the closed in rows. None where there is none to tell it of."""

    closed: int
    open: int
    won: float | None
    profit_factor: float | None
    length: float | None


def load() -> Any:
    """vectorbt itself; without its adapter of quantstats in a process that answers for another."""
    with warnings.catch_warnings(), without_modules(quantstats=None):
        warnings.simplefilter("ignore")  # vectorbt's own imports deprecate
        import vectorbt
    return vectorbt


def round_trips(
    inputs: LedgerInputs, symbols: Sequence[str], trades: FloatArray, prices: FloatArray
) -> RoundTrips:
    """Of the ledger's trades; see `portfolio`."""
    records = portfolio(inputs, symbols, trades, prices).trades.values
    closed = records[records["status"] == 1]
    gains, losses = closed["pnl"][closed["pnl"] > 0].sum(), -closed["pnl"][closed["pnl"] < 0].sum()
    some = closed.size > 0
    return RoundTrips(
        closed=int(closed.size),
        open=int(records.size - closed.size),
        won=float((closed["pnl"] > 0).mean()) if some else None,
        profit_factor=float(gains / losses) if losses > 0 else None,
        length=float((closed["exit_idx"] - closed["entry_idx"]).mean()) if some else None,
    )


def portfolio(
    inputs: LedgerInputs, symbols: Sequence[str], trades: FloatArray, prices: FloatArray, money: float = 1.0
) -> Any:
    """A grouped, cash-sharing `vectorbt.Portfolio` of `money` that places the ledger's trades at the ledger's prices.

    It reproduces nav where there are no dividends, borrow, interest and forced exits: vectorbt books none of
    them. Elsewhere only its trade statistics are of use, and they leave those out.
    """
    vbt = load()
    index = pd.DatetimeIndex(inputs.rows.astype("datetime64[ns]"))
    columns = list(symbols)
    frame = lambda values: pd.DataFrame(values, index=index, columns=columns)  # noqa: E731
    mark = pd.DataFrame(
        inputs.mark, index=index, columns=columns
    ).bfill()  # before its first price nothing is held
    fees = inputs.fees
    traded = trades != 0.0
    return vbt.Portfolio.from_orders(
        close=mark,
        size=frame(np.where(traded, trades * money, np.nan)),
        size_type="amount",
        price=frame(np.where(traded, np.maximum(prices, NOTHING), mark.to_numpy())),
        fees=frame(np.where(trades > 0, fees.buy_total, fees.sell_total)),
        direction="both",
        init_cash=money,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        lock_cash=False,
        freq="1D",
    )
