"""What there is to work with: strategies and their parameters, the record, snapshots and kept runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import command_words
from positioning.cli.declare import command
from positioning.cli.output import Output
from positioning.cli.request import Request
from positioning.cli.strategies import controls, listed, strategy_class
from positioning.cli.terminal import Terminal, table
from positioning.json_text import json_text

if TYPE_CHECKING:
    from positioning.strategy.strategy import Strategy

app = new_app()

MOST_RUNS = 10  # named on a terminal; all are in the JSON


@command(
    app,
    "list",
    without=("verbose", "quiet", "log"),
    only=("thesis", "events", "restrictions", "investor", "cache"),
)
def list_all(
    request: Request,
    output: Output,
    strategies: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STRATEGY]...", help="Strategies or files; none means the list."),
    ] = None,
) -> None:
    """Strategies with their parameters, types, bounds and defaults; the thesis, events, restrictions, snapshots, kept
    runs and answers."""
    kinds = [strategy_class(word) for word in strategies or ()] or list(listed().values())
    aside = controls()
    overview = {
        "strategies": {kind.name: described(kind) | {"control": kind.name in aside} for kind in kinds},
        "thesis": thesis_of(request),
        "record": record_of(request),
        "snapshots": [p.stem for p in sorted((Path(request.cache) / "snapshots").glob("*.json"))],
        "runs": runs_of(output.place),
        "answers": answers_of(output.place),
    }
    if output.as_json:
        print(json_text(overview))
    else:
        show(overview, output.terminal)


def described(kind: type[Strategy]) -> dict[str, Any]:
    """Its first words, file, symbols and parameters."""
    from positioning.strategy.from_file import reference

    strategy = kind()
    bounds = strategy.bounds()
    return {
        "title": strategy.title,
        "named": reference(kind),
        "thesis": strategy.rationale.split("\n\n")[0].replace("\n", " "),
        "names": strategy.names,
        "hedges": strategy.hedges,
        "benchmark": strategy.benchmark,
        "parameters": {
            name: {
                "type": type_word(strategy.kind_of(name)),
                "default": value,
                "bounds": bounds.get(name, ""),
            }
            for name, value in strategy.parameters().items()
        },
    }


def type_word(kind: Any) -> str:
    """What a parameter is, for people."""
    return {int: "whole number", float: "number", str: "word"}.get(kind, "symbols")


def thesis_of(request: Request) -> dict[str, Any]:
    """Its title and day, sleeves, sets of scenarios and the symbols of its own."""
    thesis = request.facts
    return {
        "title": thesis.title,
        "published": str(thesis.published),
        "sleeves": list(thesis.sleeves),
        "scenarios": list(thesis.scenarios),
        "instruments": [i.symbol for i in thesis.instruments.own],
    }


def record_of(request: Request) -> dict[str, Any]:
    """How many events and restrictions the record has, and their span."""
    record = request.terms("").events
    days = sorted(str(e.known_on()) for e in record)
    return {
        "events": len(record),
        "restrictions": len(record.restrictions),
        "first": days[0] if days else None,
        "last": days[-1] if days else None,
    }


def runs_of(out: Path) -> list[dict[str, Any]]:
    """Kept runs, the newest first."""
    from positioning.runs.saved_run import runs_in

    return [{"id": r.id, "strategy": r.summary["strategy"], "made": r.summary["made"]} for r in runs_in(out)]


def answers_of(out: Path) -> list[dict[str, Any]]:
    """Kept searches, studies and stress tests, the newest first."""
    from positioning.runs.answers import read_answers

    return [{"id": a.id, "kind": a.kind, "title": a.title, "made": a.made} for a in read_answers(out).answers]


def show(overview: dict[str, Any], terminal: Terminal) -> None:
    """Each strategy with a table of its parameters, then the rest in a line each."""
    for name, s in overview["strategies"].items():
        label = "a control, run only where it is named. " if s["control"] else ""
        terminal.say(f"{name}: {label}{s['thesis']}", "neutral")
        symbols = f"{', '.join(s['names'])}"
        terminal.say(
            symbols + (f"; hedged with {', '.join(s['hedges'])}" if s["hedges"] else ""), indent="  "
        )
        for parameter, p in s["parameters"].items():
            value = "+".join(p["default"]) if isinstance(p["default"], tuple) else p["default"]
            bounds = f"; {p['bounds']}" if p["bounds"] else ""
            terminal.say(f"{parameter}={value} ({p['type']}{bounds})", "quiet", "    ")
        terminal.lines([""])
    if aside := [name for name, s in overview["strategies"].items() if s["control"]]:
        usual = [name for name, s in overview["strategies"].items() if not s["control"]]
        terminal.say(
            f"without a name, {command_words('run')} takes {', '.join(usual) or 'none of these'}; not "
            f"{', '.join(aside)}, held against them: what a strategy must be better than, and no part of the thesis"
        )
    thesis, record = overview["thesis"], overview["record"]
    own = f"; own symbols {', '.join(thesis['instruments'])}" if thesis["instruments"] else ""
    terminal.say(
        f"thesis: {thesis['title']}, {thesis['published']}; sleeves {', '.join(thesis['sleeves'])}; "
        f"scenarios {', '.join(thesis['scenarios']) or 'none'}{own}"
    )
    terminal.say(
        f"record: {record['events']} events, {record['first']} to {record['last']}, and {record['restrictions']} "
        "restrictions; the command events lists them"
    )
    terminal.say(f"snapshots: {', '.join(overview['snapshots']) or 'none'}")
    terminal.say(f"kept runs: {len(overview['runs'])}; kept answers: {len(overview['answers'])}")
    rows = [(r["id"], r["strategy"]) for r in overview["runs"][:MOST_RUNS]]
    if rows:
        terminal.table(table(("run", "strategy"), rows, 2))
