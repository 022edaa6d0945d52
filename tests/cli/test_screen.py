"""The screen command: who is on lists of one's own, decisions kept beside the page, every mistake in a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positioning.cli.screen import SHOWN, app

MOSAIC = "US61945C1036"


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """Two names of one's own."""
    file = tmp_path / "own.csv"
    file.write_text(f"symbol,name,isin\nMOS,Mosaic Company,{MOSAIC}\nABC,Alborz Cement Works,\n")
    return file


def lists(place: Path, *rows: str) -> Path:
    file = place / "list.csv"
    file.write_text("name,isin,since\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def screened(*words: object) -> Any:
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_an_isin_is_sure_a_likeness_is_a_candidate_and_both_are_told(tmp_path: Path, names: Path) -> None:
    file = lists(tmp_path, f"Somebody Else,{MOSAIC},2022-05-03", "Alborz Cement Work,,2023-01-09")
    done = screened(file, "--universe", names, "--out", tmp_path / "out", "--as-of", "2023-06-30")
    assert done.exit_code == 0, done.output
    assert "1 of 2 names restricted as of 2023-06-30: MOS." in done.stdout
    assert "1 candidate by name is undecided" in done.stdout
    assert f"MOS: {MOSAIC}" in done.stdout
    assert "ABC: " in done.stdout
    assert {p.name for p in (tmp_path / "out").iterdir()} >= {
        "screening.html", "screening.json", "screened_restrictions.csv", "decisions.csv"
    }  # fmt: skip
    answer = json.loads(screened(file, "--universe", names, "--out", tmp_path / "json", "--json").stdout)
    assert {Path(f).name for f in answer["files"]} == {
        "screening.html", "screening.json", "screened_restrictions.csv", "decisions.csv"
    }  # fmt: skip


def test_what_was_decided_of_a_candidate_is_kept_and_told(tmp_path: Path, names: Path) -> None:
    file, out = lists(tmp_path, "Alborz Cement Work,,2023-01-09"), tmp_path / "out"
    screened(file, "--universe", names, "--out", out)
    decisions = out / "decisions.csv"
    text = decisions.read_text()
    head, row = text.splitlines()[:2]
    place = head.split(",").index("decision")
    cells = row.split(",")
    cells[place] = "same"
    decisions.write_text("\n".join([head, ",".join(cells)]) + "\n")
    done = screened(file, "--universe", names, "--out", out)
    assert done.exit_code == 0, done.output
    assert "decided: same" in done.stdout
    assert decisions.read_text().splitlines()[1].split(",")[place] == "same"
    assert "ABC" in (out / "screened_restrictions.csv").read_text()


def test_more_candidates_than_a_terminal_shows_are_counted(tmp_path: Path) -> None:
    many = SHOWN + 4
    own = tmp_path / "own.csv"
    own.write_text("symbol,name\n" + "".join(f"S{n},Alborz Cement Works {n:03d}\n" for n in range(many)))
    file = lists(tmp_path, "Alborz Cement Works,,2023-01-09")
    done = screened(file, "--universe", own, "--out", tmp_path / "out")
    undecided = json.loads((tmp_path / "out" / "screening.json").read_text())["undecided"]
    assert undecided > SHOWN
    assert f"{undecided - SHOWN} more candidates on the page, or with --verbose" in done.stdout
    whole = screened(file, "--universe", own, "--out", tmp_path / "out", "--verbose")
    assert "more candidate" not in whole.stdout


def test_a_strategy_is_screened_alone_and_the_record_without_one(tmp_path: Path) -> None:
    file = lists(tmp_path, f"Somebody Else,{MOSAIC},2022-05-03")
    for words, hits in ((["fertilizer_producers"], 1), (["middle_corridor"], 0), ([], 1)):
        answer = json.loads(screened(file, *words, "--out", tmp_path / "out", "--json").stdout)
        assert sum(f["symbol"] == "MOS" for f in answer["findings"]) == hits


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.csv"], "nothing.csv is no file and no strategy"),
        (["fertilizer_producer"], "Did you mean fertilizer_producers?"),
        (["fertilizer_producers"], "no list was given; wanted a file"),
        (["LIST", "--as-of", "yesterday"], "--as-of"),
        (["LIST", "--universe", "LIST"], "wanted symbol, and name or isin"),
    ],
)
def test_a_mistake_is_a_line(words: list[str], told: str, tmp_path: Path) -> None:
    file = lists(tmp_path, f"Somebody,{MOSAIC},2022-05-03")
    done = screened(*[str(file) if w == "LIST" else w for w in words], "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list((tmp_path / "out").glob("screen*"))
