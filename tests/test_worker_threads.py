"""Work by threads: in order, a bounded number at hand, and nothing begun after the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from positioning.worker_threads import IN_FLIGHT, as_completed, in_order


def test_answers_come_in_the_order_of_the_questions_and_few_are_taken_ahead() -> None:
    taken: list[int] = []

    def questions() -> Iterator[int]:
        for n in range(20):
            taken.append(n)
            yield n

    def square(n: int) -> int:
        time.sleep(0.002 * (n % 3 == 0))  # the first is the slower
        return n * n

    answers = []
    for answer in in_order(square, questions(), 2):
        answers.append(answer)
        assert len(taken) <= len(answers) + 2
    assert answers == [n * n for n in range(20)]


def test_what_is_done_first_comes_first_and_few_are_taken_ahead() -> None:
    taken: list[int] = []
    last = threading.Event()

    def questions() -> Iterator[int]:
        for n in range(20):
            taken.append(n)
            yield n

    def square(n: int) -> int:
        if n == 0:
            last.wait(10)  # for as long as all the others take
        return n * n

    answers: list[tuple[int, int]] = []
    for answer in as_completed(square, questions(), 2):
        answers.append(answer)
        assert len(taken) < len(answers) + 2 * IN_FLIGHT
        if len(answers) == 19:
            last.set()
    assert answers[-1] == (0, 0)
    assert sorted(answers) == [(n, n * n) for n in range(20)]


@pytest.mark.parametrize("way", [in_order, as_completed])
def test_an_error_ends_the_work_and_so_does_closing(way: Callable[..., Generator[Any]]) -> None:
    done: list[int] = []

    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        done.append(n)
        return n

    with pytest.raises(ValueError, match="three"):
        list(way(work, range(100), 2))
    assert max(done) < 8
    done.clear()
    answers = way(work, range(4, 100), 2)
    assert next(answers)
    answers.close()
    assert max(done) < 12
