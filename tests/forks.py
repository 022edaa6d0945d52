"""Processes that begin with imports done: forks of one, for which to come so far takes a second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

COMMANDS = """
from importlib import import_module
from positioning.cli.commands import COMMANDS
for module in (*(f"cli.{name}" for name in COMMANDS.values()), "cli.main", "reporting.timeline", "events.thesis_file"):
    import_module(f"positioning.{module}")
"""  # and what the shortest of them imports when it is asked
COMPILING = (
    "import numba; numba.njit(lambda x: x + 1.0)(1.0)"  # all that numba imports before the first function
)

ORIGIN = """
import gc, json, os, sys, tempfile

exec(sys.argv[1], {})
gc.freeze()
for line in sys.stdin:
    asked = json.loads(line)
    if isinstance(asked, int):
        print(os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1]), flush=True)
        continue
    process = os.fork()
    if process:
        print(process, flush=True)
        continue
    words, folder, env, out, err = asked
    for place, stream in ((os.devnull, 0), (out, 1), (err, 2)):
        handle = os.open(place, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, stream)
        os.close(handle)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.path[1:1] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))  # after the folder, as of python -c
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
    tempfile.tempdir = None
    if "numba" in sys.modules:
        sys.modules["numba"].core.config.reload_config()
    code, *sys.argv[1:] = words
    status = 1
    try:
        exec(code, {"__name__": "__main__"})
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(status)
"""


class Said(NamedTuple):
    """What a process printed, and what it ended with."""

    status: int
    out: str
    err: str


class Forks:
    """The process that is forked, until it is closed."""

    def __init__(self, folder: Path, imports: str, path: str = "") -> None:
        """folder: for what the forks print. imports: code that they need not run; path: where it finds modules."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")} | {"PYTHONPATH": path}
        self._folder, self._talks = folder, Lock()
        self._origin = subprocess.Popen(
            [sys.executable, "-c", ORIGIN, imports], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )  # fmt: skip

    def run(self, code: str, folder: Path, env: dict[str, str], *words: str) -> Said:
        """As `python -c code words` in that folder and with these variables."""
        out, err = self._folder / "out", self._folder / "err"
        status = self.begin(code, folder, env, out, err, *words).wait()
        return Said(status, *(file.read_text(errors="surrogateescape") for file in (out, err)))

    def begin(self, code: str, folder: Path, env: dict[str, str], out: Path, err: Path, *words: str) -> Fork:
        """As `run`, which does not wait; what it prints is in these files."""
        return Fork(self, self.asked([[code, *words], str(folder), env, str(out), str(err)]))

    def asked(self, question: object) -> int:
        """The number that the origin answers by: of a process that it began, or that one ended with."""
        told, answer = self._origin.stdin, self._origin.stdout
        assert told is not None
        assert answer is not None
        with self._talks:
            print(json.dumps(question), file=told, flush=True)
            return int(answer.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._origin.communicate()


class Fork(NamedTuple):
    """A process that was begun, and may run."""

    origin: Forks
    pid: int

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        """What it ended with, to be asked once."""
        return self.origin.asked(self.pid)
