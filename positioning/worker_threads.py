"""The same work on many things by threads of this process, few of them at hand at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_order(
    function: Callable[[Item], Answer], items: Iterable[Item], workers: int
) -> Generator[Answer, None, None]:
    """What the function gives of each item, in their order; one item more than there are workers is taken ahead. Closed,
    it gives up what has not begun."""
    running: deque[Future[Answer]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            running.append(pool.submit(function, item))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:  # an error or Ctrl-C: what is begun is finished, what waits is not
        pool.shutdown(cancel_futures=True)
