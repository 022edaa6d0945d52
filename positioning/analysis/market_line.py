"""How an account's returns over cash lean on its benchmark's: beta and alpha, one account, many draws or many windows.

    same_day   e_t = a + b m_t                                    beta = b
    dimson     e_t = a + b_1 m_{t-1} + b_2 m_t + b_3 m_{t+1}      beta = b_1 + b_2 + b_3

    alpha = mean(e) - beta mean(m), over all rows with a return of the benchmark

Where some of what is held closes at another hour than the benchmark, part of what moves one today moves the other on the
next row, and the same-day slope is too low; Dimson (1979), doi:10.1016/0304-405X(79)90013-8, adds the slopes on the rows
before and after. Over a whole account its larger error is the smaller evil; hedges, measured over a hundred rows, take
two-session returns instead (see `strategy.features.DEFAULT_BETA`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from positioning.arrays import BoolArray, FloatArray
from positioning.market.venues import same_close

if TYPE_CHECKING:  # they bring the compiler; who reads figures alone waits for none
    from positioning.market.benchmark import Benchmark
    from positioning.simulation.result import Result

BetaMeasure = Literal["same_day", "dimson"]
MIN_ROWS = 8  # returns below which three slopes have no meaning
NOISE = 1e-12  # deviation of returns below which they are rounding, see `metrics.NOISE`


def beta_measure(result: Result, measure: Benchmark | None) -> BetaMeasure:
    """What beta and alpha are made of: dimson where a name that was ever held closes at another hour than the
    benchmark."""
    return measure_for(held_venues(result), () if measure is None else measure.venues)


def held_venues(result: Result) -> tuple[str, ...]:
    """The venues of all that was ever held, in order."""
    has_position = (result.shares != 0.0).any(axis=0)
    return tuple(sorted({i.venue for i, h in zip(result.market.instruments, has_position, strict=True) if h}))


def measure_for(venues: tuple[str, ...], benchmark: tuple[str, ...]) -> BetaMeasure:
    """dimson where a venue of what is held closes at another hour than one of the benchmark's, else same_day."""
    apart = any(not same_close(a, b) for a in venues for b in benchmark)
    return "dimson" if apart else "same_day"


def regressors(market: FloatArray, measure: BetaMeasure) -> tuple[FloatArray, BoolArray]:
    """(T, K) of (T,) benchmark returns over cash, NaN where there are none, and (T,) rows on which all are known."""
    columns = [market]
    if measure == "dimson":
        lead, lag = np.full_like(market, np.nan), np.full_like(market, np.nan)
        lag[1:], lead[:-1] = market[:-1], market[1:]
        columns = [lag, market, lead]
    design = np.column_stack(columns)
    return design, np.asarray(np.isfinite(design).all(axis=1))


def lines(
    excess: FloatArray, market: FloatArray, design: FloatArray, usable: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """(D,) betas and alphas a row of D samples. excess, market: (D, T), market NaN where unknown; design: (D, T, K),
    usable: (D, T) from `regressors`. NaN where the benchmark does not vary, or, for three slopes, on fewer
    than MIN_ROWS rows.
    """
    width = design.shape[2]
    weight = usable[:, :, None].astype(np.float64)
    count = np.maximum(usable.sum(axis=1), 1).astype(np.float64)
    x = np.where(usable[:, :, None], design, 0.0)
    x = (x - x.sum(axis=1, keepdims=True) / count[:, None, None]) * weight
    y = np.where(usable, excess, 0.0)
    y = (y - y.sum(axis=1, keepdims=True) / count[:, None]) * usable
    square, cross = np.einsum("dtk,dtl->dkl", x, x), np.einsum("dtk,dt->dk", x, y)
    trace = np.einsum("dkk->d", square)
    enough = (trace > width * NOISE**2 * count) & (count >= (MIN_ROWS if width > 1 else 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = np.linalg.det(square / np.where(enough, trace, 1.0)[:, None, None])
    sound = enough & (shape > 1e-12)
    safe = np.where(sound[:, None, None], square, np.eye(width))
    slope = np.linalg.solve(safe, cross[:, :, None])[:, :, 0].sum(axis=1)
    beta = np.where(sound, slope, np.nan)
    has_market = np.isfinite(market)
    rows = np.maximum(has_market.sum(axis=1), 1)
    mean_own = np.where(has_market, excess, 0.0).sum(axis=1) / rows
    mean_market = np.where(has_market, market, 0.0).sum(axis=1) / rows
    return beta, mean_own - beta * mean_market


def line(excess: FloatArray, market: FloatArray, measure: BetaMeasure = "same_day") -> tuple[float, float]:
    """Beta, and alpha a row, of (T,) returns over cash on the benchmark's, NaN where there is none."""
    if not excess.size:
        return float("nan"), float("nan")
    design, usable = regressors(market, measure)
    beta, alpha = lines(excess[None], market[None], design[None], usable[None])
    return float(beta[0]), float(alpha[0])
