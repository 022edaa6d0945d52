"""What one process has compiled the next one finds, functions that hold others in closures included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def said(script: Path) -> str:
    """What the script prints, its compiled code kept beside it."""
    env = dict(os.environ, NUMBA_CACHE_DIR=str(script.parent / "cache"))
    return subprocess.run(
        [sys.executable, "-c", "import closures"],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=script.parent,
    ).stdout.strip()


def test_closures_over_compiled_functions_are_compiled_once(tmp_path: Path) -> None:
    script = tmp_path / "closures.py"
    script.write_text(MODULE)
    assert said(script) == "4.0 6.0 1 1"
    said(script)  # numba takes a function read from a .pyc for another than the same one read from its source
    assert said(script) == "4.0 6.0 0 0"
