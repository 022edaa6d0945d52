"""OpenSanctions: targets.simple.csv and securities.csv."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from positioning.screening.entry import Force, ListEntry, day_in, isins_in, leis_in, names_of
from positioning.screening.opening import Table

FIRMS = ("company", "organization", "legalentity", "publicbody", "asset", "security", "")
TARGETS = ("schema", "name", "sanctions", "dataset")
SECURITIES = ("caption", "isins", "sanctioned")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MILITARY = ("dod_chinese_milcorps", "1260h")
_BANS = ("cmic", "ns_cmic", "non_sdn_cmic")


def targets(table: Table) -> Iterator[ListEntry]:
    """Firms alone. The date is that written within `sanctions`: first_seen is only the crawler's, and may come
    from another list than the one that restricts."""
    for where, cell in table.rows():
        if cell("schema").casefold() not in FIRMS:
            continue
        numbers = " ".join((cell("identifiers"), cell("aliases")))
        about = " ".join((cell("program_ids"), cell("dataset"), cell("sanctions"))).casefold()
        force, note = _force(about, bool(cell("sanctions")))
        yield ListEntry(
            listing=f"OpenSanctions, {cell('dataset') or 'targets'}",
            key=cell("id"),
            names=names_of(where, cell("name"), *cell("aliases").split(";")),
            isins=isins_in(numbers),
            leis=leis_in(numbers),
            programme=cell("program_ids") or cell("sanctions")[:120],
            countries=_countries(cell("countries")),
            force=force,
            note=note,
            since=_first(cell("sanctions")),
            day=day_in(cell("last_seen")),
        )


def securities(table: Table) -> Iterator[ListEntry]:
    """Issuers. Being there is not being sanctioned: the flags say which it is."""
    for where, cell in table.rows():
        about = cell("risk_datasets").casefold()
        sanctioned, banned = cell("sanctioned") == "t", cell("eo_14071") == "t"
        force, note = _force(about, sanctioned)
        if force == "" and banned:
            force, note = "investment_ban", "US executive order 14071: US persons may not buy"
        yield ListEntry(
            listing="OpenSanctions securities",
            key=cell("id"),
            names=names_of(where, cell("caption"), *cell("aliases").split(";")),
            isins=isins_in(cell("isins")),
            leis=leis_in(cell("lei")),
            programme=cell("risk_datasets") or cell("datasets"),
            countries=_countries(cell("countries")),
            force=force,
            note=note,
        )


def _force(about: str, sanctioned: bool) -> tuple[Force, str]:
    if any(word in about for word in _BANS):
        return "investment_ban", "US purchase ban on Chinese military-industrial companies"
    if any(word in about for word in _MILITARY) and not any(
        word in about for word in ("ofac_sdn", "eu_fsf", "gb_")
    ):
        return "military_list", "named as a Chinese military company: no purchase is forbidden"
    if sanctioned:
        return "designated", ""
    return "", "in the file without being sanctioned (an exclusion list, an owner, a warning)"


def _first(sanctions: str) -> date | None:
    """The earliest over the entries of the first date written in each."""
    days = [d for part in sanctions.split(";") for d in map(day_in, _ISO.findall(part)[:1]) if d is not None]
    return min(days, default=None)


def _countries(text: str) -> tuple[str, ...]:
    return tuple(c.strip().upper() for c in text.split(";") if c.strip())
