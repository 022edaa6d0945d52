"""Each rule of an event study's and a stress test's verdict is fed its cases."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from positioning.analysis.stress_verdict import StressEvidence, stress_verdict
from positioning.analysis.study_verdict import StudyEvidence, WindowEvidence, study_verdict
from positioning.analysis.verdict import STRESS_RULES, STUDY_RULES, StressGrade, StudyGrade

SEEN = WindowEvidence("[0,1]", 0.02, 0.001, 0.01, 0.018, 0.004, 0.012)
QUIET = WindowEvidence("[-5,-1]", 0.001, 0.6, 0.7, 0.001, 0.8, 0.01)
STUDY = StudyEvidence(False, 40, 5, (SEEN,), QUIET)
STUDIES = {
    "effect planted": (STUDY, StudyGrade.EFFECT, "moved +2.0 % in the expected direction (p = 0.001, q = 0.010"),
    "nothing there": (replace(STUDY, after=(replace(SEEN, p=0.3, q=0.9, caar=0.004),)), StudyGrade.NONE,
                      "a test like this sees 1.2 % or more in 80 % of cases"),
    "at the level": (replace(STUDY, after=(replace(SEEN, p=0.05, q=0.05),)), StudyGrade.EFFECT, "p = 0.050"),
    "one of many tests": (replace(STUDY, after=(replace(SEEN, p=0.04, q=0.4),)), StudyGrade.WEAK, "q = 0.400"),
    "only where windows overlap": (replace(STUDY, after=(replace(SEEN, apart_p=0.3),)), StudyGrade.WEAK,
                                   "where no other event overlaps (p = 0.300)"),
    "the other way alone": (replace(STUDY, after=(replace(SEEN, apart=-0.018),)), StudyGrade.WEAK, "-1.8 %"),
    "none overlaps": (replace(STUDY, after=(replace(SEEN, apart=math.nan, apart_p=math.nan),)), StudyGrade.EFFECT, ""),
    "against": (replace(STUDY, after=(replace(SEEN, caar=-0.02, apart=-0.02),)), StudyGrade.AGAINST,
                "prices moved 2.0 % against the expected direction (p"),
    "next to nothing": (replace(STUDY, after=(replace(SEEN, caar=-0.0002, p=0.9),)), StudyGrade.NONE,
                        "moved +0.0 % in the expected direction"),
    "leaked": (replace(STUDY, before=replace(QUIET, p=0.01)), StudyGrade.EARLY, "days [-5,-1] before it (p = 0.010)"),
    "no days before": (replace(STUDY, before=None), StudyGrade.EFFECT, "40 observations, 5 left out"),
    "the clearest window": (replace(STUDY, after=(replace(SEEN, p=0.9, q=0.9), replace(SEEN, days="[0,10]"))),
                            StudyGrade.EFFECT, "over days [0,10]"),
    "one observation": (StudyEvidence(False, 1, 0, (replace(SEEN, p=math.nan),), None), StudyGrade.NOTHING,
                        "too few for a test; 1 observation, 0 left out"),
    "no event": (StudyEvidence(True, 0, 45, (), None), StudyGrade.NOTHING, "no event could be used"),
}  # fmt: skip

STRESS = StressEvidence(False, 4, 4, 0.03, 0.004, -0.15, (("calm", 0.05), ("war", 0.01)), 0.0, 252, False)
STRESSES = {
    "pays": (STRESS, StressGrade.PAYS, "it makes +3.0 % over 252 rows, the mean returns of the past taken out"),
    "fragile": (replace(STRESS, scenarios=(("calm", 0.05), ("war", -0.2))), StressGrade.FRAGILE,
                "worst under war, -20.0 % on average, best under calm, +5.0 %"),
    "zero is no gain": (replace(STRESS, scenarios=(("calm", 0.05), ("war", 0.0))), StressGrade.FRAGILE, ""),
    "too few paths": (replace(STRESS, error=0.02), StressGrade.UNDECIDED, "-15.0 % in the worst twentieth of paths"),
    "cash": (StressEvidence(False, 4, 4, 0.0, 0.0, 0.0, (("all", 0.0),), 0.0, 20, True), StressGrade.UNDECIDED,
             "worst under all, +0.0 % on average"),
    "loses": (replace(STRESS, mean=-0.03), StressGrade.LOSES, "-3.0 %"),
    "3 of 12 names": (replace(STRESS, priced=3, of=12), StressGrade.NOT_HELD,
                      "Not the strategy: there are prices for 3 of its 12 names; weighted by"),
    "half of its names": (replace(STRESS, priced=6, of=12), StressGrade.PAYS,
                          "; there are prices for 6 of its 12 names."),
    "ruined": (replace(STRESS, ruin=0.002), StressGrade.RUIN, "Can be ruined: ruined in up to 0.2 % of the paths"),
}  # fmt: skip


@pytest.mark.parametrize("case", STUDIES)
def test_each_rule_of_a_study(case: str) -> None:
    evidence, grade, words = STUDIES[case]
    said = study_verdict(evidence)
    assert said.grade is grade
    assert words in said.sentence
    assert said.sentence.startswith("SIMULATED prices: " if evidence.simulated else str(grade))


@pytest.mark.parametrize("case", STRESSES)
def test_each_rule_of_a_stress_test(case: str) -> None:
    evidence, grade, words = STRESSES[case]
    said = stress_verdict(evidence)
    assert said.grade is grade
    assert words in said.sentence


def test_every_grade_has_its_rule_and_its_case() -> None:
    pairs: list[tuple[Any, Any, Any]] = [
        (StudyGrade, STUDY_RULES, STUDIES), (StressGrade, STRESS_RULES, STRESSES),
    ]  # fmt: skip
    for scale, rules, cases in pairs:
        assert list(rules) == list(scale)
        assert {grade for _, grade, _ in cases.values()} == set(scale)
