"""Options from a file: any command, what is typed wins, and a kept run writes the file that repeats it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.listing import app as listing
from positioning.cli.run import app as run

STUDY = """
strategies = ["fertilizer_producers"]
cash = 0.03
fees = "none"
start = "2023-01-02"
set = ["half_life=10"]

[run]
seed = 3

[run.set]
hedge = "SPY"

[grid-search]
grid = ["half_life=5,10"]
"""


def answered(*words: str) -> dict[str, object]:
    told = CliRunner().invoke(run, [*words, "--no-quantstats", "--json"])
    assert told.exit_code == 0, told.output
    found: dict[str, object] = json.loads(told.stdout)
    return {k: v for k, v in found.items() if k != "files"}


def test_a_file_stands_for_what_is_typed_and_a_kept_run_writes_it(tmp_path: Path) -> None:
    study, out = tmp_path / "study.toml", tmp_path / "reports"
    study.write_text(STUDY, encoding="utf-8")
    by_file = answered("--config", str(study), "--out", str(out))
    plain = ("--fees", "none", "--start", "2023-01-02", "--seed", "3", "--out", str(tmp_path / "other"))
    typed = answered("fertilizer_producers", *plain, "--cash", "0.03", "--set", "hedge=SPY")
    assert by_file == typed  # the table of the command came after what stands above all tables
    (kept,) = (out / "runs").iterdir()
    again = answered("--config", str(kept / "study.toml"), "--out", str(tmp_path / "again"))
    assert again == by_file
    text = (kept / "study.toml").read_text(encoding="utf-8")
    assert 'set = ["hedge=SPY"]' in text
    assert "seed = 3" in text
    assert "fill" not in text  # as usual
    cheaper = answered("--config", str(study), "--cash", "0", "--out", str(tmp_path / "less"))
    assert cheaper != by_file  # what is typed wins


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sead = 1\n", "has sead, which is no option of this command; Did you mean seed?"),
        ("seed = [1, 2]\n", "seed is a list; wanted one value"),
        ('set = "a=1"\n', "set is not a list; wanted one"),
        ("seed = -1\n", "Invalid value for '--seed'"),
        ('seed = "many"\n', "Invalid value for '--seed'"),
        ("seed = \n", "cannot be read (Invalid value (at line 1, column 8))"),
        ('config = "other.toml"\n', "has config, which is no option"),
    ],
)
def test_what_a_file_says_wrongly_is_one_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    answer = CliRunner().invoke(run, ["--config", str(tmp_path / "study.toml"), "--out", str(tmp_path)])
    assert answer.exit_code == 2
    assert told in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_file_that_is_not_there_and_one_of_another_command(tmp_path: Path) -> None:
    missing = CliRunner().invoke(listing, ["--config", str(tmp_path / "no.toml")])
    assert missing.exit_code == 2
    assert "no.toml cannot be read (No such file or directory)" in missing.stderr
    (tmp_path / "other.toml").write_text("[stress]\npaths = 3\n", encoding="utf-8")
    assert CliRunner().invoke(listing, ["--config", str(tmp_path / "other.toml"), "--json"]).exit_code == 0


def test_a_file_repeats_what_differs_from_the_usual_and_nothing_else() -> None:
    from dataclasses import asdict

    from positioning.cli.config import study_text
    from positioning.cli.request import Request

    words = asdict(Request()) | {"strategy": "it", "placebos": 0, "settings": ["half_life=5"], "accepted": []}
    options = {"placebos": "placebo", "settings": "set", "accepted": "accept", "seed": "seed"}
    lines = study_text(words, asdict(Request()), options).splitlines()[1:]
    assert lines == ['strategies = ["it"]', "placebo = 0", 'set = ["half_life=5"]']
