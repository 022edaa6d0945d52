"""Strategies by name, their parameters set from text."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    from positioning.strategy.strategy import Strategy


def listed() -> dict[str, type[Strategy]]:
    """The strategies of the `strategies` package at hand by name, those of a run without names first."""
    package = import_module("strategies")
    return {p.name: p for p in (*package.STRATEGIES, *package.CONTROLS)}


def standard() -> dict[str, type[Strategy]]:
    """Those that a run without names means."""
    return {p.name: p for p in import_module("strategies").STRATEGIES}


def strategies_of(names: Sequence[str], settings: Sequence[str]) -> list[Strategy]:
    """The named strategies (all when none is named) with `name=value` or `STRATEGY.name=value` applied.

    Raises BadInputError for an unknown strategy, for a parameter none of them has, and for a bad value.
    """
    known = listed()
    for name in names:
        if name not in known:
            raise BadInputError(f"no strategy {name}", "wanted one of the list", did_you_mean(name, known))
    chosen = {name: known[name]() for name in dict.fromkeys(names or standard())}
    wanted: dict[str, dict[str, str]] = {name: {} for name in chosen}
    for text in settings:
        key, equals, value = text.partition("=")
        owner, dot, parameter = key.partition(".")
        if not equals or not key:
            raise BadInputError(
                f"--set {text}", "wanted name=value or STRATEGY.name=value", "type --set half_life=10"
            )
        if dot and owner not in chosen:
            raise BadInputError(
                f"--set {text}",
                f"wanted a strategy of this run before the dot, not {owner}",
                did_you_mean(owner, chosen),
            )
        for name in [owner] if dot else _having(key, chosen):
            wanted[name][parameter if dot else key] = value
    return [strategy.configured(wanted[name]) for name, strategy in chosen.items()]


def _having(parameter: str, chosen: dict[str, Strategy]) -> list[str]:
    having = [name for name, p in chosen.items() if parameter in p.parameters()]
    if not having:
        every = sorted({q for p in chosen.values() for q in p.parameters()})
        raise BadInputError(
            f"no strategy of this run has a parameter {parameter}",
            "wanted one of their fields",
            did_you_mean(parameter, every),
        )
    return having
