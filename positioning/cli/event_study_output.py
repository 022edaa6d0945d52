"""The answer of an event study: one JSON object, or tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from positioning.cli.output import Output
from positioning.cli.terminal import Table, table
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.event_studies.evidence import Evidence
    from positioning.event_studies.inquiry import InquiryAnswer
    from positioning.event_studies.outcome import Outcome
    from positioning.event_studies.placebo import StudyPlacebo
    from positioning.event_studies.study import EventStudy, Group
    from positioning.events.silence import Silence
    from positioning.events.thesis import Thesis

COLUMNS = {
    "clustered": "lead", "kolari_pynnonen": "KP", "cross_section": "t", "patell": "Pat.",
    "bmp": "BMP", "sign": "sign", "rank": "rank",
}  # fmt: skip


LEGEND = (
    "n: observations; days: the window around day zero; CAAR: mean cumulative abnormal return, times the expected sign. "
    "Then p-values of seven tests: lead, the one that decides (clustered by shared windows); KP, Kolari and Pynnönen; "
    "t, of the cross-section; Pat., Patell; BMP, Boehmer, Musumeci and Poulsen; the generalised sign; the rank, Corrado; "
    "and shuf., on shuffled dates."
)


def answer(data: str, result: InquiryAnswer, thesis: Thesis, files: Sequence[Path], output: Output) -> None:
    """One JSON object, or a table a study."""
    from positioning.reporting.event_study.page import record_end_warning, sleeve_verdict
    from positioning.reporting.event_study.words import evidence_words, findings, placebo_words

    studies, evidence, terminal = result.studies, result.evidence, output.terminal
    beyond = record_end_warning(studies, thesis)
    if output.as_json:
        print(json_text(to_json(data, studies, result.placebos, evidence, beyond, files)))
        return
    for line in result.omissions:
        terminal.say(line, "quiet")
    if beyond is not None:
        terminal.say(beyond.words, "bad")
    for s in studies:
        verdict = sleeve_verdict(s, evidence)
        terminal.say(f"{s.label}: {verdict.sentence}", verdict.tone)
        for line in findings(s) if terminal.verbose else ():
            terminal.say(line, "quiet")
        shuffled = result.placebos.get(s.label)
        terminal.table(_table(s, shuffled))
        terminal.say(LEGEND, "quiet")
        for line in evidence_words(s.label, evidence):
            terminal.say(line, "quiet")
        if shuffled is not None or terminal.verbose:
            for line in placebo_words(shuffled):
                terminal.say(line, "quiet")
        terminal.notices(list(dict.fromkeys(n for r in s.returns for n in r.notices)), ())
        terminal.lines([""])
    terminal.wrote(files)


def _table(s: EventStudy, shuffled: StudyPlacebo | None) -> Table:
    from positioning.event_studies.study import ALL, ALONE
    from positioning.reporting.event_study.page import FEW

    more = () if shuffled is None else ("shuf.",)
    rows = []
    for group in s.groups:
        whole = group.name in (ALL, ALONE)
        outcomes = group.signed if whole else group.signed[:1] if group.members.size >= FEW else ()
        for n, o in enumerate(outcomes):
            p = [o.tests[t].p for t in COLUMNS]
            p += [] if shuffled is None else [shuffled.p_value(group.name, n, o.caar)]
            words = ("-" if x != x else f"{x:.3f}".removeprefix("0") for x in p)  # noqa: PLR0124 (NaN is not itself)
            span = f"{o.span[0]}:{o.span[1]}"
            rows.append([group.name.replace("_", " "), str(o.count), span, f"{o.caar:+.1%}", *words])
    return table(("events", "n", "days", "CAAR", *COLUMNS.values(), *more), rows)


def to_json(
    data: str,
    studies: Sequence[EventStudy],
    shuffled: Mapping[str, StudyPlacebo],
    evidence: Evidence,
    beyond: Silence | None,
    files: Sequence[Path],
) -> dict[str, Any]:
    """CAARs and shares as fractions; undefined is None. placebo: empty where no shuffles were asked for. q: the leading
    test's false-discovery rate; smallest_seen: the CAAR that a test would have seen with 80 % power."""
    return {
        "data": data,
        "record": None if beyond is None else beyond.to_json(),
        "snapshot": {s.label: [r.snapshot for r in s.returns] for s in studies},
        "studies": {s.label: _study_json(s, evidence) for s in studies},
        "evidence": evidence.to_json(),
        "placebo": {s.label: _placebo_json(s, shuffled[s.label]) for s in studies if s.label in shuffled},
        "files": [str(f) for f in files],
    }


def _study_json(s: EventStudy, evidence: Evidence) -> dict[str, Any]:
    from positioning.reporting.event_study.page import sleeve_verdict

    return {
        "verdict": sleeve_verdict(s, evidence).to_json(),
        "used": [o.news.ids for o in s.observations],
        "left_out": {o.ids: o.reason for o in s.left_out},
        "groups": {g.name: _group_json(s.label, g, evidence) for g in s.groups},
    }


def _placebo_json(s: EventStudy, placebo: StudyPlacebo) -> dict[str, Any]:
    groups = {
        g.name: {
            f"{o.span[0]}:{o.span[1]}": {
                "p": placebo.p_value(g.name, n, o.caar),
                "median": plain(placebo.median(g.name, n)),
            }
            for n, o in enumerate(g.signed)
        }
        for g in s.groups
    }
    return {"draws": placebo.draws, "seed": placebo.seed, "groups": groups}


def _group_json(label: str, group: Group, evidence: Evidence) -> dict[str, Any]:
    outcomes_by_kind = {
        kind: {f"{o.span[0]}:{o.span[1]}": _outcome_json(o) for o in outcomes}
        for kind, outcomes in (("signed", group.signed), ("raw", group.raw))
    }
    for o in group.signed:
        outcomes_by_kind["signed"][f"{o.span[0]}:{o.span[1]}"]["q"] = plain(
            evidence.q[label, group.name, o.span]
        )
    return outcomes_by_kind


def _outcome_json(o: Outcome) -> dict[str, Any]:
    tests = {name: {"statistic": plain(t.statistic), "p": plain(t.p)} for name, t in o.tests.items()}
    return {
        "events": o.count,
        "caar": o.caar,
        "above_zero": o.hits,
        "correlation": o.correlation,
        "error": plain(o.error),
        "smallest_seen": plain(o.detectable),
        "tests": tests,
    }
