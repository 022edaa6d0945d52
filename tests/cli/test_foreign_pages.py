"""A page that the program did not make is never written over, and is refused before anything is computed."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.errors import BadInputError
from positioning.reporting.document import document
from positioning.reporting.html import Html
from positioning.reporting.page_file import refuse_foreign_pages, write_page

FOREIGN = b"<!DOCTYPE html><title>my own site</title>"
COMMANDS = {
    "run": (["middle_corridor"], ["index.html", "middle_corridor.html"]),
    "stress": (["middle_corridor", "--paths", "2"], ["stress.html", "index.html"]),
    "claims": (["--markdown", "none"], ["claims.html", "index.html"]),
    "event_study": ([], ["event_study.html", "index.html"]),
    "grid_search": (["middle_corridor", "--grid", "half_life=5,10"], ["grid.html", "index.html"]),
    "compare": ([], ["comparison.html", "index.html"]),
    "today": (["middle_corridor", "--as-of", "2024-06-14"], ["today_middle_corridor.html"]),
    "events": ([], ["events.html"]),
}


@pytest.mark.parametrize(("name", "page"), [(n, p) for n, (_, pages) in COMMANDS.items() for p in pages])
def test_a_foreign_page_is_refused_first(name: str, page: str, tmp_path: Path) -> None:
    (tmp_path / page).write_bytes(FOREIGN)
    app = importlib.import_module(f"positioning.cli.{name}").app
    done = CliRunner().invoke(app, [*COMMANDS[name][0], "--out", str(tmp_path)])
    assert done.exit_code == 2, done.output
    assert f"{page} is not a page of this program" in done.stderr
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
