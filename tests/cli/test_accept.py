"""What `--accept` cannot mean is refused by every command that has it, before anything is computed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

COMMANDS = {
    "run": ["middle_corridor"], "check": ["middle_corridor"], "today": ["middle_corridor"], "stress": ["middle_corridor"],
    "event_study": [], "grid_search": ["middle_corridor", "--grid", "half_life=5,10"],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("word", ["garbage", "", ":jump", "SPY:", "SPY:jmup", "=X"])
def test_garbage_is_refused(name: str, word: str, tmp_path: Path) -> None:
    app = importlib.import_module(f"positioning.cli.{name}").app
    out = [] if name == "check" else ["--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*COMMANDS[name], "--accept", word, *out])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(
        "error: --accept" if word else "error: Invalid value for '--accept': it is empty"
    )
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
