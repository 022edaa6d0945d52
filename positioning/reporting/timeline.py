"""The page of the record: what happened when, and what was restricted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np

from positioning.events.event import Event, Events
from positioning.events.restriction import Restriction
from positioning.reporting.charts import AXIS, Figure, bare_layout, embed, safe_label, share_script
from positioning.reporting.document import document, own_file
from positioning.reporting.html import Html, escape, join, section, table, tag
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet import charts

KINDS = {
    "frozen": ("x", "$bad"), "no_buy": ("square-open", "$contrast"),
    "delisted": ("line-ns-open", "$other"), "lifted": ("circle", "$good"),
}  # fmt: skip
RESTRICTIONS = "restrictions"
CROWDED = np.timedelta64(25, "D")  # marks of one lane nearer than this stand above and below each other
STEPS = (-0.08, 0.14, -0.3)  # the lane's name stands at its top
EDGE = np.timedelta64(40, "D")


def write_timeline(events: Events, command: str, directory: Path) -> list[Path]:
    """Write events.html and plotly's script beside it; returns the page's path."""
    return [write_page(directory / "events.html", page(events, command, share_script(directory)))]


def page(events: Events, command: str, script: str) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    body = join(
        tag("p", "Record", class_="eyebrow"),
        tag("h1", "What happened, and what it barred"),
        tag("p", *_summary(events), class_="finding"),
        section("timeline", "Timeline", _chooser(events), _chart()),
        section("events", "Events", tag("div", _events(events), class_="tall")),
        section(RESTRICTIONS, "Restrictions", tag("div", _restrictions(events.restrictions), class_="tall")),
        _reading(events, command),
    )
    scripts = join(
        embed({"timeline": figure(events)}),
        Html(f'<script src="{escape(script)}"></script>'),
        *(
            Html(f"<script>{own_file(name)}</script>")
            for name in ("theme.js", "charts.js", "page.js", "timeline.js")
        ),
    )
    return document("Events and restrictions", join(tag("main", body), scripts), False)


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
            groups.setdefault((charts.sign_for(event, events.sleeves), event.themes), []).append(
                (event, height + step)
            )
    return [_event_trace(sign, themes, found) for (sign, themes), found in groups.items()]


def _event_trace(sign: int | None, themes: tuple[str, ...], found: list[tuple[Event, float]]) -> Figure:
    name, symbol, colour = ("Not answered", "circle-open", "$other") if sign is None else charts.MOODS[sign]
    return {
        "type": "scatter", "mode": "markers", "name": name, "meta": list(themes),
        "x": [str(e.known_on()) for e, _ in found], "y": [round(y, 2) for _, y in found],
        "text": [charts.story(e, tuple(e.signs)) for e, _ in found], "hoverinfo": "text",
        "marker": {"symbol": symbol, "color": colour, "size": [5 + 1.8 * e.severity for e, _ in found]},
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


def _restriction_story(kind: str, found: Sequence[Restriction]) -> str:
    lines = [f"<b>{_plain(kind).capitalize()}, announced {found[0].known_on()}</b>"]
    for r in found:
        words = f"{r.symbol} ({_plain(r.ground)}) from {r.holds_from()}: {r.reason}"
        lines += [safe_label(line) for line in wrap(words, 56)]
    return "<br>".join(lines)


def _summary(events: Events) -> list[str]:
    kinds = {k: sum(r.kind == k for r in events.restrictions) for k in KINDS}
    counted = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in kinds.items() if n) or "none"
    used = sum(e.counts for e in events)
    return [
        f"{len(events)} events, of which {used} count: the others are of low confidence or only put earlier news into "
        f"force. {len(events.restrictions)} restrictions: {counted}."
    ]


def _chooser(events: Events) -> Html:
    present = [t for t in events.themes if any(t in e.themes for e in events)]
    options = [
        tag("option", "all themes", value=""),
        *(tag("option", t.replace("_", " "), value=t) for t in present),
    ]
    return tag(
        "p",
        tag("label", "Show ", tag("select", *options, id="theme-filter")),
        " ",
        tag("span", id="theme-count", aria_live="polite"),
    )


def _chart() -> Html:
    words = (
        "Each mark stands on the day it was known; its size is its severity. Up: good news for the sleeves that answer "
        "it, down: bad, diamond: both ways, open circle: no sleeve answers it. Restrictions: cross frozen, square may "
        "not be bought, dash delisted, dot lifted. Point at a mark to read it."
    )
    drawn = tag("div", class_="chart", data_chart="timeline", role="group", aria_label=f"Timeline. {words}")
    return tag("figure", tag("figcaption", words), drawn)


def _events(events: Events) -> Html:
    heads = ["known", "event", "severity", "direction", *events.sleeves, "themes", "id", "remark", "source"]
    rows = [
        [
            str(e.known_on()), e.title, e.severity, _plain(e.direction), *signs_in_words(e),
            _plain("; ".join(e.themes)), e.id, remark(e), e.source,
        ]
        for e in events
    ]  # fmt: skip
    words = (0, 1, 3, *range(len(heads) - 4, len(heads)))
    return table("Events by the day they were known", heads, rows, words=words)


def signs_in_words(event: Event) -> list[str]:
    """The expected direction for each sleeve, `·` for none."""
    return [f"{event.signs[s]:+d}" if event.signs[s] else "·" for s in event.signs]


def remark(event: Event) -> str:
    """Why an event is not answered, where it is not."""
    if event.follows:
        return f"puts {event.follows} into force"
    return "low confidence" if event.confidence == "low" else ""


def _restrictions(restrictions: Iterable[Restriction]) -> Html:
    heads = ["announced", "symbol", "kind", "ground", "effective", "pays a share", "reason", "source"]
    rows = [
        [
            str(r.known_on()), r.symbol, _plain(r.kind), _plain(r.ground), str(r.holds_from()),
            "" if r.recovery is None else f"{r.recovery:g}", r.reason, r.source,
        ]
        for r in restrictions
    ]  # fmt: skip
    return table("Restrictions by the day they were announced", heads, rows, words=(0, 1, 2, 3, 4, 6, 7))


def _reading(events: Events, command: str) -> Html:
    said = (
        "A date without a time is known at its end, 24:00 UTC; a decision may use it from then on. Signs and severities "
        "were set with hindsight and are hypotheses: the event study tests them. A restriction bars purchases from the "
        "day it is announced and freezes from the day it is effective."
    )
    digest = tag("p", "Record ", tag("code", events.digest()), class_="quiet")
    return section("reading", "How to read it", tag("p", said), tag("p", tag("code", command)), digest)


def _plain(word: str) -> str:
    return word.replace("_", " ")
