"""The charts of the page of capacity: what remains of the return by capital, and the days to leave."""

from __future__ import annotations

import math

import numpy as np

from positioning.arrays import FloatArray
from positioning.reporting.charts import AXIS, Figure, bare_layout, rounded, watermark
from positioning.reporting.format import percent
from positioning.runs.capacity import SHARES, Capacity, LegCapacity


def figures(f: Capacity) -> dict[str, Figure]:
    """The figures by name."""
    last = _last(f)
    x = f.amounts[:last].tolist()

    def line(name: str, values: FloatArray, colour: str, dash: str = "solid") -> Figure:
        return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": rounded(values[:last]),
                "line": {"color": colour, "width": 2, "dash": dash}}  # fmt: skip

    flat = np.ones(f.amounts.size)
    returns = [
        line("strategy", f.total_return, "$strategy"),
        line("without events", f.without_events_return, "$contrast"),
    ]
    if math.isfinite(f.benchmark_return):
        returns.append(line(f.benchmark_name, flat * f.benchmark_return, "$benchmark", "dot"))
    returns.append(line("cash", flat * f.cash_return, "$other", "dash"))
    cost = [line("all", f.cost_bps, "$strategy"), line("impact", f.impact_bps, "$contrast")]
    by_name = {
        "returns": _figure(f, returns, "total return", ".0%"),
        "missed": _figure(f, [line("not held", f.missed, "$strategy")], "share not held", ".0%"),
        "sharpe": _figure(f, [line("strategy", f.sharpe, "$strategy")], "Sharpe", ".2f"),
        "cost": _figure(f, cost, "bps a year", ",.0f"),
    }
    if f.another < x[-1]:
        for figure in by_name.values():
            figure["layout"]["shapes"] = [_another_portfolio(f.another, x[-1])]
    by_name["exit"] = _exit(f)
    if f.simulated:
        for figure in by_name.values():
            figure["layout"]["annotations"] = [watermark()]
    return by_name


def _last(f: Capacity) -> int:
    """How many amounts are drawn: some beyond where nothing is left, or the account is another portfolio's."""
    ends = min(f.nothing, f.another)
    if not math.isfinite(ends):
        return int(f.amounts.size)
    return min(int(np.searchsorted(f.amounts, max(ends, 1e7))) + 4, f.amounts.size)


def _figure(f: Capacity, data: list[Figure], y: str, form: str) -> Figure:
    layout = bare_layout() | {
        "hovermode": "x unified", "showlegend": len(data) > 1,
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "xaxis": {**AXIS, "type": "log", "title": {"text": f"capital, {f.base}", "standoff": 6},
                  "tickvals": [10.0**e for e in range(5, 13)],
                  "ticktext": ["100k", "1m", "10m", "100m", "1bn", "10bn", "100bn", "1tn"]},
        "yaxis": {**AXIS, "title": {"text": y, "standoff": 6}, "tickformat": form},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _another_portfolio(first: float, last: float) -> Figure:
    """The shade over capitals at which too little of what is decided is held."""
    return {"type": "rect", "x0": first, "x1": last, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "fillcolor": "$grid", "line": {"width": 0}}  # fmt: skip


def _exit(f: Capacity) -> Figure:
    legs = [leg for leg in f.legs if any(0 < d < math.inf for d in leg.days)][::-1]
    colours = ("$strategy", "$contrast", "$other")
    data = [
        {"type": "bar", "orientation": "h", "name": f"{percent(s, 0)} of volume", "y": [leg.symbol for leg in legs],
         "x": [_positive(leg, k) for leg in legs], "marker": {"color": colours[k]}}
        for k, s in enumerate(SHARES)
    ]  # fmt: skip
    figure = _figure(f, data, "", "")
    figure["layout"] |= {
        "barmode": "group", "hovermode": "closest",
        "xaxis": {**AXIS, "title": {"text": "sessions to exit", "standoff": 6}, "type": "log"},
        "yaxis": {**AXIS, "type": "category"},
    }  # fmt: skip
    return figure


def _positive(leg: LegCapacity, k: int) -> float | None:
    return round(leg.days[k], 4) if 0 < leg.days[k] < math.inf else None
