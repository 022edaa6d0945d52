"""Beside unfinished searches may lie what a user put there; it stays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.files import is_marked
from positioning.search import checkpoint
from positioning.search.checkpoint import DAY, LEFT, MOST_LEFT, open_chunks
from positioning.search.chunk_store import USE, FolderChunks
from positioning.search.measures import Figures
from positioning.search.trials import Plan

PLAN = Plan(np.zeros((3, 1), dtype=np.int32), (Figures(),))
INPUTS = {"strategy": "enablers", "seed": "1"}


def aged(place: Path) -> None:
    for path in (place, *place.rglob("*")):
        os.utime(path, (0, 0))


def searched(out: Path, inputs: dict[str, str] = INPUTS, stop: bool = False) -> Path:
    with open_chunks(out, inputs, PLAN, resume=False) as (chunks, _):
        chunks.put(0, np.zeros(PLAN.shape(0)))
        place = chunks.place
        if stop:
            os._exit(0)
    return place


def foreign(places: Path, count: int) -> list[Path]:
    made = []
    for n in range(count):
        place = places / f"enablers-{n:016x}"
        place.mkdir(parents=True)
        (place / "000000.npy").write_bytes(b"mine")
        (place / "inputs.json").write_text('{"strategy": "enablers"}')
        aged(place)
        made.append(place)
    return made


def test_foreign_folders_stay_however_many_and_old(tmp_path: Path) -> None:
    made = foreign(tmp_path / LEFT, MOST_LEFT + 4)
    (tmp_path / LEFT / "notes.txt").write_text("mine")
    place = searched(tmp_path)
    assert not place.exists()
    assert all((p / "000000.npy").read_bytes() == b"mine" for p in made)
    assert {p.name for p in (tmp_path / LEFT).iterdir()} == {"notes.txt", *(p.name for p in made)}


def test_own_old_searches_go_but_not_what_was_put_into_them(tmp_path: Path) -> None:
    places = tmp_path / LEFT
    for n in range(MOST_LEFT + 3):
        old = FolderChunks(places / f"enablers-{n:016x}")
        old.begin({"strategy": "enablers", "n": str(n)})
        old.put(0, np.zeros(PLAN.shape(0)))
        if n == 0:
            (old.place / "notes.txt").write_text("mine")
        aged(old.place)
        os.utime(old.place, (n, n))
    searched(tmp_path)
    left = {p.name for p in places.iterdir()}
    assert left == {f"enablers-{n:016x}" for n in (0, *range(3, MOST_LEFT + 3))}
    assert (places / f"enablers-{0:016x}" / "notes.txt").read_text() == "mine"
    assert checkpoint.DAY == DAY


def test_a_foreign_folder_in_the_place_of_the_search_is_refused(tmp_path: Path) -> None:
    place = searched(tmp_path)
    place.mkdir(parents=True)
    (place / "000000.npy").write_bytes(b"mine")
    with pytest.raises(BadInputError, match="holds other things"):
        searched(tmp_path)
    assert (place / "000000.npy").read_bytes() == b"mine"
    (place / "000000.npy").unlink()
    assert searched(tmp_path) == place  # an empty one is no one's


def test_a_search_begun_in_its_own_folder_keeps_foreign_files(tmp_path: Path) -> None:
    chunks = FolderChunks(tmp_path / "a")
    chunks.begin(INPUTS)
    chunks.put(0, np.zeros((2, 2)))
    (chunks.place / "notes.txt").write_text("mine")
    chunks.begin(INPUTS)
    assert not chunks.has(0, (2, 2))
    chunks.remove()
    assert (chunks.place / "notes.txt").read_text() == "mine"
    chunks.begin(INPUTS)
    assert is_marked(chunks.place, USE)


def test_a_killed_search_leaves_a_lock_that_the_next_one_removes(tmp_path: Path) -> None:
    if not (pid := os.fork()):
        searched(tmp_path, {**INPUTS, "seed": "2"}, stop=True)
    os.waitpid(pid, 0)
    places = tmp_path / LEFT
    assert len([p for p in places.iterdir() if p.suffix == ".lock"]) == 1
    searched(tmp_path)
    assert [p.suffix for p in places.iterdir()] == [""]  # the search that can be resumed
