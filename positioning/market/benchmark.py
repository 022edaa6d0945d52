"""A benchmark's level on the rows of an account; it never enters the account itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.market.bars import Notice
from positioning.market.findings import Finding
from positioning.market.load import inspected
from positioning.market.price_checks import NOTHING
from positioning.market.source import Source

HOLE = 10  # days without a close that a comparison must name


@final
@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """levels: (T,) total-return level in base currency at the last session up to each row; NaN outside its span."""

    symbol: str
    name: str
    levels: FloatArray
    notices: tuple[Notice, ...]


def benchmark(
    source: Source,
    symbol: str,
    rows: DateArray,
    base: str = "USD",
    crash_dates: Mapping[str, DateArray] = NOTHING,
    accepted: Sequence[str] = (),
) -> Benchmark | None:
    """The benchmark on these rows, or None where the source lacks its prices or its currency.

    A dividend whose ex-date has no close is paid on the next one. The quality gate reads it as it reads a name:
    raises BadInputError for an error on these dates that `accepted` does not name; warnings are notices.
    """
    i = source.instruments.of(symbol)
    delivery = source.deliver([symbol], sorted({i.currency, base} - {"USD"}))
    bars = delivery.bars.get(symbol)
    if bars is None or not ({i.currency, base} - {"USD"}) <= set(delivery.rates):
        return None
    found = inspected([symbol], delivery, source, base, rows[0], rows[-1], crash_dates, accepted)
    known = np.isfinite(bars.close)
    dates, close = bars.dates[known], bars.close[known]
    paid = np.zeros(close.size)
    due = np.searchsorted(np.flatnonzero(known), np.arange(bars.dates.size))
    np.add.at(paid, due[due < close.size], bars.dividends[due < close.size])
    growth = np.ones(close.size)
    growth[1:] = (close[1:] + paid[1:]) / close[:-1]
    levels = np.cumprod(growth)
    for currency, power in ((i.currency, 1.0), (base, -1.0)):
        if currency != "USD":
            rates = delivery.rates[currency]
            at = np.searchsorted(rates.dates, dates, side="right") - 1
            levels = levels * np.where(at >= 0, rates.usd[np.maximum(at, 0)], np.nan) ** power
    on = np.searchsorted(dates, rows, side="right") - 1
    out = np.where((on >= 0) & (rows <= dates[-1]), levels[np.maximum(on, 0)], np.nan)
    notices = [*delivery.notices, *bars.notices]
    notices += [Notice(f.symbol, f"{f.check} on {f.first}: {f.seen}") for f in found if _matters(f)]
    if i.kind == "index":
        notices.append(Notice(symbol, "as a benchmark is an index: nobody could hold it"))
    covered = rows[np.isfinite(out)]
    if covered.size and (covered[0] > rows[0] or covered[-1] < rows[-1]):
        notices.append(
            Notice(symbol, f"benchmark compared on the common span {covered[0]} to {covered[-1]} only")
        )
    return Benchmark(symbol, i.name, out, tuple(notices))


def _matters(f: Finding) -> bool:
    """Whether a finding changes what a comparison says: nothing is bought of a benchmark."""
    if f.check in ("gap", "venue_gap"):
        return bool((f.last - f.first).astype(int) >= HOLE)
    return f.check not in ("ohlc", "zero_volume")
