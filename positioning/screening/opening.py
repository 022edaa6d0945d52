"""Opening what people have: plain files, zips and gzips, of bounded width, read as a stream."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, final
from xml.etree.ElementTree import ParseError  # the error alone: defusedxml does the parsing

from defusedxml.common import DefusedXmlException

from positioning.errors import BadInputError

HEAD_BYTES = 65536  # what the kind of a list is read from
LINE_CHARACTERS = 8 << 20  # a longer line is no list: nothing else bounds the memory of one
MAX_COLUMNS = 1000
MAX_BYTES = 4 << 30
BOMB_BYTES, BOMB_RATIO = 100 << 20, 100  # a zip that grows more than so is none of a list

Report = Callable[[int], None]
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@final
@dataclass(frozen=True)
class ListFile:
    """A file, or a member of a zip. day: of its last change. size: bytes on disk that its reading goes through."""

    path: Path
    member: str
    day: date
    size: int

    @property
    def label(self) -> str:
        """As messages and pages name it."""
        return f"{self.path.name}:{self.member}" if self.member else self.path.name

    @contextmanager
    def stream(self, read: Report = lambda _: None) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked; `read` is told the bytes gone through. Raises BadInputError for what is damaged."""
        with one_line(self.label), self.path.open("rb") as raw:
            counted = _CountingStream(raw, read)
            if self.member:
                with zipfile.ZipFile(raw) as archive, archive.open(self.member) as inner:
                    yield io.BufferedReader(_CountingStream(inner, read))
            elif raw.peek(2)[:2] == b"\x1f\x8b":
                with gzip.GzipFile(fileobj=io.BufferedReader(counted)) as inner:
                    yield io.BufferedReader(_CountingStream(inner, lambda _: None))
            else:
                yield io.BufferedReader(counted)

    def head(self) -> bytes:
        """Its first bytes, unpacked."""
        with self.stream() as stream:
            return stream.read(HEAD_BYTES)


class _CountingStream(io.RawIOBase):
    """A stream that tells what was read of it, and stops where no list goes."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, read: Report) -> None:
        self._inner, self._read, self._bytes = inner, read, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        chunk = self._inner.read(len(into))
        into[: len(chunk)] = chunk
        self._bytes += len(chunk)
        if self._bytes > MAX_BYTES:
            raise BadInputError("over 4 GB unpacked", "wanted a list", "give a smaller file")
        self._read(len(chunk))
        return len(chunk)


def opened(path: Path) -> list[ListFile]:
    """The file itself, or the members of a zip. Raises BadInputError for one that cannot be read."""
    with one_line(path.name):
        with path.open("rb") as raw:
            packed = raw.read(4) == b"PK\x03\x04"
        status = path.stat()
        day = datetime.fromtimestamp(status.st_mtime, UTC).date()
        if not packed:
            return [ListFile(path, "", day, status.st_size)]
        with zipfile.ZipFile(path) as archive:
            members = [i for i in archive.infolist() if not i.is_dir() and "__MACOSX" not in i.filename]
        for i in members:
            if i.file_size > BOMB_BYTES and i.file_size > BOMB_RATIO * i.compress_size:
                raise BadInputError(
                    f"{path.name}: {i.filename} grows {i.file_size // max(i.compress_size, 1)}-fold",
                    "wanted a list", "give the unpacked file",
                )  # fmt: skip
        return [
            ListFile(path, i.filename, max(date(*i.date_time[:3]), date(1980, 1, 1)), i.file_size)
            for i in members
        ]


@contextmanager
def one_line(label: str) -> Iterator[None]:
    """Whatever a damaged or hostile file does, as one BadInputError that names it."""
    try:
        yield
    except BadInputError as error:
        line = error.seen if error.seen.startswith(label) else f"{label}: {error.seen}"
        raise BadInputError(line, error.wanted, error.remedy) from None
    except FileNotFoundError:
        raise BadInputError(f"{label} is not there", "wanted a list's file", "check the path") from None
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"{label} is not text in UTF-8 ({error.reason})", "wanted UTF-8", "save it as UTF-8"
        ) from None
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, OSError,
            csv.Error, json.JSONDecodeError, DefusedXmlException, ParseError, ValueError) as error:  # fmt: skip
        why = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())[:160]
        raise BadInputError(
            f"{label} cannot be read ({why})", "wanted a whole list of a known kind", "fetch it again"
        ) from None


def text_lines(stream: IO[bytes], tolerant: bool = False) -> Iterator[str]:
    """The lines of a text in UTF-8 or, with its mark, UTF-16. tolerant: a line that is neither is Latin-1.

    Raises BadInputError for a line too long for a list and for bytes of zero, UnicodeDecodeError.
    """
    mark = stream.peek(2)[:2]  # type: ignore[attr-defined]
    encoding = "utf-16" if mark in _UTF16 else "utf-8-sig"
    errors = "surrogateescape" if tolerant else "strict"
    text = io.TextIOWrapper(stream, encoding, errors, newline="")
    try:
        yield from _checked(text, tolerant)
    finally:
        with suppress(ValueError):  # closed already
            text.detach()


def _checked(text: io.TextIOWrapper, tolerant: bool) -> Iterator[str]:
    number = 0
    while line := text.readline(LINE_CHARACTERS):
        number += 1
        if len(line) == LINE_CHARACTERS:
            raise BadInputError(f"line {number} is longer than 8 MB", "wanted a list", "fetch it again")
        if "\x00" in line:
            raise BadInputError(f"line {number} holds bytes of zero", "wanted text", "fetch it again")
        if tolerant:
            try:
                line.encode("utf-8")
            except UnicodeEncodeError:
                line = line.encode("utf-8", "surrogateescape").decode("latin-1")
        yield line


def text_chunks(stream: IO[bytes]) -> Iterator[str]:
    """A text in UTF-8 in pieces of a megabyte, whatever its lines: a JSON file is often a single one."""
    text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
    while chunk := text.read(1 << 20):
        yield chunk


@contextmanager
def wide_cells() -> Iterator[None]:
    """The csv module's bound on a cell set to a line's: OpenSanctions joins hundreds of aliases in one."""
    before = csv.field_size_limit(LINE_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@final
class Table:
    """The rows of a CSV after its header, read by column name, case and spaces of the header aside."""

    def __init__(self, lines: Iterator[str], delimiter: str = ",") -> None:
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        header = next(self._reader, [])
        if len(header) > MAX_COLUMNS:
            raise BadInputError(f"{len(header):,} columns", f"wanted at most {MAX_COLUMNS}", "give a list")
        self.header: Sequence[str] = [" ".join(h.replace("\ufeff", "").split()) for h in header]
        self._at = {h.casefold(): n for n, h in reversed(list(enumerate(self.header)))}

    def rows(self) -> Iterator[tuple[str, Callable[[str], str]]]:
        """(where, cell) of each row: cell(column) is its text, "" for a column that the file does not have.

        Raises BadInputError for a row of another width: the file may have been cut off.
        """
        for row in self._reader:
            if not any(row):
                continue
            where = f"line {self._reader.line_num}"
            if len(row) != len(self.header):
                raise BadInputError(
                    f"{where} has {len(row)} cells, the header {len(self.header)}",
                    "wanted one cell per column",
                    "the file may have been cut off: fetch it again",
                )
            yield where, self._cells(row)

    def _cells(self, row: Sequence[str]) -> Callable[[str], str]:
        def cell(column: str) -> str:
            n = self._at.get(column.casefold())
            return "" if n is None else row[n].strip()

        return cell
