"""Few open files, one core, no shared memory, and many processes in one folder."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from positioning.runs.saved_run import read_runs
from tests.builders import Figure
from tests.cli.work import wait_for_work

ROOT = Path(__file__).parents[2]
FEW = 256
EARLY = 0.15  # seconds of its work in which the interpreter itself is starting


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))


def begun(command: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"backtests.{command}", *words], cwd=ROOT, text=True, preexec_fn=few_files,  # noqa: PLW1509
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.slow
def test_ten_million_trials_under_256_open_files(tmp_path: Path, figure: Figure) -> None:
    axes = {"exposure": "0.10:0.99:0.01", "respond": "0:1:0.01", "half_life": "5:59:1", "band": "0:0.19:0.01"}
    began = time.monotonic()
    search = begun(
        "grid_search", "fertilizer_producers",
        *(word for name, values in axes.items() for word in ("--grid", f"{name}={values}")),
        "--start", "2024-01-02", "--end", "2024-04-30", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    out, err = search.communicate(timeout=1700)
    assert search.returncode == 0, err[-2000:]
    answer = json.loads(out)
    figure(
        f"{answer['trials']:,} trials with {FEW} open files at most",
        f"{time.monotonic() - began:,.0f} s",
        "it ends, with every trial",
    )
    assert answer["trials"] == 90 * 101 * 55 * 20


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "stress"])
def test_six_at_once_in_one_folder_lose_nothing(command: str, tmp_path: Path, figure: Figure) -> None:
    own = {
        "run": lambda n: ["middle_corridor", "--set", f"exposure={0.3 + n / 20:.2f}", "--placebo", "0", "--start",
                          "2023-01-03", "--end", "2024-06-28"],
        "stress": lambda n: ["middle_corridor", "--paths", "20", "--horizon", "20", "--replay", "none", "--seed", str(n),
                             "--workers", "1"],
    }  # fmt: skip
    began = time.monotonic()
    six = [begun(command, *own[command](n), "--out", str(tmp_path), "--json") for n in range(6)]
    answers = [process.communicate(timeout=900) for process in six]
    assert [process.returncode for process in six] == [0] * 6, [err[-500:] for _, err in answers]
    for out, _ in answers:
        json.loads(out)
    figure(
        f"six `{command}` at once in one folder",
        f"{time.monotonic() - began:,.0f} s, all ended well",
        "nothing lost",
    )
    assert not list(tmp_path.rglob("*.part"))
    if command == "run":
        runs, left_out = read_runs(tmp_path)
        assert not left_out
        assert len({run.summary["parameters"]["exposure"] for run in runs}) == 6
        index = (tmp_path / "index.html").read_text()
        assert all(run.id in index for run in runs)


# What Python does where there is no /dev/shm: no lock and no memory is shared between processes.
WITHOUT_SHARED_MEMORY = """
import _multiprocessing, _posixshmem

class SemLock(_multiprocessing.SemLock):
    def __new__(cls, *words, **more):
        raise OSError(38, "Function not implemented")

def shm_open(*words, **more):
    raise FileNotFoundError(2, "No such file or directory", "/dev/shm")

_multiprocessing.SemLock, _posixshmem.shm_open = SemLock, shm_open
"""
SHORT = ["--start", "2024-01-02", "--end", "2024-04-30"]
ASKED = {
    "run": ["middle_corridor", *SHORT, "--placebo", "20"],
    "today": ["middle_corridor", "--as-of", "2024-06-14"],
    "check": ["middle_corridor", "--cuts", "2"],
    "grid_search": ["middle_corridor", *SHORT, "--grid", "half_life=5,10,20", "--workers", "2"],
    "event_study": ["CF", "--placebo", "20"],
    "stress": ["middle_corridor", "--paths", "8", "--horizon", "20", "--replay", "none", "--workers", "2"],
    "capacity": ["middle_corridor", *SHORT],
    "events": [],
    "compare": [],
}


def one_core_and_64_files() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def small(command: str, out: Path) -> subprocess.Popen[str]:
    """The command on a small machine, its answer in a folder."""
    beside = out.parent / "beside"
    beside.mkdir(exist_ok=True)
    (beside / "sitecustomize.py").write_text(WITHOUT_SHARED_MEMORY)
    return subprocess.Popen(
        [sys.executable, "-m", f"backtests.{command}", *ASKED[command], "--out", str(out)],
        cwd=ROOT, text=True, preexec_fn=one_core_and_64_files, stdout=subprocess.PIPE, stderr=subprocess.PIPE,  # noqa: PLW1509
        env={**os.environ, "PYTHONPATH": f"{beside}{os.pathsep}{ROOT}"},
    )  # fmt: skip


def ended(command: str, out: Path) -> None:
    """It ends, and each file that is read by its name is whole."""
    answer, said = (one := small(command, out)).communicate(timeout=900)
    assert one.returncode in ((0, 1) if command == "check" else (0,)), (answer[-300:], said[-2000:])
    assert "Traceback" not in said
    pages = [p for p in out.rglob("*.html") if not p.name.startswith(".")]
    assert all(p.read_text(encoding="utf-8").rstrip().endswith("</html>") for p in pages)


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process as Linux does")
@pytest.mark.parametrize("command", ["stress"])
def test_a_command_ends_with_one_core_few_files_and_no_shared_memory(command: str, tmp_path: Path) -> None:
    ended(command, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits a process as Linux does")
@pytest.mark.parametrize("command", ASKED)
def test_every_command_works_on_a_small_machine_or_is_stopped_in_a_line(
    command: str, tmp_path: Path, figure: Figure
) -> None:
    """One core, 64 open files and no shared memory, to the end and stopped at random moments of its work."""
    out = tmp_path / "out"
    if command == "compare":
        ended("run", out)  # what there is to compare
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended(command, out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = done = 0
    # Of the work of all its processes, compiling too: as many early moments as late ones.
    for moment in np.exp(np.random.default_rng(len(command)).uniform(np.log(0.02), 0.0, 6)):
        with small(command, out) as run:
            wait_for_work(run.pid, float(moment) * work)
            run.send_signal(signal.SIGINT)
            _, said = run.communicate(timeout=120)
        if moment * work < EARLY and run.returncode in (-signal.SIGINT, 1):
            continue  # the interpreter itself was still starting, which no program can help
        assert run.returncode in (0, 130), (moment, said)
        told += run.returncode == 130
        done += run.returncode == 0
        if run.returncode == 130:
            assert said.splitlines()[-1].startswith("stopped; "), said
        assert "Traceback" not in said
        assert not [p for p in out.rglob("*") if p.name.endswith(".draft")]
    ended(command, out)
    figure(
        f"{command} with one core, 64 open files and no shared memory",
        f"it ends; of 6 Ctrl-C {told} stopped it in a line, {done} came too late",
        "it works, or one clear line",
    )
