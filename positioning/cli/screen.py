"""Hold names against sanctions lists of your own: positioning screen FILE... [STRATEGY...]"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import typed
from positioning.cli.declare import command
from positioning.cli.options import AsOf, Decisions, ThesisFolder
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.terminal import Terminal, table
from positioning.cli.values import day_of
from positioning.errors import BadInputError, did_you_mean
from positioning.plurals import counted

if TYPE_CHECKING:
    from positioning.screening.screen import Finding, Screening
    from positioning.screening.universe import ScreenedInstrument

SHOWN = 25  # candidates in the terminal
app = new_app()


@command(app)
def screen(
    output: Output,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE... [STRATEGY]...", help="Lists, zipped or not; strategies to screen alone."
        ),
    ],
    universe: Annotated[
        Path | None,
        typer.Option(help="A CSV of your own names: symbol and name, isin, lei, aliases, country."),
    ] = None,
    thesis: ThesisFolder = None,
    as_of: AsOf = None,
    decisions: Decisions = None,
) -> None:
    """Who is on the lists, why, since when and how sure; restriction rows for `run`.

    New candidates are added to the decisions, which are decisions.csv beside the page where no file is named.
    """
    from positioning.reporting.page_file import check_place
    from positioning.reporting.screening import to_json, write_screening
    from positioning.screening.decisions import read_decisions, write_decisions
    from positioning.screening.screen import screen as screened

    files, strategies = _sorted_out(words)
    names = _universe(universe, strategies, thesis)
    place = output.place
    check_place(place, ("screening.html", "screening.json", "screened_restrictions.csv"))
    last_day = day_of("--as-of", as_of)
    day = None if last_day is None else date.fromisoformat(str(last_day))
    decisions_file = place / "decisions.csv" if decisions is None else Path(decisions)
    before = read_decisions(decisions_file)
    with progress(output.hides_progress) as bar:
        task = bar.add_task("reading", total=sum(f.stat().st_size for f in files))
        screening = screened(files, names, day, before, lambda n: bar.advance(task, n))
    pages = [
        *write_screening(screening, typed("screen"), place),
        write_decisions(decisions_file, screening.decisions(before)),
    ]
    if output.as_json:
        print(json.dumps({**to_json(screening), "files": [str(f) for f in pages]}, allow_nan=False))
    else:
        _print(screening, pages, output.terminal)


def _sorted_out(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """(files, strategies): what is there is a file, what is known a strategy. Raises BadInputError for neither."""
    from positioning.cli.strategies import listed

    strategy_list = listed()
    files = [Path(w) for w in words if Path(w).is_file()]
    strategies = [w for w in words if w in strategy_list and not Path(w).is_file()]
    for word in words:
        if not Path(word).is_file() and word not in strategy_list:
            raise BadInputError(
                f"{word} is no file and no strategy", "wanted a list", did_you_mean(word, strategy_list)
            )
    if not files:
        raise BadInputError("no list was given", "wanted a file", "download one, and give its path")
    return files, strategies


def _universe(path: Path | None, strategies: Sequence[str], thesis: str | None) -> list[ScreenedInstrument]:
    from positioning.cli.strategies import known_instruments, strategies_of
    from positioning.screening.universe import from_file, with_identifiers

    symbols = {s for p in strategies_of(strategies, []) for s in p.names} if strategies else set()
    if path is not None:
        own = from_file(path)
        return [u for u in own if not symbols or u.symbol in symbols]
    instruments = known_instruments(thesis)
    return with_identifiers([instruments.of(s) for s in sorted(symbols)] if symbols else instruments)


def _print(screening: Screening, files: Sequence[Path], terminal: Terminal) -> None:
    """What came out, then each hit and the likest candidates."""
    from positioning.reporting.screening import verdict
    from positioning.screening.screen import OWNERSHIP

    for n, line in enumerate(verdict(screening)):
        terminal.say(line, "neutral" if n == 0 else "")
    candidates = screening.undecided if terminal.verbose else screening.undecided[:SHOWN]
    rows = [*(f for f in screening.findings if f.sure), *candidates]
    if rows:
        terminal.table(
            table(("symbol", "how sure", "score", "since", "what it does"), [_row(f) for f in rows], 2)
        )
        for f in rows:
            where = f"{f.entry.listing} {f.entry.programme}".strip()
            terminal.say(f"{f.hit.symbol}: {f.hit.alias} ({where})", "quiet", "  ")
    if len(screening.undecided) > len(candidates):
        rest = counted(len(screening.undecided) - len(candidates), "more candidate")
        terminal.say(f"{rest} on the page, or with --verbose", "quiet")
    terminal.say(OWNERSHIP, "quiet")
    terminal.wrote(files)


def _row(f: Finding) -> list[str]:
    sure = f"decided: {f.decision}" if f.decision else str(f.hit.confidence)
    since = f"{f.day}" if f.dated else f"{f.day} (file)"
    return [f.hit.symbol, sure, f"{f.hit.score:.0f}", since, (f.entry.force or "none").replace("_", " ")]
