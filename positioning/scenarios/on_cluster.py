"""Paths of a stress test worked out by the workers of a dask scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.dask_cluster import Job, completed_pieces
from positioning.scenarios.simulation import Answers, Batch, Call, PathWork, StressSetup, answer_of, paths_of


def cluster(address: str, patience: float = 60.0) -> PathWork:
    """On the workers of the scheduler at that address (tcp://HOST:PORT); see `dask_cluster.completed_pieces`."""

    def work(plan: StressSetup, calls: Sequence[Call]) -> Answers:
        name, setup = next(iter(plan.stages.items()))
        job = Job(
            answer_of, (plan,), tuple(type(p) for p in setup.strategies), (paths_of, name, range(1)), _navs,
            "the first path", _named, "the stress test", "type the command again",
        )  # fmt: skip
        yield from completed_pieces(address, patience, job, ((call, call) for call in calls))

    return work


def _navs(batches: Sequence[Batch]) -> FloatArray:
    return np.concatenate([b.nav for b in batches])


def _named(call: Any) -> str:
    return f"a part of scenario {call[1]}"
