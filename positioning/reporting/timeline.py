"""The page of the record: what happened when, and what was restricted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import final

import numpy as np

from positioning.events.event import Event, Events
from positioning.events.restriction import Restriction
from positioning.reporting.charts import AXIS, Figure, bare_layout, safe_label, shared_script
from positioning.reporting.document import CHARTED, charted, document
from positioning.reporting.event_marks import MOODS, hover_text, sign_for
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.view import Cell, TableRow

KINDS = {
    "frozen": ("x", "$bad"), "no_buy": ("square-open", "$contrast"),
    "delisted": ("line-ns-open", "$other"), "lifted": ("circle", "$good"),
}  # fmt: skip
RESTRICTIONS = "restrictions"
CROWDED = np.timedelta64(25, "D")  # marks of one lane nearer than this stand above and below each other
STEPS = (-0.12, 0.06, -0.36)  # the lane's name stands at its top
EDGE = np.timedelta64(40, "D")


@final
@dataclass(frozen=True, slots=True)
class TimelinePage:
    """The view of `timeline.html`: themes to choose from, and rows of its tables; event_words: columns of words."""

    summary: str
    themes: tuple[str, ...]
    event_heads: tuple[str, ...]
    event_words: tuple[int, ...]
    events: tuple[TableRow, ...]
    restrictions: tuple[TableRow, ...]
    command: str
    digest: str


def write_timeline(events: Events, command: str, directory: Path) -> list[Path]:
    """Write events.html and plotly's script beside it; returns the page's path."""
    with shared_script(directory) as script:
        return [write_page(directory / "events.html", page(events, command, script))]


def page(events: Events, command: str, script: str) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    body = render("timeline.html", v=view(events, command))
    whole = charted(body, {"timeline": figure(events)}, script, (*CHARTED, "timeline.js"))
    return document("Events and restrictions", whole, False)


def view(events: Events, command: str) -> TimelinePage:
    """Everything that the page says."""
    heads = ("known", "event", "severity", "direction", *events.sleeves, "themes", "id, remark", "source")
    return TimelinePage(
        summary=_summary(events),
        themes=tuple(t for t in events.themes if any(t in e.themes for e in events)),
        event_heads=heads,
        event_words=(0, 1, 3, *range(len(heads) - 3, len(heads))),
        events=tuple(_event(e) for e in events),
        restrictions=tuple(_restriction(r) for r in events.restrictions),
        command=command,
        digest=events.digest(),
    )


def figure(events: Events) -> Figure:
    """A lane a direction and one for restrictions; a trace for the events of one look and one set of themes."""
    lanes = [
        *(d for d in events.directions if any(e.direction == d for e in events)),
        *[RESTRICTIONS] * bool(events.restrictions),
    ]
    heights = {lane: float(len(lanes) - 1 - n) for n, lane in enumerate(lanes)}
    days = [r.known_on() for r in (*events, *events.restrictions)]
    span = [str(min(days) - EDGE), str(max(days) + EDGE)]
    layout = bare_layout() | {
        "showlegend": False, "hovermode": "closest",
        "xaxis": {**AXIS, "type": "date", "showgrid": True, "range": span},
        "yaxis": {
            **AXIS, "showticklabels": False, "zeroline": False, "fixedrange": True,
            "tickvals": [h - 0.5 for h in heights.values()], "range": [-0.6, len(lanes) - 0.3],
        },
        "annotations": [_label(lane, height) for lane, height in heights.items()],
    }  # fmt: skip
    return {
        "data": [*_event_traces(events, heights), *_restriction_traces(events.restrictions, heights)],
        "layout": layout,
    }


def _event_traces(events: Events, heights: dict[str, float]) -> list[Figure]:
    groups: dict[tuple[int | None, tuple[str, ...]], list[tuple[Event, float]]] = {}
    for lane, height in heights.items():
        own = [e for e in events if e.direction == lane]
        for event, step in zip(own, _steps([e.known_on() for e in own]), strict=True):
            groups.setdefault((sign_for(event, events.sleeves), event.themes), []).append(
                (event, height + step)
            )
    return [_event_trace(sign, themes, points) for (sign, themes), points in groups.items()]


def _event_trace(sign: int | None, themes: tuple[str, ...], points: list[tuple[Event, float]]) -> Figure:
    name, symbol, colour = ("Not answered", "circle-open", "$other") if sign is None else MOODS[sign]
    return {
        "type": "scatter", "mode": "markers", "name": name, "meta": list(themes),
        "x": [str(e.known_on()) for e, _ in points], "y": [round(y, 2) for _, y in points],
        "text": [hover_text(e, tuple(e.signs)) for e, _ in points], "hoverinfo": "text",
        "marker": {"symbol": symbol, "color": colour, "size": [5 + 1.8 * e.severity for e, _ in points]},
    }  # fmt: skip


def _restriction_traces(restrictions: Sequence[Restriction], heights: dict[str, float]) -> list[Figure]:
    """One mark for what was announced of one kind on one day."""
    marks: dict[tuple[np.datetime64, str], list[Restriction]] = {}
    for r in sorted(restrictions, key=lambda r: r.known_on()):
        marks.setdefault((r.known_on(), r.kind), []).append(r)
    placed = dict(zip(marks, _steps([day for day, _ in marks]), strict=True))
    return [
        _restriction_trace(
            kind, {key: heights[RESTRICTIONS] + placed[key] for key in marks if key[1] == kind}, marks
        )
        for kind in KINDS
        if any(key[1] == kind for key in marks)
    ]


def _restriction_trace(
    kind: str,
    places: dict[tuple[np.datetime64, str], float],
    marks: dict[tuple[np.datetime64, str], list[Restriction]],
) -> Figure:
    symbol, colour = KINDS[kind]
    return {
        "type": "scatter", "mode": "markers", "name": kind, "meta": [],
        "x": [str(day) for day, _ in places], "y": [round(y, 2) for y in places.values()],
        "text": [_restriction_story(kind, marks[key]) for key in places], "hoverinfo": "text",
        "marker": {"symbol": symbol, "color": colour, "size": 10, "line": {"width": 2, "color": colour}},
    }  # fmt: skip


def _steps(days: Sequence[np.datetime64]) -> list[float]:
    """How far above or below its lane's middle each mark of ascending days stands."""
    steps: list[float] = []
    turn = 0
    for n, day in enumerate(days):
        turn = turn + 1 if n and day - days[n - 1] < CROWDED else 0
        steps.append(STEPS[turn % len(STEPS)])
    return steps


def _label(lane: str, height: float) -> Figure:
    return {
        "text": lane.replace("_", " "), "xref": "paper", "x": 0, "xanchor": "left", "y": height + 0.46, "yanchor": "top",
        "showarrow": False, "font": {"size": 11, "color": "$other"},
    }  # fmt: skip


def _restriction_story(kind: str, restrictions: Sequence[Restriction]) -> str:
    lines = [f"<b>{_plain(kind).capitalize()}, announced {restrictions[0].known_on()}</b>"]
    for r in restrictions:
        words = f"{r.symbol} ({_plain(r.ground)}) from {r.holds_from()}: {r.reason}"
        lines += [safe_label(line) for line in wrap(words, 56)]
    return "<br>".join(lines)


def _summary(events: Events) -> str:
    kinds = {k: sum(r.kind == k for r in events.restrictions) for k in KINDS}
    counted = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in kinds.items() if n) or "none"
    used = sum(e.counts for e in events)
    return (
        f"{len(events)} events, of which {used} count: the others are of low confidence or only put earlier news into "
        f"force. {len(events.restrictions)} restrictions: {counted}."
    )


def _event(e: Event) -> TableRow:
    return (
        str(e.known_on()), Cell(e.title, "div", "wide"), e.severity, _plain(e.direction), *signs_in_words(e),
        _plain("; ".join(e.themes)), f"{e.id}, {remark(e)}" if remark(e) else e.id, e.source,
    )  # fmt: skip


def _restriction(r: Restriction) -> TableRow:
    return (
        str(r.known_on()), r.symbol, _plain(r.kind), _plain(r.ground), str(r.holds_from()),
        "" if r.recovery is None else f"{r.recovery:g}", r.reason, r.source,
    )  # fmt: skip


def signs_in_words(event: Event) -> list[str]:
    """The expected direction for each sleeve, `·` for none."""
    return [f"{event.signs[s]:+d}" if event.signs[s] else "·" for s in event.signs]


def remark(event: Event) -> str:
    """Why an event is not answered, where it is not."""
    if event.follows:
        return f"puts {event.follows} into force"
    return "low confidence" if event.confidence == "low" else ""


def _plain(word: str) -> str:
    return word.replace("_", " ")
