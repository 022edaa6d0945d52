"""The page of a screening, and its restriction rows as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from positioning.events.restriction import Restriction
from positioning.plurals import counted
from positioning.reporting.document import PLAIN, document, scripts
from positioning.reporting.format import NOTHING
from positioning.reporting.html import join
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.verdict import VerdictSentence
from positioning.reporting.view import TableRow
from positioning.screening.decisions import as_csv
from positioning.screening.screen import OWNERSHIP, Finding, Screening
from positioning.screening.universe import invalid_isins

COLUMNS = ("symbol", "announced", "effective", "kind", "ground", "recovery", "reason", "source")
FORCES = {
    "designated": "named itself: may not be bought",
    "investment_ban": "may not be bought by US persons",
    "military_list": "named as a Chinese military company: no purchase is forbidden, a strict screen drops it",
    "own_list": "on a list of your own: may not be bought",
    "": "no purchase is forbidden",
}
SHOWN = 400  # candidates on the page; the decisions file has them all
DOUBTED = 20  # identifiers on the page whose check digit does not fit


@final
@dataclass(frozen=True, slots=True)
class ScreeningPage:
    """The view of `screening.html`: rows of findings by what became of them, and of the lists that were read."""

    verdict: VerdictSentence
    questions: tuple[str, ...]
    restricted: tuple[TableRow, ...]
    listed: tuple[TableRow, ...]
    undecided: tuple[TableRow, ...]
    others: tuple[TableRow, ...]
    lists: tuple[TableRow, ...]
    ownership: str
    held_against: str
    doubtful: tuple[str, ...]
    command: str


def write_screening(screening: Screening, command: str, directory: Path) -> list[Path]:
    """Write screening.html, screening.json and screened_restrictions.csv; returns their paths."""
    return [
        write_page(directory / "screening.html", page(screening, command)),
        write_page(directory / "screening.json", json.dumps(to_json(screening), indent=1, allow_nan=False)),
        write_restrictions(screening.restrictions, directory / "screened_restrictions.csv"),
    ]


def write_restrictions(rows: Sequence[Restriction], path: Path) -> Path:
    """Restriction rows in the columns of a restrictions.csv."""
    cells = (
        [r.symbol, str(r.known_on()), "" if r.effective is None else str(r.effective), r.kind, r.ground, "",
         r.reason, r.source]
        for r in rows
    )  # fmt: skip
    return write_page(path, as_csv(COLUMNS, cells))


def to_json(screening: Screening) -> dict[str, Any]:
    """Findings, lists and restriction rows; dates ISO."""
    return {
        "as_of": str(screening.as_of),
        "screened": len(screening.universe),
        "lists": [
            {"file": r.label, "kind": r.kind, "day": str(r.day), "dated": r.dated, "firms": r.entries}
            for r in screening.lists
        ],
        "findings": [_as_json(f) for f in screening.findings],
        "restrictions": [
            {"symbol": r.symbol, "announced": str(r.known_on()), "effective": str(r.holds_from()), "kind": r.kind,
             "ground": r.ground, "reason": r.reason, "source": r.source}
            for r in screening.restrictions
        ],
        "undecided": len(screening.undecided),
        "not_seen": OWNERSHIP,
    }  # fmt: skip


def _as_json(f: Finding) -> dict[str, Any]:
    return {
        "symbol": f.hit.symbol, "rule": f.hit.rule, "sureness": f.hit.confidence, "score": f.hit.score,
        "alias": f.hit.alias, "own": f.hit.own, "list": f.entry.listing, "key": f.entry.key,
        "name": f.entry.names[0] if f.entry.names else "", "programme": f.entry.programme, "force": f.entry.force,
        "note": f.entry.note, "since": str(f.day), "dated": f.dated,
        "effective": None if f.entry.effective is None else str(f.entry.effective),
        "decision": f.decision, "decision_note": f.note, "restricts": f.sure and bool(f.entry.force),
    }  # fmt: skip


def page(screening: Screening, command: str) -> str:
    """The page of a screening as HTML."""
    body = join(render("screening.html", v=view(screening, command)), scripts(*PLAIN))
    return document("Screening", body, simulated=False)


def view(screening: Screening, command: str) -> ScreeningPage:
    """Everything that the page says."""
    sentence, *questions = verdict(screening)
    sure = [f for f in screening.findings if f.sure]
    return ScreeningPage(
        verdict=VerdictSentence(sentence, "bad" if screening.restrictions else "neutral"),
        questions=tuple(questions),
        restricted=_rows([f for f in sure if f.entry.force]),
        listed=_rows([f for f in sure if not f.entry.force]),
        undecided=_rows(screening.undecided[:SHOWN]),
        others=_rows([f for f in screening.findings if f.decision == "different"]),
        lists=tuple(
            (r.label, r.kind, f"{r.entries:,}", f"{r.day}{'' if r.dated else ' (last change of the file)'}")
            for r in screening.lists
        ),
        ownership=OWNERSHIP,
        held_against=_held_against(screening),
        doubtful=tuple(invalid_isins(screening.universe)[:DOUBTED]),
        command=command,
    )


def verdict(screening: Screening) -> list[str]:
    """What came out, in sentences."""
    hit = dict.fromkeys(r.symbol for r in screening.restrictions)
    few = f"{len(hit)} of {counted(len(screening.universe), 'name')} restricted as of {screening.as_of}"
    sentence = (
        f"{few}: {', '.join(hit)}."
        if hit
        else f"{few}: found on these files of these days, by identifier or decision: none."
    )
    left = len(screening.undecided)
    if not left:
        return [sentence]
    are, restrict = ("is", "restricts") if left == 1 else ("are", "restrict")
    return [
        sentence,
        f"{counted(left, 'candidate')} by name {are} undecided and {restrict} nothing until somebody decides.",
    ]


def _held_against(screening: Screening) -> str:
    names, firms = len(screening.universe), sum(r.entries for r in screening.lists)
    return f"{counted(names, 'name')} {'was' if names == 1 else 'were'} held against {counted(firms, 'firm')}"


def _rows(findings: Sequence[Finding]) -> tuple[TableRow, ...]:
    return tuple(
        (
            f.hit.symbol, _how(f), f"{f.hit.score:.1f}", f.hit.alias, f.hit.own, f"{f.entry.listing}, {f.entry.key}",
            f.entry.programme or NOTHING, str(f.day) if f.dated else f"{f.day} (the list's day)",
            str(f.entry.effective or f.day), f.entry.note or FORCES[f.entry.force],
        )
        for f in findings
    )  # fmt: skip


def _how(f: Finding) -> str:
    if f.decision:
        return f"decided: {f.decision}{f' ({f.note})' if f.note else ''}"
    return {"certain": f"certain, by {f.hit.rule.upper()}"}.get(
        f.hit.confidence, f"{f.hit.confidence}, by name"
    )
