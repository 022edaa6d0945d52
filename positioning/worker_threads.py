"""The same work on many things by threads of this process, few of them at hand at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

IN_FLIGHT = 2  # answers a worker that may be begun or done and not yet taken, in no order; more would only hold memory


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


def as_completed(
    function: Callable[[Item], Answer], items: Iterable[Item], workers: int
) -> Generator[tuple[Item, Answer], None, None]:
    """(item, what the function gives of it), whichever is done first; IN_FLIGHT items a worker are taken and not yet
    answered at most. Closed, it gives up what has not begun."""
    rest, running = iter(items), dict[Future[Answer], Item]()
    pool = ThreadPoolExecutor(workers)
    try:
        while True:
            for item in rest:
                running[pool.submit(function, item)] = item
                if len(running) >= IN_FLIGHT * workers:
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    finally:  # an error or Ctrl-C: what is begun is finished, what waits is not
        pool.shutdown(cancel_futures=True)
