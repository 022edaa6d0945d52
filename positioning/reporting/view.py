"""What templates are filled with: tables, charts and marked words, frozen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import final

TableRow = tuple[object, ...]  # texts, numbers and `Cell`s of one line of a table

MANY = 6  # columns from which a row is a card on a phone
DENSE = 13  # columns from which letters are smaller, so that none is cut off
SLIM = 3  # columns up to which a table need not be as wide as the page


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """Marked words of a table or a sentence.

    text: the words; element: `strong`, `code`, `div` or `span`; kind: classes of it; href: address where they are a
    link; depth: of the ground, per cent; chip: letter of a colour that stands before them; before, after: plain words
    around them.
    """

    text: object
    element: str = "span"
    kind: str = ""
    href: str = ""
    depth: int = 0
    chip: str = ""
    before: str = ""
    after: str = ""


@final
@dataclass(frozen=True, slots=True)
class Table:
    """rows: of texts, numbers or `Cell`s; words: columns of words, the rest are numbers; total: the last row adds up the
    others; tall: whether it scrolls in a box of its own; keys: by row and column what a heading sorts by, none where
    headings do not sort; marked: rows in bold."""

    caption: str
    heads: Sequence[object]
    rows: Sequence[Sequence[object]]
    words: Collection[int] = (0,)
    total: bool = False
    tall: bool = False
    keys: Sequence[Sequence[object]] = ()
    marked: Collection[int] = ()

    @property
    def shape(self) -> str:
        """Classes of the table."""
        shape = "slim" if len(self.heads) <= SLIM else "stacked" if len(self.heads) >= MANY else ""
        shape += " dense" if len(self.heads) >= DENSE else ""
        return f"{shape} sortable".strip() if self.keys else shape

    @property
    def labels(self) -> tuple[str, ...]:
        """Headings as plain words, for the cards of a phone."""
        return tuple(str(h.text) if isinstance(h, Cell) else str(h) for h in self.heads)


@final
@dataclass(frozen=True, slots=True)
class Chart:
    """A place for the figure of that name; words: what it shows; shape: class of its height."""

    name: str
    heading: str
    words: str
    shape: str = ""


@final
@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, what it is, and what it is to be held against, "" where there is none; kind: `bad` for one that
    must not be read alone."""

    value: str
    label: str
    beside: str = ""
    kind: str = ""


@final
@dataclass(frozen=True, slots=True)
class Spark:
    """A small drawing 200 wide and 40 high: points of its line as SVG has them, and what it shows."""

    points: str
    words: str
