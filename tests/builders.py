"""What tests of several rooms share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import strategies
from positioning.data.sample import SampleSource
from positioning.events.thesis_file import read_thesis

RECORD = Path(strategies.__file__).with_name("record")
THESIS = read_thesis(RECORD)
EVENTS = THESIS.events
SAMPLE = SampleSource().knowing(THESIS)


LATEST = 300.0  # seconds after which what a test waits for is taken not to come: a busy machine is slow


class Figure(Protocol):
    """Tells what was measured and what is demanded of it: see the fixture `figure`."""

    def __call__(self, name: str, value: str, wanted: str = "") -> None: ...


def until(page: Any, expression: str, seconds: float = LATEST) -> None:
    """Wait until a JavaScript expression holds in a playwright page. `wait_for_function` would need eval, which the
    pages' Content-Security-Policy forbids; `evaluate` goes by the debugger."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)
