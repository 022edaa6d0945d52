"""A search with what it found: its heading, the commands that rerun its trials, and all of them in Parquet."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.search_verdict import SearchEvidence, search_verdict, withheld
from positioning.analysis.verdict import Verdict
from positioning.arrays import FloatArray
from positioning.events.silence import Silence, silence
from positioning.events.thesis import Thesis
from positioning.files import atomic_file
from positioning.reporting.format import number, percent, signed
from positioning.reporting.page_file import refuse_foreign_pages
from positioning.reporting.search.charts import PERCENTS
from positioning.search.assessment import Assessment, values_of
from positioning.search.measures import FIGURES
from positioning.search.purged_cv import PurgedValidation
from positioning.search.run import Search
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import Trials
from positioning.search.walk_forward import WalkForward
from positioning.strategy.strategy import Strategy
from positioning.strategy.weight_batches import decided_in_batches


@final
@dataclass(frozen=True, eq=False)
class SearchReport:
    """A search with what it found. words: the command that reruns a trial, before the trial's own settings;
    seconds: that the trials took, without assessment and page; resumed: trials kept from before;
    walk, purged: None where not asked."""

    search: Search
    thesis: Thesis
    trials: Trials
    assessment: Assessment
    command: str
    words: tuple[str, ...]
    seconds: float
    resumed: int = 0
    walk: WalkForward | None = None
    purged: PurgedValidation | None = None

    @property
    def space(self) -> SearchSpace:
        """What all trials share."""
        return self.search.space

    @property
    def way(self) -> str:
        """How the trials were chosen."""
        search = self.search
        return (
            "every combination" if search.full else "proposed by Optuna" if search.proposed else "at random"
        )

    @property
    def pace(self) -> float:
        """Trials a second, of those that were not kept from before; NaN where none was left."""
        fresh = self.assessment.trials - self.resumed
        return fresh / self.seconds if fresh and self.seconds else math.nan

    @property
    def one_by_one(self) -> bool:
        """Whether each trial is decided by the strategy's own Python code."""
        return not decided_in_batches(self.space.strategy)

    @property
    def pace_in_words(self) -> str:
        """How long the trials took, and how they were decided where that is the slow way."""
        took = f"{self.assessment.trials - self.resumed:,} trials took {self.seconds:.1f} seconds"
        if math.isfinite(self.pace):
            took += f", {self.pace:,.1f} a second" if self.pace < 100 else f", {self.pace:,.0f} a second"
        if not self.one_by_one:
            return took
        return f"{took}: each is decided by the strategy's own Python code, where a Basket is decided in compiled code"

    @property
    def codes(self) -> GridIndex:
        """(K, A) which value of each axis each trial has."""
        return self.trials.plan.codes

    def values(self) -> FloatArray:
        """(K,) the metric searched for; -inf for a dead account."""
        return values_of(self.trials, self.search.metric)

    @property
    def silence(self) -> Silence | None:
        """Where the accounts go on past the record of their themes."""
        themes = self.space.strategy.themes
        return silence(self.thesis, themes, self.space.market.rows[-1]) if themes else None

    @cached_property
    def verdict(self) -> Verdict:
        """One sentence by stated rules."""
        return search_verdict(self.evidence)

    @cached_property
    def withheld(self) -> tuple[str, ...]:
        """Why the trial on the plateau is not recommended; empty where it is."""
        return withheld(self.evidence)

    @property
    def evidence(self) -> SearchEvidence:
        """What the rules of the verdict read. The walk-forward account is the plateau's, else the peak's."""
        b, w, p = self.assessment, self.walk, self.purged
        followed = None if w is None else next(iter(w.ways.values())).metrics.sharpe
        return SearchEvidence(
            simulated=self.space.market.simulated,
            answers_events=self.space.answers_events,
            trials=b.trials,
            effective=b.effective,
            total_return=b.plateau.figures["total_return"],
            blind_return=None if b.without_events is None else b.without_events["total_return"],
            edges=b.edges,
            closed=b.closed,
            neighbours=b.neighbours,
            best=b.best.figures["sharpe"],
            luck=b.luck,
            deflated=b.best.dsr if math.isfinite(b.best.dsr) else None,
            overfitting=None if b.pbo is None else b.pbo.probability,
            spa_p=None if b.spa is None else b.spa.consistent,
            walk_forward=followed,
            without_events=None if w is None else w.without_events_metrics.sharpe,
            splits=0 if p is None else p.winner.size,
            below_median=None if p is None else p.below_median,
            paths=None if p is None else float(np.median(p.paths)),
        )


def rerun(report: SearchReport, settings: Mapping[str, Any]) -> str:
    """The command that backtests one trial on the span of the search."""
    overrides = dict(settings)
    strategy, symbols = _trial(report, settings), report.space.market.symbols
    legs = tuple(s for s in strategy.names if s in symbols)
    if legs != strategy.names and strategy.parameters().get("legs") == strategy.names:
        overrides["legs"] = legs
    own = [f"{k}={','.join(v) if isinstance(v, tuple) else v}" for k, v in overrides.items()]
    return shlex.join([*report.words, *(word for text in own for word in ("--set", text))])


def differs_alone(report: SearchReport, settings: Mapping[str, Any]) -> bool:
    """Whether a trial run alone may have other rows, those of its own venues, or names that the search left out."""
    strategy, symbols = _trial(report, settings), report.space.market.symbols
    own = {*strategy.names, *strategy.hedges}
    legs = strategy.parameters().get("legs") == strategy.names  # then its command names those held
    return not (own >= set(symbols) and (legs or own <= set(symbols)))


def _trial(report: SearchReport, settings: Mapping[str, Any]) -> Strategy:
    return replace(report.space.strategy, **settings)


ALONE = (
    "Run alone, a trial that holds fewer symbols than the search has the rows of its own venues, and may hold names that "
    "the search had to leave out: its figures then differ from those here."
)


def heading(report: SearchReport) -> str:
    """What was searched, in a line."""
    b, g = report.assessment, report.space
    axes = ", ".join(f"{name} ({len(v):,})" for name, v in g.axes.items())
    return f"{g.strategy.name}: {b.trials:,} trials, {report.way}, of {axes}"


def percent_of(name: str, value: float) -> str:
    """A figure in its own unit."""
    if name in PERCENTS:
        return percent(value) if name == "max_drawdown" else signed(value)
    return percent(value) if name == "volatility" else number(value, 0 if name == "cost_bps_per_year" else 2)


def write_trials(report: SearchReport, directory: Path) -> Path:
    """Write trials.parquet: a row a trial, parameters then figures, NaN where undefined; chunk by chunk."""
    import pyarrow as pa
    from pyarrow import parquet

    trials = report.trials
    choices = {
        name: pa.array([",".join(v) if isinstance(v, tuple) else v for v in values])
        for name, values in report.space.axes.items()
    }
    schema = pa.schema([*((n, v.type) for n, v in choices.items()), *((f, pa.float64()) for f in FIGURES)])
    path = directory / "trials.parquet"
    refuse_foreign_pages(directory, [path.name])
    with (
        atomic_file(path) as draft,
        draft.open("wb") as file,  # pyarrow takes UTF-8 names alone
        parquet.ParquetWriter(file, schema) as writer,
    ):
        for number, table in enumerate(trials.tables()):
            codes = trials.plan.part(number)
            columns = [values.take(pa.array(codes[:, a])) for a, values in enumerate(choices.values())]
            columns += [pa.array(table[trials.plan.names.index(f)]) for f in FIGURES]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return path
