"""The charts of a stress test."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.reporting import charts
from positioning.reporting.stress_test.words import titles
from positioning.scenarios.outcome import preferred, simplex
from positioning.scenarios.stress_test import StressTest

COLOURS = ("$sa", "$sb", "$sc", "$sd", "$se", "$sf", "$sg", "$sh")
STEPS = 24  # of the ternary grid


def path_figures(stress: StressTest) -> dict[str, charts.Figure]:
    """Every chart of the page by its name."""
    figures = {
        f"fan{k}x{m}": _fan(quantiles, stress.market.simulated)
        for k, name in enumerate(stress.figures) for m, quantiles in enumerate(stress.fans[name].values())
    }  # fmt: skip
    figures["losses"] = _losses(stress)
    if len(stress.scenarios.scenarios) >= 3:
        figures["ternary"] = _ternary(stress)
    return figures


def _losses(stress: StressTest) -> charts.Figure:
    """A bar a strategy and scenario, with a line down to the expected shortfall."""
    names = list(stress.figures)
    labels = ["<br>".join(wrap(charts.safe_label(titles(stress)[name]), 14)) for name in names]
    scenarios = list(next(iter(stress.figures.values())))
    traces = []
    for k, s in enumerate(scenarios):
        means = [stress.figures[name][s].mean for name in names]
        short = [stress.figures[name][s].es_95 for name in names]
        named = charts.safe_label(s)
        traces.append({
            "type": "bar", "name": named, "x": labels, "y": [round(m, 4) for m in means],
            "marker": {"color": COLOURS[k % len(COLOURS)]}, "customdata": [round(e, 4) for e in short],
            "error_y": {"type": "data", "symmetric": False, "array": [0.0] * len(names), "color": "$other",
                        "arrayminus": [round(m - e, 4) for m, e in zip(means, short, strict=True)], "thickness": 1.2},
            "hovertemplate": f"{named}: mean %{{y:.1%}}, expected shortfall %{{customdata:.1%}}<extra></extra>",
        })  # fmt: skip
    axis = {"gridcolor": "$grid", "zerolinecolor": "$other", "linecolor": "$grid", "automargin": True}
    layout = {
        **_layout(stress.market.simulated), "barmode": "group", "hovermode": "x unified", "showlegend": True,
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "xaxis": {**axis, "type": "category", "showgrid": False, "tickangle": 0}, "yaxis": {**axis, "tickformat": ".0%"},
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _fan(quantiles: FloatArray, simulated: bool) -> charts.Figure:
    days = list(range(quantiles.shape[1]))

    def edge(row: int, **more: Any) -> charts.Figure:
        return {"type": "scatter", "mode": "lines", "x": days, "y": [round(float(v), 4) for v in quantiles[row]],
                "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", **more}  # fmt: skip

    fill = {"fill": "tonexty", "fillcolor": "$fill"}
    median = {"line": {"color": "$strategy", "width": 2}, "hoverinfo": "all",
              "hovertemplate": "row %{x}: %{y:.3f}<extra>median</extra>"}  # fmt: skip
    traces = [edge(0), edge(4, **fill), edge(1), edge(3, **fill), edge(2, **median)]
    axis = {"gridcolor": "$grid", "zerolinecolor": "$grid", "linecolor": "$grid", "automargin": True}
    layout = {
        **_layout(simulated),
        "xaxis": {**axis, "title": {"text": "rows from today"}, "showgrid": False},
        "yaxis": {**axis, "title": {"text": "nav"}, "tickformat": ".2f"},
    }
    return {"data": traces, "layout": layout}


def _layout(simulated: bool) -> charts.Figure:
    return {**charts.bare_layout(), "annotations": [charts.watermark()] * simulated}


def _ternary(stress: StressTest) -> charts.Figure:
    names = [s.name for s in stress.scenarios.scenarios]
    points = simplex(STEPS)
    grid = np.zeros((len(points), len(names)))
    grid[:, :3] = points
    best, _ = preferred(stress.means, grid)
    traces = []
    for k, (name, colour) in enumerate(
        zip([*stress.figures, "cash"], [*COLOURS[: len(stress.figures)], "$other"], strict=False)
    ):
        at = best == (-1 if name == "cash" else k)
        if at.any():
            traces.append(
                _points(
                    charts.safe_label(titles(stress).get(name, name)),
                    points[at],
                    {"color": colour, "size": 9},
                )
            )
    odds = np.array([[s.probability for s in stress.scenarios.scenarios[:3]]])
    traces.append(
        _points("the probabilities given, in proportion", odds, {"color": "$ink", "size": 14, "symbol": "x"})
    )
    axes = {
        f"{a}axis": {"title": {"text": n}, "gridcolor": "$grid", "linecolor": "$grid", "tickformat": ".0%"}
        for a, n in zip("abc", names[:3], strict=True)
    }
    layout = {
        **_layout(stress.market.simulated), "margin": {"l": 40, "r": 40, "t": 30, "b": 30},
        "ternary": {"sum": 1, "bgcolor": "rgba(0,0,0,0)", **axes},
        "legend": {"orientation": "h", "y": -0.12},
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _points(name: str, at: FloatArray, marker: dict[str, Any]) -> charts.Figure:
    a, b, c = ([round(float(v), 4) for v in at[:, k]] for k in range(3))
    return {
        "type": "scatterternary",
        "mode": "markers",
        "name": name,
        "a": a,
        "b": b,
        "c": c,
        "marker": marker,
    }
