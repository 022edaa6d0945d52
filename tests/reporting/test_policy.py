"""Pages run their own scripts and no others, in Chromium from a file as from the server."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from positioning.cli.events import app
from positioning.reporting.document import document, own_file, policy, self_contained
from positioning.reporting.html import Html
from tests.reporting.browser import Window, opened

EVIL = "<script>document.title = 'taken over'</script>"
DRAWN = ".js-plotly-plot .main-svg"


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


def test_in_a_browser_charts_are_drawn_and_what_was_put_in_does_not_run(
    browser: Window, tmp_path: Path
) -> None:
    assert CliRunner().invoke(app, ["--since", "2025-06-01", "--out", str(tmp_path)]).exit_code == 0
    page_file = tmp_path / "events.html"
    taken = page_file.with_name("taken.html")
    taken.write_text(
        page_file.read_text(encoding="utf-8").replace("</body>", f"{EVIL}</body>"), encoding="utf-8"
    )
    page, said = opened(browser, page_file, 1280)
    page.wait_for_selector(DRAWN, state="attached")
    assert said == []
    page, said = opened(browser, taken, 1280)
    page.wait_for_selector(DRAWN, state="attached")
    assert page.title() != "taken over"
    assert any("Content Security Policy" in word for word in said)
