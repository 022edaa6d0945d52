"""The one rate that cash earns and excess returns are measured over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.records import Cells, decimal, parsed, read_records


@final
@dataclass(frozen=True, eq=False)
class CashRate:
    """Annual simple rates (0.05 is 5 %), each from its date until the next."""

    label: str
    dates: DateArray
    annual: FloatArray

    @classmethod
    def constant(cls, annual: float) -> CashRate:
        """One rate for all time."""
        return cls(
            f"{annual:.2%} a year", np.array(["0001-01-01"], dtype="datetime64[D]"), np.array([annual])
        )

    def on(self, rows: DateArray) -> FloatArray:
        """(T,) simple return of cash from the row before to each row (actual/365); 0 on the first row.

        Raises BadInputError where the rows begin before the first rate.
        """
        if rows[0] < self.dates[0]:
            raise BadInputError(
                f"{self.label} begins on {self.dates[0]}, the account on {rows[0]}",
                "wanted a rate for every day of the account",
                f"add a row for {rows[0]}, or give start={self.dates[0]}",
                "start",
            )
        at = np.searchsorted(self.dates, rows[:-1], side="right") - 1
        growth = np.zeros(rows.size)
        growth[1:] = self.annual[at] * np.diff(rows).astype(np.float64) / 365.0
        return growth


def read_cash(text: str) -> CashRate:
    """`0.03`, or a CSV file with columns date,rate (annual fractions, ascending dates).

    Raises BadInputError for anything else.
    """
    try:
        return CashRate.constant(_rate(float(text), text))
    except ValueError:
        pass
    path = Path(text)
    if not path.is_file():
        raise BadInputError(
            f"cash={text}",
            "wanted an annual rate such as 0.03, or a CSV with date,rate",
            "give cash=0.03",
            "cash",
        )
    rows = read_records(path, ("date", "rate"), _row)
    dates, annual = [day for day, _ in rows], [rate for _, rate in rows]
    if not dates or (np.diff(np.array(dates).astype(np.int64)) <= 0).any():
        raise BadInputError(
            f"{path.name} has no rows, or unsorted dates", "wanted ascending dates", "sort the file"
        )
    rates = np.array(annual)
    meant = f"{path.name}: {rates[0]:.2%} a year from {dates[0]}, {rates[-1]:.2%} from {dates[-1]}"
    label = f"{meant}, {rates.mean():.2%} on average over its {rates.size} rows"
    return CashRate(label, np.array(dates, dtype="datetime64[D]"), rates)


def _row(cells: Cells) -> tuple[np.datetime64, float]:
    day = parsed(cells, "date", date.fromisoformat, "a date such as 2024-01-02")
    rate = parsed(cells, "rate", decimal, "an annual fraction such as 0.0525")
    return np.datetime64(day, "D"), _rate(rate, f"rate {cells['rate']}")


def _rate(annual: float, where: str) -> float:
    if not -0.2 <= annual <= 1.0:
        raise BadInputError(
            f"a cash rate of {annual:g} ({where})", "wanted an annual fraction, 0.03 for 3 %", "divide by 100"
        )
    return annual
