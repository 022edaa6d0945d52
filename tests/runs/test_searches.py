"""A run whose parameters were searched for says so, wherever its verdict stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.grid_search import app as grid_app
from positioning.cli.run import app as run_app
from positioning.cli.verify import app as verify_app
from positioning.runs.answers import read_answers
from positioning.runs.saved_run import runs_in
from positioning.runs.searches import axes_to_json, kept_searches
from strategies import FertilizerProducers, MiddleCorridor
from tests.analysis.spoken import plain

AXES = ("--grid", "half_life=40,54", "--grid", "exposure=0.5,0.7")
SINCE = ("--start", "2023-01-02")


def told(app: object, *words: str) -> str:
    outcome = CliRunner().invoke(app, list(words))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports with one search."""
    folder = tmp_path_factory.mktemp("reports")
    told(grid_app, "fertilizer_producers", *AXES, *SINCE, "--out", str(folder))
    return folder


def test_a_winner_is_told_everywhere_and_verified(place: Path) -> None:
    (search,) = (answer.id for answer in read_answers(place).answers)
    words = ("--set", "half_life=54", "--set", "exposure=0.7", *SINCE, "--placebo", "20", "--no-quantstats")
    found = json.loads(told(run_app, "fertilizer_producers", *words, "--out", str(place), "--json"))
    own = found["strategies"]["fertilizer_producers"]
    sentence, said = (
        own["verdict"]["sentence"],
        f"its parameters are one of 4 trials of the search {search} kept here",
    )
    assert f"{said}; p does not count them" in sentence
    assert own["verdict"]["grade"] != "Evidence"
    assert own["searched"]["search"] == search
    run = runs_in(place)[0]
    assert run.summary["verdict"] == own["verdict"]
    assert run.summary["searched"] == own["searched"]
    page = (place / "fertilizer_producers.html").read_text(encoding="utf-8")
    assert sentence in plain(page)
    assert "identical" in told(verify_app, run.id, "--out", str(place))


def test_what_counts_as_tried(place: Path) -> None:
    one = FertilizerProducers(half_life=54, exposure=0.7)
    found = kept_searches(one, True, place)
    assert found is not None
    assert (found.tried, found.chosen, found.trials) == (True, True, 4)
    for changed in ({"half_life": 53.0}, {"exposure": 0.6}, {"hedge_ratio": 0.5}):
        beside = kept_searches(replace(one, **changed), True, place)
        assert beside is not None
        assert (beside.tried, beside.chosen) == (False, True)
    written = kept_searches(FertilizerProducers(), True, place)
    assert written is not None
    assert (written.tried, written.chosen) == (False, False)


def test_other_strategies_other_prices_and_other_folders_hear_nothing(place: Path, tmp_path: Path) -> None:
    one = FertilizerProducers(half_life=54, exposure=0.7)
    assert kept_searches(MiddleCorridor(), True, place) is None
    assert kept_searches(one, False, place) is None
    assert kept_searches(one, True, tmp_path) is None


def test_a_search_whose_numbers_are_gone_does_not_stop_a_run(place: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(place / "answers", tmp_path / "answers")
    (numbers,) = (tmp_path / "answers").glob("*/grid.json")
    numbers.write_text("no JSON", encoding="utf-8")
    assert kept_searches(FertilizerProducers(), True, tmp_path) is None


def test_a_long_axis_is_kept_by_its_ends() -> None:
    values = tuple(float(n) for n in range(2000))
    assert axes_to_json({"half_life": values, "hedge": ("MOO", "none")}) == {
        "half_life": {"first": 0.0, "last": 1999.0}, "hedge": ["MOO", "none"],
    }  # fmt: skip
