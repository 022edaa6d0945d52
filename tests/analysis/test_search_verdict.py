"""Each rule of a search's verdict is fed its cases; the words, and what is recommended, are the same everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backtests.grid_search import app as grid_app
from positioning.analysis.search_verdict import SearchEvidence, search_verdict, withheld
from positioning.analysis.verdict import RECOMMENDING, SEARCH_RULES, SearchGrade, clauses
from positioning.runs.answers import read_answers
from tests.analysis.spoken import LEGS, folder_of, plain, planted, said

SILENT = '''"""Potash producers, bought and kept."""
from dataclasses import dataclass
from typing import ClassVar

from positioning import Basket


@dataclass(frozen=True)
class Silent(Basket):
    """Potash producers, bought and kept, without a sleeve of events."""

    name: ClassVar[str] = "silent"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("NTR", "MOS")
'''

FOUND = SearchEvidence(
    simulated=False, answers_events=True, trials=500, effective=4.0, total_return=0.4, blind_return=0.3, edges=(),
    closed=(), neighbours=4, best=1.4, luck=0.5, deflated=0.97, overfitting=0.1,
    spa_p=0.01, walk_forward=0.9, without_events=0.4, splits=0, below_median=None, paths=None,
)  # fmt: skip
SEARCHES = {
    "effect planted": ({}, SearchGrade.HOLDS, "walked forward it had Sharpe 0.90, without events 0.40"),
    "loses": ({"total_return": -0.02, "blind_return": -0.1}, SearchGrade.NOTHING, "made -2.0 %, so none is recommended"),
    "ruined": ({"total_return": -1.0}, SearchGrade.NOTHING, "plateau was ruined, so none is recommended"),
    "overfitted": ({"overfitting": 0.69}, SearchGrade.OVERFITTED, "fell below the median on the other in 69 %"),
    "as a coin": ({"overfitting": 0.5}, SearchGrade.OVERFITTED, "in 50 %"),
    "walks to nothing": ({"walk_forward": -0.001}, SearchGrade.OVERFITTED, "Sharpe 0.00, without events 0.40"),
    "walks behind": ({"walk_forward": 0.3}, SearchGrade.OVERFITTED, "Sharpe 0.30, without events 0.40"),
    "walks to ruin": ({"walk_forward": float("nan")}, SearchGrade.OVERFITTED, "Sharpe undefined"),
    "luck": ({"luck": 1.5}, SearchGrade.LUCK, "has Sharpe 1.40 where luck alone gives 1.50"),
    "no gain": ({"spa_p": 0.8}, SearchGrade.LUCK, "p = 0.800 (SPA)"),
    "deflated": ({"deflated": 0.6}, SearchGrade.LUCK, "(deflated Sharpe 60 %)"),
    "edge": ({"edges": ("half_life",)}, SearchGrade.EDGE, "lies at the end of half_life"),
    "not walked": ({"walk_forward": None, "without_events": None}, SearchGrade.UNTESTED, "it was not walked forward"),
    "trails itself": ({"blind_return": 0.5}, SearchGrade.WEAK, "+40.0 % and +50.0 % without events, so none is"),
    "is itself": ({"blind_return": 0.4}, SearchGrade.WEAK, "made +40.0 % and +40.0 % without events"),
    "without events": ({"answers_events": False, "blind_return": None}, SearchGrade.HOLDS, "its own parameters 0.40"),
    "edge of all": ({"edges": ("exposure",), "closed": ("exposure",)}, SearchGrade.EDGE, "takes no value beyond"),
    "alone": ({"neighbours": 0}, SearchGrade.EDGE, "has no neighbour that was tried, so none is recommended"),
    "purged": ({"walk_forward": None, "splits": 45, "below_median": 0.3, "paths": 0.7}, SearchGrade.HOLDS,
               "in 30 % of 45 splits"),
    "paths": ({"splits": 45, "below_median": 0.3, "paths": 0.7}, SearchGrade.HOLDS,
              "the paths of a cross-validation had Sharpe 0.70 at the median"),
    "purged away": ({"splits": 45, "below_median": 0.6, "paths": 0.1}, SearchGrade.OVERFITTED,
                    "in 60 % of 45 splits, so none is recommended; "),
    "overfitted twice": ({"walk_forward": 0.3, "overfitting": 0.69}, SearchGrade.OVERFITTED,
                         "without events 0.40, so none is recommended; winners of one half fell below"),
    "nearly one": ({"effective": 1.0, "luck": 0.0}, SearchGrade.HOLDS, "the trials are so alike that they are worth 1.0"),
    "few trials": ({"overfitting": None, "spa_p": None, "deflated": None}, SearchGrade.HOLDS, "0.90"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEARCHES)
def test_each_rule_of_a_search(case: str) -> None:
    changed, grade, words = SEARCHES[case]
    found = search_verdict(replace(FOUND, **changed))
    assert found.grade is grade
    assert words in found.sentence
    assert found.sentence.startswith(f"{grade}: ")
    assert f"{'; '.join(found.parts)}." == found.sentence
    assert ("so none is recommended" in found.parts[0]) == (grade not in RECOMMENDING)


def test_recommended_is_what_the_grade_allows_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    choices: dict[str, list[object]] = {
        "total_return": [-1.0, -0.1, 0.0, 0.2, 0.4], "blind_return": [None, 0.3], "edges": [(), ("half_life",)],
        "neighbours": [0, 1, 4], "best": [0.4, 1.4], "deflated": [None, 0.8, 0.99], "overfitting": [None, 0.2, 0.7],
        "spa_p": [None, 0.01, 0.4], "walk_forward": [None, -0.1, 0.3, 0.9], "below_median": [None, 0.2, 0.8],
        "answers_events": [True, False],
    }  # fmt: skip
    seen = set()
    for _ in range(3000):
        drawn = {name: values[rng.integers(len(values))] for name, values in choices.items()}
        evidence = replace(FOUND, **drawn)
        found, reasons = search_verdict(evidence), withheld(evidence)
        assert (found.grade in RECOMMENDING) == (reasons == ())
        assert ("so none is recommended" in found.sentence) == bool(reasons)
        seen.add(found.grade)
    assert seen == set(SearchGrade)


def test_every_grade_has_a_case_and_a_rule() -> None:
    assert {grade for _, grade, _ in SEARCHES.values()} == set(SearchGrade) == set(SEARCH_RULES)
    assert list(SEARCH_RULES) == list(SearchGrade)


STEPS = ("--grid", "half_life=5,10,20")
ANSWERS = {
    "loses": (("hong_kong_equipment", *STEPS), "Nothing to hold"),
    "overfitted": (("enablers", *STEPS, "--walk-forward", "504:504"), "Overfitted"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_same_words_of_a_search(case: str, tmp_path: Path) -> None:
    asked, grade = ANSWERS[case]
    words = [*asked, "--out", str(tmp_path)]
    found = json.loads(said(grid_app, *words, "--json"))
    assert found["verdict"]["grade"] == grade
    assert found["recommended"] is None
    assert found["withheld"]
    sentence = found["verdict"]["sentence"]
    assert sentence.startswith(f"SIMULATED prices: {grade}: ")
    assert json.loads((tmp_path / "grid.json").read_text(encoding="utf-8"))["verdict"] == found["verdict"]
    (answer,) = read_answers(tmp_path).answers
    assert answer.sentence == sentence
    kept = tmp_path / "answers" / answer.id / "page.html"
    for page in (tmp_path / "grid.html", kept):
        assert sentence in plain(page.read_text(encoding="utf-8"))
    decided = clauses(sentence)[0]
    assert decided in plain((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert sentence in plain(said(grid_app, *words, "--verbose"))
    told, _ = plain(said(grid_app, *words)).split(". Plateau, ")
    assert sentence.removeprefix("SIMULATED prices: ").startswith(told.removeprefix("SIMULATED prices: "))
    assert "so none is recommended" in told


def test_an_effect_that_is_there_holds_up(tmp_path: Path) -> None:
    prices = folder_of(planted(np.random.default_rng(3)), tmp_path / "prices")
    words = ["fertilizer_producers", "--set", f"legs={','.join(LEGS)}", "--set", "hedge=none"]
    words += ["--grid", "half_life=2,5,10,20,40", "--walk-forward", "504:504", "--data", f"folder:{prices}"]
    words += ["--out", str(tmp_path / "out")]
    found = json.loads(said(grid_app, *words, "--json"))
    assert found["verdict"]["grade"] == "Holds up"
    assert found["recommended"] is not None
    sentence = found["verdict"]["sentence"]
    assert sentence in plain((tmp_path / "out" / "grid.html").read_text(encoding="utf-8"))
    assert sentence in plain(said(grid_app, *words, "--verbose"))


def test_a_trial_on_an_edge_is_not_recommended(tmp_path: Path) -> None:
    words = ["fertilizer_producers", "--grid", "exposure=0.2,0.4", "--out", str(tmp_path), "--json"]
    found = json.loads(said(grid_app, *words))
    assert found["plateau"]["edges"] == ["exposure"]
    assert found["recommended"] is None
    assert "it lies at the end of exposure: widen there" in found["withheld"]


def test_the_end_of_all_values_is_an_end(tmp_path: Path) -> None:
    words = ["fertilizer_producers", "--grid", "respond=0,0.5,1", "--out", str(tmp_path), "--json"]
    found = json.loads(said(grid_app, *words))
    assert found["plateau"]["settings"] == {"respond": 1}
    assert found["recommended"] is None
    assert "it lies at the end of respond: the strategy takes no value beyond" in found["withheld"]


GRID = ["fertilizer_producers", "--grid", "half_life=2:61:3", "--grid", "exposure=0.1:1:0.1"]


@pytest.mark.parametrize(
    ("words", "recommended"),
    [(GRID, True), (["fertilizer_producers", "--grid", "half_life=40,60,80"], False)],
)
def test_recommended_is_the_same_everywhere(words: list[str], recommended: bool, tmp_path: Path) -> None:
    asked = [*words, "--out", str(tmp_path)]
    found, shown = json.loads(said(grid_app, *asked, "--json")), plain(said(grid_app, *asked))
    page = plain((tmp_path / "grid.html").read_text(encoding="utf-8"))
    kept = json.loads((tmp_path / "grid.json").read_text(encoding="utf-8"))
    assert (found["recommended"] is not None) == recommended
    assert (found["verdict"]["grade"] in set(RECOMMENDING)) == recommended
    assert kept["withheld"] == found["withheld"]
    assert ("Plateau, recommended: " in shown, "Recommended, the plateau" in page) == (
        recommended,
        recommended,
    )
    assert ("NOT recommended" in shown, "NOT recommended" in page) == (not recommended, not recommended)
    assert ("so none is recommended" in found["verdict"]["sentence"]) == (not recommended)


def test_a_strategy_without_events_has_no_line_without_events(tmp_path: Path) -> None:
    (tmp_path / "silent.py").write_text(SILENT, encoding="utf-8")
    words = [f"{tmp_path / 'silent.py'}", "--grid", "exposure=0.2,0.4", "--out", str(tmp_path / "out")]
    walked = [*words, "--walk-forward", "504:504"]
    assert "events" not in plain(said(grid_app, *walked)).split("wrote ")[0]
    assert ", with its own parameters " in plain(said(grid_app, *walked, "--verbose"))
    assert json.loads(said(grid_app, *words, "--json"))["without_events"] is None


def test_a_cross_validation_is_told(tmp_path: Path) -> None:
    words = [*GRID, "--cpcv", "6:2", "--out", str(tmp_path)]
    sentence = json.loads(said(grid_app, *words, "--json"))["verdict"]["sentence"]
    assert "cross-validated, winners fell below the median on rows held out in " in sentence
    assert " of 15 splits" in sentence
    assert "the paths of a cross-validation had Sharpe " in sentence
