"""Several accounts over one span: their metrics with intervals, and whether one is better than another.

Resampling keeps what returns remember by drawing whole blocks of consecutive rows, laid on a circle so that each
row is drawn equally often (Politis and Romano 1992, A circular block-resampling procedure for stationary data).
Accounts with the same rows are drawn the same blocks, so their intervals move together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.analysis.market_line import BetaMeasure, lines, regressors
from positioning.analysis.metrics import (
    FEWEST_DAYS,
    MIN_RETURNS,
    NOISE,
    TAIL,
    YEARLY,
    Metrics,
    market_returns,
    returns,
    rows_per_year,
    summarise,
    without_yearly,
)
from positioning.analysis.overfitting import Spa, spa
from positioning.arrays import DateArray, FloatArray, IntArray

BLOCK = 21  # rows, about a month: far longer than daily returns remember
CHUNK = 100  # draws worked through at once: 100 of 2,000 rows are 1.6 MB, which stay in the cache
WINDOW = 11  # rows of an event window, from the row on which the event is known
LEVEL = 0.95
ELSEWHERE = "elsewhere"  # rows in no window


@final
@dataclass(frozen=True, eq=False)
class AccountHistory:
    """One account over T rows. dates, nav, cash_rate, trade_value, cost: (T,), see `metrics.summarise`, trade_value and
    cost NaN where they are not known; benchmark: (T,) levels, NaN where there are none. beta_measure: see
    `market_line`."""

    dates: DateArray
    nav: FloatArray
    cash_rate: FloatArray
    trade_value: FloatArray
    cost: FloatArray
    benchmark: FloatArray
    beta_measure: BetaMeasure = "same_day"

    @property
    def ruined(self) -> bool:
        """Whether equity reached zero."""
        return bool((self.nav <= 0).any())

    @property
    def excess(self) -> FloatArray:
        """(T - 1,) returns over cash; none where the account is ruined."""
        return np.zeros(0) if self.ruined else returns(self.nav) - self.cash_rate[1:]


def within(course: AccountHistory, first: np.datetime64, last: np.datetime64) -> AccountHistory:
    """The rows from first to last. Its first row opens the span: what was traded on that row lies before it."""
    inside = (course.dates >= first) & (course.dates <= last)
    names = ("dates", "nav", "cash_rate", "trade_value", "cost", "benchmark")
    cut = {name: getattr(course, name)[inside].copy() for name in names}
    for name in ("cash_rate", "trade_value", "cost"):
        cut[name][:1] *= 0.0  # NaN stays: it is not known
    return AccountHistory(**cut, beta_measure=course.beta_measure)


def measured(course: AccountHistory) -> Metrics | None:
    """Every metric over the rows of the course, those of a year NaN where it is shorter; None without a row, or where
    it was ruined before the first."""
    if course.dates.size == 0 or course.nav[0] <= 0:
        return None
    metrics = summarise(
        course.dates,
        course.nav,
        trade_value=course.trade_value if np.isfinite(course.trade_value).all() else None,
        cost=course.cost if np.isfinite(course.cost).all() else None,
        cash_rate=course.cash_rate,
        benchmark=course.benchmark,
        ruined=course.ruined,
        beta_measure=course.beta_measure,
    )
    return without_yearly(metrics)


def blocks(rows: int, draws: int, seed: int) -> Iterator[IntArray]:
    """(at most CHUNK, rows) numbers of rows: blocks of BLOCK on a circle, `draws` of them in all."""
    rng, each = np.random.default_rng(seed), -(-rows // BLOCK)
    for start in range(0, draws, CHUNK):
        begins = rng.integers(rows, size=(min(CHUNK, draws - start), each, 1))
        drawn = (begins + np.arange(BLOCK)) % rows
        yield drawn.reshape(len(begins), -1)[:, :rows]


def intervals(course: AccountHistory, draws: int = 1000, seed: int = 0) -> dict[str, tuple[float, float]]:
    """By metric the LEVEL percentile interval of its value on resampled rows; nothing for a ruined account or
    one of fewer than MIN_RETURNS returns, nor for a metric of a year where it is shorter. A metric that is
    undefined on a draw counts on the others.

    turnover and cost resample value traded, and paid, together with nav. A resampled path has other falls than
    the true one, so the interval of max_drawdown and calmar is that of paths of such returns, and need not
    hold the value itself.
    """
    n = course.dates.size - 1
    if course.ruined or n < MIN_RETURNS:
        return {}
    drawn = [_redrawn(course, at) for at in blocks(n, draws, seed)]
    found = {name: _ends(np.concatenate([d[name] for d in drawn])) for name in drawn[0]}
    short = (course.dates[-1] - course.dates[0]).astype(np.int64) < FEWEST_DAYS
    return {
        name: ends
        for name, ends in found.items()
        if math.isfinite(ends[0]) and not (short and name in YEARLY)
    }


def _redrawn(course: AccountHistory, at: IntArray) -> dict[str, FloatArray]:
    """Each metric on each draw."""
    net = returns(course.nav)
    per_year = rows_per_year(course.dates)
    years, scale = net.size / per_year, math.sqrt(per_year)
    r, e = net[at], course.excess[at]
    path = np.cumsum(np.log1p(r), axis=1)
    below = np.expm1((path - np.maximum(np.maximum.accumulate(path, axis=1), 0.0)).min(axis=1))
    cagr = np.expm1(path[:, -1] / years)
    tail = np.partition(r, _tail_row(net.size), axis=1)[:, : _tail_row(net.size) + 2]
    var = np.quantile(r, TAIL, axis=1)
    mean, worst = e.mean(axis=1), np.where(tail <= var[:, None] + NOISE, tail, np.nan)
    moved, won = np.abs(r) > NOISE, r > NOISE
    nav, yearly = course.nav[1:][at].sum(axis=1), net.size / years
    return {
        "total_return": np.expm1(path[:, -1]),
        "cagr": cagr,
        "volatility": r.std(axis=1, ddof=1) * scale,
        "sharpe": _over(mean, e.std(axis=1, ddof=1)) * scale,
        "sortino": _over(mean, np.sqrt(np.square(np.minimum(e, 0.0)).mean(axis=1))) * scale,
        "max_drawdown": below,
        "calmar": _over(cagr, -below),
        "var_95": var,
        "es_95": np.nanmean(worst, axis=1),
        "hit_rate": _over(won.sum(axis=1), moved.sum(axis=1)),
        **_lines(course, at, e, per_year),
        "turnover": 0.5 * course.trade_value[1:][at].sum(axis=1) / nav * yearly,
        "cost_bps_per_year": 1e4 * course.cost[1:][at].sum(axis=1) / nav * yearly,
    }


def _tail_row(rows: int) -> int:
    return int(TAIL * (rows - 1))


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > NOISE))


def _lines(course: AccountHistory, at: IntArray, e: FloatArray, per_year: float) -> dict[str, FloatArray]:
    """Beta and alpha on the drawn rows that have a benchmark return, each drawn with what lies beside it."""
    market = market_returns(course.benchmark, course.cash_rate)
    design, known = regressors(market, course.beta_measure)
    beta, alpha = lines(e, market[at], design[at], known[at])
    return {"beta": beta, "alpha": alpha * per_year}


def aligned(courses: Sequence[AccountHistory]) -> tuple[DateArray, FloatArray]:
    """(T,) dates that all courses have, and (K, T - 1) returns over cash between them. No course is ruined."""
    dates = courses[0].dates
    for course in courses[1:]:
        dates = np.intersect1d(dates, course.dates)
    out = np.zeros((len(courses), max(dates.size - 1, 0)))
    for n, course in enumerate(courses):
        at = np.searchsorted(course.dates, dates)
        cash = np.cumprod(1.0 + course.cash_rate)[at]
        out[n] = returns(course.nav[at]) - (cash[1:] / cash[:-1] - 1.0)
    return dates, out


def correlation(rows: FloatArray) -> FloatArray:
    """(K, K) correlations of (K, T) returns; NaN for one that does not vary."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=1))
    unit = np.where((length > NOISE)[:, None], centred / np.maximum(length, NOISE)[:, None], np.nan)
    return np.asarray(np.clip(unit @ unit.T, -1.0, 1.0))


@final
@dataclass(frozen=True, slots=True)
class Pair:
    """Does one account earn more than another? difference: of mean returns, a year; low, high: its interval; sharpe:
    difference of Sharpe ratios, with sharpe_low, sharpe_high; p: of a difference at least as large where there is
    none; holm: p after Holm's correction for all pairs asked."""

    winner: int
    loser: int
    difference: float
    low: float
    high: float
    sharpe: float
    sharpe_low: float
    sharpe_high: float
    p: float
    holm: float


def pairs(rows: FloatArray, per_year: float, draws: int = 1000, seed: int = 0) -> list[Pair]:
    """Every ordered pair of the (K, T) excess returns that differs: that the first earns more than the second.

        p = (1 + #{mean(d*) - mean(d) >= mean(d)}) / (1 + draws),   d = r_first - r_second, * on drawn blocks

    One-sided; d* centred on d is its law were there no difference. Pairs equal to rounding are left out.
    Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    if rows.shape[1] < MIN_RETURNS:
        return []
    means, ratios = _redrawn_means(rows, per_year, draws, seed)
    mean, ratio = rows.mean(axis=1), sharpes(rows[None], per_year)[0]
    found = []
    for a, b in np.argwhere(~np.eye(len(rows), dtype=bool)):
        if np.abs(rows[a] - rows[b]).max() <= NOISE:
            continue
        gap, drawn = float(mean[a] - mean[b]), means[:, a] - means[:, b]
        low, high = _ends(drawn)
        sharpe_low, sharpe_high = _ends(ratios[:, a] - ratios[:, b])
        p = float((1.0 + (drawn - gap >= gap).sum()) / (1.0 + draws))
        found.append(
            Pair(
                winner=int(a), loser=int(b), difference=gap * per_year, low=low * per_year, high=high * per_year,
                sharpe=float(ratio[a] - ratio[b]), sharpe_low=sharpe_low, sharpe_high=sharpe_high, p=p, holm=p,
            )
        )  # fmt: skip
    return [replace(f, holm=h) for f, h in zip(found, holm([f.p for f in found]), strict=True)]


def _ends(values: FloatArray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    return float(low), float(high)


def _redrawn_means(rows: FloatArray, per_year: float, draws: int, seed: int) -> tuple[FloatArray, FloatArray]:
    means, ratios = [], []
    for at in blocks(rows.shape[1], draws, seed):
        drawn = rows[:, at].swapaxes(0, 1)
        means.append(drawn.mean(axis=2))
        ratios.append(sharpes(drawn, per_year))
    return np.concatenate(means), np.concatenate(ratios)


def sharpes(rows: FloatArray, per_year: float) -> FloatArray:
    """Sharpe ratio of (..., T) excess returns, NaN for those that do not vary."""
    return _over(rows.mean(axis=-1), rows.std(axis=-1, ddof=1)) * math.sqrt(per_year)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given."""
    order = np.argsort(p_values, kind="stable")
    out, top = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        top = max(top, min(1.0, p_values[at] * (len(p_values) - rank)))
        out[at] = top
    return out


def superior(rows: FloatArray, draws: int = 1000, seed: int = 0) -> list[Spa | None]:
    """Hansen's test on block sums of the (K, T) excess returns: first that any beats cash, then for each that any
    other beats it; None where too few rows, or no other that differs."""
    count = rows.shape[1] // BLOCK
    if rows.shape[1] < MIN_RETURNS or count < 3:
        return [None] * (len(rows) + 1)
    begins = np.linspace(0, rows.shape[1], count, endpoint=False).astype(np.int64)
    sums = np.add.reduceat(rows, begins, axis=1)
    tests = [spa([sums], np.zeros(count), draws=draws, seed=seed)]
    tests += [spa([np.delete(sums, n, axis=0)], own, draws=draws, seed=seed) for n, own in enumerate(sums)]
    return [t if t.trials else None for t in tests]


def rolling(course: AccountHistory, window: int) -> tuple[FloatArray, FloatArray]:
    """(T,) Sharpe ratio and beta over the last `window` returns, NaN before there are as many and where undefined."""
    sharpe, beta = np.full(course.dates.size, np.nan), np.full(course.dates.size, np.nan)
    e = course.excess
    if e.size < window:
        return sharpe, beta
    per_year = rows_per_year(course.dates)
    seen = np.lib.stride_tricks.sliding_window_view(e, window)
    sharpe[window:] = sharpes(seen, per_year)
    market = market_returns(course.benchmark, course.cash_rate)
    design, known = regressors(market, course.beta_measure)
    view = np.lib.stride_tricks.sliding_window_view
    inside = view(known, window).copy()
    if design.shape[1] > 1:
        inside[:, -1] = False  # what the benchmark did next is not known on a window's last row
    other = view(market, window)
    own, _ = lines(seen, other, view(design, window, axis=0).swapaxes(1, 2), inside)
    beta[window:] = np.where(np.isfinite(other).all(axis=1), own, np.nan)
    return sharpe, beta


def by_year(course: AccountHistory) -> dict[int, float]:
    """Return of each calendar year, from the last row of the year before; NaN once ruined."""
    years = course.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    out = {}
    for year in np.unique(years):
        at = np.flatnonzero(years == year)
        opened, closed = course.nav[max(at[0] - 1, 0)], course.nav[at[-1]]
        out[int(year)] = float(closed / opened - 1.0) if opened > 0 else math.nan
    return out


def in_window(course: AccountHistory, known: np.datetime64) -> float:
    """Return over the WINDOW rows from the one on which an event is known; NaN outside the course."""
    row = int(np.searchsorted(course.dates, known))
    if row >= course.dates.size or known < course.dates[0] or row == 0:
        return math.nan
    opened, closed = course.nav[row - 1], course.nav[min(row + WINDOW, course.dates.size) - 1]
    return float(closed / opened - 1.0) if opened > 0 else math.nan


def by_theme(
    course: AccountHistory, known: Mapping[np.datetime64, Sequence[Sequence[str]]]
) -> dict[str, float]:
    """Profit, in units of the opening nav, in the windows of events of each theme, and "elsewhere": they add up.

    known: for each date the themes of the events known on it. As `attribution.attribute`: a row under several
    windows is shared equally among them, an event's part among its themes.
    """
    profit = np.diff(course.nav, prepend=course.nav[:1]) / course.nav[0]
    windows = []
    for day, events in known.items():
        row = int(np.searchsorted(course.dates, day))
        if row < course.dates.size and day >= course.dates[0]:
            windows += [(row, themes) for themes in events]
    cover = np.zeros(course.dates.size)
    for row, _ in windows:
        cover[row : row + WINDOW] += 1
    shared = profit / np.maximum(cover, 1)
    out: dict[str, float] = {}
    for row, themes in windows:
        for theme in themes:
            part = float(shared[row : row + WINDOW].sum()) / len(themes)
            out[theme] = out.get(theme, 0.0) + part
    return {**out, ELSEWHERE: float(profit[cover == 0].sum())}
