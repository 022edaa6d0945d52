"""What was compiled from other sources is not used, whichever file has changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import positioning
from tests.forks import Forks

PACKAGE = Path(positioning.__file__ or "").parent
HELPER = """
from positioning.compiled import compiled

@compiled()
def size(x):
    return x * 2.0
"""
CALLER = """
from positioning.compiled import compiled
from positioning.helper import size

@compiled()
def outer(x):
    return size(x) + 1.0
"""
PLAIN = """
from collections import namedtuple
import numpy as np

STEP = 1.0
TABLE = np.array([4.0])
Pair = namedtuple("Pair", "a b")
"""
READER = """
from positioning.compiled import compiled
from positioning.helper import STEP, TABLE, Pair

@compiled()
def outer(x):
    pair = Pair(x, 10.0)
    return pair.b + pair.a + STEP + TABLE[0]
"""
CODE = "from positioning.caller import outer; print(outer(1.0), sum(outer.stats.cache_misses.values()))"


def said(forks: Forks, program: Path, place: Path) -> str:
    """The answer of the program, and how much of `outer` was compiled anew."""
    env = dict(os.environ, NUMBA_CACHE_DIR=str(place), PYTHONPATH=str(program), PYTHONDONTWRITEBYTECODE="1")
    done = forks.run(CODE, program, env)
    assert done.status == 0, done.err
    return done.out.strip()


def written(path: Path, text: str) -> None:
    """A file with the time of all others, as wheels have them."""
    path.write_text(text)
    os.utime(path, (1580601600, 1580601600))


def test_a_function_of_another_file_that_has_changed_is_compiled_anew(tmp_path: Path, forks: Forks) -> None:
    package = tmp_path / "program" / "positioning"
    package.mkdir(parents=True)
    for name in ("__init__.py", "compiled.py", "private_folder.py"):
        shutil.copy(PACKAGE / name, package / name)
    written(package / "helper.py", HELPER)
    written(package / "caller.py", CALLER)
    assert said(forks, package.parent, tmp_path / "cache") == "3.0 1"
    assert said(forks, package.parent, tmp_path / "cache") == "3.0 0"
    written(package / "helper.py", HELPER.replace("2.0", "3.0"))
    assert said(forks, package.parent, tmp_path / "cache") == "4.0 1"


def test_a_constant_and_a_layout_of_a_file_without_compiled_code_count(tmp_path: Path, forks: Forks) -> None:
    package = tmp_path / "program" / "positioning"
    package.mkdir(parents=True)
    for name in ("__init__.py", "compiled.py", "private_folder.py"):
        shutil.copy(PACKAGE / name, package / name)
    written(package / "helper.py", PLAIN)
    written(package / "caller.py", READER)
    assert said(forks, package.parent, tmp_path / "cache") == "16.0 1"
    assert said(forks, package.parent, tmp_path / "cache") == "16.0 0"
    for old, new, told in (
        ("STEP = 1.0", "STEP = 2.0", "17.0 1"), ("[4.0]", "[5.0]", "17.0 1"), ('"a b"', '"b a"', "16.0 1"),
    ):  # fmt: skip
        written(package / "helper.py", PLAIN.replace(old, new))
        assert said(forks, package.parent, tmp_path / "cache") == told
