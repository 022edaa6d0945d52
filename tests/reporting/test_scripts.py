"""The scripts of the pages: each parses, and what several pages need is written once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import positioning
from tests.reporting.browser import CHROMIUM

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


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_each_parses_in_a_browser() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running: Any = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = running.new_page()
        for file in SCRIPTS:
            page.evaluate("(text) => { new Function(text); }", file.read_text(encoding="utf-8"))
        with pytest.raises(Exception, match="SyntaxError"):
            page.evaluate("(text) => { new Function(text); }", '"use strict"; const = 1;')
        running.close()
