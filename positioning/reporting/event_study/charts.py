"""The charts of an event study."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from positioning.event_studies.outcome import Band
from positioning.event_studies.study import ALL, EventStudy
from positioning.reporting import charts
from positioning.reporting.event_study.words import days_words

FEW = 12  # dots that leave each a label of two lines


def forest(studies: Sequence[EventStudy], simulated: bool) -> charts.Figure:
    """A dot and an interval a sleeve and span: the CAAR and its `Outcome.half_width` either way."""
    groups = [(s.label, s.group(ALL)) for s in studies]
    outcomes = [(label, o) for label, group in groups if group for o in group.signed]
    parting = "<br>" if len(outcomes) <= FEW else " "  # two short lines leave a phone more room for the dots
    labels = [
        charts.safe_label(label.replace("_", " ")) + parting + days_words(o.span) for label, o in outcomes
    ]
    means = [round(o.caar, 5) for _, o in outcomes]
    reach = [round(o.half_width, 5) if math.isfinite(o.half_width) else 0.0 for _, o in outcomes]
    trace = {
        "type": "scatter", "mode": "markers", "x": means, "y": labels, "marker": {"color": "$strategy", "size": 9},
        "error_x": {"type": "data", "array": reach, "color": "$strategy", "thickness": 1.5},
        "hovertemplate": "%{y}: %{x:.2%}, within %{error_x.array:.2%} either way<extra></extra>",
    }  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {
            **charts.AXIS,
            "tickformat": ".1%",
            "zeroline": True,
            "zerolinecolor": "$other",
            "zerolinewidth": 2,
            "nticks": 5,
            "tickangle": 0,
        },
        "yaxis": {
            **charts.AXIS,
            "type": "category",
            "autorange": "reversed",
            "showgrid": False,
            "tickfont": {"size": 11},
        },
        "annotations": [charts.watermark()] if simulated else [],
    }
    return {"data": [trace], "layout": layout}


def path(course: Band, simulated: bool) -> charts.Figure:
    axis = charts.AXIS | {"zerolinecolor": "$other"}
    days = course.sessions.tolist()
    low, high = course.caar - course.half_width, course.caar + course.half_width
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    traces = [
        edge | {"y": _finite(low)},
        edge | {"y": _finite(high), "fill": "tonexty", "fillcolor": "$fill"},
        {"type": "scatter", "mode": "lines+markers", "name": "CAAR", "x": days, "y": _finite(course.caar),
         "line": {"color": "$strategy", "width": 2}, "hovertemplate": "day %{x} %{y:.2%}<extra></extra>"},
    ]  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "sessions from day zero"}, "zeroline": True, "showgrid": False},
        "yaxis": {**axis, "title": {"text": "CAAR"}, "tickformat": ".1%", "zeroline": True},
        "annotations": [charts.watermark()] * simulated,
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _finite(values: Iterable[float]) -> list[float | None]:
    return [round(float(v), 6) if math.isfinite(v) else None for v in values]
