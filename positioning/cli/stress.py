"""What strategies stand to lose in simulated futures: positioning stress [STRATEGY ...]"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app, say_left_out
from positioning.cli.command_words import typed
from positioning.cli.config import answer_text
from positioning.cli.declare import command
from positioning.cli.options import Names, Workers
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.terminal import Table, Terminal, table
from positioning.cli.values import span_of
from positioning.errors import BadInputError
from positioning.json_text import json_text
from positioning.worker_processes import cores

if TYPE_CHECKING:
    import numpy as np

    from positioning.events.silence import Silence
    from positioning.scenarios.simulation import PathWork
    from positioning.scenarios.stress_test import StressTest

app = new_app()


@command(app, without=("benchmark", "placebos", "factors", "region"))
def stress(
    request: Request,
    output: Output,
    ctx: typer.Context,
    strategies: Names = None,
    scenarios: Annotated[
        str, typer.Option(help="A set of the thesis by its name, or a TOML file; default its first by name.")
    ] = "",
    paths: Annotated[int, typer.Option(help="Simulated per scenario.")] = 10_000,
    horizon: Annotated[int, typer.Option(help="Rows; 252 is about a year.")] = 252,
    workers: Workers = 0,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The workers of a dask scheduler: tcp://HOST:8786.")
    ] = None,
    history: Annotated[int, typer.Option(help="Rows the names must have in common.")] = 500,
    drift: Annotated[
        str, typer.Option(help="zero (mean returns of the past taken out) or history (kept).")
    ] = "zero",
    window: Annotated[
        str | None,
        typer.Option(
            "--replay",
            metavar="FIRST:LAST",
            help="Days of the past put onto today; none for no replay; default the thesis' own.",
        ),
    ] = None,
    limit: Annotated[float, typer.Option(help="Drawdown that reverse stress looks for.")] = 0.2,
) -> None:
    """Scenarios simulated, weighed, replayed and searched; a page, a table in JSON and Parquet."""
    from positioning.events.silence import silence
    from positioning.market.load import load
    from positioning.reporting.page_file import check_place
    from positioning.reporting.stress_test.page import write_stress
    from positioning.scenarios.scenario_file import read_scenarios
    from positioning.scenarios.setup import StressTerms
    from positioning.scenarios.stress_test import (
        StressSettings,
        published_series,
        simulate_scenarios,
        total_paths,
    )  # fmt: skip
    from positioning.simulation.cash import read_cash
    from positioning.simulation.fees import read_fees
    from positioning.simulation.taxes import read_tax
    from positioning.strategy.from_file import reference

    chosen, thesis = request.strategies(strategies or []), request.advice()
    check_place(
        output.place, ("stress.html", "stress.json", "stress.parquet", "index.html"), "assets", "answers"
    )
    futures = read_scenarios(thesis, scenarios, horizon)
    choice = StressSettings(
        paths,
        request.seed,
        workers or cores(),
        history,
        drift,  # type: ignore[arg-type]  # checked there
        thesis.replay if window is None else window_of(window),
        limit,
    )
    terms = StressTerms(
        thesis.events,
        read_fees(request.fees),
        request.fill,  # type: ignore[arg-type]  # checked where the ledger inputs are made
        read_cash(request.cash),
        request.mark,
        tax=read_tax(request.investor),
        capital=request.sized(),
    )
    names = list(dict.fromkeys(s for p in chosen for s in p.names))
    hedges = list(dict.fromkeys(s for p in chosen for s in p.hedges))
    with by_whom(dask, choice.side_by_side) as work:
        source = request.source()
        say_left_out(request.idle([*names, *hedges]))
        market = load(
            source, names, hedges, span_of(request.start, request.end), request.base.upper(),
            max(p.history for p in chosen), terms.events.crash_dates, request.accepted,
        )  # fmt: skip
        series = published_series(source, market.drivers, futures)
        with progress(output.hides_progress) as bar:
            task = bar.add_task("paths", total=total_paths(futures, choice))
            result = simulate_scenarios(
                market, series, futures, chosen, terms, choice, lambda n: bar.advance(task, n), work
            )
    study = answer_text(ctx, strategies=[reference(type(p)) for p in chosen])
    themes = tuple(dict.fromkeys(t for p in chosen for t in p.themes))
    past = silence(thesis, themes, result.source.rows[-1]) if themes else None
    files = write_stress(result, typed("stress"), output.place, past, study)
    answer(request.data, result, past, files, output.as_json, output.terminal)


def by_whom(dask: str | None, workers: int) -> AbstractContextManager[PathWork]:
    """Who works out the paths: processes, which get ready from now on, or a cluster. Raises BadInputError where the
    package for that is missing."""
    from positioning.scenarios.simulation import in_worker_processes

    if dask is None:
        return in_worker_processes(workers)
    from positioning.scenarios.on_cluster import cluster

    return nullcontext(cluster(dask))


def window_of(text: str) -> tuple[np.datetime64, np.datetime64] | None:
    """FIRST:LAST as dates, None for `none`. Raises BadInputError."""
    if text == "none":
        return None
    import numpy as np

    try:
        first, last = (np.datetime64(date.fromisoformat(day), "D") for day in text.split(":"))
    except ValueError:
        raise BadInputError(
            f"--replay {text}", "wanted FIRST:LAST or none", "type --replay 2022-02-17:2022-04-18"
        ) from None
    return first, last


def answer(
    data: str,
    result: StressTest,
    past: Silence | None,
    files: Sequence[Path],
    as_json: bool,
    terminal: Terminal,
) -> None:
    """One JSON object; or a sentence a strategy and the table."""
    if as_json:
        print(json_text({"data": data, **to_json(result, past), "files": files}))
        return
    from positioning.reporting.stress_test.words import identical_scenarios, strategy_verdict

    if past is not None:
        terminal.say(past.words, "bad")
    for name in result.figures:
        verdict = strategy_verdict(result, name)
        terminal.say(f"{name}: {verdict.sentence}", verdict.tone)
    for line in identical_scenarios(result):
        terminal.say(line, "quiet")
    terminal.table(_table(result))
    terminal.say(
        "mean to ES 95: return over the horizon after costs. loss: share of paths that end below the opening; drop: "
        "that fall by over 20 %; trapped: mean value held in frozen names.",
        "quiet",
    )
    terminal.notices(list(dict.fromkeys(result.notices)), ())
    terminal.wrote(files)


def to_json(result: StressTest, past: Silence | None) -> dict[str, Any]:
    """The table, what it was made with, and the thresholds."""
    from positioning.reporting.stress_test.page import to_json as figures_json

    return figures_json(result, past)


HEADS = (
    "strategy, scenario",
    "p",
    "mean",
    "vol",
    "VaR 95",
    "ES 95",
    "worst\nfall",
    "loss",
    "drop",
    "trapped",
)


def _table(result: StressTest) -> Table:
    rows = [
        [
            f"{row['strategy']}, {row['scenario']}", f"{row['probability']:.0%}", f"{row['mean']:+.1%}",
            f"{row['deviation']:.1%}", f"{row['var_95']:+.1%}", f"{row['es_95']:+.1%}", f"{row['drawdown']:.1%}",
            f"{row['loss']:.0%}", f"{row['deep']:.1%}", f"{row['trapped']:.1%}",
        ]
        for row in result.table()
    ]  # fmt: skip
    return table(HEADS, rows)
