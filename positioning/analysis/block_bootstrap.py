"""Intervals of an account's metrics by drawing its rows again, whole blocks at a time.

Resampling keeps what returns remember by drawing whole blocks of consecutive rows, laid on a circle so that each
row is drawn equally often (Politis and Romano 1992, A circular block-resampling procedure for stationary data).
Accounts with the same rows are drawn the same blocks, so their intervals move together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from positioning.analysis.account_history import AccountHistory, ratios
from positioning.analysis.market_line import lines, regressors
from positioning.analysis.metrics import (
    FEWEST_DAYS,
    MIN_RETURNS,
    NOISE,
    TAIL,
    YEARLY,
    market_returns,
    returns,
    rows_per_year,
)
from positioning.arrays import FloatArray, IntArray

BLOCK = 21  # rows, about a month: far longer than daily returns remember
CHUNK = 100  # draws worked through at once: 100 of 2,000 rows are 1.6 MB, which stay in the cache
LEVEL = 0.95


def blocks(rows: int, draws: int, seed: int) -> Iterator[IntArray]:
    """(at most CHUNK, rows) numbers of rows: blocks of BLOCK on a circle, `draws` of them in all."""
    rng, each = np.random.default_rng(seed), -(-rows // BLOCK)
    for start in range(0, draws, CHUNK):
        begins = rng.integers(rows, size=(min(CHUNK, draws - start), each, 1))
        row_numbers = (begins + np.arange(BLOCK)) % rows
        yield row_numbers.reshape(len(begins), -1)[:, :rows]


def intervals(history: AccountHistory, draws: int = 1000, seed: int = 0) -> dict[str, tuple[float, float]]:
    """By metric the LEVEL percentile interval of its value on resampled rows; nothing for a ruined account or
    one of fewer than MIN_RETURNS returns, nor for a metric of a year where it is shorter. A metric that is
    undefined on a draw counts on the others.

    turnover and cost resample value traded, and paid, together with nav. A resampled path has other falls than
    the true one, so the interval of max_drawdown and calmar is that of paths of such returns, and need not
    hold the value itself.
    """
    n = history.dates.size - 1
    if history.ruined or n < MIN_RETURNS:
        return {}
    resamples = [_redrawn(history, at) for at in blocks(n, draws, seed)]
    ends_by_metric = {name: ends_of(np.concatenate([d[name] for d in resamples])) for name in resamples[0]}
    short = (history.dates[-1] - history.dates[0]).astype(np.int64) < FEWEST_DAYS
    return {
        name: ends
        for name, ends in ends_by_metric.items()
        if math.isfinite(ends[0]) and not (short and name in YEARLY)
    }


def _redrawn(history: AccountHistory, at: IntArray) -> dict[str, FloatArray]:
    """Each metric on each draw."""
    net = returns(history.nav)
    per_year = rows_per_year(history.dates)
    years, scale = net.size / per_year, math.sqrt(per_year)
    r, e = net[at], history.excess[at]
    path = np.cumsum(np.log1p(r), axis=1)
    below = np.expm1((path - np.maximum(np.maximum.accumulate(path, axis=1), 0.0)).min(axis=1))
    cagr = np.expm1(path[:, -1] / years)
    tail = np.partition(r, _tail_row(net.size), axis=1)[:, : _tail_row(net.size) + 2]
    var = np.quantile(r, TAIL, axis=1)
    mean, worst = e.mean(axis=1), np.where(tail <= var[:, None] + NOISE, tail, np.nan)
    moved, won = np.abs(r) > NOISE, r > NOISE
    nav, yearly = history.nav[1:][at].sum(axis=1), net.size / years
    return {
        "total_return": np.expm1(path[:, -1]),
        "cagr": cagr,
        "volatility": r.std(axis=1, ddof=1) * scale,
        "sharpe": ratios(mean, e.std(axis=1, ddof=1)) * scale,
        "sortino": ratios(mean, np.sqrt(np.square(np.minimum(e, 0.0)).mean(axis=1))) * scale,
        "max_drawdown": below,
        "calmar": ratios(cagr, -below),
        "var_95": var,
        "es_95": np.nanmean(worst, axis=1),
        "hit_rate": ratios(won.sum(axis=1), moved.sum(axis=1)),
        **_lines(history, at, e, per_year),
        "turnover": 0.5 * history.trade_value[1:][at].sum(axis=1) / nav * yearly,
        "cost_bps_per_year": 1e4 * history.cost[1:][at].sum(axis=1) / nav * yearly,
    }


def _tail_row(rows: int) -> int:
    return int(TAIL * (rows - 1))


def _lines(history: AccountHistory, at: IntArray, e: FloatArray, per_year: float) -> dict[str, FloatArray]:
    """Beta and alpha on the drawn rows that have a benchmark return, each drawn with what lies beside it."""
    market = market_returns(history.benchmark, history.cash_rate)
    design, usable = regressors(market, history.beta_measure)
    beta, alpha = lines(e, market[at], design[at], usable[at])
    return {"beta": beta, "alpha": alpha * per_year}


def ends_of(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return math.nan, math.nan
    low, high = np.quantile(finite, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    return float(low), float(high)
