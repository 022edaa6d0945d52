"""The dividends of a file: `Dividends`, `Capital Gains` and the steps of its adjusted closes held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.data.adjustment import Steps, steps
from positioning.data.price_adjusted import (
    MATERIAL,
    coarse_columns,
    equal_columns,
    implied_payments,
    rounding_room,
    stray_closes,
)
from positioning.data.price_columns import SMALLEST_SPLIT, PriceColumns
from positioning.data.price_grid import CLEAR, basis_beside_dividends, off_grid, split_of_grid
from positioning.data.price_moves import fall_by_payments, overnight, previous
from positioning.market.bars import Basis
from positioning.market.findings import Check, Finding

LARGE_DIVIDEND = 0.25  # of the price before it
SMALL_DIVIDEND = (
    2e-4  # of the price, the usual payment of a file: a quarter of a percent in another unit is below it
)
NEAR = 5  # rows between the dates that two columns give one payment
UNFALLEN = -0.25  # of its payments: a price that falls by less than this did not fall by them
FALL = (
    -0.6
)  # by which prices of eight real shares fell at the least, on average: holders pay tax on what is paid
CROWD = 5  # rows in a row on which nobody pays: weekly payers are the most frequent ones
HOLE = 20  # rows in a row without an adjusted close, beyond which half the column is missing


@final
@dataclass(frozen=True, slots=True, eq=False)
class WeighedDividends:
    """basis: of the closes. paid: (R,) cash a share on the ex-date, in the unit of the closes. told: what a reader
    must know.
    """

    basis: Basis
    paid: FloatArray
    told: tuple[str, ...]
    findings: tuple[Finding, ...]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """amounts: (R,) of one column, in the unit of its file, zeros where empty."""

    amounts: FloatArray
    findings: tuple[Finding, ...]


def payments(columns: PriceColumns, name: str) -> Payments | None:
    """What a column of payments says; None where there is none."""
    values = columns.cells.get(name)
    if values is None:
        return None
    findings = (*_below_zero(columns, name, values), *_cut_off(columns, name, values))
    return Payments(np.where(np.isfinite(values) & (values > 0), values, 0.0), findings)


def _below_zero(columns: PriceColumns, name: str, values: FloatArray) -> list[Finding]:
    bad = np.flatnonzero((values < 0) | np.isinf(values))
    if not bad.size:
        return []
    seen = f"{name} {values[bad[0]]:g} (of {bad.size} below zero or infinite)"
    return [columns.error("price", columns.dates[bad], seen, "correct or empty those cells")]


def _cut_off(columns: PriceColumns, name: str, values: FloatArray) -> list[Finding]:
    """A column that writes its zeros and then has a long stretch without any is cut off, not idle."""
    blank = ~np.isfinite(values) & np.isfinite(columns.close)
    if columns.adjusted is not None or (values == 0).sum() < 3 * HOLE or blank.sum() < 3 * HOLE:
        return []
    at = np.flatnonzero(blank)
    seen = f"{name} is empty on {at.size} of {columns.known.size} rows and written as 0 on others"
    return [columns.error("adjusted", columns.dates[at], seen, "fill the column in, or delete it")]


def weigh_dividends(
    columns: PriceColumns, scale: FloatArray, said: Payments | None, hundredths: bool = False
) -> WeighedDividends:
    """What the closes hold and pay. columns: without splits; scale: (R,) what that divided by. said: of `Dividends`.
    hundredths: prices are in pence or the like."""
    weighing = _Dividends(columns, scale, hundredths)
    basis, paid = weighing.weigh(None if said is None else said.amounts)
    return WeighedDividends(basis, paid, tuple(weighing.told), tuple(weighing.findings))


@final
class _Dividends:
    """One file."""

    def __init__(self, columns: PriceColumns, scale: FloatArray, hundredths: bool) -> None:
        self.columns, self.scale, self.hundredths = columns, scale, hundredths
        self.symbol, self.dates, self.stated = columns.symbol, columns.dates, columns.stated
        self.close, self.adjusted, self.known = columns.close, columns.adjusted, columns.known
        self.told: list[str] = []
        self.findings: list[Finding] = []

    def weigh(self, said: FloatArray | None) -> tuple[Basis, FloatArray]:
        found = None if self.adjusted is None else steps(self.close, self.adjusted, self.columns.halves())
        if found is not None:
            self.findings += stray_closes(self.columns, found)
            self._holes(found, said)
        idle = found is None or (not found.at.size and equal_columns(self.columns))
        gains = self._gains()
        if said is None and gains is None:
            return self._without_amounts(found, idle)
        paid = self._with_gains(said, gains, None if idle else found)
        self._crowded(paid)
        if found is not None and not idle:
            self._contradictions(paid, found)
        elif (paid > 0).any() and self.stated == "" and off_grid(self.close):
            return self._beside(paid)
        elif not (paid > 0).any():
            self.told.append("pays no dividend by its own columns")
        if idle and found is not None and (paid > 0).any():
            self.told.append("has an Adj Close equal to its Close, although it pays: not used")
        self._large(paid)
        self._small(paid)
        if idle and self.stated == "" and not self.findings:
            self._unfallen(paid)
        return "traded", paid

    def _without_amounts(self, found: Steps | None, idle: bool) -> tuple[Basis, FloatArray]:
        """A file that has no column of payments."""
        none = np.zeros(self.dates.size)
        if idle and not self.stated and off_grid(self.close) and not split_of_grid(self.close):
            text = "has adjusted closes only (with decimals that no exchange quotes): dividends are inside its price"
            self.told.append(text)
            return "total_return", none
        if found is None:
            text = "has neither Dividends nor Adj Close: its return lacks its dividends"
            if not self.stated:
                text += ", unless its closes were adjusted and then rounded"
            self.told.append(text)
            return "traded", none
        if idle:
            self.told.append("has an Adj Close equal to its Close: no dividend was found")
            return "traded", none
        paid = implied_payments(self.columns, found)
        self.findings += coarse_columns(self.columns, found)
        if (negative := paid < 0).any():
            self._falling(found)
            paid = np.where(negative, 0.0, paid)
        self._large(paid)
        return "traded", paid

    def _beside(self, paid: FloatArray) -> tuple[Basis, FloatArray]:
        """Closes off the grid beside dividends: with those inside, or brought to today's shares."""
        verdict = basis_beside_dividends(self.close, paid, self._nights())
        if verdict == "traded":
            self._large(paid)
            return "traded", paid
        none = np.zeros(paid.size)
        if verdict == "unclear" and self._share(paid).sum() > MATERIAL:
            at = np.flatnonzero(paid > 0)
            self._error(
                "basis",
                self.dates[at],
                f"its closes have decimals that no exchange quotes beside {at.size} dividends: they may hold them",
                f"give basis={self.symbol}=split where they do not, basis={self.symbol}=total_return where they do",
            )
        if np.median(self._share(paid)[paid > 0]) > LARGE_DIVIDEND:
            self._large(paid)  # in another unit no close could have fallen by them
        self.told.append("has adjusted closes beside its Dividends: dividends are inside its price")
        return "total_return", none

    def _gains(self) -> FloatArray | None:
        gains = payments(self.columns, "Capital Gains")
        if gains is None:
            return None
        self.findings += gains.findings
        return gains.amounts

    def _with_gains(
        self, said: FloatArray | None, gains: FloatArray | None, found: Steps | None
    ) -> FloatArray:
        """Dividends and what a fund paid of its gains, which some sources put into both columns: the adjusted
        closes decide."""
        paid = np.zeros(self.dates.size) if said is None else said * self.scale
        if gains is None or not (gains > 0).any():
            return paid
        gains = gains * self.scale
        implied = None if found is None else implied_payments(self.columns, found)
        for row in np.flatnonzero(gains > 0):
            if paid[row] == 0:
                paid[row] = gains[row]
                continue
            options = (paid[row], paid[row] + gains[row])
            if implied is not None:
                whole = float(implied[max(row - NEAR, 0) : row + NEAR + 1].sum())
                paid[row] = min(options, key=lambda amount: abs(amount - whole))
            elif abs(paid[row] - gains[row]) > 1e-6 * gains[row]:
                self._error(
                    "adjusted",
                    self.dates[row : row + 1],
                    f"pays {paid[row]:g} by Dividends and {gains[row]:g} by Capital Gains: one payment or two?",
                    "add an Adj Close, or put the sum into Dividends and empty the other",
                )
        self.told.append(f"pays {(gains > 0).sum()} distributions of capital gains: counted as dividends")
        return paid

    def _contradictions(self, paid: FloatArray, found: Steps) -> None:
        """Where `Dividends` and `Adj Close` do not tell the same payments."""
        said = self._log_factor(paid)
        shown = np.zeros(self.dates.size)
        shown[found.at] = np.log(found.ratio)
        rows = np.flatnonzero((said > 0) | (shown != 0))
        groups = np.split(rows, np.flatnonzero(np.diff(rows) > NEAR) + 1) if rows.size else []
        net = np.array([shown[g].sum() - said[g].sum() for g in groups])
        room = np.array([rounding_room(self.columns, g) for g in groups])
        apart = np.flatnonzero(np.abs(net) > room)
        if not apart.size:
            return
        lines = [self._said_and_shown(groups[n], said, shown) for n in apart[:3]]
        more = f" (and {apart.size - 3} more)" if apart.size > 3 else ""
        at = np.concatenate([groups[n] for n in apart])
        total = float(np.abs(net[apart]).sum())
        seen = (
            f"Dividends and Adj Close contradict, {total:.2%} of the price in sum: {', '.join(lines)}{more}"
        )
        remedy = "correct one of the two columns, or delete the one that is wrong"
        self._doubt("adjusted", self.dates[at], seen, remedy, total)

    def _said_and_shown(self, rows: IntArray, said: FloatArray, shown: FloatArray) -> str:
        a, b = (1.0 - np.exp(-x[rows].sum()) for x in (said, shown))
        return f"{a:.2%} and {b:.2%} on {self.dates[rows[0]]}"

    def _falling(self, found: Steps) -> None:
        falls = np.flatnonzero(found.ratio < 1)
        small = falls[found.ratio[falls] > 1 / SMALLEST_SPLIT]  # larger ones are named as splits
        if not small.size:
            return
        days = self.dates[found.at[small]]
        total = float(-np.log(found.ratio[small]).sum())
        seen = (
            f"has an Adj Close implying {small.size} negative dividends (first {days[0]}), {total:.2%} in sum"
        )
        self._doubt("adjusted", days, seen, "correct Adj Close, or delete the column", total)

    def _holes(self, found: Steps, said: FloatArray | None) -> None:
        """Half an adjusted column says nothing of the other half."""
        lacks = np.isfinite(self.close) & ~np.isin(np.arange(self.close.size), found.known)
        runs = np.diff(np.concatenate([[-1], found.known, [self.close.size]])) - 1
        if runs.max() <= HOLE or lacks.sum() <= HOLE:
            return
        at = np.flatnonzero(lacks)
        seen = f"Adj Close is empty on {at.size} of {self.known.size} rows"
        if said is None:
            self._error("adjusted", self.dates[at], seen, "fill the column in, or delete it")
        else:
            self.told.append(f"{seen}: there its Dividends stand alone")

    def _unfallen(self, paid: FloatArray) -> None:
        """Traded closes fall by what is paid; those that do not hold it already, or it is in another unit."""
        slope, error = fall_by_payments(self.close, paid, self._nights())
        if error < CLEAR and slope > max(UNFALLEN, FALL + 4.5 * error):
            at = np.flatnonzero(paid > 0)
            share = float(np.median(self._share(paid)[at]))
            self._error(
                "basis",
                self.dates[at],
                f"pays {at.size} dividends of about {share:.2%} of its price, by which its prices did not fall: "
                "they hold them already, or it is another unit",
                f"correct Dividends, or give basis={self.symbol}=total_return or basis={self.symbol}=split",
            )

    def _nights(self) -> FloatArray | None:
        opens = self.columns.cells.get("Open")
        return overnight(None if opens is None else opens * self.scale, self.close)

    def _crowded(self, paid: FloatArray) -> None:
        """Payments on most days are a yearly rate, or an amount carried down the column."""
        days = (paid > 0)[self.known]
        runs = np.convolve(days, np.ones(CROWD), "valid").max(initial=0.0) if days.size >= CROWD else 0.0
        if runs >= CROWD:
            at = np.flatnonzero(paid > 0)
            seen = f"Dividends pays on {at.size} days, {CROWD} in a row: a yearly rate, or an amount carried down?"
            self._error(
                "adjusted", self.dates[at], seen, "keep each payment on its ex-date alone, 0 elsewhere"
            )

    def _large(self, paid: FloatArray) -> None:
        """Payments of a quarter of the price: special, if the close fell by them, else in another unit."""
        share = self._share(paid)
        for row in np.flatnonzero(share > LARGE_DIVIDEND):
            at = int(np.searchsorted(self.known, row))
            now, last = self.known[min(at, self.known.size - 1)], self.known[at - 1]
            left = self.close[now] / self.close[last]
            if share[row] < 1 and left < 1 - share[row] / 2:
                self.told.append(
                    f"pays {share[row]:.0%} of its price on {self.dates[row]}: a split, or another unit?"
                )
            else:
                seen = f"pays {share[row]:.0%} of its price, and closes {left - 1:+.0%}"
                remedy = "bring Dividends to the unit of the prices, or correct that payment"
                self._error("adjusted", self.dates[row : row + 1], seen, remedy)

    def _small(self, paid: FloatArray) -> None:
        """Payments that are usually a hundredth of what pays: said, since a fund of bills may pay so little."""
        share = self._share(paid)[paid > 0]
        if not share.size or np.median(share) >= SMALL_DIVIDEND:
            return
        seen = f"pays {np.median(share):.4%} of its price at a time: Dividends in pounds beside pence, or another unit?"
        if self.hundredths:
            remedy = "write Dividends in the unit of the prices, a hundredth of the currency"
            self._error("adjusted", self.dates[paid > 0], seen, remedy)
        else:
            self.told.append(seen)

    def _share(self, paid: FloatArray) -> FloatArray:
        """(R,) payments as shares of the last close before them, 0 where there is none."""
        before = previous(self.close)
        return np.where((paid > 0) & np.isfinite(before), paid / np.where(before > 0, before, 1.0), 0.0)

    def _log_factor(self, paid: FloatArray) -> FloatArray:
        """(R,) the step of adjusted / close that a payment makes, on its row or the next with a close."""
        share = np.minimum(self._share(paid), 0.99)
        out = np.zeros(self.dates.size)
        for row in np.flatnonzero(share > 0):
            at = int(np.searchsorted(self.known, row))
            if at < self.known.size:
                out[self.known[at]] += -np.log(1.0 - share[row])
        return out

    def _doubt(self, check: Check, dates: DateArray, seen: str, remedy: str, size: float) -> None:
        """An error beyond MATERIAL, else a notice."""
        if size > MATERIAL:
            self._error(check, dates, seen, remedy)
        else:
            self.told.append(f"{seen}: not used")

    def _error(self, check: Check, dates: DateArray, seen: str, remedy: str) -> None:
        self.findings.append(self.columns.error(check, dates, seen, remedy))
