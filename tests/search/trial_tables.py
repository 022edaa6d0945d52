"""Trials with stated figures."""

from __future__ import annotations

import numpy as np

from positioning.arrays import FloatArray
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Figures
from positioning.search.trials import Plan, Trials


def trials_of(**columns: FloatArray) -> Trials:
    """With these figures, the others undefined."""
    count = next(iter(columns.values())).size
    plan, chunks = Plan(np.arange(count, dtype=np.int32)[:, None], (Figures(),)), MemoryChunks()
    table = np.full((len(plan.names), count), np.nan)
    for name, values in columns.items():
        table[plan.names.index(name)] = values
    for number in range(plan.chunks):
        chunks.put(number, table[:, number * plan.size : (number + 1) * plan.size])
    return Trials({"one": tuple(range(count))}, plan, chunks)
