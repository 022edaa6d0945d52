"""The page of a grid search, kept under an ID."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.verdict import SEARCH_RULES, Verdict
from positioning.json_text import json_text, plain
from positioning.reporting.charts import Figure, shared_script
from positioning.reporting.document import charted, document, with_script_at
from positioning.reporting.format import NOTHING, number, percent
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
from positioning.reporting.search.validation import Validation, purged_part, walk_forward_part
from positioning.reporting.search.words import hindsight, method, scatter, sentences
from positioning.reporting.tearsheet.figures import ROWS
from positioning.reporting.templates import render
from positioning.reporting.verdict import rules
from positioning.reporting.view import Chart, Table, Tile
from positioning.runs.answers import keep_answer
from positioning.runs.searches import axes_to_json
from positioning.search.assessment import TrialAssessment, best_trials
from positioning.search.measures import FIGURES
from positioning.search.run import in_words

TOP = 50  # trials in the table
_LABELS = {row.field: row.label for row in ROWS}


@final
@dataclass(frozen=True, slots=True)
class Contestant:
    """A trial that may be held, in words; apart: that it differs when it is run alone, "" where it does not."""

    heading: str
    settings: str
    figures: str
    shape: str
    command: str
    apart: str


@final
@dataclass(frozen=True, slots=True)
class Gallery:
    """Charts of one kind with what they show, and their figures by name."""

    words: str
    charts: tuple[Chart, ...]
    figures: Mapping[str, Figure]


@final
@dataclass(frozen=True, slots=True)
class GridPage:
    """The view of `page.html`. walk, purged: None where not asked for; maps: None where fewer than two axes vary."""

    title: str
    simulated: bool
    silence: str
    verdict: Verdict
    rules: tuple[tuple[str, str], ...]
    heading: str
    tiles: tuple[Tile, ...]
    caveats: tuple[str, ...]
    contestants: tuple[Contestant, ...]
    walk: Validation | None
    purged: Validation | None
    clouds: Gallery
    maps: Gallery | None
    profiles: Gallery
    top: Table
    method: tuple[str, ...]
    findings: tuple[str, ...]
    caveat: str
    command: str
    snapshot: str


def write_grid(report: SearchReport, directory: Path, study: str = "") -> Path:
    """Write grid.html, keep it under an ID of its own, and write the index. study: the options that repeat it, kept
    with it."""
    judged, market = report.verdict, report.space.market
    with shared_script(directory) as script:
        text = page(report, script)
        path = write_page(directory / "grid.html", text)
    numbers = write_page(directory / "grid.json", json_text(to_json(report), indent=1))
    keep_answer(
        directory, "grid_search", f"Grid search, {report.space.strategy.title}", judged.sentence, judged.tone,
        market.simulated, market.source, report.command, with_script_at(text, script, f"../../{script}"), [numbers],
        study,
    )  # fmt: skip
    write_index(directory)
    return path


def to_json(report: SearchReport) -> dict[str, Any]:
    """What a search found, small: its verdict, the two trials that may be held, and the digest of every figure of every
    trial, by which one that is made again is known to be the same to the bit."""
    b, tables = report.assessment, hashlib.sha256()
    for table in report.trials.tables():
        tables.update(np.ascontiguousarray(table).tobytes())
    return {
        "verdict": report.verdict.to_json(),
        "strategy": report.space.strategy.name,
        "parameters": plain(report.space.strategy.parameters()),
        "axes": axes_to_json(report.space.axes),
        "every_combination": b.full,
        "trials": b.trials,
        "figures": tables.hexdigest(),
        "prices": report.space.market.snapshot,
        "withheld": list(report.withheld),
        "plateau": {"settings": b.plateau.settings, "figures": b.plateau.figures},
        "best": {"settings": b.best.settings, "figures": b.best.figures},
    }


def page(report: SearchReport, script: str) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    v, simulated = view(report), report.space.market.simulated
    parts = (v.maps, v.profiles, v.clouds, v.walk, v.purged)
    figures = {name: figure for part in parts if part is not None for name, figure in part.figures.items()}
    figures = {name: grid_charts.stamped(figure, simulated) for name, figure in figures.items()}
    body = charted(render("search/page.html", v=v), figures, script)
    return document(f"Grid search, {report.space.strategy.name}", body, simulated)


def view(report: SearchReport) -> GridPage:
    """Everything that the page shows."""
    g, b = report.space, report.assessment
    return GridPage(
        title=f"{g.strategy.name.replace('_', ' ').capitalize()}: which parameters?",
        simulated=g.market.simulated,
        silence="" if report.silence is None else report.silence.words,
        verdict=report.verdict,
        rules=rules(SEARCH_RULES),
        heading=heading(report),
        tiles=_tiles(report),
        caveats=(*sentences(b, report.withheld), hindsight(report.thesis)),
        contestants=tuple(
            _contestant(report, name, c)
            for name, c in ((_plateau_heading(report.withheld), b.plateau), ("Best, the peak", b.best))
        ),
        walk=walk_forward_part(report.walk, g, report.codes, report.thesis) if report.walk else None,
        purged=purged_part(report.purged) if report.purged else None,
        clouds=_clouds(report),
        maps=_maps(report),
        profiles=_profiles(report),
        top=_top(report),
        method=tuple(method(report)),
        findings=tuple(map(str, g.market.findings)),
        caveat=g.strategy.caveat,
        command=report.command,
        snapshot=g.market.snapshot,
    )


def _tiles(report: SearchReport) -> tuple[Tile, ...]:
    b = report.assessment
    return (
        Tile(number(b.best.figures["sharpe"]), f"Sharpe of the best of {b.trials:,} trials"),
        Tile(
            number(b.luck),
            "of that Sharpe is what luck alone adds where the best of so many is chosen; one trial without skill "
            f"scatters by {number(scatter(b))}",
        ),
        Tile(
            percent(b.best.dsr, 0),
            "deflated Sharpe of the best: were there only luck, a lower one would be seen this often",
        ),
        Tile(percent(b.pbo.probability, 0) if b.pbo else NOTHING, "probability of backtest overfitting"),
        Tile(
            number(b.spa.consistent, 3) if b.spa else NOTHING, "SPA p-value: does any trial gain by events?"
        ),
        Tile(
            number(b.plateau.figures["sharpe"]),
            f"Sharpe of the trial on the plateau, {'NOT recommended' if report.withheld else 'recommended'}",
        ),
    )


def _contestant(report: SearchReport, name: str, c: TrialAssessment) -> Contestant:
    return Contestant(
        name,
        ", ".join(f"{k} {label(v)}" for k, v in c.settings.items()),
        "; ".join(f"{_LABELS[f]} {percent_of(f, c.figures[f])}" for f in FIGURES),
        f"Skew {number(c.skew)}, kurtosis {number(c.kurtosis)} of its daily excess returns.",
        rerun(report, c.settings),
        ALONE if differs_alone(report, c.settings) else "",
    )


def _plateau_heading(withheld: tuple[str, ...]) -> str:
    if not withheld:
        return "Recommended, the plateau"
    return f"The plateau, NOT recommended: {'; '.join(withheld)}"


def _maps(report: SearchReport) -> Gallery | None:
    axes, metric_words = report.space.axes, in_words(report.search.metric)
    chosen = grid_charts.pairs(axes)
    if not chosen:
        return None
    names, marked = list(axes), report.codes[report.assessment.plateau.trial]
    values, metric = report.values(), report.search.metric
    wide = sum(len(v) > 1 for v in axes.values())
    every = wide * (wide - 1) // 2
    more = f" The first {MOST_PAIRS} of {every} pairs." if every > MOST_PAIRS else ""
    return Gallery(
        f"Each cell is the {metric_words} averaged over the trials of all other axes (point at it for the best of them); "
        f"ruined and undefined trials are left out. The cross is the trial on the plateau.{more}",
        tuple(
            Chart(f"map{a}x{b}", f"{names[a]} and {names[b]}", f"Average {metric_words}.", "map")
            for a, b in chosen
        ),
        {
            f"map{a}x{b}": grid_charts.heat_map(axes, (a, b), report.codes, values, metric, marked)
            for a, b in chosen
        },
    )


def _profiles(report: SearchReport) -> Gallery:
    values, metric = report.values(), report.search.metric
    varied = [(a, name, v) for a, (name, v) in enumerate(report.space.axes.items()) if len(v) > 1]
    words = f"Its {in_words(metric)} over the trials that share each value."
    return Gallery(
        "A line that hardly moves, within a wide band, is a parameter that hardly matters.",
        tuple(Chart(f"profile{a}", name, words, "map") for a, name, _ in varied),
        {
            f"profile{a}": grid_charts.profile(values, report.codes, a, choices, name, metric)
            for a, name, choices in varied
        },
    )


def _clouds(report: SearchReport) -> Gallery:
    b = report.assessment
    figures = {"cloud": grid_charts.trial_scatter(report.trials, b)}
    part = f" A random {MOST_POINTS:,} of {b.measured:,} are drawn." if b.measured > MOST_POINTS else ""
    charts = [Chart("cloud", "Trials", f"Sharpe against the worst drawdown.{part}")]
    if b.pbo is not None:
        figures["halves"] = grid_charts.halves(b.pbo, b.per_year)
        part = f" {MOST_POINTS:,} of them drawn." if b.pbo.logits.size > MOST_POINTS else ""
        words = (
            f"The winner of each of {b.pbo.logits.size:,} half histories, and what it then did on the other half.{part} "
            f"Slope {number(b.pbo.slope)}. Both halves make up one history: where trials are alike, a good half leaves a "
            "poor one and the slope is near −1 by itself; what counts is the height of the cloud."
        )
        charts.append(Chart("halves", "In sample against out of sample", words))
    return Gallery("", tuple(charts), figures)


def _top(report: SearchReport) -> Table:
    b, order = report.assessment, best_trials(report.trials, report.search.metric, TOP)
    places = order.tolist()
    if b.plateau.trial not in places:
        places.append(b.plateau.trial)
    names = list(report.space.axes)
    rows = [_row(report, n + 1 if n < order.size else None, place) for n, place in enumerate(places)]
    return Table(
        f"The {order.size} best trials by {in_words(report.search.metric)}; bold is the plateau",
        ["rank", *(n.replace("_", " ") for n in names), *(f.replace("_", " ") for f in FIGURES)],
        [[text for text, _ in row] for row in rows],
        words=(),
        tall=True,
        keys=[[key for _, key in row] for row in rows],
        marked=[n for n, place in enumerate(places) if place == b.plateau.trial],
    )


def _row(report: SearchReport, rank: int | None, place: int) -> list[tuple[object, str]]:
    """Each cell as shown, and what it is sorted by, "" where it is undefined."""
    settings = report.space.settings(report.codes[place])
    figures = report.trials.figures_of(place).items()
    return [
        (rank or NOTHING, str(rank or "")),
        *((label(v), label(v)) for v in settings.values()),
        *((percent_of(f, value), str(value) if math.isfinite(value) else "") for f, value in figures),
    ]
