"""Arrays that take long to work out, kept in the user's cache for the next process."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from positioning.files import write_whole
from positioning.private_folder import private_folder

Arrays = Mapping[str, np.ndarray[Any, Any]]
MOST_BYTES = 2_000_000  # of a kept file; a longer one is none of ours


def cached_arrays(name: str, work: Callable[[], Arrays]) -> Arrays:
    """What `work` returned in an earlier process under this name, else what it returns now, kept under it.

    The name says all that the arrays depend on. A file that is damaged, or cannot be read or written, is as good as
    none. Raises what `work` raises.
    """
    place = cache_folder()
    if place is None:
        return work()
    file = place / f"{name}.npz"
    with suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        if file.stat().st_size <= MOST_BYTES:
            with np.load(
                io.BytesIO(file.read_bytes()), allow_pickle=False
            ) as archive:  # its sums are checked
                return {key: archive[key] for key in archive.files}
    arrays = work()
    with suppress(OSError):
        data = io.BytesIO()
        np.savez(data, **arrays)  # type: ignore[arg-type]  # its stubs take every name for allow_pickle
        write_whole(file, data.getvalue())
    return arrays


def cache_folder() -> Path | None:
    """Where a user's programs keep what they can work out again, else a folder of the user's own among the temporary
    files, else None."""
    with suppress(OSError, RuntimeError):  # no home
        base = (
            os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME") or Path.home() / ".cache"
        )
        place = Path(base) / "positioning"
        place.mkdir(parents=True, exist_ok=True)
        if os.access(place, os.W_OK):
            return place
    return private_folder()
