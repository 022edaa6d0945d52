"""Whatever is done to a manifest, a snapshot or a stored file, reading says so in a line and fetching repairs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from positioning.cli.fetch import app
from positioning.data.cache_source import StoreSource
from positioning.data.manifest import file_name, read_entries
from positioning.data.store import Store
from positioning.errors import PositioningError

CSV = "Date,Close\n2024-01-02,20\n2024-01-03,21\n2024-01-04,20.5\n2024-01-05,20.7\n"
VALUES = st.sampled_from([
    None, True, 0, -1, 10**30, 1e308, "", "x", "../../etc/passwd", "/etc/passwd", "x" * 10_000, [], {}, [[]], {"a": 1},
    ["x"], [None], "\0", "\ud800", "9999-99-99", "2024-01-03", "Europe/Nowhere", "0" * 64,
])  # fmt: skip


def fetched(folder: Path, cache: Path) -> None:
    done = CliRunner().invoke(
        app, ["MOS", "NTR", "--from", f"folder:{folder}", "--cache", str(cache), "--snapshot", "s"]
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 2), done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("prices")
    for symbol in ("MOS", "NTR"):
        (place / f"{symbol}.csv").write_text(CSV)
    return place


@pytest.fixture(scope="module")
def original(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("original") / "cache"
    fetched(folder, cache)
    return cache


def fresh(original: Path, tmp_path: Path) -> Path:
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    return shutil.copytree(original, tmp_path / "cache")


def read(cache: Path, snapshot: str = "") -> None:
    """As a run reads: everything, or one line."""
    try:
        source = StoreSource(cache, snapshot)
        source.require(["MOS", "NTR"], [])
        source.findings(["MOS", "NTR"])
        assert set(source.deliver(["MOS", "NTR"], ["HKD"]).bars) == {"MOS", "NTR"}
    except PositioningError:
        return  # its text is one line by construction


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_edit_of_a_manifest_is_a_line_and_repaired(
    original: Path, folder: Path, tmp_path: Path, data: st.DataObject
) -> None:
    cache = fresh(original, tmp_path)
    name = data.draw(st.sampled_from(["manifest.json", "snapshots/s.json"]))
    content = json.loads((cache / name).read_text())
    entry: dict[str, Any] = content["symbols"]["MOS"]
    where = data.draw(st.sampled_from(["whole", "symbols", "entry", *entry]))
    value = data.draw(VALUES)
    if where == "whole":
        content = value
    elif where == "symbols":
        content["symbols"] = value
    elif where == "entry":
        content["symbols"]["MOS"] = value
    elif data.draw(st.booleans()):
        del entry[where]
    else:
        entry[where] = value
    (cache / name).write_text(json.dumps(content))
    read(cache)
    read(cache, "s")
    if name == "manifest.json" and where in ("file", "rows"):  # one case of many: a fetch takes its time
        fetched(folder, cache)
        assert set(StoreSource(cache).deliver(["MOS", "NTR"], []).bars) == {"MOS", "NTR"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100), st.integers(0, 1500))
def test_a_torn_manifest_is_a_line(original: Path, tmp_path: Path, content: bytes, at: int) -> None:
    cache = fresh(original, tmp_path)
    whole = (cache / "manifest.json").read_bytes()
    (cache / "manifest.json").write_bytes(whole[:at] + content)
    read(cache)


def test_a_fetch_keeps_what_of_a_damaged_manifest_is_sound(original: Path, tmp_path: Path) -> None:
    cache = fresh(original, tmp_path)
    content = json.loads((cache / "manifest.json").read_text())
    content["symbols"]["MOS"]["rows"] = "many"
    (cache / "manifest.json").write_text(json.dumps(content))
    with Store.writing(cache, 0) as store:
        assert set(store.entries) == {"NTR"}
    assert set(read_entries(cache / "manifest.json")) == {"NTR"}
    assert len(list((cache / "quarantine").glob("manifest-*"))) == 1


def test_a_file_that_was_made_to_fit_its_digest_is_still_read_with_care(
    original: Path, tmp_path: Path
) -> None:
    from positioning.provenance import digest

    for content in (b"", b"PAR1", b"x" * 1000):
        cache = fresh(original, tmp_path)
        manifest = json.loads((cache / "manifest.json").read_text())
        entry = manifest["symbols"]["MOS"]
        entry["sha256"] = digest(content)
        entry["file"] = file_name("MOS", entry["sha256"])
        (cache / "prices" / entry["file"]).write_bytes(content)
        (cache / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(PositioningError, match="MOS: its file is damaged"):
            StoreSource(cache).deliver(["MOS"], [])


def test_deep_nesting_is_a_line(original: Path, tmp_path: Path) -> None:
    cache = fresh(original, tmp_path)
    for text in ("[" * 200_000, '{"a":' * 200_000, '{"version":1,"symbols":{"MOS":' + "[" * 200_000):
        (cache / "manifest.json").write_text(text)
        read(cache)


def test_a_pipe_in_place_of_a_manifest_is_a_line(original: Path, tmp_path: Path) -> None:
    import os

    cache = fresh(original, tmp_path)
    (cache / "manifest.json").unlink()
    os.mkfifo(cache / "manifest.json")
    read(cache)
