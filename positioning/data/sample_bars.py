"""Simulated bars of a name: its path by session, what befalls it, and the day's prices around its closes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.sample_factors import (
    SESSIONS_A_YEAR,
    WEEKDAYS_A_YEAR,
    SharedMoves,
    shared_moves,
    shocks,
    stream,
)
from positioning.data.sample_tables import Parameters, day_of, moments, parameters, weekdays
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Notice
from positioning.market.instruments import Instrument
from positioning.market.sample_facts import SampleFacts
from positioning.market.venues import sessions


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """(S,) by session of one name."""

    dates: DateArray
    move: FloatArray  # logarithmic, since the session before
    opening: FloatArray  # what of it is wholly made at the opening
    spread: FloatArray  # standard deviation of a day's move


def _path(p: Parameters, seed: int, i: Instrument, f: SharedMoves) -> _Path:
    """A name's moves, summed from session to session of its venue within its listing."""
    row, days = moments(p, i), weekdays()
    asian = i.venue in p["asia"]
    late = p["next_session"] * row["hsi"] if asian else _europe_late(p, i) * row["spy"]
    drift, total, kurtosis = _moments(p, row, row["spy"] if asian else row["spy"] + late, i.currency)
    own = shocks(stream(seed, i.symbol), kurtosis, f.calm) / np.sqrt(WEEKDAYS_A_YEAR)
    opening, shared = late * f.late, p["groups"][row["group"]]["share"]
    moves = drift / WEEKDAYS_A_YEAR + opening + row["spy"] * f.new_york + row["hsi"] * f.hong_kong
    moves += row["idio"] * (np.sqrt(shared) * f.groups[row["group"]] + np.sqrt(1 - shared) * own)
    if (jump := p["jumps"].get(i.symbol)) is not None:
        moves[np.searchsorted(days, day_of(jump["date"])) :][:1] += jump["size"]
    dates = _listed_sessions(p, i)
    at = np.searchsorted(days, dates)
    move, opening = (np.diff(np.cumsum(m)[at], prepend=np.cumsum(m)[at[0]]) for m in (moves, opening))
    return _Path(dates, move, opening, np.sqrt(total / SESSIONS_A_YEAR) * f.calm[at])


def _europe_late(p: Parameters, i: Instrument) -> float:
    return 0.0 if i.venue in p["america"] else float(p["europe_late"])


def _moments(p: Parameters, row: Mapping[str, Any], beta: float, currency: str) -> tuple[float, float, float]:
    """Annual drift of the logarithm, annual variance, and the excess kurtosis that own noise must have."""
    ny, hk = p["factors"]["new_york"], p["factors"]["hong_kong"]
    parts = (beta * ny["vol"]) ** 2, (row["hsi"] * hk["vol"]) ** 2
    total = sum(parts) + row["idio"] ** 2
    drift = (
        beta * ny["premium"] + row["hsi"] * hk["premium"] - sum(parts) / 2 - p["ito"] * row["idio"] ** 2 / 2
    )
    if currency in p["currencies"]:  # a local price makes up for its currency's trend
        rate = p["currencies"][currency]
        drift += float(np.log(rate["end"] / rate["start"])) * WEEKDAYS_A_YEAR / weekdays().size
    fourth = ny["kurtosis"] * parts[0] ** 2 + hk["kurtosis"] * parts[1] ** 2
    # An index fund has no own noise: any kurtosis will do.
    kurtosis = (row["kurtosis"] * total**2 - fourth) / row["idio"] ** 4 if row["idio"] else 0.0
    shared = p["groups"][row["group"]]["share"]
    return drift, total, (kurtosis - shared**2 * p["group_kurtosis"]) / (1 - shared) ** 2


def _listed_sessions(p: Parameters, i: Instrument) -> DateArray:
    """(S,) sessions of its venue on which the name is listed."""
    days, last = weekdays(), p["offers"].get(i.symbol, {}).get("last")
    begins = [days[0], *(day_of(d) for d in (i.listed, moments(p, i).get("first")) if d is not None)]
    ends = [days[-1], *(day_of(d) for d in (i.delisted, last) if d is not None)]
    # Asked for whole and cut here: years of their own would make the calendar be built again.
    venue_sessions = sessions(i.venue, days[0], days[-1])
    return np.asarray(venue_sessions[(venue_sessions >= max(begins)) & (venue_sessions <= min(ends))])


@lru_cache(maxsize=512)
def simulated_bars(seed: int, i: Instrument, facts: SampleFacts) -> Bars:
    """The bars of a name in a draw of the sample market."""
    symbol, p = i.symbol, parameters(facts)
    row = moments(p, i)
    path, rng = _path(p, seed, i, shared_moves(seed, facts)), stream(seed, f"{symbol} day")
    yields = _yields(row, i, path.dates)
    fall = np.log1p(-yields)
    level, spread = np.log(row["price"]) + np.cumsum(path.move + fall), path.spread
    if symbol in p["offers"]:
        level, spread = _offered(p["offers"][symbol], i, path.dates, level, spread)
    move, certain = np.diff(level, prepend=level[0]), path.opening + fall
    # With this much noise the overnight and the intraday part of the rest are uncorrelated.
    share = p["overnight"]
    gap = certain + share * (move - certain)
    gap = gap + np.sqrt(share * (1 - share)) * spread * rng.standard_normal(move.size)
    opened = level - move + gap
    reach = 0.5 * spread * np.abs(rng.standard_normal((2, move.size)))
    high, low = np.maximum(opened, level) + reach[0], np.minimum(opened, level) - reach[1]
    ratio = _ratio(p["splits"].get(symbol), path.dates)
    o, h, lo, c = (_ticked(np.exp(v) * ratio) / ratio for v in (opened, high, low, level))
    volume = np.ceil(row["volume"] / 100 * np.exp(0.4 * rng.standard_normal(move.size))) * 100
    dividends = np.round(yields * np.concatenate([c[:1], c[:-1]]) * ratio, 4) / ratio
    bars = Bars(symbol, path.dates, o, h, lo, c, volume, dividends, notices=_notices(p, symbol))
    return _stopped(bars, p["stops"].get(symbol))


def _ticked(prices: FloatArray) -> FloatArray:
    """Rounded to 0.01, below one to 0.001."""
    return np.where(prices < 1, np.maximum(np.round(prices, 3), 0.001), np.round(prices, 2))


def _yields(row: Mapping[str, Any], i: Instrument, dates: DateArray) -> FloatArray:
    """(S,) dividend over the close before, on ex-dates."""
    months = (3, 6, 9, 12) if i.currency == "USD" else (5, 9)
    month = np.arange(dates[0].astype("datetime64[M]"), dates[-1].astype("datetime64[M]") + 1)
    month = month[np.isin(month.astype(np.int64) % 12 + 1, months)]
    due = month.astype("datetime64[D]") + 4 + zlib.crc32(i.symbol.encode()) % 15  # not all on one day
    yields = np.zeros(dates.size)
    yields[np.searchsorted(dates, due[(due > dates[0]) & (due <= dates[-1])])] = row["yield"] / len(months)
    return yields


def _offered(
    offer: Mapping[str, Any], i: Instrument, dates: DateArray, level: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The path bent to exit price / (1 + premium) before the offer, then closing in on the exit price."""
    begins = int(np.searchsorted(dates, day_of(offer["date"])))
    if i.exit_price is None or not 1 < begins < dates.size:
        raise BadInputError(
            f"sample.toml: offers.{i.symbol} on {offer['date']}",
            "wanted a name with an exit_price in instruments.csv, and a day within its listing",
            "correct the date, or add the exit price",
        )
    exit_level = np.log(i.exit_price)
    start_level = exit_level - np.log1p(offer["premium"])
    bent = level + (start_level - level[begins - 1]) * np.arange(dates.size) / (begins - 1)
    left = np.linspace(1, 0, dates.size - begins)
    bent[begins:] = exit_level - (0.002 + 0.03 * left) * np.exp(level[-1] - level[begins:])
    return bent, np.where(np.arange(dates.size) < begins, spread, 0.05 * spread)


def _ratio(split: Mapping[str, Any] | None, dates: DateArray) -> FloatArray:
    """(S,) today's shares for one share of the day: prices were rounded in shares of the day."""
    if split is None:
        return np.ones(dates.size)
    return np.where(dates < day_of(split["date"]), float(split["ratio"]), 1.0)


def _stopped(bars: Bars, stop: Mapping[str, Any] | None) -> Bars:
    """With a trading halt: flat bars without volume, then no bars."""
    if stop is None:
        return bars
    begins = int(np.searchsorted(bars.dates, day_of(stop["date"])))
    ends = begins + stop["flat"]
    for values in (bars.open, bars.high, bars.low, bars.close):
        values[begins:ends] = bars.close[begins - 1]
    bars.volume[begins:ends] = bars.dividends[begins:ends] = 0.0
    rows = np.r_[0:ends, ends + stop["missing"] : bars.dates.size]
    names = ("dates", "open", "high", "low", "close", "volume", "dividends")
    return replace(bars, **{name: getattr(bars, name)[rows] for name in names})


def _notices(p: Parameters, symbol: str) -> tuple[Notice, ...]:
    texts = []
    if symbol in p["splits"]:
        s = p["splits"][symbol]
        texts.append(f"simulated {s['ratio']}-for-1 split on {s['date']}: all before it is in today's shares")
    if symbol in p["stops"]:
        texts.append(f"simulated trading halt from {p['stops'][symbol]['date']}")
    if symbol in p["offers"]:
        s = p["offers"][symbol]
        texts.append(f"simulated offer on {s['date']}, last session {s['last']}")
    return tuple(Notice(symbol, t) for t in texts)
