"""The dividends of a file: `Dividends`, `Capital Gains` and the steps of its adjusted closes held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.data.adjustment import Steps, steps
from positioning.data.payment_checks import LARGE_DIVIDEND, PaidColumns
from positioning.data.price_adjusted_closes import (
    MATERIAL,
    coarse_columns,
    equal_columns,
    implied_payments,
    rounding_room,
    stray_closes,
)
from positioning.data.price_columns import SMALLEST_SPLIT, PriceColumns
from positioning.data.price_grid import basis_beside_dividends, off_grid, split_of_grid
from positioning.market.bars import Basis
from positioning.market.findings import Check, Finding

NEAR = 5  # rows between the dates that two columns give one payment
HOLE = 20  # rows in a row without an adjusted close, beyond which half the column is missing


@final
@dataclass(frozen=True, slots=True, eq=False)
class WeighedDividends:
    """basis: of the closes. amounts: (R,) cash a share on the ex-date, in the unit of the closes. notes: what a reader
    must know.
    """

    basis: Basis
    amounts: FloatArray
    notes: tuple[str, ...]
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
    text = f"{name} {values[bad[0]]:g} (of {bad.size} below zero or infinite)"
    return [columns.error("price", columns.dates[bad], text, "correct or empty those cells")]


def _cut_off(columns: PriceColumns, name: str, values: FloatArray) -> list[Finding]:
    """A column that writes its zeros and then has a long stretch without any is cut off, not idle."""
    blank = ~np.isfinite(values) & np.isfinite(columns.close)
    if columns.adjusted is not None or (values == 0).sum() < 3 * HOLE or blank.sum() < 3 * HOLE:
        return []
    at = np.flatnonzero(blank)
    text = f"{name} is empty on {at.size} of {columns.priced_rows.size} rows and written as 0 on others"
    return [columns.error("adjusted", columns.dates[at], text, "fill the column in, or delete it")]


def weigh_dividends(
    columns: PriceColumns, scale: FloatArray, column: Payments | None, hundredths: bool
) -> WeighedDividends:
    """What the closes hold and pay. columns: without splits; scale: (R,) what that divided by. column: of `Dividends`.
    hundredths: prices are in pence or the like."""
    weighing = _Dividends(columns, scale, hundredths)
    basis, dividends = weighing.weigh(None if column is None else column.amounts)
    return WeighedDividends(basis, dividends, tuple(weighing.notes), tuple(weighing.findings))


@final
class _Dividends:
    """One file."""

    def __init__(self, columns: PriceColumns, scale: FloatArray, hundredths: bool) -> None:
        self.columns, self.scale, self.hundredths = columns, scale, hundredths
        self.symbol, self.dates, self.stated = columns.symbol, columns.dates, columns.stated
        self.close, self.adjusted, self.priced_rows = columns.close, columns.adjusted, columns.priced_rows
        self.notes: list[str] = []
        self.findings: list[Finding] = []

    def weigh(self, amounts: FloatArray | None) -> tuple[Basis, FloatArray]:
        ratio_steps = (
            None if self.adjusted is None else steps(self.close, self.adjusted, self.columns.halves())
        )
        if ratio_steps is not None:
            self.findings += stray_closes(self.columns, ratio_steps)
            self._holes(ratio_steps, amounts)
        idle = ratio_steps is None or (not ratio_steps.at.size and equal_columns(self.columns))
        gains = self._gains()
        if amounts is None and gains is None:
            return self._without_amounts(ratio_steps, idle)
        dividends = self._with_gains(amounts, gains, None if idle else ratio_steps)
        columns = PaidColumns(self.columns, self.scale, dividends)
        self.findings += columns.crowded()
        if ratio_steps is not None and not idle:
            self._contradictions(columns, ratio_steps)
        elif (dividends > 0).any() and self.stated == "" and off_grid(self.close):
            return self._beside(columns)
        elif not (dividends > 0).any():
            self.notes.append("pays no dividend by its own columns")
        if idle and ratio_steps is not None and (dividends > 0).any():
            self.notes.append("has an Adj Close equal to its Close, although it pays: not used")
        self._odd_sizes(columns, idle)
        if idle and self.stated == "" and not self.findings:
            self._tell(*columns.check_falls())
        return "traded", dividends

    def _odd_sizes(self, columns: PaidColumns, alone: bool) -> None:
        """alone: see `PaidColumns.small`."""
        self._tell(*columns.large())
        self._tell(*columns.small(self.hundredths, alone))
        if alone:
            self.findings += columns.of_other_shares()

    def _tell(self, findings: Sequence[Finding], notes: Sequence[str]) -> None:
        self.findings += findings
        self.notes += notes

    def _without_amounts(self, ratio_steps: Steps | None, idle: bool) -> tuple[Basis, FloatArray]:
        """A file that has no column of payments."""
        none = np.zeros(self.dates.size)
        if idle and not self.stated and off_grid(self.close) and not split_of_grid(self.close):
            text = "has adjusted closes only (with decimals that no exchange quotes): dividends are inside its price"
            self.notes.append(text)
            return "total_return", none
        if ratio_steps is None:
            text = "has neither Dividends nor Adj Close: its return lacks its dividends"
            if not self.stated:
                text += ", unless its closes were adjusted and then rounded"
            self.notes.append(text)
            return "traded", none
        if idle:
            self.notes.append("has an Adj Close equal to its Close: no dividend was found")
            return "traded", none
        dividends = implied_payments(self.columns, ratio_steps)
        self.findings += coarse_columns(self.columns, ratio_steps)
        if (negative := dividends < 0).any():
            self._falling(ratio_steps)
            dividends = np.where(negative, 0.0, dividends)
        self._tell(*PaidColumns(self.columns, self.scale, dividends).large())
        return "traded", dividends

    def _beside(self, columns: PaidColumns) -> tuple[Basis, FloatArray]:
        """Closes off the grid beside dividends: with those inside, or brought to today's shares."""
        dividends, share = columns.dividends, columns.share()
        verdict = basis_beside_dividends(self.close, dividends, columns.nights())
        if verdict == "traded":
            self._odd_sizes(columns, alone=True)
            return "traded", dividends
        none = np.zeros(dividends.size)
        if verdict == "unclear" and share.sum() > MATERIAL:
            at = np.flatnonzero(dividends > 0)
            self._error(
                "basis",
                self.dates[at],
                f"its closes have decimals that no exchange quotes beside {at.size} dividends: they may hold them",
                f"give basis={self.symbol}=split where they do not, basis={self.symbol}=total_return where they do",
            )
        if np.median(share[dividends > 0]) > LARGE_DIVIDEND:
            self._tell(*columns.large())  # in another unit no close could have fallen by them
        self.notes.append("has adjusted closes beside its Dividends: dividends are inside its price")
        return "total_return", none

    def _gains(self) -> FloatArray | None:
        gains = payments(self.columns, "Capital Gains")
        if gains is None:
            return None
        self.findings += gains.findings
        return gains.amounts

    def _with_gains(
        self, amounts: FloatArray | None, gains: FloatArray | None, ratio_steps: Steps | None
    ) -> FloatArray:
        """Dividends and what a fund paid of its gains, which some sources put into both columns: the adjusted
        closes decide."""
        dividends = np.zeros(self.dates.size) if amounts is None else amounts * self.scale
        if gains is None or not (gains > 0).any():
            return dividends
        gains = gains * self.scale
        implied = None if ratio_steps is None else implied_payments(self.columns, ratio_steps)
        for row in np.flatnonzero(gains > 0):
            if dividends[row] == 0:
                dividends[row] = gains[row]
                continue
            options = (dividends[row], dividends[row] + gains[row])
            if implied is not None:
                whole = float(implied[max(row - NEAR, 0) : row + NEAR + 1].sum())
                dividends[row] = min(options, key=lambda amount: abs(amount - whole))
            elif abs(dividends[row] - gains[row]) > 1e-6 * gains[row]:
                self._error(
                    "adjusted",
                    self.dates[row : row + 1],
                    f"pays {dividends[row]:g} by Dividends and {gains[row]:g} by Capital Gains: one payment or two?",
                    "add an Adj Close, or put the sum into Dividends and empty the other",
                )
        self.notes.append(f"pays {(gains > 0).sum()} distributions of capital gains: counted as dividends")
        return dividends

    def _contradictions(self, columns: PaidColumns, ratio_steps: Steps) -> None:
        """Where `Dividends` and `Adj Close` do not tell the same payments."""
        by_dividends = columns.log_factor()
        by_adjusted = np.zeros(self.dates.size)
        by_adjusted[ratio_steps.at] = np.log(ratio_steps.ratio)
        rows = np.flatnonzero((by_dividends > 0) | (by_adjusted != 0))
        groups = np.split(rows, np.flatnonzero(np.diff(rows) > NEAR) + 1) if rows.size else []
        net = np.array([by_adjusted[g].sum() - by_dividends[g].sum() for g in groups])
        room = np.array([rounding_room(self.columns, g) for g in groups])
        apart = np.flatnonzero(np.abs(net) > room)
        if not apart.size:
            return
        lines = [self._both_sums(groups[n], by_dividends, by_adjusted) for n in apart[:3]]
        more = f" (and {apart.size - 3} more)" if apart.size > 3 else ""
        at = np.concatenate([groups[n] for n in apart])
        total = float(np.abs(net[apart]).sum())
        text = (
            f"Dividends and Adj Close contradict, {total:.2%} of the price in sum: {', '.join(lines)}{more}"
        )
        remedy = "correct one of the two columns, or delete the one that is wrong"
        self._doubt("adjusted", self.dates[at], text, remedy, total)

    def _both_sums(self, rows: IntArray, by_dividends: FloatArray, by_adjusted: FloatArray) -> str:
        a, b = (1.0 - np.exp(-x[rows].sum()) for x in (by_dividends, by_adjusted))
        return f"{a:.2%} and {b:.2%} on {self.dates[rows[0]]}"

    def _falling(self, ratio_steps: Steps) -> None:
        falls = np.flatnonzero(ratio_steps.ratio < 1)
        small = falls[ratio_steps.ratio[falls] > 1 / SMALLEST_SPLIT]  # larger ones are named as splits
        if not small.size:
            return
        days = self.dates[ratio_steps.at[small]]
        total = float(-np.log(ratio_steps.ratio[small]).sum())
        text = (
            f"has an Adj Close implying {small.size} negative dividends (first {days[0]}), {total:.2%} in sum"
        )
        self._doubt("adjusted", days, text, "correct Adj Close, or delete the column", total)

    def _holes(self, ratio_steps: Steps, amounts: FloatArray | None) -> None:
        """Half an adjusted column says nothing of the other half."""
        lacks = np.isfinite(self.close) & ~np.isin(np.arange(self.close.size), ratio_steps.rows)
        runs = np.diff(np.concatenate([[-1], ratio_steps.rows, [self.close.size]])) - 1
        if runs.max() <= HOLE or lacks.sum() <= HOLE:
            return
        at = np.flatnonzero(lacks)
        text = f"Adj Close is empty on {at.size} of {self.priced_rows.size} rows"
        if amounts is None:
            self._error("adjusted", self.dates[at], text, "fill the column in, or delete it")
        else:
            self.notes.append(f"{text}: there its Dividends stand alone")

    def _doubt(self, check: Check, dates: DateArray, text: str, remedy: str, size: float) -> None:
        """An error beyond MATERIAL, else a notice."""
        if size > MATERIAL:
            self._error(check, dates, text, remedy)
        else:
            self.notes.append(f"{text}: not used")

    def _error(self, check: Check, dates: DateArray, text: str, remedy: str) -> None:
        self.findings.append(self.columns.error(check, dates, text, remedy))
