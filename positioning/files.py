"""Names and writing of files: whole or not there, whoever writes beside us and whenever we are killed.

What is written begins as a draft beside its place, `.positioning-PROCESS-TOKEN-NAME.draft`, which no other process
or thread uses, and is renamed onto it. Drafts of processes that are gone are swept; nothing else is ever removed
by its name or age. A folder that the program may clear bears its `MARKER`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any

from positioning.errors import BadInputError, shortened

MARKER = ".positioning"
"""Name of the file by which a folder is known to be the program's own."""
MOST_TOML = 4_000_000  # bytes
_LONGEST = 80  # characters of a name inside a draft's; file systems allow 255 bytes
_DRAFT = re.compile(r"\.positioning-([0-9]+)-[0-9a-f]{16}-[A-Za-z0-9._-]*\.draft")


def safe_name(name: str) -> str:
    """The name where it is letters, digits, _ and -; else what is left of it and eight digits of its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:80]
    if plain == name and name not in ("", "index"):
        return name
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain}-{mark}".strip("-")


def write_whole(path: Path, content: str | bytes, durable: bool = False) -> Path:
    """Write a file, whole or not at all; returns its path. Text is written in UTF-8.

    durable: it outlives a loss of power from here on, too. Raises OSError where it cannot be written.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    with atomic_file(path, durable) as draft:
        draft.write_bytes(data)
    return path


def read_bounded(path: Path, most: int) -> bytes:
    """All of a regular file of at most `most` bytes.

    Raises BadInputError for a device, a pipe, a folder and a longer file, none of which is opened; OSError where it
    cannot be read.
    """
    check_regular(path, most)
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _too_long(path, most)
    return data


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises BadInputError for anything else, and where it cannot be read."""
    try:
        return tomllib.loads(read_bounded(path, MOST_TOML).decode("utf-8-sig"))
    except OSError as error:
        why = str(error.strerror)
    except UnicodeDecodeError:
        why = "not UTF-8"
    except RecursionError:
        why = "nested too deep"
    except ValueError as error:  # tomllib's own is one; so is a number of more digits than Python takes
        why = str(error)
    raise BadInputError(f"{path} cannot be read ({shortened(why, 160)})", "wanted a TOML file", "correct it")


def check_regular(path: Path, most: int) -> None:
    """Raise BadInputError unless it is a file of at most `most` bytes; OSError where it cannot be seen."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise BadInputError(
            f"{path} is a folder, a device or a pipe", "wanted a file", "give a file that lies on a disk"
        )
    if status.st_size > most:
        raise _too_long(path, most)


def _too_long(path: Path, most: int) -> BadInputError:
    return BadInputError(
        f"{path} has more than {most / 1e6:,.0f} million bytes",
        "wanted a file of a few years",
        "cut it, or give another",
    )


@contextmanager
def atomic_file(path: Path, durable: bool = False) -> Iterator[Path]:
    """An empty draft, which becomes the file at `path` when the block ends well and is removed when it does not.

    durable: it and its name are flushed to the disk. Raises OSError.
    """
    with folder_for_files(path.parent):
        draft = _draft_of(path)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            _hold(handle)
            yield draft
            if durable:
                os.fsync(handle)
            draft.replace(path)
            if durable:
                _sync(path.parent)
        finally:
            draft.unlink(missing_ok=True)
            os.close(handle)


@contextmanager
def atomic_folder(place: Path) -> Iterator[Path]:
    """An empty draft, which becomes the folder at `place` when the block ends well and is removed when it does not.

    Raises OSError, also where there is something at `place` by then.
    """
    with folder_for_files(place.parent):
        draft = _draft_of(place)
        draft.mkdir()
        handle = None if os.name == "nt" else os.open(draft, os.O_RDONLY)
        try:
            if handle is not None:
                _hold(handle)
            yield draft
            draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if handle is not None:
                os.close(handle)


@contextmanager
def folder_for_files(folder: Path) -> Iterator[None]:
    """Make a folder and those it lies in; of those that were made for the block, the empty ones go again when it does not
    end well. Raises OSError."""
    missing = list(takewhile(lambda place: not place.exists(), (folder, *folder.parents)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):  # there are files in it
            for place in missing:
                place.rmdir()
        raise


def check_writable(*folders: Path) -> None:
    """Raise OSError where no file can be written into one of these, or into the one it would be made in. What is asked of
    the system is a draft, since its permissions do not tell of everything that may stand against it; nothing is left."""
    for folder in folders:
        place = next(place for place in (folder, *folder.parents, Path()) if os.path.lexists(place))
        draft = _draft_of(place / "draft")
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            draft.unlink()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(folder)) from None


def sweep(folder: Path) -> None:
    """Remove the drafts in a folder whose processes are gone. What cannot be removed stays."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            match = _DRAFT.fullmatch(path.name)
            if match is None or path.is_symlink() or not _abandoned(path, int(match[1])):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def mark(folder: Path, use: str) -> None:
    """Make the folder known as the program's own, for that use."""
    write_whole(folder / MARKER, f"written by positioning: {use}\n")


def is_marked(folder: Path, use: str) -> bool:
    """Whether it is the program's own, for that use."""
    try:
        with (folder / MARKER).open("rb") as file:
            return file.read(200) == f"written by positioning: {use}\n".encode()
    except OSError:
        return False


def _draft_of(path: Path) -> Path:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[:_LONGEST]
    return path.with_name(f".positioning-{os.getpid()}-{secrets.token_hex(8)}-{plain}.draft")


def _hold(handle: int) -> None:
    """Lock it while this process lives, for those who see other process numbers (in containers)."""
    with suppress(ImportError, OSError):  # Windows; file systems without locks
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _abandoned(draft: Path, process: int) -> bool:
    """Whether the process that wrote the draft is gone. Never on Windows, which cannot be asked so."""
    if os.name == "nt" or process in (0, os.getpid()):
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return not _is_locked(draft)
    except (OSError, OverflowError):
        return False
    return False


def _is_locked(draft: Path) -> bool:
    import fcntl

    try:
        handle = os.open(draft, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks: its process is gone
    finally:
        os.close(handle)
    return False


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
