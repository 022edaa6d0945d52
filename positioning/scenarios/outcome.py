"""What simulated paths say: distributions by scenario and weighted, and what the probabilities decide."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.scenarios.simulation import Batch

TAIL = 0.05
DEEP = 0.20  # the drawdown whose probability is quoted
FAN = (0.05, 0.25, 0.5, 0.75, 0.95)


@final
@dataclass(frozen=True, slots=True)
class Figures:
    """Of the horizon, by probability of the paths; a loss is negative. Fractions of opening nav.

    mean, deviation, median, p95: of the return. var_95, es_95: its 5 % quantile, and the mean at or below it.
    drawdown, drawdown_p05: mean and 5 % quantile of the deepest fall from a high. loss: probability of a return
    below 0; deep: of a drawdown of DEEP or more. trapped: mean value in frozen names at the end; ruin: probability
    of an account at zero. error: standard error of the mean, from the paths: of a mixture from the P weighted sums of
    the scenarios' returns, since path k has the same draws under each of them.
    """

    mean: float
    error: float
    deviation: float
    median: float
    p95: float
    var_95: float
    es_95: float
    drawdown: float
    drawdown_p05: float
    loss: float
    deep: float
    trapped: float
    ruin: float

    def to_json(self) -> dict[str, float]:
        """The fields by their names, for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """P numbers a path: total return, deepest drawdown (in [-1, 0]), value trapped at the end."""

    returns: FloatArray
    drawdown: FloatArray
    trapped: FloatArray

    @classmethod
    def of(cls, one: Batch) -> Paths:
        """Read off the navs."""
        return cls(one.nav[:, -1] / one.nav[:, 0] - 1, one.drawdown, one.trapped)


def figures(paths: Sequence[Paths], probabilities: Sequence[float]) -> Figures:
    """Of the mixture of scenarios: each path weighs its scenario's probability over the scenario's paths.

    Raises ValueError for scenarios of unlike numbers of paths: path k of each is of the same draws.
    """
    used = [(p, q) for p, q in zip(paths, probabilities, strict=True) if q > 0]
    if len({p.returns.size for p, _ in used}) != 1:
        raise ValueError(f"scenarios of {[p.returns.size for p, _ in used]} paths do not share their draws")
    by_draw = np.sum([q * p.returns for p, q in used], axis=0)
    weights = np.concatenate([np.full(p.returns.size, q / p.returns.size) for p, q in used])
    returns, drawdown, trapped = (
        np.concatenate([getattr(p, name) for p, _ in used]) for name in ("returns", "drawdown", "trapped")
    )
    mean = float(weights @ returns)
    low, median, p95 = quantiles(returns, weights, (TAIL, 0.5, 1 - TAIL))
    return Figures(
        mean=mean,
        error=math.sqrt(float(by_draw.var()) / by_draw.size),
        deviation=float(np.sqrt(weights @ (returns - mean) ** 2)),
        median=median,
        p95=p95,
        var_95=low,
        es_95=shortfall(returns, weights, TAIL),
        drawdown=float(weights @ drawdown),
        drawdown_p05=quantiles(drawdown, weights, (TAIL,))[0],
        loss=float(weights[returns < 0].sum()),
        deep=float(weights[drawdown <= -DEEP].sum()),
        trapped=float(weights @ trapped),
        ruin=float(weights[returns <= -1].sum()),
    )


def quantiles(values: FloatArray, weights: FloatArray, levels: Sequence[float]) -> list[float]:
    """The smallest value at or below which at least `level` of the weight lies, for each level."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    at = np.searchsorted(reached, np.array(levels) * reached[-1] * (1 - 1e-12))
    return [float(v) for v in values[order][np.minimum(at, values.size - 1)]]


def shortfall(values: FloatArray, weights: FloatArray, level: float) -> float:
    """Mean of the lowest `level` of the weight; the path on its edge counts with the part inside."""
    order = np.argsort(values, kind="stable")
    share = weights[order] / weights.sum()
    inside = np.clip(level - (np.cumsum(share) - share), 0.0, share)
    return float(inside @ values[order] / level)


def fan(nav: FloatArray) -> FloatArray:
    """(len(FAN), H + 1) quantiles of (P, H + 1) nav across paths, row by row."""
    return np.quantile(nav, FAN, axis=0)


# What the probabilities decide


def scaled_to(probabilities: Sequence[float], which: int, weight: float) -> FloatArray:
    """(K,) probabilities with one set and the others in their old proportion (in equal parts where they were 0)."""
    p = np.array(probabilities, float)
    rest = p.sum() - p[which]
    others = p / rest if rest > 0 else np.full(p.size, 1 / max(p.size - 1, 1))
    others[which] = 0.0
    odds = (1 - weight) * others
    odds[which] = weight
    return np.asarray(odds)


def break_even(means: Sequence[float], probabilities: Sequence[float], which: int) -> float | None:
    """The probability q of one scenario at which the expected return is zero, the others kept in proportion:
    q m + (1 - q) r = 0 with r the others' mean, so q = r / (r - m). None where none in [0, 1] does it."""
    r = float(scaled_to(probabilities, which, 0.0) @ np.array(means))
    m = means[which]
    if r == m:
        return None
    q = r / (r - m)
    return q if 0 <= q <= 1 else None


def crossings(
    means: Mapping[str, Sequence[float]], probabilities: Sequence[float], which: int
) -> list[tuple[float, str, str]]:
    """Probabilities of one scenario at which two strategies have the same expected return, ascending:
    (q, the better one below it, the better one above it)."""
    points = []
    for a, b in combinations(means, 2):
        gap = [x - y for x, y in zip(means[a], means[b], strict=True)]
        q = break_even(gap, probabilities, which)
        if q is not None and 0 < q < 1:
            falls = gap[which] < 0
            points.append((q, a, b) if falls else (q, b, a))
    return sorted(points)


def simplex(steps: int) -> FloatArray:
    """(M, 3) probabilities of three scenarios on a grid of 1 / steps."""
    return np.array([(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]) / steps


def preferred(means: Mapping[str, Sequence[float]], grid: FloatArray) -> tuple[IntArray, FloatArray]:
    """(M,) which strategy has the highest expected return at each point, -1 for cash (none above 0), and (M,) by
    how much it leads the next best. grid: (M, K) probabilities."""
    expected = np.column_stack([*(grid @ np.array(m) for m in means.values()), np.zeros(len(grid))])
    ranked = np.sort(expected, axis=1)
    best = expected.argmax(axis=1)
    return np.where(best == len(means), -1, best).astype(np.int64), ranked[:, -1] - ranked[:, -2]
