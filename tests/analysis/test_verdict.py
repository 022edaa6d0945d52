"""Each rule of a verdict is fed its cases; the words are the same wherever they stand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from backtests.compare import app as compare_app
from backtests.grid_search import app as grid_app
from backtests.run import app as run_app
from positioning.analysis.held import Held
from positioning.analysis.searched import Searched
from positioning.analysis.verdict import (
    RECOMMENDING,
    RULES,
    SEARCH_RULES,
    Grade,
    RunEvidence,
    SearchEvidence,
    SearchGrade,
    search_verdict,
    verdict,
    withheld,
)
from positioning.runs.saved import runs_in
from tests.builders import SAMPLE

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

# Everything held, a real effect: each case below changes what its rule reads.
GOOD = RunEvidence(
    simulated=False, ruined=False, traded=True, returns=1000, held=Held(12, 12, 0.98), total_return=0.5, cash=0.0,
    answers_events=True, without_events=0.3, equal_exposure=True, benchmark_name="SPY", benchmark=0.4, beside=0.5,
    placebo_p=0.005, shuffles=200,
)  # fmt: skip
SEARCH = Searched("S-1", 600, tried=True, every=True, chosen=True)
CASES = {
    "effect planted": ({}, Grade.EVIDENCE, "its events beat shuffled dates (p = 0.005 of 200)"),
    "held 3 of 12": ({"held": Held(3, 12, 0.24)}, Grade.NOT_HELD, "it held 3 of 12 names, 24 % of the intended weight"),
    "held late": ({"held": Held(12, 12, 0.31)}, Grade.NOT_HELD, "it held 12 of 12 names, 31 % of the intended weight"),
    "half is enough": ({"held": Held(6, 12, 0.5)}, Grade.EVIDENCE, "6 of 12 names"),
    "ruined": ({"ruined": True, "held": Held(3, 12, 0.2)}, Grade.RUINED, "equity reached zero"),
    "flat": ({"traded": False, "held": Held(0, 12, 0.0), "total_return": 0.0}, Grade.NOTHING, "it never traded"),
    "short": ({"returns": 59}, Grade.NOTHING, "59 returns are too few"),
    "lost": ({"total_return": -0.1, "beside": -0.1}, Grade.NO_MONEY, "it made -10.0 %"),
    "made nothing": ({"total_return": 0.0, "beside": 0.0}, Grade.NO_MONEY, "it made +0.0 %"),
    "less than cash": ({"cash": 0.6}, Grade.NO_MONEY, "+60.0 % in cash"),
    "no shuffles": ({"placebo_p": None, "shuffles": 0}, Grade.UNTESTED, "not tested against shuffled dates"),
    "chance": ({"placebo_p": 0.31}, Grade.NONE, "its events cannot be told from shuffled dates (p = 0.310 of 200)"),
    "at the level": ({"placebo_p": 0.05}, Grade.EVIDENCE, "beat shuffled dates"),
    "behind the market": ({"benchmark": 0.6}, Grade.WEAK, "+60.0 % of SPY"),
    "behind itself": ({"without_events": 0.6}, Grade.WEAK, "+60.0 % without events at equal exposure"),
    "no benchmark": ({"benchmark": None, "beside": None}, Grade.EVIDENCE, "against +30.0 % without events"),
    "tried in a search": ({"searched": SEARCH}, Grade.WEAK,
        "one of 600 trials of the search S-1 kept here; p does not count them"),
    "drawn from a grid": ({"searched": replace(SEARCH, every=False)}, Grade.WEAK, "grid of the search S-1 kept here, "),
    "beside a search": ({"searched": replace(SEARCH, tried=False)}, Grade.WEAK, "of the search S-1 of this strategy are"),
    "as written": ({"searched": replace(SEARCH, tried=False, chosen=False)}, Grade.EVIDENCE, "p does not count them"),
    "more searches": ({"searched": replace(SEARCH, others=2, other_trials=9)}, Grade.WEAK, "beside 9 trials of 2 others"),
    "momentum searched": ({"answers_events": False, "placebo_p": None, "searched": SEARCH}, Grade.AHEAD, "one of 600 tr"),
    "momentum ahead": ({"answers_events": False, "placebo_p": None}, Grade.AHEAD, "+40.0 % of SPY"),
    "momentum behind": ({"answers_events": False, "benchmark": 0.9}, Grade.BEHIND, "+90.0 % of SPY"),
    "momentum alone": ({"answers_events": False, "benchmark": None, "beside": None}, Grade.MADE, "it made +50.0 %"),
    "the benchmark's dates": ({"beside": 0.45}, Grade.EVIDENCE, "(+45.0 % over its benchmark's dates)"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_rule_of_a_run(case: str) -> None:
    changed, grade, words = CASES[case]
    found = verdict(replace(GOOD, **changed))
    assert found.grade is grade
    assert words in found.sentence
    assert found.sentence.startswith(f"{grade}: ")
    assert found.sentence.endswith(".")
    assert found.sentence.count(". ") == 0, "one sentence"
    assert found.to_json() == {"grade": str(grade), "tone": found.tone, "sentence": found.sentence}


def test_every_grade_has_a_case_and_a_rule() -> None:
    assert {grade for _, grade, _ in CASES.values()} == set(Grade) == set(RULES)
    assert list(RULES) == list(Grade)
    assert {grade for _, grade, _ in SEARCHES.values()} == set(SearchGrade) == set(SEARCH_RULES)
    assert list(SEARCH_RULES) == list(SearchGrade)


def test_no_figure_stands_without_how_much_was_held() -> None:
    for changed, _, _ in CASES.values():
        evidence = replace(GOOD, **changed)
        assert evidence.held.words in verdict(evidence).sentence


def test_a_strategy_without_events_hears_nothing_of_events() -> None:
    for p in (None, 0.01, 0.9):
        assert "event" not in verdict(replace(GOOD, answers_events=False, placebo_p=p)).sentence


def test_simulated_prices_come_first() -> None:
    assert verdict(replace(GOOD, simulated=True)).sentence.startswith("SIMULATED prices: Evidence: ")


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


def said(app: object, *words: str) -> str:
    outcome = CliRunner().invoke(app, list(words))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def plain(text: str) -> str:
    """Text without markup and line ends. A span inside a line parts no words: it keeps a figure and its unit on one."""
    joined = re.sub(r"</?span[^>]*>", "", text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", joined)).replace("\N{MINUS SIGN}", "-").split())


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two of the corridor's twelve names, and its benchmark."""
    folder = tmp_path_factory.mktemp("part")
    for symbol, bars in SAMPLE.deliver(["FRHC", "KSPI", "EEM"], []).bars.items():
        columns = {
            "Open": bars.open,
            "High": bars.high,
            "Low": bars.low,
            "Close": bars.close,
            "Volume": bars.volume,
        }
        table = pd.DataFrame({"Date": bars.dates.astype(str), **columns})
        table.to_csv(folder / f"{symbol}.csv", index=False, float_format="%.6f")
    return folder


def test_the_same_words_stand_everywhere(part: Path, tmp_path: Path) -> None:
    words = ["middle_corridor", "--data", f"folder:{part}", "--placebo", "19", "--out", str(tmp_path)]  # fmt: skip
    own = json.loads(said(run_app, *words, "--json"))["strategies"]["middle_corridor"]
    sentence = own["verdict"]["sentence"]
    assert sentence.startswith("Not the strategy: it held 2 of 12 names, ")
    assert own["held"]["names"] == 2
    assert own["held"]["of"] == 12
    assert own["held"]["weight"] <= 2 / 12
    assert sentence in plain((tmp_path / "middle_corridor.html").read_text(encoding="utf-8"))
    assert sentence in plain((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert runs_in(tmp_path)[0].summary["verdict"] == own["verdict"]
    assert runs_in(tmp_path)[0].summary["held"] == own["held"]
    assert sentence in plain(said(run_app, *words))
    assert sentence in plain(said(compare_app, "--out", str(tmp_path)))
    assert sentence in plain((tmp_path / "comparison.html").read_text(encoding="utf-8"))


def test_the_same_words_of_a_search(tmp_path: Path) -> None:
    words = ["hong_kong_equipment", "--grid", "half_life=5,10,20", "--out", str(tmp_path)]
    found = json.loads(said(grid_app, *words, "--json"))
    assert found["verdict"]["grade"] == "Nothing to hold"
    assert found["recommended"] is None
    assert "it lost money" in found["withheld"]
    assert found["plateau"]["figures"]["total_return"] < 0
    sentence = found["verdict"]["sentence"]
    assert sentence in plain((tmp_path / "grid.html").read_text(encoding="utf-8"))
    assert sentence in plain(said(grid_app, *words, "--verbose"))
    told, _ = plain(said(grid_app, *words)).split(". Plateau, ")
    assert sentence.startswith(told)
    assert "so none is recommended" in told


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
