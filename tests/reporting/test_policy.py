"""Pages run their own scripts and no others, in Chromium from a file as from the server."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.events import app
from positioning.reporting.document import document, own_file, policy, self_contained
from positioning.reporting.html import Html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "<script>document.title = 'taken over'</script>"


def test_only_our_own_files_are_allowed() -> None:
    own = f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"
    assert policy(own).count("sha256-") == 1
    assert "sha256-" not in policy(EVIL)
    assert "sha256-" not in policy(own.replace("</script>", ";evil()</script>"))
    for word in ("'unsafe-eval'", "script-src 'unsafe-inline'", "http:", "https:", "*"):
        assert word not in policy(own)
    assert 'http-equiv="Content-Security-Policy"' in document("a", Html(own), False)


def test_plotly_inside_a_page_is_allowed_too() -> None:
    text = document("a", Html('<script src="assets/p.js"></script>'), False)
    assert self_contained(text, "assets/p.js").count("sha256-") == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_in_a_browser_charts_are_drawn_and_what_was_put_in_does_not_run(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    assert CliRunner().invoke(app, ["--out", str(tmp_path)]).exit_code == 0
    page_file = tmp_path / "events.html"
    taken = page_file.with_name("taken.html")
    taken.write_text(
        page_file.read_text(encoding="utf-8").replace("</body>", f"{EVIL}</body>"), encoding="utf-8"
    )
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        said: list[str] = []
        page = running.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_file.as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg", state="attached", timeout=300_000)
        assert said == []
        page.goto(taken.as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg", state="attached", timeout=300_000)
        assert page.title() != "taken over"
        assert any("Content Security Policy" in word for word in said)
        running.close()
