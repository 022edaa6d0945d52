"""The parts of a grid page that ask whether what was chosen on some rows paid on others."""

from __future__ import annotations

from collections.abc import Sequence

from positioning.arrays import DateArray
from positioning.events.thesis import Thesis
from positioning.reporting.charts import AXIS, Figure, bare_layout, curve, mark_published
from positioning.reporting.format import number, percent
from positioning.reporting.html import Html, bullets, join, section, table, tag
from positioning.reporting.search import charts as grid_charts
from positioning.reporting.search.charts import PERCENTS, chart, label, rounded, ticks
from positioning.search.purged_cv import Purged
from positioning.search.purged_cv import sentences as purged_sentences
from positioning.search.run import in_words
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.walk_forward import WalkForward, sentences

LINES = {"plateau": ("$strategy", "solid"), "peak": ("$good", "solid")}


def walked(
    w: WalkForward, space: SearchSpace, codes: GridIndex, thesis: Thesis, drawn: dict[str, Figure]
) -> Html:
    """Sentences, the accounts that followed the choices, and each fold's choice. drawn: filled with the charts."""
    rows = space.market.rows[space.market.start :]
    drawn["walk"], drawn["folds"] = accounts(w, rows, thesis), before_and_after(w, rows)
    return section(
        "walk",
        "Choosing by the past, holding into the rows after",
        bullets(sentences(w, thesis)),
        tag(
            "div",
            chart(
                "walk",
                "Accounts that followed the choices",
                "Opened at 1 in cash; dotted lines are switches.",
            ),
            chart("folds", "Before and after", f"The {in_words(w.metric)} of each choice."),
            class_="two",
        ),
        *(_choices(w, way, space, codes, rows) for way in w.ways),
    )


def purged(p: Purged, drawn: dict[str, Figure]) -> Html:
    """Sentences, the splits and the paths. drawn: filled with the charts."""
    drawn["splits"], drawn["paths"] = grid_charts.splits(p), grid_charts.paths(p)
    return section(
        "cpcv",
        "Choosing on some rows, testing on others",
        bullets(purged_sentences(p)),
        tag(
            "div",
            chart("splits", "Splits", "The Sharpe of each winner where it won and where it was tested."),
            chart("paths", "Paths", "Sharpe of the winners pieced together, cost of switching left out."),
            class_="two",
        ),
    )


def accounts(w: WalkForward, rows: DateArray, thesis: Thesis) -> Figure:
    """Nav by way of choosing and of the twin, with the switches."""
    days = [str(day) for day in w.rows]
    lines = [curve("without events", days, w.without_events_nav, "$contrast", "dot")]
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


def _choices(w: WalkForward, way: str, space: SearchSpace, codes: GridIndex, rows: DateArray) -> Html:
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
    made = table(f"What the {way} chose, fold by fold", heads, body, words=(0, 1))
    return join(tag("details", tag("summary", f"Choices by the {way}"), made))


def _span(rows: DateArray, first: int, last: int) -> Html:
    return tag("span", f"{rows[first]} to {rows[last]}", class_="nowrap")
