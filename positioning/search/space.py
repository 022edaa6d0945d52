"""What all trials of a search share, and which of them may run side by side."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from threading import RLock
from typing import Any, final

import numpy as np
import numpy.typing as npt

from positioning.arrays import FloatArray, IntArray
from positioning.errors import BadInputError, did_you_mean
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.ledger_arrays import LANES
from positioning.strategy.features import FeatureBook
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets, require_targets
from positioning.strategy.weight_batches import (
    ScheduledStrategy,
    StackedBatch,
    WeightBatch,
    decided_in_batches,
)

GridIndex = npt.NDArray[np.signedinteger[Any]]  # (K, A): which value of each axis each trial has

AT_ONCE = 100_000  # combinations that are numbered together
KEPT = 8  # inputs, and books of features, that are remembered


@final
class BoundedCache:
    """The last KEPT things made, by what they were made of; each made once, whichever thread asks first. Sent to
    another process it arrives empty."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = RLock()

    def __reduce__(self) -> tuple[type[BoundedCache], tuple[()]]:
        return BoundedCache, ()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` made, or makes."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
                if len(self._made) > KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return self._made[key]


@final
@dataclass(frozen=True, eq=False)
class SearchSpace:
    """A strategy, the values to try of some of its parameters, and the market and terms that every trial has.

    Raises BadInputError for an axis that the strategy lacks, that is empty, or whose value it refuses.
    """

    strategy: Strategy
    market: Market
    events: Events
    axes: Mapping[str, tuple[Any, ...]]
    terms: AccountTerms
    _inputs: BoundedCache = field(default_factory=BoundedCache, init=False, repr=False)
    _books: BoundedCache = field(default_factory=BoundedCache, init=False, repr=False)

    def __post_init__(self) -> None:
        check_axes(self.strategy, self.axes)

    @property
    def combinations(self) -> int:
        """How many there are."""
        return math.prod(len(v) for v in self.axes.values())

    def ordered(self) -> tuple[bool, ...]:
        """For each axis, whether neighbouring values are steps of one number."""
        return tuple(not _categorical(values) for values in self.axes.values())

    def settings(self, code: GridIndex) -> dict[str, Any]:
        """Parameter values of one trial."""
        return {name: values[code[a]] for a, (name, values) in enumerate(self.axes.items())}

    def at(self, code: GridIndex) -> Strategy:
        """The strategy of one trial."""
        return replace(self.strategy, **self.settings(code))

    def without_events(self) -> Strategy:
        """The strategy without events, to compare with. Where one of its own values is not among those tried, the
        nearest of them stands in, of words the first: nothing else is in the market."""
        strange: dict[str, Any] = {}
        for name, values in self.axes.items():
            own = getattr(self.strategy, name)
            if own not in values and name != "respond":
                strange[name] = values[0] if _categorical(values) else min(values, key=lambda v: abs(v - own))
        return replace(self.strategy, **strange).without_events()

    @property
    def answers_events(self) -> bool:
        """Whether news can move any trial: the strategy has a sleeve, and respond is not 0 in all."""
        return bool(self.strategy.themes) and any(self.axes.get("respond", (self.strategy.respond,)))

    def grid_without_events(self) -> SearchSpace:
        """The same trials without events: axes that only news reads have one value, respond is 0."""
        axes = {
            name: values[:1] if name in self.strategy.EVENT_PARAMETERS else values
            for name, values in self.axes.items()
            if name != "respond"
        }
        return replace(self, strategy=self.strategy.without_events(), axes=axes)

    def index_without_events(self, codes: GridIndex) -> GridIndex:
        """GridIndex in `grid_without_events` of these trials without events."""
        columns = [a for a, name in enumerate(self.axes) if name != "respond"]
        deaf = [name in self.strategy.EVENT_PARAMETERS for name in self.axes if name != "respond"]
        return np.where(deaf, 0, codes[:, columns]).astype(codes.dtype)

    def codes(self, flat: IntArray) -> GridIndex:
        """(K, A) of the combinations with these numbers in the order of itertools.product."""
        longest = max((len(values) for values in self.axes.values()), default=0)
        codes: GridIndex = np.empty((flat.size, len(self.axes)), np.int16 if longest < 2**15 else np.int32)
        for first in range(0, flat.size, AT_ONCE):
            here = slice(first, first + AT_ONCE)
            rest = flat[here]
            for a, values in reversed(list(enumerate(self.axes.values()))):
                rest, codes[here, a] = np.divmod(rest, len(values))
        return codes

    def numbers(self, codes: GridIndex) -> IntArray:
        """(K,) of these trials in the order of itertools.product; the inverse of `codes`."""
        flat = np.zeros(codes.shape[0], dtype=np.int64)
        for a, values in enumerate(self.axes.values()):
            flat = flat * len(values) + codes[:, a]
        return flat

    def grouped(self, codes: GridIndex) -> GridIndex:
        """The same trials, those that may run side by side one after the other."""
        return codes[self.group_order(codes)] if self._apart(codes[:0]) else codes

    def group_order(self, codes: GridIndex) -> IntArray:
        """(K,) their places in the order of `grouped`."""
        keys = self._apart(codes)
        return np.lexsort(keys[::-1]) if keys else np.arange(codes.shape[0])

    def batches(self, codes: GridIndex) -> Iterator[tuple[Strategy, slice]]:
        """(strategy of its first trial, its trials) of each stretch that shares decision rows, features and inputs."""
        turns = np.zeros(codes.shape[0], dtype=bool)
        for key in self._apart(codes):
            turns[1:] |= key[1:] != key[:-1]
        firsts = [0, *np.flatnonzero(turns).tolist(), codes.shape[0]]
        for first, last in pairwise(firsts):
            if last > first:
                yield self.at(codes[first]), slice(first, last)

    def _apart(self, codes: GridIndex) -> list[npt.NDArray[Any]]:
        """(K,) keys in which trials side by side must agree."""
        keys: list[npt.NDArray[Any]] = []
        for a, (name, values) in enumerate(self.axes.items()):
            if name not in self.strategy.BATCHABLE:
                keys.append(codes[:, a])
            elif name in self.strategy.ZERO_SWITCHES:
                keys.append(np.array([v == 0 for v in values])[codes[:, a]])
        return keys

    def batched_values(self, codes: GridIndex) -> dict[str, FloatArray]:
        """(K,) values of the parameters that trials side by side may differ in."""
        own = {p: np.full(codes.shape[0], float(getattr(self.strategy, p))) for p in self.strategy.BATCHABLE}
        for a, (name, values) in enumerate(self.axes.items()):
            if name in own:
                own[name] = np.array(values, dtype=np.float64)[codes[:, a]]
        return own

    def inputs(self, strategy: Strategy) -> LedgerInputs:
        """The market as the ledger of that strategy reads it."""
        screen = strategy.screened(self.market, self.events)
        return self._inputs.get(  # type: ignore[no-any-return]
            screen.tobytes(), lambda: self.terms.inputs(self.market, self.events, screen)
        )

    def decisions(self, codes: GridIndex) -> Iterator[tuple[LedgerInputs, WeightBatch, slice]]:
        """(what the ledger reads, decisions, their trials) of these trials in their order, as many at once as share
        decision rows, features and inputs."""
        if not decided_in_batches(self.strategy):
            yield from self._one_by_one(codes)
            return
        for strategy, here in self.batches(codes):
            assert isinstance(strategy, ScheduledStrategy)  # noqa: S101 - as the strategy searched
            yield self.inputs(strategy), self._batch(strategy, self.batched_values(codes[here])), here

    def _batch(self, strategy: ScheduledStrategy, own: Mapping[str, FloatArray]) -> WeightBatch:
        """The decisions of the trials with these batched parameters, on market rows."""
        key = (strategy.names, strategy.themes, strategy.respond > 0)
        book: FeatureBook = self._books.get(key, lambda: strategy.book(self.market, self.events))
        return strategy.limited_batch(book, own)

    def _one_by_one(self, codes: GridIndex) -> Iterator[tuple[LedgerInputs, WeightBatch, slice]]:
        """Each trial decided by its own strategy's code; those on the same rows are accounted side by side."""
        batch: list[Targets] = []
        inputs = self.inputs(self.strategy)
        for trial, code in enumerate(codes):
            strategy = self.at(code)
            targets = strategy.target_weights(self.market, self.events)
            require_targets(targets, self.market, strategy.name)
            own = self.inputs(strategy)
            apart = own is not inputs or len(batch) == LANES
            if batch and (apart or not np.array_equal(targets.decided, batch[0].decided)):
                yield inputs, _stacked(batch), slice(trial - len(batch), trial)
                batch = []
            batch.append(targets)
            inputs = own
        if batch:
            yield inputs, _stacked(batch), slice(codes.shape[0] - len(batch), codes.shape[0])


def _stacked(batch: Sequence[Targets]) -> WeightBatch:
    own = {"band": np.array([t.band for t in batch])}
    return StackedBatch(batch[0].decided, own, np.stack([t.weights for t in batch], axis=2))


def _categorical(values: Sequence[Any]) -> bool:
    """Whether they are words or symbols, which have no order."""
    return not all(isinstance(v, int | float) for v in values)


def categorical_variants(strategy: Strategy, axes: Mapping[str, Sequence[Any]]) -> Iterator[Strategy]:
    """The strategy with every combination of words and symbols. Raises BadInputError for one that it refuses."""
    names = [name for name, values in axes.items() if _categorical(values)]
    for values in product(*(axes[name] for name in names)):
        yield replace(strategy, **dict(zip(names, values, strict=True)))


def check_axes(strategy: Strategy, axes: Mapping[str, Sequence[Any]]) -> None:
    """BadInputError for an axis that the strategy lacks, that is empty, or whose value it refuses; of numbers the
    ends are tried, since what a strategy takes is a range."""
    for name, values in axes.items():
        if name not in strategy.parameters():
            raise BadInputError(
                f"{strategy.name} has no parameter {name}",
                "wanted one of its fields",
                did_you_mean(name, strategy.parameters()),
            )
        if not len(values):
            raise BadInputError(f"axis {name} is empty", "wanted at least one value", f"give {name}=1,2")
    for name, values in axes.items():
        for value in (
            () if _categorical(values) else {min(values), max(values), *(v for v in values if math.isnan(v))}
        ):
            replace(strategy, **{name: value})
    for _ in categorical_variants(strategy, axes):
        pass
