"""Search a grid of parameters and say how much of the winner is luck: python -m backtests.grid_search POSITION"""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backtests.cli import Command, one_line_errors, progress
from backtests.grid_axes import axes_of, require_few
from backtests.request import Request
from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    from backtests.pipeline import Terms
    from positioning.portfolio.position import Position
    from positioning.reporting.grid_page import Searched
    from positioning.research.ground import Codes, Ground

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

SHOWN = ("sharpe", "total_return", "cagr", "max_drawdown", "turnover", "cost_bps_per_year")


@app.command(cls=Command)
def grid_search(
    name: Annotated[str, typer.Argument(metavar="POSITION", help="The position to search.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUES", help="An axis: 5,10,20 or 0:1:0.1; symbols as A+B,C+D."),
    ] = None,
    random: Annotated[
        int | None, typer.Option(metavar="N", help="Try N of the combinations, drawn at random.")
    ] = None,
    metric: Annotated[
        str, typer.Option(help="sharpe, sortino, calmar, cagr, total_return or max_drawdown.")
    ] = "sharpe",
    data: Annotated[
        str, typer.Option(help="sample (simulated), folder:DIR, yahoo (as fetched), snapshot:NAME.")
    ] = "sample",
    start: Annotated[str | None, typer.Option(help="First day, 2021-06-30.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day.")] = None,
    base: Annotated[str, typer.Option(help="Base currency.")] = "USD",
    fees: Annotated[str, typer.Option(help="default, none, or a CSV file.")] = "default",
    fill: Annotated[
        str, typer.Option(help="open or close of the first session after the decision.")
    ] = "open",
    cash: Annotated[str, typer.Option(help="Annual rate on cash (0.03), or a CSV with date,rate.")] = "0",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of every trial.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="A CSV of events in place of the shipped record.")
    ] = None,
    screen: Annotated[str | None, typer.Option(help="none, listed or strict, for every trial.")] = None,
    mark: Annotated[str, typer.Option(help="Of frozen holdings: last, zero or haircut:X.")] = "last",
    restrictions: Annotated[
        Path | None, typer.Option(help="A CSV of restrictions in place of the shipped record.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the random combinations.")] = 0,
    cache: Annotated[Path, typer.Option(help="Where fetched prices are.")] = Path("data_cache"),
    accepted: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="SYMBOL:CHECK", help="Go on in spite of this error in the prices."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Threads; default all cores.")] = os.cpu_count() or 1,
    out: Annotated[Path, typer.Option(help="Where the page and the table of trials go.")] = Path("reports"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Every combination decided, accounted and measured; the plateau, the peak, and how much of it is luck."""
    with one_line_errors():
        request = Request(
            data, start, end, base, fees, fill, cash, tuple(settings or ()), None, _text(events), screen, mark,
            _text(restrictions), 0, seed, str(cache), tuple(accepted or ()),
        )  # fmt: skip
        position, axes = asked(request, name, grid or [], metric)
        terms = request.terms(shlex.join(["python", "-m", "backtests.grid_search", *sys.argv[1:]]))
        ground = grounded(position, axes, terms)
        codes = chosen(ground, random, seed)
        full = codes.shape[0] == ground.combinations
        searched = run(ground, codes, metric, full, workers, terms.command, request, as_json)
        files = write(searched, out)
        answer(searched, files, data, as_json)


def asked(
    request: Request, name: str, grid: Sequence[str], metric: str
) -> tuple[Position, dict[str, tuple[Any, ...]]]:
    """The position and its axes. Raises BadInputError."""
    from positioning.market.gate import accept
    from positioning.research.sweep import METRICS

    if metric not in METRICS:
        raise BadInputError(
            f"--metric {metric}", f"wanted one of {', '.join(METRICS)}", did_you_mean(metric, METRICS)
        )
    position = request.positions([name])[0]
    axes = axes_of(position, grid)
    if "screen" in axes and request.screen is not None:
        raise BadInputError("--screen beside --grid screen", "wanted one of them", "leave out --screen")
    accept((), request.accepted, {*symbols(position, axes)[0], *symbols(position, axes)[1]})
    return position, axes


def symbols(position: Position, axes: Mapping[str, Sequence[Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every name and every hedge that some trial may hold. Raises BadInputError where one is both."""
    worded = [name for name, values in axes.items() if isinstance(values[0], str | tuple)]
    widest = {name: max(axes[name]) for name in position.SWITCHES if name in axes}
    names: dict[str, None] = {}
    hedges: dict[str, None] = {}
    for values in product(*(axes[name] for name in worded)):
        one = replace(position, **widest, **dict(zip(worded, values, strict=True)))
        names |= dict.fromkeys(one.names)
        hedges |= dict.fromkeys(one.hedges)
    both = set(names) & set(hedges)
    if both:
        raise BadInputError(
            f"{min(both)} is a leg in one trial and a hedge in another",
            "wanted symbols that are always one of them",
            "take it out of --grid legs or --grid hedge",
        )
    return tuple(names), tuple(hedges)


def chosen(ground: Ground, random: int | None, seed: int) -> Codes:
    """(K, A) which value of each axis each trial has: all combinations, or `random` of them, none twice; those that
    may run side by side one after the other."""
    import numpy as np

    count = ground.combinations
    if random is not None and random < 1:
        raise BadInputError(f"--random {random}", "wanted at least one trial", "type --random 10000")
    if random is None or random >= count:
        require_few(count)
        return ground.walk(ground.codes(np.arange(count)))
    require_few(random)
    draw = np.random.default_rng(seed)
    if count < 2**62:
        return ground.walk(ground.codes(np.sort(draw.choice(count, random, replace=False))))
    drawn = [draw.integers(len(v), size=random, dtype=np.int32) for v in ground.axes.values()]
    return ground.walk(np.unique(np.column_stack(drawn), axis=0))


def grounded(position: Position, axes: Mapping[str, tuple[Any, ...]], terms: Terms) -> Ground:
    """The market of all trials, loaded once, and what they share."""
    from backtests.pipeline import moments
    from positioning.market.load import load
    from positioning.research.ground import Ground, check_axes

    check_axes(position, axes)
    names, hedges = symbols(position, axes)
    history = max(axes.get("lookback", (position.history,)))
    market = load(
        terms.source, names, hedges, terms.span, terms.base, history, moments(terms.events), terms.accepted
    )
    return Ground(position, market, terms.events, axes, terms.account)


def run(
    ground: Ground,
    codes: Codes,
    metric: str,
    full: bool,
    workers: int,
    command: str,
    request: Request,
    quiet: bool,
) -> Searched:
    """Searched and judged."""
    from positioning.reporting.grid_page import Searched
    from positioning.research.belief import believe
    from positioning.research.cross_validation import PBO_TRIALS
    from positioning.research.measures import Figures
    from positioning.research.shelf import MemoryShelf
    from positioning.research.sweep import Search, search, threads
    from positioning.research.trials import Plan

    question = Search(ground, metric, full, threads(workers))
    with progress(quiet) as bar:
        task = bar.add_task("trials", total=len(codes))
        begun = time.perf_counter()
        trials = search(
            ground,
            Plan(codes, (Figures(squares=len(codes) <= PBO_TRIALS),)),
            MemoryShelf(),
            question.work,
            lambda n: bar.advance(task, n),
        )
        seconds = time.perf_counter() - begun
        bar.add_task("belief", total=None)
        belief = believe(question, trials)
    return Searched(question, trials, belief, command, words_of(request, ground), seconds)


def words_of(request: Request, ground: Ground) -> tuple[str, ...]:
    """The command that reruns a trial on the same rows, before its settings."""
    market, plain = ground.market, Request()
    words = ["python", "-m", "backtests.run", ground.position.name]
    request = replace(request, start=str(market.rows[market.start]), end=str(market.rows[-1]))
    for option, field in (
        ("data", "data"), ("start", "start"), ("end", "end"), ("base", "base"), ("fees", "fees"), ("fill", "fill"),
        ("cash", "cash"), ("events", "events"), ("screen", "screen"), ("mark", "mark"),
        ("restrictions", "restrictions"), ("cache", "cache"),
    ):  # fmt: skip
        if getattr(request, field) != getattr(plain, field):
            words += [f"--{option}", str(getattr(request, field))]
    for option, each in (("--accept", request.accepted), ("--set", request.settings)):
        words += [w for value in each for w in (option, value)]
    missing = set(ground.position.names) - set(market.symbols)
    if missing and "legs" not in ground.axes:
        words += ["--set", "legs=" + ",".join(s for s in ground.position.names if s not in missing)]
    return tuple(words)


def write(searched: Searched, out: Path) -> list[Path]:
    """The page and the table of all trials."""
    from positioning.reporting.grid_page import write_grid, write_trials

    return [write_grid(searched, out), write_trials(searched, out)]


def answer(searched: Searched, files: Sequence[Path], data: str, as_json: bool) -> None:
    """One JSON object, or a table and sentences."""
    if as_json:
        print(json.dumps(to_json(searched, files, data), allow_nan=False))
        return
    from rich.console import Console
    from rich.table import Table

    from positioning.reporting.grid_page import heading, percent_of, rerun
    from positioning.research.belief import HINDSIGHT, sentences

    console, b = Console(highlight=False, soft_wrap=True), searched.belief
    if searched.ground.market.simulated:
        console.print("SIMULATED prices: a demonstration, not evidence", style="bold red")
    table = Table(title=heading(searched), box=None, padding=(0, 1), pad_edge=False, title_justify="left")
    table.add_column("trial")
    for name in SHOWN:
        table.add_column(name.replace("_", " "), justify="right")
    shown = (("recommended", b.kept.figures), ("best", b.best.figures), ("no events", b.twin))
    for label, figures in shown:
        table.add_row(label, *(percent_of(name, figures[name]) for name in SHOWN))
    console.print(table)
    for line in [*sentences(b), HINDSIGHT]:
        console.print(line, markup=False)
    for label, one in (("recommended", b.kept), ("best", b.best)):
        console.print(f"{label}: {rerun(searched, one.settings)}", markup=False)
    for n in searched.ground.market.notices:
        console.print(f"{n.symbol} {n.text}".strip(), style="dim", markup=False)
    for f in files:
        console.print(f"wrote {f}", markup=False)


def to_json(searched: Searched, files: Sequence[Path], data: str) -> dict[str, Any]:
    """Figures by name, undefined as None; p-values and probabilities as fractions."""
    from positioning.research.belief import HINDSIGHT, sentences

    b, g = searched.belief, searched.ground
    return {
        "data": data,
        "simulated": g.market.simulated,
        "snapshot": g.market.snapshot,
        "position": g.position.name,
        "axes": {name: [_plain(v) for v in values] for name, values in g.axes.items()},
        "metric": b.metric,
        "every_combination": b.full,
        "trials": b.trials,
        "with_sharpe": b.measured,
        "ruined": b.ruined,
        "seconds": searched.seconds,
        "effective_trials": b.effective,
        "sharpe_deviation": b.deviation,
        "luck": b.luck,
        "best": _contestant(searched, b.best),
        "recommended": _contestant(searched, b.kept)
        | {"score": _plain(b.score), "neighbours": b.neighbours, "edges": list(b.edges)},
        "pbo": None
        if b.pbo is None
        else {"probability": b.pbo.probability, "trials": b.pbo.trials, "sampled": b.pbo.sampled,
              "slope": _plain(b.pbo.slope), "probability_of_loss": b.pbo.probability_of_loss},
        "spa": None
        if b.spa is None
        else {"lower": b.spa.lower, "consistent": b.spa.consistent, "upper": b.spa.upper, "trials": b.spa.trials},
        "without_events": {name: _plain(v) for name, v in b.twin.items()},
        "words": [*sentences(b), HINDSIGHT],
        "files": [str(f) for f in files],
    }  # fmt: skip


def _contestant(searched: Searched, one: Any) -> dict[str, Any]:
    from positioning.reporting.grid_page import rerun

    return {
        "trial": one.trial,
        "settings": {k: _plain(v) for k, v in one.settings.items()},
        "figures": {k: _plain(v) for k, v in one.figures.items()},
        "skew": _plain(one.skew),
        "kurtosis": _plain(one.kurtosis),
        "probabilistic_sharpe": _plain(one.psr),
        "deflated_sharpe": _plain(one.dsr),
        "minimum_track_record_rows": _plain(one.enough),
        "command": rerun(searched, one.settings),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


if __name__ == "__main__":
    app()
