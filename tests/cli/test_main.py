"""The console script: every command under one name, quick to answer, and one line for what was typed wrongly."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from positioning import __version__
from positioning.cli import command_words
from positioning.cli.commands import COMMANDS
from tests.forks import Forks, Said

SCRIPT = "import sys; sys.argv[0] = 'positioning'; from positioning.cli.main import app; app()"


@pytest.fixture
def typed(commands: Forks) -> Callable[..., Said]:
    """What the console script says to words."""
    return lambda *words: commands.run(SCRIPT, Path.cwd(), {**os.environ}, *words)


def test_version_and_help_by_both_names(typed: Callable[..., Said]) -> None:
    assert typed("--version").out == f"positioning {__version__}\n"
    long, short = typed("--help"), typed("-h")
    assert long.out == short.out
    assert all(f" {name} " in long.out for name in COMMANDS)


@pytest.mark.parametrize("name", ["run", "grid-search", "list"])
def test_each_command_has_its_help(typed: Callable[..., Said], name: str) -> None:
    told = typed(name, "-h")
    assert told.status == 0
    assert f"positioning {name}" in told.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rum",), "error: no command rum; Did you mean run?; --help"),
        (("rnu",), "error: no command rnu; Did you mean run?; --help"),
        (("gridsearch",), "error: no command gridsearch; Did you mean grid-search?; --help"),
        (("qqqqq",), "error: no command qqqqq; choose from run, "),
        (("run", "--sead", "1"), "error: No such option: --sead"),
        (("--nope",), "error: No such option: --nope"),
        (("stress", "--seed", "-1"), "error: Invalid value for '--seed': Input should be greater"),
    ],
)
def test_what_was_typed_wrongly_is_one_line_and_status_2(
    typed: Callable[..., Said], words: tuple[str, ...], told: str
) -> None:
    answer = typed(*words)
    assert answer.status == 2
    assert answer.err.startswith(told)
    assert answer.err.count("\n") == 1
    assert answer.out == ""


def test_completion_can_be_shown() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--show-completion", "bash"],
        capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},  # whatever shell runs the tests
    )  # fmt: skip
    assert "_POSITIONING_COMPLETE" in shown.stdout


def test_the_command_that_is_kept_is_the_one_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/bin/positioning", "grid-search", "enablers", "--seed", "1"])
    assert command_words.typed("grid_search") == "positioning grid-search enablers --seed 1"
    assert command_words.words_for("event_study") == ["positioning", "event-study"]
    monkeypatch.setattr(sys, "argv", ["/x/backtests/run.py", "enablers"])
    assert command_words.typed("run") == "python -m backtests.run enablers"
