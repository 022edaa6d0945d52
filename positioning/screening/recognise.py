"""Which list a file is, from what stands in it and never from its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from positioning.errors import BadInputError
from positioning.screening import (
    consolidated_list,
    european,
    ofac,
    opensanctions,
    plain,
    united_kingdom,
)
from positioning.screening.entry import ListEntry, day_in
from positioning.screening.opening import (
    ListFile,
    Report,
    Table,
    one_line,
    text_chunks,
    text_lines,
    wide_cells,
)

DELIMITERS = (",", ";", "\t", "|")
KINDS = {
    "targets": "OpenSanctions targets.simple.csv",
    "securities": "OpenSanctions securities.csv",
    "ofac": "OFAC sdn.csv or cons_prim.csv",
    "ofac_names": "OFAC alt.csv or cons_alt.csv",
    "ofac_addresses": "OFAC add.csv or cons_add.csv",
    "eu_csv": "EU consolidated list, CSV",
    "eu_xml": "EU consolidated list, XML",
    "uk": "UK sanctions list, CSV",
    "us_csv": "US consolidated screening list, CSV",
    "us_json": "US consolidated screening list, JSON",
    "military": "US 1260H list, text",
    "military_lines": "US 1260H list, text without numbers",
    "own": "a CSV with names or ISINs",
}
READERS = {
    "targets": opensanctions.targets,
    "securities": opensanctions.securities,
    "eu_csv": european.from_csv,
    "us_csv": consolidated_list.from_csv,
}
_NUMBERED = re.compile(r"^\s*\(?\d{1,4}[.)]\s+\S", re.MULTILINE)
_MILITARY = re.compile(r"1260H|Chinese military compan", re.IGNORECASE)


def kind_of(file: ListFile) -> str:
    """A key of KINDS. Raises BadInputError for a file that is none of them."""
    head = file.head()
    with one_line(file.label):
        return _kind(head)


def _kind(head: bytes) -> str:
    if not head.strip():
        raise BadInputError("the file is empty", "wanted a list", "fetch it again")
    if head[:5] == b"%PDF-":
        raise BadInputError("a PDF", "wanted its text", "save it as plain text (pdftotext)")
    if head[:4] in (b"PK\x03\x04", b"\x1f\x8b\x08\x00"):
        raise BadInputError("an archive within an archive", "wanted a list", "unpack it once")
    text = _head_text(head)
    start = text.lstrip()[:200].casefold()
    if start.startswith(("<!doctype html", "<html")):
        raise BadInputError("a web page", "wanted the list itself", "download the file, not its page")
    if start.startswith("<"):
        return "eu_xml"
    if start.startswith(("{", "[")):
        return "us_json"
    lines = text.splitlines() or [""]
    return _table_kind(lines) or _text_kind(text, lines)


def _head_text(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "ignore")
    return head.decode("utf-8", "replace").lstrip("\ufeff")


def _table_kind(lines: Sequence[str]) -> str:
    if lines[0].casefold().startswith(("report date", '"report date', "last updated,")) and len(lines) > 1:
        header = {h.strip(' "').casefold() for h in lines[1].split(",")}
        if "name 6" in header:
            return "uk"
    header = {h.strip(' "').casefold() for h in lines[0].split(delimiter_of(lines[0]))}
    if "entity_logicalid" in header:
        return "eu_csv"
    for kind, columns in (
        ("securities", opensanctions.SECURITIES),
        ("targets", opensanctions.TARGETS),
        ("us_csv", consolidated_list.COLUMNS),
        ("uk", ("name 6", "name 1")),
        ("uk", ("name 6", "unique id")),
    ):
        if set(columns) <= header:
            return kind
    if re.match(r'\s*"?\d+"?\s*,', lines[0]):
        commas = re.sub(r'"[^"]*"', "", lines[0]).count(",")
        kind_by_commas = {11: "ofac", 4: "ofac_names", 5: "ofac_addresses"}.get(commas)
        if kind_by_commas and (kind_by_commas != "ofac_names" or re.search(r"\b[afn]ka\b", lines[0])):
            return kind_by_commas
    meanings = (*plain.NAMES, *plain.ISINS)
    return "own" if header & set(meanings) else ""


def _text_kind(text: str, lines: Sequence[str]) -> str:
    if len(_NUMBERED.findall(text)) >= 2 or (_NUMBERED.search(text) and _MILITARY.search(text)):
        return "military"
    if _MILITARY.search(text):
        return "military_lines"
    first_line = ", ".join(h.strip() for h in lines[0].split(delimiter_of(lines[0])))[:80]
    raise BadInputError(
        f"no known list (its first line: {first_line!r})",
        "wanted a list of OpenSanctions, OFAC, the EU, the UK, the US screening list, 1260H, or a CSV with a column "
        "name or isin",
        "name the column, or give another file",
    )


def delimiter_of(line: str) -> str:
    """The likeliest of DELIMITERS in a header."""
    return max(DELIMITERS, key=lambda d: (line.count(d), -DELIMITERS.index(d)))


def alias_names(file: ListFile) -> dict[str, list[str]]:
    """An OFAC file of further names, by entity number."""
    with file.stream() as stream, wide_cells():
        return ofac.alternates(text_lines(stream, tolerant=True))


def entries(
    file: ListFile, kind: str, aliases: Mapping[str, Sequence[str]], read: Report
) -> Iterator[ListEntry]:
    """What a file of that kind says, as it is read. Raises BadInputError naming file and line."""
    with file.stream(read) as stream, wide_cells():
        yield from _read(file, kind, stream, aliases)


def _read(
    file: ListFile, kind: str, stream: IO[bytes], aliases: Mapping[str, Sequence[str]]
) -> Iterator[ListEntry]:
    if kind == "eu_xml":
        return european.from_xml(stream)
    if kind == "us_json":
        return consolidated_list.from_json(text_chunks(stream))
    lines = text_lines(stream, tolerant=kind.startswith("ofac"))
    if kind == "ofac":
        return ofac.primary(lines, aliases)
    if kind == "military":
        return plain.military(lines)
    if kind == "military_lines":
        return plain.unnumbered_names(lines)
    return _from_table(file, kind, lines)


def _from_table(file: ListFile, kind: str, lines: Iterator[str]) -> Iterator[ListEntry]:
    first = next(lines, "")
    if kind == "uk" and first.casefold().lstrip('"').startswith(("report date", "last updated,")):
        day = day_in(first.partition(":")[2].strip(' ,"\r\n') or first.partition(",")[2].strip(' ,"\r\n'))
        if "name 6" not in first.casefold():
            return united_kingdom.from_csv(Table(lines), day)
    table = Table(_again(first, lines), delimiter_of(first))
    if kind in READERS:
        return READERS[kind](table)
    return united_kingdom.from_csv(table, None) if kind == "uk" else plain.from_csv(table, file.label)


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
