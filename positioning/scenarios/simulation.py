"""Strategies on simulated markets: decided by their own code, accounted by the one ledger, path by path."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.scenarios.counterfactual import ending_restrictions, widened
from positioning.scenarios.path_lanes import PathLanes
from positioning.scenarios.paths import BLOCK, ResamplingPool, continued, draw
from positioning.scenarios.shock import Effect
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.fees import FeeRates
from positioning.simulation.inputs import Fees, Fill, LedgerInputs, ledger_inputs
from positioning.simulation.liquidity import Capital
from positioning.simulation.many_markets import run_markets
from positioning.simulation.result import Result
from positioning.simulation.taxes import DividendTax
from positioning.strategy.batched import Scheduled, decided_in_batches
from positioning.strategy.features import Feature, FeatureBook, Response
from positioning.strategy.path_book import decides_on_paths, path_book
from positioning.strategy.strategy import Strategy, schedule
from positioning.strategy.targets import Targets, require_targets

PATHS_PER_TASK = 250  # paths a worker answers at once
SIDE_BY_SIDE = 16  # paths whose arrays are worked on together; more leave the processor's cache


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
    known: BoolArray

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> tuple[FloatArray, BoolArray]:  # noqa: ARG002 - they are known
        """The rates of the horizon, and which payers have one."""
        return self.rates, self.known


@final
@dataclass(frozen=True, eq=False)
class ScenarioSetup:
    """Everything about one scenario that is the same on every path; it can be sent to another process.

    decided, barred: by strategy, decision rows and (T, N) what its screen bars. news: by decision rows (as
    bytes), features that depend on dates and events alone. calm: the path without a draw. exits: (column, row of the last
    close that counts, recovery).
    """

    urn: ResamplingPool
    hit: Effect
    calm: Market
    strategies: tuple[Strategy, ...]
    terms: StressTerms
    fees: FixedFees
    tax: FixedTax | None
    limited: TradingConstraints
    decided: tuple[IntArray, ...]
    barred: tuple[BoolArray, ...]
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
            barred=tuple(self.barred[k] for k in which),
        )

    def no_buy(self, which: int) -> BoolArray:
        """(A, N) what a strategy may not buy on the account's rows: what its screen bars and what binds whatever that
        says."""
        return (self.limited.no_buy | self.barred[which])[self.calm.start :]

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
            self.urn, self.hit, self.calm, inputs, withheld, rows, self.limited.exit_price, self.exits
        )


@final
@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """P paths of one strategy. nav: (P, H + 1), 1 at the opening; legs: (P, N) profit of each name after fees,
    in units of opening nav; trapped: (P,) value of frozen holdings at the end, at their last marks."""

    nav: FloatArray
    legs: FloatArray
    trapped: FloatArray

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """One after the other."""
        return cls(*(np.concatenate([getattr(b, f) for b in batches]) for f in ("nav", "legs", "trapped")))


@final
class Stages:
    """Scenarios of the same past, strategies and terms, each prepared; what they share is worked out once."""

    def __init__(self, source: ResamplingPool, strategies: Sequence[Strategy], terms: StressTerms) -> None:
        self._source, self._strategies, self._terms = source, tuple(strategies), terms
        self._known = terms.events.until(source.past.rows[-1])
        self._by_rows: dict[int, tuple[FeeRates, tuple[FloatArray, BoolArray] | None]] = {}
        self._decisions: dict[Hashable, tuple[tuple[IntArray, ...], tuple[BoolArray, ...]]] = {}
        self._news: dict[tuple[int, bytes], dict[Feature, FloatArray]] = {}

    def of(self, hit: Effect) -> ScenarioSetup:
        """Prepared on the calm path: dates, fees, restrictions and news do not depend on the draw."""
        source, terms = self._source, self._terms
        calm = continued(source, None, hit)
        offset = calm.start + 1
        moved = replace(
            hit, endings=tuple((row + offset, n, kind, part) for row, n, kind, part in hit.endings)
        )
        endings = ending_restrictions(calm, moved)
        events = replace(self._known, restrictions=(*self._known.restrictions, *endings))
        rates, withheld = self._rates(calm)
        wide = np.vstack([np.ones_like(hit.spread[:1]), hit.spread])
        fees = FixedFees(terms.fees.label, widened(rates, wide) if (wide != 1).any() else rates)
        decided, barred = self._decided(calm, events, moved)
        made = ScenarioSetup(
            urn=source, hit=hit, calm=calm, strategies=self._strategies, terms=replace(terms, events=events), fees=fees,
            tax=None if withheld is None or terms.tax is None else FixedTax(terms.tax.label, *withheld),
            limited=trading_constraints(calm, events.restrictions, mark=terms.mark), decided=decided, barred=barred,
            news={},
            exits=tuple((n, row - 1, recovery) for row, n, kind, recovery in moved.endings if kind == "delisted"),
        )  # fmt: skip
        return replace(made, news=self._felt(made))

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
            strategies = self._strategies
            self._decisions[key] = (
                tuple(schedule(calm, events, p.names, p.themes if p.respond > 0 else ()) for p in strategies),
                tuple(p.screened(calm, events) for p in strategies),
            )
        return self._decisions[key]

    def _felt(self, made: ScenarioSetup) -> dict[bytes, dict[Feature, FloatArray]]:
        """By decision rows, the features that depend on dates and events alone, dated with the rows before the
        look-backs: what is asked for on the calm path is asked for on all."""
        calm, before = made.calm, self._source.before
        size, keys = calm.rows.size, {decided.tobytes() for decided in made.decided}
        if not all((size, key) in self._news for key in keys):
            books: dict[bytes, FeatureBook] = {}
            play(made, calm, books)
            clock = _clock(before, calm)
            self._news.update({(size, key): {} for key in keys})
            for key, book in books.items():
                late = book.decided + before.size
                self._news[size, key] = {
                    f: f.compute(clock, made.terms.events, late)
                    for f in book.known
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


def play(made: ScenarioSetup, market: Market, books: dict[bytes, FeatureBook] | None = None) -> list[Result]:
    """The account of every strategy on one market. books: filled with the features used, by decision rows."""
    books = {} if books is None else books
    limited = made.limited
    if made.exits:
        price = limited.exit_price.copy()
        for n, row, recovery in made.exits:
            price[n] = recovery * market.carried_close[row, n]
        limited = replace(limited, exit_price=price)
    terms = made.terms.account
    inputs = made.inputs_on(market, limited)
    results = []
    for k, (strategy, decided) in enumerate(zip(made.strategies, made.decided, strict=True)):
        targets = _targets(made, strategy, decided, market, books)
        results.append(terms.run(targets, market, inputs=inputs.barring(made.no_buy(k))))
    return results


def _targets(
    made: ScenarioSetup,
    strategy: Strategy,
    decided: IntArray,
    market: Market,
    books: dict[bytes, FeatureBook],
) -> Targets:
    if not decided_in_batches(strategy):
        targets = strategy.target_weights(market, made.terms.events)
        require_targets(targets, market, strategy.name)
        return targets
    assert isinstance(strategy, Scheduled)  # noqa: S101 - as it is decided
    key = decided.tobytes()
    if key not in books:
        books[key] = FeatureBook(market, made.terms.events, decided, made.news.get(key))
    weights = strategy.weights(books[key])
    return Targets(market.rows, market.symbols, decided, weights, strategy.band, strategy.gross_limit)


def profits(result: Result) -> FloatArray:
    """(N,) profit of each name after fees, dividends less tax, and borrow, in units of opening nav: what it is worth at
    the end, less what was paid for it. With interest on cash they add up to nav - 1."""
    inputs = result.inputs
    bought = result.trades * np.where(result.trades != 0, result.paid, 0.0)
    held = result.held_before
    with np.errstate(invalid="ignore"):
        income = np.where(held != 0, held * inputs.dividend - np.maximum(held, 0.0) * inputs.tax, 0.0)
        rent = np.where(held[1:] < 0, held[1:] * inputs.mark[:-1] * inputs.borrow[1:], 0.0)
    return np.asarray(result.values[-1] - (bought + result.charges - income).sum(axis=0) + rent.sum(axis=0))


def batch(made: ScenarioSetup, seed: int, paths: range) -> list[Batch]:
    """Some of the paths of one scenario, by strategy: side by side where the engine's own code decides and the account
    has no size, else path by path. A path has the same bits in both."""
    rows, horizon = made.urn.rows.size, made.hit.correlation.size
    drawn = np.stack([draw(seed, path, rows, horizon, made.terms.block) for path in paths])
    sized = made.terms.capital is not None and made.terms.capital.amount > 0
    lanes = [k for k, p in enumerate(made.strategies) if decides_on_paths(p) and not sized]
    rest = [k for k in range(len(made.strategies)) if k not in lanes]
    found: dict[int, Batch] = {}
    for which, worked in ((lanes, side_by_side), (rest, one_by_one)):
        if which:
            found |= dict(zip(which, worked(made.only(which), drawn), strict=True))
    return [found[k] for k in range(len(made.strategies))]


def one_by_one(made: ScenarioSetup, drawn: IntArray) -> list[Batch]:
    """Each path its own market, decided and accounted as a real one; drawn: (P, H) rows of the urn."""
    made_of: list[list[tuple[FloatArray, FloatArray, float]]] = [[] for _ in made.strategies]
    for rows in drawn:
        for own, result in zip(made_of, play(made, continued(made.urn, rows, made.hit)), strict=True):
            own.append((result.nav, profits(result), result.trapped[-1]))
    return [Batch(*(np.array(each) for each in zip(*own, strict=True))) for own in made_of]


def side_by_side(made: ScenarioSetup, drawn: IntArray) -> list[Batch]:
    """The same of strategies that decide by the engine's own code, for accounts without size."""
    some = [
        _abreast(made, drawn[first : first + SIDE_BY_SIDE]) for first in range(0, len(drawn), SIDE_BY_SIDE)
    ]
    return [Batch.joined(each) for each in zip(*some, strict=True)]


def _abreast(made: ScenarioSetup, drawn: IntArray) -> list[Batch]:
    markets, own = made.lanes.laid(drawn)
    books: dict[bytes, FeatureBook] = {}
    found = []
    for k, (strategy, decided) in enumerate(zip(made.strategies, made.decided, strict=True)):
        assert isinstance(strategy, Scheduled)  # noqa: S101 - as it is decided
        key = decided.tobytes()
        if key not in books:
            books[key] = path_book(markets, made.terms.events, decided, made.news.get(key))
        weights = strategy.weights(books[key]).reshape(len(drawn), decided.size, -1)
        _require_bounded(made, strategy, decided, weights)
        shared = own._replace(no_buy=made.no_buy(k))
        accounts = run_markets(decided - made.calm.start, weights, strategy.band, shared, own)
        found.append(Batch(accounts.nav, accounts.profits, accounts.trapped))
    return found


def _require_bounded(made: ScenarioSetup, strategy: Strategy, decided: IntArray, weights: FloatArray) -> None:
    """Raise what `Targets` does for the first path whose (P, D, N) weights are not finite or beyond the limit."""
    gross = np.abs(weights).sum(axis=2)
    for p in np.flatnonzero(~(gross <= strategy.gross_limit).all(axis=1)):
        calm = made.calm
        Targets(calm.rows, calm.symbols, decided, weights[p], strategy.band, strategy.gross_limit)


_stages: dict[str, ScenarioSetup] = {}  # of a worker process


def _receive(stages: dict[str, ScenarioSetup]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is its parent's to answer
    threading.Thread(target=_follow, daemon=True).start()
    _stages.update(stages)


def _follow() -> None:
    """End when the parent does, however that was."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(name: str, seed: int, paths: range) -> list[Batch]:
    return batch(_stages[name], seed, paths)


def simulated(
    stages: dict[str, ScenarioSetup],
    paths: int,
    seed: int,
    workers: int,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[str, list[Batch]]]:
    """By scenario, the paths of every strategy: path k has the same draws under each scenario and whoever works it out.
    `advance` is called with a number of paths done."""
    parts = [range(k, min(k + PATHS_PER_TASK, paths)) for k in range(0, paths, PATHS_PER_TASK)]
    if workers == 1:
        for name, made in stages.items():
            yield name, _gathered((batch(made, seed, part) for part in parts), parts, advance)
        return
    context = multiprocessing.get_context(
        "spawn"
    )  # a fork would copy the progress bar's thread and its locks
    with ProcessPoolExecutor(workers, context, _receive, (stages,)) as pool:
        try:
            for name in stages:
                answers = (f.result() for f in [pool.submit(_answer, name, seed, part) for part in parts])
                yield name, _gathered(answers, parts, advance)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _gathered(
    answers: Iterator[list[Batch]], parts: list[range], advance: Callable[[int], None]
) -> list[Batch]:
    done = []
    for part, answer in zip(parts, answers, strict=True):
        done.append(answer)
        advance(len(part))
    return [Batch.joined(each) for each in zip(*done, strict=True)]
