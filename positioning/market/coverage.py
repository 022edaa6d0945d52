"""Which names and which days a market covers, where the user does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import DateArray
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars, Notice, Rates
from positioning.market.instruments import Instrument
from positioning.market.source import Delivery, Source

DEFAULT_START = np.datetime64("2020-01-01")  # nine months before the first event on record
TOLD, STILL = 30, 366  # days an account goes on after the last price of all its names: said, and refused
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


def present(
    requests: list[Instrument],
    hedges: set[str],
    delivery: Delivery,
    source: Source,
    base: str,
    notices: list[Notice],
) -> list[Instrument]:
    """The instruments that can be had, with their currency; a notice for each that can't.

    Raises DataMissingError where a hedge, the base currency or every name is missing.
    """
    if base != "USD" and base not in delivery.rates:
        raise DataMissingError(
            f"no rate of {base} in {source.label}",
            "wanted the base currency's rates",
            f"add {base}=X, or give base=USD",
            "base",
        )
    instruments = []
    for i in requests:
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
                "choose another: give hedge=SYMBOL, or hedge=none",
                "strategy.hedge",
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
        instruments.append(i)
    if not any(i.symbol not in hedges for i in instruments):
        names = [i for i in requests if i.symbol not in hedges]
        rateless = dict.fromkeys(i.currency for i in names if i.symbol in delivery.bars)
        fault = f"none of the names {', '.join(i.symbol for i in names)}"
        raise DataMissingError(
            f"{fault} can be held: no rates of {', '.join(rateless)} in {source.label}"
            if rateless
            else f"{fault} in {source.label}",
            "wanted prices and currency of at least one",
            f"add {' and '.join(f'{c}=X' for c in rateless)}"
            if rateless
            else "add them, or try the sample market",
        )
    return instruments


def edges(bars: Bars) -> tuple[np.datetime64, np.datetime64]:
    """First and last day with a close. Raises BadInputError where there is none."""
    priced_days = bars.dates[np.isfinite(bars.close)]
    if priced_days.size == 0:
        raise BadInputError(f"{bars.symbol}: no close at all", "wanted at least one price", "check the file")
    return priced_days[0], priced_days[-1]


def _usable(i: Instrument, delivery: Delivery) -> tuple[np.datetime64, np.datetime64]:
    """First and last day with both a price and a rate of its currency."""
    begins, ends = edges(delivery.bars[i.symbol])
    rates = delivery.rates.get(i.currency)
    return (begins, ends) if rates is None else (max(begins, rates.dates[0]), min(ends, rates.dates[-1]))


def first_day(instruments: list[Instrument], delivery: Delivery, span: Span) -> np.datetime64:
    """The first day of the account, before the rows are known. Raises BadInputError where no name reaches it."""
    earliest = min(edges(delivery.bars[i.symbol])[0] for i in instruments)
    if span.start is not None and span.start < earliest:
        raise BadInputError(
            f"start {span.start} lies before the first price of every name, {earliest}",
            "wanted a start inside the data",
            f"give start={earliest}",
            "start",
        )
    latest = max(edges(delivery.bars[i.symbol])[1] for i in instruments)
    first = span.start if span.start is not None else max(DEFAULT_START, earliest)
    if first > latest:
        raise BadInputError(
            f"prices end on {latest}, before {first}",
            "wanted prices after the start",
            f"give start={earliest}",
            "start",
        )
    return first


def covering(
    instruments: list[Instrument],
    hedges: set[str],
    delivery: Delivery,
    first: np.datetime64,
    notices: list[Notice],
) -> list[Instrument]:
    """Without the names that would cut the default span short or hardly be in it."""
    spans = {i.symbol: _usable(i, delivery) for i in instruments}
    last = max(e[1] for e in spans.values())
    share = SPAN_SHARE * (last - first).astype(int)
    out = []
    for i in instruments:
        begins, ends = spans[i.symbol]
        listed = first if i.listed is None else max(first, np.datetime64(i.listed, "D"))
        late, early = (begins - listed).astype(int), (last - ends).astype(int)
        if i.symbol in hedges or (late <= share and (early <= share or _delisted(i, ends))):
            out.append(i)
            continue
        text = f"from {begins}" if late > share else f"to {ends}"
        notices.append(
            Notice(
                i.symbol,
                f"is left out for too short a span of prices {text}: over {SPAN_SHARE:.0%} of {first} to "
                f"{last} has none; its weight goes to the others",
            )
        )
    if not any(i.symbol not in hedges for i in out):
        return instruments
    return out


def _delisted(i: Instrument, ends: np.datetime64) -> bool:
    """Whether the last price is the end of the listing on record rather than the end of the data."""
    return i.delisted is not None and bool(ends >= np.datetime64(i.delisted, "D") - np.timedelta64(10, "D"))


def last_day(instruments: list[Instrument], delivery: Delivery, base: str) -> np.datetime64:
    """The earliest last day among instruments (a listing that ended does not count) and currencies."""
    last = {i.symbol: edges(delivery.bars[i.symbol])[1] for i in instruments}
    ends = [last[i.symbol] for i in instruments if not _delisted(i, last[i.symbol])]
    currencies = ({i.currency for i in instruments} | {base}) - {"USD"}
    return min([*(ends or last.values()), *(delivery.rates[c].dates[-1] for c in currencies)])


def require_prices_to(
    instruments: list[Instrument],
    delivery: Delivery,
    last: np.datetime64,
    crash_dates: Mapping[str, DateArray],
    notices: list[Notice],
) -> None:
    """A notice where the span goes on after the last price of every name, so that an account stands still at its last
    marks and its figures with it; BadInputError beyond a year, and where prices go on after the rates of their currency.
    Names whose listing ended, or that a restriction stopped, may.
    """
    _require_rates_to(instruments, delivery, last, crash_dates)
    ends = {i.symbol: edges(delivery.bars[i.symbol])[1] for i in instruments}
    stopped = [i for i in instruments if _delisted(i, ends[i.symbol]) or i.symbol in crash_dates]
    latest = max(ends.values())
    still = (last - latest).astype(int)
    if TOLD < still <= STILL:
        notices.insert(
            0, Notice("", f"no name has a price after {latest}: the account stands still to {last}")
        )
    if not stopped and still > STILL:
        raise BadInputError(
            f"end {last} lies after the last price of every name, {latest}",
            "wanted an end inside the data",
            f"leave the end out, or give end={latest}",
            "end",
        )


def _stopped_with(rates: Rates, restricted: DateArray | None) -> bool:
    """Whether a restriction of the name came in the year before its currency's rates ended, or soon after: what
    stopped the one may have stopped the other, as in Moscow in March 2022."""
    if restricted is None:
        return False
    after = (rates.dates[-1] - restricted).astype(np.int64)
    return bool(((after >= -TOLD) & (after <= STILL)).any())


def _require_rates_to(
    instruments: list[Instrument],
    delivery: Delivery,
    last: np.datetime64,
    crash_dates: Mapping[str, DateArray],
) -> None:
    """BadInputError where a name has prices up to `last` that its currency's rates do not reach: it would be marked at
    its last value in base currency, whatever its price did."""
    for i in instruments:
        rates = delivery.rates.get(i.currency)
        if rates is None or _stopped_with(rates, crash_dates.get(i.symbol)):
            continue
        priced = min(edges(delivery.bars[i.symbol])[1], last)
        if (priced - rates.dates[-1]).astype(int) > TOLD:
            raise BadInputError(
                f"the rates of {i.currency} in {rates.origin} end on {rates.dates[-1]}, the prices of {i.symbol} "
                f"go on to {priced}",
                "wanted rates as long as prices",
                f"add them, or give end={rates.dates[-1]}",
                "end",
            )
