"""The stored prices of a cache as a source: what a run reads, never the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.manifest import Entries, Entry
from positioning.data.price_adjusted_closes import MATERIAL
from positioning.data.price_basis import price_basis
from positioning.data.series import PRICES, Series, against_provider
from positioning.data.store import Store
from positioning.errors import DataMissingError
from positioning.market.bars import Bars, Notice, Rates
from positioning.market.findings import Finding, Severity
from positioning.market.instruments import PENCE, RECORDED, Instrument, Instruments
from positioning.market.quality import repair
from positioning.market.source import Delivery, Source

RATES = ("{}USD=X", "{}=X")  # US dollars per unit, units per US dollar
FETCH = "fetch"
YAHOO = "yahoo"
MOST_ORIGINS = 3  # named in a label


@final
@dataclass(frozen=True)
class StoreSource(Source):
    """The stored prices of a cache, or those a snapshot pins: one state of it, never the network.

    Raises DataMissingError where nothing is stored, BadInputError for an unknown snapshot.
    """

    cache: Path
    snapshot: str = ""
    instruments: Instruments = RECORDED
    _store: Store = field(init=False, repr=False, compare=False)
    # Each file is read and verified once: a run asks for bars, findings and rates of the same symbols.
    _series_by_symbol: dict[str, Series] = field(init=False, repr=False, compare=False, default_factory=dict)
    _bars_by_instrument: dict[Instrument, tuple[Bars, tuple[Finding, ...]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_store", Store.reading(self.cache, self.snapshot))
        if not self.entries:
            raise self._missing("nothing is stored")

    @property
    def entries(self) -> Entries:
        """What is stored, by symbol."""
        return MappingProxyType(self._store.entries)

    @property
    def label(self) -> str:
        """`yahoo`, or `snapshot:NAME`; with where its prices were fetched from, where that is not Yahoo alone."""
        origins = sorted({e.source for e in self.entries.values()})
        if origins == [YAHOO]:
            return f"snapshot:{self.snapshot}" if self.snapshot else YAHOO
        more = f" and {len(origins) - MOST_ORIGINS} more" if len(origins) > MOST_ORIGINS else ""
        name = f"snapshot:{self.snapshot}" if self.snapshot else "cache"
        return f"{name} of {', '.join(origins[:MOST_ORIGINS])}{more}"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars of the symbols and rates of the currencies that are stored, each file checked by its hash.

        A rate comes from `<CCY>USD=X` or `<CCY>=X`, the one that ends last, of equals the first.
        Raises DataMissingError for a damaged file, with the command that repairs it.
        """
        rates = {c: r for c in dict.fromkeys(currencies) if (r := self._rates(c)) is not None}
        bars = {s: self._bars(self.entries[s])[0] for s in dict.fromkeys(symbols) if s in self.entries}
        return Delivery(bars, rates)

    def quoted(self, symbols: Sequence[str]) -> Mapping[str, str]:
        """The unit of quotation that Yahoo stated, by symbol, for the quality gate; a folder states none."""
        entries = {s: self.entries[s] for s in symbols if s in self.entries}
        return {s: e.unit for s, e in entries.items() if e.source == YAHOO}

    def findings(self, symbols: Sequence[str]) -> tuple[Finding, ...]:
        """What only the stored rows show: prices at or below zero, and adjusted closes that are not ours."""
        stored = [
            self.entries[s] for s in dict.fromkeys(symbols) if s in self.entries and not s.endswith("=X")
        ]
        return tuple(f for e in stored for f in (*self._bars(e)[1], *self._apart(e)))

    def require(
        self, symbols: Sequence[str], currencies: Sequence[str], end: np.datetime64 | None = None
    ) -> None:
        """DataMissingError, naming what is not stored (or ends before `end`) and the command that fetches it."""
        lacking = [s for s in symbols if not self._reaches(s, end)]
        lacking += [
            RATES[1].format(c) for c in currencies if not any(self._reaches(f.format(c), end) for f in RATES)
        ]
        if lacking:
            beyond = "" if end is None else f" up to {end}"
            raise self._missing(f"{', '.join(lacking)} is not stored{beyond}", lacking)

    def _reaches(self, symbol: str, end: np.datetime64 | None) -> bool:
        entry = self.entries.get(symbol)
        return entry is not None and (end is None or bool(np.datetime64(entry.through) >= end))

    def _missing(self, fault: str, symbols: Sequence[str] = ()) -> DataMissingError:
        command = " ".join([FETCH, *symbols])
        return DataMissingError(
            f"{fault} in {self.cache}",
            f"wanted what `{command}` downloads",
            "do that with a network; the sample market needs none",
        )

    def _series(self, entry: Entry) -> Series:
        if entry.symbol not in self._series_by_symbol:
            self._series_by_symbol[entry.symbol] = self._verified(entry)
        return self._series_by_symbol[entry.symbol]

    def _verified(self, entry: Entry) -> Series:
        store = self._store
        series = store.read(entry)
        if series is not None:
            return series
        if self.snapshot:
            raise DataMissingError(
                f"{entry.symbol} is not what snapshot {self.snapshot} pinned ({store.path(entry)})",
                "its file changed or is gone, so a run would differ",
                "restore it, or pin the present prices under another name",
            )
        raise DataMissingError(
            f"{entry.symbol}: its file is {store.quarantine(entry)}",
            "wanted the bytes the manifest names",
            f"fetch it again: `{FETCH} {entry.symbol}`",
        )

    def _bars(self, entry: Entry) -> tuple[Bars, tuple[Finding, ...]]:
        i = self.instruments.of(entry.symbol)
        if i not in self._bars_by_instrument:
            self._bars_by_instrument[i] = self._mended(entry, i)
        return self._bars_by_instrument[i]

    def _mended(self, entry: Entry, i: Instrument) -> tuple[Bars, tuple[Finding, ...]]:
        series = self._series(entry)
        dividends, notices = self._dividends(entry, series)
        if i.kind == "index":
            dividends, notices = np.zeros(dividends.size), ["is a price index: dividends are not included"]
        factor = PENCE.get(entry.unit, (entry.unit, 1.0))[1]
        raw = {name: series[name] * factor for name in PRICES}
        dates, columns, findings = repair(
            entry.symbol, series.dates, {**raw, "volume": series["volume"], "dividends": dividends * factor}
        )
        bars = Bars(
            symbol=entry.symbol,
            dates=dates,
            basis=entry.basis,
            notices=tuple(Notice(entry.symbol, t) for t in dict.fromkeys([*entry.notices, *notices])),
            **columns,
        )
        return bars, findings

    def _apart(self, entry: Entry) -> tuple[Finding, ...]:
        """The finding that our adjusted closes are not the provider's, where it delivers any."""
        kind = self.instruments.of(entry.symbol).kind
        if entry.basis != "traded" or entry.source != YAHOO or kind == "index":
            return ()
        series = self._series(entry)
        columns = {**series.columns, "dividends": self._dividends(entry, series)[0]}
        apart = against_provider(Series(series.dates, columns, series.paid_in))
        if apart is None:
            return ()
        first, last, text, size = apart
        # Yahoo adjusts by a dividend of another currency as if it were in the price's, and at times not at all.
        is_adjusted = not entry.paid_in and not np.allclose(
            series["adj_close"], series["close"], rtol=1e-5, equal_nan=True
        )
        severity: Severity = "error" if size > MATERIAL and is_adjusted else "warning"
        remedy = "compare its dividends with another source"
        return (Finding(entry.symbol, "adjusted", severity, first, last, text, remedy),)

    def _dividends(self, entry: Entry, series: Series) -> tuple[FloatArray, list[str]]:
        """(R,) dividends in the unit of the prices; those of another one converted at the ex-date's rate."""
        dividends, notices = series["dividends"].copy(), []
        if series["gains"].any():
            names = {
                "Close": "close",
                "Adj Close": "adj_close",
                "Dividends": "dividends",
                "Capital Gains": "gains",
            }
            columns = {theirs: series[ours] for theirs, ours in names.items()}
            weighed = price_basis(entry.symbol, series.dates, columns, "split")
            dividends, notices = weighed.dividends.copy(), [t for t in weighed.notes if "capital gains" in t]
        for unit in entry.paid_in:
            rows = (series.paid_in == unit) & (dividends > 0)
            if not rows.any():
                continue
            factor = self._worth(unit, series.dates[rows]) / self._worth(entry.unit, series.dates[rows])
            dividends[rows] = np.nan_to_num(dividends[rows] * factor)
            text = f"{rows.sum()} dividends (first {series.dates[rows][0]}) were declared in {unit}"
            lacking = int(np.isnan(factor).sum())
            outcome = (
                f"{lacking} left out, since no rate of it is stored"
                if lacking
                else "converted at the ex-date's rate"
            )
            notices.append(f"{text}, not {entry.unit}: {outcome}")
        return dividends, notices

    def _worth(self, unit: str, dates: DateArray) -> FloatArray:
        """US dollars per unit (pence count a hundredth) at the last rate up to each date, NaN where none is."""
        currency, factor = PENCE.get(unit, (unit, 1.0))
        if currency == "USD":
            return np.full(dates.size, factor)
        rates = self._rates(currency)
        if rates is None:
            return np.full(dates.size, np.nan)
        at = np.searchsorted(rates.dates, dates, side="right") - 1
        return np.where(at >= 0, rates.usd[np.maximum(at, 0)], np.nan) * factor

    def _rates(self, currency: str) -> Rates | None:
        names = [f.format(currency) for f in RATES]
        entry = max((self.entries[n] for n in names if n in self.entries), key=lambda e: e.last, default=None)
        if entry is None:
            return None
        series = self._series(entry)
        has_rate = np.isfinite(series["close"]) & (series["close"] > 0)
        close = series["close"][has_rate]
        direct = entry.symbol == names[0] or entry.unit.startswith("USD per ")
        usd = close if direct else 1.0 / close
        return Rates(currency, series.dates[has_rate], usd, entry.symbol)
