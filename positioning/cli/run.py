"""Backtest strategies and write their tearsheets: python -m backtests.run [STRATEGY ...]"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from positioning.cli.command import Command, new_app, one_line_errors, say_left_out, typed
from positioning.cli.options import AsCsv, AsJson, LogFile, Names, Out, Quiet, Verbose
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.request_options import with_request
from positioning.cli.terminal import Terminal
from positioning.files import safe_name
from positioning.json_text import json_text

app = new_app()


@app.command(cls=Command)
@with_request()
def run(
    request: Request,
    strategies: Names = None,
    out: Out = "reports",
    standalone: Annotated[
        bool,
        typer.Option("--standalone", help="Plotly's script inside each tearsheet (5 MB), not beside it."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each tearsheet by headless Chromium, too.")
    ] = False,
    factsheet: Annotated[
        bool, typer.Option("--factsheet", help="Two A4 pages for a client, too; as PDF with --pdf.")
    ] = False,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    log: LogFile = None,
) -> None:
    """Prices in; strategies decided, accounted, judged; tearsheets out."""
    terminal = Terminal(verbose, quiet or as_json, log)
    with one_line_errors(), terminal.open():
        from positioning.cli.run_output import print_summary, to_json
        from positioning.data.recording import RecordingSource
        from positioning.market.benchmark import parts
        from positioning.market.findings import accept
        from positioning.reporting.factsheet import write_factsheet
        from positioning.reporting.page_file import refuse_foreign_pages
        from positioning.reporting.pages import CompletedRun, write_csv, write_pages
        from positioning.reporting.pdf import browser, print_pdf
        from positioning.runs.backtest import backtest
        from positioning.runs.checks import kept_check
        from positioning.runs.saved import read_runs

        def compared_with(text: str) -> list[str]:
            return [part.instrument.symbol for part in parts(text, request.facts.instruments)]

        place = Path(out)
        if pdf:
            browser()  # missed before anything is computed
        chosen = request.strategies(strategies or [])
        stems = [safe_name(p.name) for p in chosen]
        kinds = ("", "_factsheet") if factsheet else ("",)
        refuse_foreign_pages(place, ["index.html", *(f"{s}{kind}.html" for s in stems for kind in kinds)])
        accept(
            (),
            request.accepted,
            {
                s
                for p in chosen
                for s in (*p.names, *p.hedges, *compared_with(request.benchmark or p.benchmark))
            },
            request.facts.instruments,
        )  # words naming nothing
        terms = request.terms(typed("run"))
        with progress(as_json or quiet) as bar:
            task = bar.add_task("backtests", total=len(chosen) * (1 + request.placebos))
            works = []
            for strategy in chosen:
                bar.update(task, description=strategy.name)
                witness = RecordingSource(terms.source)
                report = backtest(strategy, replace(terms, source=witness), lambda: bar.advance(task))
                report = replace(report, check=kept_check(strategy, place))
                works.append(
                    CompletedRun(report, request.kept(strategy), witness.digests, request.study(strategy))
                )
                bar.advance(task)
            task = bar.add_task("pages", total=len(chosen))
            files = write_pages(works, place, lambda: bar.advance(task), standalone)
            files += [write_csv(work.report, place) for work in works if as_csv]
            sheets = [write_factsheet(work.report, place) for work in works if factsheet]
            files += [*sheets, *(print_pdf(sheet) for sheet in sheets if pdf)]
            files += [print_pdf(page) for page in files[: len(works)] if pdf]
        say_left_out(read_runs(place).left_out)
        reports = [work.report for work in works]
        if as_json:
            print(json_text(to_json(request.data, reports, files)))
        else:
            print_summary(reports, files, terminal)
            for line in undecided(request):
                terminal.say(line, "bad")


def undecided(request: Request) -> list[str]:
    """What the lists of `--screen-file` leave to a person, in one line or none."""
    made = request.screening
    if made is None or not made.undecided:
        return []
    names = ", ".join(dict.fromkeys(f.hit.symbol for f in made.undecided))
    return [
        f"{len(made.undecided)} rows of the lists may be {names} by their names: nobody decided, so they restrict "
        "nothing; see python -m backtests.screen"
    ]
