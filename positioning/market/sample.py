"""The sample market: SIMULATED bars, rates and one driver, made from sample.toml and a seed.

A model of the moments that matter to a backtest, not of any company: two markets, sleeve factors and own noise
with Student tails under one clustering volatility; Hong Kong makes up New York's move at its next opening.
Each series has its own stream of random numbers, so a symbol's bars do not depend on what else is asked for.
"""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.market.bars import Bars, DateArray, FloatArray, Notice, Rates
from positioning.market.instruments import Instrument, instrument
from positioning.market.source import Delivery, Driver, Source
from positioning.market.venues import sessions

SESSIONS_A_YEAR = 252  # of the calibration's annual volatilities
WEEKDAYS_A_YEAR = 261  # own noise runs through closed days and is seen at the next session
DIVIDEND_MONTHS = {"USD": (3, 6, 9, 12)}  # of shares; anything else pays twice a year
TWICE_A_YEAR = (5, 9)


@final
@dataclass(frozen=True)
class SampleSource(Source):
    """The embedded market of 2018-01-02 to 2025-12-31. `seed` (>= 0) chooses the draw; the calibration stays."""

    seed: int = field(default_factory=lambda: int(_parameters()["seed"]))
    simulated = True

    @property
    def label(self) -> str:
        """`sample`."""
        return "sample"

    def universe(self) -> tuple[str, ...]:
        """Every symbol it has, in the order of sample.toml."""
        return tuple(_parameters()["names"])

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars, rates and the driver POTASH; a symbol or currency it lacks is left out."""
        names, known = _parameters()["names"], _parameters()["currencies"]
        borrowed = [f"{s} from {names[s]['like']}" for s in symbols if "like" in names.get(s, {})]
        text = f"SIMULATED market, seed {self.seed}: no price in it was ever paid"
        if borrowed:
            text += f"; moments not measured but borrowed: {', '.join(borrowed)}"
        return Delivery(
            bars={s: _bars(self.seed, s) for s in symbols if s in names},
            rates={c: _rates(self.seed, c) for c in currencies if c in known},
            notices=(Notice("", text),),
            drivers={"POTASH": _driver(self.seed, "POTASH")},
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Factors:
    """Logarithmic moves by weekday, (D,): what names load on. `calm` scales own noise; sleeves have unit a year."""

    calm: FloatArray
    new_york: FloatArray
    late: FloatArray  # New York's move of the weekday before
    hong_kong: FloatArray  # without what it owes to `late`
    sleeves: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """(S,) per session: total logarithmic move since the one before, the part of it that is made at the opening for
    certain, and the standard deviation of a day."""

    dates: DateArray
    move: FloatArray
    opening: FloatArray
    spread: FloatArray


@lru_cache(maxsize=1)
def _parameters() -> Mapping[str, Any]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return tomllib.load(file)


def _row(symbol: str) -> Mapping[str, Any]:
    own = _parameters()["names"][symbol]
    return {**_parameters()["names"][own["like"]], **own} if "like" in own else dict(own)


def _stream(seed: int, name: str) -> np.random.Generator:
    """Its own generator for every series; crc32 because `hash` differs from one process to the next."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


@lru_cache(maxsize=1)
def _weekdays() -> DateArray:
    days = np.arange(_parameters()["first"], np.datetime64(_parameters()["last"], "D") + 1, dtype="datetime64[D]")
    return days[np.is_busday(days)]


def _open_on(venue: str) -> FloatArray:
    days = _weekdays()
    return np.isin(days, sessions(venue, days[0], days[-1])).astype(np.float64)


def _shocks(rng: np.random.Generator, kurtosis: float, scale: FloatArray) -> FloatArray:
    """(D,) Student shocks times `scale`, whose excess kurtosis is about `kurtosis` and whose mean square is one.

    The scale brings part of the kurtosis: (k + 3) = (k_t + 3) E[s^4] / E[s^2]^2. The mean square is set, not left
    to chance: fat tails under clustering would move an eight-year volatility by a tenth and more.
    """
    own = (kurtosis + 3.0) / (np.mean(scale**4) / np.mean(scale**2) ** 2) - 3.0
    draws = rng.standard_t(4.0 + 6.0 / np.clip(own, 0.2, 15.0), scale.size) * scale
    return np.asarray(draws / np.sqrt(np.mean(draws**2)))


@lru_cache(maxsize=4)
def _factors(seed: int) -> _Factors:
    p = _parameters()
    cluster, ny, hk = p["clustering"], p["factors"]["new_york"], p["factors"]["hong_kong"]
    noise = _stream(seed, "clustering").standard_normal(_weekdays().size).tolist()
    level, levels = 0.0, []
    for z in noise:
        level = cluster["persistence"] * level + np.sqrt(1 - cluster["persistence"] ** 2) * z
        levels.append(level)
    common = np.exp(cluster["spread"] * np.array(levels))
    calm = common ** cluster["other"]
    step = 1 / np.sqrt(SESSIONS_A_YEAR)
    new_york = ny["vol"] * step * _shocks(_stream(seed, "new_york"), ny["kurtosis"], common ** cluster["new_york"])
    new_york *= _open_on("XNYS")
    late = np.concatenate([[0.0], new_york[:-1]])
    own = np.sqrt(hk["vol"] ** 2 - (p["next_session"] * ny["vol"]) ** 2)
    hong_kong = own * step * _shocks(_stream(seed, "hong_kong"), hk["kurtosis"], common ** cluster["hong_kong"])
    sleeves = {s: _sleeve(seed, s, calm) for s in p["sleeves"]}
    return _Factors(calm / np.sqrt(np.mean(calm**2)), new_york, late, hong_kong * _open_on("XHKG"), sleeves)


def _sleeve(seed: int, name: str, calm: FloatArray) -> FloatArray:
    """(D,) a sleeve's common moves, annual volatility one, its reaction to events within it."""
    shocks = _shocks(_stream(seed, f"sleeve {name}"), 4.0, calm) / np.sqrt(WEEKDAYS_A_YEAR)
    reaction = _parameters()["reaction"]
    if name != reaction["sleeve"]:
        return shocks
    days, jump = _weekdays(), np.zeros(calm.size)
    rng = _stream(seed, "reaction")
    for sign, dates in ((1, reaction["up"]), (-1, reaction["down"])):
        for day in dates:
            size = (sign * reaction["mean"] + reaction["noise"] * rng.standard_normal()) / reaction["reference"]
            after = int(np.searchsorted(days, np.datetime64(day, "D"), side="right"))
            for at, share in enumerate(reaction["split"], after):
                jump[at] += share * size
    # Reactions take their variance from the sleeve's, so that names keep their measured volatility.
    return np.asarray(shocks * np.sqrt(max(0.0, 1 - np.mean(jump**2) * WEEKDAYS_A_YEAR)) + jump)


def _path(seed: int, symbol: str, i: Instrument) -> _Path:
    """A name's moves, summed from session to session of its venue within its listing."""
    p, row, f, days = _parameters(), _row(symbol), _factors(seed), _weekdays()
    ny, hk = p["factors"]["new_york"], p["factors"]["hong_kong"]
    asian = i.venue in p["asia"]
    late = p["next_session"] * row["hsi"] if asian else 0.0 if i.venue in p["america"] else p["europe_late"] * row["spy"]
    shared = p["sleeves"][row["sleeve"]]
    beta = row["spy"] + (0.0 if asian else late)
    systematic = (beta * ny["vol"]) ** 2 + (row["hsi"] * hk["vol"]) ** 2
    total = systematic + row["idio"] ** 2
    drift = beta * ny["premium"] + row["hsi"] * hk["premium"] - total / 2
    if i.currency in p["currencies"]:  # a local price makes up for its currency's trend
        rate = p["currencies"][i.currency]
        drift += np.log(rate["end"] / rate["start"]) * WEEKDAYS_A_YEAR / days.size
    fourth = ny["kurtosis"] * (beta * ny["vol"]) ** 4 + hk["kurtosis"] * (row["hsi"] * hk["vol"]) ** 4
    kurtosis = (row["kurtosis"] * total**2 - fourth) / max(row["idio"], 1e-9) ** 4
    own = _shocks(_stream(seed, symbol), kurtosis, f.calm) / np.sqrt(WEEKDAYS_A_YEAR)
    opening = late * f.late
    moves = drift / WEEKDAYS_A_YEAR + opening + row["spy"] * f.new_york + row["hsi"] * f.hong_kong
    moves = moves + row["idio"] * (np.sqrt(shared) * f.sleeves[row["sleeve"]] + np.sqrt(1 - shared) * own)
    if symbol in p["jumps"]:
        moves[np.searchsorted(days, np.datetime64(p["jumps"][symbol]["date"], "D"))] += p["jumps"][symbol]["size"]
    held = _held(symbol, i)
    at = np.searchsorted(days, held)
    spread = np.sqrt(total / SESSIONS_A_YEAR) * f.calm[at]
    return _Path(held, *(np.diff(np.cumsum(m)[at], prepend=np.cumsum(m)[at[0]]) for m in (moves, opening)), spread)


def _held(symbol: str, i: Instrument) -> DateArray:
    """(S,) sessions of its venue on which the name is listed."""
    p, days = _parameters(), _weekdays()
    begins = [days[0], *(np.datetime64(d, "D") for d in (i.listed, _row(symbol).get("first")) if d is not None)]
    ends = [days[-1], *(np.datetime64(d, "D") for d in (i.delisted, p["offers"].get(symbol, {}).get("last")) if d)]
    held = sessions(i.venue, days[0], days[-1])
    return held[(held >= max(begins)) & (held <= min(ends))]


@lru_cache(maxsize=512)
def _bars(seed: int, symbol: str) -> Bars:
    i, row = instrument(symbol), _row(symbol)
    path, rng = _path(seed, symbol, i), _stream(seed, f"{symbol} day")
    yields = _yields(symbol, i, path.dates)
    fall = np.log1p(-yields)
    log_close = np.log(row["price"]) + np.cumsum(path.move + fall)
    if symbol in _parameters()["offers"]:
        log_close = _offered(symbol, i, path.dates, log_close)
    move = np.diff(log_close, prepend=log_close[0])
    share = _parameters()["overnight"]
    certain = path.opening + fall
    # With this noise the overnight and the intraday part of the rest are uncorrelated: no pattern to be found.
    gap = certain + share * (move - certain)
    gap = gap + np.sqrt(share * (1 - share)) * path.spread * rng.standard_normal(move.size)
    log_open = log_close - move + gap
    reach = 0.5 * path.spread * np.abs(rng.standard_normal((2, move.size)))
    high, low = np.maximum(log_open, log_close) + reach[0], np.minimum(log_open, log_close) - reach[1]
    raw = _in_shares_of_the_day(symbol, path.dates)
    prices = [_tick(np.exp(v) * raw) / raw for v in (log_open, high, low, log_close)]
    volume = np.ceil(row["volume"] / 100 * np.exp(0.4 * rng.standard_normal(move.size)) / raw) * 100
    before = np.concatenate([prices[3][:1], prices[3][:-1]])
    dividends = np.round(yields * before * raw, 4) / raw
    return _stopped(symbol, Bars(symbol, path.dates, *prices, volume * raw / raw, dividends, notices=_notices(symbol)))
