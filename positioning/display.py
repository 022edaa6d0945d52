"""What a value shows of itself: a few lines at a prompt; in a notebook a table and a small picture, all escaped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, final

import numpy as np

from positioning.arrays import FloatArray

MAX_ROWS = 8  # of a table in a notebook; the rest is counted
POINTS = 160  # of a picture


@final
@dataclass(frozen=True, slots=True)
class Picture:
    """What a notebook shows: facts by name, a table (its heads and rows of text) and a curve, each optional."""

    facts: Mapping[str, str]
    heads: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()
    curve: FloatArray | None = None


class Displayable(ABC):
    """A value with a short `repr` and a rich display in a notebook, both made of its `picture`."""

    __slots__ = ()

    @abstractmethod
    def picture(self) -> Picture:
        """What there is to show, nothing of it computed at length."""

    def __repr__(self) -> str:
        facts = self.picture().facts
        width = max((len(name) for name in facts), default=0)
        return "\n".join(
            [type(self).__name__, *(f"  {name:<{width}}  {value}" for name, value in facts.items())]
        )

    def _repr_html_(self) -> str:
        picture = self.picture()
        facts = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in picture.facts.items()
        )
        return (
            f"<div><b>{escape(type(self).__name__)}</b>{sparkline(picture.curve)}"
            f"<table>{facts}</table>{_table(picture.heads, picture.rows)}</div>"
        )


def shown_by(room: str, name: str) -> Any:
    """A function of a room above the one of the value that it shows. It is looked up by its name when a person asks to
    see the value, so that no floor needs the one above it to work."""
    return getattr(import_module(f"positioning.{room}"), name)


def sparkline(values: FloatArray | None) -> str:
    """A curve as SVG, at most POINTS of its finite values; nothing for fewer than two."""
    finite = np.zeros(0) if values is None else values[np.isfinite(values)]
    if finite.size < 2:
        return ""
    some = finite[np.unique(np.linspace(0, finite.size - 1, min(POINTS, finite.size)).astype(int))]
    low, spread = float(some.min()), float(np.ptp(some)) or 1.0
    points = " ".join(
        f"{240 * k / (some.size - 1):.1f},{44 - 40 * (float(v) - low) / spread:.1f}"
        for k, v in enumerate(some)
    )
    return (
        '<svg width="240" height="48" role="img" style="display:block">'
        f'<polyline points="{points}" fill="none" stroke="#14507a" stroke-width="1.5"/></svg>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not heads:
        return ""
    head = "".join(f"<th>{escape(h)}</th>" for h in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows[:MAX_ROWS]
    )
    more = f"<p>and {len(rows) - MAX_ROWS:,} more</p>" if len(rows) > MAX_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
