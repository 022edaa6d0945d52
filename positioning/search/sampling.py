"""Which combinations of a grid are tried: all, or some drawn at random."""

from __future__ import annotations

import numpy as np

from positioning.errors import BadInputError, would_take
from positioning.search.space import GridIndex, SearchSpace

MOST_TRIALS = 10_000_000
KEPT_BYTES = 600  # of each on disk until the search ends; some 30 in memory
A_SECOND = 50_000  # trials, of a strategy of five names on two cores


def draw(space: SearchSpace, random: int | None, seed: int) -> GridIndex:
    """(K, A) which value of each axis each trial has: all combinations, or `random` of them, none twice; those that
    may run side by side one after the other."""
    count = space.combinations
    if random is not None and random < 1:
        raise BadInputError(f"random={random}", "wanted at least one trial", "give random=10000", "random")
    if random is None or random >= count:
        require_few(count)
        return space.grouped(space.codes(np.arange(count)))
    require_few(random)
    rng = np.random.default_rng(seed)
    if count <= 4 * random:
        return space.grouped(space.codes(np.sort(rng.choice(count, random, replace=False))))
    if count < 2**62:  # choice would hold them all
        numbers = np.empty(0, dtype=np.int64)
        while numbers.size < random:
            numbers = np.unique(np.append(numbers, rng.integers(count, size=2 * random)))
        return space.grouped(space.codes(np.sort(rng.permutation(numbers)[:random])))
    columns = [rng.integers(len(v), size=random, dtype=np.int32) for v in space.axes.values()]
    return space.grouped(np.unique(np.column_stack(columns), axis=0))


def require_few(count: int, most: int = MOST_TRIALS) -> None:
    """BadInputError for more than `most` trials: how many, how long, and the way out."""
    if count > most:
        raise BadInputError(
            f"{count:,} combinations {would_take(count / A_SECOND)} and "
            f"{count * KEPT_BYTES / 1e9:,.0f} GB of disk",
            f"wanted at most {most:,}",
            "give random=100000 to try that many of them, or widen the steps",
            "random",
        )
