"""One sentence on an event study, by the rules of `verdict.STUDY_RULES`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from positioning.analysis.multiplicity import LEVEL
from positioning.analysis.verdict import StudyGrade, Verdict, sentence, signed_percent


@final
@dataclass(frozen=True, slots=True)
class WindowEvidence:
    """What the leading test says of one window. days: `[0,10]`; caar: mean move in the expected direction; p, q: of the
    test and of all tests of the page together; apart, apart_p: of the observations that overlap no other, NaN where
    there are none; detectable: the smallest move that a test would see in 80 % of cases, NaN without an error."""

    days: str
    caar: float
    p: float
    q: float
    apart: float
    apart_p: float
    detectable: float

    @property
    def significant(self) -> bool:
        """Whether p and q are at or below the level."""
        return self.p <= LEVEL and self.q <= LEVEL

    @property
    def stands_apart(self) -> bool:
        """Whether the observations that overlap no other show the same, or all are such."""
        return math.isnan(self.apart_p) or (self.apart_p <= LEVEL and (self.apart > 0) == (self.caar > 0))


@final
@dataclass(frozen=True, slots=True)
class StudyEvidence:
    """What the rules read. observations: used; left_out: events; after: windows from day zero on; before: the window that
    ends before it, None where the study has none."""

    simulated: bool
    observations: int
    left_out: int
    after: Sequence[WindowEvidence]
    before: WindowEvidence | None


def study_verdict(e: StudyEvidence) -> Verdict:
    """The first rule of `STUDY_RULES` that holds. The window told is the one whose test sees most; its q allows for the
    choice."""
    windows = [w for w in e.after if math.isfinite(w.p)]
    count = f"{e.observations} observation{'s' if e.observations != 1 else ''}, {e.left_out} left out"
    if not windows:
        why = "no event could be used" if not e.observations else "too few for a test"
        return sentence(StudyGrade.NOTHING, e.simulated, [why, count])
    w = min(windows, key=lambda w: w.p)
    grade = _grade(w, e.before)
    chance = f"(p = {w.p:.3f}, q = {w.q:.3f} over all tests of the page)"
    moved = f"over days {w.days} prices moved {moved_words(w.caar)} {chance}"
    parts = [moved, _apart(w), _before(e.before), count]
    if grade is StudyGrade.NONE and math.isfinite(w.detectable):
        parts.insert(1, f"a test like this sees {100 * w.detectable:.1f} % or more in 80 % of cases")
    return sentence(grade, e.simulated, parts)


def moved_words(caar: float) -> str:
    """A mean move times the expected sign, as prose: below zero it went the other way."""
    if signed_percent(caar).startswith("-"):
        return f"{signed_percent(-caar)[1:]} against the expected direction"
    return f"{signed_percent(caar)} in the expected direction"


def _grade(w: WindowEvidence, before: WindowEvidence | None) -> StudyGrade:
    if w.p > LEVEL:
        return StudyGrade.NONE
    if not w.significant or not w.stands_apart:
        return StudyGrade.WEAK
    if w.caar < 0:
        return StudyGrade.AGAINST
    return StudyGrade.EARLY if before is not None and before.p <= LEVEL else StudyGrade.EFFECT


def _apart(w: WindowEvidence) -> str:
    if math.isnan(w.apart_p):
        return ""
    return f"{signed_percent(w.apart)} where no other event overlaps (p = {w.apart_p:.3f})"


def _before(before: WindowEvidence | None) -> str:
    if before is None or math.isnan(before.p):
        return ""
    return f"{signed_percent(before.caar)} over days {before.days} before it (p = {before.p:.3f})"
