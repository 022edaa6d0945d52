"""The check command."""

import json

import pytest
from typer.testing import CliRunner

from positioning.analysis.strategy_check import CheckRow, Status, StrategyCheck
from positioning.cli.check import app, print_checks


def test_a_listed_strategy_has_nothing_wrong() -> None:
    done = CliRunner().invoke(app, ["middle_corridor", "--cuts", "4", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["strategies"]["middle_corridor"]
    assert not found["wrong"]
    assert {"weights", "future", "repeatable", "inputs", "files", "clock", "start", "gaps", "delay", "best days", "costs",
            "names"} == {row["question"] for row in found["rows"]}  # fmt: skip


def test_what_is_wrong_ends_with_status_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from positioning.analysis import strategy_check

    wrong = StrategyCheck("it", (CheckRow("future closes", Status.WRONG, "[red]it knew[/red]"),), (), None)
    monkeypatch.setattr(strategy_check, "check_strategy", lambda *_: wrong)
    done = CliRunner().invoke(app, ["middle_corridor"])
    assert done.exit_code == 1
    assert "WRONG: [red]it knew[/red]" in done.stdout  # text of data is no markup


def test_an_unknown_strategy_is_one_line() -> None:
    done = CliRunner().invoke(app, ["middle_coridor"])
    assert done.exit_code == 2
    assert "Did you mean middle_corridor" in done.stderr


def test_the_table_says_the_sentence_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_checks([StrategyCheck("it", (CheckRow("costs", Status.WARNING, "it earns nothing"),), (), None)])
    assert capsys.readouterr().out.startswith("it: No fault found, with 1 warning: it earns nothing")
