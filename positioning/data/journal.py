"""What was fetched since the manifest was written: a line a symbol, so that a fetch of many is linear in their number.

The first line names the manifest that the rest goes on from, by its digest; beside another one the journal says
nothing. Each line bears its own digest: what a killed writer left of its last one is not believed.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import final

from positioning.data.manifest import MOST_BYTES, Entry, cannot_write, read_entry
from positioning.errors import BadInputError
from positioning.files import read_bounded
from positioning.json_text import json_text

NAME = "journal.jsonl"
ATTEMPTS = 20  # to see manifest and journal of one moment, beside a writer


@final
class Journal:
    """The file of the one process that writes. Begins with the first line that is added."""

    def __init__(self, cache: Path) -> None:
        self._path, self._manifest, self._size = cache / NAME, cache / "manifest.json", 0

    @property
    def empty(self) -> bool:
        """Whether nothing was added since the manifest was written."""
        return self._size == 0

    def add(self, entry: Entry) -> None:
        """Keep an entry, through a loss of power too. Raises BadInputError where it cannot be written."""
        line = _line(json_text(asdict(entry)).encode())
        if self.empty:
            line = _line(_digest(_content(self._manifest)).encode()) + line
        try:
            with self._path.open("ab" if self._size else "wb") as file:
                file.truncate(self._size)  # what is left of a line that found no room
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from None
        self._size += len(line)

    def clear(self) -> None:
        """Its lines are in the manifest now."""
        with suppress(OSError):  # one that stays goes on from another manifest, and says nothing
            self._path.unlink()
        self._size = 0


def moment(cache: Path) -> tuple[bytes, dict[str, Entry]]:
    """The manifest's content, b"" for none, and what the journal adds to it; both of one moment."""
    content = b""
    for _ in range(ATTEMPTS):
        content, lines = _content(cache / "manifest.json"), _content(cache / NAME)
        if _content(cache / "manifest.json") == content:
            return content, _added(content, lines)
    return content, {}


def _added(manifest: bytes, journal: bytes) -> dict[str, Entry]:
    added: dict[str, Entry] = {}
    for number, line in enumerate(journal.splitlines(keepends=True)):
        digest, _, text = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or digest != _digest(text).encode():
            break
        if number == 0:
            if text != _digest(manifest).encode():
                break
            continue
        try:
            entry = read_entry(text)
        except ValueError:
            break
        added[entry.symbol] = entry
    return added


def _line(text: bytes) -> bytes:
    return _digest(text).encode() + b" " + text + b"\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path, MOST_BYTES)
    except (OSError, BadInputError):
        return b""
