"""What one page is written from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.active_returns import ActiveAlpha, active_returns
from positioning.analysis.attribution import Attribution
from positioning.analysis.code_check import CodeCheck
from positioning.analysis.factor_exposure import FactorExposure
from positioning.analysis.holding_coverage import HoldingCoverage, holding_coverage
from positioning.analysis.kept_search import KeptSearch
from positioning.analysis.metrics import Metrics
from positioning.analysis.placebo import Placebo
from positioning.analysis.risk import RiskShares, risk_shares
from positioning.analysis.verdict import RunEvidence, Verdict, verdict
from positioning.analysis.world import WorldFigures
from positioning.display import Displayable, Picture, shown_by
from positioning.events.event import Events
from positioning.events.silence import Silence, silence
from positioning.events.thesis import Thesis
from positioning.market.bars import Notice
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True, eq=False, repr=False)
class BacktestReport(Displayable):
    """A judged account, itself without events, and where they came from. It can be sent to another process.

    without_events, without_events_metrics: the same strategy with respond=0; without_events_same_exposure: that, held as
    long on average as with events (`equal_exposure`). benchmark: on the rows of result, or None.
    thesis: with the events it answered. attribution: profit in event windows
    and outside. placebo: the strategy on shifted dates, where asked for.
    command: what was typed. versions: of the packages whose numbers enter the page, by name. check: what was found of
    the strategy's code, None where it was not checked. factors: the account against published ones, where given.
    world: its returns by the state of series that were given. kept_search: the searches of this strategy that were kept
    where it was asked for, None where there was none, or nobody looked.
    """

    strategy: Strategy
    result: Result
    metrics: Metrics
    without_events: Result
    without_events_metrics: Metrics
    without_events_same_exposure: Result
    without_events_same_exposure_metrics: Metrics
    thesis: Thesis
    benchmark: Benchmark | None
    attribution: Attribution
    placebo: Placebo | None
    command: str
    versions: Mapping[str, str]
    check: CodeCheck | None = None
    factors: FactorExposure | None = None
    world: tuple[WorldFigures, ...] = ()
    kept_search: KeptSearch | None = None

    def picture(self) -> Picture:
        """The verdict first, then the figures of the account beside those of the strategy without events."""
        own, other = self.metrics.picture().facts, self.without_events_metrics.picture().facts
        facts = {"strategy": self.strategy.title, "verdict": self.verdict.sentence, **own}
        rows = [(name, value, other[name]) for name, value in own.items()]
        return Picture(facts, ("", "strategy", "without events"), rows, self.result.nav)

    def summary(self) -> Metrics:
        """The figures of the account."""
        return self.metrics

    def tearsheet(self, path: Path | str) -> Path:
        """Write its page to one file that stands alone, and return the path. Raises OSError where it cannot."""
        return Path(shown_by("reporting.tearsheet.page", "write_self_contained")(self, Path(path)))

    def plot(self) -> Any:
        """A plotly figure of nav beside the strategy without events and the benchmark."""
        return shown_by("reporting.tearsheet.charts", "interactive")(self)

    @property
    def events(self) -> Events:
        """Those of the thesis."""
        return self.thesis.events

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a reader must know about the prices, the benchmark's and the lists' included, each once."""
        own = self.result.notices
        other = () if self.benchmark is None else self.benchmark.notices
        return tuple(dict.fromkeys((*own, *other, *self._held_before_lists())))

    def _held_before_lists(self) -> tuple[Notice, ...]:
        """Names held before the day of a list that does not say since when they stand on it."""
        rows, has_shares = self.result.rows, self.result.shares != 0
        columns = {i.symbol: n for n, i in enumerate(self.result.market.instruments)}
        notices = []
        for r in self.events.restrictions:
            day = r.known_on()
            if r.of_list_day and r.symbol in columns and has_shares[rows < day, columns[r.symbol]].any():
                notices.append(
                    Notice(
                        r.symbol,
                        f"was held before {day}, the day of a list that gives no date: whether it was listed then "
                        "cannot be read from it",
                    )
                )
        return tuple(notices)

    @property
    def silence(self) -> Silence | None:
        """Where the account goes on past the record of its themes, and events move it."""
        return silence(self.thesis, self.sleeves, self.result.rows[-1]) if self.sleeves else None

    @cached_property
    def risk(self) -> RiskShares | None:
        """Which leg, theme, country and currency carried how much of the variance."""
        return risk_shares(self.result, self.thesis, self.strategy.hedges)

    @cached_property
    def coverage(self) -> HoldingCoverage:
        """How much of what the strategy wants the account held."""
        return holding_coverage(self.strategy, self.result, self.events)

    @property
    def answers_events(self) -> bool:
        """Whether news can move this strategy: not with respond=0, nor without a sleeve."""
        return self.strategy.respond != 0 and bool(self.sleeves)

    @property
    def sleeves(self) -> tuple[str, ...]:
        """Those whose news it answers, see `answered_sleeves`."""
        return answered_sleeves(self.strategy, self.events, self.result, self.without_events)

    @cached_property
    def active(self) -> tuple[ActiveAlpha, ...]:
        """What the account earns over itself without events, beyond the benchmark: while news is in force, and on all
        rows; empty for a strategy that answers no events."""
        if not self.answers_events:
            return ()
        return active_returns(
            self.result, self.without_events, self.benchmark, self.events, self.sleeves,
            None if self.factors is None else self.factors.factors,
        )  # fmt: skip

    @cached_property
    def verdict(self) -> Verdict:
        """One sentence by stated rules."""
        return verdict(self.evidence)

    @property
    def evidence(self) -> RunEvidence:
        """What the rules of the verdict read."""
        r, placebo = self.result, self.placebo
        name, benchmark_return, beside = "", None, None
        if self.benchmark is not None:
            levels = self.benchmark.levels
            covered_rows = np.flatnonzero(np.isfinite(levels))
            if covered_rows.size > 1 and r.nav[covered_rows[0]] > 0:
                name = self.benchmark.symbol + (
                    f" ({self.benchmark.remark})" if self.benchmark.remark else ""
                )
                benchmark_return, beside = (
                    float(v[covered_rows[-1]] / v[covered_rows[0]] - 1.0) for v in (levels, r.nav)
                )
        return RunEvidence(
            simulated=r.market.simulated,
            ruined=r.worthless,
            traded=bool(r.trades.any()),
            returns=r.rows.size - 1,
            coverage=self.coverage,
            total_return=self.metrics.total_return,
            cash=float(np.prod(1.0 + r.inputs.growth[1:]) - 1.0),
            answers_events=self.answers_events,
            without_events=self.without_events_same_exposure_metrics.total_return,
            equal_exposure=True,
            benchmark_name=name,
            benchmark=benchmark_return,
            beside=beside,
            placebo_p=None if placebo is None or math.isnan(placebo.p_value) else placebo.p_value,
            shuffles=0 if placebo is None else placebo.shuffled.size,
            kept_search=self.kept_search,
        )


def answered_sleeves(
    strategy: Strategy, events: Events, result: Result, without_events: Result
) -> tuple[str, ...]:
    """The sleeves whose news a strategy answers: its themes, or all of the record where it names none and its account is
    another without events."""
    if strategy.themes or np.array_equal(result.nav, without_events.nav):
        return strategy.themes
    return events.sleeves
