"""A list of 300 MB is read as a stream, in little memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Figure
from tests.screening.lists import as_targets, made, noise

MEGABYTES = 300


@pytest.mark.slow
def test_300_megabytes_are_read_in_under_500(tmp_path: Path, figure: Figure) -> None:
    world = made(100)
    names = [*world.listed.values(), *noise(20_000)]
    text = as_targets(names, [""] * len(names))
    head, _, rows = text.partition("\n")
    # Cells as wide as those of the real file, whose rows hold addresses and reasons.
    rows = rows.replace("EX,A list", f'EX,"A list {"of many words " * 40}"')
    path = tmp_path / "targets.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(head + "\n")
        while file.tell() < MEGABYTES << 20:
            file.write(rows)
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom positioning.screening.screen import screen\n"
        "from tests.screening.lists import made\nbegan, seen = time.monotonic(), []\n"
        "made_of = screen([Path(sys.argv[1])], made(100).universe, read=seen.append)\n"
        "print(made_of.lists[0].entries, sum(seen), round(time.monotonic() - began))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entries, seen, seconds = map(int, done.stdout.split())
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    told = f"{seconds} s, at most {peak:.0f} MB of memory"
    figure(f"a list of {MEGABYTES} MB, {entries:,} firms, is read in", told, "under 500 MB")
    assert entries > 200_000
    assert seen == path.stat().st_size  # progress goes through the whole file
    assert peak < 500
