"""What a thesis tells the sample market: how its names behave, and what befalls them. All of it is SIMULATED."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict, final

from positioning.errors import BadInputError, did_you_mean
from positioning.files import MOST_TOML, read_bounded, read_toml
from positioning.json_text import converted

MOMENTS = ("price", "spy", "hsi", "idio", "kurtosis", "yield", "volume")
"""Of a name, see `SampleFacts`."""

_Name = TypedDict(
    "_Name",
    {
        "like": str, "group": str, "first": date, "price": float, "spy": float, "hsi": float, "idio": float,
        "kurtosis": float, "yield": float, "volume": float,
    },
    total=False,
)  # fmt: skip


class _Group(TypedDict, total=False):
    share: float
    stream: int


class _Reaction(TypedDict, total=False):
    up: list[date]
    down: list[date]
    reference: float
    mean: float
    noise: float
    split: list[float]
    stream: int


class _Jump(TypedDict, total=False):
    date: date
    size: float


class _Split(TypedDict, total=False):
    date: date
    ratio: int


class _Stop(TypedDict, total=False):
    date: date
    flat: int
    missing: int


class _Offer(TypedDict, total=False):
    date: date
    last: date
    premium: float


class _Driver(TypedDict, total=False):
    noise: float
    lag_days: int
    shape: list[tuple[str, float]]


Tables = Mapping[str, Mapping[str, Mapping[str, Any]]]

_KINDS: Mapping[str, Any] = {
    "names": _Name, "groups": _Group, "reactions": _Reaction, "jumps": _Jump, "splits": _Split, "stops": _Stop,
    "offers": _Offer, "drivers": _Driver,
}  # fmt: skip
_OPTIONAL = {"names": set(_Name.__annotations__), "groups": {"stream"}, "reactions": {"stream"}}
_BOUNDS = {  # least and most of a number
    "price": (1e-9, 1e9), "volume": (1.0, 1e15), "reference": (1e-9, 10.0), "ratio": (1, 10_000), "noise": (0.0, 10.0),
    "idio": (0.0, 10.0), "yield": (0.0, 1.0), "share": (0.0, 1.0), "flat": (0, 100_000), "missing": (0, 100_000),
    "lag_days": (0, 3660), "spy": (-10.0, 10.0), "hsi": (-10.0, 10.0), "kurtosis": (-2.0, 1000.0),
    "size": (-10.0, 10.0), "mean": (-1.0, 1.0), "premium": (-0.99, 100.0), "stream": (0, 2**32 - 1),
}  # fmt: skip


@final
@dataclass(frozen=True)
class SampleFacts:
    """Tables that stand beside those of the engine's sample.toml, under the name of a symbol or a group:

    names      moments of a name: group, price (at the start), spy and hsi (betas), idio (annual volatility of its own),
               kurtosis (in excess of 3), yield (a year), volume; or like, another name, and what differs from it
    groups     share: of the variance of its names' own moves that they have in common
    reactions  of a group to news: up and down (the dates), mean and noise (of the logarithmic move of a name whose
               volatility owed to the group is reference), split (over the sessions after the date)
    jumps      date and size (logarithmic) of a name's single move
    splits     date and ratio (new shares for one old)
    stops      date, flat (sessions without volume), missing (sessions without a bar)
    offers     date, last (session), premium: the price closes in on the instrument's exit price
    drivers    noise, lag_days (after a month's end) and shape (pairs of month and value) of a monthly series

    text: of the file, "" for none. Raises BadInputError naming the table and the key.
    """

    text: str = ""

    def __post_init__(self) -> None:
        for table, rows in self.tables.items():
            for name, row in rows.items():
                _check(table, name, row)

    @property
    def tables(self) -> Tables:
        """By table, then by name."""
        return _tables(self.text)


def read_sample_facts(path: Path) -> SampleFacts:
    """The facts of a file. Raises BadInputError naming the file, the table and the key."""
    read_toml(path)  # says what is wrong with a file that is none
    try:
        return SampleFacts(read_bounded(path, MOST_TOML).decode("utf-8-sig"))
    except BadInputError as error:
        raise BadInputError(f"{path}: {error.seen}", error.wanted, error.remedy) from None


@lru_cache(maxsize=8)
def _tables(text: str) -> Tables:
    tables = tomllib.loads(text)
    for table, rows in tables.items():
        if table not in _KINDS:
            raise BadInputError(
                f"table {table!r}", "wanted one of its tables", did_you_mean(table, [*_KINDS])
            )
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise BadInputError(f"{table}", "wanted a table of tables", f"write [{table}.NAME]")
    return MappingProxyType(tables)


def _check(table: str, name: str, row: Mapping[str, Any]) -> None:
    place, kind = f"{table}.{name}", _KINDS[table]
    for key in row:
        if key not in kind.__annotations__:
            raise BadInputError(
                f"{place}.{key}", "wanted one of its keys", did_you_mean(key, [*kind.__annotations__])
            )
    if lacks := [k for k in kind.__annotations__ if k not in row and k not in _OPTIONAL.get(table, ())]:
        raise BadInputError(f"{place} has no {lacks[0]}", "wanted all of its keys", f"add {lacks[0]} = ...")
    try:
        converted(row, kind)
    except ValueError as error:
        raise BadInputError(f"{place}: {error}", "wanted a value of that kind", "correct it") from None
    for key, value in row.items():
        least, most = _BOUNDS.get(key, (-math.inf, math.inf))
        if isinstance(value, int | float) and not least <= value <= most:
            raise BadInputError(f"{place}.{key} = {value}", f"wanted {least:g} to {most:g}", "correct it")
    if table == "drivers":
        _check_shape(place, row["shape"])


def _check_shape(place: str, shape: list[tuple[str, float]]) -> None:
    months = [month for month, _ in shape]
    dated = all(re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", month) for month in months)
    rising = months == sorted(set(months)) and len(months) > 1
    if not (dated and rising and all(0 < value < math.inf for _, value in shape)):
        raise BadInputError(
            f"{place}.shape", "wanted two months or more, in order, with values above zero",
            'write shape = [["2018-01", 215.0], ["2025-12", 355.0]]',
        )  # fmt: skip


NO_FACTS = SampleFacts()
