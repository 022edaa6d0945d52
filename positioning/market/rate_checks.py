"""What is doubtful in a currency's rates: misprints, switches of unit, holes, and a level that is another's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.market.bars import RATE_CARRY, Rates
from positioning.market.calendar_checks import frequency_findings
from positioning.market.findings import Finding, error, warning
from positioning.market.move_sizes import LARGE
from positioning.market.price_checks import moves, near_moments, spikes

# Between the level of its years and its inverse a currency near par lies closer than its own swings: a rate counts
# as inverted where the inverse fits better and the rate itself is off by more than a year's average can be.
INVERTED = np.log(1.06)
TURNED = 0.03  # of a logarithm: how near its inverse a rate must come in a day to be turned round
ANOTHER = np.log(4.0)  # off the level of its year: the lira was at twice its average of 2021 in that December


def rate_findings(r: Rates, crash_dates: Mapping[str, DateArray]) -> Iterator[Finding]:
    """The findings in one currency's rates; crash_dates as for `quality.check`."""
    symbol, level = f"{r.currency}=X", np.log(r.usd)
    yield from _levels(r, symbol)
    yield from frequency_findings(symbol, r.dates)
    yield from _inversions(r, symbol)
    false = np.zeros(level.size, np.bool_)
    for start, rows, size in spikes(level):
        at = np.arange(start + 1, start + 1 + rows)
        false[at] = True
        text = (
            f"is at {1 / r.usd[at[0]]:.6g} per USD between {1 / r.usd[start]:.6g} on {r.dates[start]} "
            f"and {1 / r.usd[at[-1] + 1]:.6g} on {r.dates[at[-1] + 1]}, in {r.origin}"
        )
        # A currency that loses a third and has it back in three rows is a misprint; nobody traded there.
        make = error if size > LARGE else warning
        yield make(symbol, "spike", r.dates[at], text, "correct or remove that rate")
    dates, usd = r.dates[~false], r.usd[~false]
    yield from moves(symbol, "is at USD", dates, usd, near_moments(symbol, dates, crash_dates))
    missed = np.busday_count(r.dates[:-1], r.dates[1:]) - 1
    for i in np.nonzero(missed > RATE_CARRY)[0]:
        text = f"{missed[i]} weekdays without a rate in {r.origin}"
        missing = np.arange(r.dates[i] + 1, r.dates[i + 1])
        yield warning(symbol, "gap", missing, text, f"untradable after {RATE_CARRY} rows of it")


def usual_level(currency: str, dates: DateArray) -> FloatArray | None:
    """(R,) units of a currency per US dollar in the year of each date, to two digits; the first or last year on
    record before and after them. None for a currency that is not on record. Source: currency_levels.csv."""
    levels = _levels_on_record().get(currency)
    if levels is None:
        return None
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    at = np.clip(np.searchsorted(levels[0], years, side="right") - 1, 0, levels[0].size - 1)
    return np.asarray(levels[1][at])


def _levels(r: Rates, symbol: str) -> Iterator[Finding]:
    usual = usual_level(r.currency, r.dates)
    if usual is None or not r.dates.size:
        return
    off = float(np.median(np.log(1.0 / r.usd / usual)))
    inverse = float(np.median(np.log(r.usd / usual)))
    last = f"is at {1 / r.usd[-1]:.4g} per USD on {r.dates[-1]} in {r.origin}, where about {usual[-1]:.4g} is usual"
    if abs(inverse) < abs(off) and abs(off) > INVERTED:
        text = f"{last}: the wrong way round"
        remedy = f"write {r.currency} per USD in {r.currency}_X.csv, or USD per {r.currency} in {r.currency}USD_X.csv"
        yield error(symbol, "level", r.dates, text, remedy)
    elif abs(off) > ANOTHER:
        yield error(
            symbol, "level", r.dates, f"{last}: another currency, or another unit?", "correct the file"
        )


def _inversions(r: Rates, symbol: str) -> Iterator[Finding]:
    """That a rate is its own inverse from one day on: near par no jump is large, and the level hides it."""
    level = np.log(r.usd)
    step = np.diff(level)
    turns = np.flatnonzero((np.abs(step) > 2 * TURNED) & (np.abs(level[1:] + level[:-1]) < TURNED))
    if turns.size:
        at = turns + 1
        i = int(turns[0])
        text = (
            f"is at USD {r.usd[i]:.6g} on {r.dates[i]} and {r.usd[i + 1]:.6g} on {r.dates[i + 1]} in {r.origin}: "
            "turned the other way round"
        )
        yield error(symbol, "level", r.dates[at], text, "bring all rows the same way round")


@lru_cache(maxsize=1)
def _levels_on_record() -> Mapping[str, tuple[np.ndarray[tuple[int], np.dtype[np.int64]], FloatArray]]:
    with Path(__file__).with_name("currency_levels.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["currency"], int(r["year"]), float(r["per_usd"])) for r in csv.DictReader(file)]
    levels = {}
    for currency in dict.fromkeys(r[0] for r in rows):
        own = sorted((year, level) for name, year, level in rows if name == currency)
        levels[currency] = (np.array([y for y, _ in own], dtype=np.int64), np.array([v for _, v in own]))
    return levels
