"""From a source's bars to a Market: which names, which span, which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars, DateArray, FloatArray, Notice, Rates
from positioning.market.instruments import Instrument, instrument
from positioning.market.market import RATE_CARRY, Market, snapshot_hash
from positioning.market.source import Delivery, Source
from positioning.market.venues import opens_early, sessions

DEFAULT_START = np.datetime64("2020-01-01")  # nine months before the first event on record
WARM_UP = np.timedelta64(730, "D")  # history read before the start, for look-back windows
SPAN_SHARE = 0.2  # a name that joins late or ends early by more than this share of the span is left out


@final
@dataclass(frozen=True, slots=True)
class Span:
    """Asked-for first and last day of an account; None lets the data decide (see `load`)."""

    start: np.datetime64 | None = None
    end: np.datetime64 | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise BadInputError(
                f"start {self.start} after end {self.end}", "wanted start before end", "swap them"
            )


def load(
    source: Source,
    names: Sequence[str],
    hedges: Sequence[str] = (),
    span: Span | None = None,
    base: str = "USD",
    history: int = 1,
) -> Market:
    """The market of these names and hedges, in `base`.

    A name the source lacks is left out with a notice; a hedge it lacks is an error, and so is having no name
    left. Without `span.end` the market ends on the earliest last date among names, hedges and currencies,
    and names that join late (after their listing) or end early by more than SPAN_SHARE of the span are
    left out rather than cutting it short. With an explicit end nothing is left out: what stops earlier is
    held at its last mark. Up to WARM_UP of history before the start feeds signals only; without `span.start`
    the account opens on the first row from DEFAULT_START on which some name and every hedge have `history`
    rows of prices.
    """
    span = span or Span()
    wanted = [instrument(s) for s in dict.fromkeys([*names, *hedges])]
    currencies = sorted({i.currency for i in wanted} | {base})
    delivery = source.deliver([i.symbol for i in wanted], [c for c in currencies if c != "USD"])
    notices = [*delivery.notices, *(n for b in delivery.bars.values() for n in b.notices)]
    kept = _present(wanted, set(hedges), delivery, source, base, notices)
    first = _first_day(kept, delivery, span)
    if span.end is None:
        kept = _covering(kept, set(hedges), delivery, first, notices)
    last = span.end if span.end is not None else _last_day(kept, delivery, base)
    rows = _rows(kept, delivery, first, last)
    start = int(np.searchsorted(rows, first))
    if start >= rows.size:
        raise BadInputError(
            f"no session between {first} and {last}", "wanted a span with sessions", "widen --start/--end"
        )
    market = _assemble(rows, start, kept, delivery, source, base, tuple(notices))
    return market if span.start is not None else _opened(market, set(hedges), history)


def _opened(market: Market, hedges: set[str], history: int) -> Market:
    """The account opens when some name and every hedge have `history` rows of prices."""
    known = market.history >= history
    hedge = np.array([s in hedges for s in market.symbols])
    ready = np.nonzero(known[:, ~hedge].any(axis=1) & known[:, hedge].all(axis=1))[0]
    ready = ready[ready >= market.start]
    if ready.size == 0 or ready[0] == market.start:
        return market
    text = f"the account opens on {market.rows[ready[0]]}, the first row with {history} rows of prices to decide on"
    return replace(market, start=int(ready[0]), notices=(*market.notices, Notice("", text)))


def _present(
    wanted: list[Instrument],
    hedges: set[str],
    delivery: Delivery,
    source: Source,
    base: str,
    notices: list[Notice],
) -> list[Instrument]:
    if base != "USD" and base not in delivery.rates:
        raise DataMissingError(
            f"no rate of {base} in {source.label}",
            "wanted the base currency's rates",
            f"add {base}=X or use --base USD",
        )
    kept = []
    for i in wanted:
        lacks = (
            f"is not in {source.label}"
            if i.symbol not in delivery.bars
            else f"is in {i.currency}, of which {source.label} has no rates"
            if i.currency != "USD" and i.currency not in delivery.rates
            else ""
        )
        if lacks and i.symbol in hedges:
            raise DataMissingError(
                f"the hedge {i.symbol} {lacks}",
                "wanted its prices",
                "choose another with --set hedge=SYMBOL, or hedge=none",
            )
        if lacks:
            notices.append(Notice(i.symbol, f"{lacks}: left out, its weight goes to the other names"))
            continue
        if not i.recorded:
            notices.append(
                Notice(
                    i.symbol,
                    f"is not in the instrument table: venue {i.venue} and currency {i.currency} follow its suffix",
                )
            )
        kept.append(i)
    if not any(i.symbol not in hedges for i in kept):
        raise DataMissingError(
            f"none of the names {', '.join(i.symbol for i in wanted if i.symbol not in hedges)} in {source.label}",
            "wanted prices and currency of at least one",
            "add them, or try --data sample",
        )
    return kept


def _edges(bars: Bars) -> tuple[np.datetime64, np.datetime64]:
    known = bars.dates[np.isfinite(bars.close)]
    if known.size == 0:
        raise BadInputError(f"{bars.symbol}: no close at all", "wanted at least one price", "check the file")
    return known[0], known[-1]


def _usable(i: Instrument, delivery: Delivery) -> tuple[np.datetime64, np.datetime64]:
    """First and last day with both a price and a rate of its currency."""
    begins, ends = _edges(delivery.bars[i.symbol])
    rates = delivery.rates.get(i.currency)
    return (begins, ends) if rates is None else (max(begins, rates.dates[0]), min(ends, rates.dates[-1]))


def _first_day(kept: list[Instrument], delivery: Delivery, span: Span) -> np.datetime64:
    earliest = min(_edges(delivery.bars[i.symbol])[0] for i in kept)
    if span.start is not None and span.start < earliest:
        raise BadInputError(
            f"start {span.start} lies before the first price of every name, {earliest}",
            "wanted a start inside the data",
            f"type --start {earliest}",
        )
    latest = max(_edges(delivery.bars[i.symbol])[1] for i in kept)
    first = span.start if span.start is not None else max(DEFAULT_START, earliest)
    if first > latest:
        raise BadInputError(
            f"prices end on {latest}, before {first}",
            "wanted prices after the start",
            f"type --start {earliest}",
        )
    return first


def _covering(
    kept: list[Instrument], hedges: set[str], delivery: Delivery, first: np.datetime64, notices: list[Notice]
) -> list[Instrument]:
    """Without the names that would cut the default span short or hardly be in it."""
    edges = {i.symbol: _usable(i, delivery) for i in kept}
    last = max(e[1] for e in edges.values())
    share = SPAN_SHARE * (last - first).astype(int)
    out = []
    for i in kept:
        begins, ends = edges[i.symbol]
        listed = first if i.listed is None else max(first, np.datetime64(i.listed, "D"))
        late, early = (begins - listed).astype(int), (last - ends).astype(int)
        if i.symbol in hedges or (late <= share and (early <= share or _delisted(i, ends))):
            out.append(i)
            continue
        text = f"has prices only from {begins}" if late > share else f"has prices only to {ends}"
        notices.append(
            Notice(
                i.symbol,
                f"{text}, over {SPAN_SHARE:.0%} of the span {first} to {last}: left out, its weight goes to the others",
            )
        )
    if not any(i.symbol not in hedges for i in out):
        return kept
    return out


def _delisted(i: Instrument, ends: np.datetime64) -> bool:
    """Whether the last price is the end of the listing on record rather than the end of the data."""
    return i.delisted is not None and bool(ends >= np.datetime64(i.delisted, "D") - np.timedelta64(10, "D"))


def _last_day(kept: list[Instrument], delivery: Delivery, base: str) -> np.datetime64:
    edges = {i.symbol: _edges(delivery.bars[i.symbol])[1] for i in kept}
    ends = [edges[i.symbol] for i in kept if not _delisted(i, edges[i.symbol])]
    currencies = ({i.currency for i in kept} | {base}) - {"USD"}
    return min([*(ends or edges.values()), *(delivery.rates[c].dates[-1] for c in currencies)])


def _rows(kept: list[Instrument], delivery: Delivery, first: np.datetime64, last: np.datetime64) -> DateArray:
    earliest = min(_edges(delivery.bars[i.symbol])[0] for i in kept)
    begin = max(first - WARM_UP, earliest)
    days = [sessions(venue, begin, last) for venue in sorted({i.venue for i in kept})]
    return np.unique(np.concatenate(days))


def _assemble(
    rows: DateArray,
    start: int,
    kept: list[Instrument],
    delivery: Delivery,
    source: Source,
    base: str,
    notices: tuple[Notice, ...],
) -> Market:
    shape = (rows.size, len(kept))
    opens, closes, paid = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape)
    tradable, venue_open, early = (np.zeros(shape, dtype=bool) for _ in range(3))
    extra: list[Notice] = []
    for n, i in enumerate(kept):
        bars, held = delivery.bars[i.symbol], sessions(i.venue, rows[0], rows[-1])
        venue_open[:, n] = np.isin(rows, held)
        early[:, n] = venue_open[:, n] & opens_early(i.venue, rows)
        inside = (bars.dates >= rows[0]) & (bars.dates <= rows[-1])
        off = inside & ~np.isin(bars.dates, held)
        if off.any():
            extra.append(
                Notice(
                    i.symbol,
                    f"{off.sum()} bars on days {i.venue} was closed (first {bars.dates[off][0]}): not traded on",
                )
            )
        on = inside & ~off
        at = np.searchsorted(rows, bars.dates[on])
        opens[at, n], closes[at, n] = bars.open[on], bars.close[on]
        tradable[at, n] = np.isfinite(bars.close[on]) & ~suspended(bars)[on]
        _pay(paid[:, n], rows, held, bars)
    rates = {
        c: _rate_rows(rows, delivery.rates.get(c), base_rates)
        for base_rates in [delivery.rates.get(base)]
        for c in {i.currency for i in kept}
    }
    used = [delivery.rates[c] for c in sorted({i.currency for i in kept} | {base}) if c != "USD"]
    return Market(
        rows=rows,
        instruments=tuple(kept),
        open=opens,
        close=closes,
        dividends=paid,
        tradable=tradable,
        venue_open=venue_open,
        early=early,
        rates=np.column_stack(
            [rates[i.currency] if i.currency != base else np.ones(rows.size) for i in kept]
        ),
        basis=tuple(delivery.bars[i.symbol].basis for i in kept),
        base=base,
        start=start,
        source=source.label,
        snapshot=snapshot_hash([delivery.bars[i.symbol] for i in kept], used),
        simulated=source.simulated,
        notices=(*notices, *extra),
        drivers=delivery.drivers,
    )


def suspended(bars: Bars) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(R,) zero volume with open, high, low and close unchanged: all four as on the row before, or all four
    at the close of the row before. Zero volume alone is not it (Hong Kong half-days)."""
    four = np.column_stack([bars.open, bars.high, bars.low, bars.close])
    flat = np.zeros(bars.dates.size, dtype=bool)
    flat[1:] = (four[1:] == four[:-1]).all(axis=1) | (four[1:] == bars.close[:-1, None]).all(axis=1)
    return np.asarray(flat & (bars.volume == 0))


def _pay(column: FloatArray, rows: DateArray, held: DateArray, bars: Bars) -> None:
    """Put dividends on their ex-date, or on the venue's next session where that was none."""
    due = np.nonzero(bars.dividends)[0]
    at = np.searchsorted(held, bars.dates[due])
    for event, session in zip(due, at, strict=True):
        if session < held.size and bars.dates[event] >= rows[0]:
            column[np.searchsorted(rows, held[session])] += bars.dividends[event]


def _rate_rows(rows: DateArray, rates: Rates | None, base: Rates | None) -> FloatArray:
    """(T,) base per unit; a date's rate serves its row and at most RATE_CARRY rows after it."""
    return _usd_rows(rows, rates) / _usd_rows(rows, base)


def _usd_rows(rows: DateArray, rates: Rates | None) -> FloatArray:
    if rates is None:
        return np.ones(rows.size)
    last = np.searchsorted(rates.dates, rows, side="right") - 1
    known = last >= 0
    dates = rates.dates[np.maximum(last, 0)]
    age = np.arange(rows.size) - np.searchsorted(rows, dates)
    return np.where(known & (age <= RATE_CARRY), rates.usd[np.maximum(last, 0)], np.nan)
