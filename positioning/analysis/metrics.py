"""The numbers a page quotes about one run, each under its formula; NaN where a number is undefined.

Returns are simple and net, one per row after the first. Ratios annualise by the run's own rows a year,
CAGR by calendar days. Nothing here knows a calendar, a price or a file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from positioning.analysis.market_line import BetaMeasure, line
from positioning.arrays import DAYS_PER_YEAR, DateArray, FloatArray
from positioning.display import Displayable, Picture
from positioning.json_text import plain

TAIL = 0.05
YEARLY = ("cagr", "volatility", "sharpe", "sortino", "calmar", "alpha", "turnover", "cost_bps_per_year")
FEWEST_DAYS = 360  # from first to last row; the sessions of a calendar year span 361 to 365
MIN_RETURNS = 60  # returns below which no probability is stated and nothing is resampled

# A return is a quotient of two values near 1, so a constant one still wobbles by some 1e-16 a row. Anything
# below this is rounding, not risk: dividing by it would print a Sharpe of 1e15 for an account in cash.
NOISE = 1e-12


@final
@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a high. depth: in [-1, 0]; the dates are None where the account never fell.

    peak: last row at the high; trough: first row at the low; recovery: first row back at the high, if any.
    """

    depth: float
    peak: np.datetime64 | None
    trough: np.datetime64 | None
    recovery: np.datetime64 | None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Metrics(Displayable):
    """What `summarise` returns. Fractions, not per cent, but for cost_bps_per_year.

    sessions: rows, the opening one included. benchmark_sessions: those with a benchmark level, else 0.
    var_95, es_95: returns of one row, so a loss is negative. turnover: one-way, a year's. beta_measure: what beta and
    alpha are made of, see `market_line`.
    """

    first: np.datetime64
    last: np.datetime64
    sessions: int
    rows_per_year: float
    total_return: float
    cagr: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    drawdown: Drawdown
    calmar: float
    var_95: float
    es_95: float
    hit_rate: float
    beta: float
    alpha: float
    benchmark_sessions: int
    turnover: float
    cost_bps_per_year: float
    ruined: bool
    beta_measure: BetaMeasure = "same_day"

    @property
    def under_a_year(self) -> bool:
        """Whether from first to last row fewer than FEWEST_DAYS days passed, so that nothing is said of a year."""
        return int((self.last - self.first).astype(np.int64)) < FEWEST_DAYS

    def lacks(self, field: str) -> bool:
        """Whether a figure is undefined because the account is shorter than a year."""
        return field in YEARLY and self.under_a_year and math.isnan(getattr(self, field))

    def picture(self) -> Picture:
        """The figures a reader looks for first."""
        facts = {
            "span": f"{self.first} to {self.last}, {self.sessions:,} rows"
            + (", RUINED" if self.ruined else ""),
            "total return": f"{self.total_return:+.2%}",
            "a year (CAGR)": f"{self.cagr:+.2%}",
            "volatility": f"{self.volatility:.2%}",
            "Sharpe": f"{self.sharpe:.2f}",
            "max drawdown": f"{self.max_drawdown:.2%}",
            "beta, alpha": f"{self.beta:.2f}, {self.alpha:+.2%} over {self.benchmark_sessions:,} rows",
            "turnover": f"{self.turnover:.2f} a year, costs {self.cost_bps_per_year:.0f} bps a year",
        }
        return Picture(facts)


def returns(nav: FloatArray) -> FloatArray:
    """(T-1,) simple returns of (T,) values: r_t = nav_t / nav_{t-1} - 1.

    Raises ValueError where a value that divides is not above zero.
    """
    if not (nav[:-1] > 0).all():
        raise ValueError("returns need values above zero")
    return nav[1:] / nav[:-1] - 1.0


def rows_per_year(dates: DateArray) -> float:
    """(T - 1) / years, with years = calendar days from first to last / 365.25. NaN for a single date.

    dates: (T,) datetime64[D], strictly ascending; raises ValueError if not.
    """
    _check_dates(dates)
    return (dates.size - 1) / _years(dates) if dates.size > 1 else math.nan


def summarise(
    dates: DateArray,
    nav: FloatArray,
    *,
    trade_value: FloatArray | None = None,
    cost: FloatArray | None = None,
    cash_rate: FloatArray | None = None,
    benchmark: FloatArray | None = None,
    ruined: bool = False,
    beta_measure: BetaMeasure = "same_day",
) -> Metrics:
    """Every metric of one run.

    dates: (T,) datetime64[D], strictly ascending.
    nav: (T,) value of the account; nav[0] is the opening value, so there are T - 1 returns.
    trade_value, cost: (T,) absolute value traded and transaction cost of each row, in the unit of nav (which
        starts at 1); None leaves turnover, or cost_bps_per_year, undefined.
    cash_rate: (T,) simple return of cash over each row, row 0 unused; None is zero.
    benchmark: (T,) level, NaN before and after its own span; None for no benchmark.
    ruined: whether nav was at or below zero on some row: the run was stopped there, or its mark makes it worthless.
    beta_measure: what beta and alpha are made of, see `market_line`.

    With r the returns, e = r - cash_rate, b the benchmark's returns over cash, n rows a year and y years:

    total_return       nav_T / nav_0 - 1
    cagr               (nav_T / nav_0)^(1/y) - 1
    volatility         std(r) sqrt(n), ddof 1
    sharpe             mean(e) / std(e) sqrt(n), ddof 1
    sortino            mean(e) / sqrt(mean(min(e, 0)^2)) sqrt(n), the mean over all rows
    max_drawdown       min over t of nav_t / max(nav_0..nav_t) - 1
    calmar             cagr / |max_drawdown|
    var_95, es_95      5 % quantile of r (linear between order statistics); mean of r at or below it
    hit_rate           share of the non-zero r that are positive
    beta, alpha        as `market_line` says; same_day: least squares e = alpha/n + beta b, on the benchmark's rows
    turnover           sum(trade_value) / 2 / mean(nav) / y
    cost_bps_per_year  1e4 sum(cost) / mean(nav) / y

    NaN: what is made of returns, when there are fewer than two; a ratio whose denominator is rounding; a rate
    per year of a single row. Differences up to NOISE count as none. A ruined account has total_return, cagr
    and max_drawdown -1 (what it owes beyond its value is not counted), is worth zero from that row on, whatever
    a later row shows, and has no other statistic of returns.

    Raises ValueError for arrays of another shape, dates out of order, values that are not finite, trades
    below zero, a benchmark with a gap or not above zero, and a nav that contradicts `ruined`.
    """
    arrays = {"nav": nav, "trade_value": trade_value, "cost": cost, "cash_rate": cash_rate}
    _check(dates, arrays | {"benchmark": benchmark})
    _check_nav(nav, ruined)
    years, per_year = _years(dates), rows_per_year(dates)
    worth = np.where(np.minimum.accumulate(nav) > 0, nav, 0.0)
    # A dead account keeps no return, so each statistic of returns is NaN.
    alive = slice(0, 1 if ruined else nav.size)
    cash = np.zeros_like(nav) if cash_rate is None else cash_rate
    levels = np.full_like(nav, math.nan) if benchmark is None else benchmark
    net = returns(nav[alive])
    excess = net - cash[alive][1:]
    cagr = _growth(worth, years)
    fall = _drawdown(dates, worth)
    var_95, es_95 = _tail(net)
    beta, alpha = line(excess, market_returns(levels[alive], cash[alive]), beta_measure)
    return Metrics(
        first=dates[0],
        last=dates[-1],
        sessions=dates.size,
        rows_per_year=per_year,
        total_return=float(worth[-1] / worth[0] - 1.0),
        cagr=cagr,
        volatility=_spread(net) * math.sqrt(per_year),
        sharpe=_ratio(excess, _spread(excess)) * math.sqrt(per_year),
        sortino=_ratio(excess, _downside(excess)) * math.sqrt(per_year),
        max_drawdown=fall.depth,
        drawdown=fall,
        calmar=cagr / -fall.depth if fall.depth < 0 and not ruined else math.nan,
        var_95=var_95,
        es_95=es_95,
        hit_rate=_hit_rate(net),
        beta=beta,
        alpha=alpha * per_year,
        benchmark_sessions=int(np.isfinite(levels).sum()),
        turnover=0.5 * _yearly(trade_value, worth, years),
        cost_bps_per_year=1e4 * _yearly(cost, worth, years),
        ruined=ruined,
        beta_measure=beta_measure,
    )


def market_returns(levels: FloatArray, cash: FloatArray) -> FloatArray:
    """(T-1,) returns of (T,) levels over cash, NaN where one of the two levels is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return levels[1:] / levels[:-1] - 1.0 - cash[1:]


def without_yearly(metrics: Metrics) -> Metrics:
    """NaN for what is said of a year (YEARLY) where the run is shorter than one: two good days are no yearly return
    of 578,000 %."""
    if not metrics.under_a_year:
        return metrics
    nothing: dict[str, Any] = dict.fromkeys(YEARLY, math.nan)
    return replace(metrics, **nothing)


def to_json(metrics: Metrics) -> dict[str, object]:
    """The fields by name, ready for `json.dumps`: NaN and infinity become None, dates ISO text."""
    return dict(plain(metrics))


def _years(dates: DateArray) -> float:
    return float((dates[-1] - dates[0]).astype(np.int64)) / DAYS_PER_YEAR


def _growth(worth: FloatArray, years: float) -> float:
    if years == 0:
        return math.nan
    if worth[-1] == 0:
        return -1.0
    with np.errstate(over="ignore"):  # tenfold in a day has no yearly rate a float can hold: infinity says so
        return float(np.expm1(np.log(worth[-1] / worth[0]) / years))


def _drawdown(dates: DateArray, worth: FloatArray) -> Drawdown:
    below = worth / np.maximum.accumulate(worth) - 1.0
    low = int(np.argmin(below))
    if below[low] >= -NOISE:
        return Drawdown(0.0, None, None, None)
    high = below >= -NOISE
    after = np.flatnonzero(high[low:])
    recovery = dates[low + after[0]] if after.size else None
    return Drawdown(float(below[low]), dates[np.flatnonzero(high[:low])[-1]], dates[low], recovery)


def _spread(values: FloatArray) -> float:
    if values.size < 2:
        return math.nan
    spread = float(np.std(values, ddof=1))
    return spread if spread > NOISE else 0.0


def _downside(excess: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2))) if excess.size > 1 else math.nan


def _ratio(excess: FloatArray, deviation: float) -> float:
    return float(np.mean(excess)) / deviation if deviation > NOISE else math.nan


def _tail(net: FloatArray) -> tuple[float, float]:
    if net.size < 2:
        return math.nan, math.nan
    var = float(np.quantile(net, TAIL))
    return var, float(np.mean(net[net <= var + NOISE]))


def _hit_rate(net: FloatArray) -> float:
    moved = net[np.abs(net) > NOISE]
    return float(np.mean(moved > 0)) if net.size > 1 and moved.size else math.nan


def _yearly(amounts: FloatArray | None, worth: FloatArray, years: float) -> float:
    if amounts is None or years == 0:
        return math.nan
    return float(np.sum(amounts) / np.mean(worth)) / years


def _check_dates(dates: DateArray) -> None:
    if dates.dtype != np.dtype("datetime64[D]") or dates.ndim != 1 or dates.size == 0:
        raise ValueError("dates must be one or more datetime64[D] in one dimension")
    if np.isnat(dates).any() or (np.diff(dates).astype(np.int64) <= 0).any():
        raise ValueError("dates must be strictly ascending")


def _check(dates: DateArray, arrays: dict[str, FloatArray | None]) -> None:
    _check_dates(dates)
    for name, values in arrays.items():
        if values is None:
            continue
        if values.shape != dates.shape:
            raise ValueError(f"{name} has shape {values.shape}, dates have {dates.shape}")
        if name == "benchmark":
            _check_benchmark(dates, values)
        elif not np.isfinite(values[1:] if name == "cash_rate" else values).all():
            raise ValueError(f"{name} has a value that is not finite")
        if name == "trade_value" and (values < 0).any():
            raise ValueError("trade_value must hold absolute values, none below zero")


def _check_nav(nav: FloatArray, ruined: bool) -> None:
    if nav[0] <= 0:
        raise ValueError(f"nav must open above zero, not at {nav[0]:g}")
    if ruined != bool((nav <= 0).any()):
        raise ValueError(f"ruined is {ruined}, but the lowest nav is {nav.min():g}")


def _check_benchmark(dates: DateArray, benchmark: FloatArray) -> None:
    rows = np.flatnonzero(~np.isnan(benchmark))
    levels = benchmark[rows]
    if not (np.isfinite(levels) & (levels > 0)).all():
        raise ValueError("benchmark levels must be finite and above zero")
    # A gap inside the span would drop two rows' worth of market from beta and say nothing.
    gaps = np.flatnonzero(np.diff(rows) > 1)
    if gaps.size:
        raise ValueError(f"benchmark has no level after {dates[rows[gaps[0]]]}; carry its last one forward")
