"""List the record of events and restrictions and draw its timeline: positioning events"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import typed
from positioning.cli.declare import command
from positioning.cli.options import EventsFile, RestrictionsFile, Theme, ThesisFolder
from positioning.cli.output import Output
from positioning.cli.strategies import thesis_of
from positioning.cli.values import day_of
from positioning.errors import BadInputError, printable
from positioning.json_text import json_text

if TYPE_CHECKING:
    from rich.table import Table

    from positioning.events.event import Events
    from positioning.events.thesis import Thesis

app = new_app()


@command(app, without=("verbose", "quiet", "log"))
def events(
    output: Output,
    theme: Theme = None,
    since: Annotated[str | None, typer.Option(help="Only what was known on this day or later.")] = None,
    thesis: ThesisFolder = None,
    events: EventsFile = None,
    restrictions: RestrictionsFile = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Name the record's faults and write nothing; status 1 where there are any."
        ),
    ] = False,
) -> int:
    """The record read and checked, listed, and drawn as a timeline."""
    if check:
        return _check(thesis_of(thesis, events, restrictions), output.as_json)
    from positioning.reporting.page_file import check_place
    from positioning.reporting.timeline import write_timeline

    check_place(output.place, ("events.html",), "assets")
    day = day_of("--since", since)
    record = chosen(thesis_of(thesis, events, restrictions).events, theme, day)
    files = write_timeline(record, typed("events"), output.place)
    if output.as_json:
        print(json_text(to_json(record, files)))
    else:
        print_record(record, files)
    return 0


def _check(thesis: Thesis, as_json: bool) -> int:
    """Print the faults, or a count of what was looked at. The exit status, 1 where there are faults."""
    from positioning.events.check import faults

    lines = faults(thesis)
    counts = Counter(e.direction for e in thesis.events)
    if as_json:
        print(json_text({"faults": lines, "events": len(thesis.events), "directions": dict(counts)}))
    else:
        for line in lines:
            print(line)
        by_kind = ", ".join(f"{n} {kind}" for kind, n in counts.most_common())
        bars = len(thesis.restrictions)
        print(f"{len(lines)} faults in {len(thesis.events)} events ({by_kind}) and {bars} restrictions")
    return int(bool(lines))


def chosen(record: Events, theme: str | None, since: Any) -> Events:
    """What carries the theme and was known on `since` or later. Raises BadInputError where nothing is left."""
    part = record if theme is None else record.of(theme)
    if since is not None:
        part = replace(
            part,
            items=tuple(e for e in part if e.known_on() >= since),
            restrictions=tuple(r for r in part.restrictions if r.known_on() >= since),
        )
    if not part.items and not part.restrictions:
        raise BadInputError(
            "no event and no restriction is left", "wanted at least one", "widen --theme or --since"
        )
    return part


def print_record(record: Events, files: Sequence[Path]) -> None:
    """A table of events, one of restrictions, and the paths written."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_events(record), _restrictions(record))
    for f in files:
        console.print(f"wrote {f}", markup=False, soft_wrap=True)


def _events(record: Events) -> Table:
    from rich.markup import escape

    from positioning.reporting.timeline import remark, signs_in_words

    table = _table(f"{len(record)} events; signs of {', '.join(record.sleeves)}")
    for heading in ("id", "known", "sev", "direction", "signs"):
        table.add_column(heading, no_wrap=True)
    table.add_column("title")
    for e in record:
        title = escape(printable(f"{e.title} ({remark(e)})" if remark(e) else e.title))
        signs = " ".join(signs_in_words(e))
        table.add_row(escape(printable(e.id)), str(e.known_on()), str(e.severity), e.direction, signs, title)
    return table


def _restrictions(record: Events) -> Table:
    from rich.markup import escape

    table = _table(f"{len(record.restrictions)} restrictions")
    for heading in ("symbol", "kind", "ground", "announced", "effective"):
        table.add_column(heading, no_wrap=True)
    table.add_column("reason")
    for r in record.restrictions:
        days = (str(r.known_on()), str(r.holds_from()))
        table.add_row(
            escape(r.symbol), r.kind, escape(printable(r.ground)), *days, escape(printable(r.reason))
        )
    return table


def _table(title: str) -> Table:
    from rich.table import Table

    return Table(
        title=title, box=None, padding=(0, 1), pad_edge=False, header_style="bold", title_justify="left"
    )


def to_json(record: Events, files: Sequence[Path]) -> dict[str, Any]:
    """Dates ISO; recovery in the instrument's currency, null where the record has none."""
    events = [
        {
            "id": e.id, "known": str(e.known_on()), "severity": e.severity, "direction": e.direction,
            "signs": dict(e.signs), "themes": list(e.themes), "title": e.title, "confidence": e.confidence,
            "follows": e.follows, "source": e.source,
        }
        for e in record
    ]  # fmt: skip
    restrictions = [
        {
            "symbol": r.symbol, "kind": r.kind, "ground": r.ground, "announced": str(r.known_on()),
            "effective": str(r.holds_from()), "recovery": r.recovery, "reason": r.reason, "source": r.source,
        }
        for r in record.restrictions
    ]  # fmt: skip
    return {
        "record": record.digest(),
        "events": events,
        "restrictions": restrictions,
        "files": [str(f) for f in files],
    }
