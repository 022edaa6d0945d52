"""Sets of scenarios read from the TOML files of a thesis, or of somebody else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from positioning.errors import BadInputError, did_you_mean, shortened
from positioning.events.thesis import Thesis
from positioning.files import read_toml
from positioning.scenarios.scenario import (
    MOST_MOVE,
    DriverPath,
    Scenario,
    ScenarioSet,
    Transmission,
    check_horizon,
)
from positioning.scenarios.shock import Shock

_KINDS = {"float": "a number", "int": "a whole number", "tuple": "a list of texts"}
_FORMS: Mapping[type, str] = {int: "a whole number out of range", list: "a list", dict: "a table"}
MOST_INTEGER = 10**9
LONGEST_NAME, LONGEST_TEXT = 80, 5_000  # characters
T = TypeVar("T")

BYSTANDERS = ("hedge", "benchmark")  # roles of names that a shock to their theme leaves alone


def read_scenarios(thesis: Thesis, name_or_path: str = "", horizon: int = 252) -> ScenarioSet:
    """A set of the thesis by its name ("" for the first by name), or a TOML file of the same form, with the thesis'
    symbols as members of each theme.

    Raises BadInputError for a thesis without scenarios, a file that cannot be read, an unknown or missing key, a
    value of the wrong kind, and what the values themselves refuse, naming file and table.
    """
    check_horizon(horizon)
    names = tuple(thesis.scenarios)
    if not name_or_path and not names:
        raise BadInputError(
            f"the thesis {thesis.name} has no scenarios",
            "wanted a file scenarios/NAME.toml in its folder: [[scenario]] tables with name, probability (together 1) "
            "and origin, in each any [[scenario.shock]] with target (market, theme:NAME or instrument:SYMBOL), jump, "
            "session and origin",
            "write one, or give name_or_path=FILE.toml", "name_or_path",
        )  # fmt: skip
    name = name_or_path or names[0]
    path = thesis.scenarios.get(name, Path(name))
    if not path.is_file():
        raise BadInputError(
            f"no scenarios {name!r}", f"wanted {', '.join((*names, 'a TOML file'))}",
            did_you_mean(name, names) if names else "check the path",
        )  # fmt: skip
    tables = read_toml(path)
    try:
        _check_keys(tables, ("scenario", "transmission"), "the file")
        transmissions = _all(tables, "transmission", lambda t: _from_table(Transmission, _aimed(t, thesis)))
        scenarios = _all(tables, "scenario", lambda t: _scenario(t, horizon, thesis))
        scenario_set = ScenarioSet(name if name in names else path.name, scenarios, transmissions)
        _check_moves(scenario_set)
        return scenario_set
    except BadInputError as error:
        raise BadInputError(f"{path.name}: {error.seen}", error.wanted, error.remedy) from None


def _check_moves(scenario_set: ScenarioSet) -> None:
    """No name may be moved more than a thousandfold."""
    for s in scenario_set.scenarios:
        moves = {d.name: d.move for d in s.drivers}
        for t in scenario_set.transmissions:
            if abs(t.beta * moves.get(t.driver, 0.0)) > MOST_MOVE:
                raise BadInputError(
                    f"driver {t.driver} of scenario {s.name} moves {t.target} by a factor of "
                    f"exp({t.beta * moves[t.driver]:.3g})",
                    "wanted a thousandfold at most", "correct the beta or the driver",
                )  # fmt: skip


def _aimed(table: Mapping[str, Any], thesis: Thesis) -> Mapping[str, Any]:
    """With the thesis' symbols where the target is a theme and the file names none. Hedges, benchmarks and Western peers
    carry the theme as a tag and do not share its fate: they are hit where an instrument: names them. An instrument of
    the thesis' own is known by it, held or not."""
    kind, _, theme = str(table.get("target", "")).partition(":")
    if kind == "instrument" and any(i.symbol == theme for i in thesis.instruments.own):
        return {**table, "members": (theme,)}
    if kind != "theme" or "members" in table:
        return table
    members = tuple(s for s in thesis.members(theme) if thesis.universe[s].role not in BYSTANDERS)
    if not members:
        themes = tuple(dict.fromkeys(c.theme for c in thesis.universe.values() if c.theme))
        raise BadInputError(
            f"theme {theme!r} has no symbol", f"wanted one of the universe of {thesis.name}",
            did_you_mean(theme, themes) if themes else "give the thesis a universe.csv, or write members = [...]",
        )  # fmt: skip
    return {**table, "members": members}


def _scenario(table: Mapping[str, Any], horizon: int, thesis: Thesis) -> Scenario:
    nested: dict[str, Any] = {
        "drivers": _all(table, "driver", lambda t: _from_table(DriverPath, t)),
        "shocks": _all(table, "shock", lambda t: _from_table(Shock, _aimed(t, thesis))),
    }
    plain = {k: v for k, v in table.items() if k not in ("driver", "shock")}
    return _from_table(Scenario, {"horizon": horizon, **plain, **nested})


def _all(tables: Mapping[str, Any], key: str, build: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    entries = tables.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(t, dict) for t in entries):
        raise BadInputError(f"{key} is no list of tables", f"wanted [[{key}]]", "double the brackets")
    return tuple(build(t) for t in entries)


def _from_table(kind: Callable[..., T], table: Mapping[str, Any]) -> T:
    types = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]  # always a dataclass here
    what = kind.__name__.lower()
    _check_keys(table, tuple(types), what)
    values = {k: _value(k, v, str(types[k])) for k, v in table.items()}
    try:
        return kind(**values)
    except TypeError:
        missing = [k for k in types if k not in table]
        raise BadInputError(f"{what} has {', '.join(table) or 'nothing'}", "wanted its required keys too",
                            f"add some of {', '.join(missing)}") from None  # fmt: skip


def _value(key: str, value: Any, kind: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind.startswith("float") and number:
        with suppress(OverflowError):
            return float(value)
    elif kind == "int" and number and isinstance(value, int) and abs(value) <= MOST_INTEGER:
        return value
    elif kind.startswith("tuple"):
        if isinstance(value, list | tuple) and (
            "str" not in kind or all(isinstance(v, str) and v.isprintable() for v in value)
        ):
            return tuple(value)
    elif kind != "int" and not kind.startswith("float") and isinstance(value, str):
        return _text(key, value)
    raise BadInputError(
        f"{key} = {shortened(_value_words(value))}",
        f"wanted {_KINDS.get(re.split(r'[^a-z]', kind)[0], 'a text')}",
        f"correct {key}",
    )


def _text(key: str, value: str) -> str:
    named = key in ("name", "driver", "target", "label")
    longest = LONGEST_NAME if named else LONGEST_TEXT
    plain = value.strip() if named else value.replace("\n", " ").replace("\t", " ")
    if len(plain) > longest or not plain.isprintable():
        raise BadInputError(
            f"{key} {shortened(value)!r}",
            f"wanted at most {longest} characters that can be printed{', in one line' * named}",
            f"correct {key}",
        )
    return plain if named else value


def _value_words(value: Any) -> str:
    """The value, or of what kind it is, where it has no short form."""
    if isinstance(value, str | float | bool | None) or (
        isinstance(value, int) and abs(value) <= MOST_INTEGER
    ):
        return repr(value)
    return _FORMS.get(type(value), f"a {type(value).__name__}")


def _check_keys(table: Mapping[str, Any], keys: Sequence[str], what: str) -> None:
    for key in table:
        if key not in keys:
            raise BadInputError(
                f"{what} has a key {key!r}", "wanted one of its keys", did_you_mean(key, keys)
            )
