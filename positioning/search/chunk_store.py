"""Where the finished chunks of a search are kept until it ends."""

from __future__ import annotations

import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

import numpy as np

from positioning.market.bars import FloatArray

TRIES = 20  # at making a folder whose empty parent another search, ending, may be taking away


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
    """SavedRun as long as the process lives."""

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
        try:
            found = json.loads((self.place / "inputs.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def begin(self, inputs: Mapping[str, str]) -> None:
        """Empty, for a search of these inputs."""
        self.remove()
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                self.place.mkdir(parents=True)
                break
        else:
            self.place.mkdir(parents=True)
        draft = self.place / f".inputs.{os.getpid()}"
        draft.write_text(json.dumps(dict(inputs), indent=1) + "\n", encoding="utf-8")
        draft.replace(self.place / "inputs.json")

    def remove(self) -> None:
        """With everything in it."""
        if self.place.exists():
            shutil.rmtree(self.place)

    def put(self, number: int, table: FloatArray) -> None:
        draft = self.place / f".{number}.{os.getpid()}"
        try:
            with draft.open("wb") as file:
                np.save(file, table, allow_pickle=False)
            draft.replace(self._path(number))
        finally:
            draft.unlink(missing_ok=True)

    def get(self, number: int) -> FloatArray:
        return np.asarray(np.load(self._path(number), mmap_mode="r", allow_pickle=False))

    def has(self, number: int, shape: tuple[int, int]) -> bool:
        try:
            return self.get(number).shape == shape
        except (OSError, ValueError, EOFError):
            return False

    def _path(self, number: int) -> Path:
        return self.place / f"{number:06d}.npy"
