"""A line that says why the first command of an installation takes longer."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LOGGER = "positioning.compiled"  # by its name: the module itself would load the compiler


class _FirstRecordHandler(logging.Handler):
    """Tells the first record on standard error, none after it."""

    has_printed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the first record, as `logging.Handler.emit` is asked to."""
        if not self.has_printed:
            self.has_printed = True
            print(
                f"compiling to machine code, some seconds and only once, beginning with {record.getMessage()}",
                file=sys.stderr, flush=True,
            )  # fmt: skip


@contextmanager
def compilation_notice(hidden: bool) -> Iterator[None]:
    """While it lasts, the first function that has to be compiled is told, with where it is kept."""
    if hidden:
        yield
        return
    log, handler = logging.getLogger(LOGGER), _FirstRecordHandler()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
