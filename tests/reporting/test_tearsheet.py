"""The pages: what they say, that nothing in a name executes, and how they look in a real browser."""

from __future__ import annotations

import json
import math
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from positioning.analysis.placebo import Placebo
from positioning.analysis.report import BacktestReport
from positioning.cli.kept_request import kept_words
from positioning.cli.request import Request
from positioning.events.event import Events
from positioning.files import safe_name, write_whole
from positioning.reporting.event_marks import sign_for
from positioning.reporting.format import findings, number, percent, signed
from positioning.reporting.index import write_index
from positioning.reporting.tearsheet import charts
from positioning.reporting.tearsheet import figures as panel
from positioning.reporting.tearsheet import outside as asked
from positioning.reporting.tearsheet import page as tearsheet
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
from positioning.runs.keeping import keep
from positioning.runs.saved_run import runs_in
from tests.builders import THESIS, until
from tests.reporting.browser import (
    HOSTILE,
    STUB,
    Fixed,
    Window,
    account,
    hostile,
    named,
    opened,
    photograph,
    text_of,
    unreached,
)


@pytest.fixture(scope="module")
def outside(reports: list[BacktestReport]) -> QuantstatsPage:
    """quantstats' report on the first strategy, drawn once."""
    ask, about = asked.questions(reports[0])[asked.QUANTSTATS]
    return ask(*about)


@pytest.fixture(scope="module")
def folder(
    reports: list[BacktestReport], outside: QuantstatsPage, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """All pages; the other strategies borrow the first one's quantstats, to save its time."""
    directory = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked, "on_returns", lambda *_: outside)
        for report in reports:
            tearsheet.write(report, directory)
            keep(report, kept_words(Request(), report.strategy), {}, directory, "")
        write_index(directory)
        patch.setattr(asked, "on_returns", lambda *_: STUB)
        tearsheet.write(hostile(reports[0]), directory)
    dead = account(Fixed(weight=-3.0), [100.0] * 4 + [140.0] * 20)
    tearsheet.write(replace(dead, strategy=named("ruined")), directory)
    tearsheet.write(replace(account(Fixed(weight=0.0), [100.0] * 30), strategy=named("flat")), directory)
    tearsheet.write(replace(account(Fixed(), [100.0]), strategy=named("one_row")), directory)
    return directory


# -- what a page says ------------------------------------------------------------------------------------------


def test_each_page_carries_its_provenance(reports: list[BacktestReport], folder: Path) -> None:
    for report in reports:
        path = folder / f"{report.strategy.name}.html"
        words = text_of(path)
        for fact in (
            report.result.market.snapshot, report.events.digest(), report.command, "half_life=20.0", "Hindsight",
            "What this page does not model", "exclude them", f"{report.metrics.rows_per_year:.1f} a year",
            *(n.text for n in report.notices), *(i.name for i in report.result.market.instruments),
        ):  # fmt: skip
            assert " ".join(fact.split()) in words
        assert path.stat().st_size < 2_000_000


def test_simulated_pages_say_so_in_title_banner_chart_and_quantstats(folder: Path) -> None:
    page = (folder / "enablers.html").read_text()
    assert "<title>SIMULATED: " in page
    assert 'class="banner"' in page
    assert page.count('"text":"SIMULATED"') == page.count('"layout":') >= 4
    assert "data-simulated" in page
    assert "<title>SIMULATED: " in (folder / "index.html").read_text()


def test_real_pages_do_not(folder: Path) -> None:
    assert "SIMULATED" not in text_of(folder / "flat.html")
    assert '"text":"SIMULATED"' not in (folder / "flat.html").read_text()


def test_the_index_links_every_page(reports: list[BacktestReport], folder: Path) -> None:
    page = (folder / "index.html").read_text()
    linked = set(re.findall(r'class="card" href="([^"]*)"', page))
    assert linked == {
        run.address for run in runs_in(folder)
    }  # its own page, whatever writes STRATEGY.html next
    assert len(linked) == len(reports)
    assert all((folder / address).is_file() for address in linked)
    assert page.count("<polyline") == len(reports)


def test_ruined_flat_and_single_row_accounts_have_a_page(folder: Path) -> None:
    dead = text_of(folder / "ruined.html")
    assert "RUINED on 2025-05-07" in dead
    assert "No ratio is quoted on a dead account." in dead
    assert not re.search(r"Sharpe (ratio )?[−+]?\d", dead)
    assert "all in cash" in text_of(folder / "flat.html")
    assert "never moved" in text_of(folder / "flat.html")
    assert "nothing can be measured" in text_of(folder / "one_row.html")


def test_a_benchmark_equal_to_the_position_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from positioning.reporting.tearsheet import quantstats_report as quantstats_door

    monkeypatch.setattr(quantstats_door, "_report", lambda *_: "body")
    wave = [100.0 + 5 * math.sin(k) for k in range(60)]
    assert "The benchmark equals the strategy" in tearsheet.page(
        account(Fixed(), wave, benchmark=True), "x.js"
    )


def test_metrics_agree_with_quantstats_but_for_the_normal_tail(
    reports: list[BacktestReport], outside: QuantstatsPage
) -> None:
    """Sharpe, Sortino, CAGR and the rest are the same numbers; quantstats' tail is that of a normal law."""
    verdicts = {r.field: panel._compared(r, reports[0], outside.figures)[-1] for r in panel.ROWS}
    differ = {field for field, verdict in verdicts.items() if "differ" in verdict.before + str(verdict.text)}
    assert differ == {"var_95", "es_95", "beta", "alpha"}  # one of the names closes in Frankfurt


def test_a_difference_nobody_can_explain_is_flagged() -> None:
    assert "no known reason" in str(panel._verdict(1.0, 1.0 + 3e-6, "").text)
    assert panel._verdict(1.0, 1.0 + 3e-7, "").text == "agree"


def test_costs_and_legs_add_up_to_what_the_metrics_say(reports: list[BacktestReport]) -> None:
    for report in reports:
        yearly = panel._yearly(report.result)
        borrow = yearly.pop("borrow on shorts")
        assert sum(yearly.values()) == pytest.approx(report.metrics.cost_bps_per_year, rel=1e-9)
        assert borrow >= 0
        total = sum(sum(parts.values()) for parts in report.result.contributions().values())
        assert total == pytest.approx(report.metrics.total_return, abs=1e-12)


def test_round_trips_are_vectorbts_own(reports: list[BacktestReport]) -> None:
    """Closed trades, win rate and profit factor as `vectorbt.Trades` itself counts them."""
    from positioning.reporting.tearsheet.orders import orders

    ask, about = asked.questions(reports[0])[asked.VECTORBT]
    told = {asked.VECTORBT: ask(*about)}
    closed = reports[0].result.to_vectorbt().trades.closed
    trips = dict(orders(reports[0], asked.outside(reports[0], told).trips).trips)
    assert trips["Closed trades"] == f"{closed.count():,}"
    assert trips["Won, of the closed"] == percent(float(closed.win_rate()))
    assert trips["Profit factor (gains / losses)"] == number(float(closed.profit_factor()))


@pytest.mark.parametrize(
    ("own", "twin", "sharpes", "said"),
    [
        (0.10, 0.04, (0.5, 0.4), "against that the events added 6.0 points; shuffled"),
        (0.10, 0.04, (0.4, 0.5), "the events added 6.0 points, but less return per unit of risk; shuffled"),
        (0.04, 0.10, (0.4, 0.5), "the events took away 6.0 points; shuffled"),
        (
            0.04,
            0.10,
            (0.5, 0.4),
            "the events took away 6.0 points, but more return per unit of risk; shuffled",
        ),
        (0.0404, 0.0401, (0.5, 0.4), "against that the events changed nothing."),
    ],
)
def test_findings_follow_from_the_numbers(
    reports: list[BacktestReport], own: float, twin: float, sharpes: tuple[float, float], said: str
) -> None:
    report = reports[0]
    same = replace(report.without_events_same_exposure_metrics, total_return=twin, sharpe=sharpes[1])
    report = replace(
        report,
        metrics=replace(report.metrics, total_return=own, sharpe=sharpes[0]),
        without_events_same_exposure_metrics=same,
        placebo=Placebo(own, np.array([0.0, 1.0, 1.0]), 0.0, 0, 500),
    )
    assert said in findings(report)[1]
    # Without the fair test beside it the page claims nothing of the events.
    untested = findings(replace(report, placebo=None))[1]
    assert "the events added" not in untested
    assert "the events took" not in untested


def test_numbers_in_words() -> None:
    assert (number(-0.001), number(float("nan")), signed(0.0004), signed(0.0123), percent(-0.5)) == (
        "0.00", "–", "0.0\u00a0%", "+1.2\u00a0%", "\u221250.0\u00a0%",
    )  # fmt: skip


# -- charts ----------------------------------------------------------------------------------------------------


def test_figures_are_valid_plotly_and_mark_every_event_once(reports: list[BacktestReport]) -> None:
    import plotly.graph_objects as go

    for report in reports:
        for build in (
            charts.equity,
            charts.drawdown,
            charts.exposure,
            charts.weights,
            lambda r: charts.leg(r, 0),
        ):
            go.Figure(
                json.loads(re.sub(r'"\$[a-z]+"', '"#123456"', json.dumps(build(report), allow_nan=False)))
            )
        marks = [t for t in charts.equity(report)["data"] if t["mode"] == "markers"]
        first, last = report.result.rows[[0, -1]]
        inside = [e for e in report.events if first <= e.known_on() <= last]
        assert sum(len(t["x"]) for t in marks) == len(inside)
        used = [t for t in marks if t["name"] != "Other events"]
        assert sum(len(t["x"]) for t in used) == sum(
            sign_for(e, report.strategy.themes) is not None for e in inside
        )


def test_an_event_is_marked_where_it_became_known(reports: list[BacktestReport]) -> None:
    """A bare date is known at its end, so its mark stands on that date's row."""
    report = reports[0]
    event = next(e for e in report.events if e.known_on() in report.result.rows)
    trace = charts._markers(replace(report, thesis=replace(THESIS, events=Events((event,)))))[0]
    assert trace["x"] == [str(event.known_on())]
    row = int(np.searchsorted(report.result.rows, event.known_on()))
    assert trace["y"] == [pytest.approx(report.result.nav[row], abs=1e-5)]


# -- files and escaping ----------------------------------------------------------------------------------------


def test_nothing_hostile_is_markup(folder: Path) -> None:
    page = (folder / f"{safe_name(HOSTILE)}.html").read_text()
    assert "<img" not in page
    assert page.count("</script>") == 3
    assert HOSTILE in text_of(folder / f"{safe_name(HOSTILE)}.html")


def test_file_names_are_safe_and_distinct() -> None:
    assert safe_name("middle_corridor") == "middle_corridor"
    odd = [safe_name(n) for n in ("../x", "x/..", "index", "", HOSTILE, "\N{SNOWMAN}")]
    assert len(set(odd)) == len(odd)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", n) and n != "index" for n in odd)


def test_a_page_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = write_whole(tmp_path / "a.html", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(page, "new")
    assert page.read_text() == "old"
    write_whole(page, "new \ud800")  # half a pair of UTF-16 is spelt out
    assert page.read_text() == "new \\ud800"
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]


def test_a_sheet_can_be_sent_to_another_process(
    reports: list[BacktestReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "on_returns", lambda *_: STUB)
    there = pickle.loads(pickle.dumps(reports[2]))  # noqa: S301 (made on the line itself)
    assert tearsheet.page(there, "x.js") == tearsheet.page(reports[2], "x.js")


# -- in a browser ----------------------------------------------------------------------------------------------


FULLY = ("enablers",)  # photographed from top to bottom
CHARTS = "[...document.querySelectorAll('[data-chart] .main-svg')]"
INK = "document.querySelector('[data-chart=equity]').layout.font.color"


def looked_at(page: Any, name: str, width: int) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    photograph(page, f"{name}-{width}", full_page=name in FULLY)


def drawn(
    browser: Window, folder: Path, name: str, width: int = 1440, scheme: str = "light"
) -> tuple[Any, list[str]]:
    """The page with its charts, looked at."""
    path = folder / f"{safe_name(HOSTILE) if name == 'hostile' else name}.html"
    page, wrong = opened(browser, path, width, scheme)
    if name not in ("index", "one_row"):
        until(page, f"{CHARTS}.length >= 3")
    looked_at(page, name, width)
    return page, wrong


def turned(page: Any, name: str) -> None:
    """The page, open and wide and light, becomes narrow and dark, and its charts with it."""
    light = page.evaluate(INK)
    page.emulate_media(color_scheme="dark")
    until(page, f"{INK} !== '{light}'")
    page.set_viewport_size({"width": 390, "height": 1600})
    until(page, f"{CHARTS}.every((svg) => svg.getBoundingClientRect().width <= 390)")
    looked_at(page, name, 390)


@pytest.mark.parametrize(
    "name", ["fertilizer_producers", "middle_corridor", "hong_kong_equipment", "enablers", "ruined"]
)
def test_in_chromium(browser: Window, folder: Path, name: str) -> None:
    page, wrong = drawn(browser, folder, name)
    turned(page, name)
    assert wrong == []


@pytest.mark.parametrize("name", ["index", "one_row"])
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_without_a_chart(browser: Window, folder: Path, name: str, width: int, scheme: str) -> None:
    page, wrong = drawn(browser, folder, name, width, scheme)
    if (name, width) == ("index", 1440):
        assert unreached(page) == ([], [])
    assert wrong == []


def test_hovering_over_a_hostile_event_shows_text(browser: Window, folder: Path) -> None:
    page, wrong = drawn(browser, folder, "hostile")
    page.evaluate(
        """() => { const c = document.querySelector('[data-chart=equity]');
        Plotly.Fx.hover(c, [{curveNumber: c.data.findIndex(t => t.mode === 'markers'), pointNumber: 0}]); }"""
    )
    shown = page.locator("[data-chart=equity] .hoverlayer").text_content()
    assert HOSTILE in shown
    assert '"quoted"' in shown
    assert page.locator("img").count() == 0
    turned(page, "hostile")
    assert wrong == []


def printed(page: Any) -> None:
    """On paper every drawing takes the width that is there."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    own = "[...document.querySelectorAll('.main-svg')].filter((s) => !s.hasAttribute('viewBox')).length"
    until(page, f"document.querySelectorAll('.main-svg').length >= 9 && {own} === 0")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less its margins
    wide = "[...document.querySelectorAll('.main-svg')].some((s) => s.getBoundingClientRect().right > 703)"
    assert not page.evaluate(wide)
    assert page.evaluate("document.querySelector('details.scale').open") is False
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".main-svg[viewBox]").count() == 0


def test_every_control_is_reached_by_tab_and_the_charts_follow_the_theme_and_the_paper(
    browser: Window, folder: Path
) -> None:
    page, wrong = drawn(browser, folder, "flat")
    assert unreached(page) == ([], [])
    page.focus("#orders > summary")
    page.keyboard.press("Enter")
    assert page.get_attribute("#orders", "open") is not None
    light = page.evaluate(INK)
    page.emulate_media(color_scheme="dark")
    until(page, f"{INK} !== '{light}'")
    printed(page)
    assert wrong == []


def test_a_table_wider_than_a_phone_becomes_cards_when_it_is_opened(browser: Window, folder: Path) -> None:
    page, wrong = drawn(browser, folder, "flat", 390, "dark")
    page.focus("#figures > summary")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#figures table').classList.contains('stacked')")
    wide = "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    until(page, f"{wide} === 0")
    page.set_viewport_size({"width": 1200, "height": 900})
    until(page, "!document.querySelector('#figures table').classList.contains('stacked')")
    assert wrong == []


def test_quantstats_styles_do_not_leak(browser: Window, folder: Path) -> None:
    """Its report lives in a shadow root: its rules for tables and headings leave ours alone. Narrow from the start."""
    page, wrong = drawn(browser, folder, "enablers", 390, "dark")
    assert page.evaluate("document.querySelectorAll('section svg[role], .charts').length") == 0
    assert page.locator(".charts figure svg").count() == 14
    assert wrong == []
