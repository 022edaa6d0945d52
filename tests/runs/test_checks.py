"""A check that was kept holds for the same code, and for nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from positioning.analysis.code_check import CodeCheck, words_of
from positioning.analysis.strategy_check import CheckRow, Status, StrategyCheck
from positioning.errors import BadInputError
from positioning.runs.checks import keep_check, kept_check
from positioning.strategy.from_file import strategy_from_file
from strategies import Enablers, MiddleCorridor

FOUND = StrategyCheck("it", (CheckRow("costs", Status.WARNING, "it earns nothing"),), (), None)
OWN = """
from dataclasses import dataclass
from typing import ClassVar
from positioning import Basket

@dataclass(frozen=True)
class Own(Basket):
    "A stranger's strategy."
    name: ClassVar[str] = "own"
    title: ClassVar[str] = "Own"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("WAB",)
"""


def test_it_is_read_back_for_the_same_code(tmp_path: Path) -> None:
    assert kept_check(MiddleCorridor(), tmp_path) is None
    keep_check(FOUND, MiddleCorridor(), 8, tmp_path)
    assert kept_check(MiddleCorridor(), tmp_path) == CodeCheck(False, FOUND.sentence, 8)
    assert (
        kept_check(MiddleCorridor(exposure=0.3), tmp_path) is not None
    )  # a check is of code, not of parameters
    assert kept_check(Enablers(), tmp_path) is None


def test_another_code_of_the_same_name_is_not_checked(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "own.py", tmp_path / "two" / "own.py"
    for path, text in ((one, OWN), (two, OWN.replace("WAB", "KAP.IL"))):
        path.parent.mkdir()
        path.write_text(text)
    first, second = (strategy_from_file(str(p))() for p in (one, two))
    keep_check(FOUND, first, 8, tmp_path)
    assert kept_check(first, tmp_path) is not None
    assert kept_check(second, tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[" * 5000, "not json", '{"strategy": "middle_corridor"}', "\0"])
def test_an_odd_file_is_no_check_and_is_not_written_over(tmp_path: Path, text: str) -> None:
    path = tmp_path / "checks" / "middle_corridor.json"
    path.parent.mkdir()
    path.write_text(text)
    assert kept_check(MiddleCorridor(), tmp_path) is None
    with pytest.raises(BadInputError, match="is not what a check writes"):
        keep_check(FOUND, MiddleCorridor(), 8, tmp_path)
    assert path.read_text() == text


def test_an_edited_check_of_other_types_is_none(tmp_path: Path) -> None:
    path = keep_check(FOUND, MiddleCorridor(), 8, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"wrong": "no"}))
    assert kept_check(MiddleCorridor(), tmp_path) is None


def test_its_words_are_one_line_that_a_terminal_shows() -> None:
    assert words_of(CodeCheck(True, "WRONG: \x1b[31m" + "x" * 900, 8), "it").isprintable()
    assert len(words_of(CodeCheck(True, "x" * 900, 8), "it")) <= 400
    assert words_of(None, "a\nb").isprintable()
