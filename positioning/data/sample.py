"""The sample market: SIMULATED bars, rates and one driver, made from sample.toml and a seed.

A model of the moments that matter to a backtest, not of any company: two markets, group factors and own
noise, fat-tailed under one clustering volatility; Hong Kong makes up New York's move at its next opening.
Each series has its own stream of random numbers, so a symbol's bars do not depend on what else is asked for.
"""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Notice, Rates
from positioning.market.instruments import RECORDED, Instrument, Instruments
from positioning.market.source import Delivery, Driver, Source
from positioning.market.venues import has_calendar, sessions

SESSIONS_A_YEAR = 252  # of the calibration's annual volatilities
WILD, MAX_KURTOSIS = 0.03, 40.0  # share of wild days; the most that share can carry is 97
WEEKDAYS_A_YEAR = 261  # own noise runs through closed days and is seen at the next session


@lru_cache(maxsize=1)
def _parameters() -> Mapping[str, Any]:
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return tomllib.load(file)


@final
@dataclass(frozen=True)
class SampleSource(Source):
    """The embedded market of 2018-01-02 to 2025-12-31. `seed` (>= 0) chooses the draw, not the moments."""

    seed: int = field(default_factory=lambda: int(_parameters()["seed"]))
    instruments: Instruments = RECORDED
    simulated = True

    @property
    def label(self) -> str:
        """What a request calls it: `sample`."""
        return "sample"

    def universe(self) -> tuple[str, ...]:
        """Every symbol it has, in the order of sample.toml."""
        return tuple(_parameters()["names"])

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars, rates and drivers. A symbol without moments of its own gets the defaults of its region, and a notice; one
        that no venue can be read from, and a currency without a row, are left out."""
        names, known = _parameters()["names"], _parameters()["currencies"]
        simulated = Notice("", f"SIMULATED market, seed {self.seed}: no price in it was ever paid")
        borrowed = [
            Notice(s, f"has not its own moments but those of {names[s]['like']}")
            for s in symbols
            if "like" in names.get(s, {})
        ]
        unknown = [s for s in symbols if s not in names and self._has_sessions(s)]
        borrowed += [
            Notice(
                s, "is not in the sample market: made up with its default moments, on its venue's calendar"
            )
            for s in unknown
        ]
        return Delivery(
            bars={s: _bars(self.seed, self.instruments.of(s)) for s in symbols if s in names or s in unknown},
            rates={c: _rates(self.seed, c) for c in currencies if c in known},
            notices=(simulated, *borrowed),
            drivers={name: _driver(self.seed, name) for name in _parameters()["drivers"]},
        )

    def _has_sessions(self, symbol: str) -> bool:
        """Whether the symbol can be simulated: some venue with a calendar, and no index."""
        try:
            i = self.instruments.of(symbol)
        except BadInputError:
            return False
        return (
            i.kind != "index"
            and has_calendar(i.venue)
            and (i.currency == "USD" or i.currency in _parameters()["currencies"])
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Factors:
    """(D,) logarithmic moves by weekday: what names load on."""

    calm: FloatArray  # scale of own noise
    new_york: FloatArray
    late: FloatArray  # New York's move of the weekday before
    hong_kong: FloatArray  # without what it owes to `late`
    groups: Mapping[str, FloatArray]  # annual volatility one


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """(S,) by session of one name."""

    dates: DateArray
    move: FloatArray  # logarithmic, since the session before
    opening: FloatArray  # what of it is wholly made at the opening
    spread: FloatArray  # standard deviation of a day's move


def _row(i: Instrument) -> Mapping[str, Any]:
    p = _parameters()
    if i.symbol not in p["names"]:
        return dict(p["default"]["asia" if i.venue in p["asia"] else "elsewhere"])
    own = p["names"][i.symbol]
    return {**_parameters()["names"][own["like"]], **own} if "like" in own else dict(own)


def _stream(seed: int, name: str | int) -> np.random.Generator:
    """Its own generator for every series, by its number or that of its name; crc32 because `hash` differs from one
    process to the next."""
    number = name if isinstance(name, int) else zlib.crc32(name.encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))


def _day(value: date) -> np.datetime64:
    return np.datetime64(value, "D")


@lru_cache(maxsize=1)
def _weekdays() -> DateArray:
    days: DateArray = np.arange(_day(_parameters()["first"]), _day(_parameters()["last"]) + 1)
    return days[np.is_busday(days)]


def _shocks(rng: np.random.Generator, kurtosis: float, scale: FloatArray) -> FloatArray:
    """(D,) shocks times `scale`, of excess kurtosis about `kurtosis`, of mean zero and mean square one.

    A share w of the days is wild: variance 1 - w j + j there and 1 - w j elsewhere has mean one and kurtosis
    3 + 3 w (1 - w) j^2. The scale brings its part: k + 3 = (k_own + 3) E[s^4] / E[s^2]^2. Both means are
    set, not left to chance: tails and clustering would move an eight-year volatility by a tenth and more,
    and eight years' luck would pass for a strategy's skill. The drift is the parameters' in every draw.
    """
    own = (kurtosis + 3.0) / float(np.mean(scale**4) / np.mean(scale**2) ** 2) - 3.0
    jump = np.sqrt(min(max(own, 0.0), MAX_KURTOSIS) / (3 * WILD * (1 - WILD)))
    variance = 1 - WILD * jump + jump * (rng.random(scale.size) < WILD)
    draws = rng.standard_normal(scale.size) * np.sqrt(variance) * scale
    draws -= draws.mean()
    return np.asarray(draws / np.sqrt(np.mean(draws**2)))


@lru_cache(maxsize=4)
def _factors(seed: int) -> _Factors:
    p = _parameters()
    cluster, ny, hk = p["clustering"], p["factors"]["new_york"], p["factors"]["hong_kong"]
    noise = _stream(seed, "clustering").standard_normal(_weekdays().size)
    level, levels = noise[0], []
    for z in noise:
        level = cluster["persistence"] * level + np.sqrt(1 - cluster["persistence"] ** 2) * z
        levels.append(level)
    common = np.exp(cluster["spread"] * np.array(levels))
    calm = common ** cluster["other"]
    new_york = ny["vol"] * _market(seed, "new_york", "XNYS", common)
    owed = p["next_session"] * ny["vol"]
    return _Factors(
        calm=calm / np.sqrt(np.mean(calm**2)),
        new_york=new_york,
        late=np.concatenate([[0.0], new_york[:-1]]),
        hong_kong=np.sqrt(hk["vol"] ** 2 - owed**2) * _market(seed, "hong_kong", "XHKG", common),
        groups={s: _group(seed, s, calm) for s in p["groups"]},
    )


def _market(seed: int, name: str, venue: str, common: FloatArray) -> FloatArray:
    """(D,) a market's own moves, annual volatility one, adding up to nothing over its sessions."""
    p, days = _parameters(), _weekdays()
    scale = common ** p["clustering"][name]
    shocks = _shocks(_stream(seed, name), p["factors"][name]["kurtosis"], scale) / np.sqrt(SESSIONS_A_YEAR)
    is_open = np.isin(days, sessions(venue, days[0], days[-1]))
    return np.where(is_open, shocks - shocks[is_open].mean(), 0.0)


def _group(seed: int, name: str, calm: FloatArray) -> FloatArray:
    """(D,) a group's common moves, annual volatility one, its reaction to events within it."""
    p = _parameters()
    stream = _stream(seed, int(p["groups"][name]["stream"]))
    shocks = _shocks(stream, p["group_kurtosis"], calm) / np.sqrt(WEEKDAYS_A_YEAR)
    jumps = _reaction(seed) if name == p["reaction"]["group"] else np.zeros(calm.size)
    # Reactions take their variance from the group's, so that names keep their measured volatility.
    left = max(0.0, 1.0 - float(np.mean(jumps**2)) * WEEKDAYS_A_YEAR)
    return np.asarray(shocks * np.sqrt(left) + jumps)


def _reaction(seed: int) -> FloatArray:
    """(D,) what events add to their group, from the first weekday after each date."""
    p, days, rng = _parameters()["reaction"], _weekdays(), _stream(seed, "reaction")
    jumps = np.zeros(days.size)
    for sign, dates in ((1, p["up"]), (-1, p["down"])):
        for event in dates:
            size = (sign * p["mean"] + p["noise"] * rng.standard_normal()) / p["reference"]
            after = int(np.searchsorted(days, _day(event), side="right"))
            jumps[after : after + len(p["split"])] += np.array(p["split"]) * size
    return jumps


def _path(seed: int, i: Instrument) -> _Path:
    """A name's moves, summed from session to session of its venue within its listing."""
    p, row, f, days = _parameters(), _row(i), _factors(seed), _weekdays()
    asian = i.venue in p["asia"]
    late = p["next_session"] * row["hsi"] if asian else _europe_late(i) * row["spy"]
    drift, total, kurtosis = _moments(row, row["spy"] if asian else row["spy"] + late, i.currency)
    own = _shocks(_stream(seed, i.symbol), kurtosis, f.calm) / np.sqrt(WEEKDAYS_A_YEAR)
    opening, shared = late * f.late, p["groups"][row["group"]]["share"]
    moves = drift / WEEKDAYS_A_YEAR + opening + row["spy"] * f.new_york + row["hsi"] * f.hong_kong
    moves += row["idio"] * (np.sqrt(shared) * f.groups[row["group"]] + np.sqrt(1 - shared) * own)
    if (jump := p["jumps"].get(i.symbol)) is not None:
        moves[np.searchsorted(days, _day(jump["date"]))] += jump["size"]
    held = _held(i)
    at = np.searchsorted(days, held)
    move, opening = (np.diff(np.cumsum(m)[at], prepend=np.cumsum(m)[at[0]]) for m in (moves, opening))
    return _Path(held, move, opening, np.sqrt(total / SESSIONS_A_YEAR) * f.calm[at])


def _europe_late(i: Instrument) -> float:
    return 0.0 if i.venue in _parameters()["america"] else float(_parameters()["europe_late"])


def _moments(row: Mapping[str, Any], beta: float, currency: str) -> tuple[float, float, float]:
    """Annual drift of the logarithm, annual variance, and the excess kurtosis that own noise must have."""
    p = _parameters()
    ny, hk = p["factors"]["new_york"], p["factors"]["hong_kong"]
    parts = (beta * ny["vol"]) ** 2, (row["hsi"] * hk["vol"]) ** 2
    total = sum(parts) + row["idio"] ** 2
    drift = (
        beta * ny["premium"] + row["hsi"] * hk["premium"] - sum(parts) / 2 - p["ito"] * row["idio"] ** 2 / 2
    )
    if currency in p["currencies"]:  # a local price makes up for its currency's trend
        rate = p["currencies"][currency]
        drift += float(np.log(rate["end"] / rate["start"])) * WEEKDAYS_A_YEAR / _weekdays().size
    fourth = ny["kurtosis"] * parts[0] ** 2 + hk["kurtosis"] * parts[1] ** 2
    # An index fund has no own noise: any kurtosis will do.
    kurtosis = (row["kurtosis"] * total**2 - fourth) / row["idio"] ** 4 if row["idio"] else 0.0
    shared = p["groups"][row["group"]]["share"]
    return drift, total, (kurtosis - shared**2 * p["group_kurtosis"]) / (1 - shared) ** 2


def _held(i: Instrument) -> DateArray:
    """(S,) sessions of its venue on which the name is listed."""
    days, last = _weekdays(), _parameters()["offers"].get(i.symbol, {}).get("last")
    begins = [days[0], *(_day(d) for d in (i.listed, _row(i).get("first")) if d is not None)]
    ends = [days[-1], *(_day(d) for d in (i.delisted, last) if d is not None)]
    # Asked for whole and cut here: years of their own would make the calendar be built again.
    held = sessions(i.venue, days[0], days[-1])
    return np.asarray(held[(held >= max(begins)) & (held <= min(ends))])


@lru_cache(maxsize=512)
def _bars(seed: int, i: Instrument) -> Bars:
    symbol, row, p = i.symbol, _row(i), _parameters()
    path, rng = _path(seed, i), _stream(seed, f"{symbol} day")
    yields = _yields(i, path.dates)
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
    ratio = _ratio(symbol, path.dates)
    o, h, lo, c = (_ticked(np.exp(v) * ratio) / ratio for v in (opened, high, low, level))
    volume = np.ceil(row["volume"] / 100 * np.exp(0.4 * rng.standard_normal(move.size))) * 100
    dividends = np.round(yields * np.concatenate([c[:1], c[:-1]]) * ratio, 4) / ratio
    return _stopped(Bars(symbol, path.dates, o, h, lo, c, volume, dividends, notices=_notices(symbol)))


def _ticked(prices: FloatArray) -> FloatArray:
    """Rounded to 0.01, below one to 0.001."""
    return np.where(prices < 1, np.maximum(np.round(prices, 3), 0.001), np.round(prices, 2))


def _yields(i: Instrument, dates: DateArray) -> FloatArray:
    """(S,) dividend over the close before, on ex-dates."""
    months = (3, 6, 9, 12) if i.currency == "USD" else (5, 9)
    month = np.arange(dates[0].astype("datetime64[M]"), dates[-1].astype("datetime64[M]") + 1)
    month = month[np.isin(month.astype(np.int64) % 12 + 1, months)]
    due = month.astype("datetime64[D]") + 4 + zlib.crc32(i.symbol.encode()) % 15  # not all on one day
    paid = np.zeros(dates.size)
    paid[np.searchsorted(dates, due[(due > dates[0]) & (due <= dates[-1])])] = _row(i)["yield"] / len(months)
    return paid


def _offered(
    offer: Mapping[str, Any], i: Instrument, dates: DateArray, level: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The path bent to exit price / (1 + premium) before the offer, then closing in on the exit price."""
    if i.exit_price is None:
        raise ValueError(f"{i.symbol}: an offer needs the exit price of the instrument table")
    exit_level, begins = np.log(i.exit_price), int(np.searchsorted(dates, _day(offer["date"])))
    wanted = exit_level - np.log1p(offer["premium"])
    bent = level + (wanted - level[begins - 1]) * np.arange(dates.size) / (begins - 1)
    left = np.linspace(1, 0, dates.size - begins)
    bent[begins:] = exit_level - (0.002 + 0.03 * left) * np.exp(level[-1] - level[begins:])
    return bent, np.where(np.arange(dates.size) < begins, spread, 0.05 * spread)


def _ratio(symbol: str, dates: DateArray) -> FloatArray:
    """(S,) today's shares for one share of the day: prices were rounded in shares of the day."""
    split = _parameters()["splits"].get(symbol)
    return (
        np.ones(dates.size)
        if split is None
        else np.where(dates < _day(split["date"]), float(split["ratio"]), 1.0)
    )


def _stopped(bars: Bars) -> Bars:
    """With a trading halt: flat bars without volume, then no bars."""
    stop = _parameters()["stops"].get(bars.symbol)
    if stop is None:
        return bars
    begins = int(np.searchsorted(bars.dates, _day(stop["date"])))
    ends = begins + stop["flat"]
    for values in (bars.open, bars.high, bars.low, bars.close):
        values[begins:ends] = bars.close[begins - 1]
    bars.volume[begins:ends] = bars.dividends[begins:ends] = 0.0
    kept = np.r_[0:ends, ends + stop["missing"] : bars.dates.size]
    names = ("dates", "open", "high", "low", "close", "volume", "dividends")
    return replace(bars, **{name: getattr(bars, name)[kept] for name in names})


def _notices(symbol: str) -> tuple[Notice, ...]:
    p, texts = _parameters(), []
    if symbol in p["splits"]:
        s = p["splits"][symbol]
        texts.append(f"simulated {s['ratio']}-for-1 split on {s['date']}: all before it is in today's shares")
    if symbol in p["stops"]:
        texts.append(f"simulated trading halt from {p['stops'][symbol]['date']}")
    if symbol in p["offers"]:
        s = p["offers"][symbol]
        texts.append(f"simulated offer on {s['date']}, last session {s['last']}")
    return tuple(Notice(symbol, t) for t in texts)


@lru_cache(maxsize=64)
def _rates(seed: int, currency: str) -> Rates:
    """A bridge between the first and the last rate with Student steps, kept in its band where it has one."""
    rate, days = _parameters()["currencies"][currency], _weekdays()
    steps = _stream(seed, f"currency {currency}").standard_t(5.0, days.size) * np.sqrt(3 / 5)
    level = _bridge(rate["vol"] / np.sqrt(WEEKDAYS_A_YEAR) * steps)
    level += np.linspace(np.log(rate["start"]), np.log(rate["end"]), days.size)
    per_dollar = np.clip(np.exp(level), *rate.get("band", (0.0, np.inf)))
    return Rates(currency, days, 1 / per_dollar, f"sample, seed {seed}")


@lru_cache(maxsize=4)
def _driver(seed: int, name: str) -> Driver:
    """A monthly series through the points of its shape, known `lag_days` after the month's end."""
    p = _parameters()["drivers"][name]
    points = np.array([m for m, _ in p["shape"]], "datetime64[M]")
    months = np.arange(points[0], points[-1] + 1)
    shape = np.interp(months.astype(float), points.astype(float), np.log([v for _, v in p["shape"]]))
    noise = _bridge(p["noise"] * _stream(seed, f"driver {name}").standard_normal(months.size))
    known = (months + 1).astype("datetime64[D]") + p["lag_days"]
    return Driver(name, months.astype("datetime64[D]"), known, np.round(np.exp(shape + noise), 2))


def _bridge(steps: FloatArray) -> FloatArray:
    """(K,) the sum of the steps, tied to zero at both ends."""
    walk = np.cumsum(steps) - steps[0]
    return np.asarray(walk - np.linspace(0.0, walk[-1], steps.size))
