"""The gallery of runs, real and simulated apart, newest first, and the way to the other pages."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.arrays import FloatArray
from positioning.reporting.document import PLAIN, document, scripts
from positioning.reporting.format import SHORT, number, percent, signed
from positioning.reporting.html import join
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.verdict import VerdictSentence, kept_sentence
from positioning.reporting.view import Spark
from positioning.runs.answers import read_answers
from positioning.runs.saved_run import SavedRun, read_runs

MOST_RUNS = 400  # cards; older runs stay on disk
MOST_TRIES = 50  # to write an index while others keep runs
MOST_LEFT_OUT = 20  # folders named that hold no run or answer
SPARK = 40  # points of a card's drawing
OTHERS = {
    "comparison": ("Comparison", "strategies side by side"),
    "grid": ("Grid search", "parameters tried, and how much of the winner is luck"),
    "walk_forward": ("Walk-forward", "parameters chosen on the past, held on what followed"),
    "stress": ("Stress tests", "what the next shock would do"),
    "event_study": ("Event study", "whether prices move with the events"),
    "claims": ("Claims", "what the thesis says, claim by claim"),
    "events": ("Events", "the record of sanctions and news"),
    "screening": ("Screening", "whose name is on the lists"),
    "capacity": ("Capacity", "how much money it can hold"),
    "today": ("Today", "what it would hold now"),
}  # pages of these names, or whose names begin so


# What may differ between runs of one strategy: said on each card where it does.
FACTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "prices": lambda s: str(s["source"]),
    "base": lambda s: str(s["base"]),
    "fees": lambda s: f"fees {s['fees']['label']}",
    "fills": lambda s: f"fills at {s['fill']}",
    "cash": lambda s: f"cash {s['cash']['label']}",
    "mark": lambda s: f"mark {s['mark']}",
    "screen": lambda s: f"screen {s['parameters'].get('screen', 'own')}",
    "events": lambda s: f"events {s['events']['digest'][:6]}",
    "snapshot": lambda s: f"snapshot {s['snapshot'][:6]}",
}
ALWAYS = ("prices", "base")


@final
@dataclass(frozen=True, slots=True)
class Link:
    """A page that is no tearsheet."""

    address: str
    label: str
    words: str


@final
@dataclass(frozen=True, slots=True)
class Card:
    """What the index shows of a run."""

    address: str
    strategy: str
    title: str
    grade: str
    verdict: VerdictSentence
    result: str
    held_words: str
    more: str
    spark: Spark
    chips: tuple[str, ...]
    span: str
    run_at: str


@final
@dataclass(frozen=True, slots=True)
class Group:
    """Runs on real prices, or on simulated ones."""

    identity: str
    heading: str
    simulated: bool
    cards: tuple[Card, ...]


@final
@dataclass(frozen=True, slots=True)
class AnswerEntry:
    """A search, stress test or study."""

    id: str
    title: str
    sentence: str
    simulated: bool
    when: str
    data: str


@final
@dataclass(frozen=True, slots=True)
class Index:
    """The view of `index.html`."""

    count: int
    more: str
    pages: tuple[Link, ...]
    strategies: tuple[str, ...]
    grades: tuple[str, ...]
    groups: tuple[Group, ...]
    answers: tuple[AnswerEntry, ...]
    left_out: tuple[str, ...]
    left_out_count: int


def write_index(directory: Path) -> Path:
    """Write `directory/index.html` from what is there: pages, runs and answers kept; returns its path.

    Others may write theirs meanwhile, each after it has kept its run: whoever sees after writing that there is more than
    it read writes again, so that the last index to be written lacks nothing.
    """
    for _ in range(MOST_TRIES):
        here = _kept_names(directory)
        runs, left_out = read_runs(directory)
        view = index(runs, directory, left_out)
        simulated = bool(view.groups) and all(g.simulated for g in view.groups)
        text = document(
            "Backtests", join(render("index.html", v=view), scripts(*PLAIN, "index.js")), simulated
        )
        path = write_page(directory / "index.html", text)
        if _kept_names(directory) == here:
            break
    return path


def _kept_names(directory: Path) -> tuple[str, ...]:
    """Names of what an index shows."""
    kinds = ("runs/[!.]*", "answers/[!.]*", *(f"{stem}*.html" for stem in OTHERS))
    return tuple(sorted(str(path) for kind in kinds for path in directory.glob(kind)))


def index(runs: Sequence[SavedRun], directory: Path, left_out: Sequence[str] = ()) -> Index:
    """The view. runs: the newest first; left_out: why other folders beside them hold none."""
    answers = read_answers(directory)
    odd = [*left_out, *answers.left_out]
    page_runs = runs[:MOST_RUNS]
    apart = _differing(page_runs)
    cards = [(bool(run.summary["simulated"]), _card(run, apart)) for run in page_runs]
    groups = [
        Group(identity, heading, simulated, tuple(c for kind, c in cards if kind is simulated))
        for identity, heading, simulated in (
            ("real", "Real prices", False),
            ("simulated", "Simulated prices", True),
        )
    ]
    entries = [
        AnswerEntry(a.id, a.title, a.sentence, a.simulated, a.made[:16].replace("T", " ") + " UTC", a.data)
        for a in answers.answers
    ]
    more = f" The {MOST_RUNS} newest are shown; the rest is in runs/." if len(runs) > MOST_RUNS else ""
    return Index(
        count=len(runs),
        more=more,
        pages=_others(directory),
        strategies=tuple(sorted({c.strategy for _, c in cards})),
        grades=tuple(sorted({c.grade for _, c in cards if c.grade})),
        groups=tuple(g for g in groups if g.cards),
        answers=tuple(entries),
        left_out=tuple(odd[:MOST_LEFT_OUT]),
        left_out_count=len(odd),
    )


def _differing(runs: Sequence[SavedRun]) -> dict[str, tuple[str, ...]]:
    """By strategy the facts in which its runs differ, and those that are always told."""
    by_strategy: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for run in runs:
        for name, fact in FACTS.items():
            by_strategy[run.summary["strategy"]][name].add(fact(run.summary))
    return {
        strategy: tuple(name for name, values in facts.items() if name in ALWAYS or len(values) > 1)
        for strategy, facts in by_strategy.items()
    }


def _others(directory: Path) -> tuple[Link, ...]:
    """Links to the pages that are no tearsheets and exist."""
    items = []
    for stem, (label, words) in OTHERS.items():
        for page in sorted(directory.glob(f"{stem}*.html")):
            rest = page.stem.removeprefix(stem).strip("_-").replace("_", " ")
            items.append(Link(page.name, f"{label}, {rest}" if rest else label, words))
    return tuple(items)


def _card(run: SavedRun, apart: Mapping[str, tuple[str, ...]]) -> Card:
    s = run.summary
    m, plain = _floats(s["metrics"]), _floats(s["without_events"])
    short = s["metrics"]["cagr"] is None
    yearly = SHORT if short else f"{percent(m['cagr'])} a year"
    result = f"{signed(m['total_return'])} after costs, {yearly}"
    if s["metrics"]["ruined"]:
        result = "RUINED"
    coverage, judged = s.get("held"), s.get("verdict")
    names = (
        f"{coverage['names']} of {coverage['of']} names, {percent(coverage['weight'], 0)} of the intended weight. "
        if coverage
        else ""
    )
    ratio = "" if short else f"Sharpe {number(m['sharpe'])}, "
    risk = f"{ratio}worst drawdown {percent(m['max_drawdown'])}."
    risk = risk[0].upper() + risk[1:]
    settings = [str(x) for x in s["request"].get("settings", [])]
    return Card(
        address=run.address,  # its own: STRATEGY.html is of whichever run wrote it last
        strategy=s["strategy"],
        title=s["title"],
        grade=judged["grade"] if judged else "",
        verdict=kept_sentence(judged),
        result=result,
        held_words=names,
        more=f"{risk} Without events {signed(plain['total_return'])}.",
        spark=sparkline(np.array(s["spark"])),
        chips=(*(FACTS[name](s) for name in apart[s["strategy"]]), *settings),
        span=f"{s['metrics']['first']} to {s['metrics']['last']}",
        run_at=f"Run {s['made'][:16].replace('T', ' ')} UTC",
    )


def _floats(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {k: math.nan if v is None else v for k, v in metrics.items() if not isinstance(v, str | dict)}


def sparkline(nav: FloatArray) -> Spark:
    """The course of nav as a small drawing, of SPARK points at most."""
    nav = nav[np.unique(np.linspace(0, nav.size - 1, min(SPARK, nav.size)).astype(int))]
    low, high = float(nav.min()), float(nav.max())
    heights = 38.0 - 36.0 * (nav - low) / (high - low) if high > low else np.full(nav.size, 20.0)
    across = np.linspace(0.0, 200.0, nav.size)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True))
    return Spark(points, f"Course of nav from {nav[0]:.2f} to {nav[-1]:.2f}")
