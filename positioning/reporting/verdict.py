"""A verdict on a page: its sentence first, the rules of its scale folded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from positioning.analysis.verdict import Grade, SearchGrade, Verdict
from positioning.reporting.html import Html, join, tag


def spoken(verdict: Verdict) -> Html:
    """The sentence, coloured by its tone."""
    return tag("p", verdict.sentence, class_=f"verdict {verdict.tone}", role="note")


def spoken_again(kept: Mapping[str, Any] | None) -> Html:
    """The sentence of a kept run; a run kept before there were verdicts says so."""
    if kept is None:
        return tag("p", "Kept before verdicts were given: make the run again.", class_="verdict neutral")
    return tag("p", kept["sentence"], class_=f"verdict {kept['tone']}", role="note")


def rules(scale: Mapping[Grade, str] | Mapping[SearchGrade, str]) -> Html:
    """The scale, in the order in which its rules are asked."""
    items = (join(tag("dt", str(grade)), tag("dd", rule)) for grade, rule in scale.items())
    return tag(
        "details", tag("summary", "How the verdict is reached: the first of these that holds"),
        tag("dl", *items, class_="facts"),
    )  # fmt: skip
