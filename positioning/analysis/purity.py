"""Is a decision a function of its inputs alone? Not if it reads files or the clock, writes into the market, or answers
twice differently."""

from __future__ import annotations

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy

CLOCK = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("Timestamp", "now"),
    ("Timestamp", "today"), ("Timestamp", "utcnow"), ("time", "time"), ("time", "time_ns"), ("time", "localtime"),
    ("time", "gmtime"), ("time", "monotonic"), ("time", "perf_counter"), ("time", "ctime"), ("time", "strftime"),
}  # fmt: skip
NOW = ("now", "today")  # words that numpy and pandas read off the clock
CODE = (".py", ".pyc", ".pyi", ".so", ".nbi", ".nbc", ".egg-link", ".pth")
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


def reads_clock(strategy: Strategy) -> tuple[str, ...]:
    """Calls that ask what time it is in the strategy's own file, other classes of it left out, as
    `line 12: datetime.now`."""
    try:
        text = Path(inspect.getfile(type(strategy))).read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError, ValueError):
        return ()
    own = {kind.__name__ for kind in type(strategy).__mro__}
    tree.body = [node for node in tree.body if not isinstance(node, ast.ClassDef) or node.name in own]
    return tuple(f"line {line}: {call}" for line, call in _clock_calls(tree))


def _clock_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    bare = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        target = node.func
        if isinstance(target, ast.Attribute):
            owner = (
                target.value.attr
                if isinstance(target.value, ast.Attribute)
                else getattr(target.value, "id", "")
            )
            if (owner, target.attr) in CLOCK:
                yield node.lineno, f"{owner}.{target.attr}"
                continue
        elif isinstance(target, ast.Name) and target.id in bare:
            yield node.lineno, target.id
            continue
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        name = getattr(target, "attr", getattr(target, "id", ""))
        if name in ("datetime64", "Timestamp", "to_datetime") and words and words[0] in NOW:
            yield node.lineno, f'{name}("{words[0]}")'


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
    if event == "open" and isinstance(arguments[0], str):
        path = arguments[0]
        own = path.startswith((sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib")))
        if not own and not path.endswith(CODE):
            _watchers[-1].append(path)
    elif event in OUTSIDE:
        _watchers[-1].append(event)
