"""A basket under many parameter sets: decided, accounted and measured in lanes, nothing kept but the figures."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt
from numba import njit

from positioning.errors import BadInputError, did_you_mean
from positioning.events.event import Events
from positioning.market.bars import FloatArray
from positioning.market.market import Market
from positioning.portfolio.basket import Basket
from positioning.portfolio.features import FeatureBook, Response
from positioning.portfolio.position import schedule
from positioning.portfolio.targets import IntArray
from positioning.portfolio.verbs import basket_weights_of_many
from positioning.research.metrics import DAYS_PER_YEAR, NOISE, rows_per_year
from positioning.simulation.kernel import LANES, run_lanes
from positioning.simulation.tape import Tape

LEANING = (
    "exposure",
    "respond",
    "half_life",
    "hedge_ratio",
    "band",
    "gross_limit",
)  # what lanes may differ in
FIGURES = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar", "turnover", "cost_bps_per_year",
)  # fmt: skip
BLOCKS = 16


@final
@dataclass(frozen=True, eq=False)
class Trials:
    """K trials. axes: (K,) parameter values by name; figures: (K,) by name, as metrics.summarise defines them, NaN
    where undefined; sums, squares: (K, BLOCKS) of the excess returns and their squares over consecutive blocks of
    rows; counts: (BLOCKS,) rows of each."""

    axes: Mapping[str, npt.NDArray[Any]]
    figures: Mapping[str, FloatArray]
    sums: FloatArray
    squares: FloatArray
    counts: FloatArray


def sweep(
    position: Basket,
    market: Market,
    tape: Tape,
    events: Events,
    axes: Mapping[str, Sequence[Any]],
    workers: int = 2,
) -> Trials:
    """Every combination of the axes' values, in the order of itertools.product.

    Axes of LEANING run in lanes; others (look-back, screen, legs, hedge) are walked through, features computed
    once per value. The account of a trial has the bits of `simulate`. Raises BadInputError for an axis that is
    not a field of the position, is empty, or holds a value out of range.
    """
    _check(position, axes)
    shape = tuple(len(v) for v in axes.values())
    grid = np.indices(shape).reshape(len(shape), -1)
    columns = {name: np.asarray(list(values))[grid[i]] for i, (name, values) in enumerate(axes.items())}
    trials = grid.shape[1]
    figures, sums, squares = (
        np.full((trials, len(FIGURES)), np.nan),
        np.zeros((trials, BLOCKS)),
        np.zeros((trials, BLOCKS)),
    )
    edges = np.linspace(1, tape.rows.size, BLOCKS + 1).astype(np.int64)
    for base, members in _groups(position, axes, columns):
        job = _job(base, market, events, {k: columns[k][members] for k in axes if k in LEANING}, members.size)
        out = (figures, sums, squares)
        chunks = np.array_split(np.arange(0, members.size, LANES), max(workers, 1))
        with ThreadPoolExecutor(max(workers, 1)) as pool:
            done = [
                pool.submit(_account, job, tape, edges, members, firsts, out)
                for firsts in chunks
                if firsts.size
            ]
            for d in done:
                d.result()
    named = {name: figures[:, i] for i, name in enumerate(FIGURES)}
    return Trials(columns, named, sums, squares, np.diff(edges).astype(np.float64))


def _check(position: Basket, axes: Mapping[str, Sequence[Any]]) -> None:
    for name, values in axes.items():
        if name not in position.parameters():
            raise BadInputError(
                f"{position.name} has no parameter {name}",
                "wanted one of its fields",
                did_you_mean(name, position.parameters()),
            )
        if not len(values):
            raise BadInputError(
                f"axis {name} is empty", "wanted at least one value", f"type --grid {name}=1,2"
            )
        for value in values:
            replace(position, **{name: value})  # refuses what is out of range


def _groups(
    position: Basket, axes: Mapping[str, Sequence[Any]], columns: Mapping[str, npt.NDArray[Any]]
) -> Iterator[tuple[Basket, IntArray]]:
    """(position, its trials) for each set of values that lanes cannot share: decision rows and features."""
    walked = [name for name in axes if name not in LEANING]
    deaf = columns["respond"] == 0 if "respond" in axes else np.full(1, position.respond == 0)
    bare = columns["hedge_ratio"] == 0 if "hedge_ratio" in axes else np.full(1, position.hedge_ratio == 0)
    for values in itertools.product(*(axes[name] for name in walked)):
        base = replace(position, **dict(zip(walked, values, strict=True)))
        same = np.ones(next(iter(columns.values())).size, dtype=bool)
        for name, value in zip(walked, values, strict=True):
            same &= columns[name] == value
        for silent, unhedged in itertools.product((False, True), repeat=2):
            members = np.flatnonzero(same & (deaf == silent) & (bare == unhedged))
            if members.size:
                respond = 0.0 if silent else base.respond or 1.0
                yield (
                    replace(base, respond=respond, hedge_ratio=0.0 if unhedged else base.hedge_ratio or 1.0),
                    members,
                )


@final
@dataclass(frozen=True, eq=False)
class _Job:
    """What the trials of one group share, and (K,) arrays of what they do not."""

    decided: IntArray
    ground: tuple[Any, ...]
    responses: FloatArray
    heard: IntArray
    leaning: Mapping[str, FloatArray]


def _job(
    base: Basket,
    market: Market,
    events: Events,
    columns: Mapping[str, npt.NDArray[Any]],
    trials: int,
) -> _Job:
    decided = schedule(market, events, base.names, base.themes if base.respond > 0 else ())
    book = FeatureBook(market, events, decided)
    leaning = {
        name: np.asarray(columns[name], dtype=np.float64)
        if name in columns
        else np.full(trials, float(getattr(base, name)))
        for name in LEANING
    }
    lives, heard = np.unique(leaning["half_life"], return_inverse=True)
    responses = np.stack([book[Response(base.theme, float(life))] for life in lives])
    return _Job(decided - market.start, base.ground(book), responses, heard.astype(np.int64), leaning)


def _account(
    job: _Job, tape: Tape, edges: IntArray, members: IntArray, firsts: IntArray, out: tuple[FloatArray, ...]
) -> None:
    """The chunks that begin at `firsts`, each LANES wide (the last filled up with repeats), into `out`."""
    n_rows, n_names = tape.fill.shape
    nav, weights = np.empty((n_rows, LANES)), np.empty((job.decided.size, n_names, LANES))
    years = float((tape.rows[-1] - tape.rows[0]).astype(np.int64)) / DAYS_PER_YEAR
    for first in firsts:
        lanes = np.minimum(np.arange(first, first + LANES), members.size - 1)
        own = {name: values[lanes] for name, values in job.leaning.items()}
        basket_weights_of_many(  # type: ignore[call-arg]
            *job.ground[:1], job.responses, *job.ground[1:], job.heard[lanes], own["exposure"], own["respond"],
            own["hedge_ratio"], own["gross_limit"], weights,
        )  # fmt: skip
        traded, cost = np.zeros(LANES), np.zeros(LANES)
        ruin = run_lanes(  # type: ignore[call-arg]  # mypy counts the dispatcher's own
            job.decided, weights, own["band"], *tape.inputs, nav, traded, cost
        )
        figures, sums, squares = (
            np.empty((LANES, len(FIGURES))),
            np.zeros((LANES, BLOCKS)),
            np.zeros((LANES, BLOCKS)),
        )
        measure(
            nav,
            tape.growth,
            ruin,
            traded,
            cost,
            years,
            rows_per_year(tape.rows),
            edges,
            figures,
            sums,
            squares,
        )
        kept = min(LANES, members.size - first)
        for whole, part in zip(out, (figures, sums, squares), strict=True):
            whole[members[first : first + kept]] = part[:kept]


@njit(cache=True, nogil=True, error_model="numpy")
def measure(
    nav: FloatArray,
    growth: FloatArray,
    ruin: IntArray,
    traded: FloatArray,
    cost: FloatArray,
    years: float,
    per_year: float,
    edges: IntArray,
    figures: FloatArray,
    sums: FloatArray,
    squares: FloatArray,
) -> None:
    """The FIGURES of LANES accounts from their nav (T, LANES), streamed row by row; see metrics.summarise.

    edges: (BLOCKS + 1,) first rows of the blocks. figures: out (LANES, 9); sums, squares: out (LANES, BLOCKS),
    come in as zeros. Variances are of differences from the first excess return, so that nothing cancels.
    """
    n_rows = nav.shape[0]
    count = n_rows - 1
    state = np.zeros((8, LANES))
    total, square, down, top, low, level, net, net_square = (
        state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7],
    )  # fmt: skip
    for k in range(LANES):
        top[k] = nav[0, k]
        level[k] = nav[0, k]
    block = 0
    for r in range(1, n_rows):
        if r >= edges[block + 1]:
            block += 1
        rate = growth[r]
        for k in range(LANES):
            gain = nav[r, k] / nav[r - 1, k] - 1.0
            excess = gain - rate
            total[k] += excess
            square[k] += excess * excess
            net[k] += gain
            net_square[k] += gain * gain
            fall = min(excess, 0.0)
            down[k] += fall * fall
            top[k] = max(top[k], nav[r, k])
            low[k] = min(low[k], nav[r, k] / top[k] - 1.0)
            level[k] += nav[r, k]
            sums[k, block] += excess
            squares[k, block] += excess * excess
    scale = math.sqrt(per_year)
    for k in range(LANES):
        mean = total[k] / count
        spread = math.sqrt(max(square[k] - count * mean * mean, 0.0) / (count - 1)) if count > 1 else np.nan
        own = (
            math.sqrt(max(net_square[k] - net[k] * net[k] / count, 0.0) / (count - 1))
            if count > 1
            else np.nan
        )
        fallen = math.sqrt(down[k] / count) if count > 1 else np.nan
        grown = nav[n_rows - 1, k] / nav[0, k]
        cagr = math.expm1(math.log(grown) / years) if years > 0 and grown > 0 else np.nan
        mean_nav = level[k] / n_rows
        figures[k, 0] = grown - 1.0
        figures[k, 1] = cagr
        figures[k, 2] = (own if own > NOISE else 0.0) * scale if count > 1 else np.nan
        figures[k, 3] = mean / spread * scale if spread > NOISE else np.nan
        figures[k, 4] = mean / fallen * scale if fallen > NOISE else np.nan
        figures[k, 5] = low[k] if low[k] < -NOISE else 0.0
        figures[k, 6] = cagr / -low[k] if low[k] < -NOISE else np.nan
        figures[k, 7] = 0.5 * traded[k] / mean_nav / years if years > 0 else np.nan
        figures[k, 8] = 1e4 * cost[k] / mean_nav / years if years > 0 else np.nan
        if ruin[k] >= 0:
            figures[k, 0], figures[k, 1], figures[k, 5] = -1.0, -1.0, -1.0
            figures[k, 2], figures[k, 3], figures[k, 4], figures[k, 6] = np.nan, np.nan, np.nan, np.nan
            sums[k, :] = np.nan
            squares[k, :] = np.nan
