"""Figures of a factsheet that a research page has no use for; NaN where the record is too short for one.

Formulas: volatility of active returns (ESMA 2012/832) for tracking error; geometric means of months for captures; Annex
II of Regulation (EU) 2017/653, as amended by 2021/2268, for the risk class.
"""

from __future__ import annotations

import math

import numpy as np

from positioning.arrays import FloatArray

MONTHS = 36  # of three-year figures and captures
EACH_SIDE = 6  # months up, and down, that a capture needs
DAYS = 250  # returns that tracking error and information ratio need
CLASSES = (0.005, 0.05, 0.12, 0.20, 0.30, 0.80)  # upper bounds of volatility equivalents, classes 1 to 6
SAFE = 1.96


def three_year_deviation(months: FloatArray) -> float:
    """Standard deviation of the last 36 monthly returns, a year's; (n,) returns."""
    return float(np.std(months[-MONTHS:], ddof=1) * math.sqrt(12)) if months.size >= MONTHS else math.nan


def tracking_error(own: FloatArray, benchmark: FloatArray, per_year: float) -> float:
    """sd(r - b) sqrt(p); (n,) returns of the same rows."""
    return float(np.std(own - benchmark, ddof=1) * math.sqrt(per_year)) if own.size >= DAYS else math.nan


def information_ratio(own: FloatArray, benchmark: FloatArray, per_year: float) -> float:
    """mean(r - b) p / tracking error."""
    error = tracking_error(own, benchmark, per_year)
    return float(np.mean(own - benchmark) * per_year / error) if error > 0 else math.nan


def captures(own: FloatArray, benchmark: FloatArray) -> tuple[float, float]:
    """Up and down capture over the last 36 months, fractions: geometric mean month of the account over the benchmark's,
    on months with b > 0, and with b <= 0."""
    r, b = own[-MONTHS:], benchmark[-MONTHS:]
    if r.size < MONTHS or min((b > 0).sum(), (b <= 0).sum()) < EACH_SIDE:
        return math.nan, math.nan
    up, down = (_mean_month(r[side]) / _mean_month(b[side]) for side in (b > 0, b <= 0))
    return up, down


def _mean_month(months: FloatArray) -> float:
    return float(np.exp(np.mean(np.log1p(months))) - 1.0)


def volatility_equivalent(log_returns: FloatArray, per_year: float, years: float = 1.0) -> float:
    """VEV of category 2 by Cornish and Fisher; (n,) log returns, NaN for fewer than two years of them."""
    n = per_year * years
    if log_returns.size < 2 * per_year:
        return math.nan
    sigma = float(np.std(log_returns, ddof=1))
    z = (log_returns - log_returns.mean()) / sigma
    return cornish_fisher(sigma, float(np.mean(z**3)), float(np.mean(z**4)) - 3.0, n, years)


def cornish_fisher(sigma: float, skew: float, excess: float, periods: float, years: float) -> float:
    """VEV from moments of one period's log return; periods: in the holding period of `years`."""
    root = math.sqrt(periods)
    value_at_risk = (
        sigma * root * (-SAFE + 0.474 * skew / root - 0.0687 * excess / periods + 0.146 * skew**2 / periods)
        - 0.5 * sigma**2 * periods
    )
    return (math.sqrt(3.842 - 2.0 * value_at_risk) - SAFE) / math.sqrt(years)


def risk_class(equivalent: float, shorts: bool) -> int | None:
    """1 to 7 by the formula; 7 by rule where the account sells short, since more than all may be lost; None where the
    record is too short."""
    if shorts:
        return 7
    return None if math.isnan(equivalent) else 1 + sum(equivalent >= bound for bound in CLASSES)
