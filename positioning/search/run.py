"""A strategy under many parameter sets: decided, accounted and measured in lanes, nothing kept but the numbers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.search.chunk_store import ChunkStore, MemoryChunks
from positioning.search.lane_figures import LaneFigures
from positioning.search.measures import Accounts, Figures, Measure
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import Plan, Trials
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.kernel import lane_memory, run_lanes
from positioning.simulation.ledger_arrays import LANES
from positioning.strategy.strategy import Strategy
from positioning.strategy.weight_batches import WeightBatch
from positioning.vectors import aligned_empty
from positioning.worker_threads import as_completed

METRICS = ("sharpe", "sortino", "calmar", "cagr", "total_return", "max_drawdown")  # more is better


def in_words(metric: str) -> str:
    """Its name inside a sentence."""
    return {"sharpe": "Sharpe", "cagr": "CAGR"}.get(metric, metric.replace("_", " "))


# Chunks of a plan worked out, in any order: (space, plan, their numbers) to (number, table). Closed, it gives up what
# it has begun.
Found = Generator[tuple[int, FloatArray], None, None]
Work = Callable[[SearchSpace, Plan, Iterable[int]], Found]


@final
@dataclass(frozen=True, eq=False)
class Search:
    """space; metric: one of METRICS, which is looked for; full: whether every combination is tried; work: who works
    out the further trials that judging takes; proposed: whether trials were chosen by what earlier ones gave."""

    space: SearchSpace
    metric: str
    full: bool
    work: Work
    proposed: bool = False

    def try_out(self, codes: GridIndex, *measures: Measure) -> Trials:
        """More trials of the same space, kept in memory."""
        return search(self.space, Plan(codes, measures), MemoryChunks(), self.work)


def sweep(
    strategy: Strategy,
    market: Market,
    events: Events,
    axes: Mapping[str, Sequence[Any]],
    terms: AccountTerms,
    workers: int = 2,
) -> Trials:
    """Every combination of the axes' values; `Trials.axes` tells which trial is which.

    The account of a trial has the bits of `simulate`. Raises BadInputError for an axis that is not a field of
    the strategy, is empty, or holds a value out of range.
    """
    space = SearchSpace(strategy, market, events, {name: tuple(v) for name, v in axes.items()}, terms)
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    return search(space, Plan(codes, (Figures(),)), MemoryChunks(), threads(workers))


def search(
    space: SearchSpace,
    plan: Plan,
    chunks: ChunkStore,
    work: Work,
    advance: Callable[[int], None] = lambda _: None,
) -> Trials:
    """The trials of a plan; chunks that the chunks has are not worked out again. `advance` is told of trials done."""
    numbers = range(plan.chunks)
    missing = [n for n in numbers if not chunks.has(n, plan.shape(n))]
    advance(sum(plan.shape(n)[1] for n in set(numbers) - set(missing)))
    with closing(work(space, plan, missing)) as tables:
        for number, table in tables:
            chunks.put(number, table)
            advance(table.shape[1])
    return Trials(space.axes, plan, chunks)


def threads(workers: int) -> Work:
    """On the cores of this machine."""

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Found:
        def table(number: int) -> FloatArray:
            return tabulate(space, plan.part(number), plan.measures)

        return as_completed(table, numbers, workers)

    return work


def tabulate(space: SearchSpace, codes: GridIndex, measures: Sequence[Measure]) -> FloatArray:
    """(names, K) what the measures read off the accounts of K trials."""
    width = sum(len(m.names) for m in measures)
    out = np.empty((width, codes.shape[0]))
    for inputs, batch, here in space.decisions(codes):
        for first, table in _tables(space.market.start, batch, inputs, here.stop - here.start, measures):
            last = min(first + LANES, here.stop - here.start)
            out[:, here.start + first : here.start + last] = table[:, : last - first]
    return out


def _tables(
    start: int, batch: WeightBatch, inputs: LedgerInputs, sets: int, measures: Sequence[Measure]
) -> Iterator[tuple[int, FloatArray]]:
    """(first set, table) of each LANES sets of a batch."""
    match measures:
        case [Figures(squares=squares)] if inputs.mark_factor == 1.0:
            lanes = LaneFigures(inputs, squares)
            for first, decided, weights, band in _decisions(start, batch, inputs, sets):
                yield first, lanes.table(decided, weights, band)
        case _:
            for first, accounts in _accounts(start, batch, inputs, sets):
                yield first, np.concatenate([m.read(accounts) for m in measures])


def _accounts(
    start: int, batch: WeightBatch, inputs: LedgerInputs, sets: int
) -> Iterator[tuple[int, Accounts]]:
    """(first set, accounts) of each LANES sets of a batch; the same memory each time."""
    nav, memory = aligned_empty(inputs.rows.size, LANES), lane_memory(inputs.fill.shape[1])
    capital = np.full(LANES, inputs.capital)
    for first, decided, weights, band in _decisions(start, batch, inputs, sets):
        outcome = run_lanes(decided, weights, band, inputs.arrays, nav, capital, inputs.depth, memory)
        ruin = outcome.ruin_row if inputs.mark_factor == 1.0 else _worthless_from(nav)
        yield first, Accounts(inputs.rows, nav, inputs.growth, ruin, outcome.traded, outcome.cost)


def _decisions(
    start: int, batch: WeightBatch, inputs: LedgerInputs, sets: int
) -> Iterator[tuple[int, IntArray, FloatArray, FloatArray]]:
    """(first set, (D,) rows of the account, (D, N, LANES) weights, (LANES,) bands) of each LANES sets of a batch, the
    last filled up with repeats; the same memory each time."""
    inside = batch.decided >= start
    decided: IntArray = batch.decided[inside] - start
    weights = aligned_empty(batch.decided.size, inputs.fill.shape[1], LANES)
    for first in range(0, sets, LANES):
        lanes = np.minimum(np.arange(first, first + LANES), sets - 1)
        batch.write(lanes, weights)
        require_room(batch.own, lanes, weights)
        yield first, decided, weights if inside.all() else weights[inside], batch.own["band"][lanes]


def _worthless_from(nav: FloatArray) -> IntArray:
    """(LANES,) the first row on which nav is at or below zero, -1 for none: a mark below the last may write off all."""
    dead = nav <= 0.0
    return np.where(dead.any(axis=0), dead.argmax(axis=0), -1)


def require_room(own: Mapping[str, FloatArray], sets: IntArray, weights: FloatArray) -> None:
    """BadInputError where the longs of one of these sets alone exceed its gross limit, as `Targets` would say of the
    single trial."""
    limits = own.get("gross_limit")
    if limits is None or limits.min() >= 1.0:  # longs never exceed 1
        return
    over = np.flatnonzero(np.abs(weights).sum(axis=1).max(axis=0) > limits[sets] + 1e-9)
    if over.size:
        first = sets[over[0]]
        raise BadInputError(
            f"a decision with exposure={own['exposure'][first]:g} has gross exposure above "
            f"gross_limit={limits[first]:g}",
            "wanted a limit that every trial keeps",
            "raise gross_limit, or lower exposure",
        )
