"""The page of one strategy: our own panel first, quantstats' below."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.analysis.report import BacktestReport
from positioning.files import safe_name, write_whole
from positioning.reporting.charts import Figure, shared_script
from positioning.reporting.document import charted, document, self_contained
from positioning.reporting.format import percent
from positioning.reporting.html import Html
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet import charts
from positioning.reporting.tearsheet.background import BackgroundPart, background
from positioning.reporting.tearsheet.evidence import EvidencePart, TrappedPart, evidence, trapped
from positioning.reporting.tearsheet.figures import FiguresPart, figures
from positioning.reporting.tearsheet.first_screen import FirstScreen, first_screen
from positioning.reporting.tearsheet.holdings import HoldingsPart, holdings
from positioning.reporting.tearsheet.last_day import LastDayPart, last_day_part
from positioning.reporting.tearsheet.orders import OrdersPart, orders
from positioning.reporting.tearsheet.outside import OutsideAnswers, outside
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
from positioning.reporting.tearsheet.risk import RiskPart, risk
from positioning.reporting.templates import render
from positioning.reporting.view import Chart

PARTS = {
    "curves": "Curves", "evidence": "Events", "last-day": "Last day", "thesis": "Thesis",
    "legs": "Each leg", "figures": "Figures", "sources": "Costs and sources", "risk": "Risk and factors",
    "holdings": "Holdings", "orders": "Orders", "hindsight": "Hindsight", "omissions": "Not modelled",
    "provenance": "Provenance", "quantstats": "quantstats",
}  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class QuantstatsPart:
    """The view of `quantstats.html`: its report as HTML, "" where it was not asked, its style sheet, and what was left
    out of it, and why."""

    remarks: tuple[str, ...]
    styles: Html
    body: Html
    simulated: bool


@final
@dataclass(frozen=True, slots=True)
class Tearsheet:
    """The view of `page.html`, part by part; None or empty for one that does not apply. contents: links to the parts."""

    first: FirstScreen
    contents: tuple[tuple[str, str], ...]
    evidence: EvidencePart | None
    trapped: TrappedPart | None
    last_day: LastDayPart
    thesis: tuple[str, ...]
    caveat: str
    exposure: Chart
    legs: tuple[Chart, ...]
    figures: FiguresPart
    risk: RiskPart | None
    holdings: HoldingsPart
    orders: OrdersPart
    background: BackgroundPart
    quantstats: QuantstatsPart


def write(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/<strategy name>.html` whole, and plotly's script beside it; returns the page's path."""
    with shared_script(directory) as script:
        return write_page(address(report, directory), page(report, script))


def address(report: BacktestReport, directory: Path) -> Path:
    """Where the page of this strategy stands."""
    return directory / f"{safe_name(report.strategy.name)}.html"


def write_self_contained(report: BacktestReport, path: Path) -> Path:
    """Write the page to `path`, plotly's script inside it."""
    script = "plotly.js"
    return write_whole(path, self_contained(page(report, script), script))


def page(report: BacktestReport, script: str, outside_results: OutsideAnswers | None = None) -> str:
    """The HTML of the page. script: address of plotly's script, relative to it. outside_results: what other programs
    say of the account; None has them asked here."""
    body = render("tearsheet/page.html", v=view(report, outside_results or outside(report)))
    m = report.metrics
    return document(
        f"{report.strategy.title}, {m.first} to {m.last}",
        charted(body, _chart_figures(report), script, shared=charts.shared_days(report)),
        report.result.market.simulated,
    )


def view(report: BacktestReport, outside_results: OutsideAnswers) -> Tearsheet:
    """Everything that the page says."""
    answered, risks, legs = evidence(report), risk(report), _legs(report)
    absent = {"evidence": answered is None, "risk": risks is None, "legs": not legs}
    return Tearsheet(
        first=first_screen(report),
        contents=tuple(part for part in PARTS.items() if not absent.get(part[0], False)),
        evidence=answered,
        trapped=trapped(report),
        last_day=last_day_part(report),
        thesis=tuple(report.strategy.rationale.split("\n\n")),
        caveat=report.strategy.caveat,
        exposure=_exposure(report),
        legs=legs,
        figures=figures(report, outside_results.quantstats),
        risk=risks,
        holdings=holdings(report),
        orders=orders(report, outside_results.trips),
        background=background(report),
        quantstats=_quantstats(report, outside_results.quantstats),
    )


def _chart_figures(report: BacktestReport) -> dict[str, Figure]:
    """Every chart of the page by its name."""
    if report.metrics.sessions < 2:
        return {}
    by_name = {
        "equity": charts.equity(report), "drawdown": charts.drawdown(report), "weights": charts.weights(report),
        "exposure": charts.exposure(report),
    }  # fmt: skip
    if report.factors is not None and report.factors.days.size > 1:
        by_name["betas"] = charts.betas(report, report.factors)
    return by_name | {f"leg{n}": charts.leg(report, n) for n in _held_legs(report)}


def _held_legs(report: BacktestReport) -> list[int]:
    """Legs that were ever held."""
    return np.flatnonzero((report.result.shares != 0.0).any(axis=0)).tolist()


def _exposure(report: BacktestReport) -> Chart:
    gross, net = (
        percent(float(e.mean()), 0) for e in (report.result.gross_exposure, report.result.net_exposure)
    )
    words = f"Long and short market value: gross {gross} and net {net} on average."
    return Chart("exposure", "Exposure", words, "low")


def _legs(report: BacktestReport) -> tuple[Chart, ...]:
    """A chart a leg, drawn when it is opened."""
    if report.metrics.sessions < 2:
        return ()
    instruments = report.result.market.instruments
    return tuple(
        Chart(f"leg{n}", instruments[n].symbol, f"{instruments[n].name}.", "low") for n in _held_legs(report)
    )


def _quantstats(report: BacktestReport, quantstats_page: QuantstatsPage) -> QuantstatsPart:
    simulated = report.result.market.simulated
    return QuantstatsPart(
        quantstats_page.remarks, Html(quantstats_page.styles), Html(quantstats_page.body), simulated
    )
