"""Options that several commands have, each written once: one name, one meaning, one help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

# What is asked.
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[STRATEGY]...", help="Strategies; none means all.")
]


def first_day(default: str) -> Any:
    """`--start`, with what it is where it is left out."""
    return typer.Option(help=f"First day, 2021-06-30; default {default}.")


def last_day(default: str) -> Any:
    """`--end`, with what it is where it is left out."""
    return typer.Option(help=f"Last day; default {default}.")


AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="The day to answer for; default the last in the data, or a list's own."
    ),
]
ThesisFolder = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="A folder of facts in place of that of the listed strategies."),
]
EventsFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="A CSV of events in place of the thesis' own.")
]
RestrictionsFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="A CSV of restrictions in place of the thesis' own.")
]
Decisions = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Your decisions (same, different) about names on sanctions lists."),
]
FACTORS = typer.Option(
    "--factors",
    metavar="FILE",
    help="Daily factors in the French library's layout; several files stand side by side.",
)
INDEX = typer.Option(
    "--index",
    metavar="NAME=FILE:COLUMN:LAG",
    help="A daily or monthly series as a state of the world; LAG: days after which a value is known.",
)
Region = Annotated[
    str | None,
    typer.Option(
        help="Region of --factors where a file does not tell it (US, Europe, ...); any: whatever is held."
    ),
]
Theme = Annotated[str | None, typer.Option(help="Only events of this theme.")]
Seed = Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")]
Cache = Annotated[str, typer.Option(metavar="DIR", help="Where fetched prices are.")]
ACCEPT = typer.Option("--accept", metavar="SYMBOL:CHECK", help="Go on in spite of this error in the prices.")
BASIS = typer.Option(
    "--basis",
    metavar="SYMBOL=BASIS",
    help="What a folder's closes are: traded (splits in them), split (adjusted for them) or total_return.",
)
Workers = Annotated[
    int,
    typer.Option(min=0, help="Threads, or processes where decisions are Python code; 0 for one a core."),
]

# How it is told.
Out = Annotated[str, typer.Option(metavar="DIR", help="Where pages, tables and kept runs are.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write the figures as CSV, too.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every notice and warning, not folded.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but errors.")]
LogFile = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Add every line and notice to it, with the time.")
]
Factsheet = Annotated[
    bool, typer.Option("--factsheet", help="Two A4 pages for a client on each run, too; as PDF with --pdf.")
]
