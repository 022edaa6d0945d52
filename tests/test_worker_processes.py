"""Processes that answer beside this one: every question has its answer, or what it came to."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from positioning import worker_processes
from positioning.errors import BadInputError
from positioning.worker_processes import Question, WorkerError, WorkerProcesses, answers_of, spread


def die(_: int) -> None:
    """End the process that is asked."""
    os.kill(os.getpid(), signal.SIGKILL)


def large(_: int) -> bytes:
    return bytes(3_000_000)


def where(_: int) -> int:
    """The process that answers."""
    return os.getpid()


READY: list[tuple[int, int]] = []  # in a worker: who prepared, and its parent


def get_ready() -> None:
    READY.append((os.getpid(), os.getppid()))


def who(_: int) -> tuple[int, list[tuple[int, int]]]:
    """The process that answers, and what it knows of getting ready. Another takes the next question meanwhile."""
    time.sleep(0.2)
    return os.getpid(), READY


def get_ready_in_vain() -> None:
    raise RuntimeError("nothing to be had")


def get_ready_where_no_process_can_be_had() -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    os.fork = refused


def die_early() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def are_gone(numbers: list[int]) -> bool:
    """At once; those whose own parent died are the system's to bury, and end a moment later."""
    until = time.monotonic() + 60
    while not all(map(is_gone, numbers)) and time.monotonic() < until:
        time.sleep(0.01)
    return all(map(is_gone, numbers))


def is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
        state = Path(f"/proc/{number}/stat")
        return Path("/proc").exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def plus(a: int, b: int) -> int:
    return a + b


def imports_with_stand_ins() -> tuple[bool, bool, bool]:
    """Whether a module counts as missing meanwhile, whether one that is loaded stays, whether nothing is left."""
    import colorsys

    with worker_processes.without_modules(fractions_of_old=None, wave=None, colorsys=None):
        missing = "wave" in sys.modules and sys.modules["wave"] is None
        loaded = sys.modules["colorsys"] is colorsys
    return missing, loaded, "wave" not in sys.modules and "fractions_of_old" not in sys.modules


def refuse(word: str) -> None:
    """An error of ours, which can be sent."""
    raise BadInputError(word, "wanted another", "say another")


class TwofoldError(Exception):
    """It cannot be opened where it was sent: it wants two words."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


def refuse_twofold(word: str) -> None:
    raise TwofoldError(word, word)


def unsendable(_: int) -> object:
    return lambda: None


def questions() -> list[Question]:
    return [Question(n, "roots", math.sqrt, (n,)) for n in (4, -1, 9)]


@pytest.mark.parametrize("kinds", [[], [["roots"]], [["other"]]], ids=["none", "one", "of another kind"])
def test_every_question_is_answered_and_errors_are_told_in_words(kinds: list[list[str]]) -> None:
    with WorkerProcesses(kinds) as beside:
        for question in questions():
            beside.ask(question)
        found = dict(beside.answers())
    assert (found[4], found[9]) == (2.0, 3.0)
    assert isinstance(found[-1], WorkerError)
    assert str(found[-1]) == "ValueError: math domain error"


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
@pytest.mark.parametrize("prepare", [None, get_ready], ids=["each begun", "copies"])
@pytest.mark.parametrize("dying", [0, 1], ids=["first", "last"])
def test_a_helper_that_dies_costs_its_own_question_alone_and_none_is_left_behind(
    prepare: Callable[[], object] | None, dying: int
) -> None:
    kinds = [["places"], ["places"]]
    kinds[dying] = ["deaths"]
    with WorkerProcesses(kinds, prepare=prepare) as beside:
        beside.ask(Question("place", "places", where, (1,)))
        beside.ask(Question("death", "deaths", die, (1,)))
        beside.ask(Question("late", "deaths", where, (1,)))  # by then nobody takes it
        found = dict(beside.answers())
        beside.ask(Question("after", "places", where, (1,)))
        found |= dict(beside.answers())
        processes = beside.numbers
    assert "process died" in str(found["death"])
    assert found["place"] == found["after"] == processes[1 - dying]
    assert found["late"] == os.getpid()
    assert are_gone(processes)


@pytest.mark.skipif(not worker_processes.FORKS, reason="each begins for itself there")
def test_one_gets_ready_for_all_and_each_answers() -> None:
    with WorkerProcesses([["who"]] * 3, prepare=get_ready) as beside:
        for n in range(6):
            beside.ask(Question(n, "who", who, (n,)))
        found = dict(beside.answers())
        first, *_ = processes = beside.numbers
    assert {process for process, _ in found.values()} == set(processes)
    assert all(ready == [(first, os.getpid())] for _, ready in found.values())
    assert all(map(is_gone, processes))


@pytest.mark.parametrize(
    ("prepare", "there"),
    [(get_ready_in_vain, 2), (get_ready_where_no_process_can_be_had, 1), (die_early, 0)],
)
@pytest.mark.skipif(not worker_processes.FORKS, reason="each begins for itself there")
def test_questions_are_answered_however_few_workers_there_are(
    prepare: Callable[[], object], there: int
) -> None:
    with WorkerProcesses([["places"], ["places", "roots"]], prepare=prepare) as beside:
        for question in questions():
            beside.ask(question)
        for n in range(2):
            beside.ask(Question(n, "places", who, (n,)))
        found = dict(beside.answers())
        processes = beside.numbers
    assert (found[4], found[9], len(processes)) == (2.0, 3.0, there)
    assert {found[0][0], found[1][0]} == set(processes or [os.getpid()])
    assert all(map(is_gone, processes))


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 0.5])
def test_workers_end_at_any_moment(seconds: float) -> None:
    """Before they are there, while they get ready, and while they answer."""
    with WorkerProcesses([["sleep"]] * 2, prepare=get_ready, main=False) as beside:
        for n in range(2):
            beside.ask(Question(n, "sleep", time.sleep, (600,)))
        time.sleep(seconds)
    assert all(map(is_gone, beside.numbers))


@pytest.mark.skipif(os.name == "nt", reason="has no groups of processes")
def test_a_worker_that_begins_says_nothing_of_ctrl_c() -> None:
    """Which its terminal sends to all processes."""
    code = (
        "import os, signal, time\nfrom positioning.worker_processes import Question, WorkerProcesses\n"
        "heard = []\nsignal.signal(signal.SIGINT, lambda *_: heard.append(1))\n"
        "with WorkerProcesses([['numbers']], main=False) as beside:\n"
        "    for _ in range(60):\n        os.killpg(0, signal.SIGINT)\n        time.sleep(0.005)\n"
        "    beside.ask(Question(1, 'numbers', os.getpid, ()))\n"
        "    print(dict(beside.answers())[1] == beside.numbers[0], len(heard) > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True True\n", "", 0)


def test_what_is_shared_is_the_first_argument_of_every_question() -> None:
    assert dict(spread(plus, (40,), [(n,) for n in range(30)], 2)) == {(n,): 40 + n for n in range(30)}
    with WorkerProcesses([]) as none:
        none.share(40)
        assert dict(answers_of(none, plus, [(2,)])) == {(2,): 42}


def test_errors_are_raised_as_themselves_or_told_in_words() -> None:
    with WorkerProcesses([[""]]) as beside:
        for key, function in ((1, refuse), (2, refuse_twofold), (3, unsendable)):
            beside.ask(Question(key, "", function, ("no",)))
        found = dict(beside.answers())
    assert isinstance(found[1].__cause__, BadInputError)
    assert str(found[1].__cause__) == "no; wanted another; say another"
    assert (str(found[2]), found[2].__cause__) == ("TwofoldError: no no", None)
    assert "pickle" in str(found[3])
    with pytest.raises(BadInputError, match=r"^no; wanted another"):
        list(spread(refuse, (), [("no",)], 1))


@pytest.mark.skipif(os.name == "nt", reason="has no SIGKILL")
def test_work_of_many_pieces_is_given_up_where_a_process_dies() -> None:
    with pytest.raises(WorkerError, match="its process died"):
        list(spread(die, (), [(n,) for n in range(3)], 1))


def test_answers_are_taken_when_they_are_wanted_and_questions_begun_before() -> None:
    with WorkerProcesses([["places"]], imports="fractions") as beside:
        for n in range(3):
            beside.ask(Question(n, "places", large, (n,)))
        first = next(beside.answers())  # what is large does not wait in the pipe
        assert first[0] == 0
        assert dict(beside.answers()).keys() == {1, 2}
        assert len(first[1]) == 3_000_000


def test_where_no_process_can_be_started_all_is_answered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        def Pipe(self) -> None:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(worker_processes.multiprocessing, "get_context", lambda _: Refused())
    with WorkerProcesses([["places"]]) as beside:
        beside.ask(Question(1, "places", where, (1,)))
        assert dict(beside.answers()) == {1: os.getpid()}


def test_only_a_process_that_answers_for_another_imports_less() -> None:
    assert imports_with_stand_ins() == (False, True, True)
    with WorkerProcesses([["imports"]]) as beside:
        beside.ask(Question(1, "imports", imports_with_stand_ins, ()))
        assert dict(beside.answers()) == {1: (True, True, True)}


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= worker_processes.cores() <= (os.cpu_count() or 1)
    assert Path(worker_processes.__file__).is_file()
