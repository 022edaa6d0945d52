"""A basket under many parameter sets: decided, accounted and measured in lanes, nothing kept but the figures."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
from positioning.research.cross_validation import pbo_sample
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


SEGMENT = 65_536  # trials decided on together
PIECE = 4096  # trials of one task
IN_FLIGHT = 8  # tasks a worker that may wait; more would only hold memory

Tapes = Callable[[Basket], Tape]  # of a position's names and screen, which bar purchases


@final
@dataclass(frozen=True, eq=False)
class Trials:
    """K trials. axes: (K,) parameter values by name; figures: (K,) by name, as metrics.summarise defines them, NaN
    where undefined; sums: (K, BLOCKS) of the excess returns over consecutive blocks of rows; sampled: (S,) the
    trials that cross-validation ranks, all up to cross_validation.PBO_TRIALS; squares: (S, BLOCKS) of theirs;
    counts: (BLOCKS,) rows of each."""

    axes: Mapping[str, npt.NDArray[Any]]
    figures: Mapping[str, FloatArray]
    sums: FloatArray
    squares: FloatArray
    counts: FloatArray
    sampled: IntArray

    def ruined(self) -> npt.NDArray[np.bool_]:
        """(K,) whether the account died."""
        return self.figures["total_return"] <= -1.0


def sweep(
    position: Basket,
    market: Market,
    tape: Tape,
    events: Events,
    axes: Mapping[str, Sequence[Any]],
    workers: int = 2,
) -> Trials:
    """Every combination of the axes' values, in the order of itertools.product; see `search`."""
    check_axes(position, axes)
    codes = codes_of(np.arange(math.prod(len(v) for v in axes.values())), axes)
    return search(position, market, lambda _: tape, events, axes, codes, workers)


def codes_of(flat: IntArray, axes: Mapping[str, Sequence[Any]]) -> npt.NDArray[np.int32]:
    """(K, A) which value of each axis the combinations of these numbers in itertools.product have."""
    codes = np.empty((flat.size, len(axes)), dtype=np.int32)
    rest = flat
    for a, values in reversed(list(enumerate(axes.values()))):
        rest, codes[:, a] = np.divmod(rest, len(values))
    return codes


def search(
    position: Basket,
    market: Market,
    tapes: Tapes,
    events: Events,
    axes: Mapping[str, Sequence[Any]],
    codes: npt.NDArray[np.int32],
    workers: int = 2,
    advance: Callable[[int], None] = lambda _: None,
) -> Trials:
    """The trials of (K, A) codes, each which value of each axis; `advance` is told of trials done.

    Axes of LEANING run in lanes; others (look-back, screen, legs, hedge) are walked through, features computed
    once per value. The account of a trial has the bits of `simulate`. Raises BadInputError for an axis that is
    not a field of the position, is empty, or holds a value out of range.
    """
    check_axes(position, axes)
    columns = {name: _array(values)[codes[:, a]] for a, (name, values) in enumerate(axes.items())}
    sampled = pbo_sample(codes.shape[0])
    figures, sums = np.full((codes.shape[0], len(FIGURES)), np.nan), np.zeros((codes.shape[0], BLOCKS))
    slot = np.full(codes.shape[0], -1, dtype=np.int64)
    slot[sampled] = np.arange(sampled.size)
    out = _Out(figures, sums, np.zeros((sampled.size, BLOCKS)), slot)
    rows = tapes(position).rows
    edges = np.linspace(1, rows.size, BLOCKS + 1).astype(np.int64)
    books: dict[Any, FeatureBook] = {}
    waiting: deque[tuple[Future[None], int]] = deque()

    def collect(most: int) -> None:
        while len(waiting) > most:
            done, count = waiting.popleft()
            done.result()
            advance(count)

    with ThreadPoolExecutor(max(workers, 1)) as pool:
        for base, members in _groups(position, axes, codes, columns):
            tape = tapes(base)
            own = {k: columns[k][members] for k in axes if k in LEANING}
            job = _job(base, market, events, own, members.size, books)
            for part in _parts(members.size, max(workers, 1)):
                task = pool.submit(_account, job, tape, edges, members, part, out)
                waiting.append((task, min(int(part[-1]) + LANES, members.size) - int(part[0])))
            collect(IN_FLIGHT * max(workers, 1))
        collect(0)
    named = {name: figures[:, i] for i, name in enumerate(FIGURES)}
    return Trials(columns, named, sums, out.squares, np.diff(edges).astype(np.float64), sampled)


def _array(values: Sequence[Any]) -> npt.NDArray[Any]:
    if not isinstance(values[0], tuple):
        return np.asarray(list(values))
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _parts(trials: int, workers: int) -> Iterator[IntArray]:
    """First trials of chunks of LANES, in as many runs as keep the workers busy."""
    firsts = np.arange(0, trials, LANES)
    pieces = max(min(workers, firsts.size), -(-trials // PIECE))
    return (part for part in np.array_split(firsts, pieces) if part.size)


def check_axes(position: Basket, axes: Mapping[str, Sequence[Any]]) -> None:
    """BadInputError for an axis that the position lacks, that is empty, or whose value it refuses."""
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
    position: Basket,
    axes: Mapping[str, Sequence[Any]],
    codes: npt.NDArray[np.int32],
    columns: Mapping[str, npt.NDArray[Any]],
) -> Iterator[tuple[Basket, IntArray]]:
    """(position, its trials) for each set of values that lanes cannot share: decision rows and features."""
    walked = [(a, name) for a, name in enumerate(axes) if name not in LEANING]
    trials = codes.shape[0]
    deaf = columns["respond"] == 0 if "respond" in axes else np.full(trials, position.respond == 0)
    bare = (
        columns["hedge_ratio"] == 0 if "hedge_ratio" in axes else np.full(trials, position.hedge_ratio == 0)
    )
    keys = (bare, deaf, *(codes[:, a] for a, _ in reversed(walked)))
    order = np.lexsort(keys)
    turns = np.zeros(trials, dtype=bool)
    for key in keys:
        turns[1:] |= np.diff(key[order].astype(np.int32)) != 0
    for members in np.split(order, np.flatnonzero(turns)):
        first = members[0]
        values = {name: axes[name][codes[first, a]] for a, name in walked}
        respond = 0.0 if deaf[first] else position.respond or 1.0
        ratio = 0.0 if bare[first] else position.hedge_ratio or 1.0
        base = replace(position, **values, respond=respond, hedge_ratio=ratio)
        for start in range(0, members.size, SEGMENT):
            yield base, members[start : start + SEGMENT]


@final
@dataclass(frozen=True, eq=False)
class _Out:
    """Where figures go. slot: (K,) the row of a trial in squares, -1 for none."""

    figures: FloatArray
    sums: FloatArray
    squares: FloatArray
    slot: IntArray

    def put(self, members: IntArray, figures: FloatArray, sums: FloatArray, squares: FloatArray) -> None:
        """The figures of these trials, the first of the lanes."""
        self.figures[members], self.sums[members] = figures[: members.size], sums[: members.size]
        slots = self.slot[members]
        kept = np.flatnonzero(slots >= 0)
        self.squares[slots[kept]] = squares[kept]


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
    books: dict[Any, FeatureBook],
) -> _Job:
    """books: of the decision rows met so far, filled on."""
    key = (base.names, base.respond > 0)
    if key not in books:
        themes = base.themes if base.respond > 0 else ()
        books[key] = FeatureBook(market, events, schedule(market, events, base.names, themes))
    book = books[key]
    decided = book.decided
    leaning = {
        name: np.asarray(columns[name], dtype=np.float64)
        if name in columns
        else np.full(trials, float(getattr(base, name)))
        for name in LEANING
    }
    lives, heard = np.unique(leaning["half_life"], return_inverse=True)
    responses = np.stack([book[Response(base.theme, float(life))] for life in lives])
    return _Job(decided - market.start, base.ground(book), responses, heard.astype(np.int64), leaning)


def _account(job: _Job, tape: Tape, edges: IntArray, members: IntArray, firsts: IntArray, out: _Out) -> None:
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
        _require_room(own, weights)
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
        out.put(members[first : first + LANES], figures, sums, squares)


def _require_room(own: Mapping[str, FloatArray], weights: FloatArray) -> None:
    """BadInputError where the longs alone exceed the gross limit, as `Targets` would say of the single trial."""
    if (own["gross_limit"] >= 1.0).all():  # longs never exceed 1
        return
    over = np.flatnonzero(np.abs(weights).sum(axis=1).max(axis=0) > own["gross_limit"] + 1e-9)
    if over.size:
        limit, exposure = own["gross_limit"][over[0]], own["exposure"][over[0]]
        raise BadInputError(
            f"a decision with exposure={exposure:g} has gross exposure above gross_limit={limit:g}",
            "wanted a limit that every trial keeps",
            "raise gross_limit, or lower exposure",
        )


@njit(cache=True, nogil=True, error_model="numpy")
def measure(  # noqa: PLR0915 - one pass over the rows
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
    come in as zeros.
    """
    n_rows = nav.shape[0]
    count = n_rows - 1
    # One flat array at constant offsets: LLVM sees that nothing overlaps, and takes the lanes in vectors.
    s = np.zeros(10 * LANES)
    for k in range(LANES):
        s[3 * LANES + k] = nav[0, k]
        s[5 * LANES + k] = nav[0, k]
    block = 0
    for r in range(1, n_rows):
        if r >= edges[block + 1]:
            for k in range(LANES):
                sums[k, block] = s[8 * LANES + k]
                squares[k, block] = s[9 * LANES + k]
                s[8 * LANES + k] = 0.0
                s[9 * LANES + k] = 0.0
            block += 1
        rate = growth[r]
        for k in range(LANES):
            now = nav[r, k]
            gain = now / nav[r - 1, k] - 1.0
            excess = gain - rate
            fall = min(excess, 0.0)
            top = max(s[3 * LANES + k], now)
            s[k] += excess
            s[LANES + k] += excess * excess
            s[2 * LANES + k] += fall * fall
            s[3 * LANES + k] = top
            s[4 * LANES + k] = min(s[4 * LANES + k], now / top - 1.0)
            s[5 * LANES + k] += now
            s[6 * LANES + k] += gain
            s[7 * LANES + k] += gain * gain
            s[8 * LANES + k] += excess
            s[9 * LANES + k] += excess * excess
    for k in range(LANES):
        sums[k, block] = s[8 * LANES + k]
        squares[k, block] = s[9 * LANES + k]
    state = s.reshape(10, LANES)
    total, square, down, low, level, net, net_square = (
        state[0], state[1], state[2], state[4], state[5], state[6], state[7],
    )  # fmt: skip
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
