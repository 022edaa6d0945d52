"""Dask clusters for tests: processes as one starts them by hand, and one inside this process."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client, LocalCluster


class Machines:
    """A scheduler and workers, each a process as one starts it by hand."""

    def __init__(self, place: Path) -> None:
        self.place, self.running = place, dict[str, subprocess.Popen[bytes]]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._start(
            "scheduler", "scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2]
        )

    def worker(self, name: str, *words: str) -> None:
        plain = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(self.place))
        self._start(name, "worker", self.address, "--name", name, *plain, *words)

    def _start(self, name: str, kind: str, *words: str) -> None:
        command = [sys.executable, "-m", "dask", kind, *words, "--no-dashboard"]
        with (self.place / f"{name}.log").open("wb") as log:
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


def started(place: Path, workers: int) -> Machines:
    """A scheduler and so many workers; none is left where one does not come."""
    with ExitStack() as stack:
        made = Machines(place)
        stack.callback(made.end)
        for n in range(workers):
            made.worker(f"first-{n}")
        if workers:
            made.wait(workers)
        stack.pop_all()
        return made


@contextmanager
def machines(place: Path, workers: int) -> Iterator[Machines]:
    made = started(place, workers)
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
