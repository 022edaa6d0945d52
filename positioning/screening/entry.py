"""What a list says of one subject, whichever file it was read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, final

from positioning.errors import BadInputError

Force = Literal["designated", "investment_ban", "military_list", "own_list", ""]
ISIN = re.compile(r"\b[A-Z]{2}[A-Z0-9]{9}[0-9]\b")
LEI = re.compile(r"\b[A-Z0-9]{18}[0-9]{2}\b")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
# A cell that a spreadsheet would run, and markup: neither is ever a company's name.
_FORMULA = re.compile(r"\s*(=\s*\S|@\s*[A-Za-z]+\(|[+\-@].*\|.*!)")
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]")
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%Y%m%d")


@final
@dataclass(frozen=True, slots=True)
class ListEntry:
    """One subject of a list.

    listing: the list's name. key: its row there. names: the first is its main one. force: what the listing does
    to a purchase, "" where it forbids none; note says what it does then. since: the day it was public, None where
    the list does not say. effective: from when it holds, where that is later. day: the list's own day, where the
    row tells it. programme, countries (ISO, two letters, upper case): as the list gives them.
    """

    listing: str
    key: str
    names: tuple[str, ...]
    isins: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    programme: str = ""
    countries: tuple[str, ...] = ()
    force: Force = ""
    note: str = ""
    since: date | None = None
    effective: date | None = None
    day: date | None = None


def checked_name(text: str, where: str) -> str:
    """A name without control characters. Raises BadInputError for a formula and for markup."""
    name = " ".join(_CONTROL.sub(" ", text).split())
    if _FORMULA.match(name) or _MARKUP.search(name):
        kind = "markup" if _MARKUP.search(name) else "a formula"
        raise BadInputError(
            f"{where}: {name[:40]!r} is {kind}", "wanted a name", "remove it, or fetch the list again"
        )
    return name


def names_of(where: str, *texts: str) -> tuple[str, ...]:
    """The texts that are not empty, cleaned, each once."""
    return tuple(dict.fromkeys(filter(None, (checked_name(t, where) for t in texts))))


def isins_in(text: str) -> tuple[str, ...]:
    """What has the form of an ISIN, in order."""
    return tuple(dict.fromkeys(ISIN.findall(text.upper())))


def leis_in(text: str) -> tuple[str, ...]:
    """What has the form of a legal entity identifier, in order."""
    return tuple(dict.fromkeys(LEI.findall(text.upper())))


def day_in(text: str) -> date | None:
    """The date of a cell: ISO, day/month/year, or with the month's name; None for anything else."""
    head = text.strip()
    if re.match(r"\d{4}-\d{2}-\d{2}", head):
        head = head[:10]
    for form in _DAYS:
        try:
            return datetime.strptime(head, form).date()  # a date has no zone
        except ValueError:
            continue
    return None
