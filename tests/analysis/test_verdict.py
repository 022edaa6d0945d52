"""Each rule of a verdict is fed its cases; the words are the same wherever they stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backtests.compare import app as compare_app
from backtests.run import app as run_app
from positioning.analysis.holding_coverage import HoldingCoverage
from positioning.analysis.kept_search import KeptSearch
from positioning.analysis.verdict import RULES, Grade, RunEvidence, verdict
from positioning.arrays import FloatArray
from positioning.runs.saved_run import runs_in
from tests.analysis.spoken import (
    LEGS,
    folder_of,
    plain,
    planted,
    ruinous,
    said,
    still,
    three_of_twelve,
)

# Everything held, a real effect: each case below changes what its rule reads.
GOOD = RunEvidence(
    simulated=False, ruined=False, traded=True, returns=1000, coverage=HoldingCoverage(12, 12, 0.98), total_return=0.5,
    cash=0.0, answers_events=True, without_events=0.3, equal_exposure=True, benchmark_name="SPY", benchmark=0.4,
    beside=0.5, placebo_p=0.005, shuffles=200,
)  # fmt: skip
SEARCH = KeptSearch("S-1", 600, tried=True, every=True, chosen=True)
CASES = {
    "effect planted": ({}, Grade.EVIDENCE, "its events beat shuffled dates (p = 0.005 of 200)"),
    "held 3 of 12": (
        {"coverage": HoldingCoverage(3, 12, 0.24)}, Grade.NOT_HELD, "it held 3 of 12 names, 24 % of the intended weight",
    ),
    "held late": (
        {"coverage": HoldingCoverage(12, 12, 0.31)}, Grade.NOT_HELD,
        "it held 12 of 12 names, 31 % of the intended weight",
    ),
    "half is enough": ({"coverage": HoldingCoverage(6, 12, 0.5)}, Grade.EVIDENCE, "6 of 12 names"),
    "ruined": ({"ruined": True, "coverage": HoldingCoverage(3, 12, 0.2)}, Grade.RUINED, "equity reached zero"),
    "flat": (
        {"traded": False, "coverage": HoldingCoverage(0, 12, 0.0), "total_return": 0.0}, Grade.NOTHING, "it never traded",
    ),
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
    "tried in a search": ({"kept_search": SEARCH}, Grade.WEAK,
        "one of 600 trials of the search S-1 kept here; p does not count them"),
    "drawn from a grid": ({"kept_search": replace(SEARCH, every=False)}, Grade.WEAK,
        "grid of the search S-1 kept here, "),
    "beside a search": ({"kept_search": replace(SEARCH, tried=False)}, Grade.WEAK,
        "of the search S-1 of this strategy are"),
    "as written": ({"kept_search": replace(SEARCH, tried=False, chosen=False)}, Grade.EVIDENCE, "p does not count them"),
    "more searches": ({"kept_search": replace(SEARCH, others=2, other_trials=9)}, Grade.WEAK,
        "beside 9 trials of 2 others"),
    "momentum searched": ({"answers_events": False, "placebo_p": None, "kept_search": SEARCH}, Grade.AHEAD,
        "one of 600 tr"),
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


def test_no_figure_stands_without_how_much_was_held() -> None:
    for changed, _, _ in CASES.values():
        evidence = replace(GOOD, **changed)
        assert evidence.coverage.words in verdict(evidence).sentence


def test_a_strategy_without_events_hears_nothing_of_events() -> None:
    for p in (None, 0.01, 0.9):
        assert "event" not in verdict(replace(GOOD, answers_events=False, placebo_p=p)).sentence


def test_simulated_prices_come_first() -> None:
    assert verdict(replace(GOOD, simulated=True)).sentence.startswith("SIMULATED prices: Evidence: ")


Moves = Callable[[np.random.Generator], dict[str, FloatArray]]
OF_THREE = ("fertilizer_producers", "--set", f"legs={','.join(LEGS)}")
ACCOUNTS: dict[str, tuple[Moves, tuple[str, ...], str]] = {
    "held 3 of 12": (three_of_twelve, ("middle_corridor",), "Not the strategy: it held 3 of 12 names, "),
    "effect planted": (planted, (*OF_THREE, "--set", "hedge=none"), "Evidence: its events beat shuffled"),
    "ruined": (ruinous, (*OF_THREE, "--set", "exposure=1", "--set", "hedge_ratio=2"), "Ruined: equity reached zero"),
    "flat": (still, (*OF_THREE, "--set", "hedge=none"), "Made no money: after costs it made -0."),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCOUNTS)
def test_the_same_words_stand_everywhere(case: str, tmp_path: Path) -> None:
    moves, chosen, begins = ACCOUNTS[case]
    prices, out = folder_of(moves(np.random.default_rng(3)), tmp_path / "prices"), tmp_path / "out"
    words = [
        *chosen,
        "--data",
        f"folder:{prices}",
        "--placebo",
        "39",
        "--no-quantstats",
        "--factsheet",
        "--out",
        str(out),
    ]
    name = chosen[0]
    own = json.loads(said(run_app, *words, "--json"))["strategies"][name]
    sentence = own["verdict"]["sentence"]
    assert sentence.startswith(begins)
    assert own["held"]["of"] == (12 if case == "held 3 of 12" else 3)
    (run,) = runs_in(out)
    assert run.summary["verdict"] == own["verdict"]
    assert run.summary["held"] == own["held"]
    assert sentence in plain(said(compare_app, "--out", str(out), "--draws", "100"))
    for page in (f"{name}.html", run.address, f"{name}_factsheet.html", "index.html", "comparison.html"):
        assert sentence in plain((out / page).read_text(encoding="utf-8")), page
    assert sentence in plain(said(run_app, *words))
