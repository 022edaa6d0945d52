"""Lists of people's own: any CSV with a column of names or ISINs, and the Pentagon's list as plain text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from positioning.errors import BadInputError
from positioning.screening.entry import Force, ListEntry, day_in, isins_in, leis_in, names_of
from positioning.screening.opening import Table

NAMES = ("name", "company", "company name", "entity", "entity name", "issuer", "issuer name", "security", "caption",
         "name_as_printed", "listed_company", "organisation", "organization")  # fmt: skip
ALIASES = ("aliases", "alias", "aka", "also known as", "other names", "alt_names")
ISINS = ("isin", "isins", "isin code")
LEIS = ("lei", "leis")
PROGRAMMES = ("programme", "program", "programmes", "programs", "regime", "reason")
DATES = ("announced", "since", "listed", "listed on", "list_date", "date listed", "date", "start_date")
GROUNDS: Collection[str] = ("designated", "investment_ban", "military_list", "own_list")

MILITARY = "US 1260H list"
_ITEM = re.compile(r"^\s*(?:\(?\d{1,4}[.)]|[a-z][.)]|[ivx]+[.)]|[•*\-–])\s+(?P<name>\S.*)$")
_KNOWN_AS = re.compile(r",?\s*(?:\(|,|;)?\s*(?:also known as|a\.?k\.?a\.?|formerly)\s*:?\s*", re.IGNORECASE)
_BRACKET = re.compile(r"\(([^()]*)\)")
_WRITTEN = re.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4})\b")
_SUBSIDIARY = re.compile(r"subsidiar|its affiliate", re.IGNORECASE)


def column_of(header: Collection[str], meanings: Collection[str]) -> str:
    """The first column of that meaning, "" where there is none."""
    return next((h for w in meanings for h in header if h.casefold() == w), "")


def from_csv(table: Table, listing: str) -> Iterator[ListEntry]:
    """Each row as it stands: a list of the user's own bars what it names, unless its `ground` says otherwise."""
    name, isin, lei, alias, programme, since, ground = (
        column_of(table.header, meanings)
        for meanings in (NAMES, ISINS, LEIS, ALIASES, PROGRAMMES, DATES, ("ground",))
    )
    for n, (where, cell) in enumerate(table.rows(), 1):
        word = cell(ground) or "own_list"
        force: Force = word if word in GROUNDS else "own_list"  # type: ignore[assignment]
        names, isins = names_of(where, cell(name), *cell(alias).split(";")), isins_in(cell(isin))
        yield ListEntry(
            listing=listing,
            key=" ".join((*names[:1], *isins[:1])) or f"row {n}",  # a decision holds when rows move
            names=names,
            isins=isins,
            leis=leis_in(cell(lei)),
            programme=cell(programme),
            force=force,
            since=_day(where, since, cell(since)),
        )


def _day(where: str, column: str, text: str) -> date | None:
    day = day_in(text)
    if text and day is None:
        raise BadInputError(f"{where}: {column} {text[:40]!r}", "wanted a date", "write it as 2025-01-07")
    return day


def military(lines: Iterator[str]) -> Iterator[ListEntry]:
    """The names of the Pentagon's list: numbered, or one a line. Dated by the latest day written before them."""
    day: date | None = None
    name, number, numbered = "", 0, False
    for line in lines:
        text = line.strip()
        item = _ITEM.match(line)
        if item:
            if name:
                yield _named(name, number, day)
            name, number, numbered = item["name"].strip(), number + 1, True
        elif name and text and not text.isdigit():
            name = f"{name} {text}"  # a name that the page's edge broke
        elif not text and name:
            yield _named(name, number, day)
            name = ""
        elif not numbered:
            days = filter(None, map(day_in, _WRITTEN.findall(text)))
            day = max((d for d in (day, *days) if d is not None), default=None)
    if name:
        yield _named(name, number, day)


def unnumbered_names(lines: Iterator[str]) -> Iterator[ListEntry]:
    """The same from a text without numbers: every line that is no sentence is a name."""
    day: date | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        days = filter(None, map(day_in, _WRITTEN.findall(text)))
        day = max((d for d in (day, *days) if d is not None), default=None)
        if text and len(text) < 200 and not text.endswith(":") and not _WRITTEN.search(text):
            yield _named(text, number, day)


def _named(text: str, number: int, day: date | None) -> ListEntry:
    where = f"item {number}"
    whole = text.rstrip(" ;.,")
    relation = "subsidiary" if _SUBSIDIARY.search(whole) else ""
    main, *others = _KNOWN_AS.split(whole)
    short = [b for b in _BRACKET.findall(main) if not _SUBSIDIARY.search(b)]
    bare = _BRACKET.sub(" ", main)
    aliases = [k.strip(' ()"“”') for k in others]
    names = [main if short and len(bare.split()) < 2 else bare, *aliases]
    names += [f"{s}" for s in short if len(s) >= 3]
    if any(s.casefold() in ("group", "hong kong", "china", "holding", "holdings") for s in short):
        names.insert(0, main)
    return ListEntry(
        listing=MILITARY,
        key=names[0],  # the numbers move from list to list
        names=names_of(where, *names),
        isins=isins_in(text),
        programme="Section 1260H",
        countries=("CN",),
        force="military_list",
        note=f"no purchase is forbidden{'; printed as a subsidiary' if relation else ''}",
        since=day,
        day=day,
    )
