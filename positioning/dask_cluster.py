"""Work of many pieces done by the workers of a dask scheduler: the same numbers as on this machine, or none."""

from __future__ import annotations

import asyncio
import logging
import platform
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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
LIVES = 3  # times a piece is begun again after dask gave it up, each time for the loss of several workers
NAMED = 3  # differences that an error names
IN_FLIGHT = 4  # pieces a thread that may be begun or finished and not yet kept; more would only hold memory
LOUD = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")


@final
@dataclass(frozen=True, eq=False)
class Job:
    """What is worked out elsewhere: `function(*shared, *piece)` of many pieces.

    strategies: classes whose files the answers stand on, too. proof: a piece whose `numbers` must have the same bits
    there as here. first, each, whole: what the proof, a piece by its key, and all of it are called. restart: what to do
    when it is begun again; parameter: of that, "" for none.
    """

    function: Callable[..., Any]
    shared: tuple[Any, ...]
    strategies: tuple[type, ...]
    proof: tuple[Any, ...]
    numbers: Callable[[Any], FloatArray]
    first: str
    each: Callable[[Any], str]
    whole: str
    restart: str
    parameter: str = ""

    def proved(self, shared: tuple[Any, ...]) -> FloatArray:
        """The numbers of the proof, worked out here."""
        return self.numbers(self.function(*shared, *self.proof))


def completed_pieces(
    address: str, patience: float, job: Job, pieces: Iterable[tuple[Any, tuple[Any, ...]]]
) -> Generator[tuple[Any, Any], None, None]:
    """(key, answer) of each (key, piece), in any order, by the workers of the scheduler at that address
    (tcp://HOST:PORT), also those that join later.

    Dead workers are replaced by what is left, or comes within `patience` seconds. Raises BadInputError, when something
    is asked for, where no scheduler or worker answers, a worker's code or packages are not those of this process, all
    workers stay away, or a piece brings down one worker after another; and whatever the function raises.
    """
    rest = list(pieces)
    if not rest:
        return
    with _quiet(), _connected(address) as client, _shared_state(client, address, job) as name:
        yield from _Spread(client, address, patience, name, job).over(rest)


@final
class SharedState(WorkerPlugin):
    """What all pieces share; each worker is sent it once, also one that joins later, and serves it only when it stands
    on the same code and packages and gives the proof the same bits."""

    def __init__(self, job: Job) -> None:
        self._kinds, self._basis = job.strategies, basis(job.strategies)
        self._job = replace(job, shared=())
        self._proof = job.proved(job.shared)
        self._sent = dumps(job.shared)  # opened by a worker that may

    def setup(self, worker: Worker) -> None:
        """Of a worker, before its first task."""
        self._address, self._lock = worker.address, Lock()
        self._shared: tuple[Any, ...] | None = None

    def require_same(self, client: Client) -> None:
        """BadInputError for a worker of other code or packages, or without any."""
        replies = client.run(differences, self._kinds, self._basis, on_error="return")
        for address, differs in replies.items():
            _require_same(address, differs)

    def answered(self, piece: tuple[Any, ...]) -> Any:
        """By what was sent. Raises BadInputError where the worker may not serve it."""
        with self._lock:
            if self._shared is None:
                _require_same(self._address, differences(self._kinds, self._basis))
                shared: tuple[Any, ...] = loads(self._sent)
                if not np.array_equal(self._job.proved(shared), self._proof, equal_nan=True):
                    raise BadInputError(
                        f"worker {self._address} gives {self._job.first} other numbers",
                        "wanted those of this machine to the bit",
                        "use workers with its kind of processor and its packages (constraints.txt)",
                    )
                self._shared = shared
        return self._job.function(*self._shared, *piece)


def basis(strategies: Iterable[type]) -> dict[str, str]:
    """What the numbers of this process stand on: versions, and digests of files."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__}
    for strategy in strategies:
        versions |= code_digests(strategy)
    return versions


def differences(strategies: Iterable[type], reference: Mapping[str, str]) -> list[str]:
    """Names in which the basis of this process is another."""
    own = basis(strategies)
    return [key for key in {**reference, **own} if own.get(key) != reference.get(key)]


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


def _task(name: str, piece: tuple[Any, ...]) -> Any:
    plugin: Any = get_worker().plugins[name]
    return plugin.answered(piece)


@final
class _Spread:
    """Pieces of a job laid out to workers, a few at a time."""

    def __init__(self, client: Client, address: str, patience: float, name: str, job: Job) -> None:
        self._client, self._address, self._patience = client, address, patience
        self._name, self._job = name, job
        self._done: SimpleQueue[Future[Any]] = SimpleQueue()
        self._running: dict[
            Any, tuple[Future[Any], int, Any, tuple[Any, ...], int]
        ] = {}  # by key: see _begin
        self._threads, self._looked, self._alive = 1, 0.0, time.monotonic()

    def over(self, pieces: Sequence[tuple[Any, tuple[Any, ...]]]) -> Generator[tuple[Any, Any], None, None]:
        """Their answers, as they come."""
        rest = iter(enumerate(pieces))
        while True:
            self._look()
            for number, (key, piece) in islice(rest, max(IN_FLIGHT * self._threads - len(self._running), 0)):
                self._begin(number, key, piece, 0)
            if not self._running:
                return
            with suppress(Empty):
                answer = self._end(self._done.get(timeout=LOOK))
                if answer is not None:
                    yield answer

    def _begin(self, number: int, key: Any, piece: tuple[Any, ...], deaths: int) -> None:
        """The piece of this number, begun again after so many times."""
        future = self._client.submit(
            _task, self._name, piece, key=f"{self._name}-{number}-{deaths}", pure=False
        )
        self._running[future.key] = future, number, key, piece, deaths
        future.add_done_callback(self._done.put)

    def _end(self, future: Future[Any]) -> tuple[Any, Any] | None:
        _, number, key, piece, deaths = self._running.pop(future.key)
        job = self._job
        try:
            return key, future.result(timeout=self._patience)
        except OSError as error:
            if future.status == "error":  # the function's own
                raise
            if not isinstance(error, TimeoutError):  # the connection broke while it was fetched
                raise _lost_work(self._address, job) from None
            self._running[future.key] = future, number, key, piece, deaths  # it went down with its worker
            self._done.put(future)
        except KilledWorker:
            if deaths == LIVES:
                raise BadInputError(
                    f"{job.each(key)} brought down worker after worker",
                    "wanted workers that outlive it",
                    f"give them more memory; {job.restart}",
                    job.parameter,
                ) from None
            self._begin(number, key, piece, deaths + 1)
        except CancelledError:
            raise _lost_work(self._address, job) from None
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
                f"start dask worker {self._address}; {self._job.restart}",
                self._job.parameter,
            )


def _lost_work(address: str, job: Job) -> BadInputError:
    return BadInputError(
        f"the scheduler at {address} ended, or dropped {job.whole}",
        "wanted it to the end",
        f"start it again; {job.restart}",
        job.parameter,
    )


def _unanswered(address: str, why: str) -> BadInputError:
    return BadInputError(
        f"no dask scheduler answers at {address or 'an empty address'} ({why})",
        "wanted one such as tcp://127.0.0.1:8786",
        "start one: dask scheduler, and dask worker tcp://127.0.0.1:8786",
    )


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of a scheduler that has a worker. BadInputError where there is none."""
    why = _unlike_scheduler(address)
    if why:
        raise _unanswered(address, why)
    try:
        client = Client(address, timeout=SOON, set_as_default=False)
    except OSError as error:  # it ended since
        raise _unanswered(address, str(error)) from None
    try:
        try:
            client.wait_for_workers(1, timeout=SOON)
        except TimeoutError:
            raise BadInputError(
                f"the scheduler at {address} has no workers",
                "wanted one",
                f"start one: dask worker {address}",
            ) from None
        except OSError as error:
            raise _unanswered(address, str(error)) from None
        yield client
    finally:
        with suppress(Exception):  # nor said good-bye to
            client.close(timeout=SOON)


def _unlike_scheduler(address: str) -> str:
    """Why what answers there is no scheduler; empty for one. The client itself would wait for a silent port for ever."""

    async def ask() -> str:
        async with asyncio.timeout(SOON):
            options = Security().get_connection_args("client")
            # Twice as long, so that it is always the line above that says that nothing came.
            async with rpc(address, timeout=2 * SOON, connection_args=options) as other:
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
def _shared_state(client: Client, address: str, job: Job) -> Iterator[str]:
    """The name under which all workers hold what is shared."""
    plugin, name = SharedState(job), f"positioning-{uuid4().hex}"
    try:
        plugin.require_same(client)
        client.register_plugin(plugin, name=name)
    except OSError:  # the connection broke
        raise _lost_work(address, job) from None
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
