"""The past replayed onto today's weights, how hard a scenario must hit, and which of its parts did it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.scenarios.paths import ResamplingPool, continued
from positioning.scenarios.scenario import Scenario
from positioning.scenarios.setup import Stages, StressTerms, run_accounts, stage
from positioning.scenarios.shock import Effect
from positioning.scenarios.simulation import Batch, profits
from positioning.scenarios.transmission import Beta, scenario_effect
from positioning.strategy.strategy import Strategy

WIDEST = 16.0  # multiples of a scenario searched
SCAN = 64  # steps of that search before it is refined


def replay(window: ResamplingPool, strategies: Sequence[Strategy], terms: StressTerms) -> list[Batch]:
    """Each strategy, decided today, on the rows of the window in their order. One path each."""
    hit = Effect.none(window.rows.size, len(window.past.symbols))
    setup = stage(window, hit, strategies, terms)
    results = run_accounts(setup, continued(window, np.arange(window.rows.size), hit))
    return [Batch.of(r.nav[None], profits(r)[None], r.trapped[-1:]) for r in results]


def noiseless_navs(prepared: Stages, scenario: Scenario, betas: Sequence[Beta]) -> list[FloatArray]:
    """(H + 1,) nav of each strategy under a scenario and nothing else: no noise, every venue open."""
    past = prepared.source.past
    setup = prepared.of(scenario_effect(scenario, betas, past.instruments, past.base))
    return [r.nav for r in run_accounts(setup, setup.calm)]


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One driver or shock of a scenario. returns: of each strategy with it alone, less its return without any."""

    label: str
    returns: tuple[float, ...]


def parts(prepared: Stages, scenario: Scenario, betas: Sequence[Beta]) -> tuple[Part, ...]:
    """What each driver and shock does alone, without noise; the last part is what they do together beyond that."""

    def ends(one: Scenario) -> FloatArray:
        return np.array([nav[-1] for nav in noiseless_navs(prepared, one, betas)])

    bare = replace(scenario, drivers=(), shocks=())
    nothing, whole = ends(bare), ends(scenario)
    variants = {f"driver {d.name}": replace(bare, drivers=(d,)) for d in scenario.drivers if d.move != 0}
    variants |= {
        s.label or f"shock {n + 1} on {s.target}": replace(bare, shocks=(s,))
        for n, s in enumerate(scenario.shocks)
    }
    alone = {label: ends(one) - nothing for label, one in variants.items()}
    rest = whole - nothing - sum(alone.values(), np.zeros_like(whole))
    rows = [
        ("costs and hedge without any of it", nothing - 1.0),
        *alone.items(),
        ("together beyond that", rest),
    ]
    return tuple(Part(label, tuple(float(v) for v in values)) for label, values in rows)


def deepest(nav: FloatArray) -> float:
    """The deepest fall from a high, in [-1, 0]."""
    return float((nav / np.maximum.accumulate(nav) - 1).min())


def breaking_multiples(
    prepared: Stages, scenario: Scenario, betas: Sequence[Beta], limit: float
) -> list[float | None]:
    """For each strategy the smallest multiple of a scenario's shocks and driver moves, without noise, at which its
    drawdown reaches `limit` (above 0); None where none up to WIDEST does."""
    depths: dict[float, list[float]] = {}

    def depth(multiple: float) -> list[float]:
        if multiple not in depths:
            navs = noiseless_navs(prepared, scenario.scaled(multiple), betas)
            depths[multiple] = [deepest(nav) for nav in navs]
        return depths[multiple]

    return [smallest(lambda m, k=k: depth(m)[k] <= -limit) for k in range(len(prepared.strategies))]  # type: ignore[misc]


def smallest(
    broken: Callable[[float], bool], widest: float = WIDEST, tolerance: float = 1e-3
) -> float | None:
    """The first multiple in [0, widest] at which `broken` turns true: a scan finds the step, bisection the point.
    None where no step of the scan does."""
    grid = np.linspace(0.0, widest, SCAN + 1)
    first = next((k for k, m in enumerate(grid) if broken(float(m))), None)
    if first is None or first == 0:
        return None if first is None else 0.0
    low, high = float(grid[first - 1]), float(grid[first])
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (low, middle) if broken(middle) else (middle, high)
    return high
