"""Returns of months, calendar years and trailing periods, before and after costs.

Gross is net with the costs of the period added back, in units of its opening value, not reinvested: gross less net
equals costs, to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import DAYS_PER_YEAR, DateArray, FloatArray
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result

TRAILING = (1, 3, 5)  # years


@final
@dataclass(frozen=True, slots=True)
class Period:
    """One span of an account. first, last: the opening row and the last one. net: return after costs; costs: fees
    paid and borrow, fraction of the opening value, above zero; benchmark, without_events: NaN where undefined.
    years: calendar days / 365.25."""

    label: str
    first: np.datetime64
    last: np.datetime64
    net: float
    costs: float
    benchmark: float
    without_events: float

    @property
    def gross(self) -> float:
        """Before costs: net + costs."""
        return self.net + self.costs

    @property
    def years(self) -> float:
        """Its length in years."""
        return float((self.last - self.first).astype(np.int64)) / DAYS_PER_YEAR

    def a_year(self, value: float) -> float:
        """A return of the period as one of a year; NaN for periods under a year, which are never annualised."""
        return (
            float((1.0 + value) ** (1.0 / self.years) - 1.0)
            if self.years >= 0.999 and value > -1
            else math.nan
        )


def trailing(result: Result, without_events: Result, benchmark: Benchmark | None) -> list[Period]:
    """The last 1, 3 and 5 years, where the account is as old, and since its opening. A period opens on the last row at
    or before the same day so many years earlier."""
    rows, periods = result.rows, []
    for years in TRAILING:
        day = rows[-1] - np.timedelta64(round(years * DAYS_PER_YEAR), "D")
        if rows[0] <= day:
            opens = int(np.searchsorted(rows, day, side="right")) - 1
            label = f"{years} year{'s' if years > 1 else ''}"
            periods.append(_period(label, opens, rows.size - 1, result, without_events, benchmark))
    return [*periods, _period("inception", 0, rows.size - 1, result, without_events, benchmark)]


def calendar_years(result: Result, without_events: Result, benchmark: Benchmark | None) -> list[Period]:
    """Every calendar year, none left out; the first and the last as far as the account goes."""
    years = result.rows.astype("datetime64[Y]")
    ends = [*np.flatnonzero(years[1:] != years[:-1]).tolist(), result.rows.size - 1]
    opens = [0, *ends[:-1]]
    return [
        _period(str(years[b]), a, b, result, without_events, benchmark)
        for a, b in zip(opens, ends, strict=True)
        if b > a
    ]


def _period(
    label: str, a: int, b: int, result: Result, without_events: Result, benchmark: Benchmark | None
) -> Period:
    nav, opened = result.nav, float(result.nav[a])
    if opened <= 0:
        return Period(label, result.rows[a], result.rows[b], math.nan, math.nan, math.nan, math.nan)
    costs = float(costs_paid(result)[a + 1 : b + 1].sum()) / opened
    own = float(without_events.nav[a])
    levels = None if benchmark is None else benchmark.levels
    return Period(
        label=label,
        first=result.rows[a],
        last=result.rows[b],
        net=float(nav[b]) / opened - 1.0,
        costs=costs,
        benchmark=math.nan if levels is None else float(levels[b] / levels[a] - 1.0),
        without_events=float(without_events.nav[b]) / own - 1.0 if own > 0 else math.nan,
    )


def costs_paid(result: Result) -> FloatArray:
    """(T,) fees and borrow of each row, above zero, in units of opening nav."""
    return np.asarray(result.cost - result.profit["financing"].sum(axis=1))


def monthly(rows: DateArray, nav: FloatArray) -> dict[int, dict[int, float]]:
    """Return of each month by year and month, 1 to 12; the first and the last as far as the rows go."""
    months = rows.astype("datetime64[M]")
    ends = [*np.flatnonzero(months[1:] != months[:-1]).tolist(), rows.size - 1]
    table: dict[int, dict[int, float]] = {}
    for a, b in zip([0, *ends[:-1]], ends, strict=True):
        if b > a and nav[a] > 0:
            year, month = divmod(int(months[b].astype(np.int64)), 12)
            table.setdefault(1970 + year, {})[month + 1] = float(nav[b] / nav[a] - 1.0)
    return table


def compounded(returns: Sequence[float]) -> float:
    """The return of several periods on end."""
    return math.prod(1.0 + r for r in returns) - 1.0
