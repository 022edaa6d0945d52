"""A folder of the user's own for what a process leaves to the next, where the usual places cannot be written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def private_folder() -> Path | None:
    """A folder among the temporary files that nobody else can write, since numba runs what it reads there; None where
    there is none."""
    if os.name == "nt":
        return None  # it always has a user's own folder
    try:
        place = Path(tempfile.gettempdir()) / f"positioning-{os.geteuid()}"
        place.mkdir(mode=0o700, exist_ok=True)
        status = place.lstat()
    except OSError:
        return None
    private = status.st_uid == os.geteuid() and not status.st_mode & 0o077 and not place.is_symlink()
    return place if private else None
