"""How far a command is, and how long it will still take."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 10.0  # seconds of silence where there is no terminal to draw a bar on


class Bar(Protocol):
    """Tasks by number, each so many steps."""

    def add_task(self, description: str, total: float | None = None) -> int:
        """Begin one; None where the steps are not known."""

    def advance(self, task: int, steps: float = 1) -> None:
        """Some steps of it are done."""

    def update(self, task: int, description: str | None = None, completed: float | None = None) -> None:
        """Name it anew, or say how many steps of it are done."""


@final
@dataclass
class TerminalBar:
    """A bar on a terminal."""

    bar: Progress

    def add_task(self, description: str, total: float | None = None) -> int:
        """See `Bar`, which says what this does."""
        return int(self.bar.add_task(description, total=total))

    def advance(self, task: int, steps: float = 1) -> None:
        """See `Bar`, which says what this does."""
        self.bar.advance(_number(task), steps)

    def update(self, task: int, description: str | None = None, completed: float | None = None) -> None:
        """See `Bar`, which says what this does."""
        self.bar.update(_number(task), description=description, completed=completed)


@final
@dataclass
class ProgressLines:
    """A line on standard error every PATIENCE seconds, the first after as many; nothing when quiet."""

    quiet: bool
    tasks: list[tuple[str, float | None, float, float]] = field(
        default_factory=list
    )  # name, total, done, first step
    start_times: list[float] = field(default_factory=list)  # when the first step was done
    last: float = field(default_factory=time.monotonic)

    def add_task(self, description: str, total: float | None = None) -> int:
        """See `Bar`, which says what this does."""
        self.tasks.append((description, total, 0.0, 0.0))
        self.start_times.append(0.0)
        return len(self.tasks) - 1

    def advance(self, task: int, steps: float = 1) -> None:
        """See `Bar`, which says what this does."""
        name, total, count, first = self.tasks[task]
        now = time.monotonic()
        if not count:  # it compiles and loads: the speed is that of the others
            self.start_times[task], first = now, steps
        self.tasks[task] = (name, total, count + steps, first)
        if self.quiet or now - self.last < PATIENCE or count + steps == total:
            return
        self.last = now
        print(
            progress_line(name, total, count + steps, first, now - self.start_times[task]),
            file=sys.stderr,
            flush=True,
        )

    def update(self, task: int, description: str | None = None, completed: float | None = None) -> None:
        """See `Bar`, which says what this does."""
        name, total, count, first = self.tasks[task]
        self.tasks[task] = (description or name, total, count if completed is None else completed, first)


def counting(what: str, which: str) -> str:
    """What a bar counts, and at which it is: `accounts, now enablers`."""
    return f"{what}, now {which}"


def progress_line(name: str, total: float | None, count: float, before: float, seconds: float) -> str:
    """`paths: 12,000 of 40,000, about 35 s left`. before: steps done before the seconds began."""
    if total is None or count <= before:
        return f"{name}: {count:,.0f} done" if total is None else f"{name}: {count:,.0f} of {total:,.0f}"
    left = seconds / (count - before) * (total - count)
    return f"{name}: {count:,.0f} of {total:,.0f}, about {in_time(left)} left"


def in_time(seconds: float) -> str:
    """`35 s`, `2 min 5 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def progress(quiet: bool) -> Iterator[Bar]:
    """A bar with the time it will still take, on standard error; lines now and then where that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield ProgressLines(quiet)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield TerminalBar(bar)


def _number(task: int) -> TaskID:
    from rich.progress import TaskID

    return TaskID(task)
