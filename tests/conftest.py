"""Fixtures shared by the tests."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from positioning.cli import progress
from tests.builders import LATEST, Figure
from tests.forks import COMMANDS, COMPILING, Forks

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport
    from positioning.events.event import Events
    from positioning.market.market import Market
    from positioning.strategy.strategy import Strategy
    from tests.reporting.browser import Window

# Files of tests that take longest, half a minute to ten seconds each: they begin first, so that at the end of `make test`
# no process is left alone with one. Any order is right; this one is quick.
LONGEST = (
    "reporting/test_comparison.py", "reporting/test_tearsheet.py", "search/test_dask_cluster.py", "cli/test_fetch.py",
    "reporting/test_search.py", "test_documents.py", "simulation/test_ledger_laws.py", "cli/test_processes.py",
    "cli/test_grid_resume.py", "data/test_yahoo.py", "cli/test_run.py",
    "scenarios/test_stress_test.py", "analysis/test_look_ahead.py", "runs/test_edited_runs.py", "cli/test_terminal.py",
    "cli/test_grid_search.py", "cli/test_events.py", "event_studies/test_study.py",
    "reporting/test_index.py", "analysis/test_overfitting.py", "analysis/test_strategy_check.py",
    "search/test_walk_forward.py", "search/test_optuna_sampler.py", "cli/test_init.py", "test_tour.py",
    "test_worked_theses.py", "market/test_own_instruments.py", "cli/test_foreign_pages.py",
)  # fmt: skip


def pytest_configure() -> None:
    """Modules and tests stay until the end: each process would look for garbage among them again and again."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first."""
    here = Path(__file__).parent
    rank = {here / name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(autouse=True, scope="session")
def compiling_untold() -> None:
    """What a command says is the same whether its code was compiled before."""
    logging.getLogger("positioning.compiled").disabled = True


@pytest.fixture(autouse=True, scope="session")
def progress_untold() -> None:
    """Nor does it depend on how busy the machine is: a command that takes ten seconds says how far it is."""
    progress.PATIENCE = math.inf


@pytest.fixture(autouse=True, scope="session")
def disks_unawaited() -> Iterator[None]:
    """Nor need what a test keeps outlive a power cut: each wait for the disk would be milliseconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs code in processes that need not import numba first."""
    if not hasattr(os, "fork"):
        pytest.skip("no process can be forked")
    with Forks(tmp_path_factory.mktemp("forks"), COMPILING) as running:
        yield running


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs commands in processes that need not import the frame of them first."""
    if not hasattr(os, "fork"):
        pytest.skip("no process can be forked")
    root = str(Path(__file__).parents[1])
    with Forks(tmp_path_factory.mktemp("commands"), COMMANDS, root) as running:
        yield running


@pytest.fixture
def other_programs_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tearsheet without what quantstats and vectorbt say, which takes a second or two and has tests of its own."""
    from positioning.reporting import pages
    from positioning.reporting.tearsheet import outside

    for module in (pages, outside):
        monkeypatch.setattr(module, "questions", lambda report: {})


@pytest.fixture
def checks_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A strategy that is checked decides anew in this process: a new one, which its own tests begin, takes a second."""
    from positioning.analysis import purity, strategy_check

    def here(strategy: Strategy, worlds: Sequence[tuple[Market, Events]]) -> purity.NewProcess | None:
        kind, values = type(strategy), {f.name: getattr(strategy, f.name) for f in fields(strategy) if f.init}
        return purity._decided_anew(-1, kind.__module__, kind.__qualname__, values, worlds)

    monkeypatch.setattr(strategy_check, "in_new_process", here)


@pytest.fixture
def figure(capsys: pytest.CaptureFixture[str]) -> Figure:
    """Tells what a long test measured, and what it demands of it; `docs/validate.py` collects them for its page."""

    def tell(name: str, value: str, wanted: str = "") -> None:
        folder = os.environ.get("POSITIONING_FIGURES")
        if folder:
            with (Path(folder) / f"{os.getpid()}.jsonl").open("a") as file:
                file.write(json.dumps({"name": name, "value": value, "wanted": wanted}) + "\n")
        with capsys.disabled():
            print(f"\n{name}: {value}" + (f" (wanted {wanted})" if wanted else ""))

    return tell


@pytest.fixture(scope="session")
def prices() -> Path:
    """The folder of real closes that POSITIONING_PRICES names."""
    folder = os.environ.get("POSITIONING_PRICES")
    if not folder:
        pytest.skip("POSITIONING_PRICES does not name a folder of real prices")
    return Path(folder)


@pytest.fixture(scope="session")
def reports() -> list[BacktestReport]:
    """The listed strategies on the sample market."""
    from positioning.data.sample import SampleSource
    from positioning.market.load import Span
    from positioning.runs.backtest import RunSettings, backtest
    from positioning.simulation.cash import CashRate
    from positioning.simulation.fees import read_fees
    from strategies import STRATEGIES
    from tests.builders import THESIS

    terms = RunSettings(
        source=SampleSource(), span=Span(), base="USD", thesis=THESIS, fees=read_fees("default"), fill="open",
        cash=CashRate.constant(0.0), benchmark=None, command="python -m backtests.run --data sample",
    )  # fmt: skip
    return [backtest(strategy(), terms) for strategy in STRATEGIES]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Window, asyncio.AbstractEventLoop]]:
    """Headless Chromium and one page of it, which keeps plotly compiled, with the event loop that drives them. It is
    hidden here: until a file of tests takes it, asyncio knows of none that runs in this thread."""
    from tests.reporting.browser import CHROMIUM, Window

    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    # ScriptStreaming parses plotly for each page, compiled or not; this list replaces that of playwright.
    flags.append("--disable-features=ScriptStreaming,MediaRouter,OptimizationHints,PaintHolding")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=[*flags, "--no-first-run"])
        page = running.new_page()
        page.set_default_timeout(1000 * LATEST)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield Window(page, tmp_path_factory.mktemp("window")), loop
        asyncio._set_running_loop(loop)
        running.close()


@pytest.fixture(scope="module")
def browser(chromium: tuple[Window, asyncio.AbstractEventLoop]) -> Iterator[Window]:
    """The page of Chromium, lent to a file of tests: afterwards its event loop would be in the way of others."""
    window, loop = chromium
    asyncio._set_running_loop(loop)
    yield window
    window.leave()
    asyncio._set_running_loop(None)
