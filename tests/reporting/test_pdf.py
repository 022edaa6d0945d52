"""A browser that fails, writes garbage or hangs makes no PDF and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from positioning.errors import BadInputError
from positioning.reporting import pdf

ROOT = Path(__file__).parents[2]
FIND = 'for w in "$@"; do case $w in --print-to-pdf=*) to=${w#*=};; esac; done\n'


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<p>words</p>")
    return path


def stand_in(folder: Path, script: str) -> None:
    """A browser of that name first in the path."""
    folder.mkdir(exist_ok=True)
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{FIND}{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "exit 3",
        ': > "$to"',
        'echo garbage > "$to"',
        'printf "%%PDF-1.4\\ncut off" > "$to"',
        'printf "no head\\n%%%%EOF" > "$to"',
        'mkdir "$to"',
        "kill -9 $$",
        'printf "\\033[31mred\\377\\n" >&2',
        "head -c 3000000 /dev/zero | tr '\\0' x >&2",
    ],
)
def test_what_is_no_pdf_is_refused_in_a_line(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    stand_in(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    page.with_suffix(".pdf").write_text("an earlier one")
    with pytest.raises(BadInputError, match="made no PDF") as refused:
        pdf.print_pdf(page)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500
    assert page.with_suffix(".pdf").read_text() == "an earlier one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "page.html", "page.pdf"]


def test_a_whole_one_is_kept(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path / "bin", 'printf "%%PDF-1.4\\nwords\\n%%%%EOF\\n" > "$to"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert pdf.print_pdf(page).read_bytes() == b"%PDF-1.4\nwords\n%%EOF\n"


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("ending", ["slow", "interrupted", "done"])
def test_the_browsers_children_end_with_it(page: Path, tmp_path: Path, ending: str) -> None:
    seen = tmp_path / "children"
    stand_in(tmp_path / "bin", f'sleep 300 & echo $! > {seen}.new; mv {seen}.new {seen}; '
                               f'{"exit 1" if ending == "done" else "sleep 300"}')  # fmt: skip
    code = (
        "import subprocess, sys, time; from pathlib import Path; from positioning.reporting import pdf\n"
        "wait = subprocess.Popen.wait\n"
        "def later(*words):\n"  # the time runs from when the child is there, however busy the machine
        f"    while not Path({str(seen)!r}).exists(): time.sleep(0.01)\n"
        "    return wait(*words)\n"
        "subprocess.Popen.wait = later\n"
        f"pdf.SECONDS = {0.2 if ending == 'slow' else 100}; pdf.print_pdf(Path(sys.argv[1]))"
    )
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(page)], stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
    ) as printing:  # fmt: skip
        until = time.monotonic() + 300
        while not seen.exists() and time.monotonic() < until:
            time.sleep(0.05)
        child = int(seen.read_text())
        if ending == "interrupted":
            time.sleep(0.3)
            printing.send_signal(signal.SIGINT)
        printing.wait(timeout=300)
    until = time.monotonic() + 300
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)
