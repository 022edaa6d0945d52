"""The page that links the pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from positioning.market.bars import FloatArray
from positioning.reporting.files import write_whole
from positioning.reporting.html import Html, tag
from positioning.reporting.panel import banner
from positioning.reporting.sheet import Sheet
from positioning.reporting.tearsheet import document
from positioning.reporting.words import number, percent, signed, title

POINTS = 120  # of a sparkline


def write_index(sheets: Sequence[Sheet], paths: Sequence[Path], directory: Path) -> Path:
    """Write `directory/index.html`: one card a page, with its key figures; returns its path."""
    simulated = any(s.result.market.simulated for s in sheets)
    cards = [_card(s, p.relative_to(directory).as_posix()) for s, p in zip(sheets, paths, strict=True)]
    body = tag(
        "main",
        tag("p", "Positions", class_="eyebrow"),
        tag("h1", "Backtests"),
        banner() if simulated else "",
        tag("div", *cards, class_="cards"),
    )
    return write_whole(directory / "index.html", document("Backtests", body, simulated))


def _card(sheet: Sheet, address: str) -> Html:
    m, p = sheet.metrics, sheet.plain_metrics
    badge = tag("span", "Simulated", class_="badge") if sheet.result.market.simulated else ""
    words = "RUINED" if m.ruined else f"{signed(m.total_return)} after costs, {percent(m.cagr)} a year"
    risk = f"Sharpe {number(m.sharpe)}, worst drawdown {percent(m.max_drawdown)}."
    more = f"{risk} Without events {signed(p.total_return)}."
    return tag(
        "a", badge, tag("h2", title(sheet)), tag("div", tag("strong", words)), sparkline(sheet.result.nav),
        tag("div", more, class_="quiet"), tag("div", f"{m.first} to {m.last}", class_="quiet"),
        class_="card", href=address,
    )  # fmt: skip


def sparkline(nav: FloatArray) -> Html:
    """The course of nav as a small drawing."""
    some = nav[np.unique(np.linspace(0, nav.size - 1, min(POINTS, nav.size)).astype(int))]
    low, high = float(some.min()), float(some.max())
    heights = 38.0 - 36.0 * (some - low) / (high - low) if high > low else np.full(some.size, 20.0)
    across = np.linspace(0.0, 200.0, some.size)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, heights, strict=True))
    drawn = tag(
        "polyline",
        points=line,
        fill="none",
        stroke="var(--position)",
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
