"""The page that sets runs side by side: one file, nothing outside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.account_history import ELSEWHERE, WINDOW, by_year, in_window
from positioning.analysis.block_bootstrap import BLOCK, LEVEL
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.pairs import Pair
from positioning.analysis.superior_predictive_ability import Spa
from positioning.reporting import charts
from positioning.reporting.comparison.charts import COLOURS, figures, window
from positioning.reporting.comparison.contributions import contributions
from positioning.reporting.comparison.payload import BETTER, payload
from positioning.reporting.comparison.words import decided, held_words, method, mixed, remarks, under_half
from positioning.reporting.document import PLAIN, document, scripts
from positioning.reporting.factors import HEADS, coefficient_rows, measure_words, provenance_words
from positioning.reporting.format import NOTHING, metric, number, percent, signed
from positioning.reporting.html import join
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet.figures import ROWS, Row
from positioning.reporting.templates import render
from positioning.reporting.verdict import VerdictSentence, kept_sentence
from positioning.reporting.view import Cell, Table
from positioning.runs.comparison import COSTLY, ComparedRun, Comparison, differences, facts

CUT = 7  # metrics in the first of the two tables
ALL_THEMES = "restrictions"
SCRIPTS = (*PLAIN, "charts.js", "comparison/comparison.js")


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of the table of figures. label: of its column; value: as read; exact: in full, "" where undefined; mark:
    best, worst or ""; interval: in brackets."""

    field: str
    label: str
    value: str
    exact: str
    mark: str
    interval: str


@final
@dataclass(frozen=True, slots=True)
class FigureRow:
    """A contender's figures; run: its place; state: why it is not like the others, "" where it is; ranked: whether a
    figure of it may be called best or worst."""

    run: int
    name: Cell
    state: str
    ranked: bool
    figures: tuple[Figure, ...]


@final
@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table of figures, sorted by its headings: pairs of field and label."""

    caption: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[FigureRow, ...]


@final
@dataclass(frozen=True, slots=True)
class Parts:
    """What is shown over a common span: first and last day, themes of events, and the tables; None where there is
    nothing to put into one. factors: by contender what
    published ones explain; factors_from: which these are. untested: why there are no tests, "" where there are."""

    first: str
    last: str
    themes: tuple[str, ...]
    figures: tuple[FigureTable, ...]
    level: str
    block: int
    draws: int
    rolling: int
    years: Table
    window: int
    events: Table | None
    contributions: tuple[Table, ...]
    correlation: Table | None
    factors: tuple[tuple[Cell, str, Table], ...]
    factors_from: str
    untested: str
    decided: str
    pairs: Table
    superior: Table
    method: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """The view of `page.html`. mixed: the warning where real and simulated prices meet; costly: facts that cost, in which
    the runs differ; parts: None where the runs have no two dates in common."""

    heading: str
    simulated: bool
    mixed: str
    judged: tuple[tuple[Cell, VerdictSentence], ...]
    remarks: tuple[str, ...]
    costly: str
    differences: Table | None
    span: str
    parts: Parts | None
    runs: Table


def write_comparison(c: Comparison, directory: Path) -> Path:
    """Write `directory/comparison.html` whole; returns its path."""
    return write_page(directory / "comparison.html", page(c))


def page(c: Comparison) -> str:
    """The HTML of the page, scripts and all."""
    by_name, content = figures(c), view(c)
    body = join(
        render("comparison/page.html", v=content),
        charts.embed(by_name),
        payload(c),
        scripts(*SCRIPTS),  # first: the table needs no plotly
        charts.inline_script() if by_name else "",
    )
    return document(content.heading, body, c.simulated)


def view(c: Comparison) -> ComparisonPage:
    """Everything that the page shows, in words."""
    count, facts = len(c.contenders), differences(c)
    rows = [[name, *own] for name, own in facts]
    return ComparisonPage(
        heading=f"{count} strategies side by side" if count > 1 else "One strategy",
        simulated=c.simulated,
        mixed=mixed(c),
        judged=tuple(
            (_chip(c, n), kept_sentence(x.run.summary.get("verdict"))) for n, x in enumerate(c.contenders)
        ),
        remarks=tuple(remarks(c)),
        costly=", ".join(name for name, _ in facts if name in COSTLY),
        differences=Table("What differs between the runs", ["", *_chips(c)], rows, words=range(99))
        if facts
        else None,
        span=_span(c),
        parts=_parts(c) if c.span else None,
        runs=_runs(c),
    )


def _chip(c: Comparison, n: int) -> Cell:
    """The contender's name with its colour."""
    return Cell(c.contenders[n].label, chip=COLOURS[n % 8])


def _chips(c: Comparison, inside: bool = False) -> list[Cell]:
    return [_chip(c, n) for n, x in enumerate(c.contenders) if x.inside or not inside]


def _span(c: Comparison) -> str:
    if not c.span:
        return ""
    return (
        f"Everything below is over the common span, {c.span[0]} to {c.span[1]}, each on its own rows; correlations and "
        f"tests are over the {c.dates} dates that all have."
    )


def _parts(c: Comparison) -> Parts:
    assert c.span is not None  # noqa: S101 (asked by the caller)
    themes = sorted({t for e in facts(c) for t in e["themes"]}, key=lambda t: (t == ALL_THEMES, t))
    return Parts(
        first=str(c.span[0]),
        last=str(c.span[1]),
        themes=tuple(themes),
        figures=(
            _figures(c, ROWS[:CUT], "Return and risk"),
            _figures(c, ROWS[CUT:], "Tails, market and cost"),
        ),
        level=f"{LEVEL:.0%}",
        block=BLOCK,
        draws=c.draws,
        rolling=window(c),
        years=_years(c),
        window=WINDOW,
        events=_windows(c),
        contributions=_contributions(c),
        correlation=_correlation(c),
        factors=_factors(c),
        factors_from=next((provenance_words(x.factors) for x in c.contenders if x.factors), ""),
        untested=_untested(c),
        decided=decided(c),
        pairs=_pairs(c),
        superior=_superior(c),
        method=tuple(method(c)),
    )


def _figures(c: Comparison, rows: Sequence[Row], caption: str) -> FigureTable:
    marks = {r.field: _best_and_worst(c, r) for r in rows}
    return FigureTable(
        caption,
        tuple((r.field, r.label) for r in rows),
        tuple(
            FigureRow(
                n,
                _chip(c, n),
                _state(x),
                not under_half(x),
                tuple(_figure(x, r, marks[r.field].get(n, "")) for r in rows),
            )
            for n, x in enumerate(c.contenders)
        ),
    )


def _state(x: ComparedRun) -> str:
    if not x.inside:
        return "left out"
    if x.course.ruined:
        return "RUINED"
    return held_words(x) if under_half(x) else ""


def _value(x: ComparedRun, field: str) -> float:
    return math.nan if x.metrics is None or not x.inside else float(getattr(x.metrics, field))


def _write(row: Row) -> Callable[[float], str]:
    if row.fraction:
        return lambda v: percent(v, 2)
    return lambda v: number(v, 1 if row.field == "cost_bps_per_year" else 2)


def _best_and_worst(c: Comparison, row: Row) -> dict[int, str]:
    better = BETTER.get(row.field, 1)
    values = [
        (better * _value(x, row.field), n)
        for n, x in enumerate(c.contenders)
        if x.inside and not under_half(x)
    ]
    values = [v for v in values if math.isfinite(v[0])]
    if not better or len(values) < 2 or min(values)[0] == max(values)[0]:
        return {}
    low, high = min(values)[0], max(values)[0]
    return {n: "best" if v == high else "worst" for v, n in values if v in (low, high)}


def _figure(x: ComparedRun, row: Row, mark: str) -> Figure:
    value, write = _value(x, row.field), _write(row)
    words = write(value) if x.metrics is None or not x.inside else metric(x.metrics, row.field, write)
    ends = x.intervals.get(row.field)
    between = f"[{write(ends[0])}, {write(ends[1])}]".replace("\u00a0%,", ",") if ends else ""
    return Figure(row.field, row.label, words, repr(value) if math.isfinite(value) else "", mark, between)


def _shaded(value: float, reach: float) -> object:
    """A number on a ground whose depth says how large it is."""
    if not math.isfinite(value):
        return NOTHING
    depth = min(1.0, abs(value) / reach) if reach > 0 else 0.0
    return Cell(signed(value), kind=f"shade {'gain' if value > 0 else 'loss'}", depth=round(35 * depth))


def _by_contender(
    c: Comparison, caption: str, first: str, rows: Sequence[tuple[object, list[float]]], total: bool = False
) -> Table:
    sizes = [abs(v) for _, values in rows for v in values if math.isfinite(v)]
    reach = max(sizes, default=0.0)
    body = [[name, *(_shaded(v, reach) for v in values)] for name, values in rows]
    return Table(caption, [first, *_chips(c, inside=True)], body, total=total)


def _inside(c: Comparison) -> list[ComparedRun]:
    return [x for x in c.contenders if x.inside]


def _years(c: Comparison) -> Table:
    each = [by_year(x.course) for x in _inside(c)]
    years = sorted({y for own in each for y in own})
    rows: list[tuple[object, list[float]]] = [(y, [own.get(y, math.nan) for own in each]) for y in years]
    caption = "Return of each calendar year, the first and last as far as the span goes"
    return _by_contender(c, caption, "Year", rows)


def _windows(c: Comparison) -> Table | None:
    every = facts(c)
    if not every:
        return None
    courses = [x.course for x in _inside(c)]
    values = [[in_window(course, np.datetime64(e["day"])) for course in courses] for e in every]
    reach = max((abs(v) for row in values for v in row if math.isfinite(v)), default=0.0)
    rows = [
        [e["day"], Cell(e["title"], "div", "wide"), *(_shaded(v, reach) for v in row)]
        for e, row in zip(every, values, strict=True)
    ]
    return Table("Events", ["Known", "Event", *_chips(c, inside=True)], rows, words=(0, 1), tall=True)


def _contributions(c: Comparison) -> tuple[Table, ...]:
    parts, tables = [contributions(x) for x in _inside(c)], []
    for key, caption, first in (
        ("leg", "By leg", "Leg"), ("theme", f"By theme: the {WINDOW} rows after its events, and all other rows", "Theme"),
        ("currency", "By currency of the leg", "Currency"), ("part", "By kind of profit", "Kind"),
        ("cost", "Costs by kind", "Kind"),
    ):  # fmt: skip
        names = dict.fromkeys(
            name for part in parts for name in part[key] if any(p[key].get(name) for p in parts)
        )
        rows: list[tuple[object, list[float]]] = [
            (name, [part[key].get(name, math.nan) for part in parts])
            for name in sorted(names, key=lambda name: name == ELSEWHERE)
        ]
        if rows:
            total = ("All", [sum(part[key].values()) for part in parts])
            tables.append(_by_contender(c, caption, first, [*rows, total], total=True))
    return tuple(tables)


def _correlation(c: Comparison) -> Table | None:
    if len(c.rivals) < 2:
        return None
    rows = [
        [_chip(c, n), *(_shaded_ratio(v) for v in line)]
        for n, line in zip(c.rivals, c.correlation.tolist(), strict=True)
    ]
    heads = ["", *(_chip(c, n) for n in c.rivals)]
    return Table("Correlation of their returns over cash", heads, rows)


def _shaded_ratio(value: float) -> object:
    if not math.isfinite(value):
        return f"{NOTHING} (does not vary)"
    tone = "gain" if value > 0 else "loss"
    return Cell(number(value), kind=f"shade {tone}", depth=round(35 * abs(value)))


def _factors(c: Comparison) -> tuple[tuple[Cell, str, Table], ...]:
    return tuple(
        (
            _chip(c, n),
            f"{x.factors.sentence} {measure_words(x.factors)}",
            Table(f"{x.label}: alpha and betas", HEADS, coefficient_rows(x.factors)),
        )
        for n, x in enumerate(c.contenders)
        if x.factors is not None
    )


def _untested(c: Comparison) -> str:
    if c.pairs:
        return ""
    return (
        f"Not tested: it needs two strategies that live and differ, on {MIN_RETURNS} common dates or more "
        f"(here {len(c.rivals)} live, on {c.dates} common dates)."
    )


def _pairs(c: Comparison) -> Table:
    rows = [_pair(c, p) for p in c.pairs if p.difference > 0 or (p.difference == 0 and p.winner < p.loser)]
    heads = [
        "A", "earns more than B", "Difference a year", f"{LEVEL:.0%} interval", "p", "p after Holm", "Sharpe A − B",
        "interval",
    ]  # fmt: skip
    return Table("Pairwise, by mean return over cash", heads, rows, words=(0, 1))


def _pair(c: Comparison, p: Pair) -> list[object]:
    return [
        _chip(c, c.rivals[p.winner]), _chip(c, c.rivals[p.loser]), signed(p.difference),
        f"[{signed(p.low)}, {signed(p.high)}]", f"{p.p:.3f}", f"{p.holm:.3f}", number(p.sharpe),
        f"[{number(p.sharpe_low)}, {number(p.sharpe_high)}]",
    ]  # fmt: skip


def _superior(c: Comparison) -> Table:
    rows: list[list[Any]] = [_best_of(c, None, c.superior[0])]
    rows += [_best_of(c, n, test) for n, test in zip(c.rivals, c.superior[1:], strict=True)]
    heads = ["Is any of the others better than", "Best of them", "p (lower, upper)"]
    return Table("Hansen's test over the set", heads, rows, words=(0, 1))


def _best_of(c: Comparison, n: int | None, test: Spa | None) -> list[object]:
    name: object = "Cash" if n is None else _chip(c, n)
    if test is None:
        return [name, "no other differs from it", NOTHING]
    places = [r for r in c.rivals if r != n]
    best = _chip(c, places[test.best]) if test.best >= 0 else "none earns more"
    return [name, best, f"{test.consistent:.3f} ({test.lower:.3f}, {test.upper:.3f})"]


def _runs(c: Comparison) -> Table:
    rows = [
        [
            _chip(c, n), Cell(x.run.id, href=x.run.address),
            Cell(x.run.summary["snapshot"][:12], "code"), Cell(x.run.summary["command"], "code", "wide"),
        ]
        for n, x in enumerate(c.contenders)
    ]  # fmt: skip
    return Table("Runs", ["Strategy", "Run", "Prices (SHA-256)", "Command"], rows, words=range(4))
