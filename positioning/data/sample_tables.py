"""What the sample market is made from: sample.toml of the engine, and the tables of a thesis beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from positioning.arrays import DateArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import Instrument
from positioning.market.sample_facts import MOMENTS, SampleFacts

Parameters = Mapping[str, Any]


@lru_cache(maxsize=1)
def own_parameters() -> Parameters:
    """The tables of the engine alone."""
    with Path(__file__).with_name("sample.toml").open("rb") as file:
        return tomllib.load(file)


@lru_cache(maxsize=8)
def parameters(facts: SampleFacts) -> Parameters:
    """The engine's with the rows of a thesis, which stand in place of rows of their name.

    Raises BadInputError for a row that names another that is not there, and a name without all its moments.
    """
    own, added = own_parameters(), facts.tables
    joined = {**own, **{table: {**own.get(table, {}), **rows} for table, rows in added.items()}}
    for name in added.get("names", {}):
        _check_name(name, joined["names"], joined["groups"])
    for group in joined["reactions"]:
        _check_known(f"reactions.{group}", group, joined["groups"], "a group")
    return joined


def moments(p: Parameters, i: Instrument) -> Mapping[str, Any]:
    """The row of a name: its own, what it borrows, or the defaults of its region."""
    if i.symbol not in p["names"]:
        return dict(p["default"]["asia" if i.venue in p["asia"] else "elsewhere"])
    own = p["names"][i.symbol]
    return {**p["names"][own["like"]], **own} if "like" in own else dict(own)


def day_of(value: date) -> np.datetime64:
    """A date of a TOML table as datetime64[D]."""
    return np.datetime64(value, "D")


@lru_cache(maxsize=1)
def weekdays() -> DateArray:
    """(D,) every weekday of the sample market."""
    p = own_parameters()
    days: DateArray = np.arange(day_of(p["first"]), day_of(p["last"]) + 1)
    return days[np.is_busday(days)]


def _check_name(name: str, names: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
    row = names[name]
    if "like" in row:
        _check_known(
            f"names.{name}.like", row["like"], [n for n in names if "like" not in names[n]], "a name"
        )
    elif lacks := [key for key in (*MOMENTS, "group") if key not in row]:
        raise BadInputError(
            f"sample.toml: names.{name} has no {lacks[0]}",
            "wanted all moments, or a name that it is like",
            f"add {lacks[0]} = ..., or like = ...",
        )
    if "group" in row:
        _check_known(f"names.{name}.group", row["group"], groups, "a group")


def _check_known(place: str, word: str, names: Mapping[str, Any] | list[str], what: str) -> None:
    if word not in names:
        raise BadInputError(
            f"sample.toml: {place} {word!r}",
            f"wanted {what} with a row of its own",
            did_you_mean(word, [*names]),
        )
