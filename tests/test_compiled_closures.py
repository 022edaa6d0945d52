"""What one process has compiled the next one finds, functions that hold others in closures included, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forks import Forks

MODULE = """
from positioning.compiled import compiled

def build(n):
    @compiled()
    def inner(x):
        return x + n

    @compiled()
    def outer(x):
        return inner(x) * 2.0

    return outer

one, two = build(1), build(2)
print(one(1.0), two(1.0), *(sum(f.stats.cache_misses.values()) for f in (one, two)))
"""
HELD = """
import sys
import numpy as np
from positioning.compiled import compiled

def build(n):
    @compiled()
    def inner(x, values, out):  # long enough to be called, not copied into its caller
        total = 0.0
        for a in range(values.size):
            for b in range(values.size):
                if values[a] > x and (a + b) % 3 == 0:
                    total += x * n + a
                    out[a] = total / n
                elif values[b] < x and (a * b) % 5 == 1:
                    total -= n * b
                    out[b] += n
                else:
                    total += (values[a] - values[b]) / (1.0 + n)
            out[a] = max(out[a], total) + n
            for b in range(values.size):
                if out[b] > 3 * n:
                    out[b] -= values[a]
        return total + n + out.sum()

    return inner

def thrice(f):
    @compiled()
    def outer(x):
        values, out, total = np.linspace(0, 3, 7), np.zeros(7), 0.0
        for k in range(3):
            total += f(x + k, values, out)
        return total

    return outer

one, two = build(1), build(2)
many = thrice(one)
told = {f: (1.0,) if f is many else (1.0, np.linspace(0, 3, 7), np.zeros(7)) for f in (one, two, many)}
print(*(round(f(*told[f]), 3) for f in eval(f"[{sys.argv[1]}]")))
"""
CALLED = """
from positioning.compiled import compiled

STEP = 1.0

@compiled()
def step(x):
    return x + STEP
"""
CALLER = """
from called import STEP, step
from positioning.compiled import compiled

@compiled()
def twice(x):
    return step(step(x)) + 100 * STEP

print(twice(0.0), sum(twice.stats.cache_misses.values()))
"""


Telling = Callable[..., str]


@pytest.fixture
def said(forks: Forks) -> Telling:
    """What a script prints in a process that has compiled nothing of it, its compiled code kept beside it; words: what
    it is told; more: environment."""

    def tell(script: Path, *words: str, **more: str) -> str:
        own = {"NUMBA_CACHE_DIR": str(script.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
        env = {**os.environ, **own, **more}  # a .pyc takes two sources of one size within a second for one
        done = forks.run(f"import sys; sys.argv[1:] = {words}; import {script.stem}", script.parent, env)
        assert done.status == 0, done.err
        return done.out.strip()

    return tell


@pytest.fixture
def script(tmp_path: Path) -> Path:
    script = tmp_path / "closures.py"
    script.write_text(MODULE)
    return script


def test_closures_over_compiled_functions_are_compiled_once(script: Path, said: Telling) -> None:
    assert said(script, PYTHONDONTWRITEBYTECODE="") == "4.0 6.0 1 1"
    # The first read the source and the second its .pyc, which numba takes for another function.
    assert said(script) == "4.0 6.0 0 0"


def test_closures_compiled_by_two_processes_are_two_in_a_third(tmp_path: Path, said: Telling) -> None:
    """Each is the first that its process compiles. numba by itself calls both by one name, and a third that holds one of
    them in its machine code runs the other where that was met before: wrong numbers, or a crash."""
    script = tmp_path / "held.py"
    script.write_text(HELD)
    plain = said(script, "one, two, many", NUMBA_DISABLE_JIT="1")
    assert plain == "129.5 175.333 213.5"
    value = dict(zip(("one", "two", "many"), plain.split(), strict=True))
    orders = ("one", "two", "many", "two, one, many", "two, many, one", "one, two, many")
    wanted = [" ".join(value[name] for name in asked.split(", ")) for asked in orders]
    assert [said(script, asked) for asked in orders] == wanted


def test_code_under_the_name_of_another_is_not_run(script: Path, said: Telling) -> None:
    """As two processes may leave it that compile at once and number their files alike."""
    assert said(script) == "4.0 6.0 1 1"
    one, two = sorted((script.parent / "cache").rglob("*outer*.nbc"))
    text = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(text)
    assert said(script) == "4.0 6.0 1 1"
    one.write_bytes(one.read_bytes()[:1000])  # torn
    assert said(script) in ("4.0 6.0 1 0", "4.0 6.0 0 1")
    assert said(script) == "4.0 6.0 0 0"
    assert len(list((script.parent / "cache").rglob("*outer*.nbc"))) == 2


@pytest.mark.parametrize("kind", ["compiled", "compiled_part"])
def test_what_a_function_calls_in_another_file_is_part_of_it(
    tmp_path: Path, said: Telling, kind: str
) -> None:
    called, caller = tmp_path / "called.py", tmp_path / "caller.py"
    text = CALLED.replace("compiled\n", f"{kind}\n").replace("@compiled", f"@{kind}")
    called.write_text(text)
    caller.write_text(CALLER)
    assert said(caller) == "102.0 1"
    assert said(caller) == "102.0 0"
    called.write_text(text.replace("return x + STEP", "return x - STEP"))
    assert said(caller) == "98.0 1"
    called.write_text(text.replace("STEP = 1.0", "STEP = 3.0"))
    assert said(caller) == "306.0 1"


def test_a_full_disk_keeps_nothing_and_stops_nothing(script: Path, said: Telling) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    script.write_text(limit + MODULE)
    assert said(script) == "4.0 6.0 1 1"
    assert said(script) == "4.0 6.0 1 1"
    assert not list((script.parent / "cache").rglob("*.nbc*"))
