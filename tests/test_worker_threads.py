"""Work by threads: in order, a bounded number at hand, and nothing begun after the end."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from positioning.worker_threads import in_order


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


def test_an_error_ends_the_work_and_so_does_closing() -> None:
    done: list[int] = []

    def work(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        done.append(n)
        return n

    with pytest.raises(ValueError, match="three"):
        list(in_order(work, range(100), 2))
    assert max(done) < 8
    done.clear()
    answers = in_order(work, range(4, 100), 2)
    assert next(answers) == 4
    answers.close()
    assert max(done) < 12
