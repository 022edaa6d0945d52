"""The page of a screening, and its restriction rows as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from positioning.events.restriction import Restriction
from positioning.reporting.document import document
from positioning.reporting.format import NOTHING
from positioning.reporting.html import Html, bullets, join, section, table, tag
from positioning.reporting.page_file import write_page
from positioning.screening.decisions import as_csv
from positioning.screening.screen import OWNERSHIP, Finding, Screening
from positioning.screening.universe import doubtful

COLUMNS = ("symbol", "announced", "effective", "kind", "ground", "recovery", "reason", "source")
FORCES = {
    "designated": "named itself: may not be bought",
    "investment_ban": "may not be bought by US persons",
    "military_list": "named as a Chinese military company: no purchase is forbidden, a strict screen drops it",
    "own_list": "on a list of your own: may not be bought",
    "": "no purchase is forbidden",
}
SHOWN = 400  # candidates on the page; the decisions file has them all


def write_screening(made: Screening, command: str, directory: Path) -> list[Path]:
    """Write screening.html, screening.json and screened_restrictions.csv; returns their paths."""
    return [
        write_page(directory / "screening.html", page(made, command)),
        write_page(directory / "screening.json", json.dumps(to_json(made), indent=1, allow_nan=False)),
        write_restrictions(made.restrictions, directory / "screened_restrictions.csv"),
    ]


def write_restrictions(rows: Sequence[Restriction], path: Path) -> Path:
    """Restriction rows in the columns of a restrictions.csv."""
    cells = (
        [r.symbol, str(r.known_on()), "" if r.effective is None else str(r.effective), r.kind, r.ground, "",
         r.reason, r.source]
        for r in rows
    )  # fmt: skip
    return write_page(path, as_csv(COLUMNS, cells))


def to_json(made: Screening) -> dict[str, Any]:
    """Findings, lists and restriction rows; dates ISO."""
    return {
        "as_of": str(made.as_of),
        "screened": len(made.universe),
        "lists": [
            {"file": r.label, "kind": r.kind, "day": str(r.day), "dated": r.dated, "firms": r.entries}
            for r in made.lists
        ],
        "findings": [_as_json(f) for f in made.findings],
        "restrictions": [
            {"symbol": r.symbol, "announced": str(r.known_on()), "effective": str(r.holds_from()), "kind": r.kind,
             "ground": r.ground, "reason": r.reason, "source": r.source}
            for r in made.restrictions
        ],
        "undecided": len(made.undecided),
        "not_seen": OWNERSHIP,
    }  # fmt: skip


def _as_json(f: Finding) -> dict[str, Any]:
    return {
        "symbol": f.hit.symbol, "rule": f.hit.rule, "sureness": f.hit.sureness, "score": f.hit.score,
        "alias": f.hit.alias, "own": f.hit.own, "list": f.entry.listing, "key": f.entry.key,
        "name": f.entry.names[0] if f.entry.names else "", "programme": f.entry.programme, "force": f.entry.force,
        "note": f.entry.note, "since": str(f.known), "dated": f.dated,
        "effective": None if f.entry.effective is None else str(f.entry.effective),
        "decision": f.decision, "decision_note": f.note, "restricts": f.sure and bool(f.entry.force),
    }  # fmt: skip


def page(made: Screening, command: str) -> str:
    """The HTML; plain, without scripts."""
    body = join(
        tag("p", "Screening", class_="eyebrow"),
        tag("h1", "Who of these names is on the lists"),
        *(tag("p", line, class_="finding") for line in verdict(made)),
        _table("Restricted", [f for f in made.findings if f.sure and f.entry.force]),
        _table(
            "On a list that forbids no purchase", [f for f in made.findings if f.sure and not f.entry.force]
        ),
        _table("To be decided by a person, likest first", made.undecided[:SHOWN]),
        _table("Decided: somebody else", [f for f in made.findings if f.decision == "different"]),
        _method(made, command),
    )
    return document("Screening", tag("main", body), simulated=False)


def verdict(made: Screening) -> list[str]:
    """What came out, in sentences."""
    hit = dict.fromkeys(r.symbol for r in made.restrictions)
    few = f"{len(hit)} of {len(made.universe)} names restricted as of {made.as_of}"
    said = (
        f"{few}: {', '.join(hit)}."
        if hit
        else f"{few}: found on these files of these days, by identifier or decision: none."
    )
    left = len(made.undecided)
    asked = (
        f"{left} candidates by name are undecided and restrict nothing until somebody decides."
        if left
        else ""
    )
    return [said, *([asked] if asked else [])]


def _table(heading: str, findings: Sequence[Finding]) -> Html:
    if not findings:
        return Html("")
    heads = ["symbol", "how sure", "score", "what hit", "own name or number", "list", "programme", "since",
             "holds from", "what it does"]  # fmt: skip
    rows = [
        [f.hit.symbol, _how(f), f"{f.hit.score:.1f}", f.hit.alias, f.hit.own, f"{f.entry.listing}, {f.entry.key}",
         f.entry.programme or NOTHING, str(f.known) if f.dated else f"{f.known} (the list's day)",
         str(f.entry.effective or f.known), f.entry.note or FORCES[f.entry.force]]
        for f in findings
    ]  # fmt: skip
    words = (0, 1, 3, 4, 5, 6, 7, 8, 9)
    name = heading.split(",", maxsplit=1)[0].split(":", maxsplit=1)[0].casefold().replace(" ", "-")
    return section(name, heading, tag("div", table(heading, heads, rows, words=words), class_="long"))


def _how(f: Finding) -> str:
    if f.decision:
        return f"decided: {f.decision}{f' ({f.note})' if f.note else ''}"
    return {"certain": f"certain, by {f.hit.rule.upper()}"}.get(f.hit.sureness, f"{f.hit.sureness}, by name")


def _method(made: Screening, command: str) -> Html:
    files = [
        [r.label, r.kind, f"{r.entries:,}", f"{r.day}{'' if r.dated else ' (last change of the file)'}"]
        for r in made.lists
    ]
    said = [
        "Certain means that an ISIN or a legal entity identifier is the same. A name alone is never certain, however "
        "like it is: the score ranks candidates, a person decides, and the decision is kept.",
        "A list that gives no date restricts from its own day on and never earlier: that a name was free before cannot "
        "be read from it.",
        "A listing's date is that of the list; the EU's is that of the latest act, which may be later than the first.",
        OWNERSHIP,
        f"{len(made.universe)} names were held against {sum(r.entries for r in made.lists):,} firms; people, ships and "
        "aircraft were left out.",
        *(f"Check digit does not fit: {odd}." for odd in doubtful(made.universe)[:20]),
    ]
    return section(
        "method", "How it was made", table("Lists read", ["file", "kind", "firms", "day"], files, words=(0, 1, 3)),
        bullets(said), tag("p", tag("code", command)),
    )  # fmt: skip
