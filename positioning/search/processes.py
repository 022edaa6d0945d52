"""Trials of strategies whose decisions are Python code: worked out in processes, since threads would only take turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from positioning.arrays import FloatArray
from positioning.compiled import get_ready
from positioning.errors import BadInputError
from positioning.search.run import Found, Work, tabulate, threads
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import Plan
from positioning.simulation.ledger_arrays import LANES
from positioning.strategy.from_file import blamed
from positioning.strategy.strategy import Strategy
from positioning.strategy.weight_batches import decided_in_batches
from positioning.worker_processes import IN_FLIGHT, WorkerError, spread

Piece = tuple[int, int, int]  # of a chunk: its number, first and last trial


def workers_for(strategy: Strategy, workers: int) -> Work:
    """Threads for a strategy that is decided in compiled code, processes for any other."""
    return threads(workers) if decided_in_batches(strategy) or workers == 1 else processes(workers)


def processes(workers: int) -> Work:
    """In processes of this machine; the tables have the bits of `threads`.

    Raises what a trial raises; BadInputError, with its line, for an error in the strategy's own code, and where a
    process dies.
    """

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Found:
        chunks = list(numbers)
        if not chunks:
            return
        pieces = list(_pieces(plan, chunks, workers))
        tables = {n: np.empty(plan.shape(n)) for n in chunks}
        missing = {n: plan.shape(n)[1] for n in chunks}
        try:
            for (number, first, last), table in spread(
                _tabulated, (space, plan), pieces, min(workers, len(pieces)), prepare=_get_ready
            ):
                tables[number][:, first:last] = table
                missing[number] -= last - first
                if not missing[number]:
                    yield number, tables.pop(number)
        except WorkerError as error:
            raise BadInputError(
                f"a worker process failed: {error}", "wanted it to finish its trials",
                "give it more memory, or use fewer workers",
            ) from None  # fmt: skip

    return work


def _pieces(plan: Plan, numbers: Iterable[int], workers: int) -> Iterator[Piece]:
    """Parts of chunks, small enough that every process has some."""
    size = min(max(plan.trials // (IN_FLIGHT * workers), 1), LANES)
    for number in numbers:
        trials = plan.shape(number)[1]
        yield from ((number, first, min(first + size, trials)) for first in range(0, trials, size))


def _get_ready() -> None:
    """To be found, it has this file imported, and so the engine."""
    get_ready()


def _tabulated(space: SearchSpace, plan: Plan, number: int, first: int, last: int) -> FloatArray:
    codes: GridIndex = plan.part(number)[first:last]
    try:
        return tabulate(space, codes, plan.measures)
    except Exception as error:
        blame = blamed(error)
        if blame is None:
            raise
        raise blame from None  # a traceback does not reach the parent
