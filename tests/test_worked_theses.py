"""Each worked thesis is a folder that runs as its page says, on the sample market and on real prices."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positioning.cli import run
from tests.documents import ROOT, script

THESES = ROOT / "docs" / "theses"
OTHERS = ("buy_and_hold", "corridor_suppliers", "momentum")  # the Red Sea has tests of its own
LONG = ("stress", "event_study", "grid_search")
console = script("console")


def lines(name: str) -> list[Any]:
    """The commands of its page, in order."""
    return list(console.typed((THESES / name / "README.md").read_text(encoding="utf-8")))


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workshop with the worked theses in it, in which one stands."""
    shutil.copytree(ROOT / "strategies", tmp_path / "strategies")
    shutil.copytree(THESES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_is_one_for_each_kind() -> None:
    assert {p.name for p in THESES.iterdir() if p.is_dir()} == {*OTHERS, "red_sea"}


@pytest.mark.usefixtures("checks_in_one_process")
@pytest.mark.parametrize("name", OTHERS)
def test_its_page_is_at_most_five_steps_that_run(name: str, beside: Path) -> None:
    """What takes longer than a second or two is left to the test below."""
    told = [line.quick().output() for line in lines(name) if line.module not in LONG]
    assert "SIMULATED" in told[0]
    assert any("No fault found" in t for t in told)
    assert (beside / "reports" / f"{name}.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OTHERS, "red_sea"])
@pytest.mark.usefixtures("beside")
def test_every_command_of_its_page_runs(name: str) -> None:
    """Searches of plain Python and simulated paths take up to a minute."""
    assert all(line.output() for line in lines(name))


@pytest.mark.slow  # its steps run on the sample in every suite
@pytest.mark.parametrize("name", OTHERS)
def test_it_runs_on_real_prices(name: str, beside: Path, prices: Path) -> None:
    thesis = ["--thesis", name] if (beside / name / "thesis.toml").exists() else []
    told = CliRunner().invoke(
        run.app, [f"{name}/{name}.py", *thesis, "--data", f"folder:{prices}", "--placebo", "20", "--json"]
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)["strategies"][name]
    assert not found["verdict"]["sentence"].startswith("SIMULATED")
