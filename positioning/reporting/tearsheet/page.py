"""The page of one strategy: our own panel first, quantstats' below."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from positioning.analysis.metrics import returns
from positioning.analysis.report import BacktestReport
from positioning.files import safe_name, write_whole
from positioning.reporting.format import percent, ruin
from positioning.reporting.html import Html, escape, join, section, tag
from positioning.reporting.tearsheet import charts, details, events, figures
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage, quantstats_html

PARTS = {
    "thesis": "Thesis", "curves": "Curves", "figures": "Figures", "evidence": "Events", "sources": "Costs and legs",
    "holdings": "Holdings", "orders": "Orders", "hindsight": "Hindsight", "omissions": "Not modelled",
    "provenance": "Provenance", "quantstats": "quantstats",
}  # fmt: skip


def write(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/<strategy name>.html` whole, and plotly's script beside it; returns the page's path."""
    return write_whole(address(report, directory), page(report, charts.share_script(directory)))


def address(report: BacktestReport, directory: Path) -> Path:
    """Where the page of this strategy stands."""
    return directory / f"{safe_name(report.strategy.name)}.html"


def write_alone(report: BacktestReport, path: Path) -> Path:
    """Write the page to `path`, plotly's script inside it."""
    script = "plotly.js"
    return write_whole(path, standing_alone(page(report, script), script))


def moved(text: str, script: str, to: str) -> str:
    """The page with plotly's script at another address."""
    return text.replace(f'<script src="{escape(script)}">', f'<script src="{escape(to)}">', 1)


def standing_alone(text: str, script: str) -> str:
    """The page with plotly's script inside it."""
    return text.replace(f'<script src="{escape(script)}"></script>', charts.inline_script(), 1)


def page(report: BacktestReport, script: str) -> str:
    """The HTML of the page. script: address of plotly's script, relative to it."""
    outside = _quantstats(report)
    body = join(
        figures.opening(report),
        figures.tiles(report),
        _contents(),
        _curves(report),
        figures.figures(report, outside),
        events.events(report),
        events.trapped(report),
        section(
            "sources", "Costs and sources of profit", tag("div", figures.costs(report), figures.legs(report))
        ),
        details.holdings(report),
        details.notices(report),
        events.doubts(report),
        details.orders(report),
        details.trades(report),
        details.hindsight(report),
        details.omissions(report),
        details.provenance(report),
        _outside(report, outside),
    )
    drawn = {
        "equity": charts.equity(report),
        "drawdown": charts.drawdown(report),
        "exposure": charts.exposure(report),
    }
    scripts = join(
        charts.embed(drawn),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"),
    )
    m = report.metrics
    return document(
        f"{report.strategy.title}, {m.first} to {m.last}",
        join(tag("main", body), scripts),
        report.result.market.simulated,
    )


def document(heading: str, body: Html, simulated: bool) -> str:
    """A whole page around a body, SIMULATED in its title where it is."""
    name = f"SIMULATED: {heading}" if simulated else heading
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<link rel="icon" href="data:,">'),
        tag("title", name),
        Html(f"<style>{own_file('page.css')}</style>"),
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


@lru_cache(maxsize=8)
def own_file(name: str) -> str:
    """A script or style sheet, by its path in this room."""
    return (Path(__file__).parents[1] / name).read_text(encoding="utf-8")


def _quantstats(report: BacktestReport) -> QuantstatsPage:
    r = report.result
    if r.ruined:
        return QuantstatsPage("", "", {}, (f"{ruin(report)} quantstats is not asked.",))
    index = pd.DatetimeIndex(r.rows[1:].astype("datetime64[ns]"))
    own = pd.Series(returns(r.nav), index)
    measure = None
    if report.benchmark is not None:
        levels = report.benchmark.levels
        measure = pd.Series(levels[1:] / levels[:-1] - 1.0, index)
    named = f"{report.strategy.title}, as quantstats sees it"
    return quantstats_html(own, measure, named, report.metrics.rows_per_year)


def _contents() -> Html:
    links = (tag("li", tag("a", label, href=f"#{identity}")) for identity, label in PARTS.items())
    return tag("nav", tag("ul", *links), aria_label="Parts of this page")


def _curves(report: BacktestReport) -> Html:
    if report.metrics.sessions < 2:
        return section("curves", "How it went", tag("p", "A single row draws no curve."))
    return section("curves", "How it went", *(_chart(*one) for one in _captions(report)))


def _captions(report: BacktestReport) -> list[tuple[str, str, str]]:
    m, r = report.metrics, report.result
    inside = [e for e in report.events if m.first <= e.known_on() <= m.last]
    used = (
        sum(charts.sign_for(e, report.strategy.themes) is not None for e in inside)
        if report.strategy.respond
        else 0
    )
    answers = f"Events in this span: {len(inside)}, of which it answers {used}; point at a mark to read one."
    last = f"{r.nav[-1]:.3f}, without event tilts {report.without_events.nav[-1]:.3f}"
    gross, net = (percent(float(e.mean()), 0) for e in (r.gross_exposure, r.net_exposure))
    return [
        ("equity", "Value of the account", f"It ends at {last}. {answers}"),
        ("drawdown", "Drawdown", f"Worst {percent(m.max_drawdown)}."),
        ("exposure", "Exposure", f"Long and short market value: gross {gross} and net {net} on average."),
    ]  # fmt: skip


def _chart(name: str, heading: str, words: str) -> Html:
    shape = "chart" if name == "equity" else "chart low"
    drawn = tag("div", class_=shape, data_chart=name, role="img", aria_label=f"{heading}. {words}")
    return tag("figure", tag("figcaption", tag("b", f"{heading}. "), words), drawn)


def _outside(report: BacktestReport, outside: QuantstatsPage) -> Html:
    """quantstats' report in a shadow root, so that neither page's styles reach the other."""
    note = (
        "Made from the same returns by another program, unchanged. It annualises by rows a year rounded to a whole "
        "number; the figures in our table use the exact one."
    )
    if not outside.body:
        return section("quantstats", "quantstats", *(tag("p", r) for r in outside.remarks))
    root = Html(f'<template shadowrootmode="open"><style>{outside.styles}</style>{outside.body}</template>')
    host = tag("div", root, data_simulated=report.result.market.simulated)
    return tag(
        "div",
        section("quantstats", "quantstats", tag("p", note), *(tag("p", r) for r in outside.remarks)),
        host,
    )
