"""Backtest strategies and write their tearsheets: positioning run [STRATEGY ...]"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positioning.cli.command import new_app, say_left_out
from positioning.cli.command_words import command_words, typed
from positioning.cli.declare import command
from positioning.cli.kept_request import kept_words, study_file
from positioning.cli.options import AsCsv, Factsheet, Names
from positioning.cli.output import Output
from positioning.cli.progress import counting, progress
from positioning.cli.request import Request
from positioning.errors import one_line, shortened
from positioning.files import check_writable, safe_name
from positioning.json_text import json_text

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport
    from positioning.strategy.strategy import Strategy

INCOMPLETE = 1  # exit status where a page failed and the others are written

app = new_app()


@command(app)
def run(
    request: Request,
    output: Output,
    strategies: Names = None,
    standalone: Annotated[
        bool,
        typer.Option("--standalone", help="Plotly's script inside each tearsheet (5 MB), not beside it."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each tearsheet by headless Chromium, too.")
    ] = False,
    factsheet: Factsheet = False,
    no_quantstats: Annotated[
        bool, typer.Option("--no-quantstats", help="Tearsheets without quantstats' report, sooner.")
    ] = False,
    as_csv: AsCsv = False,
    as_xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Every table as a sheet of a spreadsheet, too.")
    ] = False,
) -> int:
    """Prices in; strategies decided, accounted, judged; tearsheets out."""
    from positioning.reporting.page_file import refuse_foreign_pages
    from positioning.reporting.pages import CompletedRun, Pages
    from positioning.worker_processes import cores

    place = output.place
    check_writable(place, place / "assets", place / "runs")
    if pdf:
        from positioning.reporting.pdf import browser

        browser()  # missed before anything is computed
    with Pages(place, len(strategies or ()) or cores(), standalone, not no_quantstats) as pages:
        # while another process imports what it needs
        from positioning.cli.run_output import print_summary, to_json
        from positioning.data.recording import RecordingSource
        from positioning.runs.backtest import backtest
        from positioning.runs.checks import kept_check
        from positioning.runs.searches import kept_searches

        chosen = request.strategies(strategies or [])
        refuse_foreign_pages(
            place, file_names([safe_name(p.name) for p in chosen], factsheet, pdf, as_csv, as_xlsx)
        )
        check_words(request, chosen)
        terms = request.terms(typed("run"))
        with progress(output.hides_progress) as bar:
            task = bar.add_task("backtests", total=len(chosen) * (1 + request.placebos))
            for strategy in chosen:
                bar.update(
                    task, description=counting("accounts on recorded and shuffled dates", strategy.name)
                )
                witness = RecordingSource(terms.source)
                report = backtest(strategy, replace(terms, source=witness), lambda: bar.advance(task))
                search = kept_searches(strategy, report.result.market.simulated, place)
                report = replace(report, check=kept_check(strategy, place), kept_search=search)
                origin = kept_words(request, strategy), witness.digests, study_file(request, strategy)
                pages.add(CompletedRun(report, *origin))
                bar.advance(task)
        reports = [work.report for work in pages.works]
        if not output.as_json:
            print_summary(reports, output.terminal)
            sys.stdout.flush()
        with progress(output.hides_progress) as bar:
            task = bar.add_task("pages", total=len(chosen))
            files, failed = pages.write(lambda: bar.advance(task))
    missing = {failure.strategy for failure in failed}
    files += _further(
        [r for r in reports if r.strategy.name not in missing],
        place,
        files,
        as_csv,
        as_xlsx,
        factsheet,
        pdf,
    )
    _say_left_out(place)
    if output.as_json:
        print(json_text(to_json(request.data, reports, files)))
    else:
        output.terminal.wrote(files)
        for line in undecided(request):
            output.terminal.say(line, "bad")
    for failure in failed:
        print(
            f"error: the page of {failure.strategy} failed ({shortened(one_line(failure.why), 200)}); wanted a page "
            "of each; the others are written, type its name alone for another try", file=sys.stderr,
        )  # fmt: skip
    return INCOMPLETE if failed else 0


def _further(
    reports: Sequence[BacktestReport],
    place: Path,
    pages: Sequence[Path],
    as_csv: bool,
    as_xlsx: bool,
    factsheet: bool,
    pdf: bool,
) -> list[Path]:
    """What is written beside the tearsheets where it is asked for."""
    from positioning.reporting.pages import write_csv

    files = [write_csv(report, place) for report in reports if as_csv]
    if as_xlsx:
        from positioning.reporting.workbook import write_workbook

        files += [write_workbook(report, place) for report in reports]
    if factsheet:
        from positioning.reporting.factsheet import write_factsheet

        sheets = [write_factsheet(report, place) for report in reports]
        files += sheets
    if pdf:
        from positioning.reporting.pdf import print_pdf

        files += [print_pdf(sheet) for sheet in (sheets if factsheet else [])]
        files += [print_pdf(page) for page in pages[: len(reports)]]
    return files


def _say_left_out(place: Path) -> None:
    from positioning.runs.saved_run import read_runs

    say_left_out(read_runs(place).left_out)


def check_words(request: Request, chosen: Sequence[Strategy]) -> None:
    """BadInputError where an accepted finding names nothing of this run; told, where a restriction does."""
    from positioning.market.benchmark import parts
    from positioning.market.findings import accept

    instruments = request.facts.instruments
    symbols = {s for p in chosen for s in (*p.names, *p.hedges)}
    beside = {
        b.instrument.symbol for p in chosen for b in parts(request.benchmark or p.benchmark, instruments)
    }
    accept((), request.accepted, symbols | beside, instruments)
    say_left_out(request.idle(symbols))


def file_names(
    stems: Sequence[str], factsheet: bool, pdf: bool, as_csv: bool, as_xlsx: bool = False
) -> list[str]:
    """The names of the files that a run writes beside the kept ones."""
    kinds = ("", "_factsheet") if factsheet else ("",)
    ends = [f"{kind}{end}" for kind in kinds for end in ((".html", ".pdf") if pdf else (".html",))]
    ends += [*([".csv"] if as_csv else []), *([".xlsx"] if as_xlsx else [])]
    return ["index.html", *(f"{s}{end}" for s in stems for end in ends)]


def undecided(request: Request) -> list[str]:
    """What the lists of `--screen-file` leave to a person, in one line or none."""
    screening = request.screening
    if screening is None or not screening.undecided:
        return []
    names = ", ".join(dict.fromkeys(f.hit.symbol for f in screening.undecided))
    return [
        f"{len(screening.undecided)} rows of the lists may be {names} by their names: nobody decided, so they restrict "
        f"nothing; see {command_words('screen')}"
    ]
