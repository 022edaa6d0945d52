"""How long 10,000 paths of 252 rows take for 20 names and four strategies, one scenario, two processes, and the memory.

Printed by `make bench`. POSITIONING_STRESS_PATHS runs fewer; time grows in proportion but for the start of the processes.
"""

from __future__ import annotations

import os
import resource
from typing import Any

import pytest

from positioning.market.load import load
from positioning.scenarios.outcome import Paths
from positioning.scenarios.paths import ResamplingPool, resampling_pool
from positioning.scenarios.scenario_file import read_scenarios
from positioning.scenarios.setup import ScenarioSetup, StressTerms, stage
from positioning.scenarios.simulation import PathPlan, processes, simulated
from positioning.scenarios.transmission import betas, scenario_effect
from positioning.simulation.fees import read_fees
from strategies import STRATEGIES
from tests.builders import EVENTS, SAMPLE, THESIS

PATHS = int(os.environ.get("POSITIONING_STRESS_PATHS", "10000"))
LEFT_OUT = {"1839.HK", "TBCG.L", "1919.HK", "0038.HK", "WAB"}  # so that twenty names remain


@pytest.fixture(scope="module")
def scenario_setup() -> ScenarioSetup:
    """The sanctions scenario, whose shocks make it the slowest."""
    strategies = [p() for p in STRATEGIES]
    names = [s for s in dict.fromkeys(s for p in strategies for s in p.names) if s not in LEFT_OUT]
    market = load(SAMPLE, names, list(dict.fromkeys(s for p in strategies for s in p.hedges)))
    source: ResamplingPool = resampling_pool(market, 132)
    assert len(source.past.symbols) == 20
    futures = read_scenarios(THESIS)
    transmissions = [
        b for b in betas(futures.transmissions, market, market.drivers) if b.symbol in source.past.symbols
    ]
    hit = scenario_effect(futures.scenarios[2], transmissions, source.past.instruments, "USD")
    return stage(source, hit, strategies, StressTerms(EVENTS, read_fees()))


def test_paths(benchmark: Any, scenario_setup: ScenarioSetup) -> None:
    def job() -> list[Paths]:
        return [
            Paths.of(b)
            for _, batches in simulated(PathPlan({"one": scenario_setup}, 0), PATHS, processes(2))
            for b in batches
        ]

    answer = benchmark.pedantic(job, rounds=1)
    assert [p.returns.size for p in answer] == [PATHS] * 4
    own, theirs = (
        resource.getrusage(who).ru_maxrss / 2**20 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"\n{PATHS} paths; peak memory {own:.2f} GiB here, {theirs:.2f} GiB in the largest of two workers")
