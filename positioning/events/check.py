"""Faults of a record that no single row shows: words against signs, acts without their news, sources without a date."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from positioning.events.event import Event, Events
from positioning.events.thesis import Thesis
from positioning.market.identifiers import identifier_table

NEWS_DAYS = 120  # an act that comes later than this after its news is news again
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_SIGNED = {"_positive": 1, "_negative": -1}


def faults(thesis: Thesis) -> list[str]:
    """Each in one line that names the row.

    A direction NAME_positive or NAME_negative that contradicts the sign of the sleeve NAME; an act whose news lies more
    than NEWS_DAYS before it; a source in which no year is written; an instrument of the universe of which it is not
    said whether it has an ISIN.
    """
    record = thesis.events
    return [*_directions(record), *_acts(record), *_sources(record), *_identifiers(thesis)]


def _directions(record: Events) -> Iterator[str]:
    for e in record:
        for ending, sign in _SIGNED.items():
            sleeve = e.direction.removesuffix(ending)
            if e.direction.endswith(ending) and sleeve in e.signs and e.signs[sleeve] != sign:
                yield f"{e.id}: direction {e.direction} with {sleeve} sign {e.signs[sleeve]:+d}"


def _acts(record: Events) -> Iterator[str]:
    by_id: dict[str, Event] = {e.id: e for e in record}
    for e in record:
        if not e.follows:
            continue
        news = by_id.get(e.follows)
        if news is None:
            yield f"{e.id}: follows {e.follows}, which is not in the record"
        elif (
            not np.timedelta64(0, "D")
            <= (gap := e.known_on() - news.known_on())
            <= np.timedelta64(NEWS_DAYS, "D")
        ):
            yield f"{e.id}: follows {e.follows} after {gap.astype(int)} days, wanted 0 to {NEWS_DAYS}"


def _sources(record: Events) -> Iterator[str]:
    for e in record:
        if not _YEAR.search(e.source):
            yield f"{e.id}: source without a date: {e.source}"
    for r in record.restrictions:
        if not _YEAR.search(r.source):
            yield f"{r.symbol} {r.kind}: source without a date: {r.source}"


def _identifiers(thesis: Thesis) -> Iterator[str]:
    for symbol in thesis.universe:
        identifiers = identifier_table().get(symbol)
        if identifiers is None or not (identifiers.isin or identifiers.source):
            yield f"{symbol}: no identifier, and no word that none was found"
