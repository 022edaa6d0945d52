"""The page of a grid search, and its trials in Parquet beside it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from positioning.analysis.verdict import SEARCH_RULES
from positioning.reporting import charts
from positioning.reporting.charts import Figure
from positioning.reporting.document import document, moved, own_file
from positioning.reporting.format import NOTHING, number, percent
from positioning.reporting.html import Html, bullets, escape, join, section, tag
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.search import charts as grid_charts
from positioning.reporting.search.charts import MOST_PAIRS, MOST_POINTS, label
from positioning.reporting.search.outcome import (
    ALONE,
    SearchReport,
    differs_alone,
    heading,
    percent_of,
    rerun,
)
from positioning.reporting.search.validation import purged, walked
from positioning.reporting.search.words import hindsight, sentences
from positioning.reporting.tearsheet.figures import banner, past_the_record
from positioning.reporting.verdict import rules, spoken
from positioning.runs.answers import keep_answer
from positioning.search.assessment import Assessment
from positioning.search.measures import BLOCKS, FIGURES
from positioning.search.run import in_words

TOP = 50  # trials in the table
STYLE = (
    ".tile b { overflow-wrap: anywhere; } th button { font: inherit; color: inherit; background: none; border: 0; "
    "padding: 0; cursor: pointer; text-align: inherit; } th button::after { content: ' \\2195'; opacity: .5; } "
    "th[aria-sort=descending] button::after { content: ' \\2193'; opacity: 1; } "
    "th[aria-sort=ascending] button::after { content: ' \\2191'; opacity: 1; } "
    "tr.kept td { font-weight: 600; } td.command code { white-space: nowrap; overflow-wrap: normal; } "
    ".maps { display: grid; gap: 0 2rem; "
    "grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); } .chart.map { height: 21rem; }"
)


def write_grid(searched: SearchReport, directory: Path, study: str = "") -> Path:
    """Write grid.html, keep it under an ID of its own, and write the index. study: the options that repeat it, kept
    with it."""
    script = charts.share_script(directory)
    text, judged, market = page(searched, script), searched.verdict, searched.space.market
    path = write_page(directory / "grid.html", text)
    keep_answer(
        directory, "grid_search", f"Grid search, {searched.space.strategy.title}", judged.sentence, judged.tone,
        market.simulated, market.source, searched.command, moved(text, script, f"../../{script}"), study=study,
    )  # fmt: skip
    write_index(directory)
    return path


def page(searched: SearchReport, script: str) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    simulated = searched.space.market.simulated
    drawn: dict[str, Figure] = {}
    words = sentences(searched.assessment)
    body = join(
        Html(f"<style>{STYLE}</style>"),
        tag("p", "Grid search", class_="eyebrow"),
        tag(
            "h1",
            _title(searched),
            *([" ", tag("span", "Simulated", class_="badge")] * simulated),
        ),
        banner() if simulated else "",
        past_the_record(searched.silence),
        spoken(searched.verdict),
        tag("p", heading(searched), class_="quiet"),
        _tiles(searched.assessment),
        section(
            "assessment",
            "How much of it to believe",
            bullets([*words, hindsight(searched.thesis)]),
            rules(SEARCH_RULES),
        ),
        _contestants(searched),
        _maps(searched, drawn),
        _profiles(searched, drawn),
        _clouds(searched, drawn),
        walked(searched.walk, searched.space, searched.codes, searched.thesis, drawn)
        if searched.walk
        else "",
        purged(searched.purged, drawn) if searched.purged else "",
        _top(searched),
        _method(searched),
    )
    drawn = {name: grid_charts.stamped(figure, simulated) for name, figure in drawn.items()}
    scripts = join(
        charts.embed(drawn),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('charts.js')}{own_file('page.js')}</script>"),
    )
    return document(
        f"Grid search, {searched.space.strategy.name}", join(tag("main", body), scripts), simulated
    )


def _title(searched: SearchReport) -> str:
    return f"{searched.space.strategy.name.replace('_', ' ').capitalize()}: which parameters?"


def _tiles(b: Assessment) -> Html:
    pairs = [
        (number(b.best.figures["sharpe"]), f"Sharpe of the best of {b.trials:,} trials"),
        (
            number(b.luck),
            f"Sharpe that the choice among {b.effective:,.0f} independent skilless ones adds by luck",
        ),
        (
            percent(b.best.dsr, 0),
            "deflated Sharpe of the best: were there only luck, a lower one would be seen this often",
        ),
        (percent(b.pbo.probability, 0) if b.pbo else NOTHING, "probability of backtest overfitting"),
        (number(b.spa.consistent, 3) if b.spa else NOTHING, "SPA p-value: does any trial gain by events?"),
        (
            number(b.plateau.figures["sharpe"]),
            f"Sharpe of the trial on the plateau, {'recommended' if b.recommended else 'NOT recommended'}",
        ),
    ]
    return tag(
        "div", *(tag("div", tag("b", v), tag("span", w), class_="tile") for v, w in pairs), class_="tiles"
    )


def _contestants(searched: SearchReport) -> Html:
    b = searched.assessment
    made = [
        tag(
            "div",
            tag("h3", name),
            tag("p", ", ".join(f"{k} {label(v)}" for k, v in c.settings.items())),
            tag(
                "p",
                "; ".join(f"{f.replace('_', ' ')} {percent_of(f, c.figures[f])}" for f in FIGURES),
                class_="quiet",
            ),
            tag(
                "p",
                f"Skew {number(c.skew)}, kurtosis {number(c.kurtosis)} of its daily excess returns.",
                class_="quiet",
            ),
            tag("p", tag("code", rerun(searched, c.settings))),
            tag("p", ALONE, class_="quiet") if differs_alone(searched, c.settings) else "",
        )
        for name, c in ((_plateau_heading(b), b.plateau), ("Best, the peak", b.best))
    ]
    return section("chosen", "Which trial to hold", tag("div", *made, class_="two"))


def _plateau_heading(b: Assessment) -> str:
    if not b.withheld:
        return "Recommended, the plateau"
    return f"The plateau, not recommended: {'; '.join(b.withheld)}"


def _maps(searched: SearchReport, drawn: dict[str, Figure]) -> Html:
    g = searched.space
    axes, metric = g.axes, in_words(searched.asked.metric)
    chosen = grid_charts.pairs(axes)
    if not chosen:
        return Html("")
    names, marked = list(axes), searched.codes[searched.assessment.plateau.trial]
    made = []
    for a, b in chosen:
        key = f"map{a}x{b}"
        drawn[key] = grid_charts.heat_map(
            axes, (a, b), searched.codes, searched.values(), searched.asked.metric, marked
        )
        made.append(grid_charts.chart(key, f"{names[a]} and {names[b]}", f"Average {metric}.", "map"))
    wide = sum(len(v) > 1 for v in axes.values())
    more = (
        f" The first {MOST_PAIRS} of {wide * (wide - 1) // 2} pairs."
        if wide * (wide - 1) // 2 > MOST_PAIRS
        else ""
    )
    note = (
        f"Each cell is the {metric} averaged over the trials of all other axes (point at it for the best of them); "
        f"ruined and undefined trials are left out. The cross is the trial on the plateau.{more}"
    )
    return section(
        "maps", "Pairs of parameters", tag("p", note, class_="quiet"), tag("div", *made, class_="maps")
    )


def _profiles(searched: SearchReport, drawn: dict[str, Figure]) -> Html:
    g = searched.space
    made = []
    for a, (name, choices) in enumerate(g.axes.items()):
        if len(choices) > 1:
            drawn[f"profile{a}"] = grid_charts.profile(
                searched.values(), searched.codes, a, choices, name, searched.asked.metric
            )
            words = f"Its {in_words(searched.asked.metric)} over the trials that share each value."
            made.append(grid_charts.chart(f"profile{a}", name, words, "map"))
    note = "A line that hardly moves, within a wide band, is a parameter that hardly matters."
    return section(
        "profiles",
        "One parameter at a time",
        tag("p", note, class_="quiet"),
        tag("div", *made, class_="maps"),
    )


def _clouds(searched: SearchReport, drawn: dict[str, Figure]) -> Html:
    b = searched.assessment
    drawn["cloud"] = grid_charts.cloud(searched.trials, b)
    part = f" A random {MOST_POINTS:,} of {b.measured:,} are drawn." if b.measured > MOST_POINTS else ""
    made = [grid_charts.chart("cloud", "Trials", f"Sharpe against the worst drawdown.{part}", "")]
    if b.pbo is not None:
        drawn["halves"] = grid_charts.halves(b.pbo, b.per_year)
        part = f" {MOST_POINTS:,} of them drawn." if b.pbo.logits.size > MOST_POINTS else ""
        words = (
            f"The winner of each of {b.pbo.logits.size:,} half histories, and what it then did on the other half.{part} "
            f"Slope {number(b.pbo.slope)}. Both halves make up one history: where trials are alike, a good half leaves a "
            "poor one and the slope is near −1 by itself; what counts is the height of the cloud."
        )
        made.append(grid_charts.chart("halves", "In sample against out of sample", words, ""))
    return section("scatter", "All trials", tag("div", *made, class_="two"))


def _top(searched: SearchReport) -> Html:
    values, b = searched.values(), searched.assessment
    order = np.argsort(np.where(np.isnan(values), np.inf, -values), kind="stable")[:TOP]
    order = order[np.isfinite(values[order])]
    places = order.tolist()
    if b.plateau.trial not in places:
        places.append(b.plateau.trial)
    names = list(searched.space.axes)
    heads = ["rank", *names, *(f.replace("_", " ") for f in FIGURES), "command"]
    head = tag("tr", *(tag("th", tag("button", h, type="button"), scope="col") for h in heads))
    rows = [_row(searched, n + 1 if n < order.size else None, place) for n, place in enumerate(places)]
    caption = f"The {order.size} best trials by {in_words(searched.asked.metric)}; bold is the plateau"
    made = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *rows), class_="sortable")
    held = tag("div", made, class_="scroll tall", tabindex="0", role="group", aria_label=caption)
    note = "All trials are in trials.parquet. The top of a search is where luck collects: read the assessment first."
    return section("top", "Top trials", tag("p", note, class_="quiet"), held)


def _row(searched: SearchReport, rank: int | None, place: int) -> Html:
    settings = searched.space.settings(searched.codes[place])
    cells = [_cell(rank or NOTHING, rank or math.inf)]
    cells += [_cell(label(v), label(v)) for v in settings.values()]
    for name, value in searched.trials.figures_of(place).items():
        cells.append(_cell(percent_of(name, value), value))
    command = rerun(searched, settings)
    cells.append(tag("td", tag("code", command), class_="command", data_value=command))
    return tag("tr", *cells, class_="kept" if place == searched.assessment.plateau.trial else False)


def _cell(shown: object, value: object) -> Html:
    undefined = isinstance(value, float) and not math.isfinite(value)
    return tag("td", shown, class_="number", data_value="" if undefined else str(value))


def _method(searched: SearchReport) -> Html:
    g, b = searched.space, searched.assessment
    m = g.market
    inputs = g.inputs(g.strategy)
    said = [
        f"Account from {m.rows[m.start]} to {m.rows[-1]}, {b.rows:,} returns, {b.per_year:.1f} rows a year; "
        f"{m.base}; fees {inputs.fee_label}; fills at the {inputs.fill_at}; cash {inputs.cash_label}; "
        f"frozen holdings marked at {inputs.mark_label}.",
        "Each trial has the account that the ledger of a run keeps on these rows and symbols, to the last bit; "
        "only the figures are kept. " + ALONE,
        "Deflated Sharpe, minimum track record: Bailey and Lopez de Prado (2012, 2014). Overfitting: Bailey, Borwein, "
        f"Lopez de Prado and Zhu (2017). SPA: Hansen (2005), on sums over {BLOCKS} blocks of each trial's excess returns "
        "less those of the same trial without events. All know the trials of this search alone: earlier searches, and "
        "ideas dropped before, are not counted.",
        "Every trial shares the rows of one market: its opening is the first row that suffices for the longest look-back "
        "and all names and hedges of the search.",
        f"Not varied: {', '.join(f'{k}={label(v)}' for k, v in g.strategy.parameters().items() if k not in g.axes)}.",
        searched.pace_in_words
        + (f"; {searched.resumed:,} were kept from before." if searched.resumed else "."),
        *(f"{n.symbol} {n.text}".strip() for n in m.notices),
    ]
    warned = tag(
        "details", tag("summary", f"{len(m.findings):,} warnings about the prices"), bullets(m.findings)
    )
    return section(
        "method", "How it was measured", bullets(said), warned if m.findings else "",
        tag("p", g.strategy.caveat),
        tag("p", tag("code", searched.command)), tag("p", "Snapshot ", tag("code", m.snapshot), class_="quiet"),
    )  # fmt: skip
