"""The page of a thesis' claims, and the same as Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import final

from positioning.analysis.metrics import MIN_RETURNS
from positioning.analysis.multiplicity import LEVEL
from positioning.claims.answer import ClaimAnswers
from positioning.claims.verdict import MIN_EVENTS, ClaimAnswer, Finding, Ruling
from positioning.errors import BadInputError
from positioning.files import write_whole
from positioning.json_text import json_text
from positioning.plurals import counted
from positioning.reporting.document import PLAIN, document, scripts
from positioning.reporting.format import NOTHING, number, signed
from positioning.reporting.html import escape, join
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.verdict import VerdictSentence
from positioning.reporting.view import Cell, TableRow
from positioning.runs.answers import keep_answer

MARK = "<!-- written by positioning claims -->"
FIT = {
    "exact": "what is named", "close": "near to it", "proxy": "a stand-in", "none": "nothing", "fact": "a published fact",
}  # fmt: skip
PART = {"before": "before publication", "after": "after publication", "whole": ""}
RULES = (
    "Untestable: nothing listed stands for it, or no price can answer it, or what decides could not be measured after "
    f"publication on {MIN_RETURNS} returns or {MIN_EVENTS} pieces of news.",
    "Supported or contradicted, of a fact: a published figure or a dated event agrees, or does not.",
    "Supported, of a test: after publication it points as the claim does, its false-discovery rate is "
    f"{100 * LEVEL:.0f} % at most, and no test beside it points the other way. Contradicted: the same the other way "
    "round.",
    "Not told from nothing: everything else.",
    "What happened before publication was seen by those who made the claims. It is shown and decides nothing.",
)
DEMONSTRATION = (
    "It demonstrates the rules by which claims are answered and is no finding on the thesis: only its verdicts on "
    "published figures and dated events, which rest on no price, hold beyond it."
)
FIGURES = (
    "A position's figures are returns a year over what it is compared with, those of news mean abnormal returns; p: how "
    "often chance alone does as much; n: the returns, or the pieces of news, behind it."
)


@final
@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """All that was measured for one claim, in words."""

    id: str
    words: str
    source: str
    findings: tuple[str, ...]
    ruling: str
    why: str


@final
@dataclass(frozen=True, slots=True)
class ClaimsPage:
    """The view of `claims.html`: claims with and without a verdict as rows, then the evidence of each."""

    title: str
    simulated: bool
    demonstration: str
    silence: str
    verdict: VerdictSentence
    apart: str
    figures: str
    tested: tuple[TableRow, ...]
    untestable: tuple[TableRow, ...]
    claims: tuple[ClaimEvidence, ...]
    rules: tuple[str, ...]
    family: str
    command: str
    prices: str


def write_claims(
    claims: ClaimAnswers,
    command: str,
    directory: Path,
    markdown: Path | None,
    study: str = "",
    again: str = "",
) -> list[Path]:
    """Write claims.html and claims.json, keep them under an ID, write the index, and the Markdown where a path is given;
    returns their paths. study: the file of options that repeats it; again: the command as the Markdown names it, without
    places of one machine. Raises BadInputError where another's file stands in
    its place."""
    text = page(claims, command)
    files = [
        write_page(directory / "claims.html", text),
        write_page(directory / "claims.json", json_text(claims.to_json(), indent=1)),
    ]
    snapshots = dict.fromkeys(s[:12] for s in claims.snapshots.values())
    keep_answer(
        directory, "claims", f"Claims of {claims.thesis.title}", counts(claims), "neutral", claims.simulated,
        f"prices {', '.join(snapshots)}" if snapshots else claims.source, command,
        text, files[1:], study,
    )  # fmt: skip
    write_index(directory)
    if markdown is not None:
        files.append(write_whole(markdown, to_markdown(claims, again or command)))
    return files


def refuse_foreign_markdown(path: Path) -> None:
    """Raise BadInputError where a file is there that no earlier command wrote."""
    if path.exists() and (not path.is_file() or MARK not in path.read_text("utf-8", "replace")[:500]):
        raise BadInputError(
            f"{path} is not a page of this program", "wanted a file of its own to write over",
            "give another path", "markdown",
        )  # fmt: skip


def counts(claims: ClaimAnswers) -> str:
    """How many claims have which verdict, in a sentence."""
    words = ", ".join(f"{n} {verdict}" for verdict, n in claims.counted().items())
    return f"{counted(len(claims.answers), 'claim')}: {words}."


def finding_words(f: Finding) -> str:
    """One finding in a line."""
    where = f" {PART[f.part]}" if PART[f.part] else ""
    if f.missing:
        return f"{f.what}{where}: not measured, {f.missing}"
    if f.form == "words" or f.holds is not None:
        return f.what
    write = signed if f.form == "percent" else number
    interval = f" ({write(f.low)} to {write(f.high)})" if math.isfinite(f.low) else ""
    p = f", p {_p(f.p)}" if math.isfinite(f.p) else ""
    note = f", {f.note}" if f.note else ""
    return f"{f.what}{where}: {write(f.estimate)}{interval}{p}, n {f.count:,}{note}"


def _apart(claims: ClaimAnswers) -> str:
    day = claims.thesis.published
    return f"Published on {day}. Only what came after that day decides; what came before is shown apart."


def page(claims: ClaimAnswers, command: str) -> str:
    """The HTML of the page, which has no charts and needs no script but its own."""
    body = join(render("claims.html", v=view(claims, command)), scripts(*PLAIN))
    return document(f"Claims of {claims.thesis.title}", body, claims.simulated)


def view(claims: ClaimAnswers, command: str) -> ClaimsPage:
    """Everything that the page says."""
    tested = [a for a in claims.answers if a.ruling is not Ruling.UNTESTABLE]
    rest = [a for a in claims.answers if a.ruling is Ruling.UNTESTABLE]
    return ClaimsPage(
        title=claims.thesis.title,
        simulated=claims.simulated,
        demonstration=DEMONSTRATION,
        silence="" if claims.silence is None else claims.silence.words,
        verdict=VerdictSentence(counts(claims), "neutral"),
        apart=_apart(claims),
        figures=FIGURES,
        tested=tuple(map(_row, tested)),
        untestable=tuple(map(_row, rest)),
        claims=tuple(map(_claim, claims.answers)),
        rules=RULES,
        family=claims.family,
        command=command,
        prices=claims.source,
    )


def _row(a: ClaimAnswer) -> TableRow:
    return (
        a.claim.id, Cell(a.claim.claim, "div", "wide"), FIT[a.claim.fit], _first(a, "before"), _first(a, "after"),
        Cell(a.ruling, "strong"), Cell(_why(a), "div", "wide"),
    )  # fmt: skip


def _first(a: ClaimAnswer, part: str) -> str:
    """The first finding of the deciding evidence before or after, in figures alone."""
    f = next((f for f in a.findings if f.place == 0 and f.part == part and not f.missing), None)
    if f is None or f.form == "words" or f.holds is not None:
        return NOTHING
    write = signed if f.form == "percent" else number
    p = f", p\u00a0{_p(f.p)}" if math.isfinite(f.p) else ""
    return f"{write(f.estimate)}{p} (n\u00a0{f.count:,})"


def _why(a: ClaimAnswer) -> str:
    rate = f" (q {_p(a.q)})" if math.isfinite(a.q) else ""
    return f"{a.why}{rate}"


def _claim(a: ClaimAnswer) -> ClaimEvidence:
    c = a.claim
    return ClaimEvidence(
        id=c.id,
        words=c.claim,
        source=f"{c.source}. {c.stands_for}",
        findings=tuple(finding_words(f) for f in a.findings),
        ruling=str(a.ruling),
        why=_why(a),
    )


def to_markdown(claims: ClaimAnswers, command: str) -> str:
    """The table, every finding and the rules as Markdown, with a warning first where prices are simulated."""
    lines = [MARK, "", f"# {_cell(claims.thesis.title)}: claim by claim", ""]
    if claims.simulated:
        lines += [
            f"**SIMULATED.** The prices behind this page were generated; none was ever paid. {DEMONSTRATION}", "",
        ]  # fmt: skip
    if claims.silence is not None:
        lines += [f"**{_cell(claims.silence.words)}**", ""]
    lines += [
        f"{counts(claims)} {_apart(claims)} {FIGURES}", "",
        "| id | claim | stands for it | before | after | verdict | why |", "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| {a.claim.id} | {_cell(a.claim.claim)} | {FIT[a.claim.fit]} | {_first(a, 'before')} | {_first(a, 'after')} | "
        f"**{a.ruling}** | {_cell(_why(a))} |"
        for a in claims.answers
    ]
    lines += ["", "## What was measured", ""]
    for a in claims.answers:
        lines += [f"### {a.claim.id}", "", f"{_cell(a.claim.source)}. {_cell(a.claim.stands_for)}", ""]
        lines += [f"- {_cell(finding_words(f))}" for f in a.findings]
        lines += [""] * bool(a.findings)
    lines += [
        "## The rules",
        "",
        *(f"- {r}" for r in RULES),
        "",
        f"False-discovery rates are over {claims.family}.",
        "",
    ]
    lines += [f"Made by `{command}` from {_cell(claims.source)}.", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that stays in its cell and adds no element of its own."""
    return (
        str(escape(" ".join(text.split()))).replace("|", "\\|").replace("&#x27;", "'").replace("&quot;", '"')
    )


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else number(value, 3)
