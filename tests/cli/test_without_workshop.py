"""A thesis and a strategy by its file need no folder `strategies`: every command goes without listed strategies."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import positioning.cli.strategies
from positioning.cli import check, event_study, events, listing, today
from tests.documents import ROOT

RED_SEA = ROOT / "docs" / "theses" / "red_sea"
FILE = str(RED_SEA / "red_sea.py")


@pytest.fixture(autouse=True)
def nothing_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in an empty folder with the wheel alone."""
    monkeypatch.setattr(positioning.cli.strategies, "workshop", lambda: None)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (events.app, []),
        (listing.app, [FILE]),
        (check.app, [FILE, "--cuts", "2"]),
        (event_study.app, [FILE, "--placebo", "0"]),
        (event_study.app, ["ZIM", "--placebo", "0"]),
        (today.app, [FILE]),
    ],
    ids=["events", "list", "check", "event_study", "event_study_symbol", "today"],
)
def test_a_second_thesis_is_asked_where_nothing_is_listed(app: object, words: list[str]) -> None:
    told = CliRunner().invoke(app, [*words, "--thesis", str(RED_SEA), "--json"])  # type: ignore[arg-type]
    assert told.exit_code in (0, 3) if app is today.app else told.exit_code == 0, told.output


def test_a_strategy_that_nobody_lists_is_refused_with_both_ways_out() -> None:
    told = CliRunner().invoke(check.app, ["fertilizer_producers", "--thesis", str(RED_SEA)])
    assert told.exit_code == 2
    assert "init DIR" in told.output
