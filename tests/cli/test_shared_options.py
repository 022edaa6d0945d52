"""An option that several commands have means the same in all of them: it is declared once."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from typing import Any

import typer

from positioning.cli.commands import COMMANDS

# Options whose default differs by what a command reads; the rest of their meaning is declared once.
DEFAULTS_DIFFER = {"start", "end"}
# One word, two uses: a switch of `fetch` and of `events` that reads and changes nothing.
APART = {"check"}


def options() -> dict[str, dict[str, Any]]:
    """By option and command."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, module in COMMANDS.items():
        command = typer.main.get_command(import_module(f"positioning.cli.{module}").app)
        for p in command.params:
            if p.param_type_name == "option" and p.name not in ("help", "config"):
                word = next(o for o in p.opts if o.startswith("--")).removeprefix("--")
                found[word][name] = p
    return found


def test_one_option_has_one_meaning_in_all_commands() -> None:
    for word, by_command in options().items():
        first, *others = by_command.values()
        for p in others if word not in APART else ():
            assert p.opts == first.opts
            assert p.metavar == first.metavar, word
            assert (p.multiple, p.is_flag, p.min, p.max) == (
                first.multiple,
                first.is_flag,
                first.min,
                first.max,
            ), word
            if word not in DEFAULTS_DIFFER:
                assert p.help == first.help, (word, list(by_command))
                assert (p.default or None) == (first.default or None), (word, list(by_command))


def test_what_a_record_and_its_draws_depend_on_is_an_option_of_every_command_that_asks_them() -> None:
    have = options()
    for word in (
        "data",
        "thesis",
        "events",
        "restrictions",
        "seed",
        "cache",
        "accept",
        "basis",
        "set",
        "start",
        "end",
    ):
        wanted = {"run", "grid-search", "event-study", "stress", "check"}
        assert wanted <= set(have[word]), word
    for word in ("screen", "screen-file", "decisions", "investor", "fees", "fill", "cash", "mark"):
        assert {"run", "grid-search", "stress", "check", "today"} <= set(have[word]), word
    for word in ("out", "json"):
        assert {
            "run",
            "grid-search",
            "event-study",
            "stress",
            "compare",
            "verify",
            "events",
            "screen",
        } <= set(have[word])
