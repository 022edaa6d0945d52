"""Processes that begin with numba ready to compile and nothing compiled or imported besides: forks of one, for which
to come so far takes a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Self

ORIGIN = """
import json, os, sys, tempfile
from pathlib import Path

import numba

numba.njit(lambda x: x + 1.0)(1.0)  # what numba imports before the first function it compiles
for line in sys.stdin:
    code, folder, env = json.loads(line)
    process = os.fork()
    if process:
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
        continue
    for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
        os.dup2(os.open(f"{sys.argv[1]}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.path[1:1] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))  # after the folder, as of python -c
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
    tempfile.tempdir = None
    numba.core.config.reload_config()
    status = 1
    try:
        exec(code, {"__name__": "__main__"})
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
"""


class Said(NamedTuple):
    """What a process printed, and what it ended with."""

    status: int
    out: str
    err: str


class Forks:
    """The process that is forked, until it is closed."""

    def __init__(self, folder: Path) -> None:
        """folder: for what the forks print."""
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("NUMBA_")}
        self._folder = folder
        self._origin = subprocess.Popen(
            [sys.executable, "-c", ORIGIN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )  # fmt: skip

    def run(self, code: str, folder: Path, env: dict[str, str]) -> Said:
        """As `python -c code` in that folder and with these variables."""
        told, answer = self._origin.stdin, self._origin.stdout
        assert told is not None
        assert answer is not None
        print(json.dumps([code, str(folder), env]), file=told, flush=True)
        status = int(answer.readline())
        return Said(status, *((self._folder / name).read_text() for name in ("out", "err")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._origin.communicate()
