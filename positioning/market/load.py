"""From a source's bars to a Market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from positioning import clock
from positioning.arrays import BoolArray, DateArray, FloatArray, days_among
from positioning.errors import BadInputError
from positioning.market.bars import RATE_CARRY, Bars, Notice, Rates
from positioning.market.coverage import Span, covering, edges, first_day, last_day, present, require_prices_to
from positioning.market.findings import Finding, accept, findings_within, related_symbols, stop_on_errors
from positioning.market.instruments import Instrument
from positioning.market.market import Market, snapshot_hash
from positioning.market.price_checks import NOTHING
from positioning.market.quality import check
from positioning.market.range_checks import usable_opens
from positioning.market.source import Delivery, Driver, Source
from positioning.market.venues import opens_early, recorded_to, sessions

WARM_UP = np.timedelta64(730, "D")  # history read before the start, for look-back windows
FLAT_ROWS = 2  # repeats of a close that say, where there is nothing but closes, that nothing traded


def load(
    source: Source,
    names: Sequence[str],
    hedges: Sequence[str] = (),
    span: Span | None = None,
    base: str = "USD",
    history: int = 1,
    crash_dates: Mapping[str, DateArray] = NOTHING,
    accepted: Sequence[str] = (),
) -> Market:
    """The market of these names and hedges, in `base`.

    A name the source lacks is left out with a notice; a hedge it lacks is an error, and so is having no name
    left. Without `span.end` the market ends on the earliest last date among names, hedges and currencies,
    and names that join late (after their listing) or end early by more than span.SPAN_SHARE of it are
    left out rather than cutting it short. With an explicit end nothing is left out: what stops earlier is
    held at its last mark. Up to WARM_UP of history before the start feeds signals only; without `span.start`
    the account opens on the first row from span.DEFAULT_START on which some name and every hedge have `history`
    rows of prices.

    The quality gate reads what was delivered: an error in a name and a day that are used stops here unless
    `accepted` names it (SYMBOL:CHECK); the rest is in `Market.findings`. crash_dates: see `gate.check`.
    """
    span = span or Span()
    _require_past(span)
    requests = [source.instruments.of(s) for s in dict.fromkeys([*names, *hedges])]
    currencies = sorted({i.currency for i in requests} | {base})
    delivery = source.deliver([i.symbol for i in requests], [c for c in currencies if c != "USD"])
    notices = [*delivery.notices, *(n for b in delivery.bars.values() for n in b.notices)]
    instruments = present(requests, set(hedges), delivery, source, base, notices)
    first = first_day(instruments, delivery, span)
    if span.end is None:
        instruments = covering(instruments, set(hedges), delivery, first, notices)
    last = span.end if span.end is not None else last_day(instruments, delivery, base)
    require_prices_to(instruments, delivery, last, crash_dates, notices)
    rows = _rows(instruments, delivery, first, last)
    start = int(np.searchsorted(rows, first))
    if start >= rows.size:
        raise BadInputError(
            f"no session between {first} and {last}",
            "wanted a span with sessions",
            "begin earlier or end later",
        )
    findings = _inspected(rows, instruments, delivery, source, base, crash_dates, accepted)
    market = replace(
        _assemble(rows, start, instruments, delivery, source, base, tuple(notices)), findings=findings
    )
    return market if span.start is not None else _opened(market, set(hedges), history)


def _require_past(span: Span) -> None:
    if span.end is not None and span.end > clock.latest_day():
        raise BadInputError(
            f"end {span.end} is yet to come",
            "wanted a day that is over",
            "leave the end out, which takes all prices there are",
        )


def _inspected(
    rows: DateArray,
    instruments: list[Instrument],
    delivery: Delivery,
    source: Source,
    base: str,
    crash_dates: Mapping[str, DateArray],
    accepted: Sequence[str],
) -> tuple[Finding, ...]:
    symbols = [i.symbol for i in instruments]
    return inspected(symbols, delivery, source, base, rows[0], rows[-1], crash_dates, accepted)


def inspected(
    symbols: Sequence[str],
    delivery: Delivery,
    source: Source,
    base: str,
    first: np.datetime64,
    last: np.datetime64,
    crash_dates: Mapping[str, DateArray] = NOTHING,
    accepted: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """The findings in what was delivered of these symbols and their currencies that touch first .. last.

    The words of `accepted` that name other symbols are another strategy's. Raises BadInputError for an error that none
    of them names.
    """
    bars = {s: delivery.bars[s] for s in symbols}
    instruments = source.instruments
    currencies = sorted(({instruments.of(s).currency for s in symbols} | {base}) - {"USD"})
    rates = {c: delivery.rates[c] for c in currencies}
    findings = check(
        bars, rates, crash_dates=crash_dates, quoted=source.quoted(symbols), instruments=instruments
    )
    if source.simulated:  # its currencies need not stay near the levels of the world's
        findings = tuple(f for f in findings if f.check not in ("level", "peg"))
    findings += source.findings([*symbols, *(f"{c}=X" for c in currencies)])
    series = [*symbols, f"{base}=X"]
    here = related_symbols(series, instruments)
    words = [word for word in accepted if word.rpartition(":")[0] in here]
    used = accept(findings_within(findings, first, last, series, instruments), words, series, instruments)
    stop_on_errors(used)
    return used


def _opened(market: Market, hedges: set[str], history: int) -> Market:
    """The account opens when some name and every hedge have `history` rows of prices."""
    has_history = market.history >= history
    hedge = np.array([s in hedges for s in market.symbols])
    ready = np.nonzero(has_history[:, ~hedge].any(axis=1) & has_history[:, hedge].all(axis=1))[0]
    ready = ready[ready >= market.start]
    if ready.size == 0 or ready[0] == market.start:
        return market
    of = "a name and every hedge" if hedge.any() else "a name"
    text = (  # one clause, which a summary keeps whole
        f"the account opens on {market.rows[ready[0]]} as the first row with {history} rows of prices of {of}"
    )
    return replace(market, start=int(ready[0]), notices=(*market.notices, Notice("", text)))


def _rows(
    instruments: list[Instrument], delivery: Delivery, first: np.datetime64, last: np.datetime64
) -> DateArray:
    earliest = min(edges(delivery.bars[i.symbol])[0] for i in instruments)
    begin = max(first - WARM_UP, earliest)
    days = [sessions(venue, begin, last) for venue in sorted({i.venue for i in instruments})]
    return np.unique(np.concatenate(days))


def _assemble(
    rows: DateArray,
    start: int,
    instruments: list[Instrument],
    delivery: Delivery,
    source: Source,
    base: str,
    notices: tuple[Notice, ...],
) -> Market:
    shape = (rows.size, len(instruments))
    opens, closes, volume = (np.full(shape, np.nan) for _ in range(3))
    dividends = np.zeros(shape)
    tradable, venue_open, early = (np.zeros(shape, dtype=bool) for _ in range(3))
    extra: list[Notice] = []
    for venue in sorted({i.venue for i in instruments}):
        if (end := recorded_to(venue)) is not None and end < rows[-1]:
            text = (
                f"the holidays of {venue} are on record to {end}: every weekday after it counts as a session"
            )
            extra.append(Notice("", text))
    for n, i in enumerate(instruments):
        bars, venue_sessions = delivery.bars[i.symbol], sessions(i.venue, rows[0], rows[-1])
        venue_open[:, n] = days_among(rows, venue_sessions)
        early[:, n] = venue_open[:, n] & opens_early(i.venue, rows)
        inside = (bars.dates >= rows[0]) & (bars.dates <= rows[-1])
        off = inside & ~days_among(bars.dates, venue_sessions)
        if off.any():
            extra.append(
                Notice(
                    i.symbol,
                    f"has {off.sum()} bar{'s' if off.sum() > 1 else ''} on days {i.venue} was closed "
                    f"(first {bars.dates[off][0]}): not traded on",
                )
            )
        on = inside & ~off
        at = np.searchsorted(rows, bars.dates[on])
        opens[at, n], closes[at, n], volume[at, n] = usable_opens(bars)[on], bars.close[on], bars.volume[on]
        tradable[at, n] = np.isfinite(bars.close[on]) & ~suspended(bars)[on]
        _pay(dividends[:, n], rows, venue_sessions, bars)
    rates = {
        c: _rate_rows(rows, delivery.rates.get(c), base_rates)
        for base_rates in [delivery.rates.get(base)]
        for c in {i.currency for i in instruments}
    }
    used = [delivery.rates[c] for c in sorted({i.currency for i in instruments} | {base}) if c != "USD"]
    return Market(
        rows=rows,
        instruments=tuple(instruments),
        open=opens,
        close=closes,
        dividends=dividends,
        tradable=tradable,
        venue_open=venue_open,
        early=early,
        rates=np.column_stack(
            [rates[i.currency] if i.currency != base else np.ones(rows.size) for i in instruments]
        ),
        basis=tuple(delivery.bars[i.symbol].basis for i in instruments),
        base=base,
        start=start,
        source=source.label,
        snapshot=snapshot_hash([delivery.bars[i.symbol] for i in instruments], used),
        simulated=source.simulated,
        notices=(*notices, *extra),
        drivers=_with_given(delivery.drivers, source.published),
        volume=volume,
    )


def _with_given(own: Mapping[str, Driver], published: Mapping[str, Driver]) -> Mapping[str, Driver]:
    if both := sorted(set(own) & set(published)):
        raise BadInputError(
            f"index={both[0]}=... has the name of a series of the source",
            "wanted another name",
            "rename it",
            "index",
        )
    return {**own, **published}


def suspended(bars: Bars) -> BoolArray:
    """(R,) no volume (zero, or none is known) with open, high, low and close unchanged: all four as on the row
    before, or all four at the close of the row before. Zero volume alone is not it (Hong Kong half-days).

    Where not all four are there, and no volume, the second repeat of a close in a row and those after it. A row is
    judged by those up to it, never by what comes.
    """
    four = np.column_stack([bars.open, bars.high, bars.low, bars.close])
    flat = np.zeros(bars.dates.size, dtype=bool)
    flat[1:] = (four[1:] == four[:-1]).all(axis=1) | (four[1:] == bars.close[:-1, None]).all(axis=1)
    quiet = ~(bars.volume > 0)
    few = np.isnan(four).any(axis=1) & np.isnan(bars.volume)
    same = np.append(False, bars.close[1:] == bars.close[:-1])
    same[1:] &= (np.isnan(four[1:]) | (four[1:] == bars.close[:-1, None])).all(axis=1)
    repeats = same.copy()
    for back in range(1, FLAT_ROWS):
        repeats[back:] &= same[:-back]
    repeats[:FLAT_ROWS] = False
    return np.asarray((flat & quiet) | (few & repeats))


def _pay(column: FloatArray, rows: DateArray, venue_sessions: DateArray, bars: Bars) -> None:
    """Put dividends on their ex-date, or on the venue's next session where that was none."""
    due = np.nonzero(bars.dividends)[0]
    at = np.searchsorted(venue_sessions, bars.dates[due])
    for event, session in zip(due, at, strict=True):
        if session < venue_sessions.size and bars.dates[event] >= rows[0]:
            column[np.searchsorted(rows, venue_sessions[session])] += bars.dividends[event]


def _rate_rows(rows: DateArray, rates: Rates | None, base: Rates | None) -> FloatArray:
    """(T,) base per unit; a date's rate serves its row and at most RATE_CARRY rows after it."""
    return _usd_rows(rows, rates) / _usd_rows(rows, base)


def _usd_rows(rows: DateArray, rates: Rates | None) -> FloatArray:
    if rates is None:
        return np.ones(rows.size)
    last = np.searchsorted(rates.dates, rows, side="right") - 1
    has_rate = last >= 0
    dates = rates.dates[np.maximum(last, 0)]
    age = np.arange(rows.size) - np.searchsorted(rows, dates)
    return np.where(has_rate & (age <= RATE_CARRY), rates.usd[np.maximum(last, 0)], np.nan)
