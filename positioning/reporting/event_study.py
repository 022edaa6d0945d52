"""The page of an event study and the CSVs beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from positioning.csv_output import csv_text
from positioning.event_studies.abnormal import MIN_ESTIMATION_SESSIONS, REACH, Design, Observation
from positioning.event_studies.calendar_time import HELD
from positioning.event_studies.day_zero import PUBLIC_BY
from positioning.event_studies.evidence import TOGETHER, Evidence
from positioning.event_studies.placebo import StudyPlacebo
from positioning.event_studies.study import ALL, ALONE, LEAD, LEVEL, TESTS, Band, EventStudy, Group, Outcome
from positioning.event_studies.synthetic_control import SyntheticControl
from positioning.events.silence import Silence, silence
from positioning.events.thesis import Thesis
from positioning.files import write_whole
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.html import Html, bullets, escape, folded, join, section, table, tag
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.synthetic_control import control_figure, control_part
from positioning.reporting.tearsheet import charts
from positioning.reporting.tearsheet.events import active_words
from positioning.reporting.tearsheet.figures import banner, past_the_record
from positioning.reporting.tearsheet.page import document, moved, own_file
from positioning.runs.answers import keep_answer

Shuffled = Mapping[str, StudyPlacebo]  # by a study's label, empty where none was asked for

NAMES = {
    "clustered": "clustered", "kolari_pynnonen": "Kolari-Pynnonen", "cross_section": "cross-sectional t",
    "patell": "Patell", "bmp": "BMP", "sign": "generalised sign", "rank": "Corrado rank",
}  # fmt: skip
FEW = 5  # observations below which a direction is in the table only


def write_event_study(
    studies: Sequence[EventStudy],
    shuffled: Shuffled,
    asked: Evidence,
    design: Design,
    thesis: Thesis,
    command: str,
    directory: Path,
) -> list[Path]:
    """Write event_study.html, event_study_events.csv and event_study_tests.csv, keep them under an ID, and write the
    index; returns their paths."""
    script = charts.share_script(directory)
    text = page(studies, shuffled, asked, design, thesis, command, script)
    simulated = any(s.simulated for s in studies)
    files = [
        write_page(directory / "event_study.html", text),
        write_whole(directory / "event_study_events.csv", events_csv(studies)),
        write_whole(directory / "event_study_tests.csv", tests_csv(studies, shuffled)),
    ]
    prices = dict.fromkeys(r.snapshot[:12] for s in studies for r in s.returns)
    keep_answer(
        directory, "event_study", f"Event study, {', '.join(s.label for s in studies)}",
        " ".join(f"{s.label}: {line}" for s in studies for line in findings(s)[1:2]), "neutral", simulated,
        f"prices {', '.join(prices)}", command, moved(text, script, f"../../{script}"), files[1:],
    )  # fmt: skip
    write_index(directory)
    return files


def past(studies: Sequence[EventStudy], thesis: Thesis) -> Silence | None:
    """That the prices go on beyond the record of events; None where they do not."""
    found = [r for s in studies for r in s.returns]
    themes = tuple(dict.fromkeys(r.sleeve.theme for r in found if r.sleeve.theme))
    last = max((r.sessions[-1] for r in found if r.sessions.size), default=None)
    return None if last is None or not themes else silence(thesis, themes, last)


def findings(study: EventStudy) -> list[str]:
    """What the tests say, in sentences made from the numbers alone."""
    used = len({e.id for o in study.observations for e in o.news.events})
    left = sum(len(o.ids.split("+")) for o in study.left_out)
    if not study.observations:
        return [f"None of the {left} events could be used."]
    met = sum(o.overlaps for o in study.observations)
    lines = [
        f"{used} events in {len(study.observations)} observations, {met} of which overlap another; {left} left out."
    ]
    everything, apart = study.group(ALL), study.group(ALONE)
    for n, outcome in enumerate(everything.signed if everything else ()):
        lines.append(_sentence(outcome, apart.signed[n] if apart else None))
    return lines


def _sentence(o: Outcome, apart: Outcome | None) -> str:
    p, span = o.tests[LEAD].p, _days(o.span)
    moved = f"{span}: prices moved {signed(o.caar)} on average in the expected direction (p {_p(p)}"
    if apart is None or apart.count == o.count:
        return f"{moved}). {_verdict(o, o)}"
    return (
        f"{moved}; on the {apart.count} that do not overlap {signed(apart.caar)}, p {_p(apart.tests[LEAD].p)}). "
        f"{_verdict(o, apart)}"
    )


def _verdict(o: Outcome, apart: Outcome) -> str:
    clear = [x.tests[LEAD].p < LEVEL for x in (o, apart)]
    if any(math.isnan(x.tests[LEAD].p) for x in (o, apart)):
        return "Too few for a test."
    if o.span[1] < 0 and all(clear):
        return "Prices moved before day zero: the news was expected, or the dates are late."
    if not any(clear):
        least = (
            f" A test like this sees {percent(o.detectable)} or more in 80 % of cases." if o.error > 0 else ""
        )
        return f"This cannot be told from nothing.{least}"
    if all(clear):
        return "This is more than chance explains." if o.caar > 0 else "They moved against expectation."
    return (
        "Events that do not overlap do not show it: not enough to speak of an effect."
        if clear[0]
        else ("All events together do not show it: not enough to speak of an effect.")
    )


def evidence_words(label: str, asked: Evidence) -> list[str]:
    """The calendar-time portfolio and the regression on severity, a sentence each."""
    lines = [
        f"Held {'with its sign' if c.weighting == 'sign' else 'by sign and severity'} while events are in force "
        f"({c.sessions} sessions), the sleeve made {percent(c.alpha, 3)} a session beyond its factors "
        f"(Newey-West t {number(c.t)}, p {_p(c.p)})."
        for c in asked.calendar.get(label, ())
        if c.sessions
    ]
    lines += active_words(asked.active.get(label, ()))
    if label in asked.severity:
        lines.append(asked.severity[label].sentence)
    if label in asked.controls:
        lines.append(control_sentence(asked.controls[label]))
    return lines


def control_sentence(found: SyntheticControl) -> str:
    """What the synthetic control says of the leading span, or why there is none."""
    if found.refused:
        return f"No synthetic control: {found.refused}."
    o = next((o for o in found.outcomes if o.span[0] == 0 and o.span[1] >= HELD[1]), found.outcomes[0])
    clear = [p for p in (o.p_time, o.p_space) if math.isfinite(p)]
    told = "" if clear and max(clear) <= LEVEL else ": this cannot be told from nothing"
    time = f"shuffled dates p {_p(o.p_time)}, " if math.isfinite(o.p_time) else ""
    return (
        f"Less a portfolio of {len(found.donors)} donors that moved like it before, the sleeve made {signed(o.effect)} "
        f"on {_days(o.span)} in the expected direction ({time}donors treated in turn p {_p(o.p_space)}, "
        f"{1 / (len(found.donors) + 1):.2f} at the least){told}."
    )


def placebo_words(placebo: StudyPlacebo | None) -> list[str]:
    """What the shuffles are, for the reader of their p-values."""
    if placebo is None:
        return ["Not compared with shuffled event dates in this run: type --placebo 1000 to do so."]
    return [
        f"Shuffled dates: all day zeros moved together to other days, {placebo.draws:,} times (seed {placebo.seed}); "
        "one-sided p-value of a CAAR at least as far in the expected direction. With every expected sign reversed "
        "a CAAR is merely its own negative, so that control adds nothing here."
    ]


def page(
    studies: Sequence[EventStudy],
    shuffled: Shuffled,
    asked: Evidence,
    design: Design,
    thesis: Thesis,
    command: str,
    script: str,
) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    simulated = any(s.simulated for s in studies)
    drawn = {
        f"s{n}g{m}": _figure(group.band, simulated)
        for n, s in enumerate(studies) for m, group in enumerate(s.groups) if _drawn(group)
    } | {"forest": _forest(studies, simulated)}  # fmt: skip
    controls = {
        f"s{n}control": asked.controls[s.label] for n, s in enumerate(studies) if s.label in asked.controls
    }
    drawn |= {name: control_figure(c, simulated) for name, c in controls.items() if not c.refused}
    body = join(
        tag("p", "Event study", class_="eyebrow"),
        tag(
            "h1",
            "Do prices move with the events?",
            *([" ", tag("span", "Simulated", class_="badge")] * simulated),
        ),
        banner() if simulated else "",
        past_the_record(past(studies, thesis)),
        _forest_section(),
        folded(
            section("said", "In words", *(join(tag("h3", s.label), bullets(findings(s))) for s in studies))
        ),
        tag(
            "nav",
            tag("ul", *(tag("li", tag("a", s.label, href=f"#study{n}")) for n, s in enumerate(studies))),
        ),
        bullets([asked.severity[TOGETHER].sentence] if TOGETHER in asked.severity else []),
        *(_section(n, s, shuffled.get(s.label), asked) for n, s in enumerate(studies)),
        _method(studies, design, thesis, command),
    )
    scripts = join(
        charts.embed(drawn),
        Html(f'<script src="{escape(script)}"></script>'),
        Html(f"<script>{own_file('theme.js')}{own_file('page.js')}</script>"),
    )  # fmt: skip
    return document("Event study", join(tag("main", body), scripts), simulated)


def _forest_section() -> Html:
    words = (
        "Mean abnormal return in the expected direction (CAAR) by sleeve and days, all its observations, with a 95 % "
        "interval that belongs to the leading test: where it crosses zero, the effect cannot be told from nothing."
    )
    drawn = tag("div", class_="chart", data_chart="forest", role="img", aria_label=f"Forest plot. {words}")
    note = (
        "Intervals and the other tests may seem to disagree: the tests by Patell, BMP and ranks weigh each name by its "
        "own noise, ask another question, and do not allow for all that observations share. The leading test decides."
    )
    return section(
        "forest-plot",
        "How far prices moved",
        tag("figure", tag("figcaption", words), drawn),
        tag("p", note, class_="quiet"),
    )


def _forest(studies: Sequence[EventStudy], simulated: bool) -> charts.Figure:
    """A dot and an interval a sleeve and span; the interval is the CAAR and 1.96 standard errors of the leading test."""
    labels, means, reach = [], [], []
    for s in studies:
        group = s.group(ALL)
        for o in group.signed if group else ():
            statistic = o.tests[LEAD].statistic
            error = abs(o.caar / statistic) if statistic and math.isfinite(statistic) else math.nan
            labels.append(charts._text(f"{s.label} {_days(o.span)}"))
            means.append(round(o.caar, 5))
            reach.append(round(1.96 * error, 5) if math.isfinite(error) else 0.0)
    trace = {
        "type": "scatter", "mode": "markers", "x": means, "y": labels, "marker": {"color": "$strategy", "size": 9},
        "error_x": {"type": "data", "array": reach, "color": "$strategy", "thickness": 1.5},
        "hovertemplate": "%{y}: %{x:.2%}, within %{error_x.array:.2%} either way<extra></extra>",
    }  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {
            **charts.AXIS,
            "tickformat": ".1%",
            "zeroline": True,
            "zerolinecolor": "$other",
            "zerolinewidth": 2,
        },
        "yaxis": {**charts.AXIS, "type": "category", "autorange": "reversed", "showgrid": False},
        "annotations": [charts._watermark()] if simulated else [],
    }
    return {"data": [trace], "layout": layout}


def _section(n: int, study: EventStudy, placebo: StudyPlacebo | None, asked: Evidence) -> Html:
    measures = {
        f"{', '.join(r.symbols)} on {r.venue} sessions against {r.sleeve.benchmark}" for r in study.returns
    }
    charted = [_chart(f"s{n}g{m}", g) for m, g in enumerate(study.groups) if _drawn(g)]
    return section(
        f"study{n}", study.label,
        tag("p", "; ".join(sorted(measures)), class_="quiet"),
        *charted[:2],
        tag("div", *charted[2:], class_="two"),
        _lead(study, placebo, asked), bullets(evidence_words(study.label, asked)),
        control_part(f"s{n}control", asked.controls[study.label]) if study.label in asked.controls else "",
        _tests(study, placebo),
        bullets(placebo_words(placebo)), _events(study, asked), _left_out(study),
        bullets(notices(study)),
        bullets(str(f) for f in dict.fromkeys(f for r in study.returns for f in r.findings)),
    )  # fmt: skip


def notices(study: EventStudy) -> list[str]:
    """What a reader must know of the prices, each once."""
    return list(dict.fromkeys(f"{n.symbol} {n.text}".strip() for r in study.returns for n in r.notices))


def _drawn(group: Group) -> bool:
    return group.name in (ALL, ALONE) or group.members.size >= FEW


def _chart(name: str, group: Group) -> Html:
    words = f"{group.members.size} observations, CARs times the expected sign, with a 95 % band."
    heading = group.name.replace("_", " ").capitalize()
    drawn = tag("div", class_="chart low", data_chart=name, role="img", aria_label=f"{heading}. {words}")
    return tag("figure", tag("figcaption", tag("b", f"{heading}. "), words), drawn)


def _lead(study: EventStudy, placebo: StudyPlacebo | None, asked: Evidence) -> Html:
    """The leading test alone, and what it could have seen."""
    heads = [
        "events",
        "days",
        "n",
        "CAAR",
        "p",
        "q",
        "smallest seen",
        *([] if placebo is None else ["p shuffled dates"]),
    ]
    rows = [
        [
            group.name.replace("_", " "), _days(o.span), o.count, signed(o.caar), _p(o.tests[LEAD].p),
            _p(asked.q[study.label, group.name, o.span]), percent(o.detectable),
            *([] if placebo is None else [_p(placebo.p_value(group.name, n, o.caar))]),
        ]
        for group in study.groups
        for n, o in enumerate(group.signed)
    ]  # fmt: skip
    note = (
        "p: of the leading test, two-sided. q: the false-discovery rate at which it would be called, over "
        f"{asked.family}. "
        "Smallest seen: the CAAR that a test at 5 % sees in 80 % of cases."
    )
    return join(
        table("The leading test, CARs times the expected sign", heads, rows, words=(0, 1)),
        tag("p", note, class_="quiet"),
    )


def _tests(study: EventStudy, placebo: StudyPlacebo | None) -> Html:
    first = ["events", "days", "n", "CAAR", "above 0", "raw CAAR", "raw p", f"p {NAMES[LEAD]}"]
    heads = [
        *first,
        *([] if placebo is None else ["p shuffled dates"]),
        *(f"p {NAMES[t]}" for t in TESTS[1:]),
    ]
    rows = [
        [
            group.name.replace("_", " "), _days(o.span), o.count, signed(o.caar), percent(o.hits, 0),
            signed(raw.caar), _p(raw.tests[LEAD].p), _p(o.tests[LEAD].p),
            *([] if placebo is None else [_p(placebo.p_value(group.name, n, o.caar))]),
            *(_p(o.tests[t].p) for t in TESTS[1:]),
        ]
        for group in study.groups
        for n, (o, raw) in enumerate(zip(group.signed, group.raw, strict=True))
    ]  # fmt: skip
    note = (
        f"Two-sided p-values; {len(rows)} rows of {len(TESTS)} tests, so one in twenty below 0.05 is what chance "
        "gives. The first test is the one to read: it allows for windows and estimation sessions that observations "
        "share, and for volatility that rises with events. The rank test allows for the same. Patell's does neither; "
        "BMP and sign take observations as independent."
    )
    return tag(
        "details",
        tag("summary", f"All {len(TESTS)} tests"),
        table("Tests, CARs times the expected sign", heads, rows, words=(0, 1)),
        tag("p", note, class_="quiet"),
    )


def _events(study: EventStudy, asked: Evidence) -> Html:
    if study.panel is None:
        return Html("")
    spans = study.panel.spans()
    cars = [study.panel.car(span) for span in spans]
    heads = [
        "event",
        "title",
        "day zero",
        "direction",
        "sign",
        *(f"CAR {_days(s)}" for s in spans),
        "SCAR",
        "q",
        "remarks",
    ]
    rows = [
        [
            o.news.ids, "; ".join(e.title for e in o.news.events), str(o.day), o.news.direction.replace("_", " "),
            f"{o.news.sign:+d}", *(signed(float(c[n])) for c, _ in cars),
            number(float(cars[0][0][n] / cars[0][1][n])), _single_q(study.label, o, spans[0], asked),
            "; ".join(_remarks(o)),
        ]
        for n, o in enumerate(study.observations)
    ]  # fmt: skip
    made = table("Every observation, raw", heads, rows, words=(0, 1, 2, 3, len(heads) - 1))
    return tag(
        "div",
        tag("div", made, class_="tall"),
        tag(
            "p",
            f"SCAR: CAR {_days(spans[0])} over its standard error. q: the false-discovery rate of that, over "
            f"{asked.event_family}.",
            class_="quiet",
        ),
    )


def _single_q(label: str, o: Observation, span: tuple[int, int], asked: Evidence) -> str:
    found = asked.events.get((label, o.news.ids, span))
    return _p(found.q) if found else NOTHING


def _remarks(o: Observation) -> list[str]:
    return [
        *o.news.notes,
        *(["overlaps another window"] if o.overlaps else []),
        *([] if o.alone else ["not in the subset without overlap"]),
    ]


def _left_out(study: EventStudy) -> Html:
    reasons: dict[str, list[str]] = {}
    for o in study.left_out:
        reasons.setdefault(o.reason, []).append(o.ids)
    rows = [
        [reason, len(ids), ", ".join(ids)]
        for reason, ids in sorted(reasons.items(), key=lambda r: -len(r[1]))
    ]
    return table("Events left out", ["reason", "events", "which"], rows, words=(0, 2)) if rows else Html("")


def _method(studies: Sequence[EventStudy], design: Design, thesis: Thesis, command: str) -> Html:
    lagged = any(r.lagged for s in studies for r in s.returns)
    said = [
        f"Model: {design.model}, fitted on the last {design.estimation} sessions before the window that lie outside "
        f"the window of every event of the sleeve, at most {REACH} sessions back; "
        f"with fewer than {MIN_ESTIMATION_SESSIONS} an event is dropped.",
        f"Day zero is the first session of the venue that had not closed when the news was public; a bare date "
        f"counts as public at {PUBLIC_BY:%H:%M} UTC of it. A strategy decides at 24:00 UTC and trades the session "
        "after, so it cannot earn the move of day zero.",
        "A sleeve is the equal-weighted mean of its names that have prices on all sessions used, on the clock of the "
        "venue most of them trade on; a name of a venue that closes before the news follows on day 1.",
        *(["Where a benchmark closes at another hour, its returns of the session before and after enter too."] * lagged),
        "Signs and dates of the events were set with hindsight; events of low confidence, and acts that only put "
        f"earlier news into force, are left out. Names were chosen by {thesis.reference}.",
        "CAR is the sum of simple abnormal returns in the base currency, dividends included where the source has them.",
    ]  # fmt: skip
    data = {f"{r.sleeve.label}: {r.snapshot}" for s in studies for r in s.returns}
    return section(
        "method", "How it was measured", bullets(said), tag("p", tag("code", command)),
        bullets(tag("code", d) for d in sorted(data)),
    )  # fmt: skip


def _figure(course: Band, simulated: bool) -> charts.Figure:
    axis = charts.AXIS | {"zerolinecolor": "$other"}
    days = course.sessions.tolist()
    low, high = course.caar - course.half_width, course.caar + course.half_width
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": days,
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    traces = [
        edge | {"y": _finite(low)},
        edge | {"y": _finite(high), "fill": "tonexty", "fillcolor": "$fill"},
        {"type": "scatter", "mode": "lines+markers", "name": "CAAR", "x": days, "y": _finite(course.caar),
         "line": {"color": "$strategy", "width": 2}, "hovertemplate": "day %{x} %{y:.2%}<extra></extra>"},
    ]  # fmt: skip
    layout = charts.bare_layout() | {
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "sessions from day zero"}, "zeroline": True, "showgrid": False},
        "yaxis": {**axis, "title": {"text": "CAAR"}, "tickformat": ".1%", "zeroline": True},
        "annotations": [{
            "text": "SIMULATED", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False,
            "textangle": -10, "font": {"size": 38, "color": "$watermark"},
        }] * simulated,
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _finite(values: Iterable[float]) -> list[float | None]:
    return [round(float(v), 6) if math.isfinite(v) else None for v in values]


def events_csv(studies: Sequence[EventStudy]) -> str:
    """A line per observation and per event left out; CARs raw, fractions."""
    spans = next((s.panel.spans() for s in studies if s.panel is not None), ())
    heads = ["study", "simulated", "name", "events", "used", "reason", "day_zero", "direction", "sign", "overlaps",
             "alone", "names", "estimation",
             *(f"{kind}_{a}_{b}" for a, b in spans for kind in ("car", "error"))]  # fmt: skip
    rows: list[Sequence[object]] = [heads]
    for s in studies:
        cars = [] if s.panel is None else [s.panel.car(span) for span in spans]
        for n, o in enumerate(s.observations):
            rows.append([
                s.label, int(s.simulated), o.sleeve, o.news.ids, 1, "; ".join(o.news.notes), o.day, o.news.direction,
                o.news.sign, int(o.overlaps), int(o.alone), " ".join(o.symbols), o.residuals.size,
                *(f"{float(v[n]):.10g}" for pair in cars for v in pair),
            ])  # fmt: skip
        rows += [
            [s.label, int(s.simulated), "", o.ids, 0, o.reason, *[""] * (len(heads) - 6)] for o in s.left_out
        ]
    return csv_text(rows)


def tests_csv(studies: Sequence[EventStudy], shuffled: Shuffled) -> str:
    """A line per study, group, span, treatment of the sign and test; CAARs as fractions.

    placebo_p: of the CAAR against shuffled dates, empty where not asked for, and of raw CAARs.
    """
    heads = ("study", "simulated", "group", "first", "last", "signed", "events", "caar", "above_zero", "correlation",
             "placebo_p", "test", "statistic", "p")  # fmt: skip
    rows: list[Sequence[object]] = [heads]
    for s in studies:
        placebo = shuffled.get(s.label)
        for g in s.groups:
            for n, o in enumerate(g.signed):
                p = math.nan if placebo is None else placebo.p_value(g.name, n, o.caar)
                rows += _test_rows(s, g, o, True, p)
            for o in g.raw:
                rows += _test_rows(s, g, o, False, math.nan)
    return csv_text(rows)


def _test_rows(
    s: EventStudy, g: Group, o: Outcome, with_sign: bool, placebo_p: float
) -> list[Sequence[object]]:
    head: list[object] = [
        s.label, int(s.simulated), g.name, *o.span, int(with_sign), o.count,
        *(f"{v:.10g}" for v in (o.caar, o.hits, o.correlation)), _cell(placebo_p),
    ]  # fmt: skip
    return [[*head, t, _cell(o.tests[t].statistic), _cell(o.tests[t].p)] for t in TESTS]


def _cell(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else ""


def _days(span: tuple[int, int]) -> str:
    return f"[{span[0]},{span[1]}]".replace("-", "\u2212")


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else number(value, 3)
