"""The gallery: real and simulated apart, runs told apart, hundreds of them quickly."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.compare import app as compare_app
from positioning.cli.run import app as run_app
from positioning.reporting.index import write_index
from positioning.runs.saved_run import runs_in
from tests.builders import Figure
from tests.reporting.browser import Window, opened


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 runs: copies of one, every third of them said to be real, with other fees here and there."""
    out = tmp_path_factory.mktemp("gallery")
    words = ["fertilizer_producers", "--no-quantstats", "--out", str(out), "--quiet"]
    outcome = CliRunner().invoke(run_app, words)
    assert outcome.exit_code == 0, outcome.output
    (first,) = runs_in(out)
    for n in range(1, 300):
        place = first.place.with_name(f"20200101-{n:06d}-copy")
        place.mkdir()
        for file in first.place.iterdir():
            (place / file.name).hardlink_to(file)
        (place / "summary.json").unlink()
        more = {
            "id": place.name,
            "made": f"2020-01-01T00:{n // 60:02d}:{n % 60:02d}+00:00",
            "simulated": n % 3 != 0,
        }
        own = first.summary["fees"]
        fees = {**own, "label": "none"} if n % 5 == 0 else own
        (place / "summary.json").write_text(json.dumps({**first.summary, **more, "fees": fees}))
    write_index(out)
    return out


def test_real_and_simulated_runs_are_apart_and_the_banner_is_the_simulated_ones(gallery: Path) -> None:
    page = (gallery / "index.html").read_text()
    assert "<title>Backtests</title>" in page  # not all are simulated
    real, simulated = page.split('id="simulated"')
    assert 'class="badge"' not in real
    assert real.count('class="card"') == 99
    assert simulated.count('class="card"') == simulated.count('class="badge"') == 201
    assert page.count('class="banner"') == 1
    assert 'class="banner"' in simulated


def test_each_card_opens_the_page_of_its_own_run(gallery: Path) -> None:
    linked = re.findall(r'class="card" href="([^"]*)"', (gallery / "index.html").read_text())
    assert linked == [run.address for kind in (False, True) for run in runs_in(gallery)
                      if run.summary["simulated"] is kind]  # fmt: skip
    assert all((gallery / address).is_file() for address in linked)


def test_runs_that_differ_look_different(gallery: Path) -> None:
    page = (gallery / "index.html").read_text()
    assert page.count("<li>fees none</li>") == 59
    assert len(re.findall(r"<li>fees ", page)) == 300
    assert "<li>cash" not in page  # alike in all


def test_three_hundred_runs_are_under_two_megabytes_and_can_be_searched(
    gallery: Path, browser: Window
) -> None:
    path = gallery / "index.html"
    assert path.stat().st_size < 2_000_000
    page, wrong = opened(browser, path, 1440, height=900)
    page.wait_for_selector(".card")
    page.fill("#search", "fees none")
    assert page.locator(".card:visible").count() == 59
    assert page.locator("#shown").text_content() == "59 of 300 runs."
    page.fill("#search", "nothing like it")
    assert page.locator("section.runs:visible").count() == 0
    page.fill("#search", "")
    page.click("#view")
    assert page.locator("body.as-table").count() == 1
    assert page.locator(".spark:visible").count() == 0
    assert wrong == []


@pytest.mark.slow
def test_three_hundred_runs_open_at_once(gallery: Path, browser: Window, figure: Figure) -> None:
    page, _ = opened(browser, gallery / "index.html", 1440, height=900)
    page.wait_for_selector(".card")
    took = page.evaluate("performance.timing.domInteractive - performance.timing.navigationStart")
    figure(
        "the index of 300 kept runs opens in Chromium", f"{took / 1000:.1f} s", "under 5 s, quiet under 1 s"
    )
    assert took < 5000


def test_comparison_keeps_them_apart_unless_told(gallery: Path, tmp_path: Path) -> None:
    """Of a few of the runs, of either kind: each command reads all that there are."""
    runs = runs_in(gallery)
    real, simulated = ([r for r in runs if r.summary["simulated"] is s][:3] for s in (False, True))
    for run in (*real, *simulated):
        shutil.copytree(run.place, tmp_path / "runs" / run.id)
    words = [real[0].id, simulated[0].id, "--out", str(tmp_path), "--json", "--draws", "100"]
    refused = CliRunner().invoke(compare_app, words)
    assert refused.exit_code == 2
    assert "type --mixed" in refused.stderr
    told = CliRunner().invoke(compare_app, [*words, "--mixed"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["remarks"][0].startswith("Real and SIMULATED prices side by side")
    alone = json.loads(CliRunner().invoke(compare_app, words[2:]).stdout)  # none named: the real ones
    assert {f["run"] for f in alone["figures"]} == {real[0].id}
