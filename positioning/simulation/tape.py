"""A market as the ledger reads it: base currency, fees and reasons, computed once and shared by every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from positioning.errors import BadInputError
from positioning.market.bars import DateArray, FloatArray
from positioning.market.market import BoolArray, Market
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeRates, FeeTable
from positioning.simulation.kernel import CLOSED, HALTED, NO_RATE, OPEN

Fill = Literal["open", "close"]


@final
@dataclass(frozen=True, eq=False)
class Tape:
    """(T, N) arrays over the rows of the account (the market's rows from `market.start` on).

    fill: price of a trade on the row; value: what a leg is worth while others trade (its fill price, else its
    last mark at the row's rate); mark: closing mark; dividend: per share; all in base currency.
    why: int8, OPEN or why the leg cannot trade. borrow: cost of a short since the row before, fraction.
    growth: (T,) return of cash since the row before. exit_row, exit_price: (N,) forced exits, -1 for none.
    """

    rows: DateArray
    fill: FloatArray
    value: FloatArray
    mark: FloatArray
    dividend: FloatArray
    why: npt.NDArray[np.int8]
    early: BoolArray
    fees: FeeRates
    borrow: FloatArray
    growth: FloatArray
    exit_row: npt.NDArray[np.int64]
    exit_price: FloatArray
    fill_at: Fill
    fee_label: str
    cash_label: str


def record(market: Market, fees: FeeTable, fill: Fill = "open", cash: CashRate | None = None) -> Tape:
    """The tape of a market under a fee table, a fill convention and a cash rate (none is zero).

    Raises BadInputError for a fill that is neither "open" nor "close".
    """
    if fill not in ("open", "close"):
        raise BadInputError(f"fill {fill}", "wanted open or close", "type --fill open")
    cash = cash or CashRate.constant(0.0)
    first = market.start
    rows, rate = market.rows[first:], market.rates[first:]
    opens, close = market.open[first:], market.close[first:]
    local = np.where(np.isfinite(opens), opens, close) if fill == "open" else close
    why = np.full(close.shape, OPEN, dtype=np.int8)
    why[~np.isfinite(rate)] = NO_RATE
    why[~market.tradable[first:]] = HALTED
    why[~market.venue_open[first:]] = CLOSED
    price = np.where(why == OPEN, local * rate, np.nan)
    days = np.diff(rows, prepend=rows[:1]).astype(np.float64)
    table = fees.on(rows, market.instruments)
    exit_row, exit_price = _exits(market, rows, market.carried_rates[first:])
    return Tape(
        rows=rows,
        fill=price,
        value=np.where(why == OPEN, price, _last_marks(market)[first:]),
        mark=market.marks[first:],
        dividend=np.nan_to_num(market.dividends * market.carried_rates)[first:],
        why=why,
        early=market.early[first:] & (days == 1)[:, None],
        fees=table,
        borrow=table.borrow * days[:, None] / 365.0,
        growth=cash.on(rows),
        exit_row=exit_row,
        exit_price=exit_price,
        fill_at=fill,
        fee_label=fees.label,
        cash_label=cash.label,
    )


def _last_marks(market: Market) -> FloatArray:
    """(T, N) the close before the row at the row's rate, in base currency."""
    last = np.full_like(market.marks, np.nan)
    last[1:] = market.carried_close[:-1] * market.rates[1:]
    last[1:] = np.where(np.isfinite(last[1:]), last[1:], market.marks[:-1])
    return last


def _exits(market: Market, rows: DateArray, rate: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """First row (0 where it is past) after the delisting on record, and its terms: the stated cash, else nothing."""
    exit_row = np.full(len(market.instruments), -1, dtype=np.int64)
    exit_price = np.zeros(len(market.instruments))
    for n, i in enumerate(market.instruments):
        if i.delisted is None:
            continue
        row = int(np.searchsorted(rows, np.datetime64(i.delisted, "D"), side="right"))
        if row < rows.size:  # row 0: the listing ended before the account opened
            exit_row[n] = row
            exit_price[n] = np.nan_to_num((i.exit_price or 0.0) * rate[row, n])
    return exit_row, exit_price
