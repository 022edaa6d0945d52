"""The part of an event study's page that holds each sleeve against its synthetic control."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from positioning.arrays import FloatArray
from positioning.event_studies.synthetic_control import SyntheticControl
from positioning.reporting import charts
from positioning.reporting.event_study.words import days_words, p_words
from positioning.reporting.format import number, percent, signed
from positioning.reporting.view import Chart, Table

FEWEST_SHOWN = 0.005  # weight below which a donor is not named


@final
@dataclass(frozen=True, slots=True)
class ControlPart:
    """What `page.html` shows of a sleeve's control; refused: why there is none, "" where there is one, and the tables
    are None then; left_out: donors that could not be used; skipped: events that were not fitted."""

    refused: str
    left_out: str
    chart: Chart
    spans: Table | None
    note: str
    windows: Table | None
    skipped: str


def control_part(name: str, control: SyntheticControl) -> ControlPart:
    """Gap paths, p-values by span, donors and weights by window; or why there is none. name: of its chart."""
    words = (
        "Mean cumulative gap between the sleeve and its donors, times the expected sign; thin lines: each donor treated "
        "in turn."
    )
    has_control = not control.refused
    return ControlPart(
        refused=control.refused,
        left_out="; ".join(f"{symbol}: {why}" for symbol, why in control.left_out.items()),
        chart=Chart(name, "Gap", words, "low"),
        spans=_spans(control) if has_control else None,
        note=_note(control) if has_control else "",
        windows=_windows(control) if has_control else None,
        skipped="; ".join(f"{ids}: {why}" for ids, why in control.skipped.items()),
    )


def _note(control: SyntheticControl) -> str:
    hours = (
        f" {', '.join(control.apart)} close at another hour than the sleeve and follow a session late; both p-values "
        "allow for it, since it is so on every day."
        if control.apart
        else ""
    )
    return (
        f"Donors: {', '.join(control.donors)}. Weights are at least zero, add up to one, and are fitted before each "
        "window on sessions without the sleeve's events. In space: every donor is treated in turn, and p is the rank of "
        f"the sleeve among all of them, {1 / (len(control.donors) + 1):.3f} at the least. In time: all day zeros move "
        f"together {control.draws:,} times. A donor that the news moves too takes part of the effect away.{hours}"
    )


def _spans(control: SyntheticControl) -> Table:
    rows = [
        [
            days_words(o.span),
            o.count,
            signed(o.effect),
            number(o.statistic),
            p_words(o.p_space),
            p_words(o.p_time),
        ]
        for o in control.outcomes
    ]
    heads = ["days", "n", "gap", "statistic", "p in space", "p in time"]
    return Table("Gap times the expected sign", heads, rows)


def _windows(control: SyntheticControl) -> Table:
    spans = [o.span for o in control.outcomes]
    span = next((s for s in spans if s[0] == 0 and s[1] >= 5), spans[0])
    first = int(control.sessions[0])
    rows = [
        [
            w.news.ids, str(w.day), f"{w.news.sign:+d}",
            signed(float(w.gap[span[0] - first : span[1] - first + 1].sum())), percent(w.error, 2), p_words(w.p[span]),
            ", ".join(
                f"{s} {weight:.2f}"
                for s, weight in sorted(w.weights.items(), key=lambda x: -x[1])
                if weight >= FEWEST_SHOWN
            ),
        ]
        for w in control.windows
    ]  # fmt: skip
    heads = [
        "event",
        "day zero",
        "sign",
        f"gap [{span[0]},{span[1]}]",
        "error a session",
        "p in space",
        "weights",
    ]
    return Table("Every window", heads, rows, words=(0, 1, 6), tall=True)


def control_figure(control: SyntheticControl, simulated: bool) -> charts.Figure:
    """Mean cumulative gaps of the sleeve and of each donor treated in turn."""
    x = control.sessions.tolist()
    axis = charts.AXIS | {"zerolinecolor": "$other"}
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": _finite(path), "name": charts.safe_label(symbol),
            "line": {"color": "$other", "width": 1}, "opacity": 0.45,
            "hovertemplate": f"{charts.safe_label(symbol)} day %{{x}} %{{y:.2%}}<extra></extra>",
        }
        for symbol, path in control.placebo_paths.items()
    ]  # fmt: skip
    traces.append({
        "type": "scatter", "mode": "lines+markers", "x": x, "y": _finite(control.path), "name": "sleeve",
        "line": {"color": "$strategy", "width": 2.5}, "hovertemplate": "sleeve day %{x} %{y:.2%}<extra></extra>",
    })  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "sessions from day zero"}, "zeroline": True, "showgrid": False},
        "yaxis": {**axis, "title": {"text": "gap"}, "tickformat": ".1%", "zeroline": True},
        "annotations": [charts.watermark()] if simulated else [],
    }
    return {"data": traces, "layout": layout}


def _finite(values: FloatArray) -> list[float | None]:
    return [round(float(v), 6) if math.isfinite(v) else None for v in values]
