"""A chunk is believed to the byte or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from positioning.search.chunk_store import INPUTS, FolderChunks
from positioning.search.measures import Figures
from positioning.search.trials import Plan, Trials

INPUT = {"strategy": "enablers"}


def begun(place: Path) -> FolderChunks:
    chunks = FolderChunks(place / "a")
    chunks.begin(INPUT)
    return chunks


@pytest.mark.parametrize("damage", ["filled", "flipped", "cut", "empty", "other", "pickle"])
def test_an_edited_chunk_is_not_there(tmp_path: Path, damage: str) -> None:
    chunks = begun(tmp_path)
    table = np.arange(6.0).reshape(2, 3)
    chunks.put(0, table)
    (path,) = (tmp_path / "a").glob("*.npy")
    data = bytearray(path.read_bytes())
    if damage == "filled":
        np.save(path, np.full((2, 3), 99.0))
    elif damage == "flipped":
        data[-3] ^= 1
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(data[:-8])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "other":
        np.save(path, np.zeros((3, 2)))
    else:
        np.save(path, np.array([[None] * 3] * 2), allow_pickle=True)
    again = FolderChunks(tmp_path / "a")
    assert not again.has(0, (2, 3))
    again.put(0, table)
    assert again.has(0, (2, 3))
    np.testing.assert_array_equal(again.get(0), table)


def test_what_is_kept_is_read_back_by_another_process(tmp_path: Path) -> None:
    chunks = begun(tmp_path)
    for n in range(3):
        chunks.put(n, np.full((2, 3), float(n)))
    again = FolderChunks(tmp_path / "a")
    assert [again.has(n, (2, 3)) for n in range(4)] == [True, True, True, False]
    assert not again.has(1, (3, 2))
    assert again.begun_with() == INPUT


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"b": ' * 90_000, "null", '"x"'])
def test_inputs_that_are_none_begin_anew(tmp_path: Path, text: str) -> None:
    chunks = begun(tmp_path)
    (chunks.place / INPUTS).write_text(text)
    assert chunks.begun_with() is None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_a_search_of_many_chunks_holds_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, size = 600, 4
    monkeypatch.setattr(Plan, "size", size)
    plan = Plan(np.zeros((count * size, 1), dtype=np.int32), (Figures(squares=True),))
    assert plan.chunks == count
    chunks = begun(tmp_path)
    for n in range(count):
        chunks.put(n, np.full(plan.shape(n), float(n)))
    trials = Trials({"half_life": (1.0,)}, plan, FolderChunks(tmp_path / "a"))
    assert all(trials.chunks.has(n, plan.shape(n)) for n in range(count))
    before = len(list(Path("/proc/self/fd").iterdir()))
    column, squares, sums = trials.column("sharpe"), trials.squares(), list(trials.sums())
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    np.testing.assert_array_equal(column, np.repeat(np.arange(count, dtype=float), size))
    assert (len(squares), len(sums)) == (count * size, count)
