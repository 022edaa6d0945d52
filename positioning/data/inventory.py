"""What the store has of what was asked: how each symbol stands, which are missing, what is doubtful in their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from positioning.arrays import DateArray
from positioning.data.cache_source import StoreSource
from positioning.data.download import FetchOutcome
from positioning.data.store import Store
from positioning.market import quality
from positioning.market.findings import Finding
from positioning.market.instruments import Instruments

HERE = ("fetched", "unchanged")
"""How a symbol may stand whose rows are all there."""


def stored(cache: Path, symbols: Sequence[str], instruments: Instruments) -> dict[str, FetchOutcome]:
    """How each symbol stands in the store, nothing asked."""
    store = Store.reading(cache)
    outcomes: dict[str, FetchOutcome] = {}
    for symbol in symbols:
        entry, instrument = store.entries.get(symbol), instruments.recorded(symbol)
        if entry is None:
            over = instrument is not None and instrument.delisted is not None
            outcomes[symbol] = FetchOutcome("delisted" if over else "failed", reason="not stored")
        elif store.read(entry) is None:
            outcomes[symbol] = FetchOutcome("quarantined", reason=f"its file is {store.quarantine(entry)}")
        else:
            outcomes[symbol] = FetchOutcome("unchanged", entry.first, entry.last, entry.rows)
    return outcomes


def missing(results: Mapping[str, FetchOutcome], instruments: Instruments, today: date) -> list[str]:
    """The symbols that are not there; one whose listing ended on record is not expected."""

    def expected(symbol: str) -> bool:
        i = instruments.recorded(symbol)
        return i is None or i.delisted is None or i.delisted > today

    return [s for s, r in results.items() if r.status not in HERE and (r.status != "delisted" or expected(s))]


def doubts(cache: Path, symbols: Collection[str], instruments: Instruments) -> tuple[Finding, ...]:
    """What the stored rows of these symbols show by themselves."""
    names, _ = _parted(symbols)
    return StoreSource(cache, instruments=instruments).findings(names) if symbols else ()


def checked(
    cache: Path, symbols: Collection[str], instruments: Instruments, crash_dates: Mapping[str, DateArray]
) -> tuple[Finding, ...]:
    """All that the quality gate asks of the stored rows of these symbols. crash_dates: see `quality.check`."""
    if not symbols:
        return ()
    source = StoreSource(cache, instruments=instruments)
    names, currencies = _parted(symbols)
    delivery, quoted = source.deliver(names, currencies), source.quoted(names)
    findings = quality.check(
        delivery.bars, delivery.rates, crash_dates=crash_dates, quoted=quoted, instruments=instruments
    )
    return (*findings, *source.findings(names))


def _parted(symbols: Collection[str]) -> tuple[list[str], list[str]]:
    """Names, and the currencies of rates."""
    names = [s for s in symbols if not s.endswith("=X")]
    return names, [s.removesuffix("=X").removesuffix("USD") for s in symbols if s.endswith("=X")]
