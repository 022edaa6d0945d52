"""What the store knows of each symbol, and how its files are named and written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from positioning.errors import BadInputError
from positioning.files import read_bounded, write_whole
from positioning.json_text import converted, decoded, json_text
from positioning.market.bars import Basis

VERSION = 1
MOST_BYTES = 64_000_000  # of a manifest: some 80,000 symbols
MIDNIGHT = 24 * 60
_STORED = re.compile(r".+-([0-9a-f]{16})\.parquet")
_LONGEST = 80  # characters of a symbol in a file name; file systems allow 255 bytes with the hash and suffix


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """One symbol of the manifest.

    file: name inside prices/. sha256: of that file. first, last: ISO dates of its rows. unit: of its prices
    (GBp for pence; of a rate `USD per HKD` or `HKD per USD`). source: `yahoo` or `folder:DIR`. fetched_at:
    ISO instant, UTC. asked_from, through: ISO dates between which the provider was asked; through counts
    sessions that were over. zone, closes_at: of the exchange, minutes after local midnight. status, reason:
    of the last fetch. notices: what a reader of a result must know. restated: when and why its past was
    fetched anew.
    """

    symbol: str
    file: str
    sha256: str
    first: str
    last: str
    rows: int
    unit: str
    basis: Basis
    source: str
    library: str
    fetched_at: str
    asked_from: str
    through: str
    zone: str
    closes_at: int
    status: str
    reason: str = ""
    paid_in: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    restated: tuple[str, ...] = ()


Entries = Mapping[str, Entry]


def fingerprint(entries: Entries) -> str:
    """SHA-256 over symbols and file hashes: the name of a state of the store, in hexadecimal."""
    lines = sorted(f"{e.symbol}\n{e.sha256}\n{e.unit}\n" for e in entries.values())
    return hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()


def file_name(symbol: str, sha256: str) -> str:
    """A file name for any symbol: percent-encoded, long ones cut and told apart by a hash.

    It holds no separator, does not begin with a dot and has at most 255 characters.
    """
    stem = quote(symbol, safe="^=", errors="surrogatepass").replace("~", "%7E")
    if stem.startswith("."):
        stem = "%2E" + stem[1:]
    if len(stem) > _LONGEST:
        whole = hashlib.sha256(symbol.encode(errors="surrogatepass")).hexdigest()
        stem = f"{stem[:_LONGEST].rstrip('%')}~{whole[:16]}"
    return f"{stem}-{sha256[:16]}.parquet"


def to_json(entries: Entries) -> bytes:
    """The text of a manifest, as stored."""
    symbols = {s: asdict(entries[s]) for s in sorted(entries)}
    return json_text({"version": VERSION, "symbols": symbols}, indent=1).encode()


@final
@dataclass(frozen=True, slots=True)
class _File:
    version: int
    symbols: dict[str, Any]


def read_entries(path: Path, content: bytes | None = None) -> dict[str, Entry]:
    """The entries of a manifest or snapshot, from its content where that was read before. Raises BadInputError for a
    file that is not one."""
    entries, odd = _read(path, content)
    if odd:
        symbol, why = next(iter(odd.items()))
        raise _not_one(path, f"{symbol[:30]!r}: {why}")
    return entries


def sound_entries(path: Path) -> dict[str, Entry]:
    """Those entries of a damaged manifest that can be believed."""
    try:
        return _read(path)[0]
    except BadInputError:
        return {}


def _read(path: Path, content: bytes | None = None) -> tuple[dict[str, Entry], dict[str, str]]:
    """The entries, and why others are none."""
    try:
        whole = decoded(read_bounded(path, MOST_BYTES) if content is None else content, _File)
    except (OSError, ValueError) as error:
        raise _not_one(path, getattr(error, "strerror", None) or str(error)) from None
    if whole.version != VERSION:
        raise _not_one(path, f"version {whole.version}")
    entries: dict[str, Entry] = {}
    odd: dict[str, str] = {}
    for symbol, raw in whole.symbols.items():
        try:
            entries[symbol] = _entry(symbol, raw)
        except ValueError as error:
            odd[symbol] = str(error)
    return entries, odd


def read_entry(text: bytes) -> Entry:
    """One entry from its JSON. Raises ValueError for what is none."""
    raw = decoded(text, dict[str, Any])
    return _entry(str(raw.get("symbol")), raw)


def _entry(symbol: str, raw: Any) -> Entry:
    entry = converted(raw, Entry)
    if entry.symbol != symbol or entry.file != file_name(symbol, entry.sha256):
        raise ValueError(
            "another file than its own"
        )  # so that an edited manifest cannot lead out of the store
    if (
        not re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        or entry.rows < 1
        or not 0 <= entry.closes_at <= MIDNIGHT
    ):
        raise ValueError("a digest, number of rows or closing time that is none")
    for day in (entry.first, entry.last, entry.asked_from, entry.through):
        date.fromisoformat(day)
    if entry.first > entry.last:
        raise ValueError(f"its last day {entry.last[:12]} is before its first")
    datetime.fromisoformat(entry.fetched_at)
    try:
        ZoneInfo(entry.zone)
    except (KeyError, OSError):
        raise ValueError(f"no time zone {entry.zone[:40]!r}") from None
    return entry


def _not_one(path: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{path} cannot be read ({why})",
        "wanted what `fetch` wrote",
        "`fetch` sets it aside and starts again",
    )


def write_durably(path: Path, data: bytes) -> None:
    """The whole of `data`, or the file as it was, through a loss of power too.

    Raises BadInputError where the disk is full or the place cannot be written.
    """
    try:
        write_whole(path, data, durable=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> BadInputError:
    """One line for a full disk or a place without permission."""
    return BadInputError(
        f"{path} cannot be written ({error.strerror or error})",
        "wanted room and permission for it; what was stored before is intact",
        "make room, or choose another place for the cache",
    )


def is_own(path: Path) -> bool:
    """Whether a file of prices/ is one that the store wrote: it bears the digest of its content in its name."""
    match = _STORED.fullmatch(path.name)
    if match is None or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(match[1])


def referenced(manifests: Iterable[Entries]) -> set[str]:
    """Every file name that some manifest or snapshot names."""
    return {e.file for entries in manifests for e in entries.values()}
