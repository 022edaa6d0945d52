"""Bringing the store up to date: what to ask of a provider, and what of its answer may be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, Protocol, final

import numpy as np

from positioning.arrays import DateArray
from positioning.data.cache_source import YAHOO
from positioning.data.manifest import Entry
from positioning.data.series import Series, joined, restated, suspect
from positioning.data.store import Store
from positioning.data.symbols import rate_symbol
from positioning.data.yahoo_answer import Answer, last_session
from positioning.errors import BadInputError
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.venues import sessions

Status = Literal["fetched", "unchanged", "unknown", "delisted", "rate_limited", "failed", "quarantined"]
OVERLAP = 10  # stored sessions asked for again, to see whether the past was restated
DEFAULT_START = date(2018, 1, 1)  # what a run from 2020 reads for its look-back windows
IN_A_ROW = 3  # symbols that fail one after another: the service is down or there is no network
OUTAGE = 1 / 3  # share of live names answered with nothing beyond which they are not called delisted


class Provider(Protocol):
    """Who is asked: Yahoo, or a folder of files."""

    @property
    def label(self) -> str:
        """Where it fetches from: `yahoo`, or `folder:DIR`."""

    @property
    def library(self) -> str:
        """What reads it, and its version."""

    def ask(self, symbol: str, start: date, now: datetime) -> Answer:
        """Daily rows from `start` to the last session over at `now`."""


@final
@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """How one symbol ended. first, last: ISO dates of what is stored, "" where nothing is; rows of it."""

    status: Status
    first: str = ""
    last: str = ""
    rows: int = 0
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class FetchSpan:
    """The span asked for, and the instant it is asked at (with a zone)."""

    start: date
    end: date | None
    now: datetime


def refresh(
    store: Store,
    provider: Provider,
    symbols: Sequence[str],
    span: FetchSpan,
    on_start: Callable[[str], object] = str,
    instruments: Instruments = RECORDED,
) -> dict[str, FetchOutcome]:
    """Bring each symbol up to date, one after another, keeping what arrived whatever befalls the next.

    Only with a store that is being written. After a rate limit that does not pass, or IN_A_ROW failures in a row, the
    rest is not asked for. `on_start` is told each symbol as its turn comes.
    """
    results: dict[str, FetchOutcome] = {}
    stop, failures = FetchOutcome("failed"), 0
    for symbol in dict.fromkeys(symbols):
        on_start(symbol)
        if stop.reason:
            results[symbol] = _outcome(store, symbol, stop.status, stop.reason)
            continue
        result = _Update(store, provider, symbol, span, instruments).result()
        results[symbol] = result
        failures = failures + 1 if result.status == "failed" and provider.label == YAHOO else 0
        if result.status == "rate_limited":
            stop = FetchOutcome("rate_limited", reason="not asked for: the rate limit had not passed")
        elif failures >= IN_A_ROW:
            stop = FetchOutcome(
                "failed", reason=f"not asked for: {failures} symbols before it failed ({result.reason})"
            )
    store.prune()
    return _not_an_outage(results, instruments) if provider.label == YAHOO else results


def refresh_with_rates(
    store: Store,
    provider: Provider,
    symbols: Sequence[str],
    span: FetchSpan,
    on_start: Callable[[str], object] = str,
    instruments: Instruments = RECORDED,
) -> dict[str, FetchOutcome]:
    """As `refresh`, and the rates of the currencies in which these declare their dividends, known only from them."""
    results = refresh(store, provider, symbols, span, on_start, instruments)
    units = {u for s in symbols if s in store.entries for u in store.entries[s].paid_in}
    further = sorted({rate_symbol(u) for u in units if u != "USD" and u.isupper()} - {*symbols})
    return results | refresh(store, provider, further, span, on_start, instruments)


def _not_an_outage(results: dict[str, FetchOutcome], instruments: Instruments) -> dict[str, FetchOutcome]:
    """Where many live names are answered with nothing, they failed; they are not all delisted."""
    live = [s for s in results if _is_live(s, instruments)]
    gone = [s for s in live if results[s].status in ("delisted", "unknown")]
    if len(gone) < IN_A_ROW or len(gone) <= OUTAGE * len(live):
        return results
    why = f"{len(gone)} of {len(live)} live names came back empty: an outage?"
    return results | {
        s: replace(results[s], status="failed", reason=f"{results[s].reason}; {why}") for s in gone
    }


def _is_live(symbol: str, instruments: Instruments) -> bool:
    instrument = instruments.recorded(symbol)
    return symbol.endswith("=X") or (instrument is not None and instrument.delisted is None)


def _outcome(store: Store, symbol: str, status: Status, reason: str) -> FetchOutcome:
    """That outcome, with the rows that are stored all the same."""
    entry = store.entries.get(symbol)
    if entry is None:
        return FetchOutcome(status, reason=reason)
    return FetchOutcome(status, entry.first, entry.last, entry.rows, reason)


@final
class _Update:
    """One symbol's turn."""

    def __init__(
        self, store: Store, provider: Provider, symbol: str, span: FetchSpan, instruments: Instruments
    ) -> None:
        self.instruments = instruments
        self.store, self.provider, self.symbol, self.span = store, provider, symbol, span
        self.entry = store.entries.get(symbol)
        self.old = None if self.entry is None else store.read(self.entry)
        self.damage = ""
        if self.entry is not None and self.old is None:
            self.damage = f"its file was {store.quarantine(self.entry)}"

    def result(self) -> FetchOutcome:
        """Ask for what is missing, and keep what may be kept."""
        why = self._why_whole()
        if self.entry is None or self.old is None or why:
            return self._whole(why)
        if self._delisting() or not self._new_sessions(self.entry):
            return _outcome(self.store, self.symbol, "unchanged", self._delisting())
        answer = self._ask(self.old.dates[-OVERLAP:][0].astype(object))
        if answer.series is None:
            return self._without(answer)
        changed = restated(self.old, answer.series)
        if answer.unit != self.entry.unit:
            changed = f"quoted in {answer.unit}, no more in {self.entry.unit}"
        if changed:
            return self._whole(f"restated: {changed}")
        return self._keep(joined(self.old, answer.series), answer, "")

    def _why_whole(self) -> str:
        """Why all of it must be asked for; "" where the tail will do."""
        if self.entry is None or self.damage:
            return self.damage
        if self.entry.source != self.provider.label:
            return f"{self.provider.label} in place of {self.entry.source}"
        if self.provider.label != YAHOO:
            return "read again"
        return "an earlier start" if self._start() < date.fromisoformat(self.entry.asked_from) else ""

    def _start(self) -> date:
        """The first day to ask for: never later than what is stored from the same provider."""
        if self.entry is None or self.entry.source != self.provider.label:
            return self.span.start
        instrument = self.instruments.recorded(self.symbol)
        listed = None if instrument is None else instrument.listed
        earliest = date.fromisoformat(self.entry.asked_from)
        # Nothing lies before a listing, so an earlier start is no reason to ask again.
        if listed is not None and earliest <= listed:
            return earliest
        return min(self.span.start, earliest)

    def _new_sessions(self, entry: Entry) -> bool:
        """Whether the venue held a session since the provider was last asked."""
        after, upto = np.datetime64(entry.through) + 1, self._horizon(entry.zone, entry.closes_at)
        return bool(after <= upto) and bool(_open_days(self.symbol, after, upto, self.instruments).size)

    def _delisting(self) -> str:
        """That the listing on record ended, where all of it is stored; else ""."""
        instrument = self.instruments.recorded(self.symbol)
        if instrument is None or instrument.delisted is None or self.entry is None:
            return ""
        over = np.datetime64(instrument.delisted, "D") - 10 <= np.datetime64(self.entry.last)
        return f"its listing ended on {instrument.delisted}" if over else ""

    def _horizon(self, zone: str, closes_at: int) -> np.datetime64:
        """The last date that can be asked for."""
        settled = last_session(zone, closes_at, self.span.now)
        return settled if self.span.end is None else min(settled, np.datetime64(self.span.end, "D"))

    def _ask(self, start: date) -> Answer:
        answer = self.provider.ask(self.symbol, start, self.span.now)
        if answer.series is None:
            return answer
        dates, upto = answer.series.dates, self._horizon(answer.zone, answer.closes_at)
        inside = answer.series.cut((dates >= np.datetime64(start, "D")) & (dates <= upto))
        if not inside.dates.size:
            return Answer("nothing", f"no rows from {start} to {upto}")
        return replace(answer, series=inside)

    def _whole(self, why: str) -> FetchOutcome:
        answer = self._ask(self._start())
        return self._without(answer) if answer.series is None else self._keep(answer.series, answer, why)

    def _keep(self, series: Series, answer: Answer, why: str) -> FetchOutcome:
        """Store the rows, unless they must not replace those that are stored."""
        entry = self.entry
        same_kind = entry is not None and (entry.source, entry.unit) == (self.provider.label, answer.unit)
        if self.old is not None and same_kind and self.provider.label == YAHOO:
            doubt = suspect(self.old, series)
            if doubt:
                return self._end("quarantined", f"{doubt}: not stored, fetch it again tomorrow")
        new = self.store.put(series, self._entry(answer, why))
        if entry is not None and self.old is not None and new.sha256 == entry.sha256:
            return _outcome(self.store, self.symbol, "unchanged", answer.reason)
        return _outcome(self.store, self.symbol, "fetched", why)

    def _entry(self, answer: Answer, why: str) -> Entry:
        """What the manifest is to say; the store fills in file, hash and span."""
        assert answer.series is not None  # noqa: S101 (for the type checker: only answers with prices come here)
        now, old = self.span.now.astimezone(UTC), self.entry
        last = answer.series.dates[-1]
        through = self._horizon(answer.zone, answer.closes_at) if self.provider.label == YAHOO else last
        note = f"{now:%Y-%m-%d}: {why}"
        return Entry(
            symbol=self.symbol,
            file="",
            sha256="",
            first="",
            last="",
            rows=0,
            unit=answer.unit,
            basis=answer.basis,
            source=self.provider.label,
            library=self.provider.library,
            fetched_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            asked_from=self._start().isoformat(),
            through=str(through),
            zone=answer.zone,
            closes_at=answer.closes_at,
            status="fetched",
            notices=answer.notices,
            restated=()
            if old is None
            else (*old.restated, note)
            if why.startswith("restated")
            else old.restated,
        )

    def _without(self, answer: Answer) -> FetchOutcome:
        named = self.entry is not None or (self.provider.label == YAHOO and self.symbol in self.instruments)
        status: Status = "delisted" if named else "unknown"
        if answer.outcome != "nothing":
            status = "rate_limited" if answer.outcome == "rate_limited" else "failed"
        if self.damage:
            return FetchOutcome("quarantined", reason=f"{self.damage}; {answer.reason}")
        return self._end(status, answer.reason)

    def _end(self, status: Status, reason: str) -> FetchOutcome:
        """That outcome, told in the manifest beside the rows that stay."""
        if self.entry is not None:
            self.store.note(replace(self.entry, status=status, reason=reason))
        return _outcome(self.store, self.symbol, status, reason)


def _open_days(symbol: str, first: np.datetime64, last: np.datetime64, instruments: Instruments) -> DateArray:
    """Sessions of the symbol's venue; weekdays where it has no calendar (currencies)."""
    try:
        return sessions(instruments.of(symbol).venue, first, last)
    except BadInputError:
        days = np.arange(first, last + 1)
        return days[np.is_busday(days)]
