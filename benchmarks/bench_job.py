"""How long the main job takes beside bare quantstats pages of the same returns. Prints; asserts nothing.

python -m benchmarks.bench_job
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import sys, warnings
warnings.simplefilter("ignore")
import matplotlib
matplotlib.use("Agg")
import pandas as pd, quantstats as qs
frame = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)
names = [c for c in frame if not c.endswith(":benchmark")]
for name in names:
    pair = frame[[name, name + ":benchmark"]].dropna()
    measure, page = pair[name + ":benchmark"], f"{sys.argv[2]}/{name}.html"
    qs.reports.html(pair[name], benchmark=measure, output=page, match_dates=False)
"""


def returns_csv(path: Path) -> None:
    """The four strategies' returns and their benchmarks' on the sample market, as the run sees them."""
    import pandas as pd

    from positioning.cli.strategies import strategies_of
    from positioning.cli.values import source_of, span_of
    from positioning.runs.backtest import RunSettings, backtest
    from positioning.simulation.cash import read_cash
    from positioning.simulation.fees import read_fees
    from tests.builders import THESIS

    terms = RunSettings(
        source=source_of("sample"), span=span_of(None, None), base="USD", thesis=THESIS, fees=read_fees("default"),
        fill="open", cash=read_cash("0"), benchmark=None, command="",
    )  # fmt: skip
    columns = {}
    for strategy in strategies_of([], []):
        report = backtest(strategy, terms)
        index = pd.DatetimeIndex(report.result.rows.astype("datetime64[ns]"))
        columns[strategy.name] = pd.Series(report.result.returns[1:], index[1:])
        assert report.benchmark is not None
        columns[f"{strategy.name}:benchmark"] = pd.Series(report.benchmark.levels, index).pct_change(
            fill_method=None
        )[1:]
    pd.DataFrame(columns).to_csv(path)


def seconds(command: list[str]) -> tuple[float, float]:
    """Wall time of a fresh process, and the processor time of it and of those it began; output discarded."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - begun, work


def main() -> None:
    """Two rounds of each, the better one counts."""
    with tempfile.TemporaryDirectory() as place:
        returns_csv(Path(place) / "returns.csv")
        job = min(seconds([sys.executable, "-m", "backtests.run", "--out", place]) for _ in range(2))
        bare = min(seconds([sys.executable, "-c", BARE, f"{place}/returns.csv", place]) for _ in range(2))
    print(
        f"main job {job[0]:.1f} s, bare quantstats pages {bare[0]:.1f} s, ratio {job[0] / bare[0]:.2f} (wanted at "
        f"most 0.6); of the processor {job[1]:.1f} and {bare[1]:.1f} s"
    )


if __name__ == "__main__":
    main()
