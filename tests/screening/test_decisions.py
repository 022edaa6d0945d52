"""What was decided is read back as it was, and no spreadsheet runs any of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from positioning.screening.decisions import Decision, read_decisions, write_decisions

CRUEL = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-5",
    "- a firm",
    "@SUM(A1)",
    "|pipe",
    "%0A",
    " =1",
    "'quoted",
    "[/red]",
    "a;b,c",
)


@pytest.mark.parametrize("word", CRUEL)
def test_what_was_decided_is_asked_once_whatever_its_words(tmp_path: Path, word: str) -> None:
    made = Decision("EVR.L", "a list", word.strip(), word.strip(), "same", word.strip())
    path = write_decisions(tmp_path / "decisions.csv", [made])
    assert read_decisions(path) == {made.about: made}
    for line in path.read_text().splitlines()[1:]:
        assert not any(
            cell.startswith(("=", "+", "@", "|", "%", "- ")) for cell in line.replace('"', "").split(",")
        )
