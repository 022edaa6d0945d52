"""OFAC's files without a header: sdn.csv and cons_prim.csv, with alt.csv and cons_alt.csv for further names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from positioning.errors import BadInputError
from positioning.screening.entry import Force, ListEntry, day_in, isins_in, leis_in, names_of

PRIMARY, ALIASES, ADDRESSES = 12, 5, 6  # cells in a row of each file
_DATE = r"\d{1,2} [A-Z][a-z]{2} \d{4}"


def primary(lines: Iterator[str], aliases: Mapping[str, Sequence[str]]) -> Iterator[ListEntry]:
    """Firms alone; aliases by entity number. SDN rows carry no date, those of the purchase ban do."""
    for where, row in _rows(lines, PRIMARY):
        number, name, kind, programme, remarks = row[0], row[1], row[2], row[3], row[11]
        if kind.casefold() not in ("", "entity"):
            continue
        force, note, listed, effective = force_of(programme, remarks)
        yield ListEntry(
            listing="OFAC",
            key=number,
            names=names_of(where, name, *aliases.get(number, ())),
            isins=isins_in(remarks),
            leis=leis_in(remarks),
            programme=programme.replace("] [", "; ").strip("[] "),
            force=force,
            note=note,
            since=listed,
            effective=effective,
        )


def alternates(lines: Iterator[str]) -> dict[str, list[str]]:
    """Further names by entity number."""
    names: dict[str, list[str]] = {}
    for _, row in _rows(lines, ALIASES):
        names.setdefault(row[0], []).append(row[3])
    return names


def force_of(programme: str, remarks: str) -> tuple[Force, str, date | None, date | None]:
    """(what it does to a purchase, in words, listed, effective) of an entry's programmes and remarks."""
    programmes = {p.strip(" []").upper() for p in re.split(r"\] \[|;", programme)}
    if any(p.startswith("CMIC") for p in programmes):
        sold = _dated(remarks, r"Purchase/Sales For Divestment Date \(CMIC\)")
        until = f"; holders could sell until {sold}" if sold else ""
        words = f"US persons may not buy{until}"
        listed, effective = (_dated(remarks, rf"{w} Date \(CMIC\)") for w in ("(?<!De)Listing", "Effective"))
        return "investment_ban", words, listed, effective
    if "directive" in remarks.casefold() and programmes <= {"UKRAINE-EO13662", "RUSSIA-EO14024"}:
        return "", "sectoral: new debt and new equity alone are barred", None, None
    if programmes & {"561-RELATED", "NS-PLC", "CAPTA", "IFCA-NONSDN", "NS-MBS", "HIFPAA"}:
        return "", "a non-SDN list: dealing in its shares is not barred", None, None
    return "designated", "", None, None


def _dated(remarks: str, label: str) -> date | None:
    """The date beside a label: after it in OFAC's own files, before it in the consolidated screening list."""
    match = re.search(rf"{label}:? ({_DATE})|({_DATE}), {label}", remarks)
    return day_in(match.group(1) or match.group(2)) if match else None


def _rows(lines: Iterator[str], width: int) -> Iterator[tuple[str, list[str]]]:
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    for row in reader:
        cells = [c.strip().removeprefix("-0-").strip() for c in row]
        if not any(cells) or cells == ["\x1a"]:  # old copies end with a control-Z
            continue
        where = f"line {reader.line_num}"
        if len(row) != width or not cells[0].isdigit():
            raise BadInputError(
                f"{where} has {len(row)} cells", f"wanted an OFAC row of {width}", "fetch the file again"
            )
        yield where, cells
