"""The workshop that `init` lays: complete, whole or not at all, and at work from the wheel alone."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.analysis.factor_files import read_factors
from positioning.cli import grid_search, run, stress
from positioning.cli.init import app
from positioning.events.thesis_file import read_thesis
from positioning.scenarios.scenario_file import read_scenarios
from positioning.simulation.cash import read_cash
from positioning.simulation.fees import read_fees
from positioning.strategy.from_file import strategy_from_file
from tests.documents import script

ROOT = Path(__file__).parents[2]
SCRIPT = "import sys; sys.argv[0] = 'positioning'; from positioning.cli.main import app; app()"


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    told = CliRunner().invoke(app, [str(tmp_path / "mine")])
    assert told.exit_code == 0, told.output
    return tmp_path / "mine"


def test_the_example_is_that_of_the_repository(workshop: Path) -> None:
    here = {p.relative_to(workshop) for p in (workshop / "strategies").rglob("*") if p.is_file()}
    there = {p.relative_to(ROOT) for p in (ROOT / "strategies").rglob("*") if p.is_file()}
    assert here == {p for p in there if "__pycache__" not in p.parts}
    assert all((workshop / p).read_bytes() == (ROOT / p).read_bytes() for p in here)


def test_every_template_is_read_as_it_is(workshop: Path) -> None:
    templates = workshop / "templates"
    thesis = read_thesis(templates / "thesis")
    assert [e.id for e in thesis.events] == ["X01"]
    assert [r.symbol for r in thesis.events.restrictions] == ["MOS"]
    assert list(thesis.universe) == ["NTR", "SPY"]
    assert [i.symbol for i in thesis.instruments.own] == ["4063.T"]
    (name,) = thesis.scenarios
    assert [s.name for s in read_scenarios(thesis, name).scenarios] == ["as_it_is", "supply_stops"]
    assert read_fees(str(templates / "fees.csv")).label
    assert read_cash(str(templates / "cash.csv")).annual.tolist() == [0.015, 0.0175, 0.055]
    assert read_factors(templates / "factors.csv").names == ("Mkt-RF", "SMB", "HML")
    assert strategy_from_file(str(templates / "strategy.py"))().names == ("NTR", "MOS", "CF")
    assert strategy_from_file(str(templates / "frames.py")).name == "risers"
    told = (templates / "README.md").read_text(encoding="utf-8")
    assert all(f"{p.name}`" in told for p in templates.rglob("*.*") if p.suffix in (".py", ".csv", ".toml"))


def test_the_templates_answer_at_once(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their study asks three questions of the template strategy under the template thesis; nothing else is needed."""
    monkeypatch.chdir(workshop)
    for app_, page, quicker in (
        (run.app, "my_basket", ["--no-quantstats"]),
        (grid_search.app, "grid", []),
        (stress.app, "stress", ["--workers", "1"]),
    ):
        told = CliRunner().invoke(app_, ["--config", "templates/study.toml", "--json", *quicker])
        assert told.exit_code == 0, told.output
        assert (workshop / "reports" / f"{page}.html").is_file()


def test_a_place_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("mine", encoding="utf-8")
    told = CliRunner().invoke(app, [str(tmp_path / "mine")])
    assert told.exit_code == 2
    assert "is there already; wanted a new or an empty folder" in told.stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["kept.txt"]
    assert CliRunner().invoke(app, [str(tmp_path / "kept" / "deep")]).exit_code == 0


@pytest.mark.slow
def test_the_wheel_alone_lays_a_workshop_and_runs_it(tmp_path: Path) -> None:
    """The wheel is built, unpacked where no checkout is in sight, and its console script's function runs there: the
    steps of a second thesis without a workshop, and the listed strategies in one."""
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    alone = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def typed(*words: str, place: Path) -> str:
        told = subprocess.run(
            [sys.executable, "-P", "-c", SCRIPT, *words],
            cwd=place, env=alone, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout

    shutil.copytree(ROOT / "docs" / "theses" / "red_sea", tmp_path / "red_sea")
    for line in script("console").typed((tmp_path / "red_sea" / "README.md").read_text(encoding="utf-8")):
        few = ("--paths", "50") if line.module == "stress" else ()
        assert typed(line.module.replace("_", "-"), *line.words, *few, place=tmp_path)  # where no workshop is
    typed("init", "x", place=tmp_path)
    typed("run", "fertilizer_producers", place=tmp_path / "x")
    assert (tmp_path / "x" / "reports" / "fertilizer_producers.html").is_file()
