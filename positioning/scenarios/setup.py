"""A scenario prepared for its paths: everything about it that is the same on every path."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.scenarios.counterfactual import ending_restrictions, widened_fees
from positioning.scenarios.path_lanes import PathLanes
from positioning.scenarios.paths import BLOCK, ResamplingPool, continued
from positioning.scenarios.shock import Effect
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.fees import FeeRates
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, ledger_inputs
from positioning.simulation.liquidity import Capital
from positioning.simulation.result import Result
from positioning.simulation.taxes import DividendTax
from positioning.strategy.features import Feature, FeatureBook, Response
from positioning.strategy.strategy import Strategy, schedule
from positioning.strategy.targets import Targets, require_targets
from positioning.strategy.weight_batches import ScheduledStrategy, decided_in_batches


@final
@dataclass(frozen=True, eq=False)
class StressTerms:
    """What all paths share. events: as known at the opening; block: mean length of blocks; mark: of frozen holdings;
    tax: withheld from dividends, None for gross; capital: of each path's account, which meets past volume."""

    events: Events
    fees: Fees
    fill: Fill = "open"
    cash: CashRate | None = None
    mark: str = "last"
    block: float = BLOCK
    tax: DividendTax | None = None
    capital: Capital | None = None

    @property
    def account(self) -> AccountTerms:
        """What the ledger is told."""
        return AccountTerms(self.fees, self.fill, self.cash, self.mark, self.tax, self.capital)


@final
@dataclass(frozen=True, eq=False)
class FixedFees:
    """One fixed answer to what fees are: those of the paths' rows."""

    label: str
    rates: FeeRates

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> FeeRates:  # noqa: ARG002 - they are known
        """The rates of the horizon."""
        return self.rates


@final
@dataclass(frozen=True, eq=False)
class FixedTax:
    """One fixed answer to what is withheld from dividends: that of the paths' rows."""

    label: str
    rates: FloatArray
    has_rate: BoolArray

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> tuple[FloatArray, BoolArray]:  # noqa: ARG002 - they are known
        """The rates of the horizon, and which payers have one."""
        return self.rates, self.has_rate


@final
@dataclass(frozen=True, eq=False)
class ScenarioSetup:
    """Everything about one scenario that is the same on every path; it can be sent to another process.

    decided, screen_bars: by strategy, decision rows and (T, N) what its screen bars. news: by decision rows (as
    bytes), features that depend on dates and events alone. calm: the path without a draw. exits: (column, row of the last
    close that counts, recovery).
    """

    pool: ResamplingPool
    hit: Effect
    calm: Market
    strategies: tuple[Strategy, ...]
    terms: StressTerms
    fees: FixedFees
    tax: FixedTax | None
    limited: TradingConstraints
    decided: tuple[IntArray, ...]
    screen_bars: tuple[BoolArray, ...]
    news: dict[bytes, dict[Feature, FloatArray]]
    exits: tuple[tuple[int, int, float], ...]

    def only(self, which: Sequence[int]) -> ScenarioSetup:
        """With some of the strategies."""
        if len(which) == len(self.strategies):
            return self
        return replace(
            self,
            strategies=tuple(self.strategies[k] for k in which),
            decided=tuple(self.decided[k] for k in which),
            screen_bars=tuple(self.screen_bars[k] for k in which),
        )

    def no_buy(self, which: int) -> BoolArray:
        """(A, N) what a strategy may not buy on the account's rows: what its screen bars and what binds whatever that
        says."""
        return (self.limited.no_buy | self.screen_bars[which])[self.calm.start :]

    def inputs_on(self, market: Market, limited: TradingConstraints) -> LedgerInputs:
        """What the ledger reads of the market of a path."""
        terms = self.terms
        return ledger_inputs(market, self.fees, terms.fill, terms.cash, limited, self.tax, terms.capital)

    @cached_property
    def lanes(self) -> PathLanes:
        """The scenario as paths side by side read it."""
        rows = np.unique(np.concatenate(self.decided))
        inputs = self.inputs_on(self.calm, self.limited)
        withheld = np.zeros_like(inputs.tax) if self.tax is None else self.tax.rates
        return PathLanes(
            self.pool, self.hit, self.calm, inputs, withheld, rows, self.limited.exit_price, self.exits
        )


@final
class Stages:
    """Scenarios of the same past, strategies and terms, each prepared; what they share is worked out once."""

    def __init__(self, source: ResamplingPool, strategies: Sequence[Strategy], terms: StressTerms) -> None:
        self.source, self.strategies, self._terms = source, tuple(strategies), terms
        self._known = terms.events.until(source.past.rows[-1])
        self._by_rows: dict[int, tuple[FeeRates, tuple[FloatArray, BoolArray] | None]] = {}
        self._decisions: dict[Hashable, tuple[tuple[IntArray, ...], tuple[BoolArray, ...]]] = {}
        self._news: dict[tuple[int, bytes], dict[Feature, FloatArray]] = {}

    def of(self, hit: Effect) -> ScenarioSetup:
        """Prepared on the calm path: dates, fees, restrictions and news do not depend on the draw."""
        source, terms = self.source, self._terms
        calm = continued(source, None, hit)
        offset = calm.start + 1
        moved = replace(
            hit, endings=tuple((row + offset, n, kind, part) for row, n, kind, part in hit.endings)
        )
        endings = ending_restrictions(calm, moved)
        events = self._known
        if endings:  # a record of other restrictions is checked anew
            events = replace(events, restrictions=(*events.restrictions, *endings))
        rates, withheld = self._rates(calm)
        wide = np.vstack([np.ones_like(hit.spread[:1]), hit.spread])
        fees = FixedFees(terms.fees.label, widened_fees(rates, wide) if (wide != 1).any() else rates)
        decided, screen_bars = self._decided(calm, events, moved)
        setup = ScenarioSetup(
            pool=source, hit=hit, calm=calm, strategies=self.strategies, terms=replace(terms, events=events), fees=fees,
            tax=None if withheld is None or terms.tax is None else FixedTax(terms.tax.label, *withheld),
            limited=trading_constraints(calm, events.restrictions, mark=terms.mark), decided=decided,
            screen_bars=screen_bars, news={},
            exits=tuple((n, row - 1, recovery) for row, n, kind, recovery in moved.endings if kind == "delisted"),
        )  # fmt: skip
        return replace(setup, news=self._news_features(setup))

    def _rates(self, calm: Market) -> tuple[FeeRates, tuple[FloatArray, BoolArray] | None]:
        rows = calm.rows[calm.start :]
        if rows.size not in self._by_rows:
            tax = self._terms.tax
            withheld = None if tax is None else tax.on(rows, calm.instruments)
            self._by_rows[rows.size] = self._terms.fees.on(rows, calm.instruments), withheld
        return self._by_rows[rows.size]

    def _decided(
        self, calm: Market, events: Events, moved: Effect
    ) -> tuple[tuple[IntArray, ...], tuple[BoolArray, ...]]:
        """By strategy, decision rows and what its screen bars: they depend on dates and on what ends, not on prices."""
        key = calm.rows.size, tuple((row, n, kind) for row, n, kind, _ in moved.endings)
        if key not in self._decisions:
            strategies = self.strategies
            self._decisions[key] = (
                tuple(schedule(calm, events, p.names, p.themes if p.respond > 0 else ()) for p in strategies),
                tuple(p.screened(calm, events) for p in strategies),
            )
        return self._decisions[key]

    def _news_features(self, setup: ScenarioSetup) -> dict[bytes, dict[Feature, FloatArray]]:
        """By decision rows, the features that depend on dates and events alone, dated with the rows before the
        look-backs: what is asked for on the calm path is asked for on all."""
        calm, before = setup.calm, self.source.before
        size, keys = calm.rows.size, {decided.tobytes() for decided in setup.decided}
        if not all((size, key) in self._news for key in keys):
            books: dict[bytes, FeatureBook] = {}
            run_accounts(setup, calm, books)
            clock = _clock(before, calm)
            self._news.update({(size, key): {} for key in keys})
            for key, book in books.items():
                late = book.decided + before.size
                self._news[size, key] = {
                    f: f.compute(clock, setup.terms.events, late)
                    for f in book.features
                    if isinstance(f, Response)
                }
        return {key: self._news[size, key] for key in keys}


def stage(
    source: ResamplingPool, hit: Effect, strategies: Sequence[Strategy], terms: StressTerms
) -> ScenarioSetup:
    """One scenario, prepared; see `Stages`."""
    return Stages(source, strategies, terms).of(hit)


def _clock(before: DateArray, market: Market) -> Market:
    """A market of dates alone, the rows before the look-backs included, on which news can be dated."""
    rows = np.concatenate([before, market.rows])
    cells, marks = np.zeros((rows.size, 0)), np.zeros((rows.size, 0), bool)
    return Market(rows, (), cells, cells, cells, marks, marks, marks, cells, ())


def run_accounts(
    setup: ScenarioSetup, market: Market, books: dict[bytes, FeatureBook] | None = None
) -> list[Result]:
    """The account of every strategy on one market. books: filled with the features used, by decision rows."""
    books = {} if books is None else books
    limited = setup.limited
    if setup.exits:
        price = limited.exit_price.copy()
        for n, row, recovery in setup.exits:
            price[n] = recovery * market.carried_close[row, n]
        limited = replace(limited, exit_price=price)
    terms = setup.terms.account
    inputs = setup.inputs_on(market, limited)
    results = []
    for k, (strategy, decided) in enumerate(zip(setup.strategies, setup.decided, strict=True)):
        targets = _targets(setup, strategy, decided, market, books)
        results.append(terms.run(targets, market, inputs=inputs.barring(setup.no_buy(k))))
    return results


def _targets(
    setup: ScenarioSetup,
    strategy: Strategy,
    decided: IntArray,
    market: Market,
    books: dict[bytes, FeatureBook],
) -> Targets:
    if not decided_in_batches(strategy):
        targets = strategy.target_weights(market, setup.terms.events)
        require_targets(targets, market, strategy.name)
        return targets
    assert isinstance(strategy, ScheduledStrategy)  # noqa: S101 - as it is decided
    key = decided.tobytes()
    if key not in books:
        books[key] = FeatureBook(market, setup.terms.events, decided, setup.news.get(key))
    weights = strategy.weights(books[key])
    return Targets(market.rows, market.symbols, decided, weights, strategy.band, strategy.gross_limit)
