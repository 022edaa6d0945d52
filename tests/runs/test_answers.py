"""Searches, stress tests and studies are kept whole, each under its own ID, and edits are seen."""

from __future__ import annotations

from pathlib import Path

from positioning.runs.answers import changed_files, keep_answer, read_answer, read_answers


def kept(directory: Path, page: str = "<p>page</p>") -> str:
    table = directory / "stress.json"
    table.write_text("{}")
    return keep_answer(
        directory,
        "stress",
        "Stress test",
        "A sentence.",
        "neutral",
        False,
        "folder",
        "a command",
        page,
        [table],
    ).id


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    ids = {kept(tmp_path) for _ in range(3)}
    assert len(ids) == 3
    assert {a.id for a in read_answers(tmp_path).answers} == ids
    assert all((tmp_path / "answers" / i / "page.html").read_text() == "<p>page</p>" for i in ids)


def test_an_edit_is_found_by_its_digest_and_an_odd_folder_left_out(tmp_path: Path) -> None:
    place = tmp_path / "answers" / kept(tmp_path)
    assert changed_files(place, read_answer(place)) == []
    (place / "page.html").write_text("<p>other</p>")
    assert changed_files(place, read_answer(place)) == ["page.html"]
    (tmp_path / "answers" / "odd").mkdir()
    (tmp_path / "answers" / "odd" / "answer.json").write_text('{"schema": "x"}')
    assert [a.id for a in read_answers(tmp_path).answers] == [place.name]
