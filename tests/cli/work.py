"""Commands as processes: the work that one has done, by its own clock, and what it says whatever that of the wall."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from tests.forks import Forks, Said

ROOT = Path(__file__).parents[2]
ASKED = (
    "import runpy, sys; runpy.run_module(f'backtests.{sys.argv.pop(1)}', run_name='__main__', alter_sys=True)"
)
TOLD_IN_TIME = re.compile(r"compiling to machine code, .*|.+: [\d,]+ (of [\d,]+(, about .+ left)?|done)")


def asked(commands: Forks, *words: str, first: str = "pass", **more: str) -> Said:
    """What `python -m backtests.WORD WORDS` says, as a fork. first: what is run before; more: variables."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **more}
    return commands.run(f"{first}\n{ASKED}", ROOT, env, *words)


def but_progress(said: str) -> str:
    """What a process said on standard error, without the lines that come where it takes long, as on a busy machine:
    that it compiles, and, after ten seconds, how far it is."""
    return "".join(line for line in said.splitlines(True) if not TOLD_IN_TIME.fullmatch(line.rstrip("\n")))


def wait_for_work(process: int, seconds: float) -> None:
    """Until a process has worked for so long, by its own clock, or has ended: on a busy machine it is no further after
    a second than on a quiet one after a tenth. Where the machine does not say, so many seconds pass."""
    place, tick = Path(f"/proc/{process}/stat"), os.sysconf("SC_CLK_TCK")
    if not place.exists():
        time.sleep(seconds)
        return
    while True:
        state, *numbers = place.read_text().rpartition(")")[2].split()
        if state == "Z" or int(numbers[10]) + int(numbers[11]) >= seconds * tick:
            return
        time.sleep(0.005)
