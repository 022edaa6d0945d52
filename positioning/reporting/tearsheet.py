"""The page of one position: our own panel first, quantstats' below."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from positioning.reporting import background, charts, evidence, panel
from positioning.reporting.files import safe_name, write_whole
from positioning.reporting.html import Html, escape, join, section, tag
from positioning.reporting.quantstats_door import QuantstatsPage, quantstats_html
from positioning.reporting.sheet import Sheet
from positioning.reporting.words import percent, ruin, title
from positioning.research.metrics import returns

PARTS = {
    "thesis": "Thesis", "curves": "Curves", "figures": "Figures", "evidence": "Events", "sources": "Costs and legs",
    "holdings": "Holdings", "orders": "Orders", "hindsight": "Hindsight", "omissions": "Not modelled",
    "provenance": "Provenance", "quantstats": "quantstats",
}  # fmt: skip


def write(sheet: Sheet, directory: Path) -> Path:
    """Write `directory/<position name>.html` whole, and plotly's script beside it; returns the page's path."""
    return write_whole(address(sheet, directory), page(sheet, charts.share_script(directory)))


def address(sheet: Sheet, directory: Path) -> Path:
    """Where the page of this position stands."""
    return directory / f"{safe_name(sheet.position.name)}.html"


def moved(text: str, script: str, to: str) -> str:
    """The page with plotly's script at another address."""
    return text.replace(f'<script src="{escape(script)}">', f'<script src="{escape(to)}">', 1)


def standing_alone(text: str, script: str) -> str:
    """The page with plotly's script inside it."""
    return text.replace(f'<script src="{escape(script)}"></script>', charts.inline_script(), 1)


def page(sheet: Sheet, script: str) -> str:
    """The HTML of the page. script: address of plotly's script, relative to it."""
    outside = _quantstats(sheet)
    body = join(
        panel.opening(sheet),
        panel.tiles(sheet),
        _contents(),
        _curves(sheet),
        panel.figures(sheet, outside),
        evidence.events(sheet),
        evidence.trapped(sheet),
        section("sources", "Costs and sources of profit", tag("div", panel.costs(sheet), panel.legs(sheet))),
        background.holdings(sheet),
        background.notices(sheet),
        evidence.doubts(sheet),
        background.orders(sheet),
        background.trades(sheet),
        background.hindsight(sheet),
        background.omissions(sheet),
        background.provenance(sheet),
        _outside(sheet, outside),
    )
    drawn = {
        "equity": charts.equity(sheet),
        "drawdown": charts.drawdown(sheet),
        "exposure": charts.exposure(sheet),
    }
    scripts = join(
        charts.embed(drawn),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"),
    )
    m = sheet.metrics
    return document(
        f"{title(sheet)}, {m.first} to {m.last}",
        join(tag("main", body), scripts),
        sheet.result.market.simulated,
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
    """A file of this package."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _quantstats(sheet: Sheet) -> QuantstatsPage:
    r = sheet.result
    if r.ruined:
        return QuantstatsPage("", "", {}, (f"{ruin(sheet)} quantstats is not asked.",))
    index = pd.DatetimeIndex(r.rows[1:].astype("datetime64[ns]"))
    own = pd.Series(returns(r.nav), index)
    measure = None
    if sheet.benchmark is not None:
        levels = sheet.benchmark.levels
        measure = pd.Series(levels[1:] / levels[:-1] - 1.0, index)
    named = f"{title(sheet)}, as quantstats sees it"
    return quantstats_html(own, measure, named, sheet.metrics.rows_per_year)


def _contents() -> Html:
    links = (tag("li", tag("a", label, href=f"#{identity}")) for identity, label in PARTS.items())
    return tag("nav", tag("ul", *links), aria_label="Parts of this page")


def _curves(sheet: Sheet) -> Html:
    if sheet.metrics.sessions < 2:
        return section("curves", "How it went", tag("p", "A single row draws no curve."))
    return section("curves", "How it went", *(_chart(*one) for one in _captions(sheet)))


def _captions(sheet: Sheet) -> list[tuple[str, str, str]]:
    m, r = sheet.metrics, sheet.result
    inside = [e for e in sheet.events if m.first <= e.known_on() <= m.last]
    used = (
        sum(charts.sign_for(e, sheet.position.themes) is not None for e in inside)
        if sheet.position.respond
        else 0
    )
    answers = f"Events in this span: {len(inside)}, of which it answers {used}; point at a mark to read one."
    last = f"{r.nav[-1]:.3f}, without event tilts {sheet.plain.nav[-1]:.3f}"
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


def _outside(sheet: Sheet, outside: QuantstatsPage) -> Html:
    """quantstats' report in a shadow root, so that neither page's styles reach the other."""
    note = (
        "Made from the same returns by another program, unchanged. It annualises by rows a year rounded to a whole "
        "number; the figures in our table use the exact one."
    )
    if not outside.body:
        return section("quantstats", "quantstats", *(tag("p", r) for r in outside.remarks))
    root = Html(f'<template shadowrootmode="open"><style>{outside.styles}</style>{outside.body}</template>')
    host = tag("div", root, data_simulated=sheet.result.market.simulated)
    return tag(
        "div",
        section("quantstats", "quantstats", tag("p", note), *(tag("p", r) for r in outside.remarks)),
        host,
    )
