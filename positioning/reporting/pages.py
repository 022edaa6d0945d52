"""All pages of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from positioning.reporting.index import write_index
from positioning.reporting.sheet import Sheet
from positioning.reporting.tearsheet import write


def write_pages(sheets: Sequence[Sheet], directory: Path, done: Callable[[], None]) -> list[Path]:
    """A tearsheet for each sheet and the index that links them; `done` is called after each tearsheet."""
    paths = []
    for sheet in sheets:
        paths.append(write(sheet, directory))
        done()
    return [*paths, write_index(sheets, paths, directory)]
