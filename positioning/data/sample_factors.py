"""What simulated names share: two markets, groups and one clustering volatility, with the reactions of groups to news."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from positioning.arrays import FloatArray, days_among
from positioning.data.sample_tables import Parameters, day_of, parameters, weekdays
from positioning.market.sample_facts import SampleFacts
from positioning.market.venues import sessions

SESSIONS_A_YEAR = 252  # of the calibration's annual volatilities
WEEKDAYS_A_YEAR = 261  # own noise runs through closed days and is seen at the next session
WILD, MAX_KURTOSIS = 0.03, 40.0  # share of wild days; the most that share can carry is 97


@dataclass(frozen=True, slots=True, eq=False)
class SharedMoves:
    """(D,) logarithmic moves by weekday: what names load on."""

    calm: FloatArray  # scale of own noise
    new_york: FloatArray
    late: FloatArray  # New York's move of the weekday before
    hong_kong: FloatArray  # without what it owes to `late`
    groups: Mapping[str, FloatArray]  # annual volatility one


def stream(seed: int, name: str | int) -> np.random.Generator:
    """Its own generator for every series, by its number or that of its name; crc32 because `hash` differs from one
    process to the next."""
    number = name if isinstance(name, int) else zlib.crc32(name.encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))


def shocks(rng: np.random.Generator, kurtosis: float, scale: FloatArray) -> FloatArray:
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
def shared_moves(seed: int, facts: SampleFacts) -> SharedMoves:
    """Of a draw of the sample market."""
    p = parameters(facts)
    cluster, ny, hk = p["clustering"], p["factors"]["new_york"], p["factors"]["hong_kong"]
    noise = stream(seed, "clustering").standard_normal(weekdays().size)
    level, levels = noise[0], []
    for z in noise:
        level = cluster["persistence"] * level + np.sqrt(1 - cluster["persistence"] ** 2) * z
        levels.append(level)
    common = np.exp(cluster["spread"] * np.array(levels))
    calm = common ** cluster["other"]
    new_york = ny["vol"] * _market(p, seed, "new_york", "XNYS", common)
    owed = p["next_session"] * ny["vol"]
    return SharedMoves(
        calm=calm / np.sqrt(np.mean(calm**2)),
        new_york=new_york,
        late=np.concatenate([[0.0], new_york[:-1]]),
        hong_kong=np.sqrt(hk["vol"] ** 2 - owed**2) * _market(p, seed, "hong_kong", "XHKG", common),
        groups={s: _group(p, seed, s, calm) for s in p["groups"]},
    )


def _market(p: Parameters, seed: int, name: str, venue: str, common: FloatArray) -> FloatArray:
    """(D,) a market's own moves, annual volatility one, adding up to nothing over its sessions."""
    days, scale = weekdays(), common ** p["clustering"][name]
    moves = shocks(stream(seed, name), p["factors"][name]["kurtosis"], scale) / np.sqrt(SESSIONS_A_YEAR)
    is_open = days_among(days, sessions(venue, days[0], days[-1]))
    return np.where(is_open, moves - moves[is_open].mean(), 0.0)


def _group(p: Parameters, seed: int, name: str, calm: FloatArray) -> FloatArray:
    """(D,) a group's common moves, annual volatility one, its reaction to news within it."""
    number = p["groups"][name].get("stream", f"group {name}")
    moves = shocks(stream(seed, number), p["group_kurtosis"], calm) / np.sqrt(WEEKDAYS_A_YEAR)
    jumps = _reaction(p["reactions"][name], seed, name) if name in p["reactions"] else np.zeros(calm.size)
    # Reactions take their variance from the group's, so that names keep their measured volatility.
    left = max(0.0, 1.0 - float(np.mean(jumps**2)) * WEEKDAYS_A_YEAR)
    return np.asarray(moves * np.sqrt(left) + jumps)


def _reaction(row: Parameters, seed: int, name: str) -> FloatArray:
    """(D,) what news adds to its group, from the first weekday after each date."""
    days, rng = weekdays(), stream(seed, row.get("stream", f"reaction {name}"))
    jumps = np.zeros(days.size)
    for sign, dates in ((1, row["up"]), (-1, row["down"])):
        for event in dates:
            size = (sign * row["mean"] + row["noise"] * rng.standard_normal()) / row["reference"]
            after = int(np.searchsorted(days, day_of(event), side="right"))
            share = np.array(row["split"])[: days.size - after]
            jumps[after : after + share.size] += share * size
    return jumps
