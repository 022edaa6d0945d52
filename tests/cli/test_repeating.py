"""Every kept answer holds study.toml, the options that repeat it from anywhere, to the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positioning.cli import event_study, grid_search, stress
from positioning.cli.config import absolute

CASH = "date,rate\n2018-01-01,0.02\n"
STRATEGY = """
from dataclasses import dataclass
from typing import ClassVar
from positioning import Basket

@dataclass(frozen=True)
class Mine(Basket):
    '''Mine.'''
    name: ClassVar[str] = "mine"
    theme: ClassVar[str] = "fertilizer"
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = "None."
    legs: tuple[str, ...] = ("NTR", "MOS")
    hedge: str = "none"
"""


def numbers(told: Any) -> Any:
    """All but where it was written, how it was typed, and how long it took."""
    moving = ("files", "seconds", "trials_a_second", "words", "resumed_trials", "command")
    if isinstance(told, list):
        return [numbers(x) for x in told]
    return {k: numbers(v) for k, v in told.items() if k not in moving} if isinstance(told, dict) else told


def asked(app: Any, *words: str) -> dict[str, Any]:
    ran = CliRunner().invoke(app, [*words, "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = numbers(json.loads(ran.stdout))
    return found


@pytest.mark.parametrize(
    ("app", "words", "table"),
    [
        (
            grid_search.app,
            ["mine.py", "--grid", "half_life=5,20", "--cash", "cash.csv", "--random", "2"],
            "grid-search",
        ),
        (
            stress.app,
            ["mine.py", "--paths", "20", "--horizon", "30", "--workers", "1", "--set", "half_life=7"],
            "stress",
        ),
        (
            event_study.app,
            ["mine.py", "CF", "--placebo", "0", "--window", "-2:3", "--start", "2021-06-01"],
            "event-study",
        ),
    ],
    ids=["grid_search", "stress", "event_study"],
)
def test_a_kept_answer_is_repeated_by_its_file(
    app: Any, words: list[str], table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(STRATEGY)
    Path("cash.csv").write_text(CASH)
    thesis = Path(__file__).parents[2] / "strategies" / "record"
    first = asked(app, *words, "--thesis", str(thesis), "--seed", "5", "--out", "out")
    (kept,) = Path("out/answers").iterdir()
    study = (kept / "study.toml").resolve()
    text = study.read_text(encoding="utf-8")
    assert text.startswith(f"# Repeats this answer: positioning {table} --config study.toml\n")
    assert "seed = 5" in text
    assert "out =" not in text
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert asked(app, "--config", str(study), "--out", "again") == first


def test_words_that_are_no_paths_stay_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("x")
    assert absolute("mine.csv") == str(tmp_path.resolve() / "mine.csv")
    assert absolute("folder:.") == f"folder:{tmp_path.resolve()}"
    for word in ("US", "yahoo", "half_life=5", "", "a\0b", "x" * 5000, 3, 0.5, True, None):
        assert absolute(word) == word
