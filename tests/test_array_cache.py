"""What is kept between processes is what was worked out, or worked out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from positioning.array_cache import cached_arrays
from positioning.market.venues import _hours, sessions

DAYS = np.arange("2024-01-01", "2024-02-01", dtype="datetime64[D]")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "positioning"


def test_what_was_kept_is_not_worked_out_again(cache: Path) -> None:
    first = cached_arrays("days", lambda: {"days": DAYS})
    again = cached_arrays("days", lambda: pytest.fail("worked out again"))
    assert [f.name for f in cache.iterdir()] == ["days.npz"]
    assert first["days"].tolist() == again["days"].tolist()
    assert again["days"].dtype == DAYS.dtype


@pytest.mark.parametrize("harm", ["cut", "emptied", "flipped", "pickled", "a folder"])
def test_a_damaged_file_is_as_good_as_none(cache: Path, harm: str) -> None:
    cached_arrays("days", lambda: {"days": DAYS})
    file = cache / "days.npz"
    data = bytearray(file.read_bytes())
    if harm == "cut":
        file.write_bytes(data[:200])
    elif harm == "emptied":
        file.write_bytes(b"")
    elif harm == "flipped":
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif harm == "pickled":
        np.savez(file, days=np.array([{}], dtype=object))
    else:
        file.unlink()
        file.mkdir()
    assert cached_arrays("days", lambda: {"days": DAYS})["days"].tolist() == DAYS.tolist()


def test_an_error_is_raised_each_time(cache: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cached_arrays("none", lambda: {"a": np.array([1 // 0])})


def test_without_a_place_everything_is_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("positioning.array_cache.private_folder", lambda: None)
    calls: list[int] = []
    for _ in range(2):
        cached_arrays("days", lambda: (calls.append(1), {"days": DAYS})[1])
    assert len(calls) == 2


def test_kept_sessions_are_those_of_the_calendar(cache: Path) -> None:
    span = np.datetime64("2024-01-01"), np.datetime64("2024-12-31")
    caches = (_hours, sessions)
    found = []
    for _ in range(2):  # built, then read back
        for each in caches:
            each.cache_clear()
        found.append([sessions(venue, *span).tolist() for venue in ("XNYS", "XHKG", "MISX")])
    assert found[0] == found[1]
    assert len(found[0][0]) == 252  # New York, 2024
    assert len(list(cache.glob("hours-*"))) == 3
