"""The same portfolio in other engines, and how ours grows. Prints, and writes docs/performance.md.

python -m benchmarks.bench_peers [--full]    (--full: to ten million trials)

A peer is timed only where its total returns are ours within TOLERANCE; else, and where it is not installed, it is named
with the reason.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import bench_grid
from benchmarks.bench_grid import (
    BPS,
    EVERY,
    FURTHEST,
    NAMES,
    ROWS,
    SIZES,
    WORKERS,
    best_of,
    grown,
    kernel_case,
    run_kernel,
    vectorbt_figures,
)
from positioning.compiled import compiled
from positioning.market.market import Market
from positioning.search.measures import FIGURES
from positioning.vectors import WIDTH, aligned_empty, fill, fused, item, load, store

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
TOLERANCE = (
    1e-6  # of total return: sums of two thousand rows differ by 1e-12, another rule of fees or fills by 1e-4
)
PEER_TRIALS = 10
GROWTH_HEADS = [
    "Trials", "us a trial", "Seconds", "of processor", "Peak memory, MB", "Disk, MB", "Open files", "Assessment, s",
    "of processor", "Peak then, MB", "Whole command, MB",
]  # fmt: skip
WIDTHS = (10, 50, 100, 500)
PER_YEAR = 252.0  # of no consequence for total returns
ORDERS = len(range(EVERY - 1, ROWS - 1, EVERY)) * NAMES


def by_vectorbt(engine: str) -> Callable[[Market, np.ndarray, np.ndarray], np.ndarray]:
    """Total returns by one of vectorbt's two engines."""

    def run(market: Market, decided: np.ndarray, exposures: np.ndarray) -> np.ndarray:
        import vectorbt as vbt

        vbt.settings["engine"] = engine
        close = pd.DataFrame(market.close, pd.DatetimeIndex(market.rows.astype("datetime64[ns]")))
        size = np.full((ROWS, exposures.size * NAMES), np.nan)
        size[decided + 1] = np.repeat(exposures / NAMES, NAMES)
        return vectorbt_figures(close, np.inf, size, BPS * 1e-4, PER_YEAR)[:, 0]

    return run


def by_bt(market: Market, decided: np.ndarray, exposures: np.ndarray) -> np.ndarray:
    """Total returns by bt, one backtest a trial."""
    import bt

    close = pd.DataFrame(
        market.close, pd.DatetimeIndex(market.rows.astype("datetime64[ns]")), list(market.symbols)
    )
    returns = []
    for exposure in exposures:
        weights = pd.DataFrame(exposure / NAMES, close.index[decided + 1], close.columns)
        strategy = bt.Strategy("s", [bt.algos.WeighTarget(weights), bt.algos.Rebalance()])
        test = bt.Backtest(
            strategy, close, initial_capital=1e6, integer_positions=False, progress_bar=False,
            commissions=lambda quantity, price: abs(quantity) * price * BPS * 1e-4,
        )  # fmt: skip
        test.run()
        values = test.strategy.values.to_numpy()
        returns.append(values[-1] / values[0] - 1.0)
    return np.array(returns)


PEERS: dict[str, Callable[[Market, np.ndarray, np.ndarray], np.ndarray]] = {
    "vectorbt, numba": by_vectorbt("numba"), "vectorbt, rust": by_vectorbt("rust"), "bt": by_bt,
}  # fmt: skip


@compiled(error_model="numpy")
def valuation(mark: np.ndarray, shares: np.ndarray, nav: np.ndarray) -> None:
    """nav (T, WIDTH) of shares (N, WIDTH) that never change, four rows at once: what any account has to do at least, and
    nothing else."""
    for r in range(0, mark.shape[0] - 3, 4):
        a, b, c, d = fill(1.0, WIDTH), fill(1.0, WIDTH), fill(1.0, WIDTH), fill(1.0, WIDTH)
        for n in range(mark.shape[1]):
            held = load(shares, (n, 0), WIDTH)
            a, b = fused(held, item(mark, (r, n)), a), fused(held, item(mark, (r + 1, n)), b)
            c, d = fused(held, item(mark, (r + 2, n)), c), fused(held, item(mark, (r + 3, n)), d)
        store(nav, (r, 0), a)
        store(nav, (r + 1, 0), b)
        store(nav, (r + 2, 0), c)
        store(nav, (r + 3, 0), d)


def peers(market: Market, decided: np.ndarray, ours: np.ndarray, exposures: np.ndarray) -> list[list[str]]:
    """A row for each peer: seconds a trial, or why there are none."""
    chosen = np.linspace(0, exposures.size - 1, PEER_TRIALS).astype(int)
    rows = []
    for name, run in PEERS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                begun = time.perf_counter()
                returns = run(market, decided, exposures[chosen[:2]])
                first = time.perf_counter() - begun
                seconds, returns = best_of(2, lambda run=run: run(market, decided, exposures[chosen]))
        except Exception as error:  # noqa: BLE001 - whatever keeps it from running is the reason
            rows.append([name, "-", "-", "-", f"left out: {type(error).__name__}: {str(error)[:80]}"])
            continue
        apart = float(np.abs(returns - ours[chosen]).max())
        if not apart <= TOLERANCE:
            rows.append([name, "-", "-", "-", f"not timed: total returns apart by {apart:.1e}"])
            continue
        rows.append([name, *speeds(seconds / PEER_TRIALS), f"first call {first:.1f} s; apart by {apart:.0e}"])
    return rows


def speeds(seconds: float) -> list[str]:
    """Trials, valued asset-bars and orders a second."""
    return [f"{1 / seconds:,.0f}", f"{ROWS * NAMES / seconds:.2g}", f"{ORDERS / seconds:.2g}"]


def growth(full: bool) -> list[list[str]]:
    """A row for each number of trials of a search: time, memory, files and disk, each in a process of its own."""
    rows = []
    for count in SIZES:
        if count == FURTHEST and not full:
            continue
        g = grown(count)
        print(g.in_words(), flush=True)
        rows.append(
            [
                f"{count:,}", f"{g.seconds / count * 1e6:.2f}", f"{g.seconds:.2f}", f"{g.cpu:.2f}", f"{g.peak:,.0f}",
                f"{g.disk:,.0f}", f"{g.files}", f"{g.assessment:.2f}", f"{g.assessment_cpu:.2f}", f"{g.whole_peak:,.0f}",
                f"{g.command_peak:,.0f}",
            ]
        )  # fmt: skip
    return rows


def widened() -> list[list[str]]:
    """Microseconds a trial by number of names."""
    rows = []
    for names in WIDTHS:
        bench_grid.NAMES = names
        _, inputs, decided, exposures = kernel_case()
        few = exposures[:: exposures.size // 1024][:1024]
        with ThreadPoolExecutor(WORKERS) as pool:
            call = partial(run_kernel, inputs, decided, few, pool)
            call()
            seconds, _ = best_of(7, call)
        own = seconds / few.size
        rows.append([f"{names}", f"{own * 1e6:.2f}", f"{own / names * 1e9:.0f}"])
    bench_grid.NAMES = NAMES
    return rows


def limit(mark: np.ndarray) -> float:
    """Seconds a trial of valuation alone, on WORKERS threads."""
    groups = 50  # of WIDTH trials, for each thread

    def work(_: int) -> None:
        shares, nav = aligned_empty(NAMES, WIDTH), aligned_empty(ROWS, WIDTH)
        shares[:] = 0.01
        for _ in range(groups):
            valuation(mark, shares, nav)

    def everyone() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(work, range(WORKERS)))

    everyone()
    return best_of(20, everyone)[0] / (groups * WIDTH * WORKERS)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """As Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows])


def main() -> None:
    """Measure, print, write."""
    full = "--full" in sys.argv
    market, inputs, decided, exposures = kernel_case()
    with ThreadPoolExecutor(WORKERS) as pool:
        begun = time.perf_counter()
        run_kernel(inputs, decided, exposures[:64], pool)
        first = time.perf_counter() - begun
        seconds, ours = best_of(20, lambda: run_kernel(inputs, decided, exposures, pool))
    own = seconds / exposures.size
    total = ours[:, FIGURES.index("total_return")]
    rows = [
        [
            "positioning, two threads",
            *speeds(own),
            f"first call {first:.1f} s; figures and luck sums included",
        ]
    ]
    rows += peers(market, decided, total, exposures)
    least = limit(inputs.arrays.mark)
    text = f"""# Performance

Written by `make bench-peers` on {platform.machine()}, {os.cpu_count()} cores,
{os.getloadavg()[0]:.1f} processes at work in the minute before, Python {platform.python_version()},
numpy {np.__version__}.
Wall time, the least of several runs, warm unless told otherwise.

## The same portfolio elsewhere

{ROWS:,} rows of {NAMES} names, equal weights every {EVERY} rows, {BPS:g} bps a trade. A peer is timed where its total
returns are ours within {TOLERANCE:g}.

{table(["Engine", "Trials a second", "Asset-bars a second", "Orders a second", ""], rows)}

## Growth

A search of `fertilizer_producers` on the sample market, decided, accounted, measured and kept on disk until it is
assessed, by two threads of a process of its own (`python -m benchmarks.bench_grid TRIALS`). Peak memory is of the whole
process, and counts the libraries it has loaded; the last column is that of `positioning grid-search` of as
many, its page, maps and table of all trials written.

{table(GROWTH_HEADS, growth(full))}

The kernel alone, by number of names:

{table(["Names", "us a trial", "ns a trial and name"], widened())}

## How far the limit is

Valuing {NAMES} names on {ROWS:,} rows and nothing else, in vectors on {WORKERS} threads, takes
{least * 1e6:.2f} us a trial; a trial takes {own * 1e6:.2f} us, {own / least:.1f} times that,
with its trades, fees, states and figures.
"""
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
