"""The work that a process has done, by its own clock."""

from __future__ import annotations

import os
import time
from pathlib import Path


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
