"""The straight line from prices to a judged account, for one position."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import final

import numpy as np

from positioning.errors import DataMissingError
from positioning.events.event import Events
from positioning.market.bars import DateArray
from positioning.market.benchmark import Benchmark, benchmark
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Source
from positioning.market.span import Span
from positioning.portfolio.position import Position
from positioning.reporting.sheet import Sheet
from positioning.research.attribution import attribute
from positioning.research.metrics import Metrics, summarise
from positioning.research.placebo import Placebo, placebo
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeTable
from positioning.simulation.result import Result
from positioning.simulation.simulate import Holdings, run
from positioning.simulation.tape import Fill, Tape
from positioning.simulation.terms import AccountTerms

PACKAGES = (
    "positioning",
    "numpy",
    "pandas",
    "numba",
    "vectorbt",
    "quantstats",
    "exchange_calendars",
    "plotly",
)


@final
@dataclass(frozen=True, eq=False)
class Terms:
    """What all positions of a run share."""

    source: Source
    span: Span
    base: str
    events: Events
    fees: FeeTable
    fill: Fill
    cash: CashRate
    benchmark: str | None
    command: str
    accepted: tuple[str, ...] = ()
    mark: str = "last"
    placebos: int = 0
    seed: int = 0

    @property
    def account(self) -> AccountTerms:
        """What the ledger is told."""
        return AccountTerms(self.fees, self.fill, self.cash, self.mark)


def backtest(position: Position, terms: Terms, advance: Callable[[], None] = lambda: None) -> Sheet:
    """The position and its event-blind twin, accounted and judged; `advance` is called after each placebo."""
    market = load(
        terms.source,
        position.names,
        position.hedges,
        terms.span,
        terms.base,
        position.history,
        moments(terms.events),
        terms.accepted,
    )
    tape = terms.account.tape(market, terms.events, position.screened(market, terms.events))
    result = account(position, market, tape, terms.events)
    blind = position.without_events()
    plain = account(blind, market, tape, terms.events)
    measure = _benchmark(position, terms, result)
    return Sheet(
        position=position,
        result=result,
        metrics=judged(result, measure),
        plain=plain,
        plain_metrics=judged(plain, measure),
        events=terms.events,
        benchmark=measure,
        attribution=attribute(result, terms.events, position.themes),
        placebo=_placebo(position, market, tape, terms, advance),
        command=terms.command,
        versions=versions(),
    )


def account(position: Position, market: Market, tape: Tape, events: Events) -> Result:
    """Decided and accounted, from one unit of base currency."""
    targets = position.target_weights(market, events)
    return run(targets, market, tape, Holdings.opening(len(market.instruments)))[0]


def moments(events: Events) -> dict[str, DateArray]:
    """Days near which a large move of a price may be a crash and no misprint: of a symbol's restrictions, and
    under "" of events of severity 4 and 5."""
    near: dict[str, list[np.datetime64]] = {"": [e.known_on() for e in events if e.severity >= 4]}
    for r in events.restrictions:
        near.setdefault(r.symbol, []).append(r.known_on())
    return {symbol: np.array(days, dtype="datetime64[D]") for symbol, days in near.items()}


def judged(result: Result, measure: Benchmark | None) -> Metrics:
    """The metrics of an account, against a benchmark where there is one."""
    return summarise(
        result.rows,
        result.nav,
        trade_value=result.trade_value.sum(axis=1),
        cost=result.cost,
        cash_rate=result.tape.growth,
        benchmark=None if measure is None else measure.levels,
        ruined=result.ruined,
    )


def versions() -> Mapping[str, str]:
    """Versions of the packages whose numbers enter a page."""
    return {name: version(name) for name in PACKAGES}


def _placebo(
    position: Position, market: Market, tape: Tape, terms: Terms, advance: Callable[[], None]
) -> Placebo | None:
    if terms.placebos == 0:
        return None
    return placebo(position, market, tape, terms.events, terms.placebos, terms.seed, advance)


def _benchmark(position: Position, terms: Terms, result: Result) -> Benchmark | None:
    symbol = terms.benchmark or position.benchmark
    found = benchmark(terms.source, symbol, result.rows, terms.base)
    if found is not None and np.isfinite(found.levels).sum() < 3:
        found = None
    if found is None and terms.benchmark is not None:
        raise DataMissingError(
            f"the benchmark {symbol} has no prices of this span in {terms.source.label}",
            "wanted prices and its currency's rates",
            "leave out --benchmark, or choose another",
        )
    return found
