"""Sizes beyond the usual: time and memory, and that twice the size takes about twice the time."""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.attribution import attribute
from positioning.cli.kept_request import kept_words
from positioning.cli.request import Request
from positioning.data.sample import SampleSource
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.market import Market
from positioning.reporting.comparison.page import write_comparison
from positioning.reporting.index import write_index
from positioning.runs.backtest import RunSettings, backtest, judged
from positioning.runs.comparison import compare
from positioning.runs.keeping import keep
from positioning.runs.saved_run import read_runs
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.targets import Targets
from strategies import MiddleCorridor
from tests.builders import EVENTS, SAMPLE, THESIS, Figure

# Twice the size may take this many times the processor time: 2 where growth is linear, 4 where it is quadratic.
LINEAR = 2.8
Work = Callable[[int], Any]
VENUES = ("XNYS", "XHKG", "XLON", "XIST", "XETR", "XPAR", "XTKS", "XTSE", "XASX", "XSHG", "XOSL", "XWAR")


def random_market(names: int, rows: int, missing: float = 0.0, venues: tuple[str, ...] = ("XNYS",)) -> Market:
    rng = np.random.default_rng(names + rows)
    # Without daylight-saving in the way: plain weekdays, from 1924 on where it is a hundred years.
    index = pd.bdate_range("2024-12-31", periods=rows, freq="B") - pd.Timedelta(days=rows * 7 // 5)
    index = pd.bdate_range(index[0], periods=rows)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (rows, names)), axis=0))
    close[rng.random((rows, names)) < missing] = np.nan
    symbols = [f"N{n}" for n in range(names)]
    where = {s: venues[n % len(venues)] for n, s in enumerate(symbols)}
    return Market.from_frames(pd.DataFrame(close, index, symbols), venue=where)


def account(market: Market, every: int = 21, events: Events | None = None) -> None:
    rng = np.random.default_rng(1)
    decided = np.arange(0, market.rows.size, every)
    weights = rng.dirichlet(np.ones(len(market.symbols)), decided.size) * 0.9
    targets = Targets(market.rows, market.symbols, decided, weights)
    result = AccountTerms(read_fees()).run(targets, market, events)
    judged(result, None)


def restricted(count: int) -> None:
    market = random_market(100, 2500)
    rng = np.random.default_rng(2)
    made = []
    for n in range(count):
        day = market.rows[int(rng.integers(market.rows.size - 50))].astype(datetime)
        known = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        kind = ("frozen", "lifted", "no_buy")[n % 3]
        made.append(Restriction(f"N{n % 100}", known, kind, "designated", "why", "doc", binding=True))  # type: ignore[arg-type]
        if kind == "lifted":
            made[-1] = replace(
                made[-1], symbol=made[-2].symbol, announced=made[-2].announced + timedelta(days=20)
            )
    account(market, events=Events((), tuple(made)))


def answered(count: int) -> None:
    strategy, rng = MiddleCorridor(), np.random.default_rng(3)
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    items = []
    for n in range(count):
        model = EVENTS.items[n % len(EVENTS.items)]
        day = market.rows[int(rng.integers(market.rows.size))].astype(datetime)
        items.append(
            replace(
                model, id=f"X{n}", follows="", announced=datetime(day.year, day.month, day.day, tzinfo=UTC)
            )
        )
    events = Events(tuple(items), (), EVENTS.sleeves, EVENTS.themes, EVENTS.directions)
    result = AccountTerms(read_fees()).run(strategy, market, events)
    attribute(result, events, strategy.themes)


def kept(folder: Path, count: int) -> None:
    """So many runs: one, and copies under other names."""
    span = Span(np.datetime64("2022-01-03"), np.datetime64("2024-06-28"))
    for n in range(min(count, 20)):
        strategy = MiddleCorridor(exposure=0.2 + 0.03 * n)
        report = backtest(strategy, RunSettings(SampleSource(), THESIS, span))
        keep(report, kept_words(Request(), strategy), {}, folder, "<p>a page</p>")
    made = sorted((folder / "runs").iterdir())
    for n in range(len(made), count):
        copy = folder / "runs" / f"{made[n % len(made)].name}-{n}"
        shutil.copytree(made[n % len(made)], copy)
        summary = json.loads((copy / "summary.json").read_text())
        (copy / "summary.json").write_text(json.dumps(summary | {"id": copy.name}))


def indexed(folder: Path) -> None:
    assert not read_runs(folder).left_out
    write_index(folder)


def compared(folder: Path, count: int) -> None:
    write_comparison(compare(read_runs(folder).runs[:count]), folder)


def child(work: Callable[[], None], pipe: Any) -> None:
    before, began = time.process_time(), time.monotonic()
    work()
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send((time.process_time() - before, time.monotonic() - began, usage))


def cost(work: Callable[[], None]) -> tuple[float, float, float]:
    """Processor seconds, seconds, and the most memory in MB of a process of its own that did it."""
    own, other = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(work, other))
    process.start()
    other.close()
    answer: tuple[float, float, float] = own.recv()
    process.join()
    return answer


def least(work: Callable[[], None]) -> tuple[float, float, float]:
    """Its cost; of what takes under a second the least of five, for there a busy machine's caches tell."""
    once = cost(work)
    return once if once[0] > 1.0 else min([once, *(cost(work) for _ in range(4))])


def grows(what: str, half: Callable[[], None], whole: Callable[[], None], figure: Figure) -> None:
    """The cost of both, told; the whole within LINEAR times the half, but for a second that any may take."""
    half()  # compiled, imported
    small, large = least(half), least(whole)
    ratio = large[0] / small[0]
    told = f"{large[1]:.1f} s ({large[0]:.1f} s of processor), at most {large[2]:,.0f} MB; {ratio:.1f} times the half"
    figure(what, told, f"at most {LINEAR} times")
    assert large[0] <= LINEAR * small[0] + 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "half", "whole"),
    [
        ("500 names over 20 years", (250, 5200), (500, 5200)),
        ("5 names over 100 years", (5, 13000), (5, 26000)),
        ("200 names over 20 years, 30 % of the closes missing", (100, 5200, 0.3), (200, 5200, 0.3)),
        ("120 names on 12 venues over 20 years", (60, 5200, 0.05, VENUES), (120, 5200, 0.05, VENUES)),
    ],
)
def test_large_markets(what: str, half: tuple[Any, ...], whole: tuple[Any, ...], figure: Figure) -> None:
    grows(what, lambda: account(random_market(*half)), lambda: account(random_market(*whole)), figure)


@pytest.mark.slow
def test_many_restrictions(figure: Figure) -> None:
    grows(
        "2,000 restrictions on 100 names over 10 years",
        lambda: restricted(1000),
        lambda: restricted(2000),
        figure,
    )


@pytest.mark.slow
def test_many_events(figure: Figure) -> None:
    grows("5,000 events answered and attributed", lambda: answered(2500), lambda: answered(5000), figure)


@pytest.mark.slow
def test_many_runs(tmp_path: Path, figure: Figure) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    kept(small, 150)
    shutil.copytree(small, large)
    for place in sorted((small / "runs").iterdir()):
        copy = large / "runs" / f"{place.name}-again"
        shutil.copytree(place, copy)
        summary = json.loads((copy / "summary.json").read_text())
        (copy / "summary.json").write_text(json.dumps(summary | {"id": copy.name}))
    assert len(read_runs(large).runs) == 300
    grows("the index of 300 kept runs", lambda: indexed(small), lambda: indexed(large), figure)
    grows("a comparison of 20 runs", lambda: compared(small, 10), lambda: compared(small, 20), figure)
