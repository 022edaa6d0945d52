"""The United Kingdom's sanctions list, as CSV, and OFSI's consolidated list before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from positioning.screening.entry import ListEntry, day_in, isins_in, leis_in, names_of
from positioning.screening.opening import Table

PARTS = ("Name 6", "Name 1", "Name 2", "Name 3", "Name 4", "Name 5")


def from_csv(table: Table, day: date | None) -> Iterator[ListEntry]:
    """Entities alone; the rows of one subject stand together. day: of the report, from the file's first line."""

    def subject(cell_of: tuple[str, object]) -> str:
        cell = cell_of[1]
        return cell("Unique ID") or cell("Group ID")  # type: ignore[operator,no-any-return]

    for key, rows in groupby(table.rows(), subject):
        parts = list(rows)
        where, first = parts[0]
        kind = first("Designation Type") or first("Group Type")
        if kind.casefold() in ("individual", "ship"):
            continue
        names = [
            n for _, cell in parts for n in (" ".join(filter(None, map(cell, PARTS))),
                                             cell("Name non-latin script"))
        ]  # fmt: skip
        imposed = first("Sanctions Imposed")
        frozen = not imposed or "asset freeze" in imposed.casefold()
        numbers = " ".join((first("Other Information"), first("Business registration number (s)")))
        designated = first("Date Designated") or first("UK Sanctions List Date Designated")
        yield ListEntry(
            listing="UK sanctions list",
            key=key,
            names=names_of(where, *names),
            isins=isins_in(numbers),
            leis=leis_in(numbers),
            programme=first("Regime Name") or first("Regime"),
            force="designated" if frozen else "",
            note="" if frozen else f"no asset freeze: {imposed[:80]}",
            since=day_in(designated or first("Listed On")),
            day=day,
        )
