"""The parts of a grid page that ask whether what was chosen on some rows paid on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from positioning.arrays import DateArray
from positioning.events.thesis import Thesis
from positioning.reporting.charts import AXIS, Figure, bare_layout, curve, mark_published
from positioning.reporting.format import number, percent
from positioning.reporting.search import charts as grid_charts
from positioning.reporting.search.charts import PERCENTS, label, rounded, ticks
from positioning.reporting.view import Cell, Chart, Table
from positioning.search.purged_cv import PurgedValidation
from positioning.search.purged_cv import sentences as purged_sentences
from positioning.search.run import in_words
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.walk_forward import WalkForward, sentences

LINES = {"plateau": ("$strategy", "solid"), "peak": ("$good", "solid")}


@final
@dataclass(frozen=True, slots=True)
class Validation:
    """A part of the page: what was found in sentences, its two charts, tables of choices by what they are called, and the
    figures of the charts by name."""

    sentences: tuple[str, ...]
    charts: tuple[Chart, Chart]
    choices: tuple[tuple[str, Table], ...]
    figures: Mapping[str, Figure]


def walk_forward_part(w: WalkForward, space: SearchSpace, codes: GridIndex, thesis: Thesis) -> Validation:
    """The accounts that followed the choices, and each fold's choice."""
    rows = space.market.rows[space.market.start :]
    accounts_words = f"Opened at 1 in cash, beside the strategy {w.beside}; dotted lines are switches."
    return Validation(
        tuple(sentences(w, thesis)),
        (
            Chart("walk", "Accounts that followed the choices", accounts_words),
            Chart("folds", "Before and after", f"The {in_words(w.metric)} of each choice."),
        ),
        tuple((f"Choices by the {way}", _choices(w, way, space, codes, rows)) for way in w.ways),
        {"walk": accounts(w, rows, thesis), "folds": before_and_after(w, rows)},
    )


def purged_part(p: PurgedValidation) -> Validation:
    """The splits and the paths of purged cross-validation."""
    return Validation(
        tuple(purged_sentences(p)),
        (
            Chart("splits", "Splits", "The Sharpe of each winner where it won and where it was tested."),
            Chart("paths", "Paths", "Sharpe of the winners pieced together, cost of switching left out."),
        ),
        (),
        {"splits": grid_charts.splits(p), "paths": grid_charts.paths(p)},
    )


def accounts(w: WalkForward, rows: DateArray, thesis: Thesis) -> Figure:
    """Nav by way of choosing and of the strategy without events, with the switches."""
    days = [str(day) for day in w.rows]
    lines = [curve(w.beside, days, w.without_events_nav, "$contrast", "dot")]
    lines += [curve(way, days, one.nav, *LINES[way]) for way, one in w.ways.items()]
    for line in lines:
        line["hovertemplate"] = "%{x|%Y-%m-%d} %{y:.3f}<extra>%{fullData.name}</extra>"
    figure = _layout(lines, {"type": "date", "showgrid": False}, "nav, opened at 1", ".2f")
    mark_published(figure, days, thesis.published)
    figure["layout"].setdefault("shapes", []).extend(
        {"type": "line", "x0": str(day), "x1": str(day), "y0": 0, "y1": 1, "yref": "paper",
         "line": {"color": "$grid", "width": 1, "dash": "dot"}}
        for day in rows[w.spans[:, 1]]
    )  # fmt: skip
    return figure


def before_and_after(w: WalkForward, rows: DateArray) -> Figure:
    """The metric of each choice on its train rows and on the rows it had not seen; fold by fold."""
    folds = [str(day) for day in rows[w.spans[:, 1]]]
    way, one = next(iter(w.ways.items()))
    unit = ":.1%" if w.metric in PERCENTS else ":.2f"
    bars = [
        {"type": "bar", "name": name, "x": folds, "y": rounded(values),
         "marker": {"color": colour}, "hovertemplate": f"chosen %{{x}} by the {way}: %{{y{unit}}}<extra>{name}</extra>"}
        for name, values, colour in (("before", one.train, "$benchmark"), ("after", one.test, "$strategy"))
    ]  # fmt: skip
    return _layout(bars, {"type": "category"}, in_words(w.metric), ticks(w.metric))


def _layout(data: list[Figure], across: Figure, unit: str, form: str) -> Figure:
    layout = bare_layout() | {
        "hovermode": "closest", "annotations": [],
        "xaxis": {**AXIS, **across},
        "yaxis": {**AXIS, "title": {"text": unit, "standoff": 6}, "tickformat": form},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _choices(w: WalkForward, way: str, space: SearchSpace, codes: GridIndex, rows: DateArray) -> Table:
    one, names = w.ways[way], list(space.axes)
    form = percent if w.metric in PERCENTS else number
    body: list[Sequence[object]] = []
    for f, (first, last, end) in enumerate(w.spans):
        settings = space.settings(codes[one.chosen[f]])
        body.append(
            [_span(rows, first, last), _span(rows, last + 1, end), *(label(v) for v in settings.values()),
             form(one.train[f]), form(one.test[f]), number(w.correlation[f])]
        )  # fmt: skip
    heads = ["chosen on", "held through", *names, "before", "after", "rank correlation of all trials"]
    return Table(f"What the {way} chose, fold by fold", heads, body, words=(0, 1))


def _span(rows: DateArray, first: int, last: int) -> Cell:
    return Cell(f"{rows[first]} to {rows[last]}", kind="nowrap")
