"""Backtest strategies and write their tearsheets: python -m backtests.run [STRATEGY ...]"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from backtests.cli import Command, one_line_errors, progress
from backtests.request import Request

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(cls=Command)
def run(
    strategies: Annotated[
        list[str] | None, typer.Argument(metavar="[STRATEGY]...", help="Strategies; none means all.")
    ] = None,
    data: Annotated[
        str,
        typer.Option(help="sample (simulated), folder:DIR, yahoo (as fetched), snapshot:NAME."),
    ] = "sample",
    start: Annotated[
        str | None, typer.Option(help="First day, 2021-06-30; default 2020-01-01 or when history suffices.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Last day; default the earliest end among names, hedge, currencies.")
    ] = None,
    base: Annotated[str, typer.Option(help="Base currency.")] = "USD",
    fees: Annotated[str, typer.Option(help="default, none, or a CSV file.")] = "default",
    fill: Annotated[
        str, typer.Option(help="open or close of the first session after the decision.")
    ] = "open",
    cash: Annotated[str, typer.Option(help="Annual rate on cash (0.03), or a CSV with date,rate.")] = "0",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter, for all that have it, or STRATEGY.NAME=VALUE."
        ),
    ] = None,
    benchmark: Annotated[str | None, typer.Option(help="Symbol; default each strategy's own.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="A CSV of events in place of the shipped record.")
    ] = None,
    screen: Annotated[
        str | None, typer.Option(help="none, listed or strict, for all; default each strategy's own.")
    ] = None,
    mark: Annotated[
        str, typer.Option(help="Of frozen holdings: last, zero or haircut:X (X of the price is lost).")
    ] = "last",
    restrictions: Annotated[
        Path | None, typer.Option(help="A CSV of restrictions in place of the shipped record.")
    ] = None,
    placebos: Annotated[
        int, typer.Option("--placebo", metavar="N", help="Rerun on N sets of shuffled event dates.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the shuffles.")] = 0,
    cache: Annotated[Path, typer.Option(help="Where fetched prices are.")] = Path("data_cache"),
    accepted: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="SYMBOL:CHECK", help="Go on in spite of this error in the prices."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the pages go.")] = Path("reports"),
    standalone: Annotated[
        bool,
        typer.Option("--standalone", help="Plotly's script inside each tearsheet (5 MB), not beside it."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each tearsheet by headless Chromium, too.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write each account's daily rows, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Prices in; strategies decided, accounted, judged; tearsheets out."""
    with one_line_errors():
        from backtests.run_output import print_summary, to_json
        from positioning.data.recording import RecordingSource
        from positioning.market.quality import accept
        from positioning.reporting.pages import CompletedRun, write_csv, write_pages
        from positioning.reporting.pdf import browser, print_pdf
        from positioning.runs.backtest import backtest

        if pdf:
            browser()  # missed before anything is computed
        request = Request(
            data, start, end, base, fees, fill, cash, tuple(settings or ()), benchmark, _text(events), screen, mark,
            _text(restrictions), placebos, seed, str(cache), tuple(accepted or ()),
        )  # fmt: skip
        chosen = request.strategies(strategies or [])
        accept((), accepted or [], {s for p in chosen for s in (*p.names, *p.hedges)})  # words naming nothing
        terms = request.terms(shlex.join(["python", "-m", "backtests.run", *sys.argv[1:]]))
        with progress(as_json) as bar:
            task = bar.add_task("backtests", total=len(chosen) * (1 + placebos))
            works = []
            for strategy in chosen:
                bar.update(task, description=strategy.name)
                witness = RecordingSource(terms.source)
                report = backtest(strategy, replace(terms, source=witness), lambda: bar.advance(task))
                works.append(CompletedRun(report, request.kept(strategy.name), witness.digests))
                bar.advance(task)
            task = bar.add_task("pages", total=len(chosen))
            files = write_pages(works, out, lambda: bar.advance(task), standalone)
            files += [write_csv(work.report, out) for work in works if as_csv]
            files += [print_pdf(page) for page in files[: len(works)] if pdf]
        reports = [work.report for work in works]
        if as_json:
            print(json.dumps(to_json(data, reports, files), allow_nan=False))
        else:
            print_summary(reports, files)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


if __name__ == "__main__":
    app()
