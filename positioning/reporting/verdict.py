"""A verdict on a page: that of a kept run, and the rules of its scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from positioning.analysis.verdict import AnyGrade, Verdict, clauses


@final
@dataclass(frozen=True, slots=True)
class VerdictSentence:
    """A sentence and its tone, as a page shows them."""

    sentence: str
    tone: str

    @property
    def parts(self) -> list[str]:
        """What it says, one after another: what decided it comes first."""
        return clauses(self.sentence)


def kept_sentence(record: Mapping[str, Any] | None) -> VerdictSentence:
    """The sentence of a kept run; a run kept before there were verdicts says so."""
    if record is None:
        return VerdictSentence("Kept before verdicts were given: make the run again.", "neutral")
    return VerdictSentence(record["sentence"], record["tone"])


def in_short(verdicts: Mapping[str, Verdict]) -> str:
    """The whole sentence on one, by its name, or of several what decided each."""
    if len(verdicts) == 1:
        return " ".join(f"{name}: {v.sentence}" for name, v in verdicts.items())
    return " ".join(f"{name}: {v.parts[0]}." for name, v in verdicts.items())


def rules(scale: Mapping[Any, str]) -> tuple[tuple[str, str], ...]:
    """The scale, in the order in which its rules are asked."""
    grades: list[AnyGrade] = list(scale)
    return tuple((str(grade), scale[grade]) for grade in grades)
