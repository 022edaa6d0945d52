"""A stored account, and what follows from it row by row, in arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.market.market import Market
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.orders import Orders
from positioning.strategy.targets import Targets


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """An account over T rows and N instruments, in base currency, opened with nav 1.0.

    opening, closing: what it held before the first row and after the last.
    shares: (T, N) after each row. trades: (T, N) shares traded on the row, signed; paid: (T, N) their price;
    called: (T, N) whether a margin call made them.
    nav, cash: (T,). order_arrays: of the kernel. ruin_row: the row on which equity reached zero (nav is 0 from there), or
    None; deficit: what was then owed beyond it.
    """

    market: Market
    targets: Targets
    inputs: LedgerInputs
    opening: Holdings
    closing: Holdings
    shares: FloatArray
    trades: FloatArray
    called: BoolArray
    paid: FloatArray
    nav: FloatArray
    cash: FloatArray
    order_arrays: Orders
    ruin_row: int | None
    ruined_at_fill: bool
    deficit: float

    @property
    def rows(self) -> DateArray:
        """(T,) dates of the account."""
        return self.inputs.rows

    @property
    def ruined(self) -> bool:
        """Whether equity, with what is trapped at its last marks, reached zero: no mark decides it."""
        return self.ruin_row is not None

    @cached_property
    def worthless(self) -> bool:
        """Whether nav was at or below zero on some row: ruined, or at this mark no more than what is owed. It is judged
        as lost from that row on (`metrics.summarise`), though at a mark below the last the ledger goes on."""
        return self.ruined or bool(self.nav.min() <= 0)

    @cached_property
    def returns(self) -> FloatArray:
        """(T,) nav / nav of the row before - 1; 0 on the opening row and after ruin. NaN out of a row on which a living
        account is at its mark worth nothing or less: a debt beside a holding marked down has no return.

        So nav is the product of 1 + returns from its opening to the first NaN, and again from each row after one.
        """
        out = np.zeros(self.nav.size)
        before, ended = self.nav[:-1], self.nav.size if self.ruin_row is None else self.ruin_row
        alive = before > 0
        out[1:][alive] = self.nav[1:][alive] / before[alive] - 1.0
        out[1 : ended + 1][~alive[:ended]] = np.nan
        return out

    @cached_property
    def mark_factors(self) -> FloatArray:
        """(T, N) fraction of its mark that a holding counts in nav: below 1 where trapped and marked down."""
        return np.where(self.inputs.frozen & (self.shares > 0), self.inputs.mark_factor, 1.0)

    @cached_property
    def trapped(self) -> FloatArray:
        """(T,) value of frozen long holdings at their last marks, whatever nav counts them at."""
        trapped = self.inputs.frozen & (self.shares > 0)
        return np.asarray(np.where(trapped, self.shares * self.inputs.mark, 0.0).sum(axis=1))

    def nav_marked(self, factor: float) -> FloatArray:
        """(T,) nav with trapped holdings at `factor` of their last mark: the trades are the same under each."""
        return self.nav + (factor - self.inputs.mark_factor) * self.trapped

    @cached_property
    def values(self) -> FloatArray:
        """(T, N) market value held after each row: shares x mark, trapped holdings as nav counts them."""
        return np.where(self.shares != 0.0, self.shares * self.inputs.mark * self.mark_factors, 0.0)

    @cached_property
    def weights(self) -> FloatArray:
        """(T, N) values / nav; 0 after ruin."""
        nav = np.where(self.nav > 0, self.nav, np.inf)
        return self.values / nav[:, None]

    @property
    def gross_exposure(self) -> FloatArray:
        """(T,) sum of absolute weights."""
        return np.asarray(np.abs(self.weights).sum(axis=1))

    @property
    def net_exposure(self) -> FloatArray:
        """(T,) sum of weights."""
        return np.asarray(self.weights.sum(axis=1))

    @cached_property
    def trade_value(self) -> FloatArray:
        """(T, N) |trades| x paid, forced exits left out: they are not dealt in."""
        value = np.abs(self.trades) * self.paid
        for n, row in enumerate(self.inputs.exit_row):
            if row >= 0:
                value[row, n] = 0.0
        return value

    @cached_property
    def costs(self) -> dict[str, FloatArray]:
        """(T, N) by kind of fee: trade value x the rate of its side on the row; with a capital also what least
        commissions add."""
        buys = self.trades > 0
        fees = self.inputs.fees
        charged = {
            kind: self.trade_value * np.where(buys, fees.buy[k], fees.sell[k])
            for k, kind in enumerate(fees.kinds)
        }
        if self.inputs.liquidity is not None:
            charged["least_commission"] = self.inputs.liquidity.topped_up(self.trade_value, buys)
        return charged

    @cached_property
    def impact(self) -> FloatArray:
        """(T, N) what trades lost to their own size; 0 without a capital."""
        if self.inputs.liquidity is None:
            return np.zeros_like(self.trade_value)
        return self.inputs.liquidity.impact(self.trade_value)

    @cached_property
    def charges(self) -> FloatArray:
        """(T, N) all fees and impact."""
        fees, value = self.inputs.fees, self.trade_value
        charged = value * np.where(self.trades > 0, fees.buy_total, fees.sell_total)
        if self.inputs.liquidity is not None:
            charged = charged + self.costs["least_commission"] + self.impact
        return charged

    @cached_property
    def cost(self) -> FloatArray:
        """(T,) all fees and impact of the row."""
        return np.asarray(self.charges.sum(axis=1))

    @cached_property
    def held_before(self) -> FloatArray:
        """(T, N) shares carried into each row."""
        return np.vstack([self.opening.shares, self.shares[:-1]])

    @cached_property
    def interest(self) -> FloatArray:
        """(T,) earned on cash."""
        out = np.zeros(self.nav.size)
        out[1:] = self.cash[:-1] * self.inputs.growth[1:]
        return out

    @cached_property
    def final_marks(self) -> FloatArray:
        """(T, N) marks that closed each row, as nav counts them; fill-time values on the row of a ruin found at
        the fill."""
        mark = self.inputs.mark * self.mark_factors
        if self.ruin_row is None or not self.ruined_at_fill:
            return mark
        r = self.ruin_row
        fresh = bool((self.order_arrays.decided == r - 1).any())
        mark[r] = np.where(self.inputs.early[r] & fresh, self.inputs.last[r], self.inputs.value[r])
        return mark


def times(shares: FloatArray, per_share: FloatArray) -> FloatArray:
    """shares x per_share, 0 where none are held (the price may then be missing)."""
    return np.where(shares != 0.0, shares * per_share, 0.0)
