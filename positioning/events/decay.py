"""Compiled apart from the records, so that reading them does not wait for numba."""

from __future__ import annotations

import numpy as np

from positioning.arrays import FloatArray
from positioning.compiled import compiled


@compiled()
def decayed(news: FloatArray, decay: float) -> FloatArray:
    """(T,) level[t] = level[t-1] x decay + news[t]."""
    out = np.empty(news.size)
    level = 0.0
    for t in range(news.size):
        level = level * decay + news[t]
        out[t] = level
    return out
