"""The charts of the comparison page. `"@n"` stands for the dates of contender n, `"$role"` for a colour."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import numpy as np

from positioning.analysis.account_history import AccountHistory, rolling
from positioning.analysis.metrics import returns
from positioning.arrays import FloatArray
from positioning.reporting.charts import Figure, curve, safe_label, watermark
from positioning.runs.comparison import ComparedRun, Comparison, facts

COLOURS = "abcdefgh"
DASHES = ("solid", "dash", "dot", "dashdot")
ROLLING = 126  # rows, half a year
BINS = 61


def figures(c: Comparison) -> dict[str, Figure]:
    """By name of the chart; nothing where there is no common span."""
    contenders = [(n, x) for n, x in enumerate(c.contenders) if x.inside and x.course.nav[0] > 0]
    if not contenders:
        return {}
    past = {n: rolling(x.course, window(c)) for n, x in contenders}
    by_name = {
        "equity": _with_marks(c, _layout([_own(n, x, _nav(x.course)) for n, x in contenders], "value, from 1", ".2f")),
        "drawdown": _layout([_own(n, x, _below(x.course.nav)) for n, x in contenders], "below the high", ".0%"),
        "sharpe": _layout([_own(n, x, past[n][0]) for n, x in contenders], "Sharpe", ".1f"),
        "beta": _layout([_own(n, x, past[n][1]) for n, x in contenders], "beta", ".1f"),
        "exposure": _layout([t for n, x in contenders if _has_ledger(x) for t in _exposures(n, x)], "of nav", ".0%"),
        "turnover": _layout([_turnover(n, x) for n, x in contenders if _has_ledger(x)], "of nav a month", ".0%"),
        "distribution": _distribution([(n, x) for n, x in contenders if x.alive]),
    }  # fmt: skip
    if c.simulated:
        for figure in by_name.values():
            figure["layout"]["annotations"] = [watermark()]
    return by_name


def _has_ledger(x: ComparedRun) -> bool:
    """Whether it is known what it held and traded."""
    return bool(np.isfinite(x.course.trade_value).all())


def window(c: Comparison) -> int:
    """Rows of the rolling statistics: half a year, or a quarter of a short span."""
    least = min((x.course.dates.size for x in c.contenders if x.inside), default=0)
    return min(ROLLING, max(least // 4, 2))


def style(n: int) -> dict[str, Any]:
    """Colour and dash of contender n: eight colours, then again in other dashes."""
    return {"color": f"$s{COLOURS[n % 8]}", "dash": DASHES[n // 8 % 4], "width": 1.7}


def _own(n: int, c: ComparedRun, values: FloatArray, name: str = "") -> Figure:
    trace = curve(safe_label(c.label + name), [], values, "") | {"x": f"@{n}", "line": style(n)}
    return trace | {"connectgaps": False}


def _nav(course: AccountHistory) -> FloatArray:
    worth = np.where(np.minimum.accumulate(course.nav) > 0, course.nav, 0.0)
    return np.asarray(worth / course.nav[0])


def _below(nav: FloatArray) -> FloatArray:
    worth = np.where(np.minimum.accumulate(nav) > 0, nav, 0.0)
    return np.asarray(worth / np.maximum.accumulate(worth) - 1.0)


def _exposures(n: int, c: ComparedRun) -> list[Figure]:
    days = c.run.returns["date"].to_numpy().astype("datetime64[D]")
    on = np.isin(days, c.course.dates)
    gross, net = (c.run.returns[name].to_numpy()[on] for name in ("gross", "net"))
    thin = {"line": {**style(n), "dash": "dot", "width": 1.2}, "showlegend": False}
    own = [_own(n, c, gross) | {"legendgroup": str(n)}]
    return (
        own if np.allclose(gross, net) else [*own, _own(n, c, net, ", net") | thin | {"legendgroup": str(n)}]
    )


def _turnover(n: int, c: ComparedRun) -> Figure:
    course = c.course
    months = course.dates.astype("datetime64[M]")
    share = np.divide(course.trade_value, course.nav, out=np.zeros(course.nav.size), where=course.nav > 0)
    each = np.unique(months)
    sums = np.array([0.5 * share[months == m].sum() for m in each])
    return _own(n, c, sums) | {"x": [f"{m}-01" for m in each], "line": {**style(n), "shape": "hv"}}


def _distribution(contenders: Sequence[tuple[int, ComparedRun]]) -> Figure:
    net = {n: returns(x.course.nav) for n, x in contenders}
    pooled = np.concatenate([*net.values(), np.zeros(1)])
    reach = max(float(np.quantile(np.abs(pooled), 0.995)), 1e-4)
    edges = np.linspace(-reach, reach, BINS + 1)
    middles = [round(float(m), 6) for m in (edges[1:] + edges[:-1]) / 2]
    lines = []
    for n, x in contenders:
        share = np.histogram(np.clip(net[n], -reach, reach), edges)[0] / max(net[n].size, 1)
        lines.append(_own(n, x, share) | {"x": middles, "line": {**style(n), "shape": "hvh"}})
    figure = _layout(lines, "share of rows", ".0%")
    figure["layout"]["xaxis"] |= {
        "type": "linear",
        "tickformat": ".1%",
        "title": {"text": "return of one row"},
    }
    for line in lines:
        line["hovertemplate"] = "%{x:.2%}: %{y:.1%} of rows<extra>%{fullData.name}</extra>"
    return figure


def _layout(traces: list[Figure], unit: str, ticks: str) -> Figure:
    axis = {"gridcolor": "$grid", "zerolinecolor": "$grid", "linecolor": "$grid", "automargin": True}
    value = "%{y:.2%}" if ticks.endswith("%") else "%{y:.3f}"
    for line in traces:
        line["hovertemplate"] = "%{x|%Y-%m-%d} " + value + "<extra>%{fullData.name}</extra>"
    layout: Figure = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "autosize": True, "hovermode": "closest", "dragmode": "zoom",
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "showlegend": True,
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "$ink"},
        "xaxis": {**axis, "type": "date", "showgrid": False},
        "yaxis": {**axis, "title": {"text": unit, "standoff": 6}, "tickformat": ticks, "fixedrange": True},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "tracegroupgap": 0},
        "hoverlabel": {"align": "left", "bgcolor": "$card", "bordercolor": "$grid", "font": {"color": "$ink"}},
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _with_marks(c: Comparison, figure: Figure) -> Figure:
    """Events in a strip below the curves, on an axis of their own, so that no curve owns them."""
    for kind, name, shape, colour, height in (
        ("event", "Events", "diamond", "$other", 0.03),
        ("restriction", "Restrictions", "x", "$bad", 0.09),
    ):
        own = [(n, e) for n, e in enumerate(facts(c)) if e["kind"] == kind]
        if own:
            figure["data"].append({
                "type": "scatter", "mode": "markers", "name": name, "yaxis": "y2", "hoverinfo": "text",
                "x": [e["day"] for _, e in own], "y": [height] * len(own), "customdata": [n for n, _ in own],
                "text": [_story(e) for _, e in own], "cliponaxis": False,
                "marker": {"symbol": shape, "color": colour, "size": 8, "opacity": 0.75},
            })  # fmt: skip
    figure["layout"]["yaxis2"] = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    figure["layout"]["xaxis"]["rangeslider"] = {
        "visible": True,
        "thickness": 0.09,
        "bordercolor": "$grid",
        "borderwidth": 1,
    }
    return figure


def _story(event: dict[str, Any]) -> str:
    heading = "<br>".join(safe_label(line) for line in wrap(event["title"], 56))
    more = [event["day"], ", ".join(t.replace("_", " ") for t in event["themes"]), *wrap(event["story"], 56)]
    return f"<b>{heading}</b><br>" + "<br>".join(safe_label(line) for line in more)
