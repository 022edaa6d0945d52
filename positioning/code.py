"""What the engine's numbers are made by, file by file."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

_APART = ("events.csv", "restrictions.csv", "fees.csv")  # facts that have digests of their own


def code(position: type) -> dict[str, str]:
    """Digest of each file of the engine that can move a number, and of the position's own folder."""
    house, own = Path(__file__).parent, Path(inspect.getfile(position)).parent
    rooms = [house / room for room in ("market", "events", "portfolio", "simulation", "research")]
    files = [
        f
        for room in (*rooms, own)
        for f in sorted(room.iterdir())
        if f.suffix in (".py", ".csv", ".toml") and f.name not in _APART
    ]
    return {f"{f.parent.name}/{f.name}": hashlib.sha256(f.read_bytes()).hexdigest()[:16] for f in files}
