"""Where the finished chunks of a search are kept until it ends."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.files import MARKER, atomic_file, atomic_folder, is_marked, mark, sweep, write_whole
from positioning.json_text import json_text

TRIES = 20  # at making a folder whose empty parent another search, ending, may be taking away
USE = "an unfinished search"  # what its folder is marked with
INPUTS = "inputs.json"
_CHUNK = re.compile(r"[0-9]{6,}\.npy")


class ChunkStore(ABC):
    """Tables of numbers, a chunk each."""

    @abstractmethod
    def put(self, number: int, table: FloatArray) -> None:
        """Keep it."""

    @abstractmethod
    def get(self, number: int) -> FloatArray:
        """What was kept."""

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
    """One .npy file a chunk, whole or not there; `inputs.json` says what they were made of."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def begun_with(self) -> Mapping[str, str] | None:
        """The inputs of the search that was begun here; None where there is none."""
        if not is_marked(self.place, USE):
            return None
        try:
            found = json.loads((self.place / INPUTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

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
                "move them away, or choose another place with --out DIR",
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
        for path in self.place.iterdir():
            if _CHUNK.fullmatch(path.name) and path.is_file():
                path.unlink()

    def put(self, number: int, table: FloatArray) -> None:
        with atomic_file(self._path(number)) as draft, draft.open("wb") as file:
            np.save(file, table, allow_pickle=False)

    def get(self, number: int) -> FloatArray:
        return np.asarray(np.load(self._path(number), mmap_mode="r", allow_pickle=False))

    def has(self, number: int, shape: tuple[int, int]) -> bool:
        try:
            return self.get(number).shape == shape
        except (OSError, ValueError, EOFError):
            return False

    def _path(self, number: int) -> Path:
        return self.place / f"{number:06d}.npy"
