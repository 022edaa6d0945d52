"""What can be said for and against the numbers: events against shuffled events, and frozen holdings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.active_returns import ActiveAlpha
from positioning.analysis.attribution import WINDOW
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.placebo import Placebo
from positioning.analysis.report import BacktestReport
from positioning.plurals import counted
from positioning.reporting.format import number, outcome_words, percent, signed
from positioning.reporting.view import Table, TableRow
from positioning.simulation.constraints import mark_factor

MOST_EVENTS = 12
ACTIVE = {
    "in_force": ("While news was in force", "the benchmark explains"),
    "all": ("On all rows", "the benchmark explains"),
    "in_force_factors": ("While news was in force", "the published factors explain"),
}
MARKS = ("last", "haircut:0.5", "zero")


@final
@dataclass(frozen=True, slots=True)
class EvidencePart:
    """The view of `evidence.html`: what the shuffles and the calendar-time portfolio say, profit by day (no rows where no
    event lies in the span), and the events that moved it most."""

    placebo: tuple[str, ...]
    active: tuple[str, ...]
    split: tuple[TableRow, ...]
    largest: Table


@final
@dataclass(frozen=True, slots=True)
class TrappedPart:
    """The view of `trapped.html`. frozen: names; rows: on how many, counted; marks: rows of the table."""

    frozen: str
    rows: str
    mark: str
    marks: tuple[TableRow, ...]


def evidence(report: BacktestReport) -> EvidencePart | None:
    """Whether profit came from the days after events, and whether other days would have done as well; None for a strategy
    that answers none."""
    if not report.answers_events:
        return None
    return EvidencePart(
        tuple(placebo_words(report.placebo)),
        tuple(active_words(report.active)),
        _split(report),
        _largest(report),
    )


def _split(report: BacktestReport) -> tuple[TableRow, ...]:
    """Profit by day; the last row is the sum."""
    a = report.attribution
    if not a.by_event:
        return ()
    themes = a.by_theme.items() if len(a.by_theme) > 1 else ()
    return (
        (
            f"Rows {WINDOW[0]} to {WINDOW[1]} after an event ({percent(a.share_of_rows, 0)} of all rows)",
            signed(a.events, 2),
        ),
        *((f"of which {theme.replace('_', ' ')}", signed(profit, 2)) for theme, profit in themes),
        ("All other rows", signed(a.rest, 2)),
        *_late(report),
        ("All", signed(a.events + a.rest, 2)),
    )


def _late(report: BacktestReport) -> list[tuple[str, str]]:
    """The profit after the record's end, where the account goes past it."""
    end, a = report.silence, report.attribution
    if end is None:
        return []
    return [
        (f"of which after {end.complete_until}, where the record ends: event rows", signed(a.events_late, 2)),
        ("of which after it: other rows", signed(a.rest_late, 2)),
    ]


def placebo_words(placebo: Placebo | None) -> list[str]:
    """What the shuffles say."""
    if placebo is None:
        return ["Not compared with shuffled event dates: this run was asked for none."]
    n, p = placebo.shuffled.size, placebo.p_value
    middle = float(np.median(placebo.shuffled))
    reversal = f"With every expected sign reversed it made {signed(placebo.flipped)}."
    if math.isnan(p):
        return [
            f"The same strategy on {n:,} sets of event dates moved to other days made {signed(middle)} in the middle, "
            f"{signed(placebo.total_return)} on the true dates; {placebo.returns} returns are fewer than the "
            f"{MIN_RETURNS} from which a probability is stated.",
            reversal,
        ]
    as_good = percent(float((placebo.shuffled >= placebo.total_return).mean()), 0)
    verdict = "hardly chance" if p <= 0.05 else "no better than wrong dates would have done by chance"
    return [
        f"The same strategy on {n:,} sets of event dates moved to other days (same events, order and spacing) made "
        f"{signed(middle)} in the middle; {as_good} of them made "
        f"at least the {signed(placebo.total_return)} of the true dates: p = {p:.3f}, {verdict}.",
        reversal,
    ]


def active_words(alphas: Sequence[ActiveAlpha]) -> list[str]:
    """What the calendar-time portfolio of the strategy's decisions earned, a sentence each; none where nothing could be
    estimated."""
    return [
        f"{ACTIVE[a.coverage][0]} ({a.rows:,} rows), the strategy made {signed(a.alpha, 3)} a row more than itself "
        f"without events, beyond what {ACTIVE[a.coverage][1]} (Newey-West t {number(a.t)}, p {number(a.p, 3)})"
        f"{outcome_words(a.p, a.detectable, ' a row', 3)}"
        for a in alphas
        if a.rows
    ]


def _largest(report: BacktestReport) -> Table:
    events = {e.id: e for e in report.events}
    windows = ((key, profit) for key, profit in report.attribution.by_event.items() if key in events)
    by_size = sorted(windows, key=lambda pair: -abs(pair[1]))[:MOST_EVENTS]
    rows = [(events[key].known_on(), events[key].title, signed(profit, 2)) for key, profit in by_size]
    caption = (
        f"The {len(rows)} events whose windows moved it most"
        if len(rows) > 1
        else "The event whose window moved it most"
    )
    return Table(caption, ("Known", "Event", "Profit"), rows, words=(0, 1))


def trapped(report: BacktestReport) -> TrappedPart | None:
    """A frozen holding under three marks; None where nothing was frozen."""
    r = report.result
    days = int((r.trapped > 0).sum())
    if not days:
        return None
    rows = []
    for mark in MARKS:
        nav, worth = r.nav_marked(mark_factor(mark)), r.trapped * mark_factor(mark)
        share = float((worth / nav.clip(1e-12)).max())
        rows.append((mark, signed(float(nav[-1] - 1.0), 2), percent(share)))
    frozen = [
        s for n, s in enumerate(r.market.symbols) if (r.inputs.frozen[:, n] & (r.shares[:, n] > 0)).any()
    ]
    return TrappedPart(", ".join(frozen), counted(days, "row"), r.inputs.mark_label, tuple(rows))
