"""The charts of a tearsheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from positioning.analysis.factor_exposure import FactorExposure
from positioning.analysis.report import BacktestReport
from positioning.arrays import FloatArray, IntArray
from positioning.events.event import Event
from positioning.reporting.charts import (
    AXIS,
    Figure,
    as_plotly,
    bare_layout,
    curve,
    mark_published,
    rounded,
    safe_label,
    watermark,
)
from positioning.reporting.event_marks import MOODS, hover_text, sign_for
from positioning.simulation.ledger_arrays import FROZEN, HALTED


def equity(report: BacktestReport) -> Figure:
    """Nav of the strategy, of itself without events and of the benchmark, with the events on the curve."""
    days = _days(report)
    traces = [curve("No event tilts", days, report.without_events.nav, "$contrast", dash="dot")]
    if report.benchmark is not None and np.isfinite(report.benchmark.levels).any():
        traces.insert(0, curve(safe_label(report.benchmark.label), days, _rebased(report), "$benchmark"))
    traces.append(curve("Strategy", days, report.result.nav, "$strategy", width=2.2))
    figure = _figure(report, [*traces, *_markers(report)], "nav, opened at 1", ".2f")
    mark_published(figure, days, report.thesis.published)
    return figure


def drawdown(report: BacktestReport) -> Figure:
    """Distance below the highest nav so far."""
    own = curve("Strategy", _days(report), _below(report.result.nav), "$strategy") | {
        "fill": "tozeroy",
        "fillcolor": "$fill",
    }
    without = curve(
        "No event tilts", _days(report), _below(report.without_events.nav), "$contrast", dash="dot"
    )
    return _figure(report, [own, without], "below the high", ".0%")


def exposure(report: BacktestReport) -> Figure:
    """Gross and net exposure, and the share that is trapped in frozen names, fractions of nav."""
    days, r = _days(report), report.result
    lines = [
        curve("Gross", days, r.gross_exposure, "$strategy"),
        curve("Net", days, r.net_exposure, "$contrast"),
    ]
    if r.trapped.any():
        share = np.where(r.inputs.frozen & (r.shares > 0), r.weights, 0.0).sum(axis=1)
        lines.append(curve("Trapped", days, share, "$bad", "dash"))
    return _figure(report, lines, "of nav", ".0%")


WEEK = 5  # rows between the points of the weights
BLOCKED = {HALTED: "no trading in the name", FROZEN: "frozen"}


def weights(report: BacktestReport) -> Figure:
    """Weight of each name, stacked, shorts below zero; below them where a name held could not be traded."""
    r = report.result
    at = _weekly(report)
    days = [str(day) for day in r.rows[at]]
    order = np.argsort(-np.abs(r.weights).mean(axis=0), kind="stable")
    traces = []
    for k, n in enumerate(order):
        own = r.weights[at, n]
        if not own.any():
            continue
        side = "long" if own.sum() >= 0 else "short"
        area = {"stackgroup": side, "fillcolor": PALETTE[k % len(PALETTE)], "mode": "lines"}
        line = curve(safe_label(r.market.symbols[n]), days, own, PALETTE[k % len(PALETTE)], width=0.4)
        traces.append(line | area)
    figure = _figure(report, [*traces, *_blocked(report)], "of nav", ".0%")
    figure["layout"]["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    return figure


def _weekly(report: BacktestReport) -> IntArray:
    """Each fifth row, and the last."""
    rows = report.result.rows.size
    return np.unique(np.append(np.arange(0, rows, WEEK), rows - 1))


def shared_days(report: BacktestReport) -> dict[str, list[str]]:
    """The dates of every row, and of the rows on which weights are drawn."""
    days = np.array(_days(report))
    return {"days": days.tolist(), "weeks": days[_weekly(report)].tolist()}


PALETTE = ("$sa", "$sb", "$sc", "$sd", "$se", "$sf", "$sg", "$sh")


def blocked(report: BacktestReport) -> list[tuple[str, str, np.datetime64, np.datetime64, int]]:
    """Each run of rows on which a name that was held could not be traded though its venue was open: symbol, why, first,
    last, rows."""
    r, runs = report.result, []
    for n, symbol in enumerate(r.market.symbols):
        for code, why in BLOCKED.items():
            stuck = (r.inputs.why[:, n] == code) & (r.shares[:, n] != 0.0)
            edges = np.flatnonzero(np.diff(np.concatenate([[False], stuck, [False]]).astype(np.int8)))
            for a, b in zip(edges[::2], edges[1::2], strict=True):
                runs.append((symbol, why, r.rows[a], r.rows[b - 1], int(b - a)))
    return sorted(runs, key=lambda f: (f[2], f[0]))


def _blocked(report: BacktestReport) -> list[Figure]:
    runs = blocked(report)
    if not runs:
        return []
    texts = [
        f"{symbol}: {why}, {first} to {last}, {rows} row{'s' if rows > 1 else ''}"
        for symbol, why, first, last, rows in runs
    ]
    return [{
        "type": "scatter", "mode": "markers", "name": "Halted or frozen", "yaxis": "y2", "hoverinfo": "text",
        "x": [str(f[2]) for f in runs], "y": [0.03] * len(runs), "text": [safe_label(t) for t in texts],
        "marker": {"symbol": "x", "color": "$bad", "size": 8},
    }]  # fmt: skip


LATE = 0.75  # share of the span from which words stand to the left of their line, so as not to be cut off


def leg(report: BacktestReport, n: int) -> Figure:
    """Price of one leg in the base currency, with its purchases and sales, dividends, halts, restrictions and events."""
    r, symbol = report.result, report.result.market.symbols[n]
    mark, traded = r.inputs.mark[:, n], r.trades[:, n]
    days = np.array([str(day) for day in r.rows])
    traces = [curve(safe_label(symbol), days.tolist(), mark, "$strategy")]

    def dots(name: str, rows: IntArray, shape: str, colour: str, values: FloatArray, text: list[str]) -> None:
        if rows.size:
            traces.append({
                "type": "scatter", "mode": "markers", "name": name, "x": days[rows].tolist(), "y": rounded(values),
                "text": text, "hoverinfo": "text", "marker": {"symbol": shape, "color": colour, "size": 8},
            })  # fmt: skip

    for name, rows, shape, colour in (
        ("Bought", np.flatnonzero(traded > 0), "triangle-up", "$good"),
        ("Sold", np.flatnonzero(traded < 0), "triangle-down", "$bad"),
    ):
        fill_prices = r.paid[rows, n]
        dots(
            name,
            rows,
            shape,
            colour,
            fill_prices,
            [f"{days[k]}: {name.lower()} at {p:.4g}" for k, p in zip(rows, fill_prices, strict=True)],
        )
    paid_out = np.flatnonzero(r.inputs.dividend[:, n] > 0)
    dots("Dividend", paid_out, "circle", "$accent", mark[paid_out],
         [f"{days[k]}: {r.inputs.dividend[k, n]:.4g} a share" for k in paid_out])  # fmt: skip
    stuck = np.flatnonzero(np.isin(r.inputs.why[:, n], list(BLOCKED)) & (r.shares[:, n] != 0.0))
    dots(
        "Halted or frozen",
        stuck,
        "x",
        "$bad",
        mark[stuck],
        [f"{days[k]}: {BLOCKED[int(r.inputs.why[k, n])]}" for k in stuck],
    )
    own = [
        x
        for x in report.events.restrictions
        if x.symbol == symbol and r.rows[0] <= x.known_on() <= r.rows[-1]
    ]
    figure = _figure(report, traces, safe_label(report.result.market.base), ",.4~g")
    figure["layout"]["shapes"] = [
        {"type": "line", "x0": str(x.known_on()), "x1": str(x.known_on()), "y0": 0, "y1": 1, "yref": "paper",
         "line": {"color": "$bad", "width": 1, "dash": "dash"}} for x in own
    ]  # fmt: skip
    late = r.rows[int(LATE * (r.rows.size - 1))]
    figure["layout"]["annotations"] += [
        {"text": safe_label(x.kind.replace("_", " ")), "x": str(x.known_on()), "y": 1, "yref": "paper",
         "xanchor": "right" if x.known_on() > late else "left", "yanchor": "top", "showarrow": False,
         "font": {"size": 11, "color": "$bad"}} for x in own
    ]  # fmt: skip
    return figure


def _days(report: BacktestReport) -> list[str]:
    return [str(day) for day in report.result.rows]


def _rebased(report: BacktestReport) -> FloatArray:
    """The benchmark, worth what the strategy was on its own first row."""
    assert report.benchmark is not None  # noqa: S101 (asked by the caller)
    levels = report.benchmark.levels
    first = int(np.flatnonzero(np.isfinite(levels))[0])
    return np.asarray(levels / levels[first] * report.result.nav[first])


def _below(nav: FloatArray) -> FloatArray:
    worth = np.where(np.minimum.accumulate(nav) > 0, nav, 0.0)
    return np.asarray(worth / np.maximum.accumulate(worth) - 1.0)


def _markers(report: BacktestReport) -> list[Figure]:
    """Events on the rows they became known: those the strategy answers by expected sign, then the rest."""
    rows, themes = report.result.rows, report.sleeves
    groups: dict[int | None, list[tuple[int, Event]]] = {1: [], -1: [], 0: [], None: []}
    for event, row in zip(report.events, report.events.rows(rows), strict=True):
        if row < rows.size and event.known_on() >= rows[0]:
            groups[sign_for(event, themes)].append((int(row), event))
    markers = [
        _marker(report, groups[s], name, shape, colour, 1.0)
        for s, (name, shape, colour) in MOODS.items()
        if groups[s]
    ]
    others = groups[None]
    return [
        *([_marker(report, others, "Other events", "circle-open", "$other", 0.45)] if others else []),
        *markers,
    ]


def _marker(
    report: BacktestReport,
    group: Iterable[tuple[int, Event]],
    name: str,
    shape: str,
    colour: str,
    opacity: float,
) -> Figure:
    group = list(group)
    return {
        "type": "scatter", "mode": "markers", "name": name, "opacity": opacity,
        "x": [str(report.result.rows[row]) for row, _ in group],
        "y": rounded(report.result.nav[[row for row, _ in group]]),
        "text": [hover_text(event, report.sleeves) for _, event in group],
        "hoverinfo": "text",
        "marker": {"symbol": shape, "color": colour, "size": [5 + 1.5 * event.severity for _, event in group]},
    }  # fmt: skip


COLOURS = ("$strategy", "$contrast", "$good", "$bad", "$benchmark", "$other")


def betas(report: BacktestReport, exposures: FactorExposure) -> Figure:
    """The betas over the last returns, a line a factor."""
    days = [str(day) for day in exposures.days]
    traces = [
        curve(safe_label(name), days, exposures.rolling[:, k], COLOURS[k % len(COLOURS)])
        for k, name in enumerate(exposures.factors.names)
    ]
    return _figure(report, traces, "beta", ".1f")


def _figure(report: BacktestReport, traces: list[Figure], unit: str, ticks: str) -> Figure:
    value = "%{y:.2%}" if ticks.endswith("%") else "%{y:.3f}"
    for line in (t for t in traces if t["mode"] == "lines"):
        line["hovertemplate"] = f"%{{fullData.name}} {value}<extra></extra>"
    first, last = str(report.result.rows[0]), str(report.result.rows[-1])
    span = {"range": [first, last]} if first < last else {}
    layout = bare_layout() | {
        "hovermode": "x unified",
        "xaxis": {**AXIS, **span, "type": "date", "showgrid": False},
        "yaxis": {**AXIS, "title": {"text": unit, "standoff": 6}, "tickformat": ticks},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "annotations": [],
    }  # fmt: skip
    if report.result.market.simulated:
        layout["annotations"].append(watermark())
    return {"data": traces, "layout": layout}


def interactive(report: BacktestReport) -> Any:
    """The equity chart as a plotly Figure, for a notebook."""
    return as_plotly(equity(report))
