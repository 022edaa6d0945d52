"""A cache is a folder of its own: what a user keeps in it or beside it is never removed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.fetch import app
from positioning.data.store import Store

CSV = "Date,Close\n2024-01-02,20\n2024-01-03,21\n2024-01-04,20.5\n2024-01-05,20.7\n"


def fetched(folder: Path, cache: Path, *more: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["MOS", "--from", f"folder:{folder}", "--cache", str(cache), *more])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.stderr


def aged(path: Path) -> None:
    os.utime(path, (0, 0))


def state(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder of prices, years old."""
    place = tmp_path / "mine"
    place.mkdir()
    for name in ("MOS.csv", "thesis.docx", ".MOS.csv.77.part"):
        (place / name).write_text(CSV)
        aged(place / name)
    return place


def test_a_folder_of_prices_is_no_cache(folder: Path) -> None:
    before = state(folder)
    code, said = fetched(folder, folder)
    assert code == 2
    assert "holds other things, such as .MOS.csv.77.part" in said
    assert len(said.splitlines()) == 1
    assert state(folder) == before
    assert sorted(p.name for p in folder.iterdir()) == sorted(before)


@pytest.mark.parametrize("inside", ["prices", "snapshots"])
def test_nor_is_one_whose_prices_lie_where_ours_would(folder: Path, tmp_path: Path, inside: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    folder.rename(cache / inside)
    before = state(cache)
    code, said = fetched(cache / inside, cache)
    assert code == 2
    assert "holds other things" in said
    assert state(cache) == before


@pytest.mark.parametrize("text", ["", "{}", '{"name": "my site", "version": 1, "symbols": {}}', "not JSON"])
def test_a_foreign_manifest_stays_where_it_is(folder: Path, tmp_path: Path, text: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "manifest.json").write_text(text)
    assert fetched(folder, cache)[0] == 2
    assert state(cache) == {"manifest.json": text.encode()}


def foreign() -> Iterator[tuple[str, bytes]]:
    digest = hashlib.sha256(b"other").hexdigest()[:16]
    yield "notes.txt", b"mine"
    yield "prices/MOS.csv", b"mine"
    yield f"prices/MOS-{digest}.parquet", b"bears a digest that is not its own"
    yield "prices/.MOS.99.part", b"mine"
    yield "prices/folder/deep.txt", b"mine"
    yield "prices/folder.parquet/deep.txt", b"mine"
    yield "snapshots/notes.txt", b"mine"
    yield "quarantine/notes.txt", b"mine"
    yield ".hidden/file", b"mine"


def test_what_is_put_into_a_cache_stays_for_good(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert fetched(folder, cache, "--snapshot", "one")[0] == 0
    for name, content in foreign():
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(content)
        aged(cache / name)
    (cache / "prices" / "dangling.parquet").symlink_to(tmp_path / "nowhere")
    (folder / "MOS.csv").write_text(CSV + "2024-01-08,20.8\n")
    code, said = fetched(folder, cache)
    assert (code, said) == (0, "")
    kept = state(cache)
    assert {n: kept[n] for n, _ in foreign()} == dict(foreign())
    assert (cache / "prices" / "dangling.parquet").is_symlink()


def test_a_folder_with_folders_alone_is_made_a_cache(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "other").mkdir(parents=True)
    (cache / "README.md").write_text("ours, or theirs")
    assert fetched(folder, cache) == (0, "")
    assert fetched(folder, cache) == (0, "")
    assert (cache / "README.md").read_text() == "ours, or theirs"


def test_only_our_own_old_versions_go(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fetched(folder, cache)
    (old,) = (cache / "prices").glob("MOS-*.parquet")
    aged(old)
    (folder / "MOS.csv").write_text(CSV + "2024-01-08,20.8\n")
    fetched(folder, cache)
    assert not old.exists()
    assert len(Store.reading(cache).entries) == 1


def test_a_quarantined_file_does_not_replace_another(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fetched(folder, cache)
    (stored,) = (cache / "prices").glob("MOS-*.parquet")
    for damage in (b"first", b"second"):
        stored.write_bytes(damage)
        fetched(folder, cache)
    assert {p.read_bytes() for p in (cache / "quarantine").iterdir()} == {b"first", b"second"}


def test_a_cache_made_before_there_were_markers_is_used(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fetched(folder, cache)
    (cache / ".positioning").unlink()
    (cache / "notes.txt").write_text("mine")
    assert fetched(folder, cache) == (0, "")
    assert (cache / "notes.txt").exists()
