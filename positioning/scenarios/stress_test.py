"""A stress test from end to end: scenarios, strategies and one market in; everything the page shows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, final

import numpy as np

from positioning.arrays import FloatArray
from positioning.display import Displayable, Picture
from positioning.errors import BadInputError, DataMissingError
from positioning.events.thesis import Thesis
from positioning.market.bars import Notice
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Driver, Source
from positioning.scenarios.outcome import Figures, Paths, break_even, crossings, fan, figures
from positioning.scenarios.paths import MIN_COMMON_ROWS, Drift, ResamplingPool, resampling_pool
from positioning.scenarios.pooling import PooledProbabilities, mean_and_volatility
from positioning.scenarios.replay import Part, breaking_multiples, deepest, parts, replay
from positioning.scenarios.scenario import WEIGHTED, Scenario, ScenarioSet, path_cost, path_memory
from positioning.scenarios.scenario_file import read_scenarios
from positioning.scenarios.setup import ScenarioSetup, Stages, StressTerms
from positioning.scenarios.simulation import PATHS_PER_TASK, Batch, PathWork, processes, simulated
from positioning.scenarios.transmission import (
    MIN_MONTHS,
    Beta,
    betas,
    monthly,
    publication_rows,
    scenario_effect,
)
from positioning.simulation.fees import read_fees
from positioning.simulation.liquidity import size_words
from positioning.simulation.taxes import GROSS
from positioning.strategy.strategy import Strategy

ROWS_A_MONTH = 21
MOST_PATHS = 1_000_000
MOST_MEMORY = 32e9  # bytes
MOST_WORKERS = 256
Rows = dict[str, dict[str, FloatArray]]

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, slots=True)
class StressSettings:
    """What a user may set. window: first and last day replayed, None for no replay; limit: the drawdown, above 0,
    that reverse stress looks for."""

    paths: int = 10_000
    seed: int = 0
    workers: int = 1
    least: int = MIN_COMMON_ROWS
    drift: Drift = "zero"
    window: tuple[np.datetime64, np.datetime64] | None = None
    limit: float = 0.2

    def __post_init__(self) -> None:
        for name, holds, limits in (
            (
                "paths",
                1 <= self.paths <= MOST_PATHS,
                f"1 to {MOST_PATHS:,}",
            ),
            ("seed", self.seed >= 0, "0 or more"),
            ("workers", 1 <= self.workers <= MOST_WORKERS, f"1 to {MOST_WORKERS}"),
            ("least", self.least >= 2, "2 rows or more"),
            ("drift", self.drift in ("zero", "history"), "zero or history"),
            ("limit", 0 < self.limit < 1, "a drawdown above 0 and below 1"),
        ):
            if not holds:
                option = "history" if name == "least" else name
                cost = f" {path_cost(self.paths, 252)}" if name == "paths" and self.paths > MOST_PATHS else ""
                raise BadInputError(
                    f"--{option} {getattr(self, name)}{cost}", f"wanted {limits}", f"correct --{option}"
                )

    @property
    def side_by_side(self) -> int:
        """The processes that so many paths keep busy."""
        return min(self.workers, -(-self.paths // PATHS_PER_TASK))


@final
@dataclass(frozen=True, slots=True, eq=False)
class PooledRow:
    """Months of history reweighted to one scenario's view of one driver. mean, deviation: of each strategy's monthly
    return under it; effective: number of scenarios, of `months`."""

    scenario: str
    driver: str
    view: float
    months: int
    effective: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@final
@dataclass(frozen=True, eq=False, repr=False)
class StressTest(Displayable):
    """Everything a page shows. By strategy and scenario unless told otherwise.

    figures, fans ((len(FAN), H + 1)): with WEIGHTED among the scenarios. legs: (N,) mean profit of each of `symbols`.
    parts: by scenario, in the order of strategies. break_even: probability of each scenario at which the strategy
    expects nothing. crossings: by scenario, see `outcome.crossings`. multiples: of each scenario's shocks, at which
    the drawdown reaches the limit. replayed: return and drawdown, where there are prices. pooled: see PooledRow.
    dividends: how they are taxed; size: what of the accounts' size is modelled.
    """

    scenarios: ScenarioSet
    strategies: tuple[Strategy, ...]
    choice: StressSettings
    market: Market
    source: ResamplingPool
    betas: tuple[Beta, ...]
    figures: Mapping[str, Mapping[str, Figures]]
    fans: Mapping[str, Mapping[str, FloatArray]]
    legs: Mapping[str, Mapping[str, FloatArray]]
    parts: Mapping[str, tuple[Part, ...]]
    break_even: Mapping[str, Mapping[str, float | None]]
    crossings: Mapping[str, list[tuple[float, str, str]]]
    multiples: Mapping[str, Mapping[str, float | None]]
    replayed: Mapping[str, tuple[float, float]]
    pooled: tuple[PooledRow, ...]
    notices: tuple[Notice, ...]
    dividends: str
    size: str

    def picture(self) -> Picture:
        """Mean return and expected shortfall of each strategy over the mixture; in a notebook by scenario, too."""
        facts = {
            "scenarios": ", ".join(f"{s.name} {s.probability:.0%}" for s in self.scenarios.scenarios),
            "paths": f"{self.choice.paths:,} of {self.source.past.rows.size:,} past rows"
            + (" (SIMULATED prices)" if self.market.simulated else ""),
        }
        rows = [
            (name, scenario, f"{f.mean:+.1%}", f"{f.es_95:+.1%}", f"{f.drawdown:.1%}")
            for name, by in self.figures.items()
            for scenario, f in by.items()
        ]
        facts |= {name: f"mean {m}, shortfall {es}" for name, s, m, es, _ in rows if s == WEIGHTED}
        return Picture(facts, ("strategy", "scenario", "mean", "expected shortfall", "drawdown"), rows)

    def to_frame(self) -> pd.DataFrame:
        """`table` as a frame."""
        import pandas as pd

        return pd.DataFrame.from_records(self.table())

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names on the paths."""
        return self.source.past.symbols

    @property
    def means(self) -> dict[str, list[float]]:
        """Expected return by strategy, in the order of the scenarios."""
        return {name: [f[s.name].mean for s in self.scenarios.scenarios] for name, f in self.figures.items()}

    def table(self) -> list[dict[str, Any]]:
        """One record a strategy and scenario, the weighted one last."""
        p = {s.name: s.probability for s in self.scenarios.scenarios} | {WEIGHTED: 1.0}
        return [
            {"strategy": name, "scenario": scenario, "probability": p[scenario], **f.to_json()}
            for name, by in self.figures.items()
            for scenario, f in by.items()
        ]


def stress_test(
    strategies: Sequence[Strategy],
    source: Source,
    thesis: Thesis,
    scenarios: str = "",
    settings: StressSettings | None = None,
    terms: StressTerms | None = None,
    base: str = "USD",
) -> StressTest:
    """The strategies under a set of scenarios of the thesis (its name, a TOML file, or "" for the first), on all that
    the source has of their names.

    settings: 10,000 paths on one core by default. terms: the shipped fees on the thesis' events by default. Raises as
    `load`, `read_scenarios` and `simulate_scenarios` do.
    """
    futures = read_scenarios(thesis, scenarios)
    names = list(dict.fromkeys(s for p in strategies for s in p.names))
    hedges = list(dict.fromkeys(s for p in strategies for s in p.hedges))
    history = max(p.history for p in strategies)
    thesis_source = source.knowing(thesis)
    market = load(thesis_source, names, hedges, None, base, history, thesis.events.crash_dates)
    return simulate_scenarios(
        market, published_series(thesis_source, market.drivers, futures), futures, strategies,
        terms or StressTerms(thesis.events, read_fees()), settings or StressSettings(window=thesis.replay),
    )  # fmt: skip


def published_series(
    source: Source, carried: Mapping[str, Driver], scenarios: ScenarioSet
) -> dict[str, Driver]:
    """The series that the scenarios' transmissions name: those the market carries, and what the source has besides."""
    series = dict(carried)
    for name in {s for t in scenarios.transmissions for s in t.series} - set(series):
        with suppress(DataMissingError):
            series[name] = source.driver(name)
    return series


def simulate_scenarios(
    market: Market,
    series: Mapping[str, Driver],
    scenarios: ScenarioSet,
    strategies: Sequence[Strategy],
    terms: StressTerms,
    choice: StressSettings,
    advance: Callable[[int], None] = lambda _: None,
    work: PathWork | None = None,
) -> StressTest:
    """Simulate, weigh, replay and search. `advance` is called with a number of paths done, `total_paths` in all.

    work: who works it out, by default `choice.workers` processes of this machine.

    Raises DataMissingError where a strategy has no name, or not its hedge, among those with enough rows.
    """
    require_bearable(choice.paths, scenarios.scenarios[0].horizon, len(scenarios.scenarios), len(strategies))
    lookback = max(p.history for p in strategies) + 12  # ten sessions of silence bar a name
    source = resampling_pool(market, lookback, choice.least, choice.drift)
    for p in strategies:
        if (lacking := _lacking(p, source)) is not None:
            raise DataMissingError(f"{p.name} cannot be simulated: {lacking}", f"wanted {choice.least} rows in common",
                                   "ask for less history, or choose other strategies")  # fmt: skip
    own_betas = tuple(
        b for b in betas(scenarios.transmissions, market, series) if b.symbol in source.past.symbols
    )
    replayed, notices = _replayed(market, lookback, strategies, terms, choice)
    plan = StressPlan.of(Stages(source, strategies, terms), scenarios, own_betas, choice)
    reversed_, apart = (
        {s.name: (f, s.name) for s in scenarios.scenarios} for f in (reverse_stress, scenario_parts)
    )
    coming = simulated(
        plan,
        choice.paths,
        work or processes(choice.side_by_side),
        advance,
        [*reversed_.values(), *apart.values()],
    )
    pooled, unreached = _pooled(market, series, scenarios, strategies, terms)
    paths, fans, legs, answers = _collected(coming, scenarios, strategies, choice.paths)
    judged = {p.name: _figures(scenarios, paths, k) for k, p in enumerate(strategies)}
    means = {name: [f[s.name].mean for s in scenarios.scenarios] for name, f in judged.items()}
    odds = [s.probability for s in scenarios.scenarios]
    multiples = {name: answers[call] for name, call in reversed_.items()}
    return StressTest(
        scenarios=scenarios, strategies=tuple(strategies), choice=choice, market=market, source=source, betas=own_betas,
        figures=judged, fans=fans, legs=legs,
        parts={name: answers[call] for name, call in apart.items()},
        break_even={
            name: {s.name: break_even(m, odds, k) for k, s in enumerate(scenarios.scenarios)} for name, m in means.items()
        },
        crossings={s.name: crossings(means, odds, k) for k, s in enumerate(scenarios.scenarios)},
        multiples={p.name: {s: row[k] for s, row in multiples.items()} for k, p in enumerate(strategies)},
        replayed=replayed, pooled=pooled,
        notices=(*market.notices, *source.notices, *notices, *unreached),
        dividends=GROSS if terms.tax is None else terms.tax.label,
        size=size_words(terms.capital, market.base),
    )  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class StressPlan:
    """What whoever works out a stress test is sent; see `simulation.StressSetup`."""

    prepared: Stages
    scenarios: Mapping[str, Scenario]
    betas: tuple[Beta, ...]
    limit: float
    stages: Mapping[str, ScenarioSetup]
    seed: int

    @classmethod
    def of(
        cls, prepared: Stages, scenarios: ScenarioSet, betas: tuple[Beta, ...], choice: StressSettings
    ) -> StressPlan:
        """With every scenario of the set prepared."""
        past = prepared.source.past
        by_name = {s.name: s for s in scenarios.scenarios}
        stages = {
            name: prepared.of(scenario_effect(s, betas, past.instruments, past.base))
            for name, s in by_name.items()
        }
        return cls(prepared, by_name, betas, choice.limit, stages, choice.seed)


def reverse_stress(plan: StressPlan, name: str) -> list[float | None]:
    """`breaking_multiples` of one scenario."""
    return breaking_multiples(plan.prepared, plan.scenarios[name], plan.betas, plan.limit)


def scenario_parts(plan: StressPlan, name: str) -> tuple[Part, ...]:
    """`parts` of one scenario."""
    return parts(plan.prepared, plan.scenarios[name], plan.betas)


def _collected(
    coming: Iterator[tuple[Any, Any]], scenarios: ScenarioSet, strategies: Sequence[Strategy], count: int
) -> tuple[dict[str, list[Paths]], Rows, Rows, dict[Any, Any]]:
    """Numbers a path by scenario, fans and mean profit by name by strategy and scenario, and what else was answered."""
    paths: dict[str, list[Paths]] = {}
    fans: Rows = {p.name: {} for p in strategies}
    legs: Rows = {p.name: {} for p in strategies}
    mixed: dict[str, list[FloatArray]] = {p.name: [] for p in strategies}
    slices = dict(
        zip(
            (s.name for s in scenarios.scenarios),
            shares([s.probability for s in scenarios.scenarios], count),
            strict=True,
        )
    )
    answers: dict[Any, Any] = {}
    for key, answer in coming:
        if key not in slices:
            answers[key] = answer
            continue
        paths[key] = [Paths.of(b) for b in answer]
        for p, b in zip(strategies, answer, strict=True):
            fans[p.name][key], legs[p.name][key] = fan(b.nav), b.legs.mean(axis=0)
            mixed[p.name].append(b.nav[slices[key]])
    for p in strategies:
        fans[p.name][WEIGHTED] = fan(np.concatenate(mixed[p.name]))
    return paths, fans, legs, answers


def shares(probabilities: Sequence[float], paths: int) -> list[slice]:
    """Which of its paths each scenario gives to the weighted fan: as many as its probability says, no draw twice."""
    edges = np.round(np.cumsum([0.0, *probabilities]) * paths).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def require_bearable(paths: int, horizon: int, scenarios: int, strategies: int) -> None:
    """Raise BadInputError for a question whose paths together take more than MOST_MEMORY."""
    if path_memory(paths, horizon, strategies) > MOST_MEMORY:
        fewer = max(int(paths * MOST_MEMORY / path_memory(paths, horizon, strategies)), 1)
        raise BadInputError(
            f"paths={paths} of {horizon} rows for {strategies} strategies "
            f"{path_cost(paths, horizon, scenarios, strategies)}",
            f"wanted at most {MOST_MEMORY / 1e9:.0f} GB",
            f"give paths={fewer}, or a shorter horizon",
            "paths",
        )


def total_paths(scenarios: ScenarioSet, choice: StressSettings) -> int:
    """How often a path is simulated."""
    return len(scenarios.scenarios) * choice.paths


def _lacking(strategy: Strategy, source: ResamplingPool) -> str | None:
    symbols = source.past.symbols
    if not any(s in symbols for s in strategy.names):
        return f"none of {', '.join(strategy.names)} has enough rows"
    gone = [s for s in strategy.hedges if s not in symbols]
    return f"its hedge {', '.join(gone)} has too few rows" if gone else None


def _figures(scenarios: ScenarioSet, paths: Mapping[str, list[Paths]], which: int) -> dict[str, Figures]:
    each = {s.name: figures([paths[s.name][which]], [1.0]) for s in scenarios.scenarios}
    all_paths = [paths[s.name][which] for s in scenarios.scenarios]
    return each | {WEIGHTED: figures(all_paths, [s.probability for s in scenarios.scenarios])}


def _replayed(
    market: Market, lookback: int, strategies: Sequence[Strategy], terms: StressTerms, choice: StressSettings
) -> tuple[dict[str, tuple[float, float]], tuple[Notice, ...]]:
    if choice.window is None:
        return {}, ()
    source = resampling_pool(market, lookback, choice.least, "history", choice.window)
    lacking = {p.name: _lacking(p, source) for p in strategies}
    able = [p for p in strategies if lacking[p.name] is None]
    notices = tuple(Notice("", f"{name} is not replayed: {why}") for name, why in lacking.items() if why)
    batches: list[Batch] = replay(source, able, terms) if able else []
    outcomes = {
        p.name: (float(b.nav[0, -1] - 1), deepest(b.nav[0])) for p, b in zip(able, batches, strict=True)
    }
    return outcomes, (*source.notices, *notices)


def _pooled(
    market: Market,
    series: Mapping[str, Driver],
    scenarios: ScenarioSet,
    strategies: Sequence[Strategy],
    terms: StressTerms,
) -> tuple[tuple[PooledRow, ...], tuple[Notice, ...]]:
    """For every driver with a published series: the strategies' own history by month, reweighted to each scenario; and a
    notice for each view that no weights of those months reach, which has no row.
    """
    published = {
        t.driver: series[s]
        for t in reversed(scenarios.transmissions)
        for s in reversed(t.series)
        if s in series
    }
    navs = [_history(market, p, terms) for p in strategies] if published else []
    rows, unreached = [], []
    for name, driver in published.items():
        changes = [monthly(market, driver, nav) for nav in navs]
        at = publication_rows(market, driver)
        open_then = at[(at >= 0) & (at < market.rows.size)][:-1] >= market.start
        x = changes[0][1][open_then]
        if x.size < MIN_MONTHS:
            continue
        y = np.expm1(np.vstack([c[0][open_then] for c in changes]))
        for s in scenarios.scenarios:
            for d in s.drivers:
                if d.name != name:
                    continue
                view = d.remaining(s.horizon) * ROWS_A_MONTH / s.horizon
                try:
                    rows.append(_pooled_row(s, name, view, d.volatility, x, y))
                except BadInputError:
                    unreached.append(_unreached(s.name, name, view, d.volatility, x))
    return tuple(rows), tuple(unreached)


def _unreached(scenario: str, driver: str, view: float, volatility: float, x: FloatArray) -> Notice:
    noise = "" if volatility == 1.0 else f" at {volatility:g} times its volatility"
    return Notice(
        "",
        f"{scenario}: {driver} by {np.expm1(view):+.1%} a month{noise} is beyond what its {x.size} months since the "
        f"account opened can be weighed to ({np.expm1(x.min()):+.1%} to {np.expm1(x.max()):+.1%}), so no history is "
        "reweighted to it, and its paths stand without that check; a longer horizon or a milder move can be",
    )


def _history(market: Market, strategy: Strategy, terms: StressTerms) -> FloatArray:
    """(T,) nav of the strategy on the real market, 1 before it opens."""
    result = terms.account.run(strategy, market, terms.events)
    return np.concatenate([np.ones(market.start), result.nav])


def _pooled_row(
    s: Scenario, driver: str, view: float, volatility: float, x: FloatArray, y: FloatArray
) -> PooledRow:
    """Raises BadInputError where no weights of the months reach the view."""
    pooled: PooledProbabilities = mean_and_volatility(x, view, volatility)
    p = pooled.probabilities
    mean = y @ p
    deviation = np.sqrt(((y - mean[:, None]) ** 2) @ p)
    return PooledRow(
        s.name, driver, view, x.size, pooled.effective, tuple(map(float, mean)), tuple(map(float, deviation))
    )
