"""A page that the program did not make is never written over, and is refused before anything is computed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.reporting.document import document
from positioning.reporting.html import Html
from positioning.reporting.page_file import refuse_foreign_pages, write_page

FOREIGN = b"<!DOCTYPE html><title>my own site</title>"
COMMANDS = {
    "run": (["middle_corridor", "--csv"], ["index.html", "middle_corridor.html", "middle_corridor.csv"]),
    "stress": (
        ["middle_corridor", "--paths", "2"],
        ["stress.html", "stress.json", "stress.parquet", "index.html"],
    ),
    "claims": (["--markdown", "none"], ["claims.html", "claims.json", "index.html"]),
    "event_study": (
        [],
        ["event_study.html", "event_study_events.csv", "event_study_tests.csv", "index.html"],
    ),
    "grid_search": (
        ["middle_corridor", "--grid", "half_life=5,10"],
        ["grid.html", "trials.parquet", "index.html"],
    ),
    "compare": (["--csv"], ["comparison.html", "comparison.csv", "index.html"]),
    "today": (
        ["middle_corridor", "--as-of", "2024-06-14", "--csv"],
        ["today_middle_corridor.html", "today_middle_corridor_orders.csv"],
    ),
    "events": ([], ["events.html"]),
}
BESIDE = {  # what else a command writes into: the scripts of its pages, and what it keeps
    "run": ("assets", "runs"), "stress": ("assets", "answers"), "claims": ("answers",), "capacity": ("assets",),
    "event_study": ("assets", "answers"), "grid_search": ("assets", "answers"), "events": ("assets",),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, place)
        for name in (*COMMANDS, "capacity", "check", "screen")
        for place in ("file", "file/below", *BESIDE.get(name, ()))
    ],
)
def test_a_place_that_cannot_be_written_is_refused_first(
    name: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a file, lies in one, or a folder that files go to in it is one: before a price is read."""
    out = tmp_path / place if place.startswith("file") else tmp_path
    (tmp_path / place.partition("/")[0]).write_text("")
    monkeypatch.setattr(SampleSource, "deliver", lambda *_: pytest.fail("prices were read"))
    app = importlib.import_module(f"positioning.cli.{name}").app
    words = COMMANDS.get(name, ([__file__ if name == "screen" else "middle_corridor"], []))[0]
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert done.stderr.startswith("error: ")
    assert str(out)[-12:] in done.stderr  # a long place is shortened in its middle
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("name", "page"), [(n, p) for n, (_, pages) in COMMANDS.items() for p in pages])
def test_a_foreign_page_is_refused_first(name: str, page: str, tmp_path: Path) -> None:
    (tmp_path / page).write_bytes(FOREIGN)
    app = importlib.import_module(f"positioning.cli.{name}").app
    done = CliRunner().invoke(app, [*COMMANDS[name][0], "--out", str(tmp_path)])
    assert done.exit_code == 2, done.output
    assert re.search(rf"{page} is not a (page|file) of this program", done.stderr)
    assert len(done.stderr.splitlines()) == 1
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(page, FOREIGN)]


@pytest.mark.parametrize("content", [b"", b"\0" * 300, FOREIGN, b"<html><!-- positioning --></html>"])
def test_what_is_foreign(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.html").write_bytes(content)
    with pytest.raises(BadInputError, match="not a page of this program"):
        write_page(tmp_path / "x.html", "new")
    assert (tmp_path / "x.html").read_bytes() == content


def test_a_link_to_nothing_is_foreign_and_an_own_page_is_not(tmp_path: Path) -> None:
    (tmp_path / "x.html").symlink_to(tmp_path / "gone")
    with pytest.raises(BadInputError, match="not a page of this program"):
        refuse_foreign_pages(tmp_path, ["x.html"])
    text = document("A page", Html("<p>words</p>"), True)
    write_page(tmp_path / "own.html", text)
    write_page(tmp_path / "own.html", text)
    before = text.replace('<meta name="generator" content="positioning">', "")
    (tmp_path / "own.html").write_text(before)
    write_page(tmp_path / "own.html", text)


@pytest.mark.parametrize(
    ("name", "own", "foreign"),
    [
        ("comparison.csv", b"strategy,run,metric,value,low,high\n", b"strategy,metric,value\nmine,x,1\n"),
        ("mine.csv", b"date,nav,returns,cost\n2024-01-02,1,0,0\n", b"date,price\n2024-01-02,5\n"),
        (
            "stress.json",
            b'{"simulated": true, "scenarios": "x", "horizon": 1, "paths": 2}',
            b'[{"scenarios": 1}]',
        ),
        ("stress.json", b'{"simulated": true, "scenarios": "x", "horizon": 1, "paths": 2}', b"not JSON"),
        ("claims.json", b'{"claims": {}}', b'{"mine": 1}'),
        ("mine.pdf", b"%PDF-1.4\n<</Creator (HeadlessChrome/1)>>", b"%PDF-1.4\n<</Creator (Writer)>>"),
        ("trials.parquet", None, b"PAR1 not really"),
    ],
)
def test_a_table_is_known_by_what_it_has(
    name: str, own: bytes | None, foreign: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(foreign)
    with pytest.raises(BadInputError, match="not a file of this program"):
        refuse_foreign_pages(tmp_path, [name])
    assert (tmp_path / name).read_bytes() == foreign
    if own is not None:
        (tmp_path / name).write_bytes(own)
        refuse_foreign_pages(tmp_path, [name])
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(BadInputError):  # a folder of that name stays, too
        refuse_foreign_pages(tmp_path, [name])


def test_what_each_command_writes_it_may_write_again(tmp_path: Path) -> None:
    words = {"event_study": ["CF", "--placebo", "0"], "stress": ["middle_corridor", "--paths", "10", "--horizon", "30"],
             "grid_search": ["middle_corridor", "--grid", "half_life=5,10"],
             "run": ["middle_corridor", "--csv", "--placebo", "0", "--no-quantstats"], "compare": ["--csv"],
             "capacity": ["middle_corridor"],
             "today": ["middle_corridor", "--as-of", "2024-06-14", "--csv"]}  # fmt: skip
    for name, typed in words.items():
        app = importlib.import_module(f"positioning.cli.{name}").app
        done = CliRunner().invoke(app, [*typed, "--out", str(tmp_path)])
        assert done.exit_code == 0, done.output
    made = [p.name for p in tmp_path.iterdir() if p.is_file()]
    assert {"stress.parquet", "trials.parquet", "comparison.csv", "middle_corridor.csv"} <= set(made)
    refuse_foreign_pages(tmp_path, made)
