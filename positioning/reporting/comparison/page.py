"""The page that sets runs side by side: one file, nothing outside it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from positioning.analysis.comparison import (
    BLOCK,
    ELSEWHERE,
    LEVEL,
    WINDOW,
    Pair,
    by_theme,
    by_year,
    in_window,
)
from positioning.analysis.market_line import MIN_ROWS
from positioning.analysis.metrics import FEWEST_DAYS, MIN_RETURNS, YEARLY
from positioning.analysis.overfitting import Spa
from positioning.arrays import FloatArray
from positioning.reporting import charts
from positioning.reporting.comparison.charts import COLOURS, figures, window
from positioning.reporting.comparison.words import MIXED, remarks
from positioning.reporting.document import document, own_file
from positioning.reporting.format import NOTHING, SHORT, metric, number, percent, signed
from positioning.reporting.html import Html, bullets, join, section, table, tag
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet.figures import KINDS, ROWS, Row, banner
from positioning.reporting.verdict import spoken_again
from positioning.runs.comparison import (
    COSTLY,
    MEASURED,
    ComparedRun,
    Comparison,
    benchmark_words,
    differences,
    facts,
)
from positioning.simulation.result import PARTS

BETTER = {
    "volatility": -1, "beta": 0, "turnover": -1, "cost_bps_per_year": -1,
}  # 1 unless told: the larger the better  # fmt: skip
CUT = 7  # metrics in the first of the two tables
ALL_THEMES = "restrictions"


def write_comparison(c: Comparison, directory: Path) -> Path:
    """Write `directory/comparison.html` whole; returns its path."""
    return write_page(directory / "comparison.html", page(c))


def page(c: Comparison) -> str:
    """The HTML of the page, scripts and all."""
    body = join(
        tag("p", "Comparison", class_="eyebrow"),
        tag("h1", _heading(c), *([" ", tag("span", "Simulated", class_="badge")] if c.simulated else [])),
        tag("p", MIXED, class_="banner", role="note") if c.mixed else banner() if c.simulated else "",
        tag("ul", *(_judged(c, n) for n in range(len(c.contenders))), class_="verdicts"),
        *(tag("p", s, class_="finding") for s in remarks(c)),
        _shared(c),
        *(_parts(c) if c.span else ()),
        _provenance(c),
    )
    drawn = figures(c)
    scripts = join(
        charts.embed(drawn),
        _payload(c),
        Html(
            f"<script>{own_file('theme.js')}{own_file('comparison/comparison.js')}</script>"
        ),  # first: the table needs no plotly
        charts.inline_script() if drawn else "",
    )
    style = Html(f"<style>{own_file('comparison/comparison.css')}</style>")
    return document(_heading(c), join(style, tag("main", body), scripts), c.simulated)


def _judged(c: Comparison, n: int) -> Html:
    """A contender with the verdict on its whole account."""
    return tag("li", _chip(c, n), spoken_again(c.contenders[n].kept.summary.get("verdict")))


def _heading(c: Comparison) -> str:
    count = len(c.contenders)
    return f"{count} strategies side by side" if count > 1 else "One strategy"


def _parts(c: Comparison) -> Iterable[Html]:
    yield _controls(c)
    yield _metrics(c)
    yield section("curves", "How they went", _chart("equity", "Value", "On a mark: what became known that day."),
                  _chart("drawdown", "Drawdown", "Distance below the highest value so far."))  # fmt: skip
    yield _rolling(c)
    yield section("years", "Return by year", _years(c))
    yield section("events", "Return by event window", *_windows(c))
    yield section("contributions", "Where profit came from", *_contributions(c))
    yield section("likeness", "How alike they are", *_likeness(c))
    yield section("tests", "Is one better than another?", *_tests(c))
    yield _method(c)


def _chip(c: Comparison, n: int) -> Html:
    """The contender's name with its colour."""
    return join(
        tag("span", class_=f"chip s{COLOURS[n % 8]}", aria_hidden="true"), "\u00a0", c.contenders[n].label
    )


def _shared(c: Comparison) -> Html:
    found = differences(c)
    costly = [name for name, _ in found if name in COSTLY]
    warning = (
        [
            tag(
                "p",
                f"Not on the same terms: they differ in {', '.join(costly)}.",
                class_="banner",
                role="note",
            )
        ]
        if costly
        else []
    )
    span = (
        f"Everything below is over the common span, {c.span[0]} to {c.span[1]}, each on its own rows; correlations and "
        f"tests are over the {c.dates} dates that all have."
        if c.span
        else ""
    )
    if not found:
        alike = "Same dates, prices, currency, fees, fills, cash rate, benchmark, events and packages."
        return section("terms", "The same terms?", tag("p", alike, " ", span))
    heads = ["", *(_chip(c, n) for n in range(len(c.contenders)))]
    made = table(
        "What differs between the runs", heads, [[name, *told] for name, told in found], words=range(99)
    )
    return section("terms", "The same terms?", *warning, tag("p", span), made)


def _controls(c: Comparison) -> Html:
    assert c.span is not None  # noqa: S101 (asked by the caller)
    first, last = (str(day) for day in c.span)
    dates = [
        tag("label", words, " ", tag("input", type="date", id=name, min=first, max=last, value=value))
        for name, words, value in (("from", "From", first), ("to", "to", last))
    ]
    themes = sorted({t for e in facts(c) for t in e["themes"]}, key=lambda t: (t == ALL_THEMES, t))
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name_="theme", value=t, checked=True),
            " ",
            t.replace("_", " "),
        )
        for t in themes
    ]
    scale = tag("button", "Logarithmic", type="button", id="scale", aria_pressed="false")
    filters = tag("fieldset", tag("legend", "Events shown"), *boxes) if boxes else ""
    return tag(
        "form",
        tag("fieldset", tag("legend", "Period"), *dates, tag("button", "Whole span", type="button", id="whole")),
        tag("fieldset", tag("legend", "Scale"), scale),
        filters,
        class_="controls", aria_label="What is shown",
    )  # fmt: skip


def _metrics(c: Comparison) -> Html:
    made = [
        _metric_table(c, ROWS[:CUT], "Return and risk"),
        _metric_table(c, ROWS[CUT:], "Tails, market and cost"),
    ]
    note = (
        f"Click a heading to sort. In brackets the {LEVEL:.0%} interval of the whole span, by resampling blocks of "
        f"{BLOCK} rows {c.draws:,} times. Best and worst are by point value: where intervals overlap, neither may mean "
        "anything. Costs and turnover count as better when low."
    )
    stale = "Intervals and tests belong to the whole span; they are greyed while another period is chosen."
    return section(
        "metrics", "Figures",
        tag("p", "", id="period", class_="quiet", aria_live="polite"),
        *made, tag("p", note, class_="quiet"), tag("p", stale, class_="quiet stale-note", hidden=True),
    )  # fmt: skip


def _metric_table(c: Comparison, rows: Sequence[Row], caption: str) -> Html:
    heads = [tag("th", tag("button", "Strategy", type="button", data_sort="name"), scope="col")]
    heads += [
        tag("th", tag("button", r.label, type="button", data_sort=r.field), scope="col", class_="number")
        for r in rows
    ]
    marks = {r.field: _best_and_worst(c, r) for r in rows}
    lines = []
    for n, x in enumerate(c.contenders):
        cells = [_cell(x, r, marks[r.field].get(n, "")) for r in rows]
        state = _state(x)
        name = tag("th", _chip(c, n), tag("span", state, class_="state") if state else "", scope="row")
        lines.append(tag("tr", name, *cells, data_run=str(n)))
    made = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *lines),
        class_="metrics",
    )
    return tag("div", made, class_="scroll", tabindex="0", role="group", aria_label=caption)


def _state(x: ComparedRun) -> str:
    if not x.inside:
        return "left out"
    return "RUINED" if x.course.ruined else ""


def _value(x: ComparedRun, field: str) -> float:
    return math.nan if x.metrics is None or not x.inside else float(getattr(x.metrics, field))


def _write(row: Row) -> Callable[[float], str]:
    if row.fraction:
        return lambda v: percent(v, 2)
    return lambda v: number(v, 1 if row.field == "cost_bps_per_year" else 2)


def _best_and_worst(c: Comparison, row: Row) -> dict[int, str]:
    better = BETTER.get(row.field, 1)
    values = [(better * _value(x, row.field), n) for n, x in enumerate(c.contenders) if x.inside]
    values = [v for v in values if math.isfinite(v[0])]
    if not better or len(values) < 2 or min(values)[0] == max(values)[0]:
        return {}
    low, high = min(values)[0], max(values)[0]
    return {n: "best" if v == high else "worst" for v, n in values if v in (low, high)}


def _cell(x: ComparedRun, row: Row, mark: str) -> Html:
    value, write = _value(x, row.field), _write(row)
    words = write(value) if x.metrics is None or not x.inside else metric(x.metrics, row.field, write)
    ends = x.intervals.get(row.field)
    between = f"[{write(ends[0])}, {write(ends[1])}]".replace("\u00a0%,", ",") if ends else ""
    exact = {"data_value": repr(value)} if math.isfinite(value) else {}
    return tag(
        "td", tag("span", words, class_="value"), tag("span", mark, class_=f"mark {mark}"),
        tag("span", between, class_="interval"), class_="number", data_field=row.field, **exact,
    )  # fmt: skip


def _chart(name: str, heading: str, words: str) -> Html:
    shape = "chart" if name == "equity" else "chart low"
    drawn = tag("div", class_=shape, data_chart=name, role="group", aria_label=f"{heading}. {words}")
    return tag("figure", tag("figcaption", tag("b", f"{heading}. "), words), drawn)


def _rolling(c: Comparison) -> Html:
    rows = window(c)
    return section(
        "rolling", "Over time",
        _chart("sharpe", "Rolling Sharpe", f"Over the last {rows} rows."),
        _chart("beta", "Rolling beta", f"Each to its own benchmark, over the last {rows} rows."),
        _chart("exposure", "Exposure", "Gross; net dotted where it differs."),
        _chart("turnover", "Turnover", "One-way, by month."),
    )  # fmt: skip


def _shaded(value: float, reach: float) -> Html:
    """A number on a ground whose depth says how large it is."""
    if not math.isfinite(value):
        return Html(NOTHING)
    depth = min(1.0, abs(value) / reach) if reach > 0 else 0.0
    mood = "gain" if value > 0 else "loss"
    return tag("span", signed(value), class_=f"shade {mood}", style=f"--depth:{round(35 * depth)}%")


def _by_contender(c: Comparison, caption: str, first: str, rows: Sequence[tuple[Html, list[float]]]) -> Html:
    known = [abs(v) for _, values in rows for v in values if math.isfinite(v)]
    reach = max(known, default=0.0)
    heads = [first, *(_chip(c, n) for n, x in enumerate(c.contenders) if x.inside)]
    return table(caption, heads, [[name, *(_shaded(v, reach) for v in values)] for name, values in rows])


def _inside(c: Comparison) -> list[ComparedRun]:
    return [x for x in c.contenders if x.inside]


def _years(c: Comparison) -> Html:
    each = [by_year(x.course) for x in _inside(c)]
    years = sorted({y for own in each for y in own})
    rows = [(join(y), [own.get(y, math.nan) for own in each]) for y in years]
    return _by_contender(
        c, "Return of each calendar year, the first and last as far as the span goes", "Year", rows
    )


def _windows(c: Comparison) -> Iterable[Html]:
    every = facts(c)
    if not every:
        yield tag("p", "No event is known in this span.")
        return
    courses = [x.course for x in _inside(c)]
    values = [[in_window(course, np.datetime64(e["day"])) for course in courses] for e in every]
    reach = max((abs(v) for row in values for v in row if math.isfinite(v)), default=0.0)
    heads = ["Known", "Event", *(_chip(c, n) for n, x in enumerate(c.contenders) if x.inside)]
    made = table("Events", heads, [[e["day"], tag("div", e["title"], class_="wide"), *(_shaded(v, reach) for v in row)]
                                   for e, row in zip(every, values, strict=True)], words=(0, 1))  # fmt: skip
    yield tag(
        "p",
        f"Return over the {WINDOW} rows from the one on which each became known. Windows overlap; none of it is a test.",
        class_="quiet",
    )
    yield tag("div", made, class_="tall")


def _contributions(c: Comparison) -> Iterable[Html]:
    yield tag("p", "Per cent of each strategy's value at the opening of the span. Each table but the last adds up to its "
              "total return; the last is what was paid.", class_="quiet")  # fmt: skip
    parts = [contributions(x) for x in _inside(c)]
    for key, caption, first in (
        ("leg", "By leg", "Leg"), ("theme", f"By theme: the {WINDOW} rows after its events, and all other rows", "Theme"),
        ("currency", "By currency of the leg", "Currency"), ("part", "By kind of profit", "Kind"),
        ("cost", "Costs by kind", "Kind"),
    ):  # fmt: skip
        names = dict.fromkeys(
            name for part in parts for name in part[key] if any(p[key].get(name) for p in parts)
        )
        last = sorted(names, key=lambda name: name == ELSEWHERE)
        rows = [(join(name), [part[key].get(name, math.nan) for part in parts]) for name in last]
        if rows:
            total = (tag("strong", "All"), [sum(part[key].values()) for part in parts])
            yield _by_contender(c, caption, first, [*rows, total])


def contributions(x: ComparedRun) -> dict[str, dict[str, float]]:
    """Profit inside the span as a fraction of its opening value, split in several ways."""
    first, last, opened = x.course.dates[0], x.course.dates[-1], x.course.nav[0]
    ledger, days = (
        f[(f["date"] > np.datetime64(first, "ms")) & (f["date"] <= np.datetime64(last, "ms"))]
        for f in (x.kept.ledger, x.kept.returns)
    )
    book = ledger.groupby("symbol", sort=False)[[p for p in PARTS if p in ledger]].sum() / opened
    interest = float(days["interest"].sum()) / opened
    legs = {str(s): float(v) for s, v in book.sum(axis=1).items()}
    currencies: dict[str, float] = {}
    for symbol, profit in legs.items():
        money = x.kept.summary["instruments"][symbol]["currency"]
        currencies[money] = currencies.get(money, 0.0) + profit
    kinds = {part.capitalize(): float(v) for part, v in book.sum().items()}
    fees = {
        KINDS.get(k, k.replace("_", " ").capitalize()): -float(days[f"cost_{k}"].sum()) / opened
        for k in (name[5:] for name in days.columns if name.startswith("cost_"))
    }
    return {
        "leg": {**legs, "cash": interest},
        "theme": by_theme(x.course, _themes(x)),
        "currency": {**currencies, "interest on cash": interest},
        "part": {**kinds, "Interest on cash": interest},
        "cost": {**fees, "Borrow on shorts": kinds["Financing"]},
    }


def _themes(x: ComparedRun) -> dict[np.datetime64, list[list[str]]]:
    """Themes of the events it answers, by day known."""
    own = set(x.kept.summary["themes"])
    known: dict[np.datetime64, list[list[str]]] = {}
    for e in x.kept.events:
        if signed_for := [t for t in e["sleeves"] if t in own]:
            known.setdefault(np.datetime64(e["day"], "D"), []).append(signed_for)
    return known


def _likeness(c: Comparison) -> Iterable[Html]:
    if len(c.rivals) > 1:
        heads = ["", *(_chip(c, n) for n in c.rivals)]
        rows = [
            [_chip(c, n), *(_correlation(v) for v in line)]
            for n, line in zip(c.rivals, c.correlation.tolist(), strict=True)
        ]
        yield table("Correlation of their returns over cash", heads, rows)
    else:
        yield tag("p", "A correlation needs two strategies that live.")
    yield _chart(
        "distribution", "Distribution", "Returns of one row; what lies beyond is in the outermost bins."
    )


def _correlation(value: float) -> Html:
    if not math.isfinite(value):
        return tag("span", NOTHING, title="undefined: it does not vary")
    mood = "gain" if value > 0 else "loss"
    return tag("span", number(value), class_=f"shade {mood}", style=f"--depth:{round(35 * abs(value))}%")


def _tests(c: Comparison) -> Iterable[Html]:
    if not c.pairs:
        why = (
            f"Not tested: it needs two strategies that live and differ, on {MIN_RETURNS} common dates or more "
            f"(here {len(c.rivals)} live, on {c.dates} common dates)."
        )
        yield tag("p", why)
        return
    rows = [_pair(c, p) for p in c.pairs if p.difference > 0 or (p.difference == 0 and p.winner < p.loser)]
    heads = [
        *("A", "earns more than B", "Difference a year", f"{LEVEL:.0%} interval", "p", "p after Holm"),
        *("Sharpe A − B", "interval"),
    ]
    yield tag("p", _verdict(c), class_="dependent")
    yield tag(
        "div",
        table("Pairwise, by mean return over cash", heads, rows, words=(0, 1)),
        class_="dependent",
    )
    lines = [_superior(c, None, c.superior[0])]
    lines += [_superior(c, n, test) for n, test in zip(c.rivals, c.superior[1:], strict=True)]
    yield tag(
        "div",
        table("Hansen's test over the set", ["Is any of the others better than", "Best of them", "p (lower, upper)"],
              lines, words=(0, 1)),
        class_="dependent",
    )  # fmt: skip
    yield tag("p", "Intervals and tests belong to the whole span.", class_="quiet stale-note", hidden=True)


def _verdict(c: Comparison) -> str:
    sure = [p for p in c.pairs if p.holm <= 1 - LEVEL]
    if not sure:
        return (
            "No strategy earns more than another by more than chance would explain, all pairs taken together."
        )
    return " ".join(
        f"{c.contenders[c.rivals[p.winner]].label} earns more than {c.contenders[c.rivals[p.loser]].label} "
        f"(p = {p.holm:.3f} after Holm)."
        for p in sure
    )


def _pair(c: Comparison, p: Pair) -> list[object]:
    return [
        _chip(c, c.rivals[p.winner]), _chip(c, c.rivals[p.loser]), signed(p.difference),
        f"[{signed(p.low)}, {signed(p.high)}]", f"{p.p:.3f}", f"{p.holm:.3f}", number(p.sharpe),
        f"[{number(p.sharpe_low)}, {number(p.sharpe_high)}]",
    ]  # fmt: skip


def _superior(c: Comparison, n: int | None, test: Spa | None) -> list[object]:
    name: object = "Cash" if n is None else _chip(c, n)
    if test is None:
        return [name, "no other differs from it", NOTHING]
    places = [r for r in c.rivals if r != n]
    best = _chip(c, places[test.best]) if test.best >= 0 else "none earns more"
    return [name, best, f"{test.consistent:.3f} ({test.lower:.3f}, {test.upper:.3f})"]


def _method(c: Comparison) -> Html:
    told = [
        "Metrics are defined as on the tearsheets: excess over the run's own cash rate, ratios annualised by its own "
        "rows a year, yearly return by calendar days. Beta and alpha are to each run's own benchmark, "
        + _measures(c),
        f"Intervals: circular blocks of {BLOCK} rows, {c.draws:,} draws, seed {c.seed}, {LEVEL:.0%} percentiles, from "
        f"{MIN_RETURNS} returns on. They say how far chance moves a figure if the future is like this past; none knows "
        "that the universe and the signs of the events were chosen with hindsight. That of the worst drawdown is of "
        "paths made of the same returns in another order, and need not hold the figure.",
        "p of a pair: share of block draws, centred on no difference, whose difference is at least as large; one-sided. "
        "Holm's correction is for all ordered pairs. Hansen's test (2005) asks of the best of all others, on sums over "
        f"blocks of {BLOCK} rows; its consistent p, with the lower and upper one in brackets.",
        "A period chosen here opens on its first row: what was traded on that row lies before it.",
    ]
    return section("method", "How it is computed", bullets(told))


def _measures(c: Comparison) -> str:
    """Against which benchmark, and by which returns, each run's beta is."""
    each = [
        f"{x.label} to {benchmark_words(x.kept.summary['benchmark'])} {MEASURED[x.course.beta_measure]}"
        for x in c.contenders
        if x.kept.summary["benchmark"] is not None
    ]
    return "; ".join(each) + "." if each else "of which none has one."


def _provenance(c: Comparison) -> Html:
    rows = [
        [_chip(c, n), tag("a", x.kept.id, href=f"runs/{x.kept.id}/tearsheet.html"),
         tag("code", x.kept.summary["snapshot"][:12]),
         tag("code", x.kept.summary["command"], class_="wide")]
        for n, x in enumerate(c.contenders)
    ]  # fmt: skip
    heads = ["Strategy", "Run", "Prices (SHA-256)", "Command"]
    return section("provenance", "Where it comes from", table("Runs", heads, rows, words=range(4)))


def _payload(c: Comparison) -> Html:
    """What the page computes with: the accounts in full precision, and which event has which themes."""
    runs = [_account(x) if x.inside else None for x in c.contenders]
    metrics = [
        {"field": r.field, "fraction": r.fraction, "digits": 1 if r.field == "cost_bps_per_year" else 2,
         "better": BETTER.get(r.field, 1),
         "yearly": r.field in YEARLY} for r in ROWS
    ]  # fmt: skip
    data = {"runs": runs, "metrics": metrics, "events": [e["themes"] for e in facts(c)],
            "fewestDays": FEWEST_DAYS, "fewestRows": MIN_ROWS, "short": SHORT,
            "span": [str(d) for d in c.span] if c.span else None}  # fmt: skip
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="comparison-data">{text}</script>')


def _account(x: ComparedRun) -> dict[str, Any]:
    course = x.course
    return {
        "days": course.dates.astype(np.int64).tolist(),
        "nav": course.nav.tolist(),
        "cash": _sparse(course.cash_rate),
        "dimson": course.beta_measure == "dimson",
        "trade": _sparse(course.trade_value),
        "cost": _sparse(course.cost),
        "levels": [v if math.isfinite(v) else None for v in course.benchmark.tolist()]
        if np.isfinite(course.benchmark).any()
        else None,
    }


def _sparse(values: FloatArray) -> list[float] | None:
    """None where all are zero."""
    return [v or 0 for v in values.tolist()] if values.any() else None
