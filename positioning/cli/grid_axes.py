"""Axes of a search from the words of the command line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, final

from positioning.errors import BadInputError, did_you_mean
from positioning.search.sampling import require_few

if TYPE_CHECKING:
    from positioning.strategy.strategy import Strategy

MOST_VALUES = 1_000_000  # of one axis
SMALLEST, LARGEST = Decimal("1e-12"), Decimal("1e12")  # of numbers in a range


def axes_of(strategy: Strategy, words: Sequence[str], most: int | None = None) -> dict[str, tuple[Any, ...]]:
    """NAME=1,2,3 or NAME=FIRST:LAST:STEP, the last value included where the steps meet it; sets of symbols are
    written A+B,C+D. Numbers come back in ascending order. most: combinations there may be. Raises BadInputError."""
    texts: dict[str, Sequence[str] | Range] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise BadInputError(
                f"--grid {word}", "wanted NAME=VALUES", "type --grid half_life=5,10,20 or half_life=5:50:5"
            )
        if name in texts:
            raise BadInputError(f"--grid {name} twice", "wanted each axis once", "put all its values in one")
        texts[name] = _texts(strategy, name, text)
    if not texts:
        raise BadInputError("no axis", "wanted one or more", "type --grid half_life=5,10,20")
    if most is not None:
        require_few(math.prod(len(t) for t in texts.values()), most)
    return {name: _values(strategy, name, parts) for name, parts in texts.items()}


@final
@dataclass(frozen=True)
class Range:
    """An axis written FIRST:LAST:STEP."""

    first: Decimal
    step: Decimal
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        return (format(self.first + self.step * n, "f") for n in range(self.count))


def _texts(strategy: Strategy, name: str, text: str) -> Sequence[str] | Range:
    if name not in strategy.parameters():
        raise BadInputError(
            f"{strategy.name} has no parameter {name}",
            "wanted one of its fields",
            did_you_mean(name, strategy.parameters()),
        )
    if strategy.kind_of(name) in (int, float) and ":" in text:
        return _range(name, text)
    parts = tuple(dict.fromkeys(p.strip() for p in text.split(",") if p.strip()))
    if not parts:
        raise BadInputError(
            f"axis {name} is empty", "wanted at least one value", f"type --grid {name}=A,B or {name}=1:9:2"
        )
    return parts


def _values(strategy: Strategy, name: str, parts: Sequence[str] | Range) -> tuple[Any, ...]:
    symbols = strategy.kind_of(name) not in (int, float, str)
    made = [strategy.parsed(name, p.replace("+", ",") if symbols else p) for p in parts]
    if strategy.kind_of(name) in (int, float):
        for value in {min(made), max(made), *(v for v in made if not math.isfinite(v))}:
            replace(strategy, **{name: value})  # refuses what is out of range; ranges have two ends
        return tuple(sorted(set(made)))
    return tuple(dict.fromkeys(made))


def _range(name: str, text: str) -> Range:
    pieces = text.split(":")
    try:
        first, last, step = (Decimal(p.strip()) for p in pieces)
        usual = all(v == 0 or SMALLEST <= abs(v) <= LARGEST for v in (first, last, step))
    except (ArithmeticError, ValueError):
        usual = False
    if not usual:
        raise BadInputError(f"--grid {name}={text}", "wanted FIRST:LAST:STEP", f"type --grid {name}=0:1:0.1")
    if step == 0 or (last - first) * step < 0:
        way = "zero" if step == 0 else "of the wrong sign"
        raise BadInputError(
            f"--grid {name}={text} has a step that is {way}",
            f"wanted one that leads from {first} to {last}",
            f"type --grid {name}={first}:{last}:{abs(step) or 1 if last >= first else -abs(step) or -1}",
        )
    count = int((last - first) / step) + 1
    if count > MOST_VALUES:
        raise BadInputError(
            f"axis {name} has {count:,} values", f"wanted at most {MOST_VALUES:,}", "widen its step"
        )
    return Range(first, step, count)
