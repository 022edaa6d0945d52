"""A kept search, stress test or study is made again from its own file, and an edit or another number is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli import event_study, grid_search, stress
from positioning.cli.verify import app
from positioning.cli.verify_answer import _same

ASKED = {
    "grid_search": (grid_search.app, ["--grid", "half_life=5,20"]),
    "stress": (stress.app, ["--paths", "8", "--horizon", "60", "--workers", "1", "--replay", "none"]),
    "event_study": (event_study.app, ["--placebo", "0", "--window", "-2:3"]),
}


@pytest.mark.parametrize("kind", ASKED)
def test_an_answer_is_made_again_to_the_bit(kind: str, tmp_path: Path) -> None:
    command, words = ASKED[kind]
    ran = CliRunner().invoke(command, ["fertilizer_producers", *words, "--out", str(tmp_path), "--quiet"])
    assert ran.exit_code == 0, ran.output
    (place,) = (tmp_path / "answers").iterdir()
    said = CliRunner().invoke(app, [place.name[:20], "--out", str(tmp_path), "--json"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout) == {"answer": place.name, "identical": True, "changed": []}
    if kind != "stress":
        return
    study = place / "study.toml"
    study.write_text(study.read_text().replace("8", "9"))
    edited = CliRunner().invoke(app, [str(place)])
    assert edited.exit_code == 2
    assert "study.toml of" in edited.stderr
    known = json.loads((place / "answer.json").read_text())
    del known["files"]["study.toml"]
    (place / "answer.json").write_text(json.dumps(known))
    assert "keeps no study.toml" in CliRunner().invoke(app, [str(place)]).stderr


def test_another_number_is_told_and_another_command_is_not(tmp_path: Path) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text('{"mean": 0.1, "command": "x"}')
    other.write_text('{"mean": 0.1, "command": "y"}')
    assert _same(one, other)
    other.write_text('{"mean": 0.10000000000000002, "command": "x"}')
    assert not _same(one, other)
    assert not _same(one, tmp_path / "missing.json")
