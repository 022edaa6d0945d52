"""Ask of a strategy whether its numbers can be believed: python -m backtests.check STRATEGY ..."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import Command, new_app, one_line_errors
from positioning.cli.options import AsJson, Names, Out
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.request_options import with_request
from positioning.errors import shown

if TYPE_CHECKING:
    from positioning.analysis.strategy_check import StrategyCheck

app = new_app()
STYLES = {"wrong": "bold red", "warning": "yellow", "right": "green", "not measured": "dim"}


@app.command(cls=Command)
@with_request("benchmark", "placebos", "factors", "region")
def check(
    request: Request,
    strategies: Names = None,
    cuts: Annotated[int, typer.Option(min=2, max=1000, help="Dates at which the future is replaced.")] = 24,
    out: Out = "reports",
    as_json: AsJson = False,
) -> None:
    """Replace the future, run again, leave out: does anything move that must not? Exit status 1: something is wrong.

    What it finds is kept in checks/ of --out, where runs and searches of the same code read it."""
    with one_line_errors():
        from positioning.analysis.strategy_check import check_strategy
        from positioning.runs.backtest import market_of
        from positioning.runs.checks import keep_check

        chosen = request.strategies(strategies or [])
        settings, found = request.terms(""), []
        with progress(as_json) as bar:
            task = bar.add_task("checks", total=len(chosen) * cuts)
            for done, strategy in enumerate(chosen, 1):
                bar.update(task, description=strategy.name)
                market = market_of(strategy, settings)
                found.append(
                    check_strategy(
                        strategy, market, settings.events, settings.account, cuts, request.seed,
                        lambda: bar.advance(task),
                    )
                )  # fmt: skip
                bar.update(task, completed=done * cuts)
        for strategy, one in zip(chosen, found, strict=True):
            keep_check(one, strategy, cuts, Path(out))
        if as_json:
            print(json.dumps({"data": request.data, "strategies": {c.strategy: to_json(c) for c in found}}))
        else:
            print_checks(found)
    if any(c.wrong for c in found):
        raise typer.Exit(1)


def to_json(c: StrategyCheck) -> dict[str, Any]:
    """The sentence, and a row a question."""
    rows = [{"question": r.name, "status": str(r.status), "detail": r.detail} for r in c.rows]
    return {"wrong": bool(c.wrong), "sentence": c.sentence, "rows": rows}


def print_checks(found: list[StrategyCheck]) -> None:
    """The sentence first, then the table of each strategy."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for c in found:
        console.print(Text(shown(f"{c.strategy}: {c.sentence}"), style="bold red" if c.wrong else "bold"))
        table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
        for row in c.rows:
            table.add_row(
                Text(row.name), Text(str(row.status), style=STYLES[str(row.status)]), Text(shown(row.detail))
            )
        console.print(table)
