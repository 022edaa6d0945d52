"""The European Union's consolidated list: CSV with a row a part, and XML with an element a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby
from typing import IO
from xml.etree.ElementTree import Element  # the type alone: defusedxml does the parsing

from defusedxml.ElementTree import iterparse

from positioning.errors import BadInputError
from positioning.screening.entry import ListEntry, day_in, isins_in, leis_in, names_of
from positioning.screening.opening import Table

LISTING = "EU consolidated list"
NOTE = "the date is that of the latest act, which may be later than the first listing"
Cell = Callable[[str], str]


def from_csv(table: Table) -> Iterator[ListEntry]:
    """Firms alone; the rows of one subject stand together."""
    for key, rows in groupby(table.rows(), lambda row: row[1]("Entity_LogicalId")):
        parts = list(rows)
        where, first = parts[0]
        kind = f"{first('Entity_SubjectType')} {first('Entity_SubjectType_ClassificationCode')}".casefold()
        if "person" in kind.split() or kind.split()[:1] == ["p"]:
            continue
        names = [cell("NameAlias_WholeName") or _joined(cell) for _, cell in parts]
        numbers = " ".join(cell("Identification_Number") for _, cell in parts)
        acted = first("Entity_DesignationDate") or first("Entity_Regulation_PublicationDate")
        countries = [cell("Address_CountryIso2Code") for _, cell in parts]
        yield ListEntry(
            listing=LISTING,
            key=first("Entity_EU_ReferenceNumber") or key,
            names=names_of(where, *names),
            isins=isins_in(numbers),
            leis=leis_in(numbers),
            programme=f"{first('Entity_Regulation_Programme')} {first('Entity_Regulation_NumberTitle')}".strip(),
            countries=tuple(dict.fromkeys(c for c in countries if len(c) == 2)),
            force="designated",
            note=NOTE,
            since=day_in(acted),
            effective=day_in(first("Entity_Regulation_EntryIntoForceDate")),
            day=day_in(first("fileGenerationDate")),
        )


def from_xml(stream: IO[bytes]) -> Iterator[ListEntry]:
    """Firms alone, an element at a time. Raises what defusedxml raises for entities and document types."""
    day = None
    root: Element | None = None
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        name = element.tag.rpartition("}")[2]
        if event == "start" and root is None:
            root = element
            if name != "export":
                raise BadInputError(
                    f"XML that begins with <{name[:40]}>", "wanted <export>", "give the EU list"
                )
            day = day_in(element.get("generationDate", ""))
        elif event == "end" and name == "sanctionEntity":
            entry = _subject(element, day)
            if entry is not None:
                yield entry
            if root is not None:
                root.clear()  # else the whole tree stays in memory


def _subject(element: Element, day: date | None) -> ListEntry | None:
    def all_of(name: str) -> list[Element]:
        return [e for e in element.iter() if e.tag.rpartition("}")[2] == name]

    kinds = {e.get(a, "").casefold() for e in all_of("subjectType") for a in ("code", "classificationCode")}
    if kinds & {"p", "person"}:
        return None
    act = next(iter(all_of("regulation")), element)
    key = element.get("euReferenceNumber") or element.get("logicalId") or ""
    numbers = " ".join(e.get("number", "") for e in all_of("identification"))
    countries = [e.get("countryIso2Code", "") for e in all_of("address")]
    return ListEntry(
        listing=LISTING,
        key=key,
        names=names_of(f"subject {key}", *(e.get("wholeName", "") for e in all_of("nameAlias"))),
        isins=isins_in(numbers),
        leis=leis_in(numbers),
        programme=f"{act.get('programme', '')} {act.get('numberTitle', '')}".strip(),
        countries=tuple(dict.fromkeys(c for c in countries if len(c) == 2)),
        force="designated",
        note=NOTE,
        since=day_in(element.get("designationDate") or act.get("publicationDate") or ""),
        effective=day_in(act.get("entryIntoForceDate", "")),
        day=day,
    )


def _joined(cell: Cell) -> str:
    return " ".join(cell(f"NameAlias_{part}") for part in ("FirstName", "MiddleName", "LastName")).strip()
