"""Dask clusters for tests: processes as one starts them by hand, and one inside this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client, LocalCluster

from tests.forks import Fork, Forks

IMPORTS = "import tests.dask_imports"
IDLE = {  # what a machine does all the time to tell how it is: four hundredths of a core each
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}


class Machines:
    """A scheduler and workers, each a process as one starts it by hand, but that its imports were done by the origin."""

    def __init__(self, place: Path, forks: Forks) -> None:
        self.place, self.running = place, dict[str, subprocess.Popen[bytes] | Fork]()
        self._forks = forks
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2]
        )

    def worker(self, name: str) -> None:
        self._start(name, *self._worker(name))

    def _worker(self, name: str) -> tuple[str, ...]:
        plain = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(self.place))
        return ("worker", self.address, "--name", name, *plain)

    def _start(self, name: str, *words: str) -> None:
        log = self.place / f"{name}.log"
        code = "from dask.__main__ import main; main()"
        self.running[name] = self._forks.begin(
            code, Path.cwd(), {**os.environ}, log, log, *words, "--no-dashboard"
        )

    def cold_worker(self, name: str) -> None:
        """One that imports all by itself."""
        with (self.place / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", *self._worker(name), "--no-dashboard"]
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running.pop(name).wait()

    def wait(self, workers: int) -> None:
        with Client(self.address, timeout=300, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=300)

    def end(self) -> None:
        for name in list(self.running):
            self.kill(name)


def started(place: Path, forks: Forks, workers: int) -> Machines:
    """A scheduler and so many workers; none is left where one does not come."""
    with ExitStack() as stack:
        made = Machines(place, forks)
        stack.callback(made.end)
        for n in range(workers):
            made.worker(f"first-{n}")
        if workers:
            made.wait(workers)
        stack.pop_all()
        return made


@contextmanager
def machines(place: Path, forks: Forks, workers: int) -> Iterator[Machines]:
    made = started(place, forks, workers)
    try:
        yield made
    finally:
        made.end()


@contextmanager
def within(workers: int) -> Iterator[LocalCluster]:
    """Scheduler and workers in this process, to look inside."""
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as made:
        yield made
