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


def fading(news: FloatArray, half_life: float) -> FloatArray:
    """(T,) the news of each row and of those before it, which halves in `half_life` rows."""
    return np.asarray(decayed(news, 0.5 ** (1.0 / half_life)))
