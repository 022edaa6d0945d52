"""Set kept runs side by side on one page: positioning compare [RUN|STRATEGY ...]"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app, say_left_out
from positioning.cli.declare import command
from positioning.cli.options import (
    FACTORS,
    AsCsv,
    Factsheet,
    Region,
    Seed,
)
from positioning.cli.output import Output
from positioning.cli.request import Request
from positioning.cli.strategies import known_as
from positioning.csv_output import csv_text
from positioning.errors import BadInputError
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.runs.comparison import Comparison
    from positioning.runs.foreign_returns import ForeignReturns
    from positioning.runs.saved_run import SavedRun

app = new_app()


@command(app)
def compare(
    output: Output,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN|STRATEGY]...", help="Run IDs, folders, or strategies; none: each one's newest."
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=100, max=100_000, help="Of the bootstrap.")] = 1000,
    seed: Seed = 0,
    factors: Annotated[list[str] | None, FACTORS] = None,
    region: Region = None,
    mixed: Annotated[
        bool,
        typer.Option("--mixed", help="Runs on simulated prices beside others, or --returns, with a warning."),
    ] = False,
    returns: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Daily simple returns of another program: .csv or .parquet, dates first, then a column a strategy in "
            "fractions (0.01 for 1 %), or in per cent where its name ends in %.",
        ),
    ] = None,
    factsheet: Factsheet = False,
    as_csv: AsCsv = False,
) -> None:
    """Metrics with intervals, curves, contributions and tests over the dates the runs share."""
    from positioning.reporting.comparison.page import write_comparison
    from positioning.reporting.comparison.words import remarks
    from positioning.reporting.index import write_index
    from positioning.reporting.page_file import check_place, write_page
    from positioning.runs.comparison import compare as set_side_by_side
    from positioning.runs.foreign_returns import read_returns

    place = output.place
    request = Request(factors=tuple(factors or ()), region=region)
    published = request.published()  # refused before anything is read
    pages = ("comparison.html", "index.html", *(("comparison.csv",) if as_csv else ()))
    check_place(place, pages)
    foreign = [column for file in returns or [] for column in read_returns(Path(file))]
    runs = chosen(place, names or [], mixed, alone=not foreign)
    _refuse_mixed(runs, foreign, mixed)
    comparison = set_side_by_side([*runs, *foreign], draws, seed, published, request.region_word)
    sheets = factsheets(runs, place) if factsheet else []
    files = [write_comparison(comparison, place), write_index(place), *sheets]
    if as_csv:
        files.append(write_page(place / "comparison.csv", to_csv(comparison)))
    if output.as_json:
        print(json_text(to_json(comparison, files)))
        return
    for x in comparison.contenders:
        if own := x.run.summary.get("verdict"):
            output.terminal.say(f"{x.label}: {own['sentence']}", own["tone"])
    for line in remarks(comparison):
        output.terminal.say(line)
    for x in comparison.contenders:
        if x.factors is not None:
            output.terminal.say(f"{x.label}: {x.factors.sentence}", "neutral")
    output.terminal.wrote(files)


def _refuse_mixed(runs: Sequence[SavedRun], foreign: Sequence[ForeignReturns], mixed: bool) -> None:
    """BadInputError for returns of unknown prices beside runs on generated ones, unless that is what is asked for."""
    made_up = [run.id for run in runs if run.summary["simulated"]]
    if made_up and foreign and not mixed:
        raise BadInputError(
            f"whether {foreign[0].source.name} stands on real prices is not known, and {len(made_up)} of the "
            f"{len(runs)} runs beside it stand on simulated ones ({made_up[0]})",
            "wanted runs on real prices beside it",
            "name those, or type --mixed to set them side by side all the same",
        )


def factsheets(runs: Sequence[SavedRun], out: Path) -> list[Path]:
    """Two pages on each run, made again for them. Raises BadInputError where one no longer makes its numbers."""
    from positioning.cli.verify import again, difference
    from positioning.reporting.factsheet import write_factsheet

    pages = []
    for run in runs:
        report, _ = again(run, shuffled=True)
        if moved := difference(run, report):
            raise BadInputError(
                f"run {run.id} no longer makes its numbers ({moved})", "wanted the same as were kept",
                "run it again, or ask verify what changed",
            )  # fmt: skip
        pages.append(write_factsheet(report, out))
    return pages


def chosen(out: Path, names: list[str], mixed: bool = False, alone: bool = True) -> list[SavedRun]:
    """The named runs, each once; the newest of each strategy where none is named. Runs on real and on simulated prices
    together only where mixed: else the real ones where none is named. alone: whether there is nothing else to compare, so
    that none is an error. Raises BadInputError."""
    from positioning.runs.saved_run import find_run, read_runs

    runs, left_out = read_runs(out)
    if names:
        say_left_out(left_out)
        matches = list({run.id: run for run in (find_run(out, known_as(name)) for name in names)}.values())
        made_up = [run.id for run in matches if run.summary["simulated"]]
        if 0 < len(made_up) < len(matches) and not mixed:
            raise BadInputError(
                f"{len(made_up)} of these {len(matches)} runs stand on simulated prices ({made_up[0]})",
                "wanted real or simulated ones alone",
                "leave them out, or type --mixed to set them side by side all the same",
            )
        return matches
    newest: dict[tuple[str, bool], SavedRun] = {}
    real = any(not run.summary["simulated"] for run in runs)
    for run in runs:
        key = (run.summary["strategy"], bool(run.summary["simulated"]))
        if key not in newest and (mixed or not real or not key[1]):
            try:
                run.check()
            except BadInputError as error:
                left_out.append(f"left out: {error}")
            else:
                newest[key] = run
    say_left_out(left_out)
    if not newest and alone:
        raise BadInputError(f"no run in {out}", "wanted two or more", "make some: `run`")
    return sorted(newest.values(), key=lambda run: str(run.summary["made"]))


def figures(comparison: Comparison) -> list[dict[str, Any]]:
    """One row a strategy and metric, with its interval; undefined is None."""
    from positioning.reporting.tearsheet.figures import ROWS

    rows = []
    for x in comparison.contenders:
        for row in ROWS:
            value = None if x.metrics is None or not x.inside else getattr(x.metrics, row.field)
            low, high = x.intervals.get(row.field, (None, None))
            rows.append({
                "strategy": x.label, "run": x.run.id, "metric": row.field, "value": plain(value),
                "low": low, "high": high,
            })  # fmt: skip
    return rows


def to_csv(comparison: Comparison) -> str:
    """The figures as CSV."""
    rows = figures(comparison)
    return csv_text([list(rows[0]), *(row.values() for row in rows)])


def to_json(comparison: Comparison, files: list[Path]) -> dict[str, Any]:
    """The common span, what must be known, every figure with its interval, and the pairwise tests."""
    from positioning.reporting.comparison.words import remarks
    from positioning.runs.comparison import differences

    names = [comparison.contenders[n].label for n in comparison.rivals]
    return {
        "span": [str(day) for day in comparison.span] if comparison.span else None,
        "remarks": remarks(comparison),
        "differences": dict(differences(comparison)),
        "verdicts": {x.label: x.run.summary.get("verdict") for x in comparison.contenders},
        "held": {x.label: x.run.summary.get("held") for x in comparison.contenders},
        "figures": figures(comparison),
        "factors": {x.label: None if x.factors is None else x.factors.to_json() for x in comparison.contenders},
        "pairs": [
            {"better": names[p.winner], "worse": names[p.loser], "difference": p.difference, "low": p.low,
             "high": p.high, "p": p.p, "holm": p.holm}
            for p in comparison.pairs
        ],
        "files": [str(f) for f in files],
    }  # fmt: skip
