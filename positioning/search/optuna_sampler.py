"""Trials proposed one batch after the other from what the last ones found, instead of all or at random."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import final

import numpy as np

from positioning.errors import MOST_TOLD, BadInputError, did_you_mean, would_take
from positioning.search.assessment import values_of
from positioning.search.measures import Figures
from positioning.search.run import METRICS, Search, threads
from positioning.search.space import GridIndex, SearchSpace
from positioning.simulation.ledger_arrays import LANES

try:
    from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
    from optuna.samplers import TPESampler
    from optuna.study import create_study
except ImportError:
    raise BadInputError(
        "the package optuna is missing", "wanted it for proposals", "type pip install 'positioning[optuna]'"
    ) from None

FRUITLESS = 10  # batches in a row without a new trial, after which the sampler has nothing more to say
SEEDS = 2**32
MOST_TRIALS = 100_000
BY_PAIR = 4e-6  # seconds: 34 for 3,000 trials of three axes, and in proportion to their square

Code = tuple[int, ...]


def propose(
    space: SearchSpace, metric: str, trials: int, seed: int, advance: Callable[[int], None] = lambda _: None
) -> GridIndex:
    """(K, A) at most that many different trials, proposed by a tree of Parzen estimators that looks for the metric.

    Fewer where there are fewer combinations, or nothing new is proposed any more. The same for a seed. `advance` is
    told of trials proposed. Raises BadInputError for a number, seed or metric out of range, and what a trial raises.
    """
    _check(metric, trials, seed)
    value_of = dict[Code, float]()
    target, fruitless = min(trials, space.combinations), 0
    with _quiet():
        sampler = _Sampler(space, seed)
        while len(value_of) < target and fruitless < FRUITLESS:
            fresh = sampler.ask(value_of, target)
            value_of |= _values(space, metric, fresh)
            sampler.tell(value_of)
            fruitless = 0 if fresh else fruitless + 1
            advance(len(fresh))
    return space.grouped(np.array(sorted(value_of), dtype=np.int32))


@final
class _Sampler:
    """Proposes codes in batches."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space: dict[str, BaseDistribution] = {
            name: IntDistribution(0, len(values) - 1)
            if ordered
            else CategoricalDistribution(range(len(values)))
            for (name, values), ordered in zip(space.axes.items(), space.ordered(), strict=True)
        }
        self._study = create_study(direction="maximize", sampler=TPESampler(seed=seed, multivariate=True))
        self._open: list[tuple[int, Code]] = []  # asked and not yet told

    def ask(self, value_of: dict[Code, float], target: int) -> list[Code]:
        """The new ones of a batch, none twice, no more than are wanted with the known."""
        fresh: dict[Code, None] = {}
        while len(self._open) < LANES and len(value_of) + len(fresh) < target:
            trial = self._study.ask(self._space)
            code = tuple(trial.params[name] for name in self._space)
            self._open.append((trial.number, code))
            if code not in value_of:
                fresh[code] = None
        return list(fresh)

    def tell(self, value_of: dict[Code, float]) -> None:
        """The values of the last batch."""
        for number, code in self._open:
            self._study.tell(number, value_of[code])
        self._open.clear()


def _values(space: SearchSpace, metric: str, codes: Sequence[Code]) -> dict[Code, float]:
    """The metric by code; -inf for a dead account and for none."""
    if not codes:
        return {}
    once = Search(space, metric, False, threads(1))  # they are too few to share out
    trials = once.try_out(space.grouped(np.array(codes, dtype=np.int32)), Figures())
    values = values_of(trials, metric)
    return {
        tuple(code): -math.inf if math.isnan(value) else value
        for code, value in zip(trials.plan.codes.tolist(), values.tolist(), strict=True)
    }


def _check(metric: str, trials: int, seed: int) -> None:
    if metric not in METRICS:
        raise BadInputError(
            f"no metric {metric}", f"wanted one of {', '.join(METRICS)}", did_you_mean(metric, METRICS)
        )
    if trials < 1:
        raise BadInputError(f"trials={trials}", "wanted at least one trial", "give trials=1000", "trials")
    if trials > MOST_TRIALS:
        raise BadInputError(
            f"trials={trials} {would_take(BY_PAIR * min(trials, MOST_TOLD) ** 2)}",
            f"wanted {MOST_TRIALS:,} at most, since the sampler reads all before each",
            "draw them at random, which takes ten million", "trials",
        )  # fmt: skip
    if not 0 <= seed < SEEDS:
        raise BadInputError(f"seed={seed}", f"wanted one from 0 to {SEEDS - 1}", "give seed=0", "seed")


@contextmanager
def _quiet() -> Iterator[None]:
    """optuna tells of each study on standard error."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
