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

from positioning.errors import BadInputError, did_you_mean
from positioning.events.event import Events
from positioning.market.bars import FloatArray
from positioning.market.market import Market
from positioning.portfolio.features import FeatureBook
from positioning.portfolio.position import Position
from positioning.portfolio.scheduled import Deck, Fixed, Scheduled
from positioning.portfolio.targets import IntArray
from positioning.simulation.tape import Tape
from positioning.simulation.terms import AccountTerms

Codes = npt.NDArray[np.int32]  # (K, A): which value of each axis each trial has

KEPT = 8  # tapes, and books of features, that are remembered


@final
class Recent:
    """The last KEPT things made, by what they were made of; each made once, whichever thread asks first. Sent to
    another process it arrives empty."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = RLock()

    def __reduce__(self) -> tuple[type[Recent], tuple[()]]:
        return Recent, ()

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
class Ground:
    """A position, the values to try of some of its parameters, and the market and terms that every trial has.

    Raises BadInputError for an axis that the position lacks, that is empty, or whose value it refuses.
    """

    position: Position
    market: Market
    events: Events
    axes: Mapping[str, tuple[Any, ...]]
    terms: AccountTerms
    _tapes: Recent = field(default_factory=Recent, init=False, repr=False)
    _books: Recent = field(default_factory=Recent, init=False, repr=False)

    def __post_init__(self) -> None:
        check_axes(self.position, self.axes)

    @property
    def combinations(self) -> int:
        """How many there are."""
        return math.prod(len(v) for v in self.axes.values())

    def ordered(self) -> tuple[bool, ...]:
        """For each axis, whether neighbouring values are steps of one number."""
        return tuple(not _worded(values) for values in self.axes.values())

    def settings(self, code: Codes) -> dict[str, Any]:
        """Parameter values of one trial."""
        return {name: values[code[a]] for a, (name, values) in enumerate(self.axes.items())}

    def at(self, code: Codes) -> Position:
        """The position of one trial."""
        return replace(self.position, **self.settings(code))

    def twin(self) -> Position:
        """The position without events, to compare with. Where one of its own values is not among those tried, the
        nearest of them stands in, of words the first: nothing else is in the market."""
        strange: dict[str, Any] = {}
        for name, values in self.axes.items():
            own = getattr(self.position, name)
            if own not in values and name != "respond":
                strange[name] = values[0] if _worded(values) else min(values, key=lambda v: abs(v - own))
        return replace(self.position, **strange).without_events()

    def blind(self) -> Ground:
        """The same trials without events: axes that only news reads have one value, respond is 0."""
        axes = {
            name: values[:1] if name in self.position.NEWS else values
            for name, values in self.axes.items()
            if name != "respond"
        }
        return replace(self, position=self.position.without_events(), axes=axes)

    def blinded(self, codes: Codes) -> Codes:
        """Codes in `blind` of the twins of these trials."""
        kept = [a for a, name in enumerate(self.axes) if name != "respond"]
        deaf = [name in self.position.NEWS for name in self.axes if name != "respond"]
        return np.where(deaf, 0, codes[:, kept]).astype(np.int32)

    def codes(self, flat: IntArray) -> Codes:
        """(K, A) of the combinations with these numbers in the order of itertools.product."""
        codes = np.empty((flat.size, len(self.axes)), dtype=np.int32)
        rest = flat
        for a, values in reversed(list(enumerate(self.axes.values()))):
            rest, codes[:, a] = np.divmod(rest, len(values))
        return codes

    def walk(self, codes: Codes) -> Codes:
        """The same trials, those that may run side by side one after the other."""
        return codes[self.order(codes)]

    def order(self, codes: Codes) -> IntArray:
        """(K,) their places in the order of `walk`."""
        keys = self._apart(codes)
        return np.lexsort(keys[::-1]) if keys else np.arange(codes.shape[0])

    def runs(self, codes: Codes) -> Iterator[tuple[Position, slice]]:
        """(position of its first trial, its trials) of each stretch that shares decision rows, features and tape."""
        turns = np.zeros(codes.shape[0], dtype=bool)
        for key in self._apart(codes):
            turns[1:] |= key[1:] != key[:-1]
        firsts = [0, *np.flatnonzero(turns).tolist(), codes.shape[0]]
        for first, last in pairwise(firsts):
            if last > first:
                yield self.at(codes[first]), slice(first, last)

    def _apart(self, codes: Codes) -> list[npt.NDArray[Any]]:
        """(K,) keys in which trials side by side must agree."""
        keys: list[npt.NDArray[Any]] = []
        for a, (name, values) in enumerate(self.axes.items()):
            if name not in self.position.LEANING:
                keys.append(codes[:, a])
            elif name in self.position.SWITCHES:
                keys.append(np.array([v == 0 for v in values])[codes[:, a]])
        return keys

    def leaning(self, codes: Codes) -> dict[str, FloatArray]:
        """(K,) values of the parameters that trials side by side may differ in."""
        own = {p: np.full(codes.shape[0], float(getattr(self.position, p))) for p in self.position.LEANING}
        for a, (name, values) in enumerate(self.axes.items()):
            if name in own:
                own[name] = np.array(values, dtype=np.float64)[codes[:, a]]
        return own

    def tape(self, position: Position) -> Tape:
        """The market as the ledger of that position reads it."""
        barred = position.screened(self.market, self.events)
        return self._tapes.get(  # type: ignore[no-any-return]
            barred.tobytes(), lambda: self.terms.tape(self.market, self.events, barred)
        )

    def deck(self, position: Position, own: Mapping[str, FloatArray]) -> Deck:
        """The decisions of the trials with these leaning parameters, on market rows."""
        if not isinstance(position, Scheduled):
            targets = position.target_weights(self.market, self.events)
            return Fixed(targets.decided, own, targets.weights)
        key = (position.names, position.themes, position.respond > 0)
        book: FeatureBook = self._books.get(key, lambda: position.book(self.market, self.events))
        return position.deck(book, own)


def _worded(values: Sequence[Any]) -> bool:
    """Whether they are words or symbols, which have no order."""
    return not all(isinstance(v, int | float) for v in values)


def worded(position: Position, axes: Mapping[str, Sequence[Any]]) -> Iterator[Position]:
    """The position with every combination of words and symbols. Raises BadInputError for one that it refuses."""
    names = [name for name, values in axes.items() if _worded(values)]
    for values in product(*(axes[name] for name in names)):
        yield replace(position, **dict(zip(names, values, strict=True)))


def check_axes(position: Position, axes: Mapping[str, Sequence[Any]]) -> None:
    """BadInputError for an axis that the position lacks, that is empty, or whose value it refuses; of numbers the
    ends are tried, since what a position takes is a range."""
    for name, values in axes.items():
        if name not in position.parameters():
            raise BadInputError(
                f"{position.name} has no parameter {name}",
                "wanted one of its fields",
                did_you_mean(name, position.parameters()),
            )
        if not len(values):
            raise BadInputError(
                f"axis {name} is empty", "wanted at least one value", f"type --grid {name}=1,2"
            )
    for name, values in axes.items():
        for value in (
            () if _worded(values) else {min(values), max(values), *(v for v in values if math.isnan(v))}
        ):
            replace(position, **{name: value})
    for _ in worded(position, axes):
        pass
