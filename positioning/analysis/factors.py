"""What is left of an account's returns after published factors: alpha, betas, and what they explain.

    r_t - rf_t = alpha + beta' f_t + e_t        errors by Newey and West, see `analysis.regression`
    r_t - rf_t = alpha + b_1' f_{t-1} + b_2' f_t + b_3' f_{t+1} + e_t,   beta = b_1 + b_2 + b_3

The second where what is held closes at another hour than the factors' markets: see `market_line`.

Fama and French (1993), doi:10.1016/0304-405X(93)90023-5; files are read by `factor_files`. Regional factors are dollar
returns over the American bill: compare dollar accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.market_line import BetaMeasure, regressors
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.regression import Regression, newey_west
from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError


@final
@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """names: the K factors, RF not among them; dates: (T,) ascending; values: (T, K) and risk_free: (T,) simple returns
    of the session, NaN where missing; vintage: the file's first line. regions: keys of `factor_regions.REGIONS`, none
    where no file tells it; notes: how the files were read."""

    names: tuple[str, ...]
    dates: DateArray
    values: FloatArray
    risk_free: FloatArray
    vintage: str
    regions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def levels(self, rows: DateArray) -> FloatArray:
        """(R, K + 1) what 1 has grown to by the last day at or before each row, by factor and last by the risk-free
        rate; NaN outside the days. A day of which a return is missing is left out."""
        complete = np.isfinite(self.values).all(axis=1) & np.isfinite(self.risk_free)
        dates = self.dates[complete]
        path = np.cumprod(1.0 + np.column_stack([self.values, self.risk_free])[complete], axis=0)
        at = np.searchsorted(dates, rows, side="right") - 1
        inside = (at >= 0) & (rows <= dates[-1]) if dates.size else np.zeros(rows.size, dtype=bool)
        return np.where(inside[:, None], path[np.maximum(at, 0)] if dates.size else np.nan, np.nan)


@final
@dataclass(frozen=True, slots=True, eq=False)
class FactorFit:
    """alpha: a year; betas by name; share: of variance explained; returns: their number. fit: all else, alpha first;
    measure: what its betas are made of."""

    names: tuple[str, ...]
    alpha: float
    betas: FloatArray
    share: float
    returns: int
    fit: Regression
    measure: BetaMeasure = "same_day"


def joined(parts: Sequence[Factors]) -> Factors:
    """Several files side by side on the days that all have, such as three factors and momentum, or two regions.

    A name that two of them have is told apart by its region. Raises BadInputError where none has RF, where they have
    fewer than MIN_RETURNS days in common, and for a factor that is there twice.
    """
    if not parts:
        raise BadInputError("no factor file", "wanted one or more", "give the French library's daily CSV")
    days = parts[0].dates
    for part in parts[1:]:
        days = np.intersect1d(days, part.dates)
    with_rate = [p for p in parts if np.isfinite(p.risk_free).any()]
    if not with_rate:
        raise BadInputError("no factor file has RF", "wanted the rate that the factors are over",
                            "give the file of three or five factors, too")  # fmt: skip
    if days.size < MIN_RETURNS:
        raise BadInputError(f"the factor files have {days.size} days in common", f"wanted {MIN_RETURNS}",
                            "get files of one vintage")  # fmt: skip
    every = [name for part in parts for name in part.names]
    names = [
        f"{part.regions[0]} {name}" if every.count(name) > 1 and part.regions else name
        for part in parts
        for name in part.names
    ]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadInputError(f"the factor {twice} is in two files", "wanted each once", "leave one file out")
    place = [np.searchsorted(part.dates, days) for part in parts]
    rate = with_rate[0]
    return Factors(
        tuple(names), days,
        np.column_stack([part.values[at] for part, at in zip(parts, place, strict=True)]),
        rate.risk_free[np.searchsorted(rate.dates, days)],
        "; ".join(dict.fromkeys(part.vintage for part in parts if part.vintage)),
        tuple(dict.fromkeys(region for part in parts for region in part.regions)),
        tuple(text for part in parts for text in part.notes),
    )  # fmt: skip


def common_returns(
    dates: DateArray, nav: FloatArray, factors: Factors
) -> tuple[DateArray, FloatArray, FloatArray]:
    """(N + 1,) days that both have, (N,) returns of the account over the risk-free rate between them and (N, K) returns
    of the factors. Raises BadInputError for fewer than MIN_RETURNS."""
    complete = np.isfinite(factors.values).all(axis=1) & np.isfinite(factors.risk_free)
    days = np.intersect1d(dates, factors.dates[complete])
    if days.size <= MIN_RETURNS:
        raise BadInputError(f"{max(days.size - 1, 0)} returns in common with the factors", f"wanted {MIN_RETURNS}",
                            "lengthen the span, or get a later file")  # fmt: skip
    worth = nav[np.searchsorted(dates, days)]
    path = factors.levels(days)
    factor_returns = path[1:] / path[:-1] - 1.0
    return days, worth[1:] / worth[:-1] - 1.0 - factor_returns[:, -1], factor_returns[:, :-1]


def factor_design(published: FloatArray, measure: BetaMeasure) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Of (N, K) factor returns: the regressors (N, M) with their constant, (N,) rows on which all are known, and
    (K + 1, M) what sums the coefficients to alpha and a beta for each factor."""
    blocks = [regressors(published[:, k], measure)[0] for k in range(published.shape[1])]
    x = np.column_stack([np.ones(published.shape[0]), *blocks])
    width = blocks[0].shape[1]
    sums = np.zeros((len(blocks) + 1, x.shape[1]))
    sums[0, 0] = 1.0
    for k in range(len(blocks)):
        sums[k + 1, 1 + k * width : 1 + (k + 1) * width] = 1.0
    return x, np.asarray(np.isfinite(x).all(axis=1)), sums


def factor_fit(
    dates: DateArray, nav: FloatArray, factors: Factors, per_year: float, measure: BetaMeasure = "same_day"
) -> FactorFit:
    """An account over the days that the factors have; its returns between them are compounded, and so are the factors
    over days on which the account has no row.

    dates: (T,), nav: (T,) above zero. Raises BadInputError for fewer than MIN_RETURNS common returns and for factors
    that explain each other.
    """
    _, own, published = common_returns(dates, nav, factors)
    x, usable, sums = factor_design(published, measure)
    try:
        fit = newey_west(own[usable], x[usable])
    except ValueError as error:
        raise BadInputError(f"the factors: {error}", "wanted factors that differ", "leave one out") from None
    summed_fit = fit.combined(sums)
    return FactorFit(
        factors.names,
        float(summed_fit.coefficients[0]) * per_year,
        summed_fit.coefficients[1:],
        summed_fit.r_squared,
        int(usable.sum()),
        summed_fit,
        measure,
    )
