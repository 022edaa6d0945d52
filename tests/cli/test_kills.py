"""A command killed at any moment leaves nothing half-written under a name that is read."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from positioning.runs.saved_run import read_runs
from tests.builders import Figure
from tests.cli.work import but_progress, wait_for_work

ROOT = Path(__file__).parents[2]
SHORT = ["--start", "2024-01-02", "--end", "2024-04-30"]
COMMANDS = {
    "run": ["middle_corridor", *SHORT, "--placebo", "20", "--csv"],
    "today": ["middle_corridor", "--as-of", "2024-06-14", "--csv"],
    "check": ["middle_corridor", "--cuts", "2"],
    "grid_search": ["middle_corridor", *SHORT, "--grid", "half_life=5,10,20"],
    "event_study": ["CF", "--placebo", "20"],
    "stress": ["middle_corridor", "--paths", "20", "--horizon", "20", "--replay", "none"],
    "capacity": ["middle_corridor", *SHORT],
    "events": [],
    "compare": ["--csv"],
}


def begun(command: str, out: Path, **more: object) -> subprocess.Popen[str]:
    words = [*COMMANDS[command], "--out", str(out), *(["--quiet"] if command != "events" else [])]
    return subprocess.Popen(
        [sys.executable, "-m", f"backtests.{command}", *words], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        **more,  # type: ignore[call-overload]
    )  # fmt: skip


def whole(out: Path) -> int:
    """How many files there are; each that is read by its name is whole. What was being written has another name."""
    files = [
        f
        for f in out.rglob("*")
        if f.is_file() and not any(p.startswith(".") for p in f.relative_to(out).parts)
    ]
    for file in files:
        match file.suffix:
            case ".html":
                assert file.read_text(encoding="utf-8").rstrip().endswith("</html>"), file
            case ".json":
                json.loads(file.read_text(encoding="utf-8"))
            case ".parquet":
                pyarrow.parquet.read_table(file)
            case ".csv":
                assert file.read_text(encoding="utf-8").endswith("\n"), file
    if (out / "runs").exists():
        assert not read_runs(out).left_out
    return len(files)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, which a comparison reads."""
    out = tmp_path_factory.mktemp("kept")
    run = begun("run", out)
    assert run.wait(timeout=600) == 0, run.stderr and run.stderr.read()
    run.communicate()
    return out


def work_of(command: str, out: Path) -> float:
    """Seconds of processor time of the whole command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = begun(command, out)
    _, said = done.communicate(timeout=600)
    assert done.returncode == 0, said
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at the work of processes in /proc")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_killed_at_any_moment_leaves_whole_files(
    command: str, tmp_path: Path, kept: Path, figure: Figure
) -> None:
    out = kept if command == "compare" else tmp_path
    work = work_of(command, out)
    whole(out)
    struck = 0
    for moment in np.random.default_rng(len(command)).uniform(0.1, 1.0, 8):
        with begun(command, out) as run:
            wait_for_work(run.pid, float(moment) * work)
            run.send_signal(signal.SIGKILL)
            run.communicate()
            struck += run.returncode == -signal.SIGKILL
        whole(out)
    again = begun(command, out)
    _, said = again.communicate(timeout=600)
    assert again.returncode == 0, said
    figure(
        f"{command} killed at a random moment of its work",
        f"{struck} of 8 kills struck; {whole(out)} files, all whole, and the next one ends well", "all whole",
    )  # fmt: skip


def full() -> None:
    """No file may hold more than the least of what a command writes, which is what a check keeps."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_a_line_and_leaves_what_was_there(
    command: str, tmp_path: Path, kept: Path, figure: Figure
) -> None:
    out = kept if command == "compare" else tmp_path
    done = begun(command, out)
    done.communicate(timeout=600)
    before = {f: f.read_bytes() for f in out.rglob("*") if f.is_file() and f.suffix == ".html"}
    stopped = begun(command, out, preexec_fn=full)
    said = but_progress(stopped.communicate(timeout=600)[1])
    figure(
        f"{command} on a full disk", f"status {stopped.returncode}: {said.strip()[:90]}", "status 2, one line"
    )
    assert stopped.returncode == 2, said
    assert said.count("\n") == 1, said
    assert "File too large" in said or "cannot be written" in said
    assert {f: f.read_bytes() for f in before} == before
    whole(out)
