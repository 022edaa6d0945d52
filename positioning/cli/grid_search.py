"""Search a grid of parameters and say how much of the winner is luck: positioning grid-search STRATEGY"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from positioning.search.measures import Measure
    from positioning.search.run import Work
    from positioning.search.space import GridIndex, SearchSpace

from positioning.cli.command import new_app
from positioning.cli.command_words import option_words, typed
from positioning.cli.config import answer_text
from positioning.cli.declare import command
from positioning.cli.grid_output import answer
from positioning.cli.options import Workers
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.worker_processes import cores

app = new_app()


@command(app, without=("benchmark", "placebos", "factors", "region"))
def grid_search(
    request: Request,
    output: Output,
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="STRATEGY", help="The strategy to search.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUES", help="An axis: 5,10,20 or 0:1:0.1; symbols as A+B,C+D."),
    ] = None,
    random: Annotated[
        int | None, typer.Option(metavar="N", help="Try N of the combinations, drawn at random.")
    ] = None,
    optuna: Annotated[
        int | None,
        typer.Option(metavar="N", help="Try N that Optuna proposes; not kept for --resume until all are."),
    ] = None,
    metric: Annotated[
        str, typer.Option(help="sharpe, sortino, calmar, cagr, total_return or max_drawdown.")
    ] = "sharpe",
    workers: Workers = 0,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The workers of a dask scheduler: tcp://HOST:8786.")
    ] = None,
    walk: Annotated[
        str | None,
        typer.Option(
            "--walk-forward",
            metavar="TRAIN:TEST",
            help="Choose on TRAIN rows, hold through TEST, and again: 504:126.",
        ),
    ] = None,
    cpcv: Annotated[
        str | None,
        typer.Option(
            metavar="GROUPS:TEST[:EMBARGO]", help="Purged cross-validation: 10:2, embargo 1 % of the rows."
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a search that was stopped, where its inputs are the same."),
    ] = False,
) -> None:
    """Every combination decided, accounted and measured; the plateau, the peak, and how much of it is luck."""
    from positioning.analysis.cross_validation import PBO_TRIALS
    from positioning.cli.grid_request import (
        groups_of,
        require_untouched,
        space_of,
        strategy_and_axes,
        whole_numbers,
        words_of,
    )
    from positioning.data.recording import RecordingSource
    from positioning.reporting.page_file import check_place
    from positioning.reporting.search.outcome import SearchReport, write_trials
    from positioning.reporting.search.page import write_grid
    from positioning.search.assessment import assess
    from positioning.search.checkpoint import inputs_of, open_chunks, trials_kept
    from positioning.search.measures import Figures
    from positioning.search.processes import workers_for
    from positioning.search.purged_cv import cross_validate
    from positioning.search.run import Search, search
    from positioning.search.sampling import MOST_TRIALS, draw
    from positioning.search.trials import Plan
    from positioning.search.walk_forward import spans, spans_measure, walk_forward
    from positioning.strategy.from_file import reference

    require_untouched(optuna, random, walk, cpcv)
    strategy, axes = strategy_and_axes(
        request, name, grid or [], metric, MOST_TRIALS if random is None and optuna is None else None
    )
    check_place(output.place, ("grid.html", "grid.json", "trials.parquet", "index.html"), "assets", "answers")
    terms = request.terms(typed("grid_search"))
    space = space_of(strategy, axes, replace(terms, source=(witness := RecordingSource(terms.source))))
    codes = (
        draw(space, random, request.seed)
        if optuna is None
        else proposed(space, metric, optuna, request.seed, output.hides_progress)
    )
    full = codes.shape[0] == space.combinations
    doing = workers_for(strategy, workers or cores())
    question = Search(space, metric, full, doing, proposed=optuna is not None and not full)
    measures: list[Measure] = [Figures(squares=codes.shape[0] <= PBO_TRIALS)]
    if walk is not None:
        folds = spans(
            space.market.rows.size - space.market.start,
            *whole_numbers("--walk-forward", walk, "504:126"),
        )
        measures.append(spans_measure(folds, metric))
    parts = None if cpcv is None else groups_of(cpcv, space)
    plan = Plan(codes, tuple(measures))
    work = question.work if dask is None else on_cluster(dask)
    inputs = inputs_of(space, plan, witness.digests)
    with (
        open_chunks(output.place, inputs, plan, resume) as (chunks, notice),
        progress(output.hides_progress) as bar,
    ):
        if notice:
            print(option_words(notice, ("resume",)), file=sys.stderr)
        before, task = trials_kept(chunks, plan), bar.add_task("trials", total=plan.trials)
        start = time.perf_counter()
        trials = search(space, plan, chunks, work, lambda n: bar.advance(task, n))
        seconds = time.perf_counter() - start
        bar.add_task("assessment", total=None)
        assessment = assess(question, trials)
        report = SearchReport(
            question, terms.thesis, trials, assessment, terms.command, words_of(request, space), seconds, before,
            None if walk is None else walk_forward(question, trials, folds),
            None if parts is None else cross_validate(question, trials, *parts),
        )  # fmt: skip
        files = [
            write_grid(report, output.place, answer_text(ctx, name=reference(type(strategy)))),
            write_trials(report, output.place),
        ]
    answer(report, files, request.data, output.as_json, output.terminal, output.place)


def proposed(space: SearchSpace, metric: str, trials: int, seed: int, quiet: bool) -> GridIndex:
    """Raises BadInputError where the package for it is missing."""
    from positioning.search.optuna_sampler import propose

    with progress(quiet) as bar:
        task = bar.add_task("proposals", total=trials)
        return propose(space, metric, trials, seed, lambda n: bar.advance(task, n))


def on_cluster(address: str) -> Work:
    """Raises BadInputError where the package for it is missing."""
    from positioning.search.on_cluster import cluster

    return cluster(address)
