"""Downloaded prices on disk: verified on every reading, written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import final

from positioning.data.journal import NAME as JOURNAL
from positioning.data.journal import Journal, moment
from positioning.data.manifest import (
    Entries,
    Entry,
    cannot_write,
    file_name,
    fingerprint,
    is_own,
    read_entries,
    referenced,
    sound_entries,
    to_json,
    write_durably,
)
from positioning.data.series import Series, decode, encode
from positioning.errors import BadInputError, did_you_mean
from positioning.files import MARKER, is_marked, mark, read_bounded, sweep

GRACE = 86_400.0  # seconds an unreferenced file is kept, for readers that hold an older manifest
MOST_BYTES = 200_000_000  # of a symbol's file: ten thousand years
USE = "prices"  # what the folder of a cache is marked with
OWN = (
    MARKER, "README.md", ".gitignore", "fetch.lock", "manifest.json", JOURNAL, "prices", "quarantine", "snapshots",
    "yfinance",
)  # fmt: skip
SYSTEM = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave everywhere


@final
class Store:
    """The folder of one cache: prices/, manifest.json, its journal, snapshots/, quarantine/.

    `entries` is the manifest (or snapshot) as it was when it was read: one consistent state, whatever is
    fetched since. Only one process at a time may write, inside `writing()`.
    """

    def __init__(self, cache: Path, entries: Entries) -> None:
        self.cache, self._entries = cache, dict(entries)
        self._journal = Journal(cache)

    @property
    def entries(self) -> Entries:
        """The entries of the manifest by symbol."""
        return self._entries

    @classmethod
    def reading(cls, cache: Path, snapshot: str = "") -> Store:
        """The present state, or that of a snapshot. Raises BadInputError for what cannot be read."""
        store = cls(cache, {})
        if snapshot:
            store._entries = store._pinned(snapshot)
        else:
            store._entries = store._present()
        return store

    @classmethod
    @contextlib.contextmanager
    def writing(cls, cache: Path, wait: float) -> Iterator[Store]:
        """The store of the one process that writes, after at most `wait` seconds.

        Raises BadInputError while another one writes, where the cache cannot be written, and where the folder is
        not the program's own and holds other things.
        """
        from filelock import FileLock, Timeout

        refuse_foreign(cache)
        lock = FileLock(cache / "fetch.lock")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=wait)
        except Timeout:
            raise BadInputError(
                f"another fetch is writing to {cache}", "one at a time can", "try again when it is done"
            ) from None
        except OSError as error:
            raise cannot_write(cache, error) from None
        try:
            store = cls(cache, {})
            store._claim()
            store._entries = store._repaired()
            try:
                yield store
            finally:
                store._settle()
        finally:
            lock.release()

    @property
    def _manifest(self) -> Path:
        return self.cache / "manifest.json"

    def path(self, entry: Entry) -> Path:
        """Where an entry's file lies."""
        return self.cache / "prices" / entry.file

    def read(self, entry: Entry) -> Series | None:
        """The entry's rows; None where the file is gone or is not the one the manifest names."""
        try:
            data = read_bounded(self.path(entry), MOST_BYTES)
        except (OSError, BadInputError):
            return None
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            return None
        try:
            series = decode(data)
        except (
            KeyError,
            ValueError,
            TypeError,
        ):  # of a manifest that was edited to fit; pyarrow's are ValueErrors
            return None
        span = (entry.rows, entry.first, entry.last)
        return series if span == (series.dates.size, str(series.dates[0]), str(series.dates[-1])) else None

    def put(self, series: Series, entry: Entry) -> Entry:
        """Store the rows, then the line that names them; file, hash and span of `entry` follow from them."""
        data = encode(series)
        sha256 = hashlib.sha256(data).hexdigest()
        entry = replace(
            entry,
            file=file_name(entry.symbol, sha256),
            sha256=sha256,
            first=str(series.dates[0]),
            last=str(series.dates[-1]),
            rows=int(series.dates.size),
            paid_in=tuple(sorted({str(u) for u in series.paid_in} - {""})),
        )
        write_durably(self.path(entry), data)
        self.note(entry)
        return entry

    def note(self, entry: Entry) -> None:
        """Store what is known of a symbol whose rows are as they were."""
        self._journal.add(entry)
        self._entries[entry.symbol] = entry

    def quarantine(self, entry: Entry) -> str:
        """Set a damaged file aside; where it is now, or that it is gone. Readers may do so too."""
        path, aside = self.path(entry), self.cache / "quarantine" / entry.file
        with contextlib.suppress(OSError):  # a cache that cannot be written is still refused by its reader
            aside.parent.mkdir(exist_ok=True)
            while aside.exists():
                aside = aside.with_name(f"{aside.stem}+{aside.suffix}")
            path.replace(aside)
        return f"damaged, set aside as {aside}" if aside.exists() else "gone, or damaged"

    def prune(self, age: float = GRACE) -> None:
        """Remove versions of our own that no manifest and no snapshot names and that are older than `age` seconds.
        Only while writing. A snapshot that cannot be read keeps everything, as does a file that cannot be read."""
        try:
            needed = referenced([self.entries, *(read_entries(p) for p in self._snapshots())])
        except BadInputError:
            return
        limit = time.time() - age
        for path in (self.cache / "prices").glob("*.parquet"):
            with contextlib.suppress(OSError):
                if path.name not in needed and path.stat().st_mtime < limit and is_own(path):
                    path.unlink()

    def _claim(self) -> None:
        """Mark the folder as ours, and remove what killed writers of ours left."""
        for folder in (self.cache, self.cache / "prices", self.cache / "snapshots"):
            sweep(folder)
        if not is_marked(self.cache, USE):
            try:
                mark(self.cache, USE)
            except OSError as error:
                raise cannot_write(self.cache, error) from None

    def _present(self) -> dict[str, Entry]:
        """The manifest with what its journal adds. Raises BadInputError for a manifest that cannot be read."""
        content, added = moment(self.cache)
        if not content and not self._manifest.exists():
            return added
        return read_entries(self._manifest, content or None) | added

    def _settle(self) -> None:
        """Write the manifest where the journal has gone on from it. Raises BadInputError where it cannot be."""
        if not self._journal.empty:
            write_durably(self._manifest, to_json(self._entries))
            self._journal.clear()

    def _repaired(self) -> dict[str, Entry]:
        """The manifest with what its journal adds, written together; a damaged manifest is set aside, and what of it
        cannot be believed is fetched again."""
        try:
            entries = self._present()
        except BadInputError:
            entries = sound_entries(self._manifest)
            aside = self.cache / "quarantine"
            try:
                aside.mkdir(exist_ok=True)
                self._manifest.replace(aside / f"manifest-{os.getpid()}-{time.time_ns()}.json")
            except OSError as error:
                raise cannot_write(aside, error) from None
        if entries and (self.cache / JOURNAL).exists() | (not self._manifest.exists()):
            write_durably(self._manifest, to_json(entries))
        self._journal.clear()
        return entries

    def _snapshots(self) -> list[Path]:
        return sorted((self.cache / "snapshots").glob("*.json"))

    def snapshot_path(self, name: str) -> Path:
        """Where a snapshot of that name lies. Raises BadInputError for what is not a name."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name):
            raise BadInputError(
                f"snapshot {name[:80]!r}", "wanted up to 64 letters, digits, _ . and -", "choose such a name"
            )
        return self.cache / "snapshots" / f"{name}.json"

    def pin(self, name: str) -> None:
        """Name the present files for good. Raises BadInputError where the name stands for others."""
        path = self.snapshot_path(name)
        if path.exists() and fingerprint(read_entries(path)) != fingerprint(self.entries):
            raise BadInputError(
                f"snapshot {name} exists and pins other prices",
                "a snapshot never changes",
                f"choose another name, or delete {path}",
            )
        write_durably(path, to_json(self.entries))

    def _pinned(self, name: str) -> dict[str, Entry]:
        """The entries of a snapshot. Raises BadInputError where there is none of that name."""
        path = self.snapshot_path(name)
        if not path.exists():
            names = [p.stem for p in self._snapshots()]
            advice = did_you_mean(name, names) if names else f"pin it: `fetch` with snapshot={name}"
            raise BadInputError(
                f"no snapshot {name} in {self.cache}", "wanted one that was made", advice, "snapshot"
            )
        return read_entries(path)


def refuse_foreign(cache: Path) -> None:
    """Raise BadInputError where prices are not to be kept: a folder with files that are not of a cache, which is not
    known as one. Folders beside ours do no harm."""
    if is_marked(cache, USE) or _is_of_an_earlier_version(cache):
        return
    with contextlib.suppress(
        FileNotFoundError, NotADirectoryError
    ):  # is made, or cannot be; the writer says so
        foreign = [p for p in sorted(cache.iterdir()) if p.name not in (*OWN, *SYSTEM) and not p.is_dir()]
        foreign += [p for p in (cache / "manifest.json", *_files(cache / "snapshots")) if p.exists()]
        foreign += _files(cache / "prices")
        if foreign:
            raise BadInputError(
                f"{cache} holds other things, such as {foreign[0].relative_to(cache)}",
                "wanted a folder of its own for fetched prices",
                "choose an empty or a new one",
            )


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*") if not p.is_dir() and p.name not in SYSTEM)


def _is_of_an_earlier_version(cache: Path) -> bool:
    """Whether it holds a manifest of ours; such a cache was not marked before."""
    try:
        return bool(read_entries(cache / "manifest.json"))
    except BadInputError:
        return False
