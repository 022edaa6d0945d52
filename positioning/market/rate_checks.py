"""What is doubtful in a currency's rates: misprints, switches of unit, holes, and a level that is another's."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.market.bars import RATE_CARRY, Rates
from positioning.market.calendar_checks import frequency_findings
from positioning.market.findings import Check, Finding, error, stretches, warning
from positioning.market.move_sizes import LARGE, SPIKE_SIGMAS
from positioning.market.price_checks import SPIKE_ROWS, moves, near_moments, spikes

# Between the level of its years and its inverse a currency near par lies closer than its own swings: a rate counts
# as inverted where the inverse fits better and the rate itself is off by more than a year's average can be.
INVERTED = np.log(1.06)
TURNED = 0.03  # of a logarithm: how near its inverse a rate must come in a day to be turned round
ANOTHER = np.log(4.0)  # off the level of its year: the lira was at twice its average of 2021 in that December
WHOLE_YEAR = 200  # rows of a calendar year
PER_EURO = (
    0.06  # off, from which a year may say that it is per euro: 5 % dearer than a dollar in 2022, 18 % in 2021
)
TO_EURO = (
    0.025  # of a logarithm: how near the euro's own price a move must come to be one from dollars to euros
)
PEGGED = np.log(1.03)  # off its level, of a currency whose level is the same in all years on record
STILL = 22  # rows in a row at one rate, of a currency that floats


def rate_findings(r: Rates, crash_dates: Mapping[str, DateArray]) -> Iterator[Finding]:
    """The findings in one currency's rates; crash_dates as for `quality.check`."""
    symbol, level = f"{r.currency}=X", np.log(r.usd)
    yield from _levels(r, symbol)
    yield from frequency_findings(symbol, r.dates)
    yield from _inversions(r, symbol)
    yield from _changes_to_euros(r, symbol)
    yield from _constant_rates(r, symbol)
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
        return
    euros = usual_level("EUR", r.dates)
    per_euro = usual / euros if euros is not None and r.currency != "EUR" else usual
    if (dates := _per_euro(r, usual, per_euro)).size:
        remedy = f"divide them by US dollars per euro, or name them FX_ECB.csv with columns Date, EURUSD, EUR{r.currency}"
        yield error(symbol, "level", dates, f"{last}: units per euro, not per dollar?", remedy)
    elif (dates := _another(r, usual, off)).size:
        which: Check = "peg" if _is_pegged(r.currency) and abs(off) <= ANOTHER else "level"
        yield error(symbol, which, dates, f"{last}: another currency, or another unit?", "correct the file")


def _per_euro(r: Rates, usual: FloatArray, per_euro: FloatArray) -> DateArray:
    """(D,) the rows of a rate that is the dollar's own level times that of the euro: of a pegged currency those rows, of
    others all, where their whole years fit better so; else none."""
    level = np.log(1.0 / r.usd)
    own, other = level - np.log(usual), level - np.log(per_euro)
    if _is_pegged(r.currency):
        return np.asarray(r.dates[(np.abs(own) > PEGGED) & (np.abs(other) < np.abs(own) / 2)])
    years = _whole_years(r.dates)
    off = np.array([own[rows].mean() for rows in years])
    rest = np.array([other[rows].mean() for rows in years])
    spread = np.array([own[rows].std() for rows in years])
    is_other = (
        off.size > 0
        and (off > 0).all()
        and (off.size > 1 or spread[0] < off[0] / 2)  # one year of a fall may be as dear on average
        and np.sqrt((off**2).mean()) > PER_EURO
        and (rest**2).sum() < (off**2).sum() / 4
    )
    return r.dates if is_other else r.dates[:0]


def _another(r: Rates, usual: FloatArray, off: float) -> DateArray:
    """(D,) the rows of a pegged currency off its peg, and all of another whose median is far `off` its level."""
    if _is_pegged(r.currency):
        rows = np.abs(np.log(1.0 / r.usd / usual)) > PEGGED
        return np.asarray(r.dates[rows & (rows.sum() > SPIKE_ROWS)])  # fewer are misprints
    return r.dates if abs(off) > ANOTHER else r.dates[:0]


def _whole_years(dates: DateArray) -> list[IntArray]:
    """The rows of each calendar year with WHOLE_YEAR of them or more."""
    years = dates.astype("datetime64[Y]")
    return [rows for year in np.unique(years) if (rows := np.flatnonzero(years == year)).size >= WHOLE_YEAR]


def _changes_to_euros(r: Rates, symbol: str) -> Iterator[Finding]:
    """That a rate goes on as units per euro from one day on, or comes from there: a move of the euro's own price, refused
    where the levels on both sides of it bear that out."""
    usual, euros = usual_level(r.currency, r.dates), usual_level("EUR", r.dates)
    if usual is None or euros is None or r.currency == "EUR" or _is_pegged(r.currency) or r.dates.size < 2:
        return
    level, dearer = np.log(1.0 / r.usd), -np.log(euros)
    step = np.diff(level)
    least = np.maximum(
        np.maximum(PER_EURO, dearer[1:] - TO_EURO), SPIKE_SIGMAS * 1.4826 * np.median(np.abs(step))
    )
    for i in np.flatnonzero((np.abs(step) > least) & (np.abs(np.abs(step) - dearer[1:]) < TO_EURO)):
        own, other = level - np.log(usual), level - np.log(usual) - dearer
        sides = [
            np.abs([own[rows].mean(), other[rows].mean()])
            for rows in (slice(None, i + 1), slice(i + 1, None))
        ]
        later = sides[::-1] if step[i] < 0 else sides  # the side in dollars first
        if later[0][0] > later[0][1] or later[1][1] > later[1][0]:
            continue  # the lira has moved so in a day
        text = (
            f"is at {1 / r.usd[i]:.6g} per USD on {r.dates[i]} and {1 / r.usd[i + 1]:.6g} on {r.dates[i + 1]} in "
            f"{r.origin}: units per dollar on one side and per euro on the other?"
        )
        yield error(symbol, "level", r.dates[i + 1 : i + 2], text, "bring all rows to units per dollar")


def _is_pegged(currency: str) -> bool:
    """Whether its level is the same in all years on record."""
    return bool(np.ptp(_levels_on_record()[currency][1]) == 0)


def _constant_rates(r: Rates, symbol: str) -> Iterator[Finding]:
    """That a currency which floats does not move: a value carried down, or a fixed rate in place of the market's."""
    if r.currency in _levels_on_record() and _is_pegged(r.currency):
        return
    for at in stretches(np.append(False, np.diff(r.usd) == 0), 1):
        if at.size < STILL:
            continue
        text = f"{at.size + 1} rows at {1 / r.usd[at[0]]:.6g} per USD in {r.origin}: a value carried down?"
        yield warning(symbol, "stale", r.dates[at], text, "give its rates day by day")


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
