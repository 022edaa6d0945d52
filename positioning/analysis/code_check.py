"""What a check found of a strategy's code, in one line, for those who read its numbers."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import final

from positioning.errors import printable, shortened

LONGEST_LINE = 400  # characters


@final
@dataclass(frozen=True, slots=True)
class CodeCheck:
    """wrong: whether something makes its numbers worthless; sentence: what was found; cuts: dates at which the future
    was replaced; see `strategy_check.StrategyCheck`."""

    wrong: bool
    sentence: str
    cuts: int


def words_of(check: CodeCheck | None, word: str) -> str:
    """The short form of a check, or that there was none of this code; word: what one types for the strategy."""
    if check is None:
        command = printable(shlex.quote(word))
        return f"Not checked: `check {command}` asks whether a decision of this code ever knew tomorrow."
    return shortened(
        printable(f"Checked, with {check.cuts} replaced futures: {check.sentence}"), LONGEST_LINE
    )
