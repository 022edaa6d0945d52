"""One sentence on an account, or on a search, by stated rules from a fixed scale.

The same words stand in the terminal, in JSON, in a kept run and on every page. The grade is the first rule that
holds, in the order of its scale (`Grade` of a run, `SearchGrade`, `StudyGrade`, `StressGrade`); the rest of the
sentence gives every figure that a rule read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final

from positioning.analysis.holding_coverage import HoldingCoverage
from positioning.analysis.kept_search import KeptSearch
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.multiplicity import LEVEL

CONFIDENCE = 0.95  # a deflated Sharpe below it is luck
APART = "; "  # between what a sentence says
OVERFITTED = 0.5  # probability of backtest overfitting from which the choice is no better than a coin


class Grade(StrEnum):
    """The scale of a run; see `RULES`."""

    RUINED = "Ruined"
    NOTHING = "Nothing to judge"
    NOT_HELD = "Not the strategy"
    NO_MONEY = "Made no money"
    UNTESTED = "Untested"
    NONE = "No evidence"
    WEAK = "Weak evidence"
    EVIDENCE = "Evidence"
    BEHIND = "Behind its benchmark"
    AHEAD = "Ahead of its benchmark"
    MADE = "Made money"


class SearchGrade(StrEnum):
    """The scale of a search; see `SEARCH_RULES`."""

    NOTHING = "Nothing to hold"
    OVERFITTED = "Overfitted"
    LUCK = "Luck"
    WEAK = "Weak evidence"
    EDGE = "Unfinished"
    UNTESTED = "Untested"
    HOLDS = "Holds up"


class StudyGrade(StrEnum):
    """The scale of an event study; see `STUDY_RULES`."""

    NOTHING = "Nothing to judge"
    NONE = "No effect seen"
    WEAK = "Weak evidence"
    AGAINST = "Moved against expectation"
    EARLY = "Moved before the news"
    EFFECT = "An effect"


class StressGrade(StrEnum):
    """The scale of a stress test; see `STRESS_RULES`."""

    NOT_HELD = "Not the strategy"
    RUIN = "Can be ruined"
    LOSES = "Expected to lose"
    UNDECIDED = "Undecided"
    FRAGILE = "Pays in some futures"
    PAYS = "Pays in every scenario"


RULES = {
    Grade.RUINED: "equity reached zero, at the mark of what is trapped",
    Grade.NOTHING: f"it never traded, or has fewer than {MIN_RETURNS} returns",
    Grade.NOT_HELD: "it held less than half of what the strategy wants, by names or by weight",
    Grade.NO_MONEY: "after costs it made nothing, or no more than its cash would have",
    Grade.UNTESTED: "it answers events and was not compared with shuffled event dates",
    Grade.NONE: f"shuffled event dates do as well in more than {100 * LEVEL:.0f} % of shuffles",
    Grade.WEAK: "true dates beat shuffled ones, but it trails its benchmark or itself without events, or a search kept "
    "here tried its parameters, which p does not count",
    Grade.EVIDENCE: "true dates beat shuffled ones, and after costs it beats its benchmark and itself without events",
    Grade.BEHIND: "it answers no events, and made no more than its benchmark",
    Grade.AHEAD: "it answers no events, and made more than its benchmark",
    Grade.MADE: "it answers no events, and has no benchmark",
}
SEARCH_RULES = {
    SearchGrade.NOTHING: "the trial on the plateau made no money or was ruined",
    SearchGrade.OVERFITTED: "winners of one half, or of the train rows of a cross-validation, fall below the "
    f"median on the other in {100 * OVERFITTED:.0f} % or more, or the walk-forward account earned nothing over cash, "
    "or less than the strategy without events (one that answers none: with its own parameters)",
    SearchGrade.LUCK: f"the best Sharpe is no higher than luck's, SPA's p is above {100 * LEVEL:.0f} %, or the best "
    f"trial's deflated Sharpe is below {100 * CONFIDENCE:.0f} %",
    SearchGrade.WEAK: "the trial on the plateau made no more than itself without events",
    SearchGrade.EDGE: "the trial on the plateau lies on the end of an axis, or has no neighbour",
    SearchGrade.UNTESTED: "neither a walk-forward nor a cross-validation was asked for",
    SearchGrade.HOLDS: "none of the above",
}
RECOMMENDING = frozenset({SearchGrade.UNTESTED, SearchGrade.HOLDS})
"""The grades under which the trial on the plateau is recommended; see `withheld`."""

STUDY_RULES = {
    StudyGrade.NOTHING: "no event could be used, or too few for the leading test",
    StudyGrade.NONE: f"in no window from day zero on is the leading test's p at or below {100 * LEVEL:.0f} %",
    StudyGrade.WEAK: "the test's p is, but not once all tests of the page are allowed for (q), or not on the "
    "observations that overlap no other",
    StudyGrade.AGAINST: "p and q are, and prices moved the other way than the record expects",
    StudyGrade.EARLY: "p and q are, and prices had moved before day zero as well: the news was expected, or its date is "
    "late",
    StudyGrade.EFFECT: "p and q are, with all observations and with those that overlap no other",
}
STRESS_RULES = {
    StressGrade.NOT_HELD: "fewer than half of the strategy's names have prices",
    StressGrade.RUIN: "some path under some scenario ends with nothing",
    StressGrade.LOSES: "weighted by the probabilities its mean return is below zero by more than two standard errors",
    StressGrade.UNDECIDED: "that mean lies within two standard errors of zero: more paths, or no answer",
    StressGrade.FRAGILE: "that mean is above zero, and that of some scenario is not",
    StressGrade.PAYS: "the mean of every scenario is above zero",
}

BAD = frozenset({
    Grade.RUINED, Grade.NOT_HELD, Grade.NO_MONEY, SearchGrade.NOTHING, SearchGrade.OVERFITTED, StudyGrade.AGAINST,
    StressGrade.NOT_HELD, StressGrade.RUIN, StressGrade.LOSES,
})  # fmt: skip
GOOD = frozenset({
    Grade.EVIDENCE, Grade.AHEAD, SearchGrade.HOLDS, StudyGrade.EFFECT, StressGrade.PAYS,
})  # fmt: skip
AnyGrade = Grade | SearchGrade | StudyGrade | StressGrade


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """grade: of the scale; sentence: with it, and with every figure that was read."""

    grade: AnyGrade
    sentence: str

    @property
    def tone(self) -> str:
        """bad, good or neutral."""
        return "bad" if self.grade in BAD else "good" if self.grade in GOOD else "neutral"

    @property
    def parts(self) -> list[str]:
        """What the sentence says, one after another: the grade with what decided it comes first."""
        return clauses(self.sentence)

    def to_json(self) -> dict[str, str]:
        """Grade, tone and sentence."""
        return {"grade": str(self.grade), "tone": self.tone, "sentence": self.sentence}


def clauses(sentence: str) -> list[str]:
    """What a verdict's sentence says, one after another."""
    return sentence.removesuffix(".").split(APART)


@final
@dataclass(frozen=True, slots=True)
class RunEvidence:
    """What the rules of a run read. Returns are fractions over the whole account, after costs.

    returns: their number; traded: whether it ever held anything; cash: what cash earned; answers_events: False for a
    strategy without events, whose rules ask nothing of them; without_events: made by itself without events, at the same
    average exposure where equal_exposure; kept_search: the searches of it that are
    kept, None where there is none; benchmark, beside: made by its benchmark, and by the account over the
    benchmark's rows, None where there is none; placebo_p, shuffles: None and 0 where dates were not shuffled.
    """

    simulated: bool
    ruined: bool
    traded: bool
    returns: int
    coverage: HoldingCoverage
    total_return: float
    cash: float
    answers_events: bool
    without_events: float
    equal_exposure: bool
    benchmark_name: str
    benchmark: float | None
    beside: float | None
    placebo_p: float | None
    shuffles: int
    kept_search: KeptSearch | None = None


def verdict(e: RunEvidence) -> Verdict:
    """The first rule of `RULES` that holds, and all that was read."""
    grade = _grade(e)
    if grade is Grade.RUINED:
        return sentence(
            grade, e.simulated, ["equity reached zero and the account was stopped", f"it {e.coverage.words}"]
        )
    if grade is Grade.NOTHING:
        why = (
            "it never traded"
            if not e.traded
            else f"{e.returns} return{'s' if e.returns != 1 else ''} are too few"
        )
        return sentence(grade, e.simulated, [why, f"it {e.coverage.words}"])
    parts = [f"it {e.coverage.words}", _events(e), _earnings(e)]
    if grade in (Grade.NO_MONEY, Grade.BEHIND, Grade.AHEAD, Grade.MADE):
        parts = [_earnings(e), f"it {e.coverage.words}", _events(e)]
    elif grade is not Grade.NOT_HELD:
        parts = [_events(e), _earnings(e), f"it {e.coverage.words}"]
    return sentence(grade, e.simulated, [*parts, *_chosen(e)])


def _chosen(e: RunEvidence) -> list[str]:
    """That a search may have chosen the parameters."""
    if e.kept_search is None:
        return []
    uncounted = "p does not count them" if e.answers_events and e.placebo_p is not None else ""
    return [e.kept_search.words, uncounted]


def _grade(e: RunEvidence) -> Grade:  # noqa: PLR0911 (a rule a line)
    if e.ruined:
        return Grade.RUINED
    if not e.traded or e.returns < MIN_RETURNS:
        return Grade.NOTHING
    if e.coverage.under_half:
        return Grade.NOT_HELD
    if e.total_return <= max(e.cash, 0.0):
        return Grade.NO_MONEY
    trails = e.benchmark is not None and e.beside is not None and e.beside <= e.benchmark
    if not e.answers_events:
        return Grade.MADE if e.benchmark is None else Grade.BEHIND if trails else Grade.AHEAD
    if e.placebo_p is None:
        return Grade.UNTESTED
    if e.placebo_p > LEVEL:
        return Grade.NONE
    chosen = e.kept_search is not None and e.kept_search.chosen
    return Grade.WEAK if trails or chosen or e.total_return <= e.without_events else Grade.EVIDENCE


def _events(e: RunEvidence) -> str:
    if not e.answers_events:
        return ""
    if e.placebo_p is None:
        return "its events were not tested against shuffled dates"
    outcome = "beat shuffled dates" if e.placebo_p <= LEVEL else "cannot be told from shuffled dates"
    return f"its events {outcome} (p = {e.placebo_p:.3f} of {e.shuffles:,})"


def _earnings(e: RunEvidence) -> str:
    others = []
    if e.benchmark is not None:
        others.append(f"{signed_percent(e.benchmark)} of {e.benchmark_name}")
    if e.answers_events:
        same = " at equal exposure" if e.equal_exposure else ""
        others.append(f"{signed_percent(e.without_events)} without events{same}")
    if e.cash > 0:
        others.append(f"{signed_percent(e.cash)} in cash")
    against = f" against {listed(others)}" if others else ""
    own = f"after costs it made {signed_percent(e.total_return)}"
    if e.beside is not None and e.benchmark is not None and abs(e.beside - e.total_return) > 5e-4:
        own += f" ({signed_percent(e.beside)} over its benchmark's dates)"
    return own + against


def sentence(grade: AnyGrade, simulated: bool, parts: list[str]) -> Verdict:
    """The verdict of that grade, with everything that was read; SIMULATED first where prices are."""
    clauses = APART.join(p for p in parts if p)
    where = "SIMULATED prices: " if simulated else ""
    return Verdict(grade, f"{where}{grade}: {clauses}.")


def listed(parts: list[str]) -> str:
    """Several as a text: the last one after `and`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def signed_percent(value: float) -> str:
    """A fraction as `+1.2 %`, never `-0.0 %`."""
    percent = round(100 * value, 1) + 0.0
    return f"{percent:+,.1f} %"
