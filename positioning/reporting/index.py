"""The gallery of runs, newest first, and the way to the other pages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.files import safe_name, write_whole
from positioning.reporting.format import number, percent, signed
from positioning.reporting.html import Html, join, section, tag
from positioning.reporting.tearsheet.figures import banner
from positioning.reporting.tearsheet.page import document, own_file
from positioning.reporting.verdict import spoken_again
from positioning.runs.saved import SavedRun, runs_in

MOST_RUNS = 120  # cards; older runs stay on disk
OTHERS = {
    "comparison": ("Comparison", "strategies side by side"),
    "grid": ("Grid search", "parameters tried, and how much of the winner is luck"),
    "walk_forward": ("Walk-forward", "parameters chosen on the past, held on what followed"),
    "stress": ("Stress tests", "what the next shock would do"),
    "event_study": ("Event study", "whether prices move with the events"),
    "events": ("Events", "the record of sanctions and news"),
}  # pages of these names, or whose names begin so


def write_index(directory: Path) -> Path:
    """Write `directory/index.html` from what is there: pages, and runs kept; returns its path."""
    runs = runs_in(directory)
    newest: dict[str, str] = {}
    for run in runs:
        newest.setdefault(run.summary["strategy"], run.id)
    cards = [_card(run, newest[run.summary["strategy"]] == run.id, directory) for run in runs[:MOST_RUNS]]
    simulated = any(run.summary["simulated"] for run in runs)
    count = f"{len(runs)} runs, newest first." if len(runs) > 1 else ""
    more = f" The {MOST_RUNS} newest are shown; the rest is in runs/." if len(runs) > MOST_RUNS else ""
    body = tag(
        "main",
        tag("p", "Strategies", class_="eyebrow"),
        tag("h1", "Backtests"),
        banner() if simulated else "",
        _others(directory),
        tag("p", count, more, class_="quiet"),
        tag("div", *cards, class_="cards"),
    )
    script = Html(f"<script>{own_file('theme.js')}</script>")
    return write_whole(directory / "index.html", document("Backtests", join(body, script), simulated))


def _others(directory: Path) -> Html:
    """Links to the pages that are no tearsheets and exist."""
    items = []
    for stem, (label, words) in OTHERS.items():
        for page in sorted(directory.glob(f"{stem}*.html")):
            rest = page.stem.removeprefix(stem).strip("_-").replace("_", " ")
            named = f"{label}, {rest}" if rest else label
            items.append(tag("li", tag("a", named, href=page.name), ": ", words))
    return section("pages", "Across strategies", tag("ul", *items)) if items else Html("")


def _card(run: SavedRun, newest: bool, directory: Path) -> Html:
    s = run.summary
    own = directory / f"{safe_name(s['strategy'])}.html"
    address = own.name if newest and own.is_file() else f"runs/{run.id}/tearsheet.html"
    badge = tag("span", "Simulated", class_="badge") if s["simulated"] else ""
    m, blind = _floats(s["metrics"]), _floats(s["without_events"])
    words = f"{signed(m['total_return'])} after costs, {percent(m['cagr'])} a year"
    if s["metrics"]["ruined"]:
        words = "RUINED"
    risk = f"Sharpe {number(m['sharpe'])}, worst drawdown {percent(m['max_drawdown'])}."
    more = f"{risk} Without events {signed(blind['total_return'])}."
    asked = " ".join(s["request"].get("settings", []))
    return tag(
        "a", badge, tag("h2", s["title"]), spoken_again(s.get("verdict")), tag("div", tag("strong", words)),
        sparkline(np.array(s["spark"])), tag("div", more, class_="quiet"),
        tag("div", f"{s['metrics']['first']} to {s['metrics']['last']}, {s['source']}, {s['base']}", class_="quiet"),
        tag("div", f"Run {s['made'][:16].replace('T', ' ')} UTC", f", {asked}" if asked else "", class_="quiet"),
        class_="card", href=address,
    )  # fmt: skip


def _floats(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {k: math.nan if v is None else v for k, v in metrics.items() if not isinstance(v, str | dict)}


def sparkline(nav: FloatArray) -> Html:
    """The course of nav as a small drawing."""
    low, high = float(nav.min()), float(nav.max())
    heights = 38.0 - 36.0 * (nav - low) / (high - low) if high > low else np.full(nav.size, 20.0)
    across = np.linspace(0.0, 200.0, nav.size)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True))
    drawn = tag(
        "polyline",
        points=line,
        fill="none",
        stroke="var(--strategy)",
        stroke_width="1.5",
        vector_effect="non-scaling-stroke",
    )
    label = f"Course of nav from {nav[0]:.2f} to {nav[-1]:.2f}"
    return tag(
        "svg",
        drawn,
        viewBox="0 0 200 40",
        preserveAspectRatio="none",
        class_="spark",
        role="img",
        aria_label=label,
    )
