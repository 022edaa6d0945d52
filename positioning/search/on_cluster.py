"""Chunks of a search worked out by the workers of a dask scheduler."""

from __future__ import annotations

from collections.abc import Iterable

from positioning.arrays import FloatArray
from positioning.dask_cluster import Job, completed_pieces
from positioning.search.run import Found, Work, tabulate
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan

KEPT = "finished chunks are kept: the same search with resume=True goes on from there"


def cluster(address: str, patience: float = 60.0) -> Work:
    """On the workers of the scheduler at that address (tcp://HOST:PORT); see `dask_cluster.completed_pieces`."""

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Found:
        job = Job(
            tabulate, (space,), (type(space.strategy),), (plan.codes[:1], plan.measures), _same,
            "the first trial", _named, "the search", KEPT, "resume",
        )  # fmt: skip
        yield from completed_pieces(
            address, patience, job, ((n, (plan.part(n), plan.measures)) for n in numbers)
        )

    return work


def _named(number: int) -> str:
    return f"chunk {number}"


def _same(table: FloatArray) -> FloatArray:
    return table
