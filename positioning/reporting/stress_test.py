"""The page of a stress test, and its table in JSON and Parquet beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.events.silence import Silence
from positioning.files import atomic_file, write_whole
from positioning.json_text import json_text, plain
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.html import Html, bullets, escape, folded, join, section, table, tag
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet import charts
from positioning.reporting.tearsheet.figures import banner, past_the_record
from positioning.reporting.tearsheet.page import document, moved, own_file
from positioning.runs.answers import keep_answer
from positioning.scenarios.outcome import DEEP, Figures, preferred, simplex
from positioning.scenarios.replay import WIDEST
from positioning.scenarios.scenario import WEIGHTED
from positioning.scenarios.stress_test import StressTest

COLOURS = ("$strategy", "$contrast", "$good", "$bad", "$benchmark")
STEPS = 24  # of the ternary grid
LEGS = 6  # names shown of each strategy and scenario


def write_stress(
    made: StressTest, command: str, directory: Path, silence: Silence | None = None
) -> list[Path]:
    """Write stress.html, stress.json and stress.parquet, keep them under an ID, and write the index; returns their
    paths.

    silence: that the past goes on beyond the record of events, None where it does not.
    """
    script = charts.share_script(directory)
    text = page(made, command, script, silence)
    files = [
        write_page(directory / "stress.html", text),
        write_whole(directory / "stress.json", json_text(to_json(made, silence), indent=1)),
        _parquet(made, directory / "stress.parquet"),
    ]
    keep_answer(
        directory, "stress", f"Stress test, {made.scenarios.name}", " ".join(findings(made)), "neutral",
        made.market.simulated, made.market.source, command, moved(text, script, f"../../{script}"), files[1:],
    )  # fmt: skip
    write_index(directory)
    return files


def _parquet(made: StressTest, path: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    with atomic_file(path) as draft:
        parquet.write_table(pa.Table.from_pylist(made.table()), draft)
    return path


def to_json(made: StressTest, silence: Silence | None = None) -> dict[str, Any]:
    """The table, what it was made with, and the thresholds; undefined is None; returns as fractions."""
    c = made.choice
    return {
        "simulated": made.market.simulated,
        "record": None if silence is None else silence.to_json(),
        "snapshot": made.market.snapshot,
        "scenarios": made.scenarios.name,
        "horizon": made.scenarios.scenarios[0].horizon,
        "paths": c.paths,
        "seed": c.seed,
        "drift": c.drift,
        "dividends": made.dividends,
        "rows": [str(made.source.rows[0]), str(made.source.rows[-1]), made.source.rows.size],
        "names": list(made.symbols),
        "table": made.table(),
        "break_even": made.break_even,
        "crossings": made.crossings,
        "breaking_multiples": made.multiples,
        "replayed": made.replayed,
        "betas": [
            {"driver": b.driver, "symbol": b.symbol, "beta": b.beta, "months": b.months, "origin": b.origin,
             "standard_error": plain(b.standard_error)}
            for b in made.betas
        ],
        "parts": {name: {p.label: list(p.returns) for p in parts} for name, parts in made.parts.items()},
        "legs": {
            p: {s: dict(zip(made.symbols, map(float, v), strict=True)) for s, v in by.items()}
            for p, by in made.legs.items()
        },
        "pooled": [
            {"scenario": r.scenario, "driver": r.driver, "view": r.view, "months": r.months, "effective": r.effective,
             "mean": list(r.mean), "deviation": list(r.deviation)}
            for r in made.pooled
        ],
    }  # fmt: skip


def page(made: StressTest, command: str, script: str, silence: Silence | None = None) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    drawn, badge = _charts(made), tag("span", "Simulated", class_="badge")
    body = join(
        tag("p", "Stress test", class_="eyebrow"),
        tag("h1", "What each strategy stands to lose", *([" ", badge] * made.market.simulated)),
        banner() if made.market.simulated else "",
        past_the_record(silence),
        *(tag("p", line, class_="finding") for line in findings(made)),
        section(
            "losses", "Loss by scenario and strategy",
            _figure("losses", "Return over the horizon", "Bars: mean over the paths; the line below each reaches its "
                    "expected shortfall, the mean of the worst twentieth.", "chart"),
            *(tag("p", line, class_="quiet") for line in alike(made)),
        ),
        _outcomes(made),
        *(folded(part) for part in (
            _fans(made), _sources(made), _sensitivity(made, drawn), _replays(made), _pooled(made), _scenarios(made),
            _method(made, command),
        )),
    )  # fmt: skip
    scripts = join(
        charts.embed(drawn),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"),
    )
    return document(
        f"Stress test, {made.scenarios.name}", join(tag("main", body), scripts), made.market.simulated
    )


def alike(made: StressTest) -> list[str]:
    """Why two scenarios are the same for a strategy, where they are."""
    lines = []
    for name, by in made.figures.items():
        for a, b in combinations([s.name for s in made.scenarios.scenarios], 2):
            if by[a].mean == by[b].mean and by[a].es_95 == by[b].es_95:
                lines.append(
                    f"{name}: {a} and {b} are the same to the last digit. All scenarios share their draws, and nothing "
                    "in which these two differ, no driver and no shock, reaches a name that it holds."
                )
    return lines


def findings(made: StressTest) -> list[str]:
    """What came out, in sentences made from the numbers alone."""
    worst = {
        name: min((s.name for s in made.scenarios.scenarios), key=lambda s: by[s].mean)
        for name, by in made.figures.items()
    }
    return [
        f"{name}: weighted by the probabilities {signed(by[WEIGHTED].mean)} over the horizon, expected shortfall "
        f"{signed(by[WEIGHTED].es_95)}; worst under {worst[name]}, {signed(by[worst[name]].mean)} on average."
        for name, by in made.figures.items()
    ]


def _scenarios(made: StressTest) -> Html:
    heads = [
        "scenario",
        "probability",
        "its origin",
        "driver",
        "from",
        "to",
        "course",
        "stated",
        "checked",
        "source",
    ]
    rows: list[Sequence[object]] = []
    for s in made.scenarios.scenarios:
        for n, d in enumerate(s.drivers):
            first = [tag("b", s.name), percent(s.probability, 0), s.origin] if n == 0 else ["", "", ""]
            when = f"{d.course}, row {d.session}" if d.course == "step" else "ramp"
            rows.append(
                [*first, d.name, number(d.start, 2), number(d.end, 2), when, d.stated, d.checked, d.source]
            )
        if not s.drivers:
            rows.append([tag("b", s.name), percent(s.probability, 0), s.origin, *["none"] * 7])
    blows = [
        [s.name, b.label or NOTHING, b.target, signed(b.jump), _rows(b.half_life), number(b.volatility, 1),
         number(b.spread, 1), _rows(b.calm),
         percent(b.correlation, 0), b.halt, b.ending or NOTHING, b.session, b.origin or "not stated"]
        for s in made.scenarios.scenarios for b in s.shocks
    ]  # fmt: skip
    blow_heads = ["scenario", "shock", "target", "jump", "half-life", "volatility", "spread", "calm", "correlation",
                  "halt", "ending", "row", "origin"]  # fmt: skip
    horizon = made.scenarios.scenarios[0].horizon
    return section(
        "scenarios", "The scenarios",
        tag("p", f"The horizon is a parameter, here {horizon} rows. What the thesis does not state stays where it is. "
                 "Its probabilities are what somebody wrote, each with its origin."),
        table("Drivers", heads, rows, words=(0, 2, 3, 6, 7, 8, 9)),
        table("Shocks", blow_heads, blows, words=(0, 1, 2, 10, 12)) if blows else "",
    )  # fmt: skip


def _rows(half_life: float) -> str:
    return "lasts" if math.isinf(half_life) else number(half_life, 0)


def _outcomes(made: StressTest) -> Html:
    heads = ["strategy", "scenario", "probability", "mean", "s.e.", "deviation", "5 %", "median", "95 %",
             "expected shortfall", "drawdown", "drawdown, worst 5 %", "loss", f"drawdown over {percent(DEEP, 0)}",
             "trapped", "ruin"]  # fmt: skip
    odds = {s.name: s.probability for s in made.scenarios.scenarios} | {WEIGHTED: 1.0}
    rows = [
        [name if n == 0 else "", tag("b", s) if s == WEIGHTED else s, percent(odds[s], 0), *_cells(f)]
        for name, by in made.figures.items() for n, (s, f) in enumerate(by.items())
    ]  # fmt: skip
    words = (
        "Return over the horizon after costs, from simulated paths. 5 % is value at risk, expected shortfall the mean "
        "below it; a loss is negative. Drawdown, loss and trapped: mean of the deepest fall, probability of ending below "
        "the opening, mean value held in frozen names at their last mark. s.e.: standard error of the mean, from the "
        "number of paths alone. Weighted: the mixture by the probabilities."
    )
    return section(
        "outcomes", "What comes out", tag("p", words), table("By scenario", heads, rows, words=(0, 1))
    )


def _cells(f: Figures) -> list[str]:
    return [
        signed(f.mean), percent(f.error, 2), percent(f.deviation), signed(f.var_95), signed(f.median), signed(f.p95),
        signed(f.es_95), percent(f.drawdown), percent(f.drawdown_p05), percent(f.loss, 0), percent(f.deep),
        percent(f.trapped), percent(f.ruin),
    ]  # fmt: skip


def _fans(made: StressTest) -> Html:
    drawn = []
    for k, name in enumerate(made.figures):
        for m, s in enumerate(made.fans[name]):
            f = made.figures[name][s]
            words = f"Median {signed(f.median)}, nine paths of ten between {signed(f.var_95)} and {signed(f.p95)}."
            drawn.append(_figure(f"fan{k}x{m}", f"{name}, {s}", words))
    words = "Quantiles of nav row by row: median, half and nine tenths of the paths."
    return section("fans", "Fan charts", tag("p", words), tag("div", *drawn, class_="two"))  # fmt: skip


def _figure(name: str, heading: str, words: str, shape: str = "chart low") -> Html:
    area = tag("div", class_=shape, data_chart=name, role="img", aria_label=f"{heading}. {words}")
    return tag("figure", tag("figcaption", tag("b", f"{heading}. "), words), area)


def _sources(made: StressTest) -> Html:
    names = list(made.figures)
    tables = [
        table(f"{s}: each driver and shock alone, without noise", ["part", *names],
              [[p.label, *(signed(r) for r in p.returns)] for p in parts])
        for s, parts in made.parts.items()
    ]  # fmt: skip
    rows = [[n, s, *_largest(made, v)] for n, by in made.legs.items() for s, v in by.items()]
    betas = [
        [b.driver, b.symbol, number(b.beta), number(b.standard_error), b.months or NOTHING, b.origin]
        for b in made.betas
    ]
    given = table(
        "Betas", ["driver", "name", "beta", "standard error", "months", "origin"], betas, words=(0, 1, 5)
    )
    return section(
        "sources", "Which driver and which leg", *tables,
        table(f"Mean profit by name, the {LEGS} largest", ["strategy", "scenario", *["name"] * LEGS], rows,
              words=range(2 + LEGS)),
        tag("div", given, class_="tall"),
        tag("p", "A log price moves by beta times the log move of the driver. A dash is an assumption without an error; "
                 "estimated ones count each published value from the day it was known. The figures use the beta itself, "
                 "not its error: read both.", class_="quiet"),
    )  # fmt: skip


def _largest(made: StressTest, profit: FloatArray) -> list[str]:
    order = np.argsort(-np.abs(profit))[:LEGS]
    shown = [f"{made.symbols[n]} {signed(float(profit[n]))}" if profit[n] else "" for n in order]
    return shown + [""] * (LEGS - len(shown))


def _sensitivity(made: StressTest, drawn: dict[str, charts.Figure]) -> Html:
    names = [s.name for s in made.scenarios.scenarios]
    rows = [
        [name, *(percent(q) if (q := by[s]) is not None else "none" for s in names)]
        for name, by in made.break_even.items()
    ]
    turns = [[s, percent(q), below, above] for s in names for q, below, above in made.crossings[s]]
    return section(
        "sensitivity", "If the probabilities are wrong",
        table("Probability of each scenario at which a strategy expects nothing, the others in proportion",
              ["strategy", *names], rows),
        table("Where two strategies change places by expected return",
              ["probability of", "at", "better below", "better above"], turns, words=(0, 2, 3)) if turns else "",
        _figure("ternary", "Preferred strategy",
                f"By expected return, over all probabilities of {', '.join(names[:3])}"
                + (f" with {', '.join(names[3:])} at zero" if names[3:] else "") + "; cash where none is above zero.",
                "chart") if "ternary" in drawn else "",
    )  # fmt: skip


def _replays(made: StressTest) -> Html:
    c = made.choice
    names = [s.name for s in made.scenarios.scenarios]
    rows = [
        [name, *(number(k) if (k := by[s]) is not None else f"none up to {WIDEST:g}" for s in names)]
        for name, by in made.multiples.items()
    ]
    seen = [[name, signed(r), percent(d)] for name, (r, d) in made.replayed.items()]
    span = f"{c.window[0]} to {c.window[1]}" if c.window else ""
    return section(
        "reverse", "Replay and reverse stress",
        table(f"Moves of {span} on today's weights, drift kept", ["strategy", "return", "drawdown"], seen) if seen else
        tag("p", "Nothing was replayed."),
        table("Multiple of the scenario's shocks and driver moves, without noise, that costs "
              f"{percent(c.limit, 0)} from a high", ["strategy", *names], rows),
    )  # fmt: skip


def _pooled(made: StressTest) -> Html:
    if not made.pooled:
        return section(
            "pooling",
            "Entropy pooling",
            tag("p", "No driver with a published series: history is not reweighted."),
        )
    heads = ["scenario", "driver", "view, a month", "effective", "of months",
             *(f"{p.name} mean" for p in made.strategies),
             *(f"{p.name} deviation" for p in made.strategies)]  # fmt: skip
    rows = [
        [r.scenario, r.driver, signed(r.view, 2), number(r.effective, 1), r.months, *(signed(m, 2) for m in r.mean),
         *(percent(d, 2) for d in r.deviation)]
        for r in made.pooled
    ]  # fmt: skip
    words = (
        "An alternative to the drawn paths: the strategies' own months, reweighted as little as possible so that the "
        "driver moves on average as the scenario says. Effective: how many equally weighted months that leaves. "
        "It keeps what history earned, so its level is not that of the paths, whose drift may be taken out."
    )
    return section(
        "pooling", "Entropy pooling", tag("p", words), table("Months of history", heads, rows, words=(0, 1))
    )


def _method(made: StressTest, command: str) -> Html:
    c, u = made.choice, made.source
    taken = "taken out, so that no strategy inherits the luck of the past" if u.drift == "zero" else "kept"
    said = [
        f"{c.paths:,} paths a scenario, the same draws under each, seed {c.seed}. Blocks of rows are drawn by the "
        f"stationary bootstrap from {u.rows.size} rows, {u.rows[0]} to {u.rows[-1]}: overnight and intraday moves, "
        "currencies and closed venues of one row stay together.",
        f"Each name's mean return is {taken}. The driver's own noise is in the drawn rows; its mean path is the "
        "scenario's.",
        "Each path follows the real past, which look-backs and news before the opening read. After it no news arrives, "
        "so event tilts fade. Future rows are weekdays; holidays come with the drawn rows.",
        "Fees are those of the last table, spreads widened where a shock says so. A shock lands on the row named, "
        "after the strategy has been bought.",
        f"Dividends on the paths: {made.dividends}.",
        f"Names on the paths: {', '.join(made.symbols)}.",
    ]
    notices = [f"{n.symbol} {n.text}".strip() for n in dict.fromkeys(made.notices)]
    return section(
        "method", "How it was made", bullets(said), bullets(notices), tag("p", tag("code", command)),
        tag("p", tag("code", made.market.snapshot)),
    )  # fmt: skip


# Charts


def _charts(made: StressTest) -> dict[str, charts.Figure]:
    drawn = {
        f"fan{k}x{m}": _fan(quantiles, made.market.simulated)
        for k, name in enumerate(made.figures) for m, quantiles in enumerate(made.fans[name].values())
    }  # fmt: skip
    drawn["losses"] = _losses(made)
    if len(made.scenarios.scenarios) >= 3:
        drawn["ternary"] = _ternary(made)
    return drawn


def _losses(made: StressTest) -> charts.Figure:
    """A bar a strategy and scenario, with a line down to the expected shortfall."""
    names = list(made.figures)
    scenarios = list(next(iter(made.figures.values())))
    traces = []
    for k, s in enumerate(scenarios):
        means = [made.figures[name][s].mean for name in names]
        short = [made.figures[name][s].es_95 for name in names]
        traces.append({
            "type": "bar", "name": charts._text(s), "x": names, "y": [round(m, 4) for m in means],
            "marker": {"color": COLOURS[k % len(COLOURS)]}, "customdata": [round(e, 4) for e in short],
            "error_y": {"type": "data", "symmetric": False, "array": [0.0] * len(names), "color": "$other",
                        "arrayminus": [round(m - e, 4) for m, e in zip(means, short, strict=True)], "thickness": 1.2},
            "hovertemplate": f"{charts._text(s)}: mean %{{y:.1%}}, expected shortfall %{{customdata:.1%}}<extra></extra>",
        })  # fmt: skip
    axis = {"gridcolor": "$grid", "zerolinecolor": "$other", "linecolor": "$grid", "automargin": True}
    layout = {
        **_layout(made.market.simulated), "barmode": "group", "hovermode": "x unified", "showlegend": True,
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        "xaxis": {**axis, "type": "category", "showgrid": False}, "yaxis": {**axis, "tickformat": ".0%"},
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
    mark = {"text": "SIMULATED", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False,
            "textangle": -10, "font": {"size": 38, "color": "$watermark"}}  # fmt: skip
    return {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "autosize": True, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "font": {"family": "system-ui, sans-serif", "size": 12, "color": "$ink"},
        "annotations": [mark] * simulated,
    }  # fmt: skip


def _ternary(made: StressTest) -> charts.Figure:
    names = [s.name for s in made.scenarios.scenarios]
    points = simplex(STEPS)
    grid = np.zeros((len(points), len(names)))
    grid[:, :3] = points
    best, _ = preferred(made.means, grid)
    traces = []
    for k, (name, colour) in enumerate(
        zip([*made.figures, "cash"], [*COLOURS[: len(made.figures)], "$other"], strict=False)
    ):
        at = best == (-1 if name == "cash" else k)
        if at.any():
            traces.append(_points(name, points[at], {"color": colour, "size": 9}))
    odds = np.array([[s.probability for s in made.scenarios.scenarios[:3]]])
    traces.append(
        _points("the probabilities given, in proportion", odds, {"color": "$ink", "size": 14, "symbol": "x"})
    )
    axes = {
        f"{a}axis": {"title": {"text": n}, "gridcolor": "$grid", "linecolor": "$grid", "tickformat": ".0%"}
        for a, n in zip("abc", names[:3], strict=True)
    }
    layout = {
        **_layout(made.market.simulated), "margin": {"l": 40, "r": 40, "t": 30, "b": 30},
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
