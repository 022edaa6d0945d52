"""What one page is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from positioning.events.event import Events
from positioning.market.bars import Notice
from positioning.market.benchmark import Benchmark
from positioning.portfolio.position import Position
from positioning.research.attribution import Attribution
from positioning.research.metrics import Metrics
from positioning.research.placebo import Placebo
from positioning.simulation.result import Result


@final
@dataclass(frozen=True, eq=False)
class Sheet:
    """A judged account, its event-blind twin, and where they came from. It can be sent to another process.

    plain, plain_metrics: the same position with respond=0. benchmark: on the rows of result, or None.
    attribution: profit in event windows and outside. placebo: the position on shifted dates, where asked for.
    command: what was typed. versions: of the packages whose numbers enter the page, by name.
    """

    position: Position
    result: Result
    metrics: Metrics
    plain: Result
    plain_metrics: Metrics
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
