"""Trials of strategies whose decisions are Python code: worked out in processes, since threads would only take turns."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from threading import Thread

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.search.run import IN_FLIGHT, Found, Work, tabulate, threads
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import Plan
from positioning.simulation.kernel import LANES
from positioning.strategy.batched import decided_in_batches
from positioning.strategy.from_file import blamed
from positioning.strategy.strategy import Strategy

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
        wanted = list(numbers)
        if not wanted:
            return
        pieces = list(_pieces(plan, wanted, workers))
        context = multiprocessing.get_context(
            "spawn"
        )  # a fork would copy the progress bar's thread and its locks
        tables = {n: np.empty(plan.shape(n)) for n in wanted}
        missing = {n: plan.shape(n)[1] for n in wanted}
        pool = ProcessPoolExecutor(min(workers, len(pieces)), context, _receive, (space, plan))
        try:
            for (number, first, last), table in _worked(pool, pieces, IN_FLIGHT * workers):
                tables[number][:, first:last] = table
                missing[number] -= last - first
                if not missing[number]:
                    yield number, tables.pop(number)
        except BrokenProcessPool:
            raise BadInputError(
                "a worker process died", "wanted it to finish its trials",
                "give it more memory, or use fewer workers",
            ) from None  # fmt: skip
        finally:
            pool.shutdown(cancel_futures=True)

    return work


def _pieces(plan: Plan, numbers: Iterable[int], workers: int) -> Iterator[Piece]:
    """Parts of chunks, small enough that every process has some."""
    size = min(max(plan.trials // (IN_FLIGHT * workers), 1), LANES)
    for number in numbers:
        trials = plan.shape(number)[1]
        yield from ((number, first, min(first + size, trials)) for first in range(0, trials, size))


def _worked(
    pool: ProcessPoolExecutor, pieces: Iterable[Piece], most: int
) -> Iterator[tuple[Piece, FloatArray]]:
    """Each piece with its table as it is done, at most so many in flight."""
    rest, running = iter(pieces), dict[Future[FloatArray], Piece]()
    while True:
        for piece in rest:
            running[pool.submit(_tabulated, *piece)] = piece
            if len(running) >= most:
                break
        if not running:
            return
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(done), done.result()


_received: list[tuple[SearchSpace, Plan]] = []  # of a worker process


def _receive(space: SearchSpace, plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    Thread(target=_end_with_parent, daemon=True).start()
    _received.append((space, plan))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # it was killed, and nobody waits for what is worked out here


def _tabulated(number: int, first: int, last: int) -> FloatArray:
    space, plan = _received[0]
    codes: GridIndex = plan.part(number)[first:last]
    try:
        return tabulate(space, codes, plan.measures)
    except Exception as error:
        told = blamed(error)
        if told is None:
            raise
        raise told from None  # a traceback does not reach the parent
