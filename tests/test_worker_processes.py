"""Processes that answer beside this one: every question has its answer, or what it came to."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path

import pytest

from positioning import worker_processes
from positioning.worker_processes import Question, WorkerError, WorkerProcesses


def die(_: int) -> None:
    """End the process that is asked."""
    os.kill(os.getpid(), signal.SIGKILL)


def where(_: int) -> int:
    """The process that answers."""
    return os.getpid()


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
def test_a_helper_that_dies_costs_its_own_question_alone_and_none_is_left_behind() -> None:
    with WorkerProcesses([["deaths"], ["places"]]) as beside:
        beside.ask(Question("death", "deaths", die, (1,)))
        beside.ask(Question("place", "places", where, (1,)))
        beside.ask(Question("late", "deaths", where, (1,)))  # by then nobody takes it
        found = dict(beside.answers())
        processes = [h.process.pid for h in beside._workers]
    assert "process died" in str(found["death"])
    assert found["place"] in processes
    assert found["late"] == os.getpid()
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid or 0, 0)


def test_where_no_process_can_be_started_all_is_answered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        def Pipe(self) -> None:
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(worker_processes.multiprocessing, "get_context", lambda _: Refused())
    with WorkerProcesses([["places"]]) as beside:
        beside.ask(Question(1, "places", where, (1,)))
        assert dict(beside.answers()) == {1: os.getpid()}


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= worker_processes.cores() <= (os.cpu_count() or 1)
    assert Path(worker_processes.__file__).is_file()
