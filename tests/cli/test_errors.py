"""The engine names the parameter, a command its option; a seed below zero is one line everywhere."""

import errno
import os
import pickle
from importlib import import_module

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from positioning.analysis.placebo import check_draws
from positioning.cli.command import one_line_errors
from positioning.cli.command_words import in_option_words
from positioning.cli.commands import COMMANDS
from positioning.errors import BadInputError
from positioning.event_studies.day_zero import parse_window
from positioning.simulation.constraints import mark_factor
from strategies import FertilizerProducers


@pytest.mark.parametrize(
    ("wrong", "told", "typed"),
    [
        (lambda: mark_factor("half"), "mark=half; wanted", "--mark half; wanted"),
        (lambda: check_draws(-1), "draws=-1; wanted", "--placebo -1; wanted"),
        (lambda: parse_window("x"), "give window=-5:10", "type --window -5:10"),
        (lambda: FertilizerProducers(half_life=-1.0), "correct half_life=...", "correct --set half_life=..."),
        (
            lambda: FertilizerProducers(half_life=np.inf),
            "correct half_life=...",
            "correct --set half_life=...",
        ),
        (
            lambda: FertilizerProducers().configured({"lookback": "x"}),
            "lookback=x; wanted",
            "lookback=x; wanted",
        ),
    ],
)
def test_a_caller_is_told_the_parameter_and_a_reader_the_option(wrong: object, told: str, typed: str) -> None:
    with pytest.raises(BadInputError) as raised:
        wrong()  # type: ignore[operator]
    assert told in str(raised.value)
    assert "--" not in str(raised.value)
    assert typed.removeprefix("type ") in in_option_words(raised.value)
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
    assert (str(again), again.parameter) == (str(raised.value), raised.value.parameter)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_seed_below_zero_is_one_line_wherever_there_is_one(name: str) -> None:
    app = import_module(f"positioning.cli.{COMMANDS[name]}").app
    answer = CliRunner().invoke(app, ["--seed", "-1"])
    assert answer.exit_code == 2
    assert answer.stderr.count("\n") == 1
    assert "Traceback" not in answer.stderr


def test_a_write_that_names_no_file_is_told_without_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a limit on the size of files the system says no name: "wanted to read or write there" was all."""
    with pytest.raises(typer.Exit), one_line_errors():
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: a file cannot be read or written (File too large); ")
    assert "limits on the size" in line
