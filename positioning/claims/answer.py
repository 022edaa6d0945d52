"""Every claim of a thesis, answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from positioning.claims.claim import Claim, read_claims
from positioning.claims.measure import Measurements
from positioning.claims.verdict import ClaimAnswer, Ruling, family, rule
from positioning.display import Displayable, Picture
from positioning.events.silence import Silence, silence
from positioning.events.thesis import Thesis
from positioning.runs.backtest import RunSettings
from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True, eq=False, repr=False)
class ClaimAnswers(Displayable):
    """The claims of a thesis with their verdicts, in the order of its file. snapshot: of the prices of each account that
    was made, by strategy; silence: that the record ends before the prices, None where it does not."""

    thesis: Thesis
    answers: tuple[ClaimAnswer, ...]
    source: str
    simulated: bool
    snapshots: Mapping[str, str]
    silence: Silence | None

    @property
    def family(self) -> str:
        """What the rates of false discovery are over, in words."""
        return family(self.answers)

    def counted(self) -> dict[str, int]:
        """How many claims have each verdict of the scale."""
        return {str(r): sum(a.ruling is r for a in self.answers) for r in Ruling}

    def to_json(self) -> dict[str, Any]:
        """Everything by the id of the claim; undefined is None."""
        return {
            "data": self.source, "simulated": self.simulated, "thesis": self.thesis.name,
            "published": str(self.thesis.published), "record": None if self.silence is None else self.silence.to_json(),
            "snapshot": dict(self.snapshots), "family": self.family, "verdicts": self.counted(),
            "claims": {a.claim.id: a.to_json() for a in self.answers},
        }  # fmt: skip

    def picture(self) -> Picture:
        """The counts of the scale, and a row a claim."""
        facts = {"thesis": self.thesis.title, **{k: str(v) for k, v in self.counted().items()}}
        if self.simulated:
            facts["prices"] = "SIMULATED: a demonstration, not evidence"
        rows = [(a.claim.id, a.claim.claim, str(a.ruling)) for a in self.answers]
        return Picture(facts, ("id", "claim", "verdict"), rows)


def answer_claims(
    strategies: Sequence[Strategy],
    settings: RunSettings,
    claims: Sequence[Claim] | None = None,
    paths: int = 1_000,
    advance: Callable[[], None] = lambda: None,
) -> ClaimAnswers:
    """The claims of the settings' thesis (or those given), measured on its source and judged by the rules of
    `claims.verdict`.

    strategies: those that the claims name; one that is missing leaves its evidence unmeasured. paths: of each stress
    test. `advance` is called after each claim. Raises BadInputError as `read_claims` does.
    """
    stated_claims = read_claims(settings.thesis) if claims is None else tuple(claims)
    measurements = Measurements({s.name: s for s in strategies}, settings, paths)
    findings = []
    for claim in stated_claims:
        findings.append(measurements.findings(claim.evidence))
        advance()
    last = max((r.result.rows[-1] for r in measurements.reports.values()), default=None)
    themes = tuple(dict.fromkeys(t for s in strategies for t in s.themes))
    return ClaimAnswers(
        settings.thesis,
        rule(stated_claims, findings),
        settings.source.label,
        measurements.simulated,
        {name: r.result.market.snapshot for name, r in measurements.reports.items()},
        None if last is None or not themes else silence(settings.thesis, themes, last),
    )
