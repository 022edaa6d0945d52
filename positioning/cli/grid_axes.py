"""Axes of a search from the words of the command line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, final

from positioning.errors import BadInputError, did_you_mean
from positioning.search.sampling import require_few

if TYPE_CHECKING:
    from positioning.strategy.strategy import Strategy

MOST_VALUES = 1_000_000  # of one axis
STEPS = 7  # of a range that a refusal proposes
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
    return {name: _checked_values(strategy, name, parts) for name, parts in texts.items()}


def _checked_values(strategy: Strategy, name: str, parts: Sequence[str] | Range) -> tuple[Any, ...]:
    """As `_values`, refusing in the words of this option."""
    try:
        return _values(strategy, name, parts)
    except BadInputError as error:
        if error.parameter.rpartition(".")[2] != name:
            raise
        raise in_grid_words(error, strategy, name) from None


def in_grid_words(error: BadInputError, strategy: Strategy, name: str) -> BadInputError:
    """What is wrong with a value of an axis, which was not typed with --set."""
    value = error.seen.partition("=")[2]
    number = strategy.kind_of(name) in (int, float)
    ways = ", as a list (5,10,20) or a range (FIRST:LAST:STEP)" if number else ""
    return BadInputError(
        f"--grid {name}: {value}",
        f"{error.wanted}{ways}",
        f"type --grid {name}={example(strategy, name, value)}",
    )


def example(strategy: Strategy, name: str, text: str = "") -> str:
    """An axis that can be typed: the two numbers of the text as ends of a range where they are such, else values about
    the strategy's own."""
    own, kind = getattr(strategy, name), strategy.kind_of(name)
    if kind not in (int, float):
        return "+".join(own) if isinstance(own, tuple) else str(own)
    ends = [kind(float(n)) for n in re.findall(r"(?<![\d.])\d+(?:\.\d+)?", text)]
    if len(ends) == 2 and ends[0] < ends[1] and all(_accepts(strategy, name, end) for end in ends):
        step = (ends[1] - ends[0]) / STEPS
        step = max(1, round(step)) if kind is int or min(ends[1], step) >= 1 else float(f"{step:.1g}")
        return f"{ends[0]:g}:{ends[1]:g}:{step:g}"
    near = [value for value in (kind(own / 2), own, kind(2 * own)) if _accepts(strategy, name, value)]
    return ",".join(f"{value:g}" for value in dict.fromkeys(near)) or f"{own:g}"


def _accepts(strategy: Strategy, name: str, value: float) -> bool:
    try:
        replace(strategy, **{name: value})
    except BadInputError:
        return False
    return True


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
        return _range(strategy, name, text)
    parts = tuple(dict.fromkeys(p.strip() for p in text.split(",") if p.strip()))
    if not parts:
        raise BadInputError(
            f"axis {name} is empty",
            "wanted at least one value",
            f"type --grid {name}={example(strategy, name)}",
        )
    return parts


def _values(strategy: Strategy, name: str, parts: Sequence[str] | Range) -> tuple[Any, ...]:
    symbols = strategy.kind_of(name) not in (int, float, str)
    values = [strategy.parsed(name, p.replace("+", ",") if symbols else p) for p in parts]
    if strategy.kind_of(name) in (int, float):
        for value in {min(values), max(values), *(v for v in values if not math.isfinite(v))}:
            replace(strategy, **{name: value})  # refuses what is out of range; ranges have two ends
        return tuple(sorted(set(values)))
    return tuple(dict.fromkeys(values))


def _range(strategy: Strategy, name: str, text: str) -> Range:
    pieces = text.split(":")
    try:
        first, last, step = (Decimal(p.strip()) for p in pieces)
        usual = all(v == 0 or SMALLEST <= abs(v) <= LARGEST for v in (first, last, step))
    except (ArithmeticError, ValueError):
        usual = False
    if not usual:
        raise BadInputError(
            f"--grid {name}={text}",
            "wanted FIRST:LAST:STEP",
            f"type --grid {name}={example(strategy, name, text)}",
        )
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
