"""What one page is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from positioning.analysis.attribution import Attribution
from positioning.analysis.metrics import Metrics
from positioning.analysis.placebo import Placebo
from positioning.events.event import Events
from positioning.market.bars import Notice
from positioning.market.benchmark import Benchmark
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True, eq=False)
class BacktestReport:
    """A judged account, itself without events, and where they came from. It can be sent to another process.

    without_events, without_events_metrics: the same strategy with respond=0. benchmark: on the rows of result, or None.
    attribution: profit in event windows and outside. placebo: the strategy on shifted dates, where asked for.
    command: what was typed. versions: of the packages whose numbers enter the page, by name.
    """

    strategy: Strategy
    result: Result
    metrics: Metrics
    without_events: Result
    without_events_metrics: Metrics
    events: Events
    benchmark: Benchmark | None
    attribution: Attribution
    placebo: Placebo | None
    command: str
    versions: Mapping[str, str]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a reader must know about the prices, the benchmark's included, each once."""
        own = self.result.market.notices
        other = () if self.benchmark is None else self.benchmark.notices
        return tuple(dict.fromkeys((*own, *other)))
