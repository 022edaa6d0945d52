"""What is left of an account's returns after published factors: files in the layout of the French library, alpha, betas.

    r_t - rf_t = alpha + beta' f_t + e_t        errors by Newey and West, see `analysis.regression`

Factor files are in percent, their missing code is -99.99 or -999, and the first block of rows is the daily one; annual
rows and the copyright below it are left alone. Kenneth R. French, Data Library (Fama and French 1993,
doi:10.1016/0304-405X(93)90023-5). Regional factors are dollar returns over the American bill: compare dollar accounts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.analysis.regression import Regression, newey_west
from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError

MISSING = (-99.99, -999.0)
MIN_RETURNS = 60  # without as many there is no regression
RISK_FREE = "RF"
MAX_BYTES = 50_000_000
_DAY = re.compile(r"\d{8}$")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """names: the K factors, RF not among them; dates: (T,) ascending; values: (T, K) and risk_free: (T,) simple returns
    of the session, NaN where missing; vintage: the file's first line."""

    names: tuple[str, ...]
    dates: DateArray
    values: FloatArray
    risk_free: FloatArray
    vintage: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class FactorFit:
    """alpha: a year; betas by name; share: of variance explained; returns: their number. fit: all else, by row."""

    names: tuple[str, ...]
    alpha: float
    betas: FloatArray
    share: float
    returns: int
    fit: Regression


def read_factors(path: Path) -> Factors:
    """A daily file of the French library.

    Raises BadInputError for a file that cannot be read, without a header that begins with a comma and names RF, without
    daily rows (monthly and annual files), with dates out of order, and with returns that are no percentages.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInputError(f"{path.name} is larger than {MAX_BYTES:,} bytes", "wanted a daily factor file",
                                "give one region's file")  # fmt: skip
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise BadInputError(
            f"{path.name}: {error.strerror}", "wanted a factor file", "correct the path"
        ) from None
    head = next((n for n, line in enumerate(lines) if line.startswith(",")), None)
    names = [] if head is None else [cell.strip() for cell in lines[head].split(",")[1:]]
    if head is None or RISK_FREE not in names or len(names) < 2 or len(set(names)) != len(names):
        raise BadInputError(f"{path.name} has no header such as ,Mkt-RF,SMB,HML,RF", "wanted the French library's layout",
                            "unzip its daily CSV and give it unchanged")  # fmt: skip
    dates: list[np.datetime64] = []
    rows: list[list[float]] = []
    for number, line in enumerate(lines[head + 1 :], head + 2):
        cells = [cell.strip() for cell in line.split(",")]
        if not _DAY.match(cells[0]):
            break
        try:
            day: np.datetime64 | None = np.datetime64(f"{cells[0][:4]}-{cells[0][4:6]}-{cells[0][6:]}", "D")
            rows.append([float(cell) for cell in cells[1 : len(names) + 1]])
        except ValueError:
            day = None
        if day is None or len(rows[-1]) != len(names) or (dates and day <= dates[-1]):
            raise BadInputError(f"{path.name}, line {number}: {line[:80]!r}",
                                f"wanted a later day and {len(names)} numbers", "get the file anew")  # fmt: skip
        dates.append(day)
    if not dates:
        raise BadInputError(
            f"{path.name} has no daily rows", "wanted dates as yyyymmdd", "give the file named daily"
        )
    values = np.array(rows)
    values[np.isin(values, MISSING)] = np.nan
    if np.nanmax(np.abs(values), initial=0.0) > 100:
        raise BadInputError(
            f"{path.name} has a daily return beyond 100 %", "wanted percent a day", "get the file anew"
        )
    at = names.index(RISK_FREE)
    kept = [n for n in range(len(names)) if n != at]
    return Factors(
        tuple(names[n] for n in kept), np.array(dates), values[:, kept] / 100, values[:, at] / 100,
        next((line.strip() for line in lines[:head] if line.strip()), "")[:200],
    )  # fmt: skip


def factor_fit(dates: DateArray, nav: FloatArray, factors: Factors, per_year: float) -> FactorFit:
    """An account over the days that the factors have; its returns between them are compounded, and so are the factors
    over days on which the account has no row.

    dates: (T,), nav: (T,) above zero. Raises BadInputError for fewer than MIN_RETURNS common returns and for factors
    that explain each other.
    """
    known = np.isfinite(factors.values).all(axis=1) & np.isfinite(factors.risk_free)
    days = np.intersect1d(dates, factors.dates[known])
    if days.size <= MIN_RETURNS:
        raise BadInputError(f"{max(days.size - 1, 0)} returns in common with the factors", f"wanted {MIN_RETURNS}",
                            "lengthen the span, or get a later file")  # fmt: skip
    worth = nav[np.searchsorted(dates, days)]
    every = np.column_stack([factors.values, factors.risk_free])[known]
    path = np.cumprod(1.0 + every, axis=0)[np.searchsorted(factors.dates[known], days)]
    grown = path[1:] / path[:-1] - 1.0
    try:
        fit = newey_west(
            worth[1:] / worth[:-1] - 1.0 - grown[:, -1],
            np.column_stack([np.ones(days.size - 1), grown[:, :-1]]),
        )
    except ValueError as error:
        raise BadInputError(f"the factors: {error}", "wanted factors that differ", "leave one out") from None
    return FactorFit(
        factors.names,
        float(fit.coefficients[0]) * per_year,
        fit.coefficients[1:],
        fit.r_squared,
        days.size - 1,
        fit,
    )
