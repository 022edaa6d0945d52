"""Lists against a universe: who may be on them, how sure that is, and what it restricts from when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import cast, final

import numpy as np

from positioning.errors import BadInputError
from positioning.events.restriction import Ground, Restriction
from positioning.screening.decisions import Decision, Verdict
from positioning.screening.entry import ListEntry
from positioning.screening.matching import Hit, Matcher
from positioning.screening.opening import ListFile, opened
from positioning.screening.recognise import KINDS, alias_names, entries, kind_of
from positioning.screening.universe import ScreenedInstrument

OWNERSHIP = (
    "Firms owned to 50 % or more by a listed one fall under several of these laws and stand on none of these lists: "
    "ownership is not looked at here."
)


@final
@dataclass(frozen=True, slots=True)
class ReadList:
    """One list as it was read. day: its own, or the file's; dated: whether that day is the list's own word."""

    label: str
    kind: str
    day: date
    dated: bool
    entries: int


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """An instrument that a row may be. day: the one it counts from; dated: whether the list says so itself."""

    hit: Hit
    entry: ListEntry
    day: date
    dated: bool
    decision: Verdict = ""
    note: str = ""

    @property
    def sure(self) -> bool:
        """Whether it restricts: the identifier is the same, or the user said so."""
        return self.decision == "same" or (self.hit.confidence == "certain" and self.decision != "different")

    @property
    def open(self) -> bool:
        """Whether a person still has to look."""
        return self.hit.confidence != "certain" and not self.decision

    @property
    def about(self) -> tuple[str, str, str]:
        """What a decision about it is filed under."""
        return self.hit.symbol, self.entry.listing, self.entry.key


@final
@dataclass(frozen=True)
class Screening:
    """What the lists say of a universe on a day. findings: restricting ones first, then by likeness."""

    as_of: date
    lists: tuple[ReadList, ...]
    universe: tuple[ScreenedInstrument, ...]
    findings: tuple[Finding, ...]

    @property
    def restrictions(self) -> tuple[Restriction, ...]:
        """A row an instrument and ground, from the earliest day that a list gives."""
        earliest: dict[tuple[str, str], Restriction] = {}
        for f in self.findings:
            if f.sure and f.entry.force:
                row = _restriction(f)
                key = (row.symbol, row.ground)
                if key not in earliest or row.announced < earliest[key].announced:
                    earliest[key] = row
        return tuple(sorted(earliest.values(), key=lambda r: (r.announced, r.symbol, r.ground)))

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """What a person has to look at."""
        return tuple(f for f in self.findings if f.open)

    def decisions(self, before: Mapping[tuple[str, str, str], Decision]) -> list[Decision]:
        """What was decided before, in its order, and a line without a decision for each new candidate."""
        fresh = [
            Decision(*f.about, f.hit.alias, "", "") for f in self.undecided if f.about not in before
        ]  # fmt: skip
        return [*before.values(), *fresh]


def screen(
    paths: Sequence[Path],
    universe: Sequence[ScreenedInstrument],
    as_of: date | None = None,
    decisions: Mapping[tuple[str, str, str], Decision] | None = None,
    read: Callable[[int], None] = lambda _: None,
) -> Screening:
    """Every list read once, as a stream, and each of its firms held against the universe.

    as_of: the day the lists are taken to be of: later listings are left out, and a list without a date counts from
    this day. None: from each list's own day, or the day its file was last changed. read: told the bytes gone
    through. Raises BadInputError naming file and line.
    """
    if not universe:
        raise BadInputError("no instrument to screen", "wanted at least one", "name a strategy or a universe")
    files = [(f, kind_of(f)) for path in paths for f in opened(path)]
    aliases: dict[str, list[str]] = {}
    for file, kind in files:
        if kind == "ofac_names":
            for number, names in alias_names(file).items():
                aliases.setdefault(number, []).extend(names)
    lists = [(f, k) for f, k in files if k not in ("ofac_names", "ofac_addresses")]
    if not lists:
        raise BadInputError(
            f"{', '.join(f.label for f, _ in files) or 'no file'}: names or addresses alone",
            "wanted the list they belong to", "give sdn.csv or cons_prim.csv beside them",
        )  # fmt: skip
    matcher = Matcher(universe)
    readings = [_read(file, kind, matcher, aliases, as_of, read) for file, kind in lists]
    by_subject = {} if decisions is None else decisions
    findings = [_decided(f, by_subject) for _, of_list in readings for f in of_list]
    return Screening(
        as_of=as_of or max(read_list.day for read_list, _ in readings),
        lists=tuple(read_list for read_list, _ in readings),
        universe=tuple(universe),
        findings=tuple(sorted(findings, key=_order)),
    )


def _order(f: Finding) -> tuple[bool, bool, float, str, str]:
    return not f.sure, f.decision == "different", -f.hit.score, f.hit.symbol, f.entry.key


def _read(
    file: ListFile, kind: str, matcher: Matcher, aliases: Mapping[str, Sequence[str]], as_of: date | None,
    read: Callable[[int], None],
) -> tuple[ReadList, list[Finding]]:  # fmt: skip
    best: dict[tuple[str, str], tuple[Hit, ListEntry]] = {}
    count, day = 0, None
    for entry in entries(file, kind, aliases, read):
        count += 1
        day = entry.day if day is None or (entry.day and entry.day > day) else day
        for hit in matcher.hits(entry):
            before = best.get((hit.symbol, entry.key))
            if before is None or (hit.confidence == "certain", hit.score) > (
                before[0].confidence == "certain", before[0].score
            ):  # fmt: skip
                best[hit.symbol, entry.key] = (hit, entry)
    if count == 0 and not _may_be_empty(kind):
        raise BadInputError(
            f"{file.label} names no firm", f"wanted a {KINDS[kind]} with entries", "fetch it again"
        )
    list_day = as_of or day or file.day
    findings = [
        Finding(hit, entry, entry.since or list_day, entry.since is not None)
        for hit, entry in best.values()
        if as_of is None or entry.since is None or entry.since <= as_of
    ]
    return ReadList(file.label, KINDS[kind], day or file.day, day is not None, count), findings


def _may_be_empty(kind: str) -> bool:
    return kind not in ("military", "military_lines", "own")


def _decided(finding: Finding, decisions: Mapping[tuple[str, str, str], Decision]) -> Finding:
    decision = decisions.get(finding.about)
    return finding if decision is None else replace(finding, decision=decision.decision, note=decision.note)


def _restriction(finding: Finding) -> Restriction:
    entry, hit = finding.entry, finding.hit
    named = entry.names[0] if entry.names else hit.alias
    how = {"isin": f"ISIN {hit.alias}", "lei": f"LEI {hit.alias}"}.get(
        hit.rule, f"as {hit.alias!r}, decided by the user"
    )
    effective = entry.effective if entry.effective and entry.effective >= finding.day else None
    day = "" if finding.dated else f"; the list gives no date, it is of {finding.day}"
    return Restriction(
        symbol=hit.symbol,
        announced=datetime.combine(finding.day, time(), UTC) + timedelta(days=1),
        kind="no_buy",
        ground=cast(Ground, entry.force),
        reason=f"{named} on {entry.listing}{f' ({entry.programme})' if entry.programme else ''}: {how}"
        f"{f'; {entry.note}' if entry.note else ''}{day}",
        source=f"{entry.listing}, {entry.key}",
        date_only=True,
        effective=None if effective is None else np.datetime64(effective, "D"),
        of_list_day=not finding.dated,
    )
