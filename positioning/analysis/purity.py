"""Is a decision a function of its inputs alone? Not if it reads files, writes into the market, answers twice differently,
or otherwise where it was not asked before."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import FrameType
from typing import Any, final

import numpy as np

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from positioning.worker_processes import spread

CODE = re.compile(
    r"\.(py|pyc|pyi|so|pyd|nbi|nbc|egg-link|pth)(\.tmp\..*)?$"
)  # what imports and compilers open
INSTALLED = (
    sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"),
    str(Path(__file__).parents[1]), "<",
)  # fmt: skip
SYSTEM = ("/proc/", "/sys/", "/usr/share/zoneinfo/", "/etc/localtime", "/dev/null", "/dev/urandom")
FILES = ("open", "os.listdir", "os.scandir", "sqlite3.connect")
OUTSIDE = ("socket.connect", "subprocess.Popen", "os.system", "urllib.Request")


def repeatable(strategy: Strategy, market: Market, events: Events) -> bool:
    """Whether two decisions on the same inputs have the same bits."""
    first, second = (strategy.target_weights(market, events) for _ in range(2))
    return np.array_equal(first.decided, second.decided) and np.array_equal(first.weights, second.weights)


def mutated(strategy: Strategy, market: Market, events: Events) -> tuple[str, ...]:
    """Names of the market's arrays that a decision wrote into."""
    before = _contents(market)
    strategy.target_weights(market, events)
    return tuple(name for name, content in _contents(market).items() if content != before[name])


def _contents(market: Market) -> dict[str, bytes]:
    return {
        f.name: value.tobytes()
        for f in fields(market)
        if isinstance(value := getattr(market, f.name), np.ndarray)
    }


def reads_outside(strategy: Strategy, market: Market, events: Events) -> tuple[str, ...]:
    """Files that a decision opened, and connections and programs that it started; code of packages left out."""
    with _watched() as accesses:
        strategy.target_weights(market, events)
    return tuple(dict.fromkeys(accesses))


_watchers: list[
    list[str]
] = []  # of the decisions being watched; the hook cannot be taken back, so it looks here
_hooked: list[bool] = []


@contextmanager
def _watched() -> Iterator[list[str]]:
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked.append(True)
    accesses: list[str] = []
    _watchers.append(accesses)
    try:
        yield accesses
    finally:
        _watchers.remove(accesses)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watchers:
        return
    if event in FILES and isinstance(arguments[0], str | bytes | os.PathLike):
        path = os.fsdecode(arguments[0])
        if not path.startswith((*INSTALLED, *SYSTEM)) and not CODE.search(path) and _is_asked_by_the_user():
            _watchers[-1].append(path)
    elif event in OUTSIDE and _is_asked_by_the_user():
        _watchers[-1].append(event)


def _is_asked_by_the_user() -> bool:
    """Whether code outside the packages asks, within the decision; not a package that is being imported."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename != __file__:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            return False
        if not file.startswith(INSTALLED):
            return True
        frame = frame.f_back
    return False


@final
@dataclass(frozen=True, slots=True)
class NewProcess:
    """What a process that was never asked before decided of each world in turn, None where it failed; accesses: files
    that it read and connections it made, from the import of the strategy on."""

    decisions: tuple[Targets | None, ...]
    accesses: tuple[str, ...]


def in_new_process(strategy: Strategy, worlds: Sequence[tuple[Market, Events]]) -> NewProcess | None:
    """None where the strategy cannot be sent, as one of a notebook, or no process can be had.

    What a strategy keeps in its module, its class or itself from one decision to the next is not there, and texts have
    other hashes, so that sets have another order.
    """
    kind = type(strategy)
    values = {f.name: getattr(strategy, f.name) for f in fields(strategy) if f.init}
    question = (kind.__module__, kind.__qualname__, values, tuple(worlds))
    try:
        ((_, answer),) = spread(_decided_anew, (os.getpid(),), [question], 1, main=False)
    except Exception:  # noqa: BLE001 - whatever a strategy of a notebook cannot be sent for
        return None
    return answer  # type: ignore[no-any-return]


def _decided_anew(
    parent: int, module: str, name: str, values: Mapping[str, Any], worlds: Sequence[tuple[Market, Events]]
) -> NewProcess | None:
    if os.getpid() == parent:  # no process could be started
        return None
    decisions: list[Targets | None] = []
    with _watched() as accesses:
        strategy = attrgetter(name)(import_module(module))(**values)
        for market, events in worlds:
            try:
                decisions.append(strategy.target_weights(market, events))
            except Exception:  # noqa: BLE001 - it decided where it was asked before: that it fails here is told
                decisions.append(None)
    return NewProcess(tuple(decisions), tuple(dict.fromkeys(accesses)))
