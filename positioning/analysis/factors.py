"""What is left of an account's returns after published factors: files in the layout of the French library, alpha, betas.

    r_t - rf_t = alpha + beta' f_t + e_t        errors by Newey and West, see `analysis.regression`

Factor files are in percent, their missing code is -99.99 or -999, and the first block of rows is the daily one; annual
rows and the copyright below it are left alone. Files whose returns were divided by 100 are recognised by their size.
Kenneth R. French, Data Library (Fama and French 1993, doi:10.1016/0304-405X(93)90023-5). Regional factors are dollar
returns over the American bill: compare dollar accounts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.analysis.factor_regions import region_of
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.regression import Regression, newey_west
from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError

MISSING = (-99.99, -999.0)
PERCENT_FROM = 0.05  # median absolute return of a day: percent at or above it, a fraction below
RISK_FREE = "RF"
MAX_BYTES = 50_000_000
_DAY = re.compile(r"\d{8}$")


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
    if head is None or not set(names) - {RISK_FREE, ""} or len(set(names)) != len(names):
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
            rows.append([float(cell) if cell else MISSING[0] for cell in cells[1 : len(names) + 1]])
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
    values, notes = _fractions(values, path.name)
    if np.nanmax(np.abs(values), initial=0.0) > 1:
        raise BadInputError(
            f"{path.name} has a daily return beyond 100 %", "wanted percent a day", "get the file anew"
        )
    columns = [n for n, name in enumerate(names) if name != RISK_FREE]
    free = values[:, names.index(RISK_FREE)] if RISK_FREE in names else np.full(len(rows), np.nan)
    vintage = next((line.strip() for line in lines[:head] if line.strip()), "")[:200]
    region = region_of(path.name, vintage)
    return Factors(
        tuple(names[n] for n in columns), np.array(dates), values[:, columns], free, vintage,
        (region,) if region else (), notes,
    )  # fmt: skip


def _fractions(values: FloatArray, name: str) -> tuple[FloatArray, tuple[str, ...]]:
    """Daily returns as fractions, and what is told where they are so in the file already."""
    moved = np.abs(values[np.isfinite(values) & (values != 0)])
    if not moved.size or np.median(np.nanmax(np.abs(values), axis=1, initial=0.0)) >= PERCENT_FROM:
        return values / 100, ()
    codes = np.isclose(values, MISSING[0] / 100, atol=1e-9) | np.isclose(values, MISSING[1] / 100, atol=1e-9)
    return np.where(codes, np.nan, values), (f"{name} holds fractions, not percent: read as they are",)


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


def factor_fit(dates: DateArray, nav: FloatArray, factors: Factors, per_year: float) -> FactorFit:
    """An account over the days that the factors have; its returns between them are compounded, and so are the factors
    over days on which the account has no row.

    dates: (T,), nav: (T,) above zero. Raises BadInputError for fewer than MIN_RETURNS common returns and for factors
    that explain each other.
    """
    days, own, published = common_returns(dates, nav, factors)
    try:
        fit = newey_west(own, np.column_stack([np.ones(own.size), published]))
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
