"""The page of a stress test, kept under an ID, and its table in JSON and Parquet beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.verdict import STRESS_RULES, Verdict
from positioning.arrays import FloatArray
from positioning.events.silence import Silence
from positioning.files import atomic_file
from positioning.json_text import json_text, plain
from positioning.reporting import charts
from positioning.reporting.document import charted, document, with_script_at
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.index import write_index
from positioning.reporting.page_file import refuse_foreign_pages, write_page
from positioning.reporting.stress_test.charts import path_figures
from positioning.reporting.stress_test.words import (
    identical_scenarios,
    method,
    notices,
    strategy_verdict,
    titles,
)
from positioning.reporting.templates import render
from positioning.reporting.verdict import in_short, rules
from positioning.reporting.view import Cell, Chart, Table
from positioning.runs.answers import keep_answer
from positioning.scenarios.outcome import DEEP
from positioning.scenarios.replay import WIDEST
from positioning.scenarios.scenario import WEIGHTED
from positioning.scenarios.stress_test import StressTest

LEGS = 6  # names shown of each strategy and scenario


@final
@dataclass(frozen=True, slots=True)
class StrategyVerdict:
    """A strategy's title and its verdict."""

    name: str
    verdict: Verdict


@final
@dataclass(frozen=True, slots=True)
class StressPage:
    """The view of `page.html`; a table is None where there is nothing to put into it."""

    simulated: bool
    silence: str
    judged: tuple[StrategyVerdict, ...]
    rules: tuple[tuple[str, str], ...]
    alike: tuple[str, ...]
    outcomes: tuple[Table, ...]
    fans: tuple[Chart, ...]
    parts: tuple[Table, ...]
    legs: Table
    betas: Table
    break_even: Table
    crossings: Table | None
    ternary: str
    replayed: Table | None
    multiples: Table
    pooled: Table | None
    horizon: int
    drivers: Table
    shocks: tuple[Table, ...]
    method: tuple[str, ...]
    notices: tuple[str, ...]
    command: str
    snapshot: str


def write_stress(
    stress: StressTest, command: str, directory: Path, silence: Silence | None = None, study: str = ""
) -> list[Path]:
    """Write stress.html, stress.json and stress.parquet, keep them under an ID, and write the index; returns their
    paths.

    silence: that the past goes on beyond the record of events, None where it does not. study: the options that repeat
    it, kept with it.
    """
    with charts.shared_script(directory) as script:
        text = page(stress, command, script, silence)
        path = write_page(directory / "stress.html", text)
    files = [
        path,
        write_page(directory / "stress.json", json_text(to_json(stress, silence), indent=1)),
        _parquet(stress, directory / "stress.parquet"),
    ]
    verdicts = {name: strategy_verdict(stress, name) for name in stress.figures}
    tones = {v.tone for v in verdicts.values()}
    keep_answer(
        directory, "stress", f"Stress test, {stress.scenarios.name}",
        in_short(verdicts),
        tones.pop() if len(tones) == 1 else "neutral", stress.market.simulated, stress.market.source, command,
        with_script_at(text, script, f"../../{script}"), files[1:], study,
    )  # fmt: skip
    write_index(directory)
    return files


def _parquet(stress: StressTest, path: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    refuse_foreign_pages(path.parent, [path.name])
    with atomic_file(path) as draft, draft.open("wb") as file:  # pyarrow takes UTF-8 names alone
        parquet.write_table(pa.Table.from_pylist(stress.table()), file)
    return path


def to_json(stress: StressTest, silence: Silence | None = None) -> dict[str, Any]:
    """The verdicts, the table, what it was made with, and the thresholds; undefined is None; returns as fractions."""
    c = stress.choice
    return {
        "simulated": stress.market.simulated,
        "record": None if silence is None else silence.to_json(),
        "snapshot": stress.market.snapshot,
        "scenarios": stress.scenarios.name,
        "horizon": stress.scenarios.scenarios[0].horizon,
        "paths": c.paths,
        "seed": c.seed,
        "drift": c.drift,
        "dividends": stress.dividends,
        "size": stress.size,
        "rows": [str(stress.source.rows[0]), str(stress.source.rows[-1]), stress.source.rows.size],
        "names": list(stress.symbols),
        "verdicts": {name: strategy_verdict(stress, name).to_json() for name in stress.figures},
        "alike": identical_scenarios(stress),
        "table": stress.table(),
        "break_even": stress.break_even,
        "crossings": stress.crossings,
        "breaking_multiples": stress.multiples,
        "replayed": stress.replayed,
        "betas": [
            {"driver": b.driver, "symbol": b.symbol, "beta": b.beta, "months": b.months, "origin": b.origin,
             "standard_error": plain(b.standard_error)}
            for b in stress.betas
        ],
        "parts": {name: {p.label: list(p.returns) for p in parts} for name, parts in stress.parts.items()},
        "legs": {
            p: {s: dict(zip(stress.symbols, map(float, v), strict=True)) for s, v in by.items()}
            for p, by in stress.legs.items()
        },
        "pooled": [
            {"scenario": r.scenario, "driver": r.driver, "view": r.view, "months": r.months, "effective": r.effective,
             "mean": list(r.mean), "deviation": list(r.deviation)}
            for r in stress.pooled
        ],
        "notices": [{"symbol": n.symbol, "text": n.text} for n in stress.notices],
    }  # fmt: skip


def page(stress: StressTest, command: str, script: str, silence: Silence | None = None) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    body = render("stress_test/page.html", v=view(stress, command, silence))
    heading = f"Stress test, {stress.scenarios.name}"
    return document(heading, charted(body, path_figures(stress), script), stress.market.simulated)


def view(stress: StressTest, command: str, silence: Silence | None = None) -> StressPage:
    """Everything that the page shows, in words."""
    named = titles(stress)
    return StressPage(
        simulated=stress.market.simulated,
        silence="" if silence is None else silence.words,
        judged=tuple(StrategyVerdict(named[name], strategy_verdict(stress, name)) for name in stress.figures),
        rules=rules(STRESS_RULES),
        alike=tuple(identical_scenarios(stress)),
        outcomes=_outcomes(stress),
        fans=_fans(stress),
        parts=_parts(stress),
        legs=_legs(stress),
        betas=_betas(stress),
        break_even=_break_even(stress),
        crossings=_crossings(stress),
        ternary=_ternary_words(stress),
        replayed=_replayed(stress),
        multiples=_multiples(stress),
        pooled=_pooled(stress),
        horizon=stress.scenarios.scenarios[0].horizon,
        drivers=_drivers(stress),
        shocks=_shocks(stress),
        method=tuple(method(stress)),
        notices=tuple(notices(stress)),
        command=command,
        snapshot=stress.market.snapshot,
    )


def _outcomes(stress: StressTest) -> tuple[Table, Table]:
    """What a strategy makes under a scenario, and how it falls."""
    odds = {s.name: s.probability for s in stress.scenarios.scenarios} | {WEIGHTED: 1.0}
    named = titles(stress)
    each = [(named[name], s, f) for name, by in stress.figures.items() for s, f in by.items()]
    marked = [n for n, (_, s, _) in enumerate(each) if s == WEIGHTED]
    returns = [
        [name, s, percent(odds[s], 0), signed(f.mean), percent(f.error, 2), percent(f.deviation), signed(f.var_95),
         signed(f.median), signed(f.p95), signed(f.es_95)]
        for name, s, f in each
    ]  # fmt: skip
    falls = [
        [name, s, percent(f.drawdown), percent(f.drawdown_p05), percent(f.loss, 0), percent(f.deep), percent(f.trapped),
         percent(f.ruin)]
        for name, s, f in each
    ]  # fmt: skip
    heads = ("strategy", "scenario")
    return (
        Table("Return over the horizon", [*heads, "probability", "mean", "s.e.", "deviation", "5 %", "median", "95 %",
              "expected shortfall"], returns, words=(0, 1), marked=marked),
        Table("Falls on the way", [*heads, "drawdown", "drawdown, worst 5 %", "loss",
              f"drawdown over {percent(DEEP, 0)}", "trapped", "ruin"], falls, words=(0, 1), marked=marked),
    )  # fmt: skip


def _fans(stress: StressTest) -> tuple[Chart, ...]:
    fans = []
    for k, name in enumerate(stress.figures):
        for m, s in enumerate(stress.fans[name]):
            f = stress.figures[name][s]
            words = f"Median {signed(f.median)}, nine paths of ten between {signed(f.var_95)} and {signed(f.p95)}."
            fans.append(Chart(f"fan{k}x{m}", f"{titles(stress)[name]}, {s}", words, "low"))
    return tuple(fans)


def _parts(stress: StressTest) -> tuple[Table, ...]:
    return tuple(
        Table(
            f"{s}: each driver and shock alone, without noise", ["part", *titles(stress).values()],
            [[p.label.replace("_", " "), *(signed(r) for r in p.returns)] for p in parts],
        )
        for s, parts in stress.parts.items()
    )  # fmt: skip


def _legs(stress: StressTest) -> Table:
    rows = [
        [titles(stress)[n], s, *_largest(stress, v)] for n, by in stress.legs.items() for s, v in by.items()
    ]
    heads = ["strategy", "scenario", *(f"name {k + 1}" for k in range(LEGS))]
    return Table(f"Mean profit by name, the {LEGS} largest", heads, rows, words=range(2 + LEGS))


def _largest(stress: StressTest, profit: FloatArray) -> list[str]:
    order = np.argsort(-np.abs(profit))[:LEGS]
    cells = [f"{stress.symbols[n]} {signed(float(profit[n]))}" if profit[n] else "" for n in order]
    return cells + [""] * (LEGS - len(cells))


def _betas(stress: StressTest) -> Table:
    rows = [
        [
            b.driver.replace("_", " "),
            b.symbol,
            number(b.beta),
            number(b.standard_error),
            b.months or NOTHING,
            b.origin,
        ]
        for b in stress.betas
    ]
    heads = ["driver", "name", "beta", "standard error", "months", "origin"]
    return Table("Betas", heads, rows, words=(0, 1, 5), tall=True)


def _break_even(stress: StressTest) -> Table:
    names = [s.name for s in stress.scenarios.scenarios]
    rows = [
        [titles(stress)[name], *(percent(q) if (q := by[s]) is not None else "none" for s in names)]
        for name, by in stress.break_even.items()
    ]
    caption = (
        "Probability of each scenario at which a strategy expects nothing, the others in proportion; none: at no "
        "probability"
    )
    return Table(caption, ["strategy", *names], rows)


def _crossings(stress: StressTest) -> Table | None:
    names = [s.name for s in stress.scenarios.scenarios]
    named = titles(stress)
    rows = [
        [s, percent(q), named.get(below, below), named.get(above, above)]
        for s in names
        for q, below, above in stress.crossings[s]
    ]
    if not rows:
        return None
    heads = ["probability of", "at", "better below", "better above"]
    return Table("Where two strategies change places by expected return", heads, rows, words=(0, 2, 3))


def _ternary_words(stress: StressTest) -> str:
    names = [s.name for s in stress.scenarios.scenarios]
    if len(names) < 3:
        return ""
    more = f" with {', '.join(names[3:])} at zero" if names[3:] else ""
    return f"By expected return, over all probabilities of {', '.join(names[:3])}{more}; cash where none is above zero."


def _replayed(stress: StressTest) -> Table | None:
    c = stress.choice
    if not stress.replayed or c.window is None:
        return None
    rows = [[titles(stress)[name], signed(r), percent(d)] for name, (r, d) in stress.replayed.items()]
    caption = f"Moves of {c.window[0]} to {c.window[1]} on today's weights, drift kept"
    return Table(caption, ["strategy", "return", "drawdown"], rows)


def _multiples(stress: StressTest) -> Table:
    names = [s.name for s in stress.scenarios.scenarios]
    rows = [
        [
            titles(stress)[name],
            *(number(k) if (k := by[s]) is not None else f"none up to {WIDEST:g}" for s in names),
        ]
        for name, by in stress.multiples.items()
    ]
    caption = (
        "Multiple of the scenario's shocks and driver moves, without noise, that costs "
        f"{percent(stress.choice.limit, 0)} from a high"
    )
    return Table(caption, ["strategy", *names], rows)


def _pooled(stress: StressTest) -> Table | None:
    if not stress.pooled:
        return None
    named = titles(stress)
    rows = [
        [r.scenario, r.driver.replace("_", " "), signed(r.view, 2), number(r.effective, 1), r.months, named[p.name],
         signed(mean, 2), percent(deviation, 2)]
        for r in stress.pooled
        for p, mean, deviation in zip(stress.strategies, r.mean, r.deviation, strict=True)
    ]  # fmt: skip
    heads = [
        "scenario",
        "driver",
        "view, a month",
        "effective",
        "of months",
        "strategy",
        "mean a month",
        "deviation",
    ]
    return Table("Months of history", heads, rows, words=(0, 1, 5))


def _drivers(stress: StressTest) -> Table:
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
    rows: list[list[object]] = []
    for s in stress.scenarios.scenarios:
        first = [Cell(s.name, "strong"), percent(s.probability, 0), s.origin]
        for d in s.drivers:
            fades = "" if math.isinf(d.half_life) else f", halving every {d.half_life:g} rows"
            when = f"{d.course}, row {d.session}{fades}" if d.course == "step" else "ramp"
            rows.append(
                [
                    *first,
                    d.name.replace("_", " "),
                    number(d.start, 2),
                    number(d.end, 2),
                    when,
                    d.stated,
                    d.checked,
                    d.source,
                ]
            )
            first = ["", "", ""]
        if not s.drivers:
            rows.append([*first, *["none"] * 7])
    return Table("Drivers", heads, rows, words=(0, 2, 3, 6, 7, 8, 9))


def _shocks(stress: StressTest) -> tuple[Table, ...]:
    """What each shock moves, and how trading goes on; none where there is no shock."""
    each = [(s.name, b) for s in stress.scenarios.scenarios for b in s.shocks]
    if not each:
        return ()
    moves = [
        [
            s,
            b.label or NOTHING,
            _target(b.target),
            signed(b.jump),
            _rows(b.half_life),
            b.session,
            b.origin or "not stated",
        ]
        for s, b in each
    ]
    after = [
        [s, b.label or NOTHING, number(b.volatility, 1), number(b.spread, 1), _rows(b.calm), percent(b.correlation, 0),
         b.halt, b.ending or NOTHING]
        for s, b in each
    ]  # fmt: skip
    heads = ("scenario", "shock")
    return (
        Table("Shocks", [*heads, "target", "jump", "half-life", "row", "origin"], moves, words=(0, 1, 2, 6)),
        Table("Trading after a shock", [*heads, "volatility, times", "spread, times", "rows until calm", "correlation",
              "rows of halt", "ending"], after, words=(0, 1, 7)),
    )  # fmt: skip


def _target(target: str) -> str:
    return target.replace(":", " ").replace("_", " ")


def _rows(half_life: float) -> str:
    return "lasts" if math.isinf(half_life) else number(half_life, 0)
