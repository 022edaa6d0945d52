"""What can be said for and against the numbers: events against shuffled events, frozen holdings, doubtful prices."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from positioning.analysis.active_returns import ActiveAlpha
from positioning.analysis.attribution import WINDOW
from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.placebo import Placebo
from positioning.analysis.report import BacktestReport
from positioning.analysis.verdict import LEVEL
from positioning.reporting.format import number, percent, signed
from positioning.reporting.html import Html, join, section, table, tag
from positioning.simulation.constraints import mark_factor

MOST_EVENTS = 12
ACTIVE = {
    "in_force": ("While news was in force", "the benchmark explains"),
    "all": ("On all rows", "the benchmark explains"),
    "in_force_factors": ("While news was in force", "the published factors explain"),
}
MARKS = ("last", "haircut:0.5", "zero")


def events(report: BacktestReport) -> Html:
    """Whether profit came from the days after events, and whether other days would have done as well."""
    if not report.attribution.by_event:
        return section(
            "evidence", "Did the events do it?", tag("p", "No event of its themes lies in this span.")
        )
    a = report.attribution
    rows = [
        [
            f"Rows {WINDOW[0]} to {WINDOW[1]} after an event ({percent(a.share_of_rows, 0)} of all rows)",
            signed(a.events, 2),
        ],
        *(
            [[f"of which {theme}", signed(profit, 2)] for theme, profit in a.by_theme.items()]
            if len(a.by_theme) > 1
            else []
        ),
        ["All other rows", signed(a.rest, 2)],
        *_late(report),
        ["All", signed(a.events + a.rest, 2)],
    ]
    split = table("Profit by day, % of opening nav", ["", "Profit"], rows, total=True)
    note = "A row under several windows is shared equally among them; the parts add up exactly."
    return section(
        "evidence",
        "Did the events do it?",
        *(tag("p", words) for words in placebo_words(report.placebo)),
        *(tag("p", words) for words in active_words(report.active)),
        split,
        tag("p", note, class_="quiet"),
        _largest(report),
    )


def _late(report: BacktestReport) -> list[list[str]]:
    """The profit after the record's end, where the account goes past it."""
    end, a = report.silence, report.attribution
    if end is None:
        return []
    return [
        [f"of which after {end.complete_until}, where the record ends: event rows", signed(a.events_late, 2)],
        ["of which after it: other rows", signed(a.rest_late, 2)],
    ]


def placebo_words(placebo: Placebo | None) -> list[str]:
    """What the shuffles say."""
    if placebo is None:
        return ["Not compared with shuffled event dates: this run was asked for none."]
    n, p = placebo.shuffled.size, placebo.p_value
    middle = float(np.median(placebo.shuffled))
    turned = f"With every expected sign reversed it made {signed(placebo.flipped)}."
    if math.isnan(p):
        return [
            f"The same strategy on {n:,} sets of event dates moved to other days made {signed(middle)} in the middle, "
            f"{signed(placebo.total_return)} on the true dates; {placebo.returns} returns are fewer than the "
            f"{MIN_RETURNS} from which a probability is stated.",
            turned,
        ]
    as_good = percent(float((placebo.shuffled >= placebo.total_return).mean()), 0)
    verdict = "hardly chance" if p <= 0.05 else "no better than wrong dates would have done by chance"
    return [
        f"The same strategy on {n:,} sets of event dates moved to other days (same events, order and spacing) made "
        f"{signed(middle)} in the middle; {as_good} of them made "
        f"at least the {signed(placebo.total_return)} of the true dates: p = {p:.3f}, {verdict}.",
        turned,
    ]


def active_words(found: Sequence[ActiveAlpha]) -> list[str]:
    """What the calendar-time portfolio of the strategy's decisions earned, a sentence each; none where nothing could be
    estimated."""
    return [
        f"{ACTIVE[a.coverage][0]} ({a.rows:,} rows), the strategy made {signed(a.alpha, 3)} a row more than itself "
        f"without events, beyond what {ACTIVE[a.coverage][1]} (Newey-West t {number(a.t)}, p {number(a.p, 3)})"
        f"{'.' if a.p <= LEVEL else ': this cannot be told from nothing.'}"
        for a in found
        if a.rows
    ]


def _largest(report: BacktestReport) -> Html:
    known = {e.id: e for e in report.events}
    windows = ((key, profit) for key, profit in report.attribution.by_event.items() if key in known)
    by_size = sorted(windows, key=lambda pair: -abs(pair[1]))[:MOST_EVENTS]
    rows = [[known[key].known_on(), known[key].title, signed(profit, 2)] for key, profit in by_size]
    caption = f"The {len(rows)} events whose windows moved it most"
    return table(caption, ["Known", "Event", "Profit"], rows, words=(0, 1))


def trapped(report: BacktestReport) -> Html:
    """A frozen holding under three marks; nothing where nothing was frozen."""
    r = report.result
    days = int((r.trapped > 0).sum())
    if not days:
        return Html("")
    rows: list[list[object]] = []
    for mark in MARKS:
        nav, worth = r.nav_marked(mark_factor(mark)), r.trapped * mark_factor(mark)
        share = float((worth / nav.clip(1e-12)).max())
        rows.append([mark, signed(float(nav[-1] - 1.0), 2), percent(share)])
    frozen = [
        s for n, s in enumerate(r.market.symbols) if (r.inputs.frozen[:, n] & (r.shares[:, n] > 0)).any()
    ]
    note = (
        f"{', '.join(frozen)} could not be sold on {days} rows. Trades are the same under each mark, since targets are "
        f"fractions of nav without what is trapped; only the valuation differs. This page marks it: "
        f"{r.inputs.mark_label}."
    )
    made = table("Three marks of what was frozen", ["Mark", "Total return", "Largest share of nav"], rows)
    return section("trapped", "Frozen holdings", tag("p", note), made)


def doubts(report: BacktestReport) -> Html:
    """What the quality gate saw in the prices used."""
    found = report.result.market.findings
    if not found:
        return Html("")
    rows = [[f.symbol, f.check.replace("_", " "), f.first, f.last, f.seen, f.remedy] for f in found]
    heads = ["Series", "Check", "First", "Last", "Seen", "What it means here"]
    made = table(f"{len(found)} warnings about the prices used", heads, rows, words=range(6))
    return section("doubts", "Doubtful prices", join(tag("div", made, class_="tall")))
