"""The part of an event study's page that holds each sleeve against its synthetic control."""

from __future__ import annotations

import math

from positioning.arrays import FloatArray
from positioning.event_studies.synthetic_control import ControlOutcome, SyntheticControl
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.html import Html, table, tag
from positioning.reporting.tearsheet import charts

FEWEST_SHOWN = 0.005  # weight below which a donor is not named


def control_part(name: str, found: SyntheticControl) -> Html:
    """Folded: gap paths, p-values by span, donors and weights by window; or why there is none. name: of its chart."""
    if found.refused:
        left = [f"{symbol}: {why}" for symbol, why in found.left_out.items()]
        return tag(
            "details",
            tag("summary", "Sleeve less its synthetic control: refused"),
            tag("p", f"{found.refused}."),
            tag("p", "; ".join(left), class_="quiet") if left else "",
        )
    words = (
        "Mean cumulative gap between the sleeve and its donors, times the expected sign; thin lines: each donor treated "
        "in turn."
    )
    drawn = tag("div", class_="chart low", data_chart=name, role="img", aria_label=words)
    return tag(
        "details",
        tag("summary", "Sleeve less its synthetic control"),
        tag("figure", tag("figcaption", words), drawn),
        _spans(found),
        tag("p", _note(found), class_="quiet"),
        _windows(found),
    )


def _note(found: SyntheticControl) -> str:
    hours = (
        f" {', '.join(found.apart)} close at another hour than the sleeve and follow a session late; both p-values allow "
        "for it, since it is so on every day."
        if found.apart
        else ""
    )
    return (
        f"Donors: {', '.join(found.donors)}. Weights are at least zero, add up to one, and are fitted before each window "
        "on sessions without the sleeve's events. In space: every donor is treated in turn, and p is the rank of the "
        f"sleeve among all of them, {1 / (len(found.donors) + 1):.3f} at the least. In time: all day zeros move together "
        f"{found.draws:,} times. A donor that the news moves too takes part of the effect away.{hours}"
    )


def _spans(found: SyntheticControl) -> Html:
    rows = [
        [days(o), o.count, signed(o.effect), number(o.statistic), _p(o.p_space), _p(o.p_time)]
        for o in found.outcomes
    ]
    heads = ["days", "n", "gap", "statistic", "p in space", "p in time"]
    return table("Gap times the expected sign", heads, rows)


def _windows(found: SyntheticControl) -> Html:
    spans = [o.span for o in found.outcomes]
    shown = next((s for s in spans if s[0] == 0 and s[1] >= 5), spans[0])
    first = int(found.sessions[0])
    rows = [
        [
            w.news.ids, str(w.day), f"{w.news.sign:+d}",
            signed(float(w.gap[shown[0] - first : shown[1] - first + 1].sum())), percent(w.error, 2), _p(w.p[shown]),
            ", ".join(
                f"{s} {weight:.2f}"
                for s, weight in sorted(w.weights.items(), key=lambda x: -x[1])
                if weight >= FEWEST_SHOWN
            ),
        ]
        for w in found.windows
    ]  # fmt: skip
    heads = [
        "event",
        "day zero",
        "sign",
        f"gap [{shown[0]},{shown[1]}]",
        "error a session",
        "p in space",
        "weights",
    ]
    made = table("Every window", heads, rows, words=(0, 1, 6))
    skipped = [f"{ids}: {why}" for ids, why in found.skipped.items()]
    return tag(
        "div",
        tag("div", made, class_="tall"),
        tag("p", f"Not fitted: {'; '.join(skipped)}.", class_="quiet") if skipped else "",
    )


def control_figure(found: SyntheticControl, simulated: bool) -> charts.Figure:
    """Mean cumulative gaps of the sleeve and of each donor treated in turn."""
    x = found.sessions.tolist()
    axis = charts.AXIS | {"zerolinecolor": "$other"}
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": x, "y": _finite(path), "name": charts._text(symbol),
            "line": {"color": "$other", "width": 1}, "opacity": 0.45,
            "hovertemplate": f"{charts._text(symbol)} day %{{x}} %{{y:.2%}}<extra></extra>",
        }
        for symbol, path in found.placebo_paths.items()
    ]  # fmt: skip
    traces.append({
        "type": "scatter", "mode": "lines+markers", "x": x, "y": _finite(found.path), "name": "sleeve",
        "line": {"color": "$strategy", "width": 2.5}, "hovertemplate": "sleeve day %{x} %{y:.2%}<extra></extra>",
    })  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "sessions from day zero"}, "zeroline": True, "showgrid": False},
        "yaxis": {**axis, "title": {"text": "gap"}, "tickformat": ".1%", "zeroline": True},
        "annotations": [charts._watermark()] if simulated else [],
    }
    return {"data": traces, "layout": layout}


def days(o: ControlOutcome) -> str:
    """A span as the page writes it."""
    return f"[{o.span[0]},{o.span[1]}]".replace("-", "\u2212")


def _finite(values: FloatArray) -> list[float | None]:
    return [round(float(v), 6) if math.isfinite(v) else None for v in values]


def _p(value: float) -> str:
    if not math.isfinite(value):
        return NOTHING
    return "below 0.001" if value < 0.001 else number(value, 3)
