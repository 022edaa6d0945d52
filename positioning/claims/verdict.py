"""Was the thesis right? A verdict on each claim, from a fixed scale, by rules that read numbers alone.

The first evidence of a claim decides; what stands beside it can only take a verdict back. What happened before the thesis
was published was seen by those who wrote it: it is shown, and decides nothing. The rules, the first that holds:

1. untestable      nothing listed stands for the claim; or it says itself why no price can answer it; or what decides
                   could not be measured, a test after publication and on MIN_RETURNS returns or MIN_EVENTS pieces of news
2. supported, contradicted   the deciding evidence is a fact (a published figure, a dated event) that agrees, or does not
3. supported       the deciding test points where the claim does, its false-discovery rate over all deciding tests of the
                   page is LEVEL at most, and no test beside it points the other way at LEVEL
4. contradicted    the same the other way round
5. not told from nothing     everything else
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, final

import numpy as np

from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.multiplicity import LEVEL, q_values
from positioning.claims.claim import FACTS, TESTS, Claim
from positioning.json_text import plain

MIN_EVENTS = 8

Part = Literal["before", "after", "whole"]
Form = Literal["percent", "number", "words"]


class Ruling(StrEnum):
    """The scale; see the module's rules."""

    SUPPORTED = "supported"
    NOT_TOLD = "not told from nothing"
    CONTRADICTED = "contradicted"
    UNTESTABLE = "untestable"


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """What one piece of evidence says of one part of time.

    place: which of the claim's evidence it answers; what: in words; estimate, low, high: with its 95 % interval,
    positive where the claim points; p: two-sided; smallest: the estimate that a test like this would have seen in 80
    % of cases; count: returns, pieces of news or values; holds: of a fact, None where it cannot be told yet; missing:
    why it could not be measured, "" where it could; note: what of the claim is not in it, "" where all is.
    """

    place: int
    kind: str
    what: str
    part: Part
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    count: int = 0
    smallest: float = math.nan
    form: Form = "percent"
    holds: bool | None = None
    missing: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields for JSON, undefined as None."""
        return {
            "kind": self.kind, "what": self.what, "part": self.part, "estimate": plain(self.estimate),
            "low": plain(self.low), "high": plain(self.high), "p": plain(self.p),
            "smallest_seen": plain(self.smallest), "count": self.count,
            "holds": self.holds, "missing": self.missing or None, "note": self.note or None,
        }  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class ClaimAnswer:
    """A claim, all findings on it, and the verdict with the rule's reason. q: of the deciding test, NaN where there is
    none."""

    claim: Claim
    findings: tuple[Finding, ...]
    ruling: Ruling
    why: str
    q: float = math.nan

    @property
    def deciding(self) -> Finding | None:
        """What decided, or would have; None where there is no evidence."""
        return _deciding(self.findings)

    def to_json(self) -> dict[str, Any]:
        """The claim, its findings and verdict for JSON."""
        c = self.claim
        return {
            "kind": c.kind, "claim": c.claim, "source": c.source, "stands_for": c.stands_for, "fit": c.fit,
            "verdict": str(self.ruling), "why": self.why, "q": plain(self.q),
            "findings": [f.to_json() for f in self.findings],
        }  # fmt: skip


def rule(claims: Sequence[Claim], findings: Sequence[Sequence[Finding]]) -> tuple[ClaimAnswer, ...]:
    """A verdict on every claim; findings: of each."""
    p = np.full(len(claims), np.nan)
    for n, (claim, own) in enumerate(zip(claims, findings, strict=True)):
        decides = _deciding(own)
        if decides is not None and _measured(decides) and not _excluded(claim):
            p[n] = decides.p
    rates = q_values(p)
    return tuple(
        _ruled(claim, tuple(own), float(q)) for claim, own, q in zip(claims, findings, rates, strict=True)
    )


def family(answers: Sequence[ClaimAnswer]) -> str:
    """What the false-discovery rates are over, in words."""
    tests = sum(math.isfinite(a.q) for a in answers)
    return f"all {tests} deciding tests of this page, one a claim, each after the thesis was published"


def _excluded(claim: Claim) -> str:
    if claim.untestable:
        return claim.untestable
    return "nothing that is listed stands for it" if claim.fit == "none" else ""


def _deciding(findings: Sequence[Finding]) -> Finding | None:
    first = [f for f in findings if f.place == 0]
    if first and first[0].kind in FACTS:
        return first[0]
    return next((f for f in first if f.part == "after"), None)


def _measured(f: Finding) -> bool:
    least = MIN_EVENTS if f.kind == "study" else MIN_RETURNS
    return f.kind in TESTS and not f.missing and math.isfinite(f.p) and f.count >= least


def _ruled(claim: Claim, findings: tuple[Finding, ...], q: float) -> ClaimAnswer:
    excluded, decides = _excluded(claim), _deciding(findings)
    if excluded or decides is None:
        return ClaimAnswer(claim, findings, Ruling.UNTESTABLE, excluded or "no evidence of it can decide")
    if decides.kind in FACTS:
        return _fact(claim, findings, decides)
    if not _measured(decides):
        unit, least = ("pieces of news", MIN_EVENTS) if decides.kind == "study" else ("returns", MIN_RETURNS)
        why = decides.missing or f"{decides.count} {unit} after publication, and {least} are wanted"
        return ClaimAnswer(claim, findings, Ruling.UNTESTABLE, why)
    return _tested(claim, findings, decides, q)


def _tested(claim: Claim, findings: tuple[Finding, ...], decides: Finding, q: float) -> ClaimAnswer:
    note = f"; {decides.note}" if decides.note else ""
    if not q <= LEVEL:
        alone = f"p {decides.p:.3f} after publication is not rare among all deciding tests of this page"
        why = alone if decides.p <= LEVEL else "after publication chance does as well"
        if math.isfinite(decides.smallest):
            why += f"; {100 * decides.smallest:.0f} % or more would have been seen in four cases of five"
        return ClaimAnswer(claim, findings, Ruling.NOT_TOLD, why + note, q)
    way = 1.0 if decides.estimate > 0 else -1.0
    beside = (f for f in findings if f.part == "after" and f.place > 0 and _measured(f) and f.p <= LEVEL)
    against = next((f for f in beside if way * f.estimate < 0), None)
    if against is not None:
        return ClaimAnswer(claim, findings, Ruling.NOT_TOLD, f"{against.what} points the other way", q)
    if way > 0:
        why = f"after publication as it says, beyond chance{note}"
        return ClaimAnswer(claim, findings, Ruling.SUPPORTED, why, q)
    why = f"after publication against it, beyond chance{note}"
    return ClaimAnswer(claim, findings, Ruling.CONTRADICTED, why, q)


def _fact(claim: Claim, findings: tuple[Finding, ...], decides: Finding) -> ClaimAnswer:
    if decides.missing or decides.holds is None:
        return ClaimAnswer(claim, findings, Ruling.UNTESTABLE, decides.missing or "it cannot be told yet")
    ruling = Ruling.SUPPORTED if decides.holds else Ruling.CONTRADICTED
    return ClaimAnswer(claim, findings, ruling, decides.what)
