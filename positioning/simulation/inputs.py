"""A market as the ledger reads it: base currency, fees and reasons, computed once and shared by every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar, final

import numpy as np

from positioning.arrays import BoolArray, CodeArray, DateArray, FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.market.withholding import Withholding
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.fees import FeeRates
from positioning.simulation.ledger_arrays import (
    CLOSED,
    FROZEN,
    HALTED,
    NO_RATE,
    OPEN,
    Depth,
    LedgerArrays,
    next_rows,
    price_range,
    steady_spells,
)
from positioning.simulation.liquidity import Capital, Liquidity, liquidity, size_words
from positioning.simulation.taxes import GROSS

Fill = Literal["open", "close"]
Arrays = TypeVar("Arrays", LedgerArrays, Depth)


class Fees(Protocol):
    """What the ledger inputs ask of a fee table: its name on the page, and its rates."""

    @property
    def label(self) -> str:
        """What the page calls it."""

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> FeeRates:
        """The rates of N instruments on T dates."""


@final
@dataclass(frozen=True, eq=False)
class LedgerInputs:
    """(T, N) arrays over the rows of the account (the market's rows from `market.start` on).

    fill: price of a trade on the row; value: what a leg is worth while others trade (its fill price, else its
    last mark at the row's rate); last: that last mark; mark: closing mark; dividend: per share, gross; tax: withheld
    of it from a long; all in base currency. local: the last close in the instrument's currency. no_buy, frozen,
    mark_factor: see `constraints.TradingConstraints`. why: int8, OPEN or why the leg cannot trade. borrow: cost of a
    short since the row before, fraction. growth: (T,) return of cash since the row before. exit_row, exit_price,
    exit_cover: (N,) forced exits, -1 for none, and what a long gets and a short pays a share; terms_known: (N,)
    whether that is on record. untaxed: payers of dividends without a rate of withholding on record;
    inside: names whose dividends, being inside their prices, cannot be taxed though a tax was asked for;
    liquidity: what the account's size meets, None where it has none.
    """

    rows: DateArray
    fill: FloatArray
    value: FloatArray
    last: FloatArray
    mark: FloatArray
    local: FloatArray
    dividend: FloatArray
    tax: FloatArray
    why: CodeArray
    early: BoolArray
    no_buy: BoolArray
    frozen: BoolArray
    mark_factor: float
    fees: FeeRates
    borrow: FloatArray
    growth: FloatArray
    exit_row: IntArray
    exit_price: FloatArray
    exit_cover: FloatArray
    terms_known: BoolArray
    fill_at: Fill
    fee_label: str
    cash_label: str
    mark_label: str
    tax_label: str
    untaxed: tuple[str, ...]
    inside: tuple[str, ...]
    liquidity: Liquidity | None = None

    @property
    def capital(self) -> float:
        """What a unit of the account stands for, base currency; 0 where it has no size."""
        return 0.0 if self.liquidity is None else self.liquidity.capital.amount

    def size_label(self, base: str) -> str:
        """What of the account's size was modelled, in words."""
        return size_words(None, base) if self.liquidity is None else self.liquidity.label(base)

    @cached_property
    def depth(self) -> Depth | None:
        """What the kernel reads of the market where the account has a size."""
        return None if self.liquidity is None else _in_one_layout(self.liquidity.depth(self.fill))

    def barring(self, no_buy: BoolArray) -> LedgerInputs:
        """The same market with other names barred; what has been worked out of it is not worked out again."""
        other = replace(self, no_buy=no_buy)
        barred = self.arrays._replace(no_buy=np.ascontiguousarray(no_buy), all_open=other.all_open)
        other.__dict__["arrays"] = barred
        return other

    @property
    def all_open(self) -> BoolArray:
        """(T,) whether every leg can be bought and sold, on a decision of the row before too."""
        over = (self.exit_row >= 0) & (self.exit_row <= np.arange(self.rows.size)[:, None])
        shut = (self.why != OPEN) | self.early | self.no_buy | self.frozen | over
        return np.asarray(~shut.any(axis=1))

    @cached_property
    def arrays(self) -> LedgerArrays:
        """What the kernel reads; a name without a price yet is worth 0, since nobody holds it."""
        value = np.ascontiguousarray(np.nan_to_num(self.value))
        mark = np.ascontiguousarray(np.nan_to_num(self.mark))
        paying = (self.dividend != 0.0).any(axis=1)
        least, most = price_range(value, mark)
        arrays = LedgerArrays(
            why=self.why,
            early=self.early,
            no_buy=self.no_buy,
            frozen=self.frozen,
            mark_factor=self.mark_factor,
            fill=self.fill,
            value=value,
            last=np.nan_to_num(self.last),
            mark=mark,
            buy=self.fees.buy_total,
            sell=self.fees.sell_total,
            dividend=self.dividend,
            tax=self.tax,
            borrow=self.borrow,
            growth=self.growth,
            exit_row=self.exit_row,
            exit_price=self.exit_price,
            exit_cover=self.exit_cover,
            all_open=self.all_open,
            paying=paying,
            moving=next_rows(paying | (self.growth != 0.0)),
            freezing=next_rows(self.frozen.any(axis=1)),
            least=least,
            most=most,
            steady=steady_spells(least, most),
        )
        return _in_one_layout(arrays)


def _in_one_layout(arrays: Arrays) -> Arrays:
    """The same in C order: frames and columns taken out of order come in others, and each is compiled anew."""
    cells: list[Any] = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in arrays]
    return type(arrays)(*cells)


def ledger_inputs(
    market: Market,
    fees: Fees,
    fill: Fill = "open",
    cash: CashRate | None = None,
    constraints: TradingConstraints | None = None,
    tax: Withholding | None = None,
    capital: Capital | None = None,
) -> LedgerInputs:
    """The market under a fee table, a fill convention, a cash rate (none is zero) and constraints (none: delistings of
    the instrument table only), a tax on dividends (none: they are paid gross) and a capital (none, or 0: no size).

    A frozen name is marked at its last price up to the day of its freeze, and pays nothing.
    Raises BadInputError for a fill that is neither "open" nor "close", and as `liquidity` does.
    """
    if fill not in ("open", "close"):
        raise BadInputError(f"fill={fill}", "wanted open or close", "give fill=open", "fill")
    cash = cash or CashRate.constant(0.0)
    constraints = constraints or trading_constraints(market)
    world = market  # what is frozen for the account trades on
    if constraints.frozen.any():
        market = _without(market, constraints.frozen)
    first = market.start
    rows, rate = market.rows[first:], market.rates[first:]
    opens, close = market.open[first:], market.close[first:]
    local = np.where(np.isfinite(opens), opens, close) if fill == "open" else close
    why = np.full(close.shape, OPEN, dtype=np.int8)
    why[~np.isfinite(rate)] = NO_RATE
    why[~market.tradable[first:]] = HALTED
    why[~market.venue_open[first:]] = CLOSED
    why[constraints.frozen[first:]] = FROZEN
    price = np.where(why == OPEN, local * rate, np.nan)
    days = np.diff(rows, prepend=rows[:1]).astype(np.float64)
    table = fees.on(rows, market.instruments)
    last, mark = _last_marks(market)[first:], market.marks[first:]
    exit_row, exit_price, exit_cover = _exits(constraints, first, market.carried_rates[first:], mark)
    dividend = np.nan_to_num(market.dividends * market.carried_rates)[first:]
    withheld, untaxed, inside = np.zeros_like(dividend), tuple[str, ...](), tuple[str, ...]()
    if tax is not None:
        part, on_record = tax.on(rows, market.instruments)
        withheld = dividend * part
        without = ~on_record & (dividend != 0).any(axis=0)
        untaxed = tuple(s for s, silent in zip(market.symbols, without, strict=True) if silent)
        inside = tuple(s for s, b in zip(market.symbols, market.basis, strict=True) if b == "total_return")
    return LedgerInputs(
        rows=rows,
        fill=price,
        value=np.where(why == OPEN, price, last),
        last=last,
        mark=mark,
        local=market.carried_close[first:],
        dividend=dividend,
        tax=withheld,
        why=why,
        early=market.early[first:] & (days == 1)[:, None],
        no_buy=constraints.no_buy[first:],
        frozen=constraints.frozen[first:],
        mark_factor=constraints.mark_factor,
        fees=table,
        borrow=table.borrow * days[:, None] / 365.0,
        growth=cash.on(rows),
        exit_row=exit_row,
        exit_price=exit_price,
        exit_cover=exit_cover,
        terms_known=np.isfinite(constraints.exit_price),
        fill_at=fill,
        fee_label=fees.label,
        cash_label=cash.label,
        mark_label=constraints.mark,
        tax_label=GROSS if tax is None else tax.label,
        untaxed=untaxed,
        inside=inside,
        liquidity=None if capital is None or capital.amount == 0 else liquidity(world, capital, table),
    )


def _without(market: Market, frozen: BoolArray) -> Market:
    begins = frozen & ~np.vstack([np.zeros_like(frozen[:1]), frozen[:-1]])
    silent = frozen & ~(
        begins & market.tradable
    )  # what traded before a suspension that day set the last price
    return replace(
        market,
        open=np.where(frozen, np.nan, market.open),
        close=np.where(silent, np.nan, market.close),
        dividends=np.where(frozen, 0.0, market.dividends),
        tradable=market.tradable & ~frozen,
    )


def _last_marks(market: Market) -> FloatArray:
    """(T, N) the close before the row at the row's rate, in base currency."""
    last = np.full_like(market.marks, np.nan)
    last[1:] = market.carried_close[:-1] * market.rates[1:]
    last[1:] = np.where(np.isfinite(last[1:]), last[1:], market.marks[:-1])
    return last


def _exits(
    constraints: TradingConstraints, first: int, rate: FloatArray, mark: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rows of the account on which listings are over (0 where they were before it), and `exit_terms`."""
    ended = constraints.exit_row < constraints.no_buy.shape[0]
    exit_row = np.where(ended, np.maximum(constraints.exit_row - first, 0), -1)
    return exit_row, *exit_terms(exit_row, constraints.exit_price, rate, mark)


def exit_terms(
    exit_row: IntArray, exit_price: FloatArray, rate: FloatArray, mark: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What a share pays a long, and costs a short, at a forced exit on the account's `exit_row` (N,), -1 for none.

    exit_price: (..., N) of `TradingConstraints`; rate, mark: (..., T, N). Without terms on record a long gets nothing,
    and a short is bought back at the last mark: what is owed is not known, and nothing would be a windfall.
    """
    at = np.maximum(exit_row, 0), np.arange(exit_row.size)
    paid = np.where(exit_row >= 0, np.nan_to_num(exit_price * rate[..., at[0], at[1]]), 0.0)
    owed = np.where(np.isfinite(exit_price), paid, np.nan_to_num(mark[..., at[0], at[1]]))
    return paid, np.where(exit_row >= 0, owed, 0.0)
