"""A benchmark's level on the rows of an account; it never enters the account itself.

A symbol, or a blend such as `0.6*ACWI+0.4*2800.HK`: bought in these parts on its first row and brought back to them at
the close of each month's last row, free of cost:

    level_t = level_s sum_i w_i L_i(t) / L_i(s),   s the last row of the month before (or the first of all)
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Notice
from positioning.market.findings import Finding
from positioning.market.instruments import RECORDED, Instrument, Instruments
from positioning.market.load import inspected
from positioning.market.price_checks import NOTHING
from positioning.market.source import Source
from positioning.market.withholding import Withholding

HOLE = 10  # days without a close that a comparison must name
MOST_PARTS = 10
Dividends = Literal["gross", "net", "none"]

_PART = re.compile(r"(?P<share>[^*]*)\*(?P<symbol>[^*]+)")


@final
@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """levels: (T,) total-return level in base currency at the last session up to each row; NaN outside its span.

    symbol: as asked, a blend's parts included. venues: those that its parts trade on. dividends: in the level gross, net
    of a tax on them, or not at all, as in a price index.
    """

    symbol: str
    name: str
    levels: FloatArray
    notices: tuple[Notice, ...]
    venues: tuple[str, ...] = ()
    dividends: Dividends = "gross"

    @property
    def remark(self) -> str:
        """What must stand beside every comparison with it; nothing for a total return paid gross."""
        return {"gross": "", "net": "after dividend tax", "none": "a price index, without dividends"}[
            self.dividends
        ]

    @property
    def label(self) -> str:
        """Symbol and remark in few words, for a heading."""
        short = {"gross": "", "net": ", after tax", "none": ", price index"}[self.dividends]
        return self.symbol + short

    @property
    def title(self) -> str:
        """Name, symbol and remark."""
        named = self.name if self.name == self.symbol else f"{self.name} ({self.symbol})"
        return f"{named}, {self.remark}" if self.remark else named


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One part of a benchmark. share: above 0, at most 1."""

    share: float
    instrument: Instrument


def parts(text: str, instruments: Instruments = RECORDED) -> tuple[Part, ...]:
    """The parts of a benchmark: a symbol, or SHARE*SYMBOL+SHARE*SYMBOL. instruments: what symbols are.

    Raises BadInputError for what is no symbol, for shares that are no numbers above 0 or do not add up to 1, for a symbol
    twice and for more than MOST_PARTS.
    """
    if "*" not in text:
        return (Part(1.0, instruments.of(text.strip())),)
    words, remedy = text.split("+"), "give benchmark=0.6*ACWI+0.4*2800.HK"
    if len(words) > MOST_PARTS:
        raise _refused(text, f"has {len(words)} parts", f"wanted at most {MOST_PARTS}", remedy)
    blend = []
    for word in words:
        match = _PART.fullmatch(word.strip())
        share = math.nan
        with suppress(ValueError):
            share = math.nan if match is None else float(match["share"])
        if match is None or not 0 < share <= 1:
            raise _refused(
                text, f"has the part {word.strip()[:40]!r}", "wanted SHARE*SYMBOL, each share above 0", remedy
            )
        blend.append(Part(share, instruments.of(match["symbol"].strip())))
    symbols = [p.instrument.symbol for p in blend]
    if len(set(symbols)) < len(symbols):
        twice = next(s for s in symbols if symbols.count(s) > 1)
        raise _refused(text, f"names {twice} twice", "wanted each symbol once", "add its shares")
    total = math.fsum(p.share for p in blend)
    if abs(total - 1.0) > 1e-9:
        raise _refused(text, f"has shares that add up to {total:g}", "wanted 1", "correct a share")
    return tuple(blend)


def _refused(text: str, fault: str, requirement: str, remedy: str) -> BadInputError:
    return BadInputError(f"benchmark={text} {fault}", requirement, remedy, "benchmark")


def benchmark(
    source: Source,
    symbol: str,
    rows: DateArray,
    base: str = "USD",
    crash_dates: Mapping[str, DateArray] = NOTHING,
    accepted: Sequence[str] = (),
    tax: Withholding | None = None,
) -> Benchmark | None:
    """The benchmark on these rows, or None where the source lacks the prices or the currency of a part.

    symbol: as `parts` reads it. tax: withheld from its dividends; none, they count gross. A dividend whose ex-date has no
    close is paid on the next one. The quality gate reads it as it reads a name: raises BadInputError for an error on
    these dates that `accepted` does not name; warnings are notices.
    """
    components = []
    for part in parts(symbol, source.instruments):
        one = _single(source, part.instrument, rows, base, crash_dates, accepted, tax)
        if one is None:
            return None
        components.append((part.share, one))
    if len(components) == 1:
        return _spanned(components[0][1], rows)
    levels = blended([share for share, _ in components], [one.levels for _, one in components], rows)
    named = " and ".join(
        f"{share:.3%}".rstrip("0%").rstrip(".") + f" % {one.symbol}" for share, one in components
    )
    notices = [n for _, one in components for n in one.notices]
    notices.append(Notice(symbol, f"is a blend of {named}, rebalanced at each month's end without cost"))
    kinds = [one.dividends for _, one in components]
    dividends: Dividends = "none" if "none" in kinds else "net" if "net" in kinds else "gross"
    venues = tuple(dict.fromkeys(v for _, one in components for v in one.venues))
    whole = Benchmark(
        symbol, f"{named}, rebalanced monthly", levels, tuple(dict.fromkeys(notices)), venues, dividends
    )
    return _spanned(whole, rows)


def blended(shares: Sequence[float], levels: Sequence[FloatArray], rows: DateArray) -> FloatArray:
    """(T,) level of a blend of (T,) levels, 1 on the first row that all have; NaN outside the span of all."""
    table = np.column_stack(levels)
    shared_rows = np.flatnonzero(np.isfinite(table).all(axis=1))
    out = np.full(rows.size, np.nan)
    if not shared_rows.size:
        return out
    months = rows.astype("datetime64[M]")
    since, value = shared_rows[0], 1.0
    for t in shared_rows:
        out[t] = value * float(np.dot(shares, table[t] / table[since]))
        if t + 1 < rows.size and months[t + 1] != months[t]:
            since, value = t, float(out[t])
    return out


def _single(
    source: Source,
    i: Instrument,
    rows: DateArray,
    base: str,
    crash_dates: Mapping[str, DateArray],
    accepted: Sequence[str],
    tax: Withholding | None,
) -> Benchmark | None:
    symbol, currencies = i.symbol, {i.currency, base} - {"USD"}
    delivery = source.deliver([symbol], sorted(currencies))
    bars = delivery.bars.get(symbol)
    if bars is None or not currencies <= set(delivery.rates):
        return None
    findings = inspected([symbol], delivery, source, base, rows[0], rows[-1], crash_dates, accepted)
    has_close = np.isfinite(bars.close)
    dates, close = bars.dates[has_close], bars.close[has_close]
    per_bar, dividends, notes = _dividends_of(bars, i, tax)
    dividend = np.zeros(close.size)
    due = np.searchsorted(np.flatnonzero(has_close), np.arange(bars.dates.size))
    np.add.at(dividend, due[due < close.size], per_bar[due < close.size])
    growth = np.ones(close.size)
    growth[1:] = (close[1:] + dividend[1:]) / close[:-1]
    levels = np.cumprod(growth)
    for currency, power in ((i.currency, 1.0), (base, -1.0)):
        if currency != "USD":
            rates = delivery.rates[currency]
            at = np.searchsorted(rates.dates, dates, side="right") - 1
            levels = levels * np.where(at >= 0, rates.usd[np.maximum(at, 0)], np.nan) ** power
    on = np.searchsorted(dates, rows, side="right") - 1
    out = np.where((on >= 0) & (rows <= dates[-1]), levels[np.maximum(on, 0)], np.nan)
    notices = [*delivery.notices, *bars.notices]
    notices += [Notice(f.symbol, f"{f.check} on {f.first}: {f.seen}") for f in findings if _matters(f)]
    notices += [Notice(symbol, text) for text in notes]
    return Benchmark(symbol, i.name, out, tuple(notices), (i.venue,), dividends)


def _dividends_of(
    bars: Bars, i: Instrument, tax: Withholding | None
) -> tuple[FloatArray, Dividends, list[str]]:
    """(R,) what a share pays that counts, how that is taxed, and what a reader must know of it."""
    if i.kind == "index" and not bars.dividends.any():
        text = "is a price index: its dividends are not in it, and nobody could hold it"
        return bars.dividends, "none", [text]
    if tax is None:
        return bars.dividends, "gross", []
    if bars.basis == "total_return":
        return (
            bars.dividends,
            "gross",
            ["as a benchmark has its dividends inside its price: no tax is taken from them"],
        )
    rate, recorded = tax.on(bars.dates, [i])
    if not recorded[0]:
        text = "as a benchmark pays dividends without a withholding rate on record: taken gross"
        return bars.dividends, "gross", [text] * bool(bars.dividends.any())
    return bars.dividends * (1.0 - rate[:, 0]), "net", []


def _spanned(whole: Benchmark, rows: DateArray) -> Benchmark:
    """With a notice where it covers a part of the rows only."""
    covered = rows[np.isfinite(whole.levels)]
    if not covered.size or (covered[0] == rows[0] and covered[-1] == rows[-1]):
        return whole
    text = f"is compared over a part of the span from {covered[0]} to {covered[-1]}"
    notices = (*whole.notices, Notice(whole.symbol, text))
    return Benchmark(whole.symbol, whole.name, whole.levels, notices, whole.venues, whole.dividends)


def _matters(f: Finding) -> bool:
    """Whether a finding changes what a comparison says: nothing is bought of a benchmark."""
    if f.check in ("gap", "venue_gap"):
        return bool((f.last - f.first).astype(int) >= HOLE)
    return f.check not in ("ohlc", "zero_volume")
