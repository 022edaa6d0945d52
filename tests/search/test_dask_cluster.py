"""A search on the workers of a dask scheduler: the bits of one on threads, whoever dies or joins."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import dask
import distributed
import numpy as np
import pytest
from distributed import Client, LocalCluster

from positioning import dask_cluster as there
from positioning.errors import BadInputError
from positioning.search import on_cluster
from positioning.search.measures import Figures
from positioning.search.on_cluster import cluster
from positioning.search.run import threads
from positioning.strategy.strategy import Strategy
from strategies import Enablers, FertilizerProducers
from tests.builders import LATEST
from tests.dask_machines import IDLE, IMPORTS, Machines, machines, started, within
from tests.forks import Forks
from tests.search.clusters import HALVES, SHARES, Dawdling, failing, planned, space_of, tables

ROOT = Path(__file__).parents[2]
pytestmark = [
    # LocalCluster and the clients of these tests: distributed closes its sockets and loops when they are collected
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Of a process that has imported dask and a search."""
    with Forks(tmp_path_factory.mktemp("forks"), IMPORTS, str(ROOT)) as running:
        yield running


@pytest.fixture(scope="module")
def pairs() -> Iterator[list[Machines]]:
    """Those that `pair` began."""
    begun: list[Machines] = []
    yield begun
    for machines_of_one in begun:
        machines_of_one.end()


@pytest.fixture
def pair(pairs: list[Machines], forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """A scheduler and two workers: those of the tests before, unless one of them was killed."""
    if not pairs or set(pairs[-1].running) != {"scheduler", "first-0", "first-1"}:
        pairs.append(started(tmp_path_factory.mktemp("pair"), forks, 2))
    return pairs[-1]


@pytest.fixture(autouse=True, scope="module")
def idle_machines() -> Iterator[None]:
    """Those that this process begins."""
    with dask.config.set(IDLE):
        yield


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The workers of a nanny are forks of a process that has imported all they need, too."""
    monkeypatch.setattr(distributed.utils, "_forkserver_preload_set", True)
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.dask_imports"])
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield
    forkserver._forkserver._stop()


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On which a scheduler answers late; where one must be seen to be silent, the test says how soon."""
    monkeypatch.setattr(there, "SOON", 60.0)


@pytest.mark.parametrize("strategy", [FertilizerProducers(), Enablers()])
def test_tables_have_the_bits_of_threads(pair: Machines, strategy: Strategy) -> None:
    space = space_of(strategy, half_life=HALVES, exposure=SHARES, lookback=(60, 120), respond=(0.0, 1.0))
    plan = planned(space, Figures(squares=True))
    told: list[int] = []
    found = tables(space, plan, cluster(pair.address), told.append)
    np.testing.assert_array_equal(found, tables(space, plan, threads(2)))
    assert sum(told) == plan.trials == 2048


def test_nothing_to_do_asks_no_one() -> None:
    space = space_of(half_life=(5.0,))
    assert list(cluster("tcp://127.0.0.1:1")(space, planned(space, Figures()), [])) == []


def test_a_scheduler_that_ends_while_an_answer_is_fetched_is_one_line(
    tmp_path: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a traceback of distributed: a broken connection is neither a cancelled task nor a dead worker."""
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120))
    plan = planned(space, Dawdling(0.0))
    with machines(tmp_path, forks, 1) as made:
        gather = Client._gather

        async def late(self: Client, *words: Any, **more: Any) -> Any:
            self._timeout = 1.0  # in which it looks for a new one
            made.running["scheduler"].send_signal(signal.SIGSTOP)  # it takes the question, and never answers
            threading.Timer(1.0, made.kill, ["scheduler"]).start()
            return await gather(self, *words, **more)

        monkeypatch.setattr(Client, "_gather", late)
        with pytest.raises(BadInputError, match="ended, or dropped"):
            tables(space, plan, cluster(made.address))


@pytest.mark.parametrize("error", [OSError("its own"), TimeoutError("its own")])
def test_an_error_of_the_system_in_a_worker_reaches_the_caller(error: OSError) -> None:
    """A TimeoutError was taken for a lost answer, and asked for again for ever."""
    with within(1) as one:
        job = there.Job(failing, (error,), (), (0,), np.asarray, "the first", str, "it", "again")
        with pytest.raises(type(error), match="its own"):
            list(there.completed_pieces(one.scheduler_address, 60.0, job, [(n, (n,)) for n in (1, 2)]))


@pytest.mark.usefixtures("forked")
def test_a_nanny_brings_a_killed_worker_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, deadly = (
        space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120, 180, 240)),
        tmp_path / "deadly",
    )
    plan = planned(space, Dawdling(0.05, str(deadly)))
    plain = tables(space, planned(space, Dawdling(0.0)), threads(2))
    told: list[int] = []

    def advance(trials: int) -> None:
        told.append(trials)
        if len(told) == 2:  # after the trial that this process proves
            deadly.touch()

    # Each lost worker gives its chunks up at once, so that it is the search that begins them again.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as one,
    ):
        np.testing.assert_array_equal(tables(space, plan, cluster(one.scheduler_address), advance), plain)
        assert not deadly.exists()
        monkeypatch.setattr(there, "LIVES", 0)
        told.clear()
        with pytest.raises(BadInputError, match=r"chunk \d brought down .*more memory.*resume=True"):
            tables(space, plan, cluster(one.scheduler_address), advance)


def test_the_ground_is_sent_once_a_worker_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120, 180, 240))
    plan, opened, loads = planned(space, Figures()), list[int](), there.loads

    def counting(sent: bytes) -> Any:
        opened.append(len(sent))
        return loads(sent)

    monkeypatch.setattr(there, "loads", counting)
    with within(2) as two:
        tables(space, plan, cluster(two.scheduler_address))
        assert plan.chunks == 4
        assert len(opened) == 2
        assert opened[0] > 20 * plan.part(0).nbytes  # what a chunk is sent with
        held = [*two.scheduler.worker_plugins, *(name for w in two.workers.values() for name in w.plugins)]
        assert not any("positioning" in name for name in held)


def test_a_search_given_up_leaves_nothing_queued() -> None:
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120, 180, 240))
    plan = planned(space, Dawdling(0.2))

    def stop(trials: int) -> None:
        if trials:
            raise KeyboardInterrupt

    with within(1) as one:
        with pytest.raises(KeyboardInterrupt):
            tables(space, plan, cluster(one.scheduler_address), stop)
        assert not any("positioning" in name for name in one.scheduler.worker_plugins)
        assert not [key for key, task in one.scheduler.tasks.items() if task.who_wants]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "an empty address"),
        ("localhost", "missing port"),
        ("tcp://127.0.0.1:http", "invalid literal"),
        ("http://127.0.0.1:80", "unknown address scheme"),
        ("tls://127.0.0.1:1", "TLS"),
        ("tcp://127.0.0.1:1", "nothing in"),
    ],
)
def test_no_scheduler_is_one_line(address: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if why == "nothing in":  # the others say so at once
        monkeypatch.setattr(there, "SOON", 0.5)
    space = space_of(half_life=(5.0,))
    with pytest.raises(
        BadInputError, match=rf"(?s)^no dask scheduler answers.*{why}.*dask worker tcp"
    ) as caught:
        tables(space, planned(space, Figures()), cluster(address))
    assert "\n" not in str(caught.value)


def test_a_port_of_something_else_is_no_scheduler(pair: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(half_life=(5.0,))
    plan = planned(space, Figures())
    with Client(pair.address, set_as_default=False) as client:
        worker = min(client.nthreads())
    with pytest.raises(BadInputError, match="a worker"):
        tables(space, plan, cluster(worker))
    monkeypatch.setattr(there, "SOON", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(BadInputError, match="nothing in"):
        tables(space, plan, cluster(f"tcp://127.0.0.1:{silent.getsockname()[1]}"))


def test_a_scheduler_without_workers_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Client.wait_for_workers
    monkeypatch.setattr(Client, "wait_for_workers", lambda self, n, timeout: wait(self, n, timeout=0.5))
    space = space_of(half_life=(5.0,))
    with (
        within(0) as none,
        pytest.raises(BadInputError, match="has no workers; wanted one; start one: dask w"),
    ):
        tables(space, planned(space, Figures()), cluster(none.scheduler_address))


def test_other_code_is_refused(pair: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(half_life=(5.0,))
    mine = there.code_digests(FertilizerProducers)
    monkeypatch.setattr(there, "code_digests", lambda _: mine | {"simulation/kernel.py": "other"})
    monkeypatch.setattr(np, "__version__", "2.0.0")
    wanted = (
        r"^worker tcp://127.0.0.1:\d+ differs in numpy, simulation/kernel.py; wanted the code and packages of"
    )
    with pytest.raises(BadInputError, match=wanted):
        tables(space, planned(space, Figures()), cluster(pair.address))


def test_other_code_that_joins_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=tuple(range(60, 240, 9)))
    mine = there.code_digests(FertilizerProducers)
    told: list[int] = []

    with within(1) as one:

        def advance(trials: int) -> None:
            told.append(trials)
            if len(told) == 2:
                monkeypatch.setattr(there, "code_digests", lambda _: mine | {"search/run.py": "other"})
                one.scale(2)

        with pytest.raises(BadInputError, match=r"^worker \S+ differs in search/run.py; .*start it again$"):
            tables(space, planned(space, Dawdling(0.05)), cluster(one.scheduler_address), advance)


def test_other_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tabulate, space = on_cluster.tabulate, space_of(half_life=(5.0,))
    runs: list[int] = []

    def drifting(*given: Any) -> Any:
        runs.append(1)
        return np.nextafter(tabulate(*given), 9.0 * len(runs))

    monkeypatch.setattr(on_cluster, "tabulate", drifting)
    monkeypatch.setattr(np, "nextafter", lambda table, n: table * (1 + n * 1e-15))
    with within(1) as one, pytest.raises(BadInputError, match="gives the first trial other numbers"):
        tables(space, planned(space, Figures()), cluster(one.scheduler_address))


def test_a_bad_trial_reaches_the_caller_as_it_is(pair: Machines) -> None:
    space = space_of(exposure=(0.2, 0.9), gross_limit=(2.0, 0.3))
    plan = planned(space, Figures())
    with pytest.raises(BadInputError) as here:
        tables(space, plan, threads(1))
    with pytest.raises(BadInputError) as caught:
        tables(space, plan, cluster(pair.address))
    assert str(caught.value) == str(here.value)
    assert (caught.value.seen, caught.value.remedy) == (here.value.seen, here.value.remedy)


def test_no_worker_left_is_one_line() -> None:
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120, 180, 240))
    wanted = "no worker at .* for 1 s; wanted one to go on with; start dask worker tcp.*resume=True"
    with within(1) as one:
        told: list[int] = []

        def advance(trials: int) -> None:
            told.append(trials)
            if len(told) == 2:
                one.scale(0)

        with pytest.raises(BadInputError, match=wanted):
            tables(
                space, planned(space, Dawdling(0.1)), cluster(one.scheduler_address, patience=1.0), advance
            )


SCRIPT = """
import signal
import sys
from positioning.errors import BadInputError
from tests.search.clusters import Dawdling
from tests.search.clusters import HALVES
from tests.search.clusters import SHARES
from positioning.search.on_cluster import cluster
from tests.search.clusters import space_of
from tests.search.clusters import planned
from tests.search.clusters import tables
from positioning import dask_cluster

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 120, 180, 240))
for address, dask_cluster.SOON in (("tcp://127.0.0.1:1", 0.5), (sys.argv[1], 60.0)):
    try:
        tables(space, planned(space, Dawdling(0.3)), cluster(address), lambda n: print(n, flush=True))
    except BadInputError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
"""


def test_standard_error_has_one_line_where_none_answers_and_one_where_it_is_stopped(
    pair: Machines, forks: Forks, tmp_path: Path
) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    process = forks.begin(SCRIPT, ROOT, {**os.environ}, out, err, pair.address)
    until = time.monotonic() + LATEST
    while not out.exists() or out.read_text().count("\n") < 3:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert out.read_text().startswith("0\n0\n")
    unreached, stopped = err.read_text().splitlines()
    assert unreached.startswith("no dask scheduler answers")
    assert stopped == "stopped"


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "positioning.dask_cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInputError, match=r"type pip install 'positioning\[dask\]'$"):
        importlib.import_module("positioning.dask_cluster")


def test_workers_killed_and_joining_change_nothing_and_a_killed_scheduler_is_one_line(pair: Machines) -> None:
    """The last of the file, so that no other needs new ones."""
    space = space_of(half_life=HALVES, exposure=SHARES, lookback=(60, 90, 120, 150, 180, 210, 240, 250))
    plan = planned(space, Dawdling(0.05))
    told: list[int] = []

    def advance(trials: int) -> None:
        told.append(trials)
        if len(told) == 2:  # the first is what the chunks had
            pair.cold_worker("second")
            pair.kill("first-0")
        if len(told) == 5:
            pair.wait(2)
            pair.kill("first-1")

    found = tables(space, plan, cluster(pair.address), advance)
    np.testing.assert_array_equal(found, tables(space, planned(space, Dawdling(0.0)), threads(2)))
    assert set(pair.running) == {"scheduler", "second"}
    with pytest.raises(
        BadInputError, match=r"the scheduler at .* ended, or dropped the search; .*resume=True"
    ):
        tables(space, plan, cluster(pair.address), lambda n: pair.kill("scheduler") if n else None)
