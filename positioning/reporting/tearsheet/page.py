"""The page of one strategy: our own panel first, quantstats' below."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from positioning.analysis.metrics import returns
from positioning.analysis.report import BacktestReport
from positioning.files import safe_name, write_whole
from positioning.reporting.format import percent, ruin
from positioning.reporting.html import Html, escape, folded, join, section, tag
from positioning.reporting.page_file import GENERATOR, write_page
from positioning.reporting.tearsheet import charts, details, events, figures
from positioning.reporting.tearsheet.charts import Figure
from positioning.reporting.tearsheet.first_screen import first_screen
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage, quantstats_html

PARTS = {
    "curves": "Curves", "evidence": "Events", "thesis": "Thesis", "legs": "Each leg", "figures": "Figures",
    "sources": "Costs and sources",
    "holdings": "Holdings", "orders": "Orders", "hindsight": "Hindsight", "omissions": "Not modelled",
    "provenance": "Provenance", "quantstats": "quantstats",
}  # fmt: skip


def write(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/<strategy name>.html` whole, and plotly's script beside it; returns the page's path."""
    return write_page(address(report, directory), page(report, charts.share_script(directory)))


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
    code = charts.inline_script()
    text = text.replace(SCRIPTS, f"{SCRIPTS} {_hash(_INLINE.findall(code)[0])}", 1)
    return text.replace(f'<script src="{escape(script)}"></script>', code, 1)


def page(report: BacktestReport, script: str) -> str:
    """The HTML of the page. script: address of plotly's script, relative to it."""
    outside = _quantstats(report)
    drawn = _drawn(report)
    body = join(
        first_screen(report),
        _contents(report),
        events.events(report) if report.answers_events else "",
        events.trapped(report),
        *(folded(part) for part in (
            figures.thesis(report),
            _legs(report),
            figures.figures(report, outside),
            section(
                "sources", "Costs and sources of profit", tag("div", figures.costs(report), figures.legs(report))
            ),
            details.holdings(report),
            details.notices(report),
            events.doubts(report),
            details.orders(report),
            details.trades(report),
        )),
        details.hindsight(report),
        *(folded(part) for part in (details.omissions(report), details.provenance(report))),
        _outside(report, outside),
    )  # fmt: skip
    scripts = join(
        charts.embed(drawn, [str(day) for day in report.result.rows]),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"),
    )
    m = report.metrics
    return document(
        f"{report.strategy.title}, {m.first} to {m.last}",
        join(tag("main", body), scripts),
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


def document(heading: str, body: Html, simulated: bool) -> str:
    """A whole page around a body, SIMULATED in its title where it is."""
    name = f"SIMULATED: {heading}" if simulated else heading
    head = join(
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy(body)}">'),
        GENERATOR,
        Html('<link rel="icon" href="data:,">'),
        tag("title", name),
        Html(f"<style>{own_file('page.css')}</style>"),
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


SCRIPTS = "script-src 'self' file:"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def policy(body: str) -> str:
    """What a browser may do for the page: run plotly's file, beside it or inside it, and the inline scripts that are
    our own files to the letter, and nothing else; ask no one for anything. Whatever else gets into it does not run."""
    known = (code for code in _INLINE.findall(body) if _is_own(code) or code == charts.inline_code())
    hashes = " ".join(dict.fromkeys(map(_hash, known)))
    return (
        f"default-src 'none'; {SCRIPTS} {hashes}; style-src 'unsafe-inline'; img-src data: blob: 'self' file:; "
        "font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _is_own(code: str) -> bool:
    """Whether a script is one of our files, or several one after the other."""
    while code:
        found = next((text for text in _own_scripts() if code.startswith(text)), "")
        if not found:
            return False
        code = code[len(found) :]
    return True


@lru_cache(maxsize=1)
def _own_scripts() -> tuple[str, ...]:
    room = Path(__file__).parents[1]
    return tuple(filter(None, (f.read_text(encoding="utf-8") for f in sorted(room.rglob("*.js")))))


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


@lru_cache(maxsize=8)
def own_file(name: str) -> str:
    """A script or style sheet, by its path in this room."""
    return (Path(__file__).parents[1] / name).read_text(encoding="utf-8")


def _quantstats(report: BacktestReport) -> QuantstatsPage:
    r = report.result
    if r.worthless:
        return QuantstatsPage("", "", {}, (f"{ruin(report)} quantstats is not asked.",))
    index = pd.DatetimeIndex(r.rows[1:].astype("datetime64[ns]"))
    own = pd.Series(returns(r.nav), index)
    measure = None
    if report.benchmark is not None:
        levels = report.benchmark.levels
        measure = pd.Series(levels[1:] / levels[:-1] - 1.0, index)
    named = f"{report.strategy.title}, as quantstats sees it"
    return quantstats_html(own, measure, named, report.metrics.rows_per_year)


def _contents(report: BacktestReport) -> Html:
    shown = {k: v for k, v in PARTS.items() if k != "evidence" or report.answers_events}
    links = (tag("li", tag("a", label, href=f"#{identity}")) for identity, label in shown.items())
    return tag("nav", tag("ul", *links), aria_label="Parts of this page")


def _chart(name: str, heading: str, words: str) -> Html:
    drawn = tag("div", class_="chart low", data_chart=name, role="img", aria_label=f"{heading}. {words}")
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
