"""Cells as people's programs write them: which are empty, and what is said of a column that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

EMPTY = frozenset(("", "nan", "na", "n/a", "#n/a", "#na", "null", "none", "-", "--", "—", "–", "."))


class ColumnError(Exception):
    """A column that cannot be read, which the reader tells with its file. at: index of the first such cell; more: how
    many others."""

    def __init__(self, seen: str, wanted: str, remedy: str, at: int = -1) -> None:
        super().__init__(seen)
        self.seen, self.wanted, self.remedy, self.at = seen, wanted, remedy, at


def more_cells(bad: Sequence[int]) -> str:
    """How many others there are, in words."""
    return f" (and {len(bad) - 1} more such cells)" if len(bad) > 1 else ""
