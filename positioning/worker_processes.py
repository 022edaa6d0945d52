"""Other processes of this machine that answer questions while this one goes on; no others are started for work.

They are joined by pipes alone, so they work where there is no shared memory and few files may be open. A worker ends when
this process does, however that was, and answers Ctrl-C by being ended.

Where there is something to prepare, one is begun, prepares, and becomes the others by forking itself, so that what takes
long to import is imported once. Each says its number when it is there, which is how it is known that it is.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Condition, Thread
from types import ModuleType
from typing import Any, Self, TypeVar, final

YIELDS = 10  # steps of priority below that of this process, of workers beside it
NEW_OBJECTS = 100_000  # after which garbage is looked for: what a worker imports is many objects, and stays
FORKS = sys.platform == "linux"  # elsewhere libraries of the system forbid it once they are loaded
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
    pipe: Connection
    kinds: Sequence[str]  # of questions it takes
    number: int = 0  # of its process, once it has said it
    living: bool = True


@final
@dataclass(frozen=True, eq=False)
class _ProcessGroup:
    """A process that was begun here, and its copies. lifeline: they end when it is closed."""

    process: BaseProcess
    lifeline: Connection
    workers: Sequence[_Worker]


@final
@dataclass(eq=False)
class WorkerProcesses:
    """A context: as many processes as `kinds` has entries, each with the kinds of questions it takes, the first first.

    yields: steps of priority that they stand below this process. imports: a module that each imports before it is asked.
    prepare: what is called before that, in the first, which then becomes the others too; what it raises is left to the
    questions. main: whether each imports the program that this process runs, which a script must then guard with
    `__main__`.
    Questions whose kind no living worker takes, and all where processes cannot be started, are answered here.
    """

    kinds: Sequence[Sequence[str]]
    yields: int = YIELDS
    imports: str = ""
    prepare: Callable[[], object] | None = None
    main: bool = True
    _shared: tuple[tuple[Any, ...], bytes] = ((), pickle.dumps(()))
    _workers: list[_Worker] = field(default_factory=list)
    _groups: list[_ProcessGroup] = field(default_factory=list)
    _waiting: deque[Question] = field(default_factory=deque)
    _open: int = 0  # questions whose answers are not yet taken
    _changed: Condition = field(default_factory=Condition)  # guards the workers and the two above
    _answers: SimpleQueue[tuple[Any, Any] | None] = field(default_factory=SimpleQueue)
    _threads: list[Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        together = FORKS and self.prepare is not None
        with suppress(OSError), nullcontext() if self.main else _without_main():
            for kinds in [self.kinds] if together else [[kinds] for kinds in self.kinds]:
                if kinds:
                    self._begin(kinds)
        self._threads = [Thread(target=self._drive, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()
        return self

    def _begin(self, kinds: Sequence[Sequence[str]]) -> None:
        """A process that is to become as many as these."""
        context = multiprocessing.get_context(
            "spawn"
        )  # a fork of this one would copy threads and their locks
        pipes = [context.Pipe() for _ in kinds]
        theirs, ours = context.Pipe(duplex=False)
        far = [end for _, end in pipes]
        process = context.Process(
            target=_become,
            args=(far, theirs, self.yields, self.imports, pickle.dumps(self.prepare)),
            daemon=True,
        )
        with _interruptions_wait():
            process.start()
        for end in (*far, theirs):
            end.close()
        workers = [_Worker(near, kind) for (near, _), kind in zip(pipes, kinds, strict=True)]
        self._groups.append(_ProcessGroup(process, ours, workers))
        self._workers += workers

    def __exit__(self, *_: object) -> None:
        with self._changed:
            for worker in self._workers:
                worker.living = False
            self._changed.notify_all()
        for group in self._groups:
            group.lifeline.close()
            if len(group.workers) == 1 or not any(worker.number for worker in group.workers):
                group.process.terminate()  # else it waits for its copies, and ends itself
        for thread in self._threads:
            thread.join()
        for group in self._groups:
            for worker in group.workers:
                _await_end(worker.pipe)
            group.process.join()

    @property
    def numbers(self) -> list[int]:
        """The process numbers of the workers that are there."""
        return [worker.number for worker in self._workers if worker.number]

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
        try:
            worker.number = int(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            self._lose(worker)
            return
        has_shared = False
        while (question := self._next(worker)) is not None:
            try:
                if not has_shared:
                    worker.pipe.send_bytes(self._shared[1])
                    has_shared = True
                worker.pipe.send_bytes(pickle.dumps((question.function, question.arguments)))
                answer = _received(worker.pipe.recv_bytes())
            except (EOFError, OSError):
                self._answers.put((question.key, _failed("its process died; there may be too little memory")))
                self._lose(worker)
                return
            except Exception as error:  # noqa: BLE001 - what cannot be pickled
                answer = _failed(_in_words(error), error)
            self._answers.put((question.key, answer))

    def _lose(self, worker: _Worker) -> None:
        """It died: what it alone would take is no longer waited for."""
        with self._changed:
            worker.living = False
        self._answers.put(None)

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
    prepare: Callable[[], object] | None = None,
) -> Generator[tuple[Piece, Any]]:
    """(piece, function(*shared, *piece)) of each as it comes, worked out in so many processes. main, prepare: as there.

    Raises what the function raises, and WorkerError where a process dies.
    """
    with WorkerProcesses([[""]] * workers, yields=0, main=main, prepare=prepare) as beside:
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


def _await_end(pipe: Connection) -> None:
    with suppress(EOFError, OSError):
        while True:
            pipe.recv_bytes()
    pipe.close()


def _become(
    pipes: Sequence[Connection], lifeline: Connection, yields: int, imports: str, prepare: bytes
) -> None:
    """Get ready, and answer at the first pipe; the others are answered by copies of this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    copies: list[int] = []
    _end_with(lifeline, copies)
    with suppress(OSError, AttributeError):  # Windows has no such priority
        os.nice(yields)
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    with suppress(Exception):  # a question that needs it says what is amiss
        ready = pickle.loads(prepare)  # noqa: S301 - of the parent
        if ready is not None:
            ready()
    if imports:
        import_module(imports)
    first, *others = pipes
    if others:
        gc.freeze()  # what is there stays, and a page of memory that no collection writes to is not copied
    for n, pipe in enumerate(others, 1):
        with suppress(OSError):  # where no process can be had its pipe just ends
            copies.append(_copy(pipe, lifeline, (first, *others[n:])))
        pipe.close()
    _serve(first)


def _copy(pipe: Connection, lifeline: Connection, foreign: Sequence[Connection]) -> int:
    """Begin a copy of this process, which answers at the pipe and at no foreign one; returns its number. The only other
    thread of Python's waits for the end and holds nothing. Raises OSError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of any other thread whatever
        number = os.fork()
    if number:
        return number
    for other in foreign:
        other.close()
    _end_with(lifeline, ())
    try:
        _serve(pipe)
    finally:
        os._exit(0)  # how a process of Python ends is for the first to see to


def _serve(pipe: Connection) -> None:
    """Answer until the other end is closed."""
    with suppress(EOFError, OSError):
        pipe.send_bytes(str(os.getpid()).encode())
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
def _interruptions_wait() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal: one that begins here does not hear it, since it cannot answer before
    it has imported anything; this one hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # which hears again once that is begun
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """What is started here is told of no program to import."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _end_with(lifeline: Connection, copies: Sequence[int]) -> None:
    """End this process, after its copies, when the parent lets go of the line, or is gone."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        wait([lifeline] if parent is None else [lifeline, parent.sentinel])
        for copy in copies:
            with suppress(OSError):
                os.waitpid(copy, 0)
        os._exit(1)  # nobody waits for what is worked out here

    Thread(target=watch, daemon=True).start()


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
