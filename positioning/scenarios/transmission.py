"""From drivers to prices: betas given or estimated, each with its standard error and its origin."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.market.source import Driver
from positioning.scenarios.scenario import DriverPath, Scenario, Transmission
from positioning.scenarios.shock import Effect, Shock, effect

MIN_MONTHS = 24  # months below which nothing is estimated
SPECIFIC = ("market", "theme", "instrument")  # the later replaces the earlier
LAGS = 3  # of the Newey-West errors: a monthly average overlaps its neighbours


@final
@dataclass(frozen=True, slots=True)
class Beta:
    """What one name's log price moves for a unit of a driver's log move. standard_error: NaN where the beta is an
    assumption; months: observations, 0 where it is given; origin: how it came about."""

    driver: str
    symbol: str
    beta: float
    standard_error: float
    months: int
    origin: str


def betas(
    transmissions: Sequence[Transmission], market: Market, series: Mapping[str, Driver]
) -> tuple[Beta, ...]:
    """One beta for each driver and name: of the transmissions that aim at it the most specific, the last of equals.
    A name of none answers nothing.

    Estimated where the transmission names a published series that `series` has and the name has MIN_MONTHS months.
    Raises BadInputError for an instrument the market lacks.
    """
    chosen: dict[tuple[str, int], Transmission] = {}
    for t in sorted(transmissions, key=lambda t: SPECIFIC.index(t.target.partition(":")[0])):
        for n in Shock(t.target, members=t.members).columns(market.instruments, market.base):
            chosen[t.driver, int(n)] = t
    return tuple(_beta(t, market, n, series) for (_, n), t in chosen.items())


def _beta(t: Transmission, market: Market, n: int, series: Mapping[str, Driver]) -> Beta:
    driver = next((series[s] for s in t.series if s in series), None)
    fit = None if driver is None else estimate(market, n, driver)
    if fit is None or driver is None:
        error = math.nan if t.standard_error is None else t.standard_error
        return Beta(t.driver, market.symbols[n], t.beta, error, 0, t.origin)
    text = f"estimated on monthly {driver.name}, each value counted from the day it was known"
    return Beta(t.driver, market.symbols[n], *fit, text)


def estimate(market: Market, column: int, driver: Driver) -> tuple[float, float, int] | None:
    """(slope, standard error, months) of OLS with a constant: the name's log total return in base currency from one
    publication to the next on the log change of the value then published. None with fewer than MIN_MONTHS of them.

    Standard error: Newey and West (1987), https://doi.org/10.2307/1913610, LAGS lags, no small-sample factor.
    """
    y, x = monthly(market, driver, market.total_return[:, column])
    has_return = np.isfinite(y)
    if has_return.sum() < MIN_MONTHS:
        return None
    return ols(y[has_return], x[has_return])


def publication_rows(market: Market, driver: Driver) -> IntArray:
    """(P,) the row from which each value can have been answered; the number of rows where there is none yet,
    -1 for what was known before the first."""
    rows = np.searchsorted(market.rows, driver.known).astype(np.int64)
    return np.where(driver.known < market.rows[0], -1, rows)


def monthly(market: Market, driver: Driver, index: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(P - 1,) log change of an index (T,) between publications within the market, NaN where it has no value, and
    (P - 1,) log change of the driver's value."""
    at = publication_rows(market, driver)
    inside = (at >= 0) & (at < market.rows.size)
    level = np.log(index[at[inside]])
    return np.diff(level), np.diff(np.log(driver.values[inside]))


def ols(y: FloatArray, x: FloatArray) -> tuple[float, float, int]:
    """Slope of y on x and a constant, its Newey-West standard error, and the number of observations."""
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(design.T @ design)
    slope = inverse @ design.T @ y
    score = design * (y - design @ slope)[:, None]
    meat = score.T @ score
    for lag in range(1, LAGS + 1):
        cross = score[lag:].T @ score[:-lag]
        meat += (1 - lag / (LAGS + 1)) * (cross + cross.T)
    return float(slope[1]), float(np.sqrt((inverse @ meat @ inverse)[1, 1])), y.size


def course(driver: DriverPath, horizon: int) -> FloatArray:
    """(horizon,) log move of a driver so far, on each row after the opening."""
    age = np.arange(1, horizon + 1)
    if driver.course == "step":
        fade = 0.5 ** (np.maximum(age - driver.session, 0) / driver.half_life)
        return np.where(age >= driver.session, driver.move * fade, 0.0)
    return np.asarray(driver.move * age / horizon, np.float64)


def scenario_effect(
    scenario: Scenario, betas: Sequence[Beta], instruments: Sequence[Instrument], base: str
) -> Effect:
    """The shocks and the drivers' moves together, over the horizon's rows; a shock of session 0 lands on the first."""
    shocks = [replace(s, session=max(s.session - 1, 0)) for s in scenario.shocks]
    hit = effect(shocks, scenario.horizon, 0, instruments, base)
    symbols = [i.symbol for i in instruments]
    for d in scenario.drivers:
        answer = np.zeros(len(symbols))
        for b in betas:
            if b.driver == d.name:
                answer[symbols.index(b.symbol)] += b.beta
        hit.level[:] += course(d, scenario.horizon)[:, None] * answer
    return hit
