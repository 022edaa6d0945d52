"""Was the thesis right, claim by claim? positioning claims [--data ...]"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import command_words, typed
from positioning.cli.config import answer_text
from positioning.cli.declare import command
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.strategies import means_strategy
from positioning.cli.terminal import Terminal
from positioning.json_text import json_text

if TYPE_CHECKING:
    from positioning.claims.answer import ClaimAnswers
    from positioning.claims.claim import Claim
    from positioning.claims.verdict import ClaimAnswer

app = new_app()
TONES = {"supported": "good", "contradicted": "bad"}


@command(app)
def claims(
    request: Request,
    output: Output,
    ctx: typer.Context,
    markdown: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Where the answer goes as Markdown; default claims.md beside the page; none for no such file.",
        ),
    ] = None,
) -> None:
    """Every claim of the thesis measured, before and after it was published; a verdict by stated rules; a page."""
    from positioning.claims.answer import answer_claims
    from positioning.claims.claim import read_claims
    from positioning.reporting.claims import refuse_foreign_markdown, write_claims
    from positioning.reporting.page_file import check_place

    check_place(output.place, ("claims.html", "claims.json", "index.html"), "answers")
    place = markdown_place(markdown, output.place)
    if place is not None:
        refuse_foreign_markdown(place)
    settings = request.terms(typed("claims"))
    questions = read_claims(settings.thesis)
    strategies = request.strategies(named(questions))
    with progress(output.hides_progress) as bar:
        task = bar.add_task("claims", total=len(questions))
        answers = answer_claims(strategies, settings, questions, advance=lambda: bar.advance(task))
    data = [] if request.data == Request().data else ["--data", request.data]
    again = command_words("claims", *data)
    files = write_claims(answers, settings.command, output.place, place, answer_text(ctx), again)
    if output.as_json:
        print(json_text(answers.to_json() | {"files": [str(f) for f in files]}))
    else:
        print_answers(answers, files, output.terminal)


def markdown_place(word: str | None, pages: Path) -> Path | None:
    """Where the Markdown goes: beside the page unless a file was asked for; None for none."""
    if word is None:
        return pages / "claims.md"
    return None if word == "none" else Path(word)


def named(questions: tuple[Claim, ...]) -> list[str]:
    """The strategies that the claims are about, those that others are held against among them."""
    from positioning.claims.claim import strategies_named

    words = {e.against for c in questions for e in c.evidence if e.kind == "account"}
    others = [w for w in sorted(words - {"benchmark", "without_events", "cash"}) if means_strategy(w)]
    return list(dict.fromkeys([*strategies_named(questions), *others]))


def print_answers(answers: ClaimAnswers, files: list[Path], terminal: Terminal) -> None:
    """The counts, what was told of each claim, and the paths written; why the others cannot be tested with `verbose`."""
    from positioning.claims.verdict import Ruling
    from positioning.reporting.claims import counts

    if answers.silence is not None:
        terminal.say(answers.silence.words, "bad")
    if answers.simulated:
        terminal.say("SIMULATED prices: a demonstration, not evidence", "bad")
    terminal.say(counts(answers), "neutral")
    tested = [a for a in answers.answers if a.ruling is not Ruling.UNTESTABLE]
    rest = [a for a in answers.answers if a.ruling is Ruling.UNTESTABLE]
    for a in [*tested, *rest] if terminal.verbose else tested:
        terminal.say(_line(a), TONES.get(a.ruling, ""))
    if rest and not terminal.verbose:
        terminal.say(f"untestable: {', '.join(a.claim.id for a in rest)}; --verbose says why", "quiet")
    terminal.say(f"q over {answers.family}.", "quiet")
    terminal.wrote(files)


def _line(a: ClaimAnswer) -> str:
    chance = "" if math.isnan(a.q) else f" (q = {a.q:.3f})"
    return f"{a.claim.id} {a.ruling}{chance}: {a.claim.claim} {a.why[0].upper()}{a.why[1:]}."
