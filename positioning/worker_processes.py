"""Other processes of this machine that answer questions while this one goes on.

They are joined by pipes alone, so they work where there is no shared memory and few files may be open. A worker ends when
this process does, answers Ctrl-C by being ended, and yields to this process while both have work.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self, final

YIELDS = 10  # steps of priority below that of this process


class WorkerError(Exception):
    """What a question came to that was not answered: the error in words, or that its process died."""


@final
@dataclass(frozen=True, eq=False)
class Question:
    """A function and its arguments, which another process can be sent. key: by which the answer is known; kind: what
    the function has to import, "" where that is nothing."""

    key: Any
    kind: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def answered(self) -> Any:
        """The answer, worked out here."""
        return self.function(*self.arguments)


@final
@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    kinds: Sequence[str]  # of questions it takes
    busy: Question | None = None


@final
@dataclass(eq=False)
class WorkerProcesses:
    """A context: as many processes as `kinds` has entries, each with the kinds of questions it takes, the first first.

    Questions whose kind no living worker takes, and all where processes cannot be started, are answered here.
    """

    kinds: Sequence[Sequence[str]]
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[Question] = field(default_factory=deque)

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads and their locks
        with suppress(OSError):
            for kinds in self.kinds:
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                self._workers.append(_Worker(process, ours, kinds))
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()

    def ask(self, question: Question) -> None:
        """Have it answered as soon as a worker is free."""
        self._waiting.append(question)
        self._hand_out()

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """(key, answer) of each question as it comes, WorkerError in place of an answer that there is not."""
        while True:
            self._hand_out()
            busy = {h.pipe: h for h in self._workers if h.busy is not None}
            if busy:
                for pipe in wait(list(busy)):
                    yield self._received(busy[pipe])  # type: ignore[index]
            elif self._waiting:
                question = self._waiting.popleft()
                try:
                    yield question.key, question.answered()
                except Exception as error:  # noqa: BLE001 - the others are to be answered all the same
                    yield question.key, WorkerError(_in_words(error))
            else:
                return

    def _hand_out(self) -> None:
        for worker in [h for h in self._workers if h.busy is None]:
            for kind in worker.kinds:
                found = next((q for q in self._waiting if q.kind == kind), None)
                if found is not None:
                    self._waiting.remove(found)
                    worker.busy = found
                    with suppress(OSError):  # it died, which `answers` sees
                        worker.pipe.send((found.function, found.arguments))
                    break

    def _received(self, worker: _Worker) -> tuple[Any, Any]:
        question = worker.busy
        assert question is not None  # noqa: S101 - only those that were asked are waited for
        worker.busy = None
        try:
            right, answer = worker.pipe.recv()
        except (EOFError, OSError):
            self._workers.remove(worker)
            worker.pipe.close()
            return question.key, WorkerError("its process died; there may be too little memory")
        return question.key, answer if right else WorkerError(answer)


def _serve(pipe: Connection) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError, AttributeError):  # Windows has no such priority
        os.nice(YIELDS)
    with suppress(EOFError, OSError):
        while True:
            function, arguments = pipe.recv()
            try:
                answer = True, function(*arguments)
            except Exception as error:  # noqa: BLE001 - it is told to the parent, which goes on
                answer = False, _in_words(error)
            pipe.send(answer)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
