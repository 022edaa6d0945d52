"""Axes of a search from the words of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, get_type_hints

from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    from positioning.portfolio.position import Position

MOST_VALUES = 1_000_000  # of one axis
MOST_TRIALS = 3_000_000  # held at once: some 300 bytes each
A_SECOND = 30_000  # trials, of a position of five names on two cores


def axes_of(position: Position, words: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """NAME=1,2,3 or NAME=FIRST:LAST:STEP, the last value included where the steps meet it; sets of symbols are
    written A+B,C+D. Numbers come back in ascending order. Raises BadInputError."""
    axes: dict[str, tuple[Any, ...]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise BadInputError(
                f"--grid {word}", "wanted NAME=VALUES", "type --grid half_life=5,10,20 or half_life=5:50:5"
            )
        if name in axes:
            raise BadInputError(f"--grid {name} twice", "wanted each axis once", "put all its values in one")
        axes[name] = _values(position, name, text)
    if not axes:
        raise BadInputError("no axis", "wanted one or more", "type --grid half_life=5,10,20")
    return axes


def _values(position: Position, name: str, text: str) -> tuple[Any, ...]:
    if name not in position.parameters():
        raise BadInputError(
            f"{position.name} has no parameter {name}",
            "wanted one of its fields",
            did_you_mean(name, position.parameters()),
        )
    hint = get_type_hints(type(position))[name]
    number = hint in (int, float)
    parts = _range(name, text) if number and ":" in text else [p.strip() for p in text.split(",")]
    parts = [p for p in parts if p]
    if not parts:
        raise BadInputError(
            f"axis {name} is empty", "wanted at least one value", f"type --grid {name}=A,B or {name}=1:9:2"
        )
    symbols = not number and hint is not str
    made = [
        getattr(position.configured({name: p.replace("+", ",") if symbols else p}), name)
        for p in dict.fromkeys(parts)
    ]
    return tuple(sorted(set(made))) if number else tuple(dict.fromkeys(made))


def _range(name: str, text: str) -> list[str]:
    pieces = text.split(":")
    try:
        first, last, step = (Decimal(p.strip()) for p in pieces)
        finite = all(v.is_finite() for v in (first, last, step))
    except (InvalidOperation, ValueError):
        finite = False
    if not finite:
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
    return [format(first + step * n, "f") for n in range(count)]


def require_few(count: int) -> None:
    """BadInputError for more than MOST_TRIALS: how many, how long, and the way out."""
    if count > MOST_TRIALS:
        raise BadInputError(
            f"{count:,} combinations would take about {_long(count / A_SECOND)} and {count * 300 / 1e9:,.0f} GB",
            f"wanted at most {MOST_TRIALS:,}",
            "type --random 100000 to try that many of them, or widen the steps",
        )


def _long(seconds: float) -> str:
    for unit, size in (("years", 31_557_600), ("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} seconds"
