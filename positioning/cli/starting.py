"""The first moments of a command, before its imports are done: an interruption is a line there, too."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from itertools import pairwise
from types import FrameType

STOPPED = "stopped; nothing half-written is left"
INTERRUPTED = 130  # exit status
LAST_STANDARD = 2  # number of standard error
NEW_OBJECTS = (
    100_000  # after which garbage is looked for: a command makes many objects while it starts, and keeps them
)


def guard() -> None:
    """From here until the command handles them itself, Ctrl-C and SIGTERM end the process with a line."""
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)  # the end of a process needs no search for garbage: a quarter of a second
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    while (handle := os.open(os.devnull, os.O_RDWR)) <= LAST_STANDARD:
        continue  # a file opened later must not be taken for a standard stream that was closed
    os.close(handle)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before Python began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (for the whole process)


def is_command(package: str) -> bool:
    """Whether this process was begun as `python -m PACKAGE.x`."""
    words = sys.orig_argv
    return any(a == "-m" and b.startswith(f"{package}.") for a, b in pairwise(words))


def _stop(_number: int, _frame: FrameType | None) -> None:
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(INTERRUPTED)
