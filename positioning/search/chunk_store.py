"""Where the finished chunks of a search are kept until it ends."""

from __future__ import annotations

import hashlib
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

import numpy as np
from numpy.lib import format as npy

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.files import (
    MARKER,
    atomic_file,
    atomic_folder,
    is_marked,
    mark,
    read_bounded,
    sweep,
    write_whole,
)
from positioning.json_text import decoded, json_text

TRIES = 20  # at making a folder whose empty parent another search, ending, may be taking away
USE = "an unfinished search"  # what its folder is marked with
INPUTS = "inputs.json"
MOST_BYTES = 64_000_000  # of INPUTS
_CHUNK = re.compile(r"[0-9]{6,12}-[0-9a-f]{16}\.npy")


class ChunkStore(ABC):
    """Tables of numbers, a chunk each."""

    @abstractmethod
    def put(self, number: int, table: FloatArray) -> None:
        """Keep the table of a chunk."""

    @abstractmethod
    def get(self, number: int) -> FloatArray:
        """The table of a chunk that was kept."""

    @abstractmethod
    def has(self, number: int, shape: tuple[int, int]) -> bool:
        """Whether a chunk of that shape is kept."""


@final
class MemoryChunks(ChunkStore):
    """Kept as long as the process lives."""

    def __init__(self) -> None:
        self._tables: dict[int, FloatArray] = {}

    def put(self, number: int, table: FloatArray) -> None:
        self._tables[number] = table

    def get(self, number: int) -> FloatArray:
        return self._tables[number]

    def has(self, number: int, shape: tuple[int, int]) -> bool:
        return number in self._tables and self._tables[number].shape == shape


@final
class FolderChunks(ChunkStore):
    """One .npy file a chunk, whole or not there, named by its number and the digest of its content; `inputs.json` says
    what they were made of.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._found: dict[int, str] = {}  # names of files by number

    def begun_with(self) -> Mapping[str, str] | None:
        """The inputs of the search that was begun here; None where there is none."""
        if not is_marked(self.place, USE):
            return None
        try:
            return decoded(read_bounded(self.place / INPUTS, MOST_BYTES), dict[str, str])
        except (OSError, ValueError, BadInputError):
            return None

    def begin(self, inputs: Mapping[str, str]) -> None:
        """Empty, for a search of these inputs. Raises BadInputError where there is something that is not ours."""
        if is_marked(self.place, USE):
            self._clear()
            self._write(self.place, inputs)
            return
        with suppress(OSError):
            self.place.rmdir()  # an empty one is no one's
        if self.place.exists():
            raise BadInputError(
                f"{self.place} holds other things",
                "wanted the place for the chunks of this search",
                "move them away, or choose another place",
            )
        for attempt in range(TRIES):
            try:
                with atomic_folder(self.place) as draft:
                    self._write(draft, inputs)
                    mark(draft, USE)
                return
            except FileNotFoundError:
                if attempt == TRIES - 1:
                    raise

    @staticmethod
    def _write(folder: Path, inputs: Mapping[str, str]) -> None:
        write_whole(folder / INPUTS, json_text(inputs, indent=1) + "\n")

    def remove(self) -> None:
        """What searches wrote in it, and itself where nothing else is in it. Nothing where it is not marked."""
        if not is_marked(self.place, USE):
            return
        self._clear()
        if {p.name for p in self.place.iterdir()} <= {MARKER, INPUTS}:
            (self.place / INPUTS).unlink(missing_ok=True)
            (self.place / MARKER).unlink(missing_ok=True)
            self.place.rmdir()

    def _clear(self) -> None:
        sweep(self.place)
        for path in self._chunks():
            path.unlink()
        self._found = {}

    def put(self, number: int, table: FloatArray) -> None:
        content, header = np.ascontiguousarray(table, dtype=np.float64), io.BytesIO()
        npy.write_array_header_1_0(header, npy.header_data_from_array_1_0(content))
        parts = header.getvalue(), content.reshape(-1).data  # as np.save writes them, without a copy
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
        name = f"{number:06d}-{digest.hexdigest()[:16]}.npy"
        with atomic_file(self.place / name) as draft, draft.open("wb") as file:
            file.writelines(parts)
        self._found[number] = name

    def get(self, number: int) -> FloatArray:
        """Mapped, so that only the rows that are used are read; the file is open as long as the array lives."""
        return np.asarray(np.load(self.place / self._found[number], mmap_mode="r", allow_pickle=False))

    def has(self, number: int, shape: tuple[int, int]) -> bool:
        """Whether it is there, to the byte as it was written."""
        if number not in self._found:
            self._found = {int(p.name[:-21]): p.name for p in self._chunks()}
        try:
            data = (self.place / self._found[number]).read_bytes()
            if not self._found[number].endswith(f"-{hashlib.sha256(data).hexdigest()[:16]}.npy"):
                return False
            return self.get(number).shape == shape
        except (KeyError, OSError, ValueError, EOFError):
            return False

    def _chunks(self) -> list[Path]:
        with suppress(OSError):
            return [p for p in self.place.iterdir() if _CHUNK.fullmatch(p.name) and p.is_file()]
        return []
