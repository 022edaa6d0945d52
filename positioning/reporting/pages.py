"""All pages of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from positioning.analysis.report import BacktestReport
from positioning.files import write_whole
from positioning.reporting import charts
from positioning.reporting.document import moved, standing_alone
from positioning.reporting.index import write_index
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet import page as tearsheet
from positioning.runs.saved import daily, keep


@final
@dataclass(frozen=True, eq=False)
class CompletedRun:
    """A judged account, the options it was asked with, the digest of each series delivered to it, and the file of
    options that repeats it."""

    report: BacktestReport
    request: Mapping[str, Any]
    digests: Mapping[str, str]
    study: str = ""


def write_pages(
    works: Sequence[CompletedRun], directory: Path, done: Callable[[], None], standalone: bool = False
) -> list[Path]:
    """A tearsheet and a kept run for each account, and the index of all runs; `done` is called after each.

    standalone: with plotly's script inside each tearsheet rather than beside it."""
    script = charts.share_script(directory)
    paths = []
    for work in works:
        text = tearsheet.page(work.report, script)
        page = standing_alone(text, script) if standalone else text
        paths.append(write_page(tearsheet.address(work.report, directory), page))
        keep(
            work.report,
            work.request,
            work.digests,
            directory,
            moved(text, script, f"../../{script}"),
            work.study,
        )
        done()
    return [*paths, write_index(directory)]


def write_csv(report: BacktestReport, directory: Path) -> Path:
    """Write the account's daily rows beside its tearsheet, in the columns of returns.parquet; returns the path."""
    import pandas as pd

    text = pd.DataFrame(daily(report)).to_csv(index=False, date_format="%Y-%m-%d")
    return write_whole(tearsheet.address(report, directory).with_suffix(".csv"), text)
