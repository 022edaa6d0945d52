"""Chunks of a search worked out by the workers of a dask scheduler: the same numbers as on this machine, or none."""

from __future__ import annotations

import asyncio
import logging
import platform
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, final
from uuid import uuid4

import numba
import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.provenance import code_digests
from positioning.search.measures import Measure
from positioning.search.run import IN_FLIGHT, Found, Work, tabulate
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import Plan

try:
    from distributed import Client, Future, KilledWorker, Security, Worker, WorkerPlugin, get_worker
    from distributed.core import rpc
    from distributed.protocol.pickle import dumps, loads
    from distributed.versions import VersionMismatchWarning
except ImportError:
    raise BadInputError(
        "the package distributed is missing",
        "wanted it for a cluster",
        "type pip install 'positioning[dask]'",
    ) from None

SOON = 5.0  # seconds in which a scheduler answers, and has a worker
LOOK = 1.0  # seconds after which the workers are counted anew
LIVES = 3  # times a chunk is begun again after dask gave it up, each time for the loss of several workers
NAMED = 3  # differences that an error names
KEPT = "finished chunks are kept: the same search with resume=True goes on from there"
LOUD = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


def cluster(address: str, patience: float = 60.0) -> Work:
    """On the workers of the scheduler at that address (tcp://HOST:PORT), also those that join later.

    Dead workers are replaced by what is left, or comes within `patience` seconds. Raises BadInputError, when chunks
    are asked for, where no scheduler or worker answers, a worker's code or packages are not those of this process,
    all workers stay away, or a chunk brings down one worker after another; and whatever a trial raises.
    """

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Found:
        rest = list(numbers)
        if not rest:
            return
        with _quiet(), _connected(address) as client, _held(client, space, plan) as name:
            yield from _Spread(client, address, patience, name, plan).over(rest)

    return work


@final
class Held(WorkerPlugin):
    """What all tasks of a search share; each worker is sent it once, also one that joins later, and serves it only
    when it stands on the same code and packages and gives the first trial the same bits."""

    def __init__(self, space: SearchSpace, plan: Plan) -> None:
        self._kind, self._basis = type(space.strategy), basis(type(space.strategy))
        self._codes, self._measures = plan.codes[:1], plan.measures
        self._proof = tabulate(space, self._codes, self._measures)
        self._sent = dumps(space)  # opened by a worker that may

    def setup(self, worker: Worker) -> None:
        """Of a worker, before its first task."""
        self._address, self._lock = worker.address, Lock()
        self._space: SearchSpace | None = None

    def require_same(self, client: Client) -> None:
        """BadInputError for a worker of other code or packages, or without any."""
        found = client.run(differences, self._kind, self._basis, on_error="return")
        for address, differs in found.items():
            _require_same(address, differs)

    def space(self) -> SearchSpace:
        """What was sent. Raises BadInputError where the worker may not serve it."""
        with self._lock:
            if self._space is None:
                _require_same(self._address, differences(self._kind, self._basis))
                space: SearchSpace = loads(self._sent)
                table = tabulate(space, self._codes, self._measures)
                if not np.array_equal(table, self._proof, equal_nan=True):
                    raise BadInputError(
                        f"worker {self._address} gives the first trial other numbers",
                        "wanted those of this machine to the bit",
                        "use workers with its kind of processor and its packages (constraints.txt)",
                    )
                self._space = space
            return self._space


def basis(strategy: type) -> dict[str, str]:
    """What the numbers of this process stand on: versions, and digests of files."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__}
    return {**versions, **code_digests(strategy)}


def differences(strategy: type, wanted: Mapping[str, str]) -> list[str]:
    """Names in which the basis of this process is another."""
    own = basis(strategy)
    return [key for key in {**wanted, **own} if own.get(key) != wanted.get(key)]


def _require_same(address: str, differs: Sequence[str] | Exception) -> None:
    if not differs:
        return
    if isinstance(differs, Exception):
        words = f"cannot say what code it runs ({differs})"
    else:
        more = f" and {len(differs) - NAMED} more" if len(differs) > NAMED else ""
        words = f"differs in {', '.join(differs[:NAMED])}{more}"
    raise BadInputError(
        f"worker {address} {words}",
        "wanted the code and packages of this machine",
        "install them there, and start it again",
    )


def _task(name: str, codes: GridIndex, measures: Sequence[Measure]) -> FloatArray:
    held: Any = get_worker().plugins[name]
    return tabulate(held.space(), codes, measures)


@final
class _Spread:
    """Chunks of a plan laid out to workers, a few at a time."""

    def __init__(self, client: Client, address: str, patience: float, name: str, plan: Plan) -> None:
        self._client, self._address, self._patience = client, address, patience
        self._name, self._plan = name, plan
        self._done: SimpleQueue[Future[FloatArray]] = SimpleQueue()
        self._running: dict[Any, tuple[Future[FloatArray], int, int]] = {}  # by key: and number, lives lost
        self._threads, self._looked, self._alive = 1, 0.0, time.monotonic()

    def over(self, numbers: Sequence[int]) -> Found:
        """Their tables, as they come."""
        rest = iter(numbers)
        while True:
            self._look()
            for number in islice(rest, max(IN_FLIGHT * self._threads - len(self._running), 0)):
                self._begin(number, 0)
            if not self._running:
                return
            with suppress(Empty):
                found = self._end(self._done.get(timeout=LOOK))
                if found is not None:
                    yield found

    def _begin(self, number: int, lost: int) -> None:
        key, part = f"{self._name}-{number}-{lost}", self._plan.part(number)
        future = self._client.submit(_task, self._name, part, self._plan.measures, key=key, pure=False)
        self._running[key] = future, number, lost
        future.add_done_callback(self._done.put)

    def _end(self, future: Future[FloatArray]) -> tuple[int, FloatArray] | None:
        _, number, lost = self._running.pop(future.key)
        try:
            return number, future.result(timeout=self._patience)
        except TimeoutError:  # it went down with its worker before it was fetched
            self._running[future.key] = future, number, lost
            self._done.put(future)
        except KilledWorker:
            if lost == LIVES:
                raise BadInputError(
                    f"chunk {number} brought down worker after worker",
                    "wanted workers that outlive it",
                    f"give them more memory; {KEPT}",
                    "resume",
                ) from None
            self._begin(number, lost + 1)
        except CancelledError:
            raise BadInputError(
                f"the scheduler at {self._address} ended, or dropped the search",
                "wanted it to the end",
                f"start it again; {KEPT}",
                "resume",
            ) from None
        return None

    def _look(self) -> None:
        """Count the threads, now and then. BadInputError where there have been none for too long."""
        now = time.monotonic()
        if now < self._looked + LOOK:
            return
        self._threads = 0
        with suppress(OSError):  # no connection: the tasks are cancelled soon
            if self._client.status == "running":
                self._threads = sum(self._client.nthreads().values())
        self._looked = time.monotonic()
        if self._threads:
            self._alive = self._looked
        elif self._looked > self._alive + self._patience:
            raise BadInputError(
                f"no worker at {self._address} for {self._patience:g} s",
                "wanted one to go on with",
                f"start dask worker {self._address}; {KEPT}",
                "resume",
            )


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of a scheduler that has a worker. BadInputError where there is none."""
    why = _unlike_scheduler(address)
    if why:
        raise BadInputError(
            f"no dask scheduler answers at {address or 'an empty address'} ({why})",
            "wanted one such as tcp://127.0.0.1:8786",
            "start one: dask scheduler, and dask worker tcp://127.0.0.1:8786",
        )
    client = Client(address, timeout=SOON, set_as_default=False)
    try:
        try:
            client.wait_for_workers(1, timeout=SOON)
        except TimeoutError:
            raise BadInputError(
                f"the scheduler at {address} has no workers",
                "wanted one",
                f"start one: dask worker {address}",
            ) from None
        yield client
    finally:
        with suppress(Exception):  # nor said good-bye to
            client.close(timeout=SOON)


def _unlike_scheduler(address: str) -> str:
    """Why what answers there is no scheduler; empty for one. The client itself would wait for a silent port for ever."""

    async def ask() -> str:
        async with asyncio.timeout(SOON):
            options = Security().get_connection_args("client")
            async with rpc(address, timeout=SOON, connection_args=options) as other:
                return str((await other.identity())["type"])

    with ThreadPoolExecutor(1) as apart:  # the caller may run in a loop of its own
        try:
            kind = apart.submit(asyncio.run, ask()).result()
        except TimeoutError:
            return f"nothing in {SOON:g} s"
        except Exception as error:  # noqa: BLE001 - anything may listen there, or be written there
            return str(error) or type(error).__name__
    return "" if kind == "Scheduler" else f"a {kind.lower()}"


@contextmanager
def _held(client: Client, space: SearchSpace, plan: Plan) -> Iterator[str]:
    """The name under which all workers hold the space."""
    held, name = Held(space, plan), f"positioning-{uuid4().hex}"
    held.require_same(client)
    client.register_plugin(held, name=name)
    try:
        yield name
    finally:
        with suppress(Exception):  # a scheduler that has ended cannot be told
            if client.status == "running":
                client.unregister_worker_plugin(name)


@contextmanager
def _quiet() -> Iterator[None]:
    """What is wrong with a cluster is said in one line, not by its loggers and warnings."""
    levels = {name: logging.getLogger(name).level for name in LOUD}
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # the versions that matter are compared here
        # Ctrl-C may come before a call to the scheduler has begun.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
