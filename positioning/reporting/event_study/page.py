"""The page of an event study, kept under an ID, and the CSVs beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from positioning.analysis.study_verdict import StudyEvidence, WindowEvidence, study_verdict
from positioning.analysis.verdict import STUDY_RULES, Verdict
from positioning.event_studies.abnormal_returns import Observation
from positioning.event_studies.design import Design
from positioning.event_studies.evidence import TOGETHER, Evidence
from positioning.event_studies.outcome import LEAD, TESTS, Outcome
from positioning.event_studies.placebo import StudyPlacebo
from positioning.event_studies.study import ALL, ALONE, EventStudy, Group
from positioning.events.silence import Silence, silence
from positioning.events.thesis import Thesis
from positioning.plurals import counted
from positioning.reporting import charts
from positioning.reporting.document import charted, document, with_script_at
from positioning.reporting.event_study import charts as study_charts
from positioning.reporting.event_study.control import ControlPart, control_figure, control_part
from positioning.reporting.event_study.tables import events_csv, tests_csv
from positioning.reporting.event_study.words import (
    Shuffled,
    days_words,
    evidence_words,
    findings,
    method,
    notices,
    p_words,
    placebo_words,
    remarks,
)
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.verdict import in_short, rules
from positioning.reporting.view import Cell, Chart, Table
from positioning.runs.answers import keep_answer

NAMES = {
    "clustered": "clustered", "kolari_pynnonen": "Kolari-Pynnonen", "cross_section": "cross-sectional t",
    "patell": "Patell", "bmp": "BMP", "sign": "generalised sign", "rank": "Corrado rank",
}  # fmt: skip
FEW = 5  # observations below which a direction is in the table only


@final
@dataclass(frozen=True, slots=True)
class StudyPart:
    """What `page.html` shows of one sleeve. charts: of all observations and those without overlap first, as in lead, then
    by direction of the news, as in directions; tests: every test; observations, left_out: None where there are none."""

    identity: str
    label: str
    verdict: Verdict
    measures: str
    charts: tuple[Chart, ...]
    lead: Table
    directions: Table
    family: str
    evidence: tuple[str, ...]
    control: ControlPart | None
    tests: Table
    placebo: tuple[str, ...]
    observations: Table | None
    first_days: str
    event_family: str
    left_out: Table | None
    notices: tuple[str, ...]
    findings: tuple[str, ...]
    sentences: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class StudyPage:
    """The view of `page.html`."""

    simulated: bool
    silence: str
    together: tuple[str, ...]
    parts: tuple[StudyPart, ...]
    rules: tuple[tuple[str, str], ...]
    count: int
    method: tuple[str, ...]
    command: str
    snapshots: tuple[str, ...]


def write_event_study(
    studies: Sequence[EventStudy],
    shuffled: Shuffled,
    evidence: Evidence,
    design: Design,
    thesis: Thesis,
    command: str,
    directory: Path,
    again: str = "",
) -> list[Path]:
    """Write event_study.html, event_study_events.csv and event_study_tests.csv, keep them under an ID, and write the
    index; returns their paths. again: the options that repeat it, kept with it."""
    with charts.shared_script(directory) as script:
        text = page(studies, shuffled, evidence, design, thesis, command, script)
        path = write_page(directory / "event_study.html", text)
    files = [
        path,
        write_page(directory / "event_study_events.csv", events_csv(studies)),
        write_page(directory / "event_study_tests.csv", tests_csv(studies, shuffled)),
    ]
    prices = dict.fromkeys(r.snapshot[:12] for s in studies for r in s.returns)
    verdicts = {s.label: sleeve_verdict(s, evidence) for s in studies}
    tones = {v.tone for v in verdicts.values()}
    keep_answer(
        directory, "event_study", f"Event study, {', '.join(s.label for s in studies)}",
        in_short(verdicts),
        tones.pop() if len(tones) == 1 else "neutral", any(s.simulated for s in studies),
        f"prices {', '.join(prices)}", command, with_script_at(text, script, f"../../{script}"), files[1:], again,
    )  # fmt: skip
    write_index(directory)
    return files


def record_end_warning(studies: Sequence[EventStudy], thesis: Thesis) -> Silence | None:
    """That the prices go on beyond the record of events; None where they do not."""
    returns = [r for s in studies for r in s.returns]
    themes = tuple(dict.fromkeys(r.sleeve.theme for r in returns if r.sleeve.theme))
    last = max((r.sessions[-1] for r in returns if r.sessions.size), default=None)
    return None if last is None or not themes else silence(thesis, themes, last)


def sleeve_verdict(study: EventStudy, evidence: Evidence) -> Verdict:
    """The verdict on a sleeve, by the leading test."""
    whole, apart = study.group(ALL), study.group(ALONE)
    windows = {}
    for n, o in enumerate(whole.signed if whole else ()):
        own = apart.signed[n] if apart and apart.members.size < o.count else None
        windows[o.span] = WindowEvidence(
            days_words(o.span), o.caar, o.tests[LEAD].p, evidence.q[study.label, ALL, o.span],
            own.caar if own else math.nan, own.tests[LEAD].p if own else math.nan, o.detectable,
        )  # fmt: skip
    return study_verdict(
        StudyEvidence(
            simulated=study.simulated,
            observations=len(study.observations),
            left_out=sum(len(o.ids.split("+")) for o in study.left_out),
            after=[w for span, w in windows.items() if span[0] >= 0],
            before=next((w for span, w in windows.items() if span[1] < 0), None),
        )
    )


def page(
    studies: Sequence[EventStudy],
    shuffled: Shuffled,
    evidence: Evidence,
    design: Design,
    thesis: Thesis,
    command: str,
    script: str,
) -> str:
    """The HTML. script: address of plotly's script, relative to the page."""
    simulated, beyond = any(s.simulated for s in studies), record_end_warning(studies, thesis)
    figures = {
        f"s{n}g{m}": study_charts.path(group.band, simulated)
        for n, s in enumerate(studies) for m, group in enumerate(s.groups) if _has_chart(group)
    } | {"forest": study_charts.forest(studies, simulated)}  # fmt: skip
    figures |= {
        f"s{n}control": control_figure(evidence.controls[s.label], simulated)
        for n, s in enumerate(studies) if s.label in evidence.controls and not evidence.controls[s.label].refused
    }  # fmt: skip
    view = StudyPage(
        simulated=simulated,
        silence="" if beyond is None else beyond.words,
        together=(evidence.severity[TOGETHER].sentence,) if TOGETHER in evidence.severity else (),
        parts=tuple(_part(n, s, shuffled.get(s.label), evidence) for n, s in enumerate(studies)),
        rules=rules(STUDY_RULES),
        count=len(TESTS),
        method=tuple(method(studies, design, thesis)),
        command=command,
        snapshots=tuple(sorted({f"{r.sleeve.label}: {r.snapshot}" for s in studies for r in s.returns})),
    )
    body = render("event_study/page.html", v=view)
    return document("Event study", charted(body, figures, script), simulated)


def _part(n: int, study: EventStudy, placebo: StudyPlacebo | None, evidence: Evidence) -> StudyPart:
    measures = {
        f"{len(r.symbols)} of {counted(len(r.sleeve.names), 'name')} ({', '.join(r.symbols)}) on {r.venue} sessions "
        f"against {r.against or r.sleeve.benchmark}"
        for r in study.returns
    }
    return StudyPart(
        identity=f"study{n}",
        label=study.label.replace("_", " "),
        verdict=sleeve_verdict(study, evidence),
        measures="; ".join(sorted(measures)),
        charts=tuple(_chart(f"s{n}g{m}", g) for m, g in enumerate(study.groups) if _has_chart(g)),
        lead=_lead(study, placebo, evidence, [g for g in study.groups if g.name in (ALL, ALONE)]),
        directions=_lead(study, placebo, evidence, [g for g in study.groups if g.name not in (ALL, ALONE)]),
        family=evidence.family,
        evidence=tuple(evidence_words(study.label, evidence)),
        control=control_part(f"s{n}control", evidence.controls[study.label])
        if study.label in evidence.controls
        else None,
        tests=_tests(study, placebo),
        placebo=tuple(placebo_words(placebo)),
        observations=_observations(study, evidence),
        first_days="" if study.panel is None else days_words(study.panel.spans()[0]),
        event_family=evidence.event_family,
        left_out=_left_out(study),
        notices=tuple(notices(study)),
        findings=tuple(str(f) for f in dict.fromkeys(f for r in study.returns for f in r.findings)),
        sentences=tuple(findings(study)),
    )


def _has_chart(group: Group) -> bool:
    return group.name in (ALL, ALONE) or group.members.size >= FEW


def _chart(name: str, group: Group) -> Chart:
    words = f"{group.members.size} observations, CARs times the expected sign, with a 95 % band."
    return Chart(name, group.name.replace("_", " ").capitalize(), words, "low")


def _shuffled(placebo: StudyPlacebo | None, group: Group, n: int, o: Outcome) -> list[str]:
    return [] if placebo is None else [p_words(placebo.p_value(group.name, n, o.caar))]


def _lead(
    study: EventStudy, placebo: StudyPlacebo | None, evidence: Evidence, groups: Sequence[Group]
) -> Table:
    """The leading test alone, and what it could have seen, of some groups of events."""
    more = [] if placebo is None else ["p shuffled dates"]
    rows = [
        [
            group.name.replace("_", " "), days_words(o.span), o.count, signed(o.caar), p_words(o.tests[LEAD].p),
            p_words(evidence.q[study.label, group.name, o.span]), percent(o.detectable),
            *_shuffled(placebo, group, n, o),
        ]
        for group in groups
        for n, o in enumerate(group.signed)
    ]  # fmt: skip
    heads = ["events", "days", "n", "CAAR", "p", "q", "smallest seen", *more]
    return Table("The leading test, CARs times the expected sign", heads, rows, words=(0, 1))


def _tests(study: EventStudy, placebo: StudyPlacebo | None) -> Table:
    heads = ["events", "days", "n", "CAAR", "above 0", "raw CAAR", "raw p", f"p {NAMES[LEAD]}"]
    heads += [] if placebo is None else ["p shuffled dates"]
    rows = [
        [
            group.name.replace("_", " "), days_words(o.span), o.count, signed(o.caar), percent(o.hits, 0),
            signed(raw.caar), p_words(raw.tests[LEAD].p), p_words(o.tests[LEAD].p), *_shuffled(placebo, group, n, o),
            *(p_words(o.tests[t].p) for t in TESTS[1:]),
        ]
        for group in study.groups
        for n, (o, raw) in enumerate(zip(group.signed, group.raw, strict=True))
    ]  # fmt: skip
    names = [f"p {NAMES[t]}" for t in TESTS[1:]]
    return Table("Tests, CARs times the expected sign", [*heads, *names], rows, words=(0, 1))


def _observations(study: EventStudy, evidence: Evidence) -> Table | None:
    if study.panel is None:
        return None
    spans = study.panel.spans()
    cars = [study.panel.car(span) for span in spans]
    heads = ["event", "title", "day zero", "direction", "sign", *(f"CAR {days_words(s)}" for s in spans), "SCAR",
             "q", "remarks"]  # fmt: skip
    rows = [
        [
            o.news.ids, "; ".join(e.title for e in o.news.events), str(o.day), o.news.direction.replace("_", " "),
            f"{o.news.sign:+d}", *(signed(float(c[n])) for c, _ in cars),
            number(float(cars[0][0][n] / cars[0][1][n])), _single_q(study.label, o, spans[0], evidence),
            "; ".join(remarks(o)),
        ]
        for n, o in enumerate(study.observations)
    ]  # fmt: skip
    words = (0, 1, 2, 3, len(heads) - 1)
    return Table("Every observation, raw", heads, rows, words=words, tall=True)


def _single_q(label: str, o: Observation, span: tuple[int, int], evidence: Evidence) -> str:
    test = evidence.events.get((label, o.news.ids, span))
    return p_words(test.q) if test else NOTHING


def _left_out(study: EventStudy) -> Table | None:
    reasons: dict[str, list[str]] = {}
    for o in study.left_out:
        reasons.setdefault(o.reason, []).append(o.ids)
    rows = [
        [reason, len(ids), Cell(", ".join(ids), "div", "wide")]
        for reason, ids in sorted(reasons.items(), key=lambda r: -len(r[1]))
    ]
    return Table("Events left out", ["reason", "events", "which"], rows, words=(0, 2)) if rows else None
