"""A cross-check of every headline figure of an account: recomputed by other means and held against the first.

The first is `metrics.py`, by numpy on nav as the ledger wrote it. Here nav is added up anew from cash and holdings, the
profit of the parts is held against its changes, and the figures come from Python's own numbers and its exact sums. They
share no code. What rounding can make of a figure lies some five orders below TOLERANCE, so beyond it one of the two is
wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise, takewhile

import numpy as np

from positioning.analysis.market_line import BetaMeasure
from positioning.analysis.metrics import Metrics
from positioning.arrays import FloatArray
from positioning.errors import DisagreementError
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result

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
    for name, again in recomputed_metrics(result, measure, metrics.beta_measure).items():
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


def recomputed_metrics(
    result: Result, measure: Benchmark | None, beta_measure: BetaMeasure = "same_day"
) -> Mapping[str, float]:
    """The figures of `Metrics` by name, as `metrics.summarise` defines them; what is said of a year left out where the
    account is shorter than 360 days, since `without_yearly` then clears it."""
    nav = result.nav.tolist()
    worth = list(takewhile(lambda value: value > 0, nav))
    dead = len(worth) < len(nav)
    worth += [0.0] * (len(nav) - len(worth))
    length = float((result.rows[-1] - result.rows[0]) / np.timedelta64(1, "D"))
    years = length / 365.25
    per_year = (len(nav) - 1) / years if years else math.nan
    values = {"rows_per_year": per_year, "total_return": worth[-1] / worth[0] - 1.0}
    values["max_drawdown"] = _fall(worth)
    returns = [] if dead else _changes(nav)
    growth = result.inputs.growth[1:].tolist() if returns else []
    excess = [own - cash for own, cash in zip(returns, growth, strict=True)]
    values |= _tail(returns)
    beta = alpha = math.nan
    if measure is not None and returns:
        market = [r - cash for r, cash in zip(_changes(measure.levels.tolist()), growth, strict=True)]
        beta, alpha = (_line if beta_measure == "same_day" else _leads_and_lags)(excess, market)
    values["beta"] = beta
    if length < 360:
        return values
    scale = math.sqrt(per_year)
    values["alpha"] = alpha * per_year
    values["cagr"] = _growth(1.0 + values["total_return"], years)
    spread = _deviation(returns)
    values["volatility"] = 0.0 if spread <= STILL else spread * scale
    values["sharpe"] = _over(_mean(excess), _deviation(excess)) * scale
    below = _mean([min(r, 0.0) ** 2 for r in excess]) if len(excess) > 1 else math.nan
    values["sortino"] = _over(_mean(excess), math.sqrt(below)) * scale
    fall = values["max_drawdown"]
    values["calmar"] = values["cagr"] / abs(fall) if fall < 0 and not dead else math.nan
    nav_years = _mean(worth) * years
    values["turnover"], values["cost_bps_per_year"] = (x / nav_years for x in _traded(result))
    return values


def _changes(levels: Sequence[float]) -> list[float]:
    return [after / before - 1.0 for before, after in pairwise(levels)]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    """By one less than their number; undefined for fewer than two."""
    if len(one) < 2:
        return math.nan
    a, b = _mean(one), _mean(other)
    return math.fsum((x - a) * (y - b) for x, y in zip(one, other, strict=True)) / (len(one) - 1)


def _deviation(values: Sequence[float]) -> float:
    return math.sqrt(_covariance(values, values))


def _growth(multiple: float, years: float) -> float:
    try:
        return float(multiple ** (1.0 / years)) - 1.0
    except OverflowError:
        return math.inf


def _fall(worth: Sequence[float]) -> float:
    deepest = min(now / high for now, high in zip(worth, accumulate(worth, max), strict=True)) - 1.0
    return deepest if deepest < -STILL else 0.0


def _over(mean: float, deviation: float) -> float:
    return mean / deviation if deviation > STILL else math.nan


def _tail(returns: Sequence[float]) -> dict[str, float]:
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


def _line(excess: Sequence[float], market: Sequence[float]) -> tuple[float, float]:
    """Covariance over variance, and the intercept a row, where both rows of a return have a level."""
    pairs = [(x, y) for x, y in zip(excess, market, strict=True) if not math.isnan(y)]
    own, other = [x for x, _ in pairs], [y for _, y in pairs]
    if len(pairs) < 2 or not _deviation(other) > STILL:
        return math.nan, math.nan
    beta = _covariance(own, other) / _covariance(other, other)
    return beta, _mean(own) - beta * _mean(other)


def _leads_and_lags(excess: Sequence[float], market: Sequence[float]) -> tuple[float, float]:
    """The sum of the slopes on the benchmark's return of the row before, the same and the next one, by singular values;
    undefined where these cannot be told apart or are fewer than eight."""
    table = [
        row
        for row in zip(excess[1:-1], market[:-2], market[1:-1], market[2:], strict=True)
        if not any(map(math.isnan, row))
    ]
    if len(table) < 8:
        return math.nan, math.nan
    centred = np.array(table) - [_mean(column) for column in zip(*table, strict=True)]
    left, sizes, right = np.linalg.svd(centred[:, 1:], full_matrices=False)
    whole = float((sizes**2).sum())
    if whole <= 3 * STILL**2 * len(table) or not float(np.prod(sizes**2 / whole)) > STILL:
        return math.nan, math.nan
    beta = float((right.T @ (left.T @ centred[:, 0] / sizes)).sum())
    pairs = [(x, y) for x, y in zip(excess, market, strict=True) if not math.isnan(y)]
    return beta, _mean([x for x, _ in pairs]) - beta * _mean([y for _, y in pairs])


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
