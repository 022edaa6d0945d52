"""The splits of a file: which of them its closes still have in them, by `Stock Splits` and by the adjusted closes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.data.adjustment import steps
from positioning.data.price_columns import SIMPLE, SMALLEST_SPLIT, PriceColumns, is_split, nearest_split
from positioning.data.price_moves import log_moves, overnight, usual_size
from positioning.market.findings import Finding

SEEN = 4.0  # usual moves: what is larger than these can be told from them


@final
@dataclass(frozen=True, slots=True, eq=False)
class SplitFreeColumns:
    """columns: with closes in today's shares. scale: (R,) what brought them there. notes: what a reader must know."""

    columns: PriceColumns
    scale: FloatArray
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]


def without_splits(columns: PriceColumns) -> SplitFreeColumns:
    """The columns with all splits taken out that are still in the closes; a finding where two columns contradict."""
    weighing = _Splits(columns)
    weighing.announced()
    weighing.judge_steps()
    return SplitFreeColumns(
        weighing.brought(), weighing.scale, tuple(weighing.notes), tuple(weighing.findings)
    )


@final
class _Splits:
    """One file."""

    def __init__(self, columns: PriceColumns) -> None:
        self.columns, self.dates, self.priced_rows = columns, columns.dates, columns.priced_rows
        self.close, self.adjusted = columns.close, columns.adjusted
        self.scale = np.ones(columns.dates.size)
        self.notes: list[str] = []
        self.findings: list[Finding] = []

    def announced(self) -> None:
        """Splits of `Stock Splits` that the closes still have in them are taken out."""
        ratios = self.columns.cells.get("Stock Splits")
        if ratios is None or self.columns.stated == "split":
            return
        usual = max(usual_size(log_moves(self.close[self.priced_rows])), 0.005)
        for row in np.flatnonzero((ratios > 0) & np.isfinite(ratios) & (ratios != 1.0)):
            at = int(np.searchsorted(self.priced_rows, row))
            if at in (0, self.priced_rows.size):
                continue
            last, now = self.priced_rows[at - 1], self.priced_rows[at]
            move, size = float(np.log(self.close[now] / self.close[last])), float(np.log(ratios[row]))
            raw = self._raw(last, now, move, size, usual)
            if raw is False and abs(size) <= SEEN * usual:
                raw = self._by_opening(last, now, size)
            day = self.dates[row]
            if raw is None:
                self.findings.append(
                    self.columns.error(
                        "split",
                        np.array([day]),
                        f"Stock Splits says {ratios[row]:g}, and the close goes from {self.close[last]:.6g} to "
                        f"{self.close[now]:.6g}: neither before nor after that split",
                        f"correct the file, or give basis={self.columns.symbol}=split where its closes are adjusted",
                    )
                )
            elif raw:
                self._divide(now, float(ratios[row]), both=self._both(last, now, size))
                self.notes.append(f"had its split of {ratios[row]:g} on {day} still in its prices: taken out")

    def _raw(self, last: int, now: int, move: float, size: float, usual: float) -> bool | None:
        """Whether a split is still in the closes; None where neither reading fits."""
        if self.columns.stated == "traded":
            return True
        if self.adjusted is not None and np.isfinite(self.adjusted[[last, now]]).all():
            step = float(np.log(self.adjusted[now] / self.adjusted[last])) - move
            if abs(step - size) < abs(size) / 4:
                return True
        in_it, out = abs(move + size), abs(move)
        if min(in_it, out) > max(6.0 * usual, abs(size) / 2.0):
            return None
        # A split that is no larger than a few days' moves cannot be seen by the closes.
        return in_it < out and abs(size) > SEEN * usual

    def _by_opening(self, last: int, now: int, size: float) -> bool:
        """Whether the night before it moved by it: nights move less than days. Where they do not tell either, it is taken
        to be out, as providers adjust for small ones, and that is said."""
        nights = self._nights()
        if (
            nights is not None
            and abs(size) > SEEN * (usual := usual_size(nights))
            and np.isfinite(nights[now])
        ) and min(abs(nights[now] + size), abs(nights[now])) <= SEEN * usual:
            return bool(abs(nights[now] + size) < abs(nights[now]))
        if abs(float(np.log(self.close[now] / self.close[last])) + size) < abs(size) / 2:
            self.notes.append(
                f"may have its split of {np.exp(size):g} on {self.dates[now]} still in its prices: taken to be out; "
                f"basis={self.columns.symbol}=traded takes it out"
            )
        return False

    def _both(self, last: int, now: int, size: float) -> bool:
        """Whether the adjusted closes have the split in them as well."""
        if self.adjusted is None or not np.isfinite(self.adjusted[[last, now]]).all():
            return False
        move = float(np.log(self.adjusted[now] / self.adjusted[last]))
        return abs(move + size) < abs(move)

    def _divide(self, row: int, ratio: float, both: bool = False) -> None:
        """Bring all before a row to the shares after a split."""
        self.scale[:row] /= ratio
        self.close = self.close.copy()
        self.close[:row] /= ratio
        if both and self.adjusted is not None:
            self.adjusted = self.adjusted.copy()
            self.adjusted[:row] /= ratio

    def judge_steps(self) -> None:
        """Steps of adjusted / close that are no dividends: splits left in the close, and breaks of either."""
        if self.adjusted is None:
            return
        ratio_steps = steps(self.close, self.adjusted, self.brought().halves())
        for row, last, ratio in zip(ratio_steps.at, ratio_steps.before, ratio_steps.ratio, strict=True):
            step, move = float(np.log(ratio)), float(np.log(self.close[row] / self.close[last]))
            if abs(step) < np.log(SMALLEST_SPLIT):
                continue
            if self._is_paid(int(row), int(last), step):
                continue
            smooth = abs(move + step) < abs(step) / 3  # the adjusted close hardly moved
            if smooth and (step < 0 or is_split(ratio)):
                self._left_in(int(row), int(last), float(ratio))
            elif not smooth:
                self.findings.append(
                    self.columns.error(
                        "adjusted",
                        self.dates[row : row + 1],
                        f"Adj Close goes from {self.adjusted[last]:.6g} to {self.adjusted[row]:.6g}, where Close goes "
                        f"from {self.close[last]:.6g} to {self.close[row]:.6g}",
                        "bring the column to one basis, or delete it",
                    )
                )

    def _is_paid(self, row: int, last: int, step: float) -> bool:
        """Whether `Dividends` says that the step is a payment, special as it may be."""
        payments = self.columns.cells.get("Dividends")
        if payments is None or not 0 < (share := payments[row] * self.scale[row] / self.close[last]) < 1:
            return False
        return bool(abs(-np.log1p(-share) - step) < SIMPLE)

    def _nights(self) -> FloatArray | None:
        opens = self.columns.cells.get("Open")
        return overnight(None if opens is None else opens * self.scale, self.close)

    def brought(self) -> PriceColumns:
        """The columns as far as their splits are taken out."""
        return replace(self.columns, close=self.close, adjusted=self.adjusted)

    def _left_in(self, row: int, last: int, ratio: float) -> None:
        day = self.dates[row]
        if self.columns.stated == "traded":
            near = nearest_split(ratio)
            self._divide(row, near or ratio)
            self.notes.append(
                f"had a split of {near or ratio:.4g} on {day} in its prices, by Adj Close: taken out"
            )
            return
        self.findings.append(
            self.columns.error(
                "split",
                self.dates[row : row + 1],
                f"Close goes from {self.close[last]:.6g} to {self.close[row]:.6g}, which Adj Close denies: "
                f"a split of {_words(ratio)} left in it",
                f"adjust the closes before it, or give basis={self.columns.symbol}=traded",
            )
        )


def _words(ratio: float) -> str:
    near = nearest_split(ratio)
    if not near:
        return f"{ratio:.4g}"
    return f"{near:.4g} for 1" if near > 1 else f"1 for {1 / near:.4g}"
