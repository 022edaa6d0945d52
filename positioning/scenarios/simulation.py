"""Strategies on simulated markets: decided by their own code, accounted by the one ledger, path by path or abreast."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.compiled import get_ready
from positioning.errors import BadInputError
from positioning.scenarios.paths import continued, draw
from positioning.scenarios.setup import ScenarioSetup, run_accounts
from positioning.simulation.many_markets import Decisions, run_markets
from positioning.simulation.result import Result
from positioning.strategy.features import FeatureBook
from positioning.strategy.from_file import blamed
from positioning.strategy.path_book import decides_on_paths, path_book
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from positioning.strategy.weight_batches import ScheduledStrategy
from positioning.worker_processes import WorkerError, WorkerProcesses, answers_of

PATHS_PER_TASK = 250  # paths a worker answers at once
SIDE_BY_SIDE = (
    32  # paths whose arrays are worked on together: fewer take more Python a path, more leave the cache
)
NOT_RETURNED = 31 << 20  # bytes, just below the most that glibc learns from


@final
@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """P paths of one strategy. nav: (P, H + 1), 1 at the opening; legs: (P, N) profit of each name after fees,
    in units of opening nav; trapped: (P,) value of frozen holdings at the end, at their last marks; drawdown: (P,) the
    deepest fall from a high, in [-1, 0]."""

    nav: FloatArray
    legs: FloatArray
    trapped: FloatArray
    drawdown: FloatArray

    @classmethod
    def of(cls, nav: FloatArray, legs: FloatArray, trapped: FloatArray) -> Batch:
        """With the drawdowns of these navs."""
        return cls(nav, legs, trapped, (nav / np.maximum.accumulate(nav, axis=1) - 1).min(axis=1))

    @classmethod
    def joined(cls, batches: Sequence[Batch]) -> Batch:
        """One after the other."""
        return cls(
            *(
                np.concatenate([getattr(b, f) for b in batches])
                for f in ("nav", "legs", "trapped", "drawdown")
            )
        )


class StressSetup(Protocol):
    """What all paths of a stress test share: the scenarios by name, each prepared, and the seed of the draws."""

    @property
    def stages(self) -> Mapping[str, ScenarioSetup]:
        """By name of the scenario, in their order."""

    @property
    def seed(self) -> int:
        """The seed of the draws."""


@final
@dataclass(frozen=True, eq=False)
class PathPlan:
    """No more than `StressSetup` asks for."""

    stages: Mapping[str, ScenarioSetup]
    seed: int


Call = tuple[Any, ...]  # a function of what is prepared, and its further arguments
# Calls worked out, in any order; what can be is begun at once. Closed, it gives up what it has begun.
Answers = Generator[tuple[Call, Any], None, None]
PathWork = Callable[[StressSetup, Sequence[Call]], Answers]


def profits(result: Result) -> FloatArray:
    """(N,) profit of each name after fees, dividends less tax, and borrow, in units of opening nav: what it is worth at
    the end, less what was paid for it. With interest on cash they add up to nav - 1."""
    inputs = result.inputs
    purchases = result.trades * np.where(result.trades != 0, result.paid, 0.0)
    shares = result.held_before
    with np.errstate(invalid="ignore"):
        income = np.where(shares != 0, shares * inputs.dividend - np.maximum(shares, 0.0) * inputs.tax, 0.0)
        rent = np.where(shares[1:] < 0, shares[1:] * inputs.mark[:-1] * inputs.borrow[1:], 0.0)
    return np.asarray(
        result.values[-1] - (purchases + result.charges - income).sum(axis=0) + rent.sum(axis=0)
    )


def batch(setup: ScenarioSetup, seed: int, paths: range) -> list[Batch]:
    """Some of the paths of one scenario, by strategy: side by side where the engine's own code decides and the account
    has no size, else path by path. A path has the same bits in both."""
    rows, horizon = setup.pool.rows.size, setup.hit.correlation.size
    draws = np.stack([draw(seed, path, rows, horizon, setup.terms.block) for path in paths])
    sized = setup.terms.capital is not None and setup.terms.capital.amount > 0
    lanes = [k for k, p in enumerate(setup.strategies) if decides_on_paths(p) and not sized]
    rest = [k for k in range(len(setup.strategies)) if k not in lanes]
    by_place: dict[int, Batch] = {}
    for which, worked in ((lanes, side_by_side), (rest, one_by_one)):
        if which:
            by_place |= dict(zip(which, worked(setup.only(which), draws), strict=True))
    return [by_place[k] for k in range(len(setup.strategies))]


def one_by_one(setup: ScenarioSetup, draws: IntArray) -> list[Batch]:
    """Each path its own market, decided and accounted as a real one; draws: (P, H) rows of the pool."""
    by_strategy: list[list[tuple[FloatArray, FloatArray, float]]] = [[] for _ in setup.strategies]
    for rows in draws:
        for own, result in zip(
            by_strategy, run_accounts(setup, continued(setup.pool, rows, setup.hit)), strict=True
        ):
            own.append((result.nav, profits(result), result.trapped[-1]))
    return [Batch.of(*(np.array(each) for each in zip(*own, strict=True))) for own in by_strategy]


def side_by_side(setup: ScenarioSetup, draws: IntArray) -> list[Batch]:
    """The same of strategies that decide by the engine's own code, for accounts without size."""
    np.empty(
        NOT_RETURNED, np.uint8
    )  # freed at once: from then on glibc hands no freed memory back that is wanted again
    some = [
        _abreast(setup, draws[first : first + SIDE_BY_SIDE]) for first in range(0, len(draws), SIDE_BY_SIDE)
    ]
    return [Batch.joined(each) for each in zip(*some, strict=True)]


def _abreast(setup: ScenarioSetup, draws: IntArray) -> list[Batch]:
    markets, own = setup.lanes.laid(draws)
    books: dict[bytes, FeatureBook] = {}
    decisions = []
    for k, (strategy, decided) in enumerate(zip(setup.strategies, setup.decided, strict=True)):
        assert isinstance(strategy, ScheduledStrategy)  # noqa: S101 - as it is decided
        key = decided.tobytes()
        if key not in books:
            books[key] = path_book(markets, setup.terms.events, decided, setup.news.get(key))
        weights = strategy.weights(books[key]).reshape(len(draws), decided.size, -1)
        _require_bounded(setup, strategy, decided, weights)
        decisions.append(Decisions(decided - setup.calm.start, weights, strategy.band, setup.no_buy(k)))
    accounts = run_markets(decisions, setup.lanes.inputs.arrays, own)
    return [Batch.of(a.nav, a.profits, a.trapped) for a in accounts]


def _require_bounded(
    setup: ScenarioSetup, strategy: Strategy, decided: IntArray, weights: FloatArray
) -> None:
    """Raise what `Targets` does for the first path whose (P, D, N) weights are not finite or beyond the limit."""
    gross = np.abs(weights).sum(axis=2)
    for p in np.flatnonzero(~(gross <= strategy.gross_limit).all(axis=1)):
        calm = setup.calm
        Targets(calm.rows, calm.symbols, decided, weights[p], strategy.band, strategy.gross_limit)


def paths_of(plan: StressSetup, name: str, paths: range) -> list[Batch]:
    """Some of the paths of one scenario, by strategy."""
    return batch(plan.stages[name], plan.seed, paths)


def answer_of(plan: StressSetup, function: Callable[..., Any], *arguments: Any) -> Any:
    """The answer to a call. Raises BadInputError, with its line, for an error in a strategy's own code."""
    try:
        return function(plan, *arguments)
    except Exception as error:
        blame = blamed(error)
        if blame is None:
            raise
        raise blame from None  # a traceback does not reach another process


def in_this_process(plan: StressSetup, calls: Sequence[Call]) -> Answers:
    """One call after the other, in this process."""
    for call in calls:
        yield call, answer_of(plan, *call)


def processes(workers: int) -> PathWork:
    """In so many processes of this machine. Raises BadInputError where one dies."""

    def work(plan: StressSetup, calls: Sequence[Call]) -> Answers:
        with in_worker_processes(workers) as run_batches:
            yield from run_batches(plan, calls)

    return work


@contextmanager
def in_worker_processes(workers: int) -> Iterator[PathWork]:
    """In processes that get ready from now on; one worker is this process itself. Raises BadInputError where one dies."""
    if workers == 1:
        yield in_this_process
        return
    with WorkerProcesses([[""]] * workers, yields=0, imports=__name__, prepare=get_ready) as beside:
        yield _in(beside)


def _in(workers: WorkerProcesses) -> PathWork:
    def work(plan: StressSetup, calls: Sequence[Call]) -> Answers:
        workers.share(plan)
        return answers(answers_of(workers, answer_of, calls))

    def answers(coming: Answers) -> Answers:
        try:
            yield from coming
        except WorkerError as error:
            raise BadInputError(
                f"a worker process failed: {error}", "wanted it to finish its paths",
                "use fewer workers, or give it more memory",
            ) from None  # fmt: skip

    return work


def simulated(
    plan: StressSetup,
    paths: int,
    work: PathWork,
    advance: Callable[[int], None] = lambda _: None,
    also: Sequence[Call] = (),
) -> Iterator[tuple[Any, Any]]:
    """(name, the paths of every strategy) of each scenario, in their order; path k has the same draws under each and
    whoever works it out. `advance` is called with a number of paths done. also: other calls, begun first; each comes back
    with its answer."""
    cut = [range(k, min(k + PATHS_PER_TASK, paths)) for k in range(0, paths, PATHS_PER_TASK)]
    calls = [*also, *((paths_of, name, part) for name in plan.stages for part in cut)]
    coming = work(plan, calls)

    def by_name() -> Iterator[tuple[Any, Any]]:
        by_scenario: dict[str, dict[range, list[Batch]]] = {name: {} for name in plan.stages}
        waiting = list(plan.stages)
        with closing(coming):
            for call, answer in coming:
                if call[0] is not paths_of:
                    yield call, answer
                    continue
                _, name, part = call
                by_scenario[name][part] = answer
                advance(len(part))
                while waiting and len(by_scenario[waiting[0]]) == len(cut):
                    parts = by_scenario.pop(waiting[0])
                    ordered = zip(*(parts[part] for part in cut), strict=True)
                    yield waiting.pop(0), [Batch.joined(each) for each in ordered]

    return by_name()
