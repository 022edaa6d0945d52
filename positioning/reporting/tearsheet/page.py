"""The page of one strategy: our own panel first, quantstats' below."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from positioning.analysis.report import BacktestReport
from positioning.files import safe_name, write_whole
from positioning.reporting.charts import Figure, share_script
from positioning.reporting.document import charted, document, standing_alone
from positioning.reporting.format import percent
from positioning.reporting.html import Html, folded, join, section, tag
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet import charts, details, events, figures, risk
from positioning.reporting.tearsheet.first_screen import first_screen
from positioning.reporting.tearsheet.last_day import last_day_part
from positioning.reporting.tearsheet.outside import Outside, outside
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage

PARTS = {
    "curves": "Curves", "evidence": "Events", "last-day": "Last day", "thesis": "Thesis",
    "legs": "Each leg", "figures": "Figures", "sources": "Costs and sources", "risk": "Risk and factors",
    "holdings": "Holdings", "orders": "Orders", "hindsight": "Hindsight", "omissions": "Not modelled",
    "provenance": "Provenance", "quantstats": "quantstats",
}  # fmt: skip


def write(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/<strategy name>.html` whole, and plotly's script beside it; returns the page's path."""
    return write_page(address(report, directory), page(report, share_script(directory)))


def address(report: BacktestReport, directory: Path) -> Path:
    """Where the page of this strategy stands."""
    return directory / f"{safe_name(report.strategy.name)}.html"


def write_alone(report: BacktestReport, path: Path) -> Path:
    """Write the page to `path`, plotly's script inside it."""
    script = "plotly.js"
    return write_whole(path, standing_alone(page(report, script), script))


def page(report: BacktestReport, script: str, told: Outside | None = None) -> str:
    """The HTML of the page. script: address of plotly's script, relative to it. told: what other programs say of the
    account; None has them asked here."""
    told = told or outside(report)
    drawn = _drawn(report)
    body = join(
        first_screen(report),
        _contents(report),
        events.events(report) if report.answers_events else "",
        events.trapped(report),
        last_day_part(report),
        *(folded(part) for part in (
            figures.thesis(report),
            _legs(report),
            figures.figures(report, told.quantstats),
            section(
                "sources", "Costs and sources of profit", tag("div", figures.costs(report), figures.legs(report))
            ),
            risk.risk(report),
            details.holdings(report),
            details.notices(report),
            events.doubts(report),
            details.orders(report),
            details.trades(told.trips),
        )),
        details.hindsight(report),
        *(folded(part) for part in (details.omissions(report), details.provenance(report))),
        _outside(report, told.quantstats),
    )  # fmt: skip
    m, days = report.metrics, [str(day) for day in report.result.rows]
    return document(
        f"{report.strategy.title}, {m.first} to {m.last}",
        charted(tag("main", body), drawn, script, days=days),
        report.result.market.simulated,
    )


def _drawn(report: BacktestReport) -> dict[str, Figure]:
    """Every chart of the page by its name."""
    if report.metrics.sessions < 2:
        return {}
    made = {
        "equity": charts.equity(report), "drawdown": charts.drawdown(report), "weights": charts.weights(report),
        "exposure": charts.exposure(report),
    }  # fmt: skip
    if report.factors is not None and report.factors.days.size > 1:
        made["betas"] = charts.betas(report, report.factors)
    return made | {f"leg{n}": charts.leg(report, n) for n in _held(report)}


def _held(report: BacktestReport) -> list[int]:
    """Legs that were ever held."""
    return np.flatnonzero((report.result.shares != 0.0).any(axis=0)).tolist()


def _legs(report: BacktestReport) -> Html:
    """A chart a leg, drawn when it is opened."""
    if report.metrics.sessions < 2:
        return Html("")
    gross, net = (
        percent(float(e.mean()), 0) for e in (report.result.gross_exposure, report.result.net_exposure)
    )
    exposure = _chart(
        "exposure", "Exposure", f"Long and short market value: gross {gross} and net {net} on average."
    )
    made = [
        _chart(f"leg{n}", report.result.market.symbols[n], f"{report.result.market.instruments[n].name}.")
        for n in _held(report)
    ]
    note = "Close in the base currency; triangles where it was bought and sold, circles for dividends, crosses for halts."
    return section(
        "legs", "Each leg", exposure, tag("p", note, class_="quiet"), tag("div", *made, class_="two")
    )


def _contents(report: BacktestReport) -> Html:
    shown = {k: v for k, v in PARTS.items() if k != "evidence" or report.answers_events}
    links = (tag("li", tag("a", label, href=f"#{identity}")) for identity, label in shown.items())
    return tag("nav", tag("ul", *links), aria_label="Parts of this page")


def _chart(name: str, heading: str, words: str) -> Html:
    drawn = tag("div", class_="chart low", data_chart=name, role="group", aria_label=f"{heading}. {words}")
    return tag("figure", tag("figcaption", tag("b", f"{heading}. "), words), drawn)


def _outside(report: BacktestReport, outside: QuantstatsPage) -> Html:
    """quantstats' report in a shadow root, so that neither page's styles reach the other."""
    note = (
        "Made from the same returns, on the same span, by another program, unchanged. Known differences: it annualises "
        "by rows a year rounded to a whole number, counts rows and not calendar days for the return a year, takes its "
        "value at risk from a normal distribution, and its ratios are not over cash. Its Treynor ratio divides the whole "
        "return of the span by beta, so it is large whenever beta is small: read nothing into it."
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
