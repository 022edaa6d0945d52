"""How long commands take, measured in fresh processes on the sample market: python docs/times.py

Processor seconds are told, which other programs on the machine do not move; several cores make the waiting shorter.
Writes docs/explanation/times.md.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PLACE = Path(__file__).parent / "explanation" / "times.md"
STRATEGIES = Path(__file__).parents[1] / "strategies"
BEGIN = "import sys; sys.argv[0] = 'positioning'; from positioning.cli.main import app; app()"
ASKED = {
    "run fertilizer_producers": "one strategy: account, 200 shuffled dates, page",
    "run": "the article's four",
    "check fertilizer_producers": "24 futures, files, clock, delay, names",
    "grid-search fertilizer_producers --grid half_life=5,10,20,40": "4 trials",
    "grid-search fertilizer_producers --grid half_life=2:101:1 --grid exposure=0.01:1:0.01": "10,000 trials",
    "event-study fertilizer_producers": "one sleeve",
    "stress fertilizer_producers --paths 1000": "three scenarios of 1,000 paths",
    "compare": "four kept runs",
    "capacity fertilizer_producers": "return and cost at each capital",
    "claims": "each claim of the thesis",
    "today fertilizer_producers --capital 1e6": "",
    "run --help": "",
}


def seconds(words: str, folder: Path) -> float:
    """Processor seconds of a command in a process of its own and in those that it starts."""

    def used() -> float:
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        return now.ru_utime + now.ru_stime

    before = used()
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", BEGIN, *words.split()], cwd=folder, check=True, capture_output=True
    )
    return used() - before


def main() -> None:
    """Measure each once, after a first run that compiles what all share."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(STRATEGIES, folder / "strategies")
        os.environ["NUMBA_CACHE_DIR"] = str(folder / "compiled")
        first = seconds("run fertilizer_producers", folder)
        rows = [
            f"| `{words}` | {purpose} | {seconds(words, folder):.1f} |" for words, purpose in ASKED.items()
        ]
    PLACE.write_text(
        "# Times to expect\n\n"
        f"Processor seconds on the sample market, Python {platform.python_version()}, {os.cpu_count()} cores, written\n"
        "by `python docs/times.py`: waiting is shorter where a command uses several cores, longer on a busy machine.\n"
        f"The first run after an installation compiles what is compiled, which took {first:.0f} s in all; it is kept.\n"
        "The others are measured on their first use after it: what they compile besides, above all `stress`, is in "
        "their figures once.\n\n"
        "| positioning | what it does | seconds |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n\n"
        "Anything over ten seconds says on the terminal how long it still has. The search beside other programs is\n"
        "measured by `make bench-grid`.\n",
        encoding="utf-8",
    )
    print(f"wrote {PLACE.name}")


if __name__ == "__main__":
    main()
