"""Few open files, and many processes in one folder."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from positioning.runs.saved import read_runs
from tests.builders import Figure

ROOT = Path(__file__).parents[2]
FEW = 256


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
