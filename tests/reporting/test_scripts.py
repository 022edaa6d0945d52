"""The scripts of the pages: each parses, and what several pages need is written once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import positioning
from tests.reporting.browser import Window

ROOM = Path(positioning.__file__ or "").parent / "reporting"
SCRIPTS = sorted(ROOM.rglob("*.js"))
ONCE = (
    "displaylogo",
    "getComputedStyle",
    "localeCompare",
    "Plotly.react",
)  # chart options, colours, sorting, drawing


def test_what_pages_share_is_written_once() -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in SCRIPTS}
    for word in ONCE:
        assert [name for name, text in texts.items() if word in text] == ["charts.js"]


def test_each_is_strict_and_ends_its_line() -> None:
    assert len(SCRIPTS) >= 5
    for file in SCRIPTS:
        text = file.read_text(encoding="utf-8")
        assert text.startswith('"use strict";\n')
        assert text.endswith("\n")
        assert not re.search(r"\beval\(|innerHTML|document\.write|^\s*var ", text, re.MULTILINE)


def test_each_parses_in_a_browser(browser: Window) -> None:
    for file in SCRIPTS:
        browser.page.evaluate("(text) => { new Function(text); }", file.read_text(encoding="utf-8"))
    with pytest.raises(Exception, match="SyntaxError"):
        browser.page.evaluate("(text) => { new Function(text); }", '"use strict"; const = 1;')
