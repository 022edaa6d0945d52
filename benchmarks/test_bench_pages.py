"""What pages cost to build and to open. Figures are printed by `make bench`, never asserted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from positioning.cli.kept_request import kept_words
from positioning.cli.request import Request
from positioning.data.sample import SampleSource
from positioning.market.coverage import Span
from positioning.reporting.comparison.page import write_comparison
from positioning.reporting.pages import CompletedRun, Pages
from positioning.runs.backtest import RunSettings, backtest
from positioning.runs.comparison import compare
from positioning.runs.saved_run import SavedRun, runs_in
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from strategies import STRATEGIES
from tests.builders import THESIS
from tests.reporting.browser import CHROMIUM

START = np.datetime64("2018-01-02")
SCROLL = "document.querySelector('[data-chart=equity]').scrollIntoView()"
PATIENCE = 60_000  # milliseconds that a busy machine is given: a benchmark measures, it judges nothing


@pytest.fixture(scope="module")
def works() -> list[CompletedRun]:
    """The four strategies over all years of the sample market."""
    terms = RunSettings(
        source=SampleSource(), span=Span(START), base="USD", thesis=THESIS, fees=read_fees("default"),
        fill="open", cash=CashRate.constant(0.0), benchmark=None, command="bench",
    )  # fmt: skip
    chosen = [strategy() for strategy in STRATEGIES]
    runs = [CompletedRun(backtest(s, terms), kept_words(Request(), s), {}) for s in chosen]
    assert min(w.report.result.rows.size for w in runs) > 1950
    return runs


def write_pages(works: list[CompletedRun], place: Path) -> None:
    """Without quantstats."""
    with Pages(place, len(works), quantstats=False) as pages:
        for work in works:
            pages.add(work)
        pages.write(lambda: None)


def four(place: Path) -> list[SavedRun]:
    """The newest run of each; one that could not be read would leave an empty comparison to measure."""
    runs = runs_in(place)[: len(STRATEGIES)]
    assert len({run.summary["strategy"] for run in runs}) == len(STRATEGIES)
    return runs


@pytest.mark.benchmark(
    group="pages of four strategies, 8 years, beyond quantstats (wanted: under 3 s in all)"
)
def test_tearsheets_kept_runs_and_index(benchmark: Any, works: list[CompletedRun], tmp_path: Path) -> None:
    benchmark.pedantic(write_pages, (works, tmp_path), rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(
    group="pages of four strategies, 8 years, beyond quantstats (wanted: under 3 s in all)"
)
def test_comparison(benchmark: Any, works: list[CompletedRun], tmp_path: Path) -> None:
    write_pages(works, tmp_path)

    def build() -> None:
        write_comparison(compare(four(tmp_path)), tmp_path)

    benchmark.pedantic(build, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(
    group="comparison page in Chromium, from navigation (wanted: interactive in under 2 s)"
)
@pytest.mark.parametrize(
    "selector", ["[data-live]", "[data-chart=equity] .main-svg"], ids=["tables", "first_chart"]
)
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_opening_the_comparison(
    benchmark: Any, works: list[CompletedRun], tmp_path: Path, selector: str
) -> None:
    from playwright.sync_api import sync_playwright

    write_pages(works, tmp_path)
    page = write_comparison(compare(four(tmp_path)), tmp_path)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])

        def fresh() -> tuple[tuple[Any], dict[str, Any]]:
            for context in running.contexts:
                context.close()  # tabs of the rounds before would draw on beside this one
            return (running.new_page(viewport={"width": 1440, "height": 1600}),), {}

        def show(tab: Any) -> None:
            tab.goto(page.as_uri(), wait_until="commit", timeout=PATIENCE)
            tab.wait_for_selector("[data-chart=equity]", state="attached", timeout=PATIENCE)
            tab.evaluate(SCROLL)  # it is drawn when it comes near the window
            tab.wait_for_selector(selector, state="attached", timeout=PATIENCE)

        benchmark.pedantic(show, setup=fresh, rounds=5, warmup_rounds=1)
        running.close()
