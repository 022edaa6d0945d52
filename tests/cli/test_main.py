"""The console script: every command under one name, quick to answer, and one line for what was typed wrongly."""

import os
import subprocess
import sys

import pytest

from positioning import __version__
from positioning.cli.commands import COMMANDS

SCRIPT = "import sys; sys.argv[0] = 'positioning'; from positioning.cli.main import app; app()"


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=False, timeout=300
    )


def test_version_and_help_by_both_names() -> None:
    assert typed("--version").stdout == f"positioning {__version__}\n"
    long, short = typed("--help"), typed("-h")
    assert long.stdout == short.stdout
    assert all(f" {name} " in long.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", ["run", "grid-search", "list"])
def test_each_command_has_its_help(name: str) -> None:
    told = typed(name, "-h")
    assert told.returncode == 0
    assert f"positioning {name}" in told.stdout


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
def test_what_was_typed_wrongly_is_one_line_and_status_2(words: tuple[str, ...], told: str) -> None:
    answer = typed(*words)
    assert answer.returncode == 2
    assert answer.stderr.startswith(told)
    assert answer.stderr.count("\n") == 1
    assert answer.stdout == ""


def test_completion_can_be_shown() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--show-completion", "bash"],
        capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},  # whatever shell runs the tests
    )  # fmt: skip
    assert "_POSITIONING_COMPLETE" in shown.stdout


def test_the_command_that_is_kept_is_the_one_that_was_typed() -> None:
    code = (
        "import sys; sys.argv = ['/x/bin/positioning', 'grid-search', 'enablers', '--seed', '1']\n"
        "from positioning.cli.command_words import typed, words_for\n"
        "print(typed('grid_search')); print(words_for('event_study'))\n"
        "sys.argv = ['/x/backtests/run.py', 'enablers']\nprint(typed('run'))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [
        "positioning grid-search enablers --seed 1",
        "['positioning', 'event-study']",
        "python -m backtests.run enablers",
    ]
