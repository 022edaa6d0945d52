"""How much money a strategy can hold: positioning capacity [STRATEGY ...]"""

from __future__ import annotations

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import typed
from positioning.cli.declare import command
from positioning.cli.options import Names
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.files import safe_name
from positioning.json_text import json_text

app: typer.Typer = new_app()


@command(app, without=("placebos", "seed", "factors", "region"))
def capacity(
    request: Request,
    output: Output,
    strategies: Names = None,
) -> None:
    """Return, Sharpe and cost against capital, days to exit by leg, and where each edge is gone; legs at --capital (10
    million where it is 0)."""
    from positioning.reporting.capacity import answer, write_capacity
    from positioning.reporting.page_file import check_place
    from positioning.runs.capacity import capacity as capacity_of

    chosen = request.strategies(strategies or [])
    check_place(
        output.place,
        (f"capacity_{safe_name(p.name)}{end}" for p in chosen for end in (".html", ".json")),
        "assets",
    )
    settings = request.terms(typed("capacity"))
    answers, files = [], []
    with progress(output.hides_progress) as bar:
        task = bar.add_task("capacities", total=len(chosen))
        for strategy in chosen:
            answers.append(capacity_of(strategy, settings))
            files += write_capacity(answers[-1], output.place)
            bar.advance(task)
    if output.as_json:
        by_strategy = {f.strategy.name: {"answer": answer(f)} | f.to_json() for f in answers}
        print(json_text({"data": request.data, "strategies": by_strategy, "files": [str(f) for f in files]}))
        return
    for f in answers:
        mark = " (SIMULATED prices)" if f.simulated else ""
        output.terminal.say(f"{f.strategy.name}{mark}: {answer(f)}")
    output.terminal.wrote(files)
