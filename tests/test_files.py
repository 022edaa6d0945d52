"""Files are whole or not there, and nothing that the program did not make is removed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.files import (
    MARKER,
    atomic_file,
    atomic_folder,
    check_writable,
    folder_for_files,
    is_marked,
    mark,
    safe_name,
    sweep,
    write_whole,
)

HANGS = """
import sys, time; from pathlib import Path
from positioning.files import atomic_file, atomic_folder
with atomic_file(Path(sys.argv[1]) / "a.txt") as a, atomic_folder(Path(sys.argv[1]) / "b") as b:
    a.write_text("half"); (b / "x").write_text("half"); print("there", flush=True); time.sleep(60)
"""


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def interrupted(place: Path, folder: bool) -> None:
    with (atomic_folder if folder else atomic_file)(place) as draft:
        (draft / "x" if folder else draft).write_text("new")
        raise ZeroDivisionError


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "deep" / "f.txt", "old", durable=True)
    with pytest.raises(ZeroDivisionError):
        interrupted(path, folder=False)
    assert path.read_text() == "old"
    with pytest.raises(ZeroDivisionError):
        interrupted(tmp_path / "folder", folder=True)
    assert names(tmp_path) == {"deep"}
    assert names(tmp_path / "deep") == {"f.txt"}


def test_a_folder_never_replaces_another(tmp_path: Path) -> None:
    mine = tmp_path / "f"
    (mine / "x").parent.mkdir()
    (mine / "x").write_text("mine")
    with pytest.raises(OSError, match="not empty"), atomic_folder(mine) as draft:
        (draft / "y").write_text("other")
    assert names(tmp_path) == {"f"}
    assert names(mine) == {"x"}


def test_many_threads_writing_one_file_leave_one_whole_content(tmp_path: Path) -> None:
    texts = [str(n) * 100_000 for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda t: write_whole(tmp_path / "f", t), texts))
    assert (tmp_path / "f").read_text() in texts
    assert names(tmp_path) == {"f"}


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be asked there")
def test_drafts_are_swept_once_their_process_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        sweep(tmp_path)
        assert len(names(tmp_path)) == 2  # it is still at it
        process.send_signal(signal.SIGKILL)
    sweep(tmp_path)
    assert names(tmp_path) == set()


FOREIGN = (
    ".a.txt.99.part",
    ".positioning-12-a.draft",
    "positioning-99999999-0123456789abcdef-a.draft",
    "a.draft",
    ".hidden",
    "report.docx",
    "0-1.tmp",
)


def test_nothing_else_is_swept_however_old(tmp_path: Path) -> None:
    for name in FOREIGN:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("mine")
    (tmp_path / ".positioning-99999999-0123456789abcdef-link.draft").symlink_to(tmp_path / "outside")
    before = names(tmp_path)
    sweep(tmp_path)
    assert names(tmp_path) == before
    assert (tmp_path / "outside" / "x").exists()
    sweep(tmp_path / "missing")


def test_a_marker_is_of_one_use_and_of_nothing_else(tmp_path: Path) -> None:
    assert not is_marked(tmp_path, "prices")
    mark(tmp_path, "prices")
    assert is_marked(tmp_path, "prices")
    assert not is_marked(tmp_path, "price")
    (tmp_path / MARKER).write_bytes(b"\xff" * 1000)
    assert not is_marked(tmp_path, "prices")
    (tmp_path / MARKER).unlink()
    (tmp_path / MARKER).mkdir()
    assert not is_marked(tmp_path, "prices")


@settings(max_examples=100, deadline=None)
@given(
    st.text(min_size=1, max_size=60).filter(lambda s: "/" not in s and "\0" not in s and s not in (".", ".."))
)
def test_any_name_that_a_file_can_have_can_be_written(name: str) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"positioning-names-{os.getpid()}-{time.monotonic_ns()}"  # noqa: S108
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return
    try:
        assert write_whole(folder / name, "x").read_text() == "x"
        assert names(folder) == {name}
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_text_that_is_no_unicode_is_written_in_a_form_that_can_be_read(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "f", '"a\udcff"').read_bytes() == b'"a\\udcff"'


@given(st.text(max_size=100))
def test_safe_names_are_plain_and_apart(name: str) -> None:
    safe = safe_name(name)
    assert Path(safe).name == safe
    assert safe_name(safe) == safe or safe == "index"
    assert safe_name(name + "x") != safe


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
def test_what_is_given_up_leaves_no_folder_that_was_made_for_it(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    (tmp_path / "mine").mkdir()
    for write in (atomic_file, atomic_folder, folder_for_files):
        for place in (tmp_path / "a" / "b" / "c", tmp_path / "mine" / "c"):
            with pytest.raises(stop), write(place):
                raise stop
    assert [p.name for p in tmp_path.rglob("*")] == ["mine"]  # which was there, and empty, before

    def stopped_beside_another() -> None:
        with folder_for_files(tmp_path / "a" / "b"):
            (tmp_path / "a" / "other").write_text("of another process")
            raise stop

    with pytest.raises(stop):
        stopped_beside_another()
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["other"]


def test_a_place_is_writable_where_files_can_be_made_in_it_or_it_can_be_made(tmp_path: Path) -> None:
    check_writable(tmp_path, tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "for good")
    for place in ("file", "file/below", "nowhere", "nowhere/below"):
        with pytest.raises(OSError, match=re.escape(str(tmp_path / place))):
            check_writable(tmp_path, tmp_path / place)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "nowhere"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_not_writable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    for place in (tmp_path, tmp_path / "below"):
        with pytest.raises(PermissionError):
            check_writable(place)
    tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux has it, and nobody can write there")
def test_a_place_where_the_system_refuses_files_is_not_writable() -> None:
    with pytest.raises(OSError, match="/proc/self/out"):
        check_writable(Path("/proc/self/out"))
