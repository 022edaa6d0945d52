"""One sentence on a stress test of a strategy, by the rules of `verdict.STRESS_RULES`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.analysis.holding_coverage import HALF
from positioning.analysis.verdict import StressGrade, Verdict, sentence, signed_percent
from positioning.plurals import counted

ERRORS = 2.0  # standard errors of the mean within which it is not told from zero


@final
@dataclass(frozen=True, slots=True)
class StressEvidence:
    """What the rules read; returns over the horizon after costs, fractions. mean, error, shortfall: weighted by the
    probabilities, the standard error from the number of paths alone; priced: names of the `of` that the strategy wants
    which have prices; scenarios: mean by scenario; ruin: the largest
    probability of an end with nothing; rows: the horizon; drift: whether the past's mean returns were kept."""

    simulated: bool
    priced: int
    of: int
    mean: float
    error: float
    shortfall: float
    scenarios: tuple[tuple[str, float], ...]
    ruin: float
    rows: int
    drift: bool


def stress_verdict(e: StressEvidence) -> Verdict:
    """The first rule of `STRESS_RULES` that holds, and all that was read."""
    worst, low = min(e.scenarios, key=lambda s: s[1])
    best, high = max(e.scenarios, key=lambda s: s[1])
    grade = _grade(e, low)
    outcome = (
        f"weighted by the probabilities it makes {signed_percent(e.mean)} over {e.rows} rows"
        f"{'' if e.drift else ', the mean returns of the past taken out'}"
    )
    names = f"there are prices for {e.priced} of its {counted(e.of, 'name')}"
    parts = [
        outcome,
        f"{signed_percent(e.shortfall)} in the worst twentieth of paths",
        f"worst under {worst}, {signed_percent(low)} on average"
        + (f", best under {best}, {signed_percent(high)}" if len(e.scenarios) > 1 else ""),
        f"ruined in up to {100 * e.ruin:.1f} % of the paths of a scenario" if e.ruin > 0 else "",
    ]
    if grade is StressGrade.RUIN:
        parts = [parts[-1], *parts[:-1]]
    parts = [names, *parts] if grade is StressGrade.NOT_HELD else [*parts, names]
    return sentence(grade, e.simulated, parts)


def _grade(e: StressEvidence, low: float) -> StressGrade:
    if e.priced < HALF * e.of:
        return StressGrade.NOT_HELD
    if e.ruin > 0:
        return StressGrade.RUIN
    if e.mean < -ERRORS * e.error:
        return StressGrade.LOSES
    if e.mean <= ERRORS * e.error:
        return StressGrade.UNDECIDED
    return StressGrade.PAYS if low > 0 else StressGrade.FRAGILE
