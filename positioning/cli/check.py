"""Ask of a strategy whether its numbers can be believed: positioning check STRATEGY ..."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app
from positioning.cli.declare import command
from positioning.cli.options import Names
from positioning.cli.output import Output
from positioning.cli.progress import counting, progress
from positioning.cli.request import Request
from positioning.cli.terminal import Terminal
from positioning.files import check_writable

if TYPE_CHECKING:
    from positioning.analysis.strategy_check import StrategyCheck

app = new_app()
TONES = {"wrong": "bad", "warning": "neutral", "not measured": "quiet", "right": ""}  # in the order told


@command(app, without=("benchmark", "placebos", "factors", "region", "verbose"))
def check(
    request: Request,
    output: Output,
    strategies: Names = None,
    cuts: Annotated[int, typer.Option(min=2, max=1000, help="Dates at which the future is replaced.")] = 24,
) -> int:
    """Replace the future, run again, leave out: does anything move that must not? Exit status 1: something is wrong.

    What it finds is kept in checks/ of --out, where runs and searches of the same code read it."""
    from positioning.analysis.strategy_check import check_strategy
    from positioning.runs.backtest import market_of
    from positioning.runs.checks import keep_check

    check_writable(output.place)
    chosen = request.strategies(strategies or [])
    settings, checks = request.terms(""), []
    with progress(output.hides_progress) as bar:
        task = bar.add_task("checks", total=len(chosen) * cuts)
        for number, strategy in enumerate(chosen, 1):
            bar.update(task, description=counting("futures", strategy.name))
            market = market_of(strategy, settings)
            checks.append(
                check_strategy(
                    strategy, market, settings.events, settings.account, cuts, request.seed,
                    lambda: bar.advance(task),
                )
            )  # fmt: skip
            bar.update(task, completed=number * cuts)
    for strategy, one in zip(chosen, checks, strict=True):
        keep_check(one, strategy, cuts, output.place)
    if output.as_json:
        print(json.dumps({"data": request.data, "strategies": {c.strategy: to_json(c) for c in checks}}))
    else:
        print_checks(checks, output.terminal)
    return int(any(c.wrong for c in checks))


def to_json(c: StrategyCheck) -> dict[str, Any]:
    """The sentence, and a row a question."""
    rows = [{"question": r.name, "status": str(r.status), "detail": r.detail} for r in c.rows]
    return {"wrong": bool(c.wrong), "sentence": c.sentence, "rows": rows}


def print_checks(checks: list[StrategyCheck], terminal: Terminal) -> None:
    """The sentence first, then each question and what was found, those that went wrong first."""
    for c in checks:
        terminal.say(f"{c.strategy}: {c.sentence}", "bad" if c.wrong else "good")
        for row in sorted(c.rows, key=lambda r: list(TONES).index(str(r.status))):
            terminal.say(f"{str(row.status).upper()} {row.name}: {row.detail}", TONES[str(row.status)], "  ")
