"""What a trial costs, beside vectorbt. Prints; asserts only that both give the same figures.

python -m benchmarks.bench_grid [--quick] [--full]    (--full: growth to ten million trials, not to one)
python -m benchmarks.bench_grid 10000000              (a search of so many trials and its assessment, in this process)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from positioning.analysis.metrics import rows_per_year
from positioning.market.load import load
from positioning.market.market import Market
from positioning.search.chunk_store import ChunkStore, FolderChunks, MemoryChunks
from positioning.search.lane_figures import LaneFigures
from positioning.search.measures import FIGURES, Figures
from positioning.search.run import Search, search, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan, Trials
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeRate, FeeTable, read_fees
from positioning.simulation.inputs import LedgerInputs, ledger_inputs
from positioning.simulation.ledger_arrays import LANES
from positioning.simulation.liquidity import Capital
from positioning.vectors import aligned_empty
from strategies.fertilizer_producers import FertilizerProducers
from tests.builders import EVENTS, SAMPLE, THESIS

if TYPE_CHECKING:
    import pandas as pd  # 64 MB, which a search does not need and is not to be measured with

ROWS, NAMES, EVERY, BPS, TRIALS = 2000, 10, 21, 10.0, 5000
BLOCK = 250  # trials vectorbt is given at once: 1.9 MB each
WORKERS = 2
FIGURES_COMPARED = ("total_return", "sharpe", "max_drawdown")
AXES = {
    "half_life": tuple(np.linspace(2.0, 100.0, 25).tolist()),
    "hedge_ratio": tuple(np.linspace(0.1, 1.0, 20).tolist()),
    "exposure": tuple(np.linspace(0.1, 0.6, 20).tolist()),
}  # 10,000 combinations


def vectorbt_figures(
    close: pd.DataFrame, price: Any, size: np.ndarray, fees: Any, per_year: float
) -> np.ndarray:
    """(trials, 3) of target weights (rows, trials x names), one group a trial."""
    import pandas as pd
    import vectorbt as vbt

    trials = size.shape[1] // close.shape[1]
    wide = pd.concat([close] * trials, axis=1, keys=range(trials))
    tile = lambda v: np.tile(v, trials) if isinstance(v, np.ndarray) else v  # noqa: E731
    portfolio = vbt.Portfolio.from_orders(
        close=wide,
        price=tile(price),
        size=size,
        size_type="targetpercent",
        direction="both",
        group_by=np.repeat(np.arange(trials), close.shape[1]),
        cash_sharing=True,
        call_seq="auto",
        fees=tile(fees),
        init_cash=1e6,  # it takes trades of less than 1e-12 for none
        lock_cash=False,
        freq="1D",
    )
    sharpe = portfolio.sharpe_ratio(year_freq=pd.Timedelta(days=per_year))
    return np.column_stack(
        [
            portfolio.total_return(),
            _without_opening(sharpe.to_numpy(), len(close), per_year),
            portfolio.max_drawdown(),
        ]
    )


def _without_opening(sharpe: np.ndarray, rows: int, per_year: float) -> np.ndarray:
    """vectorbt counts the opening row as a return of zero; the Sharpe of the other rows, by algebra alone.

    With x = (sum r)^2 / sum r^2 and n returns: Sharpe^2 = x (n - 1) / n^2 / (1 - x / n), solved for x.
    """
    n = rows - 1
    theirs = sharpe**2 / per_year
    x = theirs / (n / (n + 1) ** 2 + theirs / (n + 1))
    return np.asarray(np.sign(sharpe) * np.sqrt(x * (n - 1) / n**2 / (1 - x / n) * per_year))


def kernel_case() -> tuple[Market, LedgerInputs, np.ndarray, np.ndarray]:
    """Ten names on one venue; constant weights k/10 each, decided every EVERY rows on the row they fill on."""
    import pandas as pd

    rng = np.random.default_rng(1)
    index = pd.bdate_range("2016-01-01", periods=ROWS)
    steps = rng.standard_normal((ROWS, NAMES)) * 0.015 + 0.0003
    close = pd.DataFrame(50 * np.exp(np.cumsum(steps, axis=0)), index, [f"N{n}" for n in range(NAMES)])
    market = Market.from_frames(close)
    start = np.datetime64("1990-01-01")
    fees = FeeTable((FeeRate("*", "*", "*", "commission", "both", BPS, start, "assumption: bench"),), "flat")
    # The kernel fills a row after the decision; the decision of row r - 1 here is made of what row r allows.
    decided = np.arange(EVERY - 1, ROWS - 1, EVERY)
    # At 1.0 the fee does not fit: vectorbt then cuts the last leg, the ledger all by one factor.
    exposures = np.linspace(0.1, 0.99, TRIALS)
    return market, ledger_inputs(market, fees, "close"), decided, exposures


def run_kernel(
    inputs: LedgerInputs, decided: np.ndarray, exposures: np.ndarray, pool: Executor
) -> np.ndarray:
    """(trials, FIGURES): accounts and metrics in lanes, WORKERS threads of the pool."""
    out = np.empty((len(FIGURES), exposures.size))
    band = np.zeros(LANES)

    def work(firsts: np.ndarray) -> None:
        weights, figures = aligned_empty(decided.size, NAMES, LANES), LaneFigures(inputs)
        for first in firsts:
            lanes = np.minimum(np.arange(first, first + LANES), exposures.size - 1)
            weights[:] = exposures[lanes] / NAMES
            count = min(LANES, exposures.size - first)
            table = figures.table(decided, weights, band)
            out[:, first : first + count] = table[: len(FIGURES), :count]

    list(pool.map(work, np.array_split(np.arange(0, exposures.size, LANES), WORKERS)))
    return out.T


def best_of(times: int, call: Any) -> tuple[float, Any]:
    """Seconds of the quickest of some calls, and what it returned."""
    least, answer = np.inf, None
    for _ in range(times):
        begun = time.perf_counter()
        answer = call()
        least = min(least, time.perf_counter() - begun)
    return least, answer


def bench_kernel(theirs_for: int) -> None:
    """(a) of the issue."""
    import pandas as pd

    market, inputs, decided, exposures = kernel_case()
    per_year = rows_per_year(inputs.rows)
    with ThreadPoolExecutor(WORKERS) as pool:
        run_kernel(inputs, decided, exposures, pool)
        seconds, ours = best_of(20, lambda: run_kernel(inputs, decided, exposures, pool))
    close = pd.DataFrame(market.close, pd.DatetimeIndex(market.rows.astype("datetime64[ns]")))

    def theirs(chosen: np.ndarray) -> np.ndarray:
        size = np.full((ROWS, chosen.size * NAMES), np.nan)
        size[decided + 1] = np.repeat(exposures[chosen] / NAMES, NAMES)
        return vectorbt_figures(close, np.inf, size, BPS * 1e-4, per_year)

    theirs(np.arange(2))
    chosen = np.linspace(0, TRIALS - 1, theirs_for).astype(int)
    compare("kernel alone", seconds / TRIALS, ours, chosen, theirs, TRIALS)


def compare(name: str, own: float, ours: np.ndarray, chosen: np.ndarray, theirs: Any, trials: int) -> None:
    """Print seconds a trial of both; stop where the figures differ."""
    begun, parts = time.perf_counter(), []
    for part in np.array_split(chosen, max(-(-chosen.size // BLOCK), 1)):
        parts.append(theirs(part))
    other = (time.perf_counter() - begun) / chosen.size
    columns = [FIGURES.index(f) for f in FIGURES_COMPARED]
    mine, peers = ours[chosen][:, columns], np.concatenate(parts)
    # 1e-9: both sum two thousand rows of doubles in another order; a wrong share shows at 1e-4
    np.testing.assert_allclose(mine, peers, rtol=1e-9, atol=1e-9)
    print(
        f"{name}: {own * 1e6:.2f} us a trial over {trials:,} (two threads, warm); vectorbt {other * 1e3:.2f} ms "
        f"over {chosen.size:,} in blocks of {BLOCK}; {other / own:,.0f} times; "
        f"figures apart by {np.abs(mine - peers).max():.1e}"
    )


def grid_case(axes: dict[str, tuple[Any, ...]]) -> SearchSpace:
    """The strategy with its default legs on the sample market."""

    events, strategy = EVENTS, FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    return SearchSpace(strategy, market, events, axes, AccountTerms(read_fees()))


def search_once(space: SearchSpace, chunks: ChunkStore, workers: int = WORKERS) -> Any:
    """Seconds and trials of a search over all combinations."""
    begun = time.perf_counter()
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    trials = search(space, Plan(codes, (Figures(squares=len(codes) <= 10_000),)), chunks, threads(workers))
    return time.perf_counter() - begun, trials


def bench_search(theirs_for: int) -> None:
    """(b) of the issue: the targets are given to vectorbt for nothing, as amounts the ledger traded."""

    space = grid_case(AXES)
    search_once(replace(space, axes={name: v[:3] for name, v in AXES.items()}), MemoryChunks())
    seconds, trials = min(
        (search_once(space, MemoryChunks()) for _ in range(5)), key=lambda timing: timing[0]
    )
    chosen = np.sort(np.random.default_rng(0).choice(10_000, theirs_for, replace=False))
    bare = without_carry(space)
    ours = bare_figures(bare, trials.plan.codes[chosen])
    trades = [traded(bare, code) for code in trials.plan.codes[chosen]]
    compare_search(seconds / 10_000, bare.inputs(bare.strategy), trades, ours)
    bench_rest(space, trials, seconds)


def bench_rest(space: SearchSpace, trials: Trials, seconds: float) -> None:
    """What a user waits for besides the trials: assessment, page and table, the start of a process."""
    from positioning.reporting.search.outcome import SearchReport, write_trials
    from positioning.reporting.search.page import write_grid
    from positioning.search.assessment import assess

    question = Search(space, "sharpe", True, threads(WORKERS))
    assess(question, trials)
    belief_seconds, assessment = best_of(2, lambda: assess(question, trials))
    report = SearchReport(
        question, THESIS, trials, assessment, "bench", ("python", "-m", "backtests.run"), seconds
    )
    with TemporaryDirectory() as folder:
        page_seconds, _ = best_of(2, lambda: write_grid(report, Path(folder)))
        table_seconds, _ = best_of(2, lambda: write_trials(report, Path(folder)))
        words = [sys.executable, "-m", "backtests.grid_search", "fertilizer_producers", "--out", folder]
        for name, values in AXES.items():
            words += ["--grid", f"{name}={','.join(f'{v:.4f}' for v in values)}"]
        whole_seconds, _ = best_of(2, lambda: subprocess.run(words, check=True, capture_output=True))
    print(
        f"  apart from that: assessment {belief_seconds:.2f} s, page {page_seconds:.2f} s, table {table_seconds:.2f} s; "
        f"the whole command in a new process {whole_seconds:.1f} s, of which the trials {seconds:.2f} s"
    )


def without_carry(space: SearchSpace) -> SearchSpace:
    """The same without dividends and borrow, which vectorbt does not book."""
    fees = FeeTable(tuple(r for r in read_fees().rates if r.fee != "borrow"), "no borrow")
    market = replace(space.market, dividends=np.zeros_like(space.market.dividends))
    return replace(space, market=market, terms=AccountTerms(fees))


def bare_figures(space: SearchSpace, codes: np.ndarray) -> np.ndarray:
    """(trials, 3) of the search."""
    walked = space.group_order(codes)
    plan = Plan(codes[walked], (Figures(),))
    trials, out = search(space, plan, MemoryChunks(), threads(WORKERS)), np.empty((codes.shape[0], 3))
    out[walked] = np.column_stack([trials.figures[name] for name in FIGURES_COMPARED])
    return out


def traded(space: SearchSpace, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares traded and prices paid of one trial, which vectorbt is given for nothing."""
    from positioning.simulation.simulate import run

    own = space.at(code)
    targets = own.target_weights(space.market, space.events)
    result = run(targets, space.market, space.inputs(own))
    return result.trades, result.paid


def compare_search(own: float, inputs: LedgerInputs, trades: list[Any], ours: np.ndarray) -> None:
    """Print seconds a trial of both; stop where the figures differ."""
    import pandas as pd
    import vectorbt as vbt

    index, per_year = pd.DatetimeIndex(inputs.rows.astype("datetime64[ns]")), rows_per_year(inputs.rows)
    mark = pd.DataFrame(inputs.mark, index).bfill()
    unit = 1e6  # vectorbt takes trades of less than 1e-12 for none

    def once(parts: list[Any]) -> np.ndarray:
        size = np.hstack([np.where(t != 0, t * unit, np.nan) for t, _ in parts])
        price = np.hstack([np.where(t != 0, p, mark.to_numpy()) for t, p in parts])
        fees = np.hstack([np.where(t > 0, inputs.fees.buy_total, inputs.fees.sell_total) for t, _ in parts])
        wide = pd.concat([mark] * len(parts), axis=1, keys=range(len(parts)))
        portfolio = vbt.Portfolio.from_orders(
            close=wide, size=size, size_type="amount", price=price, fees=fees, direction="both",
            group_by=np.repeat(np.arange(len(parts)), mark.shape[1]), cash_sharing=True, call_seq="auto",
            init_cash=unit, lock_cash=False, freq="1D",
        )  # fmt: skip
        sharpe = portfolio.sharpe_ratio(year_freq=pd.Timedelta(days=per_year)).to_numpy()
        sharpe = _without_opening(sharpe, len(mark), per_year)
        return np.column_stack([portfolio.total_return(), sharpe, portfolio.max_drawdown()])

    once(trades[:2])
    begun, figures = time.perf_counter(), []
    for start in range(0, len(trades), BLOCK):
        figures.append(once(trades[start : start + BLOCK]))
    other = (time.perf_counter() - begun) / len(trades)
    theirs = np.concatenate(figures)
    # 1e-9: both sum fifteen hundred rows of doubles in another order; a wrong share shows at 1e-4
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    print(
        f"search of fertilizer_producers: {own * 1e6:.1f} us a trial over 10,000 ({1 / own:,.0f} a second; deciding, "
        f"accounting, nine metrics, block sums); vectorbt {other * 1e3:.2f} ms over {len(trades)} given the trades; "
        f"{other / own:,.0f} times; figures without dividends and borrow apart by {np.abs(ours - theirs).max():.1e}"
    )


def peak_memory() -> float:
    """MB this process has held at most; getrusage would count the parent's too."""
    words = Path("/proc/self/status").read_text(encoding="utf-8").split()
    return int(words[words.index("VmHWM:") + 1]) / 1024


@contextmanager
def watched() -> Iterator[list[int]]:
    """How many files this process has open at most, looked at every 20 ms while the context lasts."""
    most, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], len(os.listdir("/proc/self/fd")))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


@dataclass(frozen=True)
class Growth:
    """A search whose results are on disk, and its assessment. cpu, assessment_cpu: seconds of processor time; peak: MB at
    most until the trials were there, whole_peak: until they were assessed, command_peak: of the command that searches the
    same and writes its page and table, a process of its own; files: open at most."""

    trials: int
    seconds: float
    cpu: float
    peak: float
    assessment: float
    assessment_cpu: float
    whole_peak: float
    command_peak: float
    files: int
    disk: float

    def in_words(self) -> str:
        """A line."""
        return (
            f"{self.trials:>10,} trials: {self.seconds:.2f} s ({self.trials / self.seconds:,.0f} a second), "
            f"{self.cpu:.2f} s of processor time, peak memory {self.peak:,.0f} MB, {self.disk:,.0f} MB of disk, "
            f"{self.files} files open at most; assessment {self.assessment:.1f} s, {self.assessment_cpu:.1f} s of "
            f"processor time, peak then {self.whole_peak:,.0f} MB; the whole command, page and table written, "
            f"{self.command_peak:,.0f} MB"
        )


SIZES = {
    1_000: (10, 10, 10), 10_000: (25, 20, 20), 100_000: (50, 50, 40), 1_000_000: (100, 100, 100),
    10_000_000: (200, 250, 200),
}  # fmt: skip
COMMAND = """
import atexit, pathlib, runpy, sys
atexit.register(lambda: print(pathlib.Path("/proc/self/status").read_text(), file=sys.stderr))
sys.argv[0] = "grid_search"
runpy.run_module("backtests.grid_search", run_name="__main__", alter_sys=True)
"""
FURTHEST = 10_000_000  # takes 6 GB of disk and a minute or two


def growth(count: int) -> Growth:
    """One search of `count` trials in this process."""
    from positioning.search.assessment import assess

    steps = SIZES[count]
    axes = {
        "half_life": tuple(np.linspace(2.0, 100.0, steps[0]).tolist()),
        "hedge_ratio": tuple(np.linspace(0.1, 1.0, steps[1]).tolist()),
        "exposure": tuple(np.linspace(0.1, 0.6, steps[2]).tolist()),
    }
    space = grid_case(axes)
    search_once(replace(space, axes={name: v[:3] for name, v in axes.items()}), MemoryChunks())
    with TemporaryDirectory() as folder, watched() as files:
        chunks = FolderChunks(Path(folder) / "chunks")
        chunks.begin({})
        cpu = time.process_time()
        seconds, trials = search_once(space, chunks)
        peak, searched = peak_memory(), time.process_time()
        disk = sum(file.stat().st_size for file in chunks.place.iterdir()) / 1e6
        begun = time.perf_counter()
        assess(Search(space, "sharpe", True, threads(WORKERS)), trials)
        assessment, done, whole_peak = time.perf_counter() - begun, time.process_time(), peak_memory()
    return Growth(
        count, seconds, searched - cpu, peak, assessment, done - searched, whole_peak, command_peak(axes), files[0],
        disk,
    )  # fmt: skip


def command_peak(axes: dict[str, tuple[Any, ...]]) -> float:
    """MB that `backtests.grid_search` of these axes holds at most, its page, maps and table of trials included."""
    with TemporaryDirectory() as folder:
        words = [sys.executable, "-c", COMMAND, "fertilizer_producers", "--out", folder]
        for name, values in axes.items():
            words += ["--grid", f"{name}={','.join(f'{v:.6f}' for v in values)}"]
        told = subprocess.run(words, check=True, capture_output=True, text=True).stderr.split()
        return int(told[told.index("VmHWM:") + 1]) / 1024


def grown(count: int) -> Growth:
    """The same in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.bench_grid", str(count), "--json"]
    answer = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return Growth(**json.loads(answer))


def bench_capital() -> None:
    """What stating a capital costs: a search with one that volume never holds up, one that it often does, and forty of
    them side by side beside an account without."""
    grid = tuple(np.linspace(2.0, 60.0, 100).tolist()), tuple(np.linspace(0.1, 0.6, 100).tolist())
    plain = grid_case(dict(zip(("half_life", "exposure"), grid, strict=True)))
    warm = {name: values[:3] for name, values in plain.axes.items()}
    without = 0.0
    for words, amount in (("no capital", None), ("a capital of a million", 1e6), ("a billion", 1e9)):
        capital = None if amount is None else Capital(amount)
        space = replace(plain, terms=replace(plain.terms, capital=capital))
        search_once(replace(space, axes=warm), MemoryChunks())
        seconds = min(search_once(space, MemoryChunks())[0] for _ in range(3))
        without = without or seconds
        print(
            f"search with {words}: {seconds * 100:.2f} us a trial over 10,000, {seconds / without:.2f} times"
        )
    strategy, terms = plain.strategy, replace(plain.terms, capital=Capital(1e6))
    amounts = np.geomspace(1e5, 1e11, 40)
    targets = strategy.target_weights(plain.market, plain.events)
    terms.run_at(amounts, targets, plain.market, plain.events)
    one = best_of(20, lambda: terms.run(targets, plain.market, plain.events))[0]
    forty = best_of(20, lambda: terms.run_at(amounts, targets, plain.market, plain.events))[0]
    print(
        f"forty capitals side by side: {forty * 1e3:.1f} ms, one: {one * 1e3:.1f} ms, {forty / one:.2f} times"
    )


def bench_growth(full: bool) -> None:
    """Time and peak memory from a thousand trials to a million or ten, each in its own process."""
    for count in SIZES:
        if count < FURTHEST or full:
            print(grown(count).in_words(), flush=True)


def main() -> None:
    """All of it, or the growth of one size in a process of its own."""
    warnings.simplefilter("ignore")
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        found = growth(int(sys.argv[1]))
        print(json.dumps(asdict(found)) if "--json" in sys.argv else found.in_words())
        return
    quick = "--quick" in sys.argv
    bench_kernel(100 if quick else TRIALS)
    bench_search(100 if quick else 500)
    bench_capital()
    bench_growth("--full" in sys.argv)


if __name__ == "__main__":
    main()
