"""How much money a strategy can hold: python -m backtests.capacity [STRATEGY ...]"""

from __future__ import annotations

from pathlib import Path

import typer

from positioning.cli.command import Command, new_app, one_line_errors, typed
from positioning.cli.options import AsJson, LogFile, Names, Out, Quiet, Verbose
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.request_options import with_request
from positioning.cli.terminal import Terminal
from positioning.files import safe_name
from positioning.json_text import json_text

app: typer.Typer = new_app()


@app.command(cls=Command)
@with_request("placebos", "seed", "factors", "region")
def capacity(
    request: Request,
    strategies: Names = None,
    out: Out = "reports",
    as_json: AsJson = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    log: LogFile = None,
) -> None:
    """Return, Sharpe and cost against capital, days to exit by leg, and where each edge is gone; legs at --capital (10
    million where it is 0)."""
    terminal = Terminal(verbose, quiet or as_json, log)
    with one_line_errors(), terminal.open():
        from positioning.reporting.capacity import answer, write_capacity
        from positioning.reporting.page_file import refuse_foreign_pages
        from positioning.runs.capacity import capacity as capacity_of

        chosen = request.strategies(strategies or [])
        refuse_foreign_pages(
            Path(out), (f"capacity_{safe_name(p.name)}{end}" for p in chosen for end in (".html", ".json"))
        )
        settings = request.terms(typed("capacity"))
        found, files = [], []
        with progress(as_json or quiet) as bar:
            task = bar.add_task("capacities", total=len(chosen))
            for strategy in chosen:
                found.append(capacity_of(strategy, settings))
                files += write_capacity(found[-1], Path(out))
                bar.advance(task)
        if as_json:
            told = {f.strategy.name: {"answer": answer(f)} | f.to_json() for f in found}
            print(json_text({"data": request.data, "strategies": told, "files": [str(f) for f in files]}))
            return
        for f in found:
            mark = " (SIMULATED prices)" if f.simulated else ""
            terminal.say(f"{f.strategy.name}{mark}: {answer(f)}")
        terminal.wrote(files)
