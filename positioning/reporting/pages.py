"""All pages of a run, what takes other programs to write them asked in other processes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from positioning.errors import PositioningError
from positioning.reporting.tearsheet.outside import QUANTSTATS, VECTORBT, load, questions
from positioning.worker_processes import Question, WorkerError, WorkerProcesses, cores

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport

MOST_SIDE_BY_SIDE = 8  # reports of quantstats; how many accounts come is not known when the processes begin
LOADED = -1  # in place of the number of a run: the program was loaded


@final
@dataclass(frozen=True, eq=False)
class CompletedRun:
    """A judged account, the options it was asked with, the digest of each series delivered to it, and the file of
    options that repeats it."""

    report: BacktestReport
    request: Mapping[str, Any]
    digests: Mapping[str, str]
    study: str = ""


@final
@dataclass(frozen=True, eq=False)
class Failure:
    """A page that was not written: of which strategy, and why."""

    strategy: str
    why: str


@final
@dataclass(eq=False)
class Pages(AbstractContextManager["Pages"]):
    """The pages of the runs that are added, in a folder; a context, since processes are at work on them.

    standalone: with plotly's script inside each tearsheet rather than beside it. quantstats: whether it is asked.
    """

    directory: Path
    runs: int
    standalone: bool = False
    quantstats: bool = True
    workers: WorkerProcesses = field(init=False)
    works: list[CompletedRun] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        side_by_side = min(cores(), self.runs, MOST_SIDE_BY_SIDE)
        # vectorbt's answers are short: asked in a process of its own, quantstats' are shared out evenly.
        kinds = [*[(QUANTSTATS,)] * side_by_side, (VECTORBT,)] if side_by_side > 1 else []
        self.workers = WorkerProcesses(
            kinds if self.quantstats else kinds[-1:],
            prepare=partial(load, QUANTSTATS if self.quantstats else VECTORBT),
            main=False,
        )

    def __enter__(self) -> Pages:
        self.workers.__enter__()
        if self.workers.kinds:  # beside what comes before the first question
            self.workers.ask(Question((LOADED, VECTORBT), VECTORBT, load, (VECTORBT,)))
        return self

    def __exit__(self, *ended: object) -> None:
        self.workers.__exit__(*ended)

    def add(self, work: CompletedRun) -> None:
        """Another run, about which others are asked from now on."""
        number = len(self.works)
        self.works.append(work)
        for who, (ask, about) in questions(work.report).items():
            if who != QUANTSTATS or self.quantstats:
                self.workers.ask(Question((number, who), who, ask, about))

    def write(self, advance: Callable[[], None]) -> tuple[list[Path], list[Failure]]:
        """A tearsheet and a kept run for each account that could be written, in the order in which they were added, and
        the index of all runs; those that could not. `done` is called after each."""
        from positioning.reporting.index import write_index

        programs = [
            {who for who in questions(work.report) if who != QUANTSTATS or self.quantstats}
            for work in self.works
        ]
        answers: list[dict[str, Any]] = [{} for _ in self.works]
        paths: dict[int, Path] = {}
        failed: dict[int, Failure] = {}
        coming = self.workers.answers()
        open_ = set(range(len(self.works)))
        while open_:
            for n in sorted(n for n in open_ if programs[n] <= set(answers[n])):
                open_.remove(n)
                try:
                    paths[n] = self._write_page(self.works[n], answers[n])
                except (PositioningError, OSError):
                    raise
                except Exception as error:  # noqa: BLE001 - the other pages are written all the same
                    failed[n] = Failure(
                        self.works[n].report.strategy.name, f"{type(error).__name__}: {error}"
                    )
                advance()
            if open_:
                (n, who), answer = next(coming)
                if n != LOADED:  # a program that cannot be loaded fails what it is asked, too
                    answers[n][who] = answer
        return [*(paths[n] for n in sorted(paths)), write_index(self.directory)], [
            failed[n] for n in sorted(failed)
        ]

    def _write_page(self, work: CompletedRun, answers: Mapping[str, Any]) -> Path:
        from positioning.reporting.charts import shared_script
        from positioning.reporting.document import self_contained, with_script_at
        from positioning.reporting.page_file import write_page
        from positioning.reporting.tearsheet import page as tearsheet
        from positioning.reporting.tearsheet.outside import outside
        from positioning.runs.keeping import keep

        for answer in answers.values():
            if isinstance(answer, WorkerError):
                raise answer
        with shared_script(self.directory) as script:
            text = tearsheet.page(work.report, script, outside(work.report, answers))
            whole = self_contained(text, script) if self.standalone else text
            path = write_page(tearsheet.address(work.report, self.directory), whole)
        keep(
            work.report, work.request, work.digests, self.directory, with_script_at(text, script, f"../../{script}"),
            work.study,
        )  # fmt: skip
        return path


def write_csv(report: BacktestReport, directory: Path) -> Path:
    """Write the account's daily rows beside its tearsheet, in the columns of returns.parquet; returns the path."""
    import pandas as pd

    from positioning.reporting.page_file import write_page
    from positioning.reporting.tearsheet.page import address
    from positioning.runs.keeping import daily

    text = pd.DataFrame(daily(report)).to_csv(index=False, date_format="%Y-%m-%d")
    return write_page(address(report, directory).with_suffix(".csv"), text)
