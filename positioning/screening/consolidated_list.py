"""The United States' Consolidated Screening List, as CSV and as JSON: eleven lists of very different force."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from positioning.errors import BadInputError
from positioning.screening.entry import Force, ListEntry, day_in, isins_in, leis_in, names_of
from positioning.screening.ofac import force_of
from positioning.screening.opening import Table

COLUMNS = ("source", "name", "alt_names")
CHUNK = 1 << 20
LARGEST = 8 << 20  # of one entry, in characters


def from_csv(table: Table) -> Iterator[ListEntry]:
    """Firms alone: individuals, vessels and aircraft are left out."""
    for where, cell in table.rows():
        yield from _entry(where, cell)


def from_json(text: Iterator[str]) -> Iterator[ListEntry]:
    """The same from `{"results": [...]}`, or from the bare list; an entry at a time."""
    for number, record in enumerate(_objects(text), 1):
        if not isinstance(record, dict):
            raise BadInputError(
                f"entry {number} is no object", "wanted entries of the list", "fetch it again"
            )
        yield from _entry(f"entry {number}", _cells(record))


def _cells(record: dict[str, Any]) -> Callable[[str], str]:
    def cell(column: str) -> str:
        value = record.get(column)
        if isinstance(value, list):
            return "; ".join(_flat(v) for v in value)
        return "" if value is None else str(value)

    return cell


def _flat(value: object) -> str:
    return ", ".join(str(v) for v in value.values() if v) if isinstance(value, dict) else str(value)


def _entry(where: str, cell: Callable[[str], str]) -> Iterator[ListEntry]:
    if cell("type").casefold() in ("individual", "vessel", "aircraft"):
        return
    source, remarks = cell("source"), " ".join((cell("remarks"), cell("ids")))
    force, note, listed, effective = _force(source, cell("programs"), remarks)
    yield ListEntry(
        listing=f"US screening list: {source.partition(' - ')[0]}",
        key=cell("entity_number") or cell("_id") or cell("id"),
        names=names_of(where, cell("name"), *cell("alt_names").split(";")),
        isins=isins_in(remarks),
        leis=leis_in(remarks),
        programme=cell("programs") or cell("federal_register_notice"),
        force=force,
        note=note,
        since=day_in(cell("start_date")) or listed,
        effective=effective,
    )


def _force(source: str, programmes: str, remarks: str) -> tuple[Force, str, Any, Any]:
    words = source.casefold()
    if "military-industrial" in words or "cmic" in words:
        return force_of("CMIC", remarks)
    if "specially designated" in words or "(sdn)" in words:
        return force_of(programmes, remarks)
    if "foreign sanctions evaders" in words:
        return "designated", "", None, None
    return "", f"{source.partition(' - ')[0]}: trade or banking rules, its shares may be bought", None, None


def _objects(text: Iterator[str]) -> Iterator[object]:
    """The elements of the array under `results`, or of the array that the text is, without holding the text."""
    reader = _Buffer(text)
    opening = reader.next_sign()
    if opening == "{":
        while True:
            key = reader.value()
            if reader.next_sign() != ":":
                raise BadInputError("JSON that is no list of results", "wanted results", "fetch it again")
            if key == "results":
                opening = reader.next_sign()
                break
            reader.value()
            if reader.next_sign() != ",":
                raise BadInputError("JSON without results", 'wanted {"results": [...]}', "give that list")
    if opening != "[":
        raise BadInputError("JSON without a list", 'wanted {"results": [...]}', "give that list")
    if reader.peek() == "]":
        return
    while True:
        yield reader.value()
        sign = reader.next_sign()
        if sign == "]":
            return
        if sign != ",":
            raise BadInputError("JSON that ends within its list", "wanted the whole file", "fetch it again")


class _Buffer:
    """A text read by JSON values, as much of it in memory as one value needs."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self._held, self._at = text, "", 0
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        chunk = next(self._text, "")
        self._held, self._at = self._held[self._at :] + chunk, 0
        if len(self._held) > LARGEST + CHUNK:
            raise BadInputError("one JSON value of over 8 MB", "wanted a list of entries", "fetch it again")
        return bool(chunk)

    def peek(self) -> str:
        """The next sign that is no space, "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at].isspace():
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def next_sign(self) -> str:
        """That sign, gone past."""
        sign = self.peek()
        self._at += len(sign)
        return sign

    def value(self) -> object:
        """The next value. Raises JSONDecodeError for a text that ends within it."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except RecursionError:
                raise BadInputError("JSON nested too deep", "wanted a list", "fetch it again") from None
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end == len(self._held) and self._more():
                continue  # a number may go on in the next chunk
            self._at = end
            return value
