"""A stress test on the workers of a dask scheduler: the bits of one in this process, or one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dask
import numpy as np
import pytest
from typer.testing import CliRunner

from positioning import dask_cluster
from positioning.cli.stress import app
from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.market.load import load
from positioning.scenarios import simulation
from positioning.scenarios.on_cluster import cluster
from positioning.scenarios.paths import resampling_pool
from positioning.scenarios.setup import StressTerms, stage
from positioning.scenarios.shock import Shock, effect
from positioning.scenarios.simulation import PathPlan, in_this_process, simulated
from positioning.simulation.fees import read_fees
from strategies import FertilizerProducers, MiddleCorridor
from tests.builders import EVENTS
from tests.dask_machines import IDLE, within

pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # distributed closes when collected


@pytest.fixture(autouse=True, scope="module")
def idle_machines() -> Iterator[None]:
    """Those that this process begins."""
    with dask.config.set(IDLE):
        yield


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On which a scheduler answers late."""
    monkeypatch.setattr(dask_cluster, "SOON", 60.0)


@pytest.fixture(scope="module")
def plan() -> PathPlan:
    strategies = [FertilizerProducers(), MiddleCorridor()]
    names = [s for p in strategies for s in p.names]
    pool = resampling_pool(load(SampleSource(), names, ["MOO"]), 132)
    blow = Shock("instrument:NTR", jump=-0.3, session=5)
    terms = StressTerms(EVENTS, read_fees())
    stages = {
        name: stage(pool, effect(shocks, 40, 0, pool.past.instruments, "USD"), strategies, terms)
        for name, shocks in (("calm", []), ("blow", [blow]))
    }
    return PathPlan(stages, 3)


def test_paths_have_the_bits_of_this_process(plan: PathPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "PATHS_PER_TASK", 4)
    told: list[int] = []
    with within(2) as two:
        there = list(simulated(plan, 10, cluster(two.scheduler_address), told.append))
        held = [*two.scheduler.worker_plugins, *(name for w in two.workers.values() for name in w.plugins)]
        assert not any("positioning" in name for name in held)
    own = list(simulated(plan, 10, in_this_process))
    assert [name for name, _ in there] == [name for name, _ in own] == ["calm", "blow"]
    for (_, a), (_, b) in zip(there, own, strict=True):
        for one, other in zip(a, b, strict=True):
            assert one.nav.tobytes() == other.nav.tobytes()
            assert one.legs.tobytes() == other.legs.tobytes()
    assert sum(told) == 20


def test_no_scheduler_and_other_code_are_one_line(plan: PathPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "SOON", 0.5)
    with pytest.raises(BadInputError, match=r"no dask scheduler answers at tcp://127.0.0.1:1 "):
        list(simulated(plan, 2, cluster("tcp://127.0.0.1:1")))
    monkeypatch.setattr(dask_cluster, "SOON", 60.0)
    digests = dask_cluster.code_digests
    with within(1) as one:
        alike = [MiddleCorridor, FertilizerProducers]
        asked: list[type] = []

        def drifting(strategy: type) -> dict[str, str]:
            asked.append(strategy)
            return digests(strategy) | ({} if len(asked) <= len(alike) else {"simulation/kernel.py": "other"})

        monkeypatch.setattr(dask_cluster, "code_digests", drifting)
        with pytest.raises(BadInputError, match=r"^worker \S+ differs in simulation/kernel.py; "):
            list(simulated(plan, 2, cluster(one.scheduler_address)))


def test_the_command_gives_the_same_numbers(tmp_path: Path) -> None:
    words = ["middle_corridor", "--paths", "60", "--horizon", "30", "--json", "--out"]
    with within(2) as two:
        there = CliRunner().invoke(app, [*words, str(tmp_path / "a"), "--dask", two.scheduler_address])
    own = CliRunner().invoke(app, [*words, str(tmp_path / "b"), "--workers", "1"])
    assert (there.exit_code, own.exit_code) == (0, 0), there.output
    tables = [json.loads(r.stdout)["table"] for r in (there, own)]
    assert tables[0] == tables[1]
    assert np.isfinite([row["mean"] for row in tables[0]]).all()
