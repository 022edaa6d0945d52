"""Every headline figure of an account, worked out a second time by other means and held against the first.

The first is `metrics.py`, by numpy on nav as the ledger wrote it. Here nav is added up anew from cash and holdings, the
profit of the parts is held against its changes, and the figures come from pandas. They share no code. What rounding can
make of a figure lies some five orders below TOLERANCE, so beyond it one of the two is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from positioning.analysis.market_line import BetaMeasure
from positioning.analysis.metrics import Metrics
from positioning.arrays import FloatArray
from positioning.errors import DisagreementError
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-9  # of the figure, or absolute where it is below 1
STILL = 1e-12  # a deviation, fall or return below this is rounding: what is divided by it is undefined


def require_agreement(result: Result, metrics: Metrics, measure: Benchmark | None) -> None:
    """Raises DisagreementError, which names it, where a figure of the account differs from its second working."""
    nav = nav_from_holdings(result)
    if not np.allclose(nav, result.nav, rtol=TOLERANCE, atol=TOLERANCE):
        row = int(np.abs(nav - result.nav).argmax())
        raise _differs(f"nav on {result.rows[row]}", float(result.nav[row]), float(nav[row]))
    change, profit = np.diff(result.nav, prepend=1.0), result.interest.copy()
    for part in result.profit.values():
        profit += part.sum(axis=1)
    if result.ruin_row is not None:
        change[result.ruin_row] -= result.deficit
    # The parts of a row are differences of holdings that may be many times nav, so their size is what they round by.
    size = np.maximum(1.0, np.abs(result.held_before * np.nan_to_num(result.inputs.mark)).sum(axis=1))
    if (np.abs(profit - change) > TOLERANCE * size).any():
        row = int((np.abs(profit - change) / size).argmax())
        raise _differs(f"profit on {result.rows[row]}", float(change[row]), float(profit[row]))
    for name, again in figures(result, measure, metrics.beta_measure).items():
        own = getattr(metrics, name)
        if not agree(own, again):
            raise _differs(name, own, again)


def agree(one: float, other: float) -> bool:
    """Whether two workings of a figure are the same: both undefined, both infinite, or apart by TOLERANCE at most."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if math.isinf(one) or math.isinf(other):
        return one == other
    return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))


def _differs(name: str, one: float, other: float) -> DisagreementError:
    return DisagreementError(
        f"{name} is {one:.12g}, and {other:.12g} when it is worked out a second time",
        "wanted the same: a fault of this program, so no figure of this account can be relied on",
        "report it with the command and the prices",
    )


def nav_from_holdings(result: Result) -> FloatArray:
    """(T,) cash and every holding at the row's mark, trapped ones at what their mark keeps; 0 after ruin."""
    nav = result.cash.copy()
    for n in range(result.shares.shape[1]):
        shares, mark_factor = result.shares[:, n], np.ones(nav.size)
        mark_factor[result.inputs.frozen[:, n] & (shares > 0.0)] = result.inputs.mark_factor
        some = shares != 0.0
        nav[some] += (shares * mark_factor)[some] * result.inputs.mark[some, n]
    return nav


def figures(
    result: Result, measure: Benchmark | None, beta_measure: BetaMeasure = "same_day"
) -> Mapping[str, float]:
    """The figures of `Metrics` by name, as `metrics.summarise` defines them; what is said of a year left out where the
    account is shorter than 360 days, since `without_yearly` then clears it."""
    import pandas as pd

    days = pd.DatetimeIndex(result.rows.astype("datetime64[ns]"))
    nav = pd.Series(result.nav, days)
    dead = bool((nav <= 0).any())
    worth = nav.where((nav > 0).cummin(), 0.0)
    length = float((days[-1] - days[0]) / pd.Timedelta(days=1))
    years = length / 365.25
    per_year = (len(nav) - 1) / years if years else math.nan
    values = {"rows_per_year": per_year, "total_return": float(worth.iloc[-1]) / float(worth.iloc[0]) - 1.0}
    values["max_drawdown"] = _fall(worth)
    returns = nav.pct_change(fill_method=None).iloc[1:] if not dead else pd.Series(dtype=float)
    growth = pd.Series(result.inputs.growth, days).reindex(returns.index)
    excess = returns - growth
    values |= _tail(returns)
    levels = None if measure is None else pd.Series(measure.levels, days)
    line = _line if beta_measure == "same_day" else _leads_and_lags
    beta, alpha = line(excess, growth, levels)
    values["beta"] = beta
    if length < 360:
        return values
    scale = math.sqrt(per_year)
    values["alpha"] = alpha * per_year
    values["cagr"] = _growth(1.0 + values["total_return"], years)
    spread = returns.std()
    values["volatility"] = 0.0 if spread <= STILL else spread * scale
    values["sharpe"] = _over(excess.mean(), excess.std()) * scale
    below = excess.clip(upper=0.0).pow(2).mean() if len(excess) > 1 else math.nan
    values["sortino"] = _over(excess.mean(), math.sqrt(below)) * scale
    fall = values["max_drawdown"]
    values["calmar"] = values["cagr"] / abs(fall) if fall < 0 and not dead else math.nan
    nav_years = worth.mean() * years
    values["turnover"], values["cost_bps_per_year"] = (x / nav_years for x in _traded(result))
    return values


def _growth(multiple: float, years: float) -> float:
    try:
        return float(multiple ** (1.0 / years)) - 1.0
    except OverflowError:
        return math.inf


def _fall(worth: pd.Series) -> float:
    deepest = float((worth / worth.cummax()).min()) - 1.0
    return deepest if deepest < -STILL else 0.0


def _over(mean: float, deviation: float) -> float:
    return mean / deviation if deviation > STILL else math.nan


def _tail(returns: pd.Series) -> dict[str, float]:
    """The 5 % quantile, the mean of what is no better, and the share of the moves that are gains."""
    if len(returns) < 2:
        return dict.fromkeys(("var_95", "es_95", "hit_rate"), math.nan)
    ordered = sorted(returns)
    place = 0.05 * (len(ordered) - 1)
    low = math.floor(place)
    above = ordered[min(low + 1, len(ordered) - 1)]
    quantile = ordered[low] + (above - ordered[low]) * (place - low)
    tail = [r for r in ordered if r <= quantile + STILL]
    gains, losses = sum(r > STILL for r in ordered), sum(r < -STILL for r in ordered)
    moves = gains + losses
    return {
        "var_95": quantile,
        "es_95": math.fsum(tail) / len(tail),
        "hit_rate": gains / moves if moves else math.nan,
    }


def _line(excess: pd.Series, growth: pd.Series, levels: pd.Series | None) -> tuple[float, float]:
    """Covariance over variance, and the intercept a row, where both rows of a return have a level."""
    if levels is None:
        return math.nan, math.nan
    market = (levels / levels.shift() - 1.0).reindex(excess.index) - growth
    own, market = excess[market.notna()], market[market.notna()]
    if len(market) < 2 or not market.std() > STILL:
        return math.nan, math.nan
    beta = float(own.cov(market) / market.var())
    return beta, float(own.mean()) - beta * float(market.mean())


def _leads_and_lags(excess: pd.Series, growth: pd.Series, levels: pd.Series | None) -> tuple[float, float]:
    """The sum of the slopes on the benchmark's return of the row before, the same and the next one, by singular values;
    undefined where these cannot be told apart or are fewer than eight."""
    if levels is None:
        return math.nan, math.nan
    market = (levels / levels.shift() - 1.0).reindex(excess.index) - growth
    table = excess.to_frame("own").assign(before=market.shift(), same=market, after=market.shift(-1)).dropna()
    if len(table) < 8:
        return math.nan, math.nan
    centred = (table - table.mean()).to_numpy()
    left, sizes, right = np.linalg.svd(centred[:, 1:], full_matrices=False)
    whole = float((sizes**2).sum())
    if whole <= 3 * STILL**2 * len(table) or not float(np.prod(sizes**2 / whole)) > STILL:
        return math.nan, math.nan
    beta = float((right.T @ (left.T @ centred[:, 0] / sizes)).sum())
    return beta, float(excess[market.notna()].mean()) - beta * float(market.mean())


def _traded(result: Result) -> tuple[float, float]:
    """(half the value traded, 1e4 x fees and impact) over the trades, kind by kind of fee; forced exits are neither."""
    rows, names = np.nonzero(result.trades)
    dealt = result.inputs.exit_row[names] != rows
    rows, names = rows[dealt], names[dealt]
    signed = result.trades[rows, names] * result.paid[rows, names]
    fees = result.inputs.fees
    costs = sum(float(rates[rows, names] @ np.maximum(signed, 0.0)) for rates in fees.buy)
    costs += sum(float(rates[rows, names] @ np.maximum(-signed, 0.0)) for rates in fees.sell)
    if (liquidity := result.inputs.liquidity) is not None:
        size = liquidity.capital.amount
        for row, name, value in zip(rows.tolist(), names.tolist(), signed.tolist(), strict=True):
            worth = abs(value)
            share = worth * size / float(liquidity.traded[row, name])
            costs += (
                worth * float(liquidity.constant[name] * liquidity.volatility[row, name]) * math.sqrt(share)
            )
            rate = float((liquidity.buy if value > 0 else liquidity.sell)[row, name])
            costs += max(float(liquidity.least[row, name]) - rate * worth * size, 0.0) / size
    return 0.5 * float(np.abs(signed).sum()), 1e4 * costs
