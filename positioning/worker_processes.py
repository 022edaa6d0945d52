"""Other processes of this machine that answer questions while this one goes on; no others are started for work.

They are joined by pipes alone, so they work where there is no shared memory and few files may be open. A worker ends when
this process does, however that was, and answers Ctrl-C by being ended.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Condition, Thread
from types import ModuleType
from typing import Any, Self, TypeVar, final

YIELDS = 10  # steps of priority below that of this process, of workers beside it
NEW_OBJECTS = 100_000  # after which garbage is looked for: what a worker imports is many objects, and stays
IN_FLIGHT = 4  # questions a worker that are asked and whose answers are not yet taken, of many


Piece = TypeVar("Piece", bound=tuple[Any, ...])


class WorkerError(Exception):
    """What a question came to that was not answered, in words; `__cause__` is the error, None where its process died."""


@final
@dataclass(frozen=True, eq=False)
class Question:
    """A function and its arguments, which another process can be sent. key: by which the answer is known; kind: what
    the function has to import, "" where that is nothing."""

    key: Any
    kind: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


@final
@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    kinds: Sequence[str]  # of questions it takes
    living: bool = True


@final
@dataclass(eq=False)
class WorkerProcesses:
    """A context: as many processes as `kinds` has entries, each with the kinds of questions it takes, the first first.

    yields: steps of priority that they stand below this process. imports: a module that each imports before it is asked.
    main: whether each imports the program that this process runs, which a script must then guard with `__main__`.
    Questions whose kind no living worker takes, and all where processes cannot be started, are answered here.
    """

    kinds: Sequence[Sequence[str]]
    yields: int = YIELDS
    imports: str = ""
    main: bool = True
    _shared: tuple[tuple[Any, ...], bytes] = ((), pickle.dumps(()))
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[Question] = field(default_factory=deque)
    _open: int = 0  # questions whose answers are not yet taken
    _changed: Condition = field(default_factory=Condition)  # guards the four above
    _answers: SimpleQueue[tuple[Any, Any] | None] = field(default_factory=SimpleQueue)
    _threads: list[Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads and their locks
        with suppress(OSError), nullcontext() if self.main else _without_main():
            for kinds in self.kinds:
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_serve, args=(theirs, self.yields, self.imports), daemon=True
                )
                process.start()
                theirs.close()
                self._workers.append(_Worker(process, ours, kinds))
        self._threads = [Thread(target=self._drive, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            for worker in self._workers:
                worker.living = False
            self._changed.notify_all()
        for worker in self._workers:
            worker.process.terminate()
        for worker, thread in zip(self._workers, self._threads, strict=True):
            worker.process.join()
            thread.join()
            worker.pipe.close()

    @property
    def numbers(self) -> list[int]:
        """The process numbers of the workers."""
        return [worker.process.pid or 0 for worker in self._workers]

    def share(self, *first: Any) -> None:
        """These are the first arguments of every function from now on; each worker is sent them once. To be called before
        anything is asked."""
        self._shared = first, pickle.dumps(first)

    def ask(self, question: Question) -> None:
        """Have it answered as soon as a worker is free."""
        with self._changed:
            self._open += 1
            self._waiting.append(question)
            self._changed.notify_all()

    def answers(self) -> Iterator[tuple[Any, Any]]:
        """(key, answer) of each question as it comes, WorkerError in place of an answer that there is not."""
        while self._open:
            question = self._stranded()
            answer = self._answers.get() if question is None else (question.key, self._answered(question))
            if answer is None:  # a worker died
                continue
            with self._changed:
                self._open -= 1
            yield answer

    def _stranded(self) -> Question | None:
        """A question whose kind no living worker takes."""
        with self._changed:
            kinds = {kind for worker in self._workers if worker.living for kind in worker.kinds}
            question = next((q for q in self._waiting if q.kind not in kinds), None)
            if question is not None:
                self._waiting.remove(question)
            return question

    def _answered(self, question: Question) -> Any:
        """Worked out here."""
        try:
            return question.function(*self._shared[0], *question.arguments)
        except Exception as error:  # noqa: BLE001 - the others are answered all the same
            return _failed(_in_words(error), error)

    def _drive(self, worker: _Worker) -> None:
        """Put one question after another to a worker. Each has a thread for that: it need not wait for who takes the
        answers, and is sent what is large while others are."""
        has_shared = False
        while (question := self._next(worker)) is not None:
            try:
                if not has_shared:
                    worker.pipe.send_bytes(self._shared[1])
                    has_shared = True
                worker.pipe.send_bytes(pickle.dumps((question.function, question.arguments)))
                answer = _received(worker.pipe.recv_bytes())
            except (EOFError, OSError):
                with self._changed:
                    worker.living = False
                self._answers.put((question.key, _failed("its process died; there may be too little memory")))
                self._answers.put(None)
                return
            except Exception as error:  # noqa: BLE001 - what cannot be pickled
                answer = _failed(_in_words(error), error)
            self._answers.put((question.key, answer))

    def _next(self, worker: _Worker) -> Question | None:
        """The next question that a worker takes, when there is one; None when it is to end."""
        with self._changed:
            while worker.living:
                for kind in worker.kinds:
                    question = next((q for q in self._waiting if q.kind == kind), None)
                    if question is not None:
                        self._waiting.remove(question)
                        return question
                self._changed.wait()
            return None


def spread(
    function: Callable[..., Any],
    shared: tuple[Any, ...],
    pieces: Iterable[Piece],
    workers: int,
    main: bool = True,
) -> Generator[tuple[Piece, Any]]:
    """(piece, function(*shared, *piece)) of each as it comes, worked out in so many processes. main: as there.

    Raises what the function raises, and WorkerError where a process dies.
    """
    with WorkerProcesses([[""]] * workers, yields=0, main=main) as beside:
        beside.share(*shared)
        yield from answers_of(beside, function, pieces)


def answers_of(
    beside: WorkerProcesses, function: Callable[..., Any], pieces: Iterable[Piece]
) -> Generator[tuple[Piece, Any]]:
    """As `spread`, of workers that are there: the first pieces are begun before an answer is taken."""
    rest = iter(pieces)

    def ask(count: int) -> None:
        for piece in islice(rest, count):
            beside.ask(Question(piece, "", function, piece))

    def answers() -> Generator[tuple[Piece, Any]]:
        for piece, answer in beside.answers():
            if isinstance(answer, WorkerError):
                raise answer.__cause__ or answer
            ask(1)
            yield piece, answer

    ask(IN_FLIGHT * max(len(beside.kinds), 1))
    return answers()


@contextmanager
def without_modules(**stand_ins: ModuleType | None) -> Iterator[None]:
    """In a process that answers for another, imports find these in place of modules that are not yet loaded, None for
    one that is missing; in a process of the user's own nothing changes."""
    lacking = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    if multiprocessing.parent_process() is None:
        lacking = {}
    sys.modules.update(lacking)  # type: ignore[arg-type]  # None: imports then raise ImportError
    try:
        yield
    finally:
        for name in lacking:
            del sys.modules[name]


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _serve(pipe: Connection, yields: int, imports: str) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError, AttributeError):  # Windows has no such priority
        os.nice(yields)
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    if imports:
        import_module(imports)
    with suppress(EOFError, OSError):
        first = pipe.recv_bytes()
        shared = None
        while True:
            question = pipe.recv_bytes()
            try:
                shared = pickle.loads(first) if shared is None else shared  # noqa: S301 - of the parent
                function, arguments = pickle.loads(question)  # noqa: S301
                sent = pickle.dumps((function(*shared, *arguments), ""))
            except Exception as error:  # noqa: BLE001 - it is told to the parent, which goes on
                sent = _sendable(error)
            pipe.send_bytes(sent)


@contextmanager
def _without_main() -> Iterator[None]:
    """What is started here is told of no program to import."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # it was killed, and nobody waits for what is worked out here


def _sendable(error: Exception) -> bytes:
    """An error for another process: itself where it can be opened again."""
    words = _in_words(error)
    try:
        whole = pickle.dumps((error, words))
        pickle.loads(whole)  # noqa: S301 - made the line before
    except Exception:  # noqa: BLE001 - whatever an error of the user's holds
        return pickle.dumps((None, words))
    return whole


def _received(sent: bytes) -> Any:
    """What a worker sent: its answer, or the error it came to."""
    answer, words = pickle.loads(sent)  # noqa: S301 - of a process of ours
    return _failed(words, answer) if words else answer


def _failed(words: str, cause: BaseException | None = None) -> WorkerError:
    error = WorkerError(words)
    error.__cause__ = cause
    return error


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
