"""How commands end: signals, pipes, full disks and closed streams; in one line, with a status that says so."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.builders import RECORD
from tests.cli.work import asked, but_progress, wait_for_work
from tests.forks import Forks

ROOT = Path(__file__).parents[2]
EVENTS = [
    "events",
    "--thesis",
    str(RECORD),
    "--json",
]  # told which, it looks for no strategies: the shortest command
EARLY = 0.15  # seconds of its work


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", f"backtests.{words[0]}", *words[1:]]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@pytest.mark.parametrize(
    ("moment", "number"),
    [(m, n) for m in (EARLY, 0.5) for n in (signal.SIGINT, signal.SIGTERM)] + [(1.5, signal.SIGINT)],
)
def test_a_signal_at_any_moment_is_one_line(tmp_path: Path, number: signal.Signals, moment: float) -> None:
    words = command("run", "--out", str(tmp_path / "out"), "--placebo", "200")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as run:
        wait_for_work(run.pid, moment)
        run.send_signal(number)
        _, said = run.communicate(timeout=300)
    if moment == EARLY and run.returncode in (-number, 1):
        return  # the interpreter itself was still starting, which no program can help
    assert (run.returncode, but_progress(said)) == (130, "stopped; nothing half-written is left\n")
    left = list((tmp_path / "out").rglob("*"))
    assert not [p for p in left if p.name.endswith(".draft") or (p.is_dir() and not any(p.iterdir()))]
    assert not left or any(p.suffix == ".html" for p in left)  # no script without a page


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_stress_test_leaves_no_workers(tmp_path: Path, number: signal.Signals) -> None:
    mark = f"positioning-test-{os.getpid()}-{number}"
    words = command("stress", "middle_corridor", "--paths", "40000", "--workers", "2", "--out", str(tmp_path))

    def alive() -> int:
        found = 0
        for place in Path("/proc").glob("[0-9]*"):
            try:
                found += mark.encode() in (place / "environ").read_bytes()
            except OSError:
                continue
        return found

    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment(MARK=mark)
    ) as run:
        until = time.monotonic() + 300
        while alive() < 3 and run.poll() is None and time.monotonic() < until:
            time.sleep(0.1)
        assert alive() >= 3
        run.send_signal(number)
        run.wait(timeout=300)
    until = time.monotonic() + 300
    while alive() and time.monotonic() < until:
        time.sleep(0.1)
    assert alive() == 0


def test_a_reader_that_has_seen_enough_is_no_error(commands: Forks) -> None:
    gone = "import os; read, write = os.pipe(); os.close(read); os.dup2(write, 1)"
    done = asked(commands, *EVENTS, first=gone)
    assert done.err == ""
    assert done.status in (0, 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_under_standard_output_is_one_line(commands: Forks) -> None:
    done = asked(commands, *EVENTS, first="import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)")
    assert done.status == 2
    assert done.err.startswith("error: standard output cannot be written (No space left on device)")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_error(closed: str, tmp_path: Path) -> None:
    words = f"exec {' '.join(command(*EVENTS))} --out {tmp_path} {closed}"
    done = subprocess.run(["sh", "-c", words], capture_output=True, cwd=ROOT, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "events.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_can_be_written_and_asked_by_every_command(closed: str) -> None:
    """Python has None for them: `run` ended in a traceback where it flushed one, a refusal with status 1."""
    refused = (
        ["nonsense"] if "<" in closed else ["--out", "/dev/null/none"]
    )  # with a process beside it, or before
    code = "from positioning.cli.starting import guard; guard(); import sys; [(s.flush(), s.isatty()) for s in " \
        "(sys.stdout, sys.stderr)]; print(1); print(2, file=sys.stderr)"  # fmt: skip
    for words, status in (([sys.executable, "-c", code], 0), (command("run", *refused), 2)):
        typed = f"exec {shlex.join(words)} {closed}"
        done = subprocess.run(
            ["sh", "-c", typed], capture_output=True, cwd=ROOT, check=False, env=environment()
        )
        assert done.returncode == status
        assert b"Traceback" not in done.stderr


def test_any_encoding_of_the_terminal_will_do(tmp_path: Path) -> None:
    done = subprocess.run(
        command("events", "--thesis", str(RECORD), "--out", str(tmp_path)),
        capture_output=True, cwd=ROOT, check=False, env=environment(PYTHONIOENCODING="ascii", LC_ALL="C"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("ascii")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_any_other_encoding_of_the_terminal_will_do(encoding: str, tmp_path: Path, commands: Forks) -> None:
    other = f"import sys; [s.reconfigure(encoding='{encoding}') for s in (sys.stdout, sys.stderr)]"
    done = asked(commands, "events", "--thesis", str(RECORD), "--out", str(tmp_path), first=other, LC_ALL="C")
    assert (done.status, done.err) == (0, "")
    assert done.out.encode(errors="surrogateescape").decode(encoding)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stress", ["--paths", "20", "--horizon", "60", "--workers", "1"]),
        ("grid-search", ["--grid", "exposure=0.5,1", "--start", "2024-06-03"]),
    ],
)
def test_tables_in_places_whose_names_are_not_utf8(name: str, words: list[str], tmp_path: Path) -> None:
    """pyarrow takes the name of a file in UTF-8 alone: no table of a search was written there."""
    from positioning.cli.main import app

    out = tmp_path / os.fsdecode(b"\xff\xfe")
    done = CliRunner().invoke(app, [name, "fertilizer_producers", *words, "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert not [p for p in out.rglob("*.parquet") if p.stat().st_size == 0]
    assert list(out.rglob("*.parquet"))


def test_places_whose_names_are_not_utf8(tmp_path: Path, commands: Forks) -> None:
    out = f"{tmp_path}/{os.fsdecode(bytes([255, 254]))}"
    done = asked(commands, "events", "--thesis", str(RECORD), "--out", out)
    assert (done.status, done.err) == (0, "")
    assert Path(out, "events.html").exists()


def test_an_interruption_of_compiled_code_that_calls_back_is_not_lost(commands: Forks) -> None:
    code = (
        "import ctypes, time\nfrom positioning.cli.command import begin\nbegin()\n"
        "@ctypes.CFUNCTYPE(None)\ndef called():\n    raise KeyboardInterrupt\n"
        "try:\n    called()\n    time.sleep(30)\n    print('lost')\nexcept KeyboardInterrupt:\n    print('told')"
    )
    done = commands.run(code, ROOT, environment())
    assert (done.out, done.err) == ("told\n", "")


@pytest.mark.parametrize("struck", ["begins", "ends", ""])
def test_what_ctrl_c_left_half_made_is_given_up_without_a_word(struck: str, commands: Forks) -> None:
    """It was seen of llvmlite: where its engine had not begun, the end of it failed, and Python said so."""
    code = (
        "import os, signal, sys, typer\nfrom positioning.cli.command import begin, ending\nbegin()\n"
        "class Engine:\n    def at(self, moment):\n"
        f"        if moment == '{struck}':\n            os.kill(os.getpid(), signal.SIGINT)\n"
        "            signal.pause()\n"
        "    def __init__(self):\n        self.at('begins')\n"
        "    def __del__(self):\n        self.at('ends')\n        del self.pointer\n"
        "try:\n    with ending():\n        Engine()\n        Engine()\n"
        f"        if '{struck}':\n            signal.pause()\n"
        "except typer.Exit as ended:\n    sys.exit(ended.exit_code)"
    )
    done = commands.run(code, ROOT, environment())
    if struck:
        assert (done.status, done.err) == (130, "stopped; nothing half-written is left\n")
    else:  # a fault of a command that was not stopped is told
        assert (done.status, done.err.count("has no attribute 'pointer'")) == (0, 2)


def test_an_error_that_a_library_makes_of_ctrl_c_is_the_line_of_ctrl_c(commands: Forks) -> None:
    """Compiled code may answer an interruption by another error, as numba does while it is imported."""
    code = (
        "import os, signal, sys, typer\nfrom positioning.cli.command import begin, ending\nbegin()\n"
        "def struck():\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n    with ending():\n        try:\n            struck()\n            signal.pause()\n"
        "        except KeyboardInterrupt:\n            raise ImportError('a part failed to import') from None\n"
        "except typer.Exit as ended:\n    sys.exit(ended.exit_code)"
    )
    done = commands.run(code, ROOT, environment())
    assert (done.status, done.err) == (130, "stopped; nothing half-written is left\n")
    calm = code.replace("            struck()\n            signal.pause()\n", "            raise KeyError\n")
    calm = calm.replace("except KeyboardInterrupt", "except KeyError")
    done = commands.run(calm, ROOT, environment())
    assert done.status == 1
    assert done.err.endswith("ImportError: a part failed to import\n")  # a fault of ours is not hidden


def test_the_end_of_a_command_searches_for_no_garbage() -> None:
    code = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000)); " \
        "from positioning.cli.starting import guard; guard()"  # fmt: skip  # what is registered first is called last
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
