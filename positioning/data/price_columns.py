"""A file's columns of prices as they are weighed: traded closes beside what says how they were adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.data.adjustment import half_unit
from positioning.market.findings import Check, Finding

Stated = Literal["", "traded", "split", "total_return"]

SMALLEST_SPLIT = 1.25  # moves of an adjusted close against its close beyond this are splits, or errors
SIMPLE = 0.03  # of a ratio: how near n:m a step must be for a split (a dividend may fall on its day)


@final
@dataclass(frozen=True, slots=True, eq=False)
class PriceColumns:
    """One file. close: (R,) positive and finite, else NaN. adjusted: (R,) finite or NaN, None where no cell is positive.
    priced_rows: those with a close. cells: all (R,) columns under yfinance's names, NaN where empty. stated: what the
    user says of Close.
    """

    symbol: str
    dates: DateArray
    close: FloatArray
    adjusted: FloatArray | None
    priced_rows: IntArray
    cells: Mapping[str, FloatArray]
    stated: Stated

    @classmethod
    def of(cls, symbol: str, dates: DateArray, cells: Mapping[str, FloatArray], stated: Stated) -> Self:
        """From a file's cells, Close among them."""
        close, adjusted = _finite(cells["Close"]), cells.get("Adj Close")
        close = np.where(close > 0, close, np.nan)
        if adjusted is not None:
            adjusted = _finite(adjusted) if (_finite(adjusted) > 0).any() else None
        return cls(symbol, dates, close, adjusted, np.flatnonzero(np.isfinite(close)), cells, stated)

    def halves(self) -> tuple[FloatArray, FloatArray]:
        """`half_unit` of the closes and adjusted closes, measured on the file's own cells: a close of cents that a
        split multiplied by ten is known within five."""
        pairs = ((self.close, self.cells["Close"]), (self.adjusted, self.cells.get("Adj Close")))
        halves = []
        for values, cells in pairs:
            if values is None or cells is None:
                halves.append(np.full(self.close.size, np.nan))
                continue
            own = np.where(np.isfinite(values) & (cells > 0), cells, np.nan)
            halves.append(half_unit(own) * (values / own))
        return halves[0], halves[1]

    def error(self, check: Check, dates: DateArray, text: str, remedy: str) -> Finding:
        """A finding that stops a run."""
        return Finding(self.symbol, check, "error", dates[0], dates[-1], text, remedy)


def _finite(values: FloatArray) -> FloatArray:
    """NaN where a cell says more than a number can be."""
    return np.where(np.isfinite(values), values, np.nan)


def nearest_split(ratio: float) -> float:
    """The split n:m nearest to a ratio, where one lies within SIMPLE of it; else 0."""
    options = [n / m for m in (1, 2, 3, 4, 5) for n in range(1, 101)] + [1 / n for n in range(2, 101)]
    near = min(options, key=lambda option: abs(np.log(ratio / option)))
    return near if abs(np.log(ratio / near)) < SIMPLE and abs(np.log(near)) > 0 else 0.0


def is_split(ratio: float) -> bool:
    """Whether a step is so near a common split that no dividend is likelier: n or 1/n, 3:2, 5:2, 5:4, 4:3."""
    options = [*map(float, range(2, 51)), *(1.0 / n for n in range(2, 51)), 1.5, 2.5, 1.25, 4 / 3]
    return any(abs(np.log(ratio / option)) < 0.005 for option in options)
