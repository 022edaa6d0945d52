"""The comparison page in a real browser: what it computes, what moves, and what does not break it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.analysis.account_history import between, metrics_of
from positioning.analysis.factor_regions import factor_measure
from positioning.analysis.factors import Factors
from positioning.analysis.market_line import held_venues
from positioning.analysis.report import BacktestReport
from positioning.cli.compare import app
from positioning.cli.kept_request import kept_words
from positioning.cli.request import Request
from positioning.data.sample import SampleSource
from positioning.events.event import Events
from positioning.market.benchmark import Benchmark
from positioning.market.coverage import Span
from positioning.reporting import charts
from positioning.reporting.comparison import charts as comparison_charts
from positioning.reporting.comparison.contributions import contributions
from positioning.reporting.comparison.page import page, write_comparison
from positioning.reporting.comparison.words import remarks
from positioning.reporting.html import Html
from positioning.reporting.tearsheet.figures import ROWS
from positioning.runs.backtest import RunSettings, backtest
from positioning.runs.comparison import Comparison, compare, differences, history_of, labels
from positioning.runs.keeping import keep
from positioning.runs.saved_run import SavedRun
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from strategies import STRATEGIES
from tests.builders import THESIS, until
from tests.reporting.browser import (
    HOSTILE,
    Fixed,
    Window,
    account,
    named,
    opened,
    photograph,
    text_of,
    unreached,
)
from tests.reporting.browser import hostile as with_code

STALE = "document.body.classList.contains('stale')"


@pytest.fixture(scope="module")
def reports() -> list[BacktestReport]:
    terms = RunSettings(
        source=SampleSource(), span=Span(), base="USD", thesis=THESIS, fees=read_fees("default"), fill="open",
        cash=CashRate.constant(0.02), benchmark=None, command="python -m backtests.run",
    )  # fmt: skip
    return [backtest(strategy(), terms) for strategy in STRATEGIES]


@pytest.fixture(scope="module")
def runs(reports: list[BacktestReport], tmp_path_factory: pytest.TempPathFactory) -> list[SavedRun]:
    out = tmp_path_factory.mktemp("kept")
    return [keep(s, kept_words(Request(), s.strategy), {}, out, "") for s in reports]


@pytest.fixture(scope="module")
def four(runs: list[SavedRun]) -> Comparison:
    return compare(runs, draws=200)


@pytest.fixture(scope="module")
def path(four: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_comparison(four, tmp_path_factory.mktemp("page"))


def odd_sheets() -> dict[str, BacktestReport]:
    """Accounts that have gone wrong in every way, on one hand-made market."""
    wave = [100.0 + 5 * math.sin(k / 3) + k / 10 for k in range(90)]
    own = account(Fixed(), wave)
    measure = Benchmark("B", "Itself", own.result.nav.copy(), ())
    return {
        "one": own, "two": own, "benchmark": replace(own, benchmark=measure),
        "flat": account(Fixed(weight=0.0), wave), "single": account(Fixed(), wave[:1]),
        "ruined": account(Fixed(weight=-3.0), [100.0] * 4 + [140.0] * 86),
    }  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    out = tmp_path_factory.mktemp("odd")
    made = [keep(replace(s, strategy=named(n)), {}, {}, out, "") for n, s in odd_sheets().items()]
    return compare(made, draws=200)


# -- what it says ----------------------------------------------------------------------------------------------


def test_the_page_has_every_part(four: Comparison, path: Path) -> None:
    words = text_of(path)
    for part in (
        "The same terms?", "Figures", "How they went", "Over time", "Return by year", "Return by event window",
        "Where profit came from", "By leg", "By theme", "By currency", "Costs by kind", "How alike they are",
        "Is one better than another?", "Hansen's test", "How it is computed", "SIMULATED",
    ):  # fmt: skip
        assert part in words
    assert "<title>SIMULATED: " in path.read_text()
    assert "Own span" in dict(differences(four))


def test_metrics_of_runs_with_the_same_span_are_those_of_their_tearsheets(
    reports: list[BacktestReport], four: Comparison
) -> None:
    assert four.span is not None
    for report, x in zip(reports, four.contenders, strict=True):
        if report.metrics.last == four.span[1]:
            for row in ROWS:
                assert getattr(x.metrics, row.field) == pytest.approx(
                    getattr(report.metrics, row.field), rel=1e-12
                )


def test_contributions_add_up_to_the_total_return(four: Comparison) -> None:
    for x in four.contenders:
        assert x.metrics is not None
        split = contributions(x)
        for key in ("leg", "theme", "currency", "part"):
            assert sum(split[key].values()) == pytest.approx(x.metrics.total_return, abs=1e-12), key
        paid = split["part"]["Costs"] + split["part"]["Financing"]
        assert sum(split["cost"].values()) == pytest.approx(paid, abs=1e-12)


def test_themes_are_split_as_on_the_tearsheet(reports: list[BacktestReport], four: Comparison) -> None:
    report, x = reports[0], four.contenders[0]
    split = contributions(x)["theme"]
    for theme, profit in report.attribution.by_theme.items():
        assert split[theme] == pytest.approx(profit, abs=1e-12)
    assert split["elsewhere"] == pytest.approx(report.attribution.rest, abs=1e-12)


def test_other_costs_and_bases_are_flagged(runs: list[SavedRun]) -> None:
    other = SavedRun(
        runs[1].place, {**runs[1].summary, "fees": {"label": "none", "digest": ""}, "base": "EUR"}
    )
    found = compare([runs[0], other], draws=100)
    assert {"Fees", "Base currency"} <= set(dict(differences(found)))
    assert "Not on the same terms: they differ in Base currency, Fees." in page(found)


def test_labels_tell_runs_of_one_position_apart(runs: list[SavedRun]) -> None:
    changed = {**runs[0].summary["parameters"], "half_life": 5.0}
    other = SavedRun(runs[0].place, {**runs[0].summary, "parameters": changed})
    assert labels([runs[0], other]) == [
        "Fertilizer Producers (half_life=20.0)", "Fertilizer Producers (half_life=5.0)",
    ]  # fmt: skip
    twins = labels([runs[0], SavedRun(runs[0].place.with_name("x-y-000001"), runs[0].summary)])
    assert len(set(twins)) == 2


def test_factors_of_a_comparison_take_the_hours_of_what_each_run_held(
    reports: list[BacktestReport], runs: list[SavedRun]
) -> None:
    days = reports[0].result.rows
    moves = np.random.default_rng(2).normal(0, 0.008, (days.size, 2))
    american = Factors(("Mkt-RF", "SMB"), days, moves, np.zeros(days.size), "made up", ("US",))
    found = compare(runs, draws=10, factors=american, region="any")
    measures = {c.run.summary["strategy"]: c.factors.fit.measure for c in found.contenders if c.factors}
    for report in reports:
        assert measures[report.strategy.name] == factor_measure(held_venues(report.result), ("US",))
    assert "dimson" in measures.values()
    words = page(found)
    assert words.count("(Dimson): something that was held closes") == list(measures.values()).count("dimson")


def test_odd_accounts_are_said_in_words(odd: Comparison) -> None:
    said = " ".join(remarks(odd))
    for words in (
        "One and Two are identical", "Flat held nothing", "Ruined was RUINED by 2025-05-07",
        "Single has a single row, 2025-05-01", "Benchmark equals its benchmark B",
    ):  # fmt: skip
        assert words in said
    assert odd.span == (np.datetime64("2025-05-01"), np.datetime64("2025-09-03"))
    pairs = {(p.winner, p.loser) for p in odd.pairs}
    assert (0, 1) not in pairs
    assert 4 not in odd.rivals
    assert 5 not in odd.rivals


def test_runs_that_share_no_dates_still_have_a_page(runs: list[SavedRun], tmp_path: Path) -> None:
    single = keep(replace(odd_sheets()["single"], strategy=named("alone")), {}, {}, tmp_path, "")
    late = account(Fixed(), [100.0, 101.0])
    early = keep(replace(late, strategy=named("early")), {}, {}, tmp_path, "")
    assert "no two dates" in page(compare([single], draws=100))
    assert "Only one run" in page(compare([runs[0]], draws=100))
    found = compare([early, single], draws=100)
    assert "left out" in page(found)


def test_the_charts_are_valid_plotly(four: Comparison, odd: Comparison) -> None:
    import re

    import plotly.graph_objects as go

    for found in (four, odd):
        text = json.dumps(comparison_charts.figures(found), allow_nan=False)
        text = re.sub(r'"\$[a-z]+"', '"#123456"', re.sub(r'"@\d+"', '["2020-01-01"]', text))
        for figure in json.loads(text).values():
            assert go.Figure(figure).data


def test_nothing_outside_the_page_is_named(path: Path) -> None:
    text = path.read_text()
    assert 'src="' not in text.replace(charts.inline_script(), "")
    assert '<link rel="icon" href="data:,">' in text


# -- the command -----------------------------------------------------------------------------------------------


def test_the_command_compares_positions_and_writes_csv_and_json(runs: list[SavedRun]) -> None:
    out = runs[0].place.parents[1]
    words = ["fertilizer_producers", runs[1].id, "--out", str(out), "--draws", "100", "--csv", "--json"]
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 0, outcome.output
    said = json.loads(outcome.stdout)
    assert [Path(f).name for f in said["files"]] == ["comparison.html", "index.html", "comparison.csv"]
    assert {f["strategy"] for f in said["figures"]} == {"Fertilizer Producers", "Middle Corridor"}
    lines = (out / "comparison.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * len(ROWS)
    assert 'href="comparison.html"' in (out / "index.html").read_text()


def test_an_unknown_run_is_one_line(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, ["nothing", "--out", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "python -m backtests.run" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    outcome = CliRunner().invoke(app, ["--draws", "few"])
    assert (outcome.exit_code, outcome.stderr.count("\n")) == (2, 1)


# -- in a browser ----------------------------------------------------------------------------------------------


def ready(browser: Window, path: Path, width: int = 1440, scheme: str = "light") -> tuple[Any, list[str]]:
    page, wrong = opened(browser, path, width, scheme, height=700)
    page.locator("[data-chart=equity]").scroll_into_view_if_needed()  # a chart is drawn when it comes near
    page.wait_for_selector("[data-chart=equity] .main-svg")
    return page, wrong


def with_plotly_beside(found: Comparison, directory: Path) -> Path:
    """The page, but for plotly's script, which lies beside it as with other pages: where it stands in a page that no
    other test looks at it would be compiled anew."""
    with charts.shared_script(directory) as script, pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "inline_script", lambda: Html(f'<script src="{script}"></script>'))
        return write_comparison(found, directory)


def values(page: Any) -> dict[str, dict[str, float]]:
    """The exact point metrics the page shows, by run and field."""
    cells = page.eval_on_selector_all(
        "td[data-field]",
        "cells => cells.map(c => [c.parentElement.dataset.run, c.dataset.field, c.dataset.value ?? null])",
    )
    out: dict[str, dict[str, float]] = {}
    for run, field, value in cells:
        out.setdefault(run, {})[field] = math.nan if value is None else float(value)
    return out


def choose(page: Any, first: str, last: str) -> None:
    page.fill("#from", first)
    page.fill("#to", last)


def all_drawn(page: Any, width: int) -> None:
    """As on paper, for which all charts are drawn."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    until(page, "document.querySelectorAll('[data-chart] .main-svg').length >= 7")
    photograph(page, f"comparison-{width}", full_page=True)


def best_and_worst(page: Any) -> None:
    shown = values(page)
    marks = page.eval_on_selector_all(
        ".mark.best",
        "m => m.map(x => [x.closest('td').dataset.field, x.closest('tr').dataset.run])",
    )
    best = dict(marks)
    assert best["sharpe"] == max(shown, key=lambda r: shown[r]["sharpe"])
    assert best["volatility"] == min(shown, key=lambda r: shown[r]["volatility"])
    assert best["max_drawdown"] == max(shown, key=lambda r: shown[r]["max_drawdown"])
    assert "beta" not in best


def brushed(page: Any, four: Comparison) -> None:
    """Figures of a period typed in are those of Python."""
    for first, last in (
        ("2021-03-01", "2022-10-14"),
        ("2023-02-25", "2023-02-28"),
        ("2024-01-02", "2024-01-02"),
        ("2020-01-02", "2025-12-30"),  # the whole, after others
    ):
        page.click("#whole")
        choose(page, first, last)
        assert page.evaluate(STALE) == ((first, last) != ("2020-01-02", "2025-12-30"))
        shown = values(page)
        for n, x in enumerate(four.contenders):
            metrics = metrics_of(between(history_of(x.run), np.datetime64(first), np.datetime64(last)))
            for row in ROWS:
                want = math.nan if metrics is None else getattr(metrics, row.field)
                value = shown[str(n)][row.field]
                assert value == pytest.approx(want, rel=1e-9, abs=1e-12, nan_ok=True), (first, row.field)


def dragged(page: Any) -> None:
    """A drag on the chart chooses the period, and the button gives it back."""
    before = values(page)
    page.evaluate(
        "Plotly.relayout(document.querySelector('[data-chart=equity]'), "
        "{'xaxis.range[0]': '2021-01-04', 'xaxis.range[1]': '2021-12-31'})"
    )
    until(page, STALE)
    assert (page.input_value("#from"), page.input_value("#to")) == ("2021-01-04", "2021-12-31")
    assert values(page) != before
    assert page.locator("#tests .stale-note").is_visible()
    assert float(page.eval_on_selector(".interval", "e => getComputedStyle(e).opacity")) < 0.5
    page.click("#whole")
    assert not page.evaluate(STALE)
    after = values(page)
    for run, fields in before.items():
        assert after[run] == pytest.approx(fields, rel=1e-9, nan_ok=True)


def test_best_and_worst_are_marked_and_metrics_after_a_brush_or_a_drag_are_pythons(
    browser: Window, path: Path, four: Comparison
) -> None:
    page, wrong = ready(browser, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    best_and_worst(page)
    brushed(page, four)
    dragged(page)
    assert wrong == []


def test_odd_accounts_after_a_brush(browser: Window, odd: Comparison, tmp_path: Path) -> None:
    page, wrong = ready(browser, with_plotly_beside(odd, tmp_path))
    choose(page, "2025-05-06", "2025-06-30")
    shown = values(page)
    for n, x in enumerate(odd.contenders):
        known = metrics_of(
            between(history_of(x.run), np.datetime64("2025-05-06"), np.datetime64("2025-06-30"))
        )
        for row in ROWS:
            want = math.nan if known is None or not x.inside else getattr(known, row.field)
            assert shown[str(n)][row.field] == pytest.approx(want, rel=1e-9, abs=1e-12, nan_ok=True), (n, row)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    until(page, "[...document.querySelectorAll('[data-chart]')].every((c) => c.querySelector('.main-svg'))")
    photograph(page, "comparison-odd")
    assert wrong == []


def sorted_by_key(page: Any) -> None:
    page.focus("[data-sort=sharpe]")
    page.keyboard.press("Enter")
    sharpes = "[...document.querySelectorAll('td[data-field=sharpe]')].map((c) => Number(c.dataset.value))"
    assert page.evaluate(sharpes) == sorted(page.evaluate(sharpes), reverse=True)
    assert page.locator("th[aria-sort=descending]").count() == 1


def sorted_by_click(page: Any) -> None:
    """Both tables, falling and then rising."""
    order = "[...document.querySelectorAll('table.metrics')].map(t => [...t.tBodies[0].rows].map(r => r.dataset.run))"
    page.click("[data-sort=volatility]")
    falling = page.evaluate(order)
    shown = values(page)
    assert falling[0] == falling[1] == sorted(shown, key=lambda r: -shown[r]["volatility"])
    assert page.get_attribute("th:has([data-sort=volatility])", "aria-sort") == "descending"
    page.focus("[data-sort=volatility]")
    page.keyboard.press("Enter")
    assert page.evaluate(order)[0] == falling[0][::-1]


def recoloured(page: Any) -> None:
    """The scale and the colours switch; paper is light."""
    kind = "document.querySelector('[data-chart=equity]').layout.yaxis.type"
    assert page.evaluate(kind) != "log"
    page.click("#scale")
    until(page, f"{kind} === 'log'")
    assert page.get_attribute("#scale", "aria-pressed") == "true"
    ink = "document.querySelector('[data-chart=equity]').layout.font.color"
    ground = "getComputedStyle(document.body).backgroundColor"
    light, paper = page.evaluate(ink), page.evaluate(ground)
    page.click("button.theme")
    until(page, f"{ink} !== '{light}'")
    assert page.evaluate(ground) != paper
    assert page.evaluate(kind) == "log"
    all_drawn(page, 1440)
    assert page.evaluate(ground) == paper  # paper is light
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ground) != paper


def filtered(page: Any, four: Comparison) -> None:
    """A theme's box hides marks and rows."""
    count = (
        "document.querySelector('[data-chart=equity]').data.filter(t => t.mode === 'markers')"
        ".reduce((n, t) => n + t.x.length, 0)"
    )
    rows = "document.querySelectorAll('#events tbody tr:not([hidden])').length"
    every = page.evaluate(count)
    assert every == page.evaluate(rows)
    for theme in page.eval_on_selector_all("[name=theme]", "b => b.map(x => x.value)"):
        if theme != "fertilizer":
            page.uncheck(f"[name=theme][value={theme}]")
    known = {e["id"] for x in four.contenders for e in x.run.events if "fertilizer" in e["themes"]}
    until(page, f"{count} < {every}")
    assert page.evaluate(count) == page.evaluate(rows) == len(known)


def test_every_control_is_reached_by_tab_and_does_what_it_says(
    browser: Window, path: Path, four: Comparison
) -> None:
    page, wrong = ready(browser, path)
    assert unreached(page) == ([], [])
    sorted_by_key(page)
    sorted_by_click(page)
    recoloured(page)
    filtered(page, four)
    assert wrong == []


def test_what_held_under_half_of_its_names_is_neither_best_nor_worst(
    runs: list[SavedRun], tmp_path: Path, browser: Window
) -> None:
    few = {"names": 3, "of": 12, "weight": 0.23}
    top = max(runs, key=lambda r: r.summary["metrics"]["sharpe"])
    kept = [replace(r, summary={**r.summary, "held": few}) if r is top else r for r in runs]
    found = compare(kept, draws=100)
    said = remarks(found)
    assert "No strategy earns more than another" in said[0]
    assert f"{top.summary['title']} (held 3 of 12 names) made most" in said[1]
    page, _ = ready(browser, with_plotly_beside(found, tmp_path))
    row = page.locator("tr[data-unranked]").first
    assert "held 3 of 12 names" in row.inner_text()
    assert page.locator("tr[data-unranked] .mark.best, tr[data-unranked] .mark.worst").count() == 0
    page.fill("#from", "2022-01-03")
    page.dispatch_event("#from", "change")
    until(page, STALE)
    assert page.locator("tr[data-unranked] .mark.best, tr[data-unranked] .mark.worst").count() == 0
    assert page.locator(".mark.best").count() > 0


OPEN = "() => [...document.querySelectorAll('details:not(.scale)')].filter((d) => d.open).length"


def test_a_phone_sees_the_answer_in_few_screens_and_paper_everything(browser: Window, path: Path) -> None:
    page, wrong = ready(browser, path, 390, "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(OPEN) == 0
    assert page.evaluate("document.documentElement.scrollHeight") < 8000
    all_drawn(page, 390)
    assert page.evaluate(OPEN) == page.locator("details:not(.scale)").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(OPEN) == 0
    page.evaluate("location.hash = '#contributions'")
    until(page, "document.getElementById('contributions').open")
    page.locator("#rolling summary").press("Enter")
    page.locator("[data-chart=sharpe]").scroll_into_view_if_needed()
    page.wait_for_selector("[data-chart=sharpe] .main-svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []


def test_nothing_hostile_executes(browser: Window, reports: list[BacktestReport], tmp_path: Path) -> None:
    code = with_code(reports[0])
    snow = replace(
        reports[1], strategy=named("\N{SNOWMAN}\u0645\u062b\u0627\u0644 </script>", type(reports[1].strategy))
    )
    asked = {**kept_words(Request(), reports[0].strategy), "settings": [HOSTILE]}
    runs = [keep(s, asked, {HOSTILE: "0" * 64}, tmp_path, "") for s in (code, snow)]
    from positioning.reporting.index import write_index

    for file in (with_plotly_beside(compare(runs, draws=100), tmp_path), write_index(tmp_path)):
        page, wrong = opened(browser, file, 1440, "light")
        if file.name != "index.html":
            page.wait_for_selector("[data-chart=equity] .main-svg")
            page.evaluate(
                """() => { const c = document.querySelector('[data-chart=equity]');
                const at = c.data.findIndex(t => t.mode === 'markers');
                const point = c.data[at].text.findIndex(t => t.includes('quoted'));
                Plotly.Fx.hover(c, [{curveNumber: at, pointNumber: point}]); }"""
            )
            shown = page.locator("[data-chart=equity] .hoverlayer").text_content()
            assert HOSTILE in shown
            assert '"quoted"' in shown
        assert page.locator("img").count() == 0
        assert "\N{SNOWMAN}" in page.locator("main").inner_text()
        assert wrong == []


def test_events_of_another_record_are_merged_once(
    reports: list[BacktestReport], runs: list[SavedRun], tmp_path: Path
) -> None:
    bare = keep(replace(reports[1], thesis=replace(THESIS, events=Events(()))), {}, {}, tmp_path, "")
    found = compare([runs[0], bare], draws=100)
    assert "Event record" in dict(differences(found))
    from positioning.runs.comparison import facts

    ids = [e["id"] for e in facts(found)]
    assert len(ids) == len(set(ids)) > 50
