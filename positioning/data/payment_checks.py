"""Payments of a file held against its prices: in another unit, of other shares, on too many days, or never fallen by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.data.price_adjusted_closes import MATERIAL
from positioning.data.price_columns import SMALLEST_SPLIT, PriceColumns
from positioning.data.price_grid import CLEAR
from positioning.data.price_moves import fall_by_payments, log_moves, overnight, previous, usual_size
from positioning.market.findings import Finding

LARGE_DIVIDEND = 0.25  # of the price before it
# Of the price, the usual payment of a file: a quarter of a percent in another unit is below it.
SMALL_DIVIDEND = 2e-4
BILLS = 0.003  # usual move of a day below which a fund of bills may pay so little
UNFALLEN = -0.25  # of its payments: a price that falls by less than this did not fall by them
# By which prices of eight real shares fell at the least, on average: holders pay tax on what is paid.
FALL = -0.6
USUAL_FALL = -0.75  # Elton and Gruber (1970) measured 0.78
# Logarithms of how much likelier the moves are without a fall than with the usual one: said, and refused.
UNLIKELY = float(np.log(20.0)), float(np.log(1000.0))
CROWD = 5  # rows in a row on which nobody pays: weekly payers are the most frequent ones
FEW = 4  # payments from which on their odds refuse a file: the day of one has news of its own
SIDES = 2  # payments on either side of a split, from which on they tell whose shares they are of
ASIDE = 8  # of them at the most are looked at


@final
@dataclass(frozen=True, slots=True, eq=False)
class PaidColumns:
    """columns: of a file, without splits; scale: (R,) what its prices were multiplied by for it; dividends: (R,) cash a
    share in the unit and shares of the closes."""

    columns: PriceColumns
    scale: FloatArray
    dividends: FloatArray

    def share(self) -> FloatArray:
        """(R,) payments as shares of the last close before them, 0 where there is none."""
        before = previous(self.columns.close)
        has_payment = (self.dividends > 0) & np.isfinite(before)
        return np.where(has_payment, self.dividends / np.where(before > 0, before, 1.0), 0.0)

    def log_factor(self) -> FloatArray:
        """(R,) the step of adjusted / close that a payment makes, on its row or the next with a close."""
        priced_rows, share = self.columns.priced_rows, np.minimum(self.share(), 0.99)
        out = np.zeros(share.size)
        for row in np.flatnonzero(share > 0):
            at = int(np.searchsorted(priced_rows, row))
            if at < priced_rows.size:
                out[priced_rows[at]] += -np.log(1.0 - share[row])
        return out

    def nights(self) -> FloatArray | None:
        """(R,) the moves of its nights, as of `price_moves.overnight`."""
        opens = self.columns.cells.get("Open")
        return overnight(None if opens is None else opens * self.scale, self.columns.close)

    def crowded(self) -> list[Finding]:
        """Payments on most days are a yearly rate, or an amount carried down the column."""
        days = (self.dividends > 0)[self.columns.priced_rows]
        runs = np.convolve(days, np.ones(CROWD), "valid").max(initial=0.0) if days.size >= CROWD else 0.0
        if runs < CROWD:
            return []
        at = np.flatnonzero(self.dividends > 0)
        text = (
            f"Dividends pays on {at.size} days, {CROWD} in a row: a yearly rate, or an amount carried down?"
        )
        remedy = "keep each payment on its ex-date alone, 0 elsewhere"
        return [self.columns.error("adjusted", self.columns.dates[at], text, remedy)]

    def large(self) -> tuple[list[Finding], list[str]]:
        """Payments of a quarter of the price: special, if the close fell by them, else in another unit."""
        findings, notes = [], []
        share, dates, close = self.share(), self.columns.dates, self.columns.close
        priced_rows = self.columns.priced_rows
        for row in np.flatnonzero(share > LARGE_DIVIDEND):
            at = int(np.searchsorted(priced_rows, row))
            now, last = priced_rows[min(at, priced_rows.size - 1)], priced_rows[at - 1]
            left = close[now] / close[last]
            if share[row] < 1 and left < 1 - share[row] / 2:
                notes.append(f"pays {share[row]:.0%} of its price on {dates[row]}: a split, or another unit?")
            else:
                text = f"pays {share[row]:.0%} of its price, and closes {left - 1:+.0%}"
                remedy = "bring Dividends to the unit of the prices, or correct that payment"
                findings.append(self.columns.error("adjusted", dates[row : row + 1], text, remedy))
        return findings, notes

    def small(self, hundredths: bool, alone: bool) -> tuple[list[Finding], list[str]]:
        """Payments that are usually a hundredth of what pays: refused beside pence, and of a price that moves as a share
        does where a hundred times as much would be MATERIAL; a fund of bills may pay so little, which is said.
        alone: there is no adjusted close that agrees with them."""
        share = self.share()[self.dividends > 0]
        if not share.size or np.median(share) >= SMALL_DIVIDEND:
            return [], []
        usual = usual_size(log_moves(self.columns.close[self.columns.priced_rows]))
        text = f"pays {np.median(share):.4%} of its price at a time: "
        if hundredths:
            text += "Dividends in pounds beside pence, or another unit?"
            remedy = "write Dividends in the unit of the prices, a hundredth of the currency"
        elif alone and usual > BILLS and 99.0 * share.sum() > MATERIAL:
            text += f"divided by a hundred? so multiplied they come to {100.0 * share.sum():.2%} of it in sum"
            remedy = "bring Dividends to the unit of the prices"
        else:
            return [], [f"{text}Dividends in pounds beside pence, or another unit?"]
        return [self.columns.error("adjusted", self.columns.dates[self.dividends > 0], text, remedy)], []

    def of_other_shares(self) -> list[Finding]:
        """Payments that change by a split's ratio on its day: of the shares of their day beside closes in today's, or the
        other way round."""
        ratios, share = self.columns.cells.get("Stock Splits"), self.share()
        if ratios is None:
            return []
        splits = np.flatnonzero(
            (ratios > 0)
            & np.isfinite(ratios)
            & (np.abs(np.log(np.where(ratios > 0, ratios, 1.0))) > np.log(SMALLEST_SPLIT))
        )
        findings, pays = [], np.flatnonzero(share > 0)
        for n, row in enumerate(splits):
            first = splits[n - 1] if n else 0
            last = splits[n + 1] if n + 1 < splits.size else share.size
            before = np.log(share[pays[(pays >= first) & (pays < row)]][-ASIDE:])
            after = np.log(share[pays[(pays >= row) & (pays < last)]][:ASIDE])
            size = abs(float(np.log(ratios[row])))
            if min(before.size, after.size) < SIDES or max(np.ptp(before), np.ptp(after)) > size / 2:
                continue
            if abs(abs(float(np.median(before) - np.median(after))) - size) < size / 4:
                text = (
                    f"pays {np.exp(np.median(before)):.2%} of its price before its split of {ratios[row]:g} and "
                    f"{np.exp(np.median(after)):.2%} after it: Dividends and Close are of different shares?"
                )
                remedy = "bring both to today's shares, or both to the shares of their day"
                findings.append(
                    self.columns.error("adjusted", self.columns.dates[row : row + 1], text, remedy)
                )
        return findings

    def check_falls(self) -> tuple[list[Finding], list[str]]:
        """Traded closes fall by what is paid; those that do not hold it already, or it is in another unit. Said where the
        moves are 20 times as likely without a fall as with the usual one, refused where they are 1,000 times."""
        slope, error = fall_by_payments(self.columns.close, self.dividends, self.nights())
        if not slope > UNFALLEN:  # NaN where nothing is paid
            return [], []
        odds = (USUAL_FALL**2 - 2.0 * USUAL_FALL * slope) / (2.0 * error**2)
        at, symbol = np.flatnonzero(self.dividends > 0), self.columns.symbol
        share = float(np.median(self.share()[at]))
        text = (
            f"pays {at.size} dividends of about {share:.2%} of its price, by which its prices did not fall: "
            "they hold them already, or it is another unit"
        )
        if (odds > UNLIKELY[1] and at.size >= FEW) or (error < CLEAR and slope > FALL + 4.5 * error):
            remedy = f"correct Dividends, or give basis={symbol}=total_return or basis={symbol}=split"
            return [self.columns.error("basis", self.columns.dates[at], text, remedy)], []
        return [], [f"{text}?"] if odds > UNLIKELY[0] else []
