"""Strategies on simulated markets: decided by their own code, accounted by the one ledger, path by path."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.scenarios.counterfactual import ending_restrictions, widened
from positioning.scenarios.paths import BLOCK, ResamplingPool, continued, draw
from positioning.scenarios.shock import Effect
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.fees import FeeRates
from positioning.simulation.inputs import Fees, Fill, ledger_inputs
from positioning.simulation.liquidity import Capital
from positioning.simulation.result import Result
from positioning.simulation.taxes import DividendTax
from positioning.strategy.batched import Scheduled
from positioning.strategy.features import Feature, FeatureBook, Response
from positioning.strategy.strategy import Strategy, schedule
from positioning.strategy.targets import Targets

PATHS_PER_TASK = 250  # paths a worker answers at once


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
    bytes), features that depend on dates and events alone. exits: (column, row of the last close that counts, recovery).
    """

    urn: ResamplingPool
    hit: Effect
    strategies: tuple[Strategy, ...]
    terms: StressTerms
    fees: FixedFees
    tax: FixedTax | None
    limited: TradingConstraints
    decided: tuple[IntArray, ...]
    barred: tuple[BoolArray, ...]
    news: dict[bytes, dict[Feature, FloatArray]]
    exits: tuple[tuple[int, int, float], ...]


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


def stage(
    source: ResamplingPool, hit: Effect, strategies: Sequence[Strategy], terms: StressTerms
) -> ScenarioSetup:
    """Prepared on the calm path: dates, fees, restrictions and news do not depend on the draw."""
    calm = continued(source, None, hit)
    day = calm.rows[calm.start]
    known = terms.events.until(day)
    offset = calm.start + 1
    moved = replace(hit, endings=tuple((row + offset, n, kind, part) for row, n, kind, part in hit.endings))
    endings = ending_restrictions(calm, moved)
    events = replace(known, restrictions=(*known.restrictions, *endings))
    terms = replace(terms, events=events)
    rows = calm.rows[calm.start :]
    wide = np.vstack([np.ones_like(hit.spread[:1]), hit.spread])
    fees = FixedFees(terms.fees.label, widened(terms.fees.on(rows, calm.instruments), wide))
    tax = None if terms.tax is None else FixedTax(terms.tax.label, *terms.tax.on(rows, calm.instruments))
    decided = tuple(schedule(calm, events, p.names, p.themes if p.respond > 0 else ()) for p in strategies)
    made = ScenarioSetup(
        urn=source, hit=hit, strategies=tuple(strategies), terms=terms, fees=fees, tax=tax,
        limited=trading_constraints(calm, events.restrictions, mark=terms.mark), decided=decided,
        barred=tuple(p.screened(calm, events) for p in strategies), news={},
        exits=tuple((n, row - 1, recovery) for row, n, kind, recovery in moved.endings if kind == "delisted"),
    )  # fmt: skip
    books: dict[bytes, FeatureBook] = {}
    play(made, calm, books)
    clock = _clock(source.before, calm)
    for key, book in books.items():
        late = book.decided + source.before.size
        made.news[key] = {f: f.compute(clock, events, late) for f in book.known if isinstance(f, Response)}
    return made


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
    inputs = ledger_inputs(
        market, made.fees, made.terms.fill, made.terms.cash, limited, made.tax, terms.capital
    )
    results = []
    for strategy, decided, barred in zip(made.strategies, made.decided, made.barred, strict=True):
        targets = _targets(made, strategy, decided, market, books)
        own = inputs.barring(barred[market.start :])
        results.append(terms.run(targets, market, inputs=own))
    return results


def _targets(
    made: ScenarioSetup,
    strategy: Strategy,
    decided: IntArray,
    market: Market,
    books: dict[bytes, FeatureBook],
) -> Targets:
    if not isinstance(strategy, Scheduled):
        return strategy.target_weights(market, made.terms.events)
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
    """Some of the paths of one scenario, by strategy."""
    count, rows = len(paths), made.urn.rows.size
    horizon, names = made.hit.correlation.size, len(made.urn.past.instruments)
    out = [
        Batch(np.empty((count, horizon + 1)), np.empty((count, names)), np.empty(count))
        for _ in made.strategies
    ]
    for k, path in enumerate(paths):
        market = continued(made.urn, draw(seed, path, rows, horizon, made.terms.block), made.hit)
        for one, result in zip(out, play(made, market), strict=True):
            one.nav[k], one.legs[k], one.trapped[k] = result.nav, profits(result), result.trapped[-1]
    return out


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
