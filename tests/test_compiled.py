"""Where compiled code is kept when the program's folder, the home or the temporary folder cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from positioning.compiled import compiled, compiled_part, direct
from tests.forks import Forks

ROOT = Path(__file__).parents[1]
CODE = """
import numpy as np
from positioning.strategy.weights import add_share
out = np.zeros((1, 2, 1))
add_share(np.ones((1, 2, 1)), np.array([0, 1]), np.full((1, 1), 0.5), np.ones((1, 1)), out)
print(out.tolist(), add_share.stats.cache_path)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the program whose folders take no compiled code, for root neither: a file stands in the way."""
    place = tmp_path / "program"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "positioning", place / "positioning", ignore=ignored)
    for folder in [place / "positioning", *(place / "positioning").rglob("*/")]:
        (folder / "__pycache__").write_text("")
    return place


def test_a_function_for_more_arguments_of_the_same_types() -> None:
    """Until another call brings another type; in Python it is itself."""

    @compiled()
    def twice(x):
        return x * 2

    assert direct(twice) is twice  # nothing is known yet of what it will be called with
    assert twice(2) == 4
    straight = direct(twice)
    assert straight is not twice
    assert straight(3) == 6
    assert direct(straight) is straight
    assert twice(1.5) == 3.0
    assert direct(twice) is twice
    assert direct(max) is max


def test_a_part_is_for_compiled_code_alone() -> None:
    """Whether or not it has been compiled for the same arguments: it would jump to nothing."""

    @compiled_part()
    def half(x):
        return x / 2.0

    @compiled()
    def quarter(x):
        return half(half(x))

    for _ in range(2):
        with pytest.raises(TypeError, match="only compiled code"):
            half(1.0)
        assert quarter(1.0) == 0.25


@pytest.mark.skipif(os.name == "nt", reason="homes are elsewhere on Windows")
@pytest.mark.parametrize("case", ["home", "temporary", "somebody else's", "nowhere"])
def test_compiled_code_has_a_place_or_stays_in_memory(
    program: Path, tmp_path: Path, forks: Forks, case: str
) -> None:
    own = tmp_path / "temporary" / f"positioning-{os.geteuid()}"
    for folder in ("home", "temporary", "empty"):
        (tmp_path / folder).mkdir()
    home = tmp_path / "home" if case == "home" else Path("/dev/null/none")
    if case == "somebody else's":
        own.mkdir()
        own.chmod(0o777)
    if case == "nowhere":
        own.write_text("")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "NUMBA_"))}
    env = {**kept, "HOME": str(home), "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": str(program)}
    done = forks.run(CODE, tmp_path / "empty", env)
    assert (done.status, done.err) == (0, "")
    *_, place = done.out.split()
    if case == "home":
        assert place.startswith(str(home))
    elif case == "temporary":
        assert place.startswith(str(own))
        assert own.stat().st_mode & 0o777 == 0o700
    else:
        assert place == "None"


def test_a_missing_temporary_folder_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backtests.events", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "gone"), "HOME": "/dev/null/none"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_command_says_once_that_it_compiles(tmp_path: Path, forks: Forks) -> None:
    small = (
        "import numpy as np, positioning.cli.compiling as c\n"
        "with c.compilation_notice(False):\n"
        "    from positioning.strategy.weights import add_share, positive_definite\n"
        "    positive_definite(np.eye(2)[None])\n"
        "    one, out = np.ones((1, 1)), np.zeros((1, 2, 1))\n"
        "    add_share(np.ones((1, 2, 1)), np.array([0, 1]), one, one, out)\n"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    told = []
    for _ in range(2):
        done = forks.run(small, tmp_path, env)
        assert done.status == 0
        told.append(done.err.splitlines())
    assert len(told[0]) == 1
    assert told[0][0].startswith(
        "compiling to machine code, some seconds and only once, beginning with positioning.strategy.weights: kept in "
    )
    assert str(tmp_path / "cache") in told[0][0]
    assert told[1] == []
