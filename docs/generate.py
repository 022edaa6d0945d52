"""Write the reference from the code: python docs/generate.py

Every option of every command, every public name and every column of the tables that users write and read. A test holds
the pages to the code, so that none of them can be forgotten.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import typer

import positioning
from positioning.cli.commands import COMMANDS

PLACE = Path(__file__).parent / "reference"


def commands() -> dict[str, Any]:
    """The click command of each, by its module's name."""
    return {
        module: typer.main.get_command(import_module(f"positioning.cli.{module}").app)
        for module in sorted(COMMANDS.values())
    }


def commands_page() -> str:
    """A table of options a command."""
    lines = [
        "# Commands", "",
        "`positioning NAME`, which is `python -m backtests.NAME` in a checkout, with `_` for `-`. Exit status 0: done; "
        "1: done, and "
        "the answer is no (a run that is not the same, a strategy that knew tomorrow, symbols that could not be had); "
        "2: bad input, one line on standard error; 3: prices too old; 4: the program found that it contradicts itself; "
        "130: stopped.", "",
    ]  # fmt: skip
    names = {module: name for name, module in COMMANDS.items()}
    for module, command in commands().items():
        lines += [
            f"## {names[module]}",
            "",
            _text(command.help or ""),
            "",
            "| option | default | meaning |",
            "| --- | --- | --- |",
        ]
        lines += [_option(p) for p in command.params if p.name != "help"]
        lines.append("")
    return "\n".join(lines)


def _option(p: Any) -> str:
    names = (
        ", ".join(f"`{o}`" for o in p.opts)
        if p.param_type_name == "option"
        else f"`{p.metavar or p.name.upper()}`"
    )
    default = p.default() if callable(p.default) else p.default
    default_cell = "" if default in (None, (), [], False) else f"`{default}`"
    return f"| {names} | {default_cell} | {_text(getattr(p, 'help', '') or '')} |"


def _text(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip().replace("|", "\\|")


def api_page() -> str:
    """Each public name with its signature and its docstring."""
    lines = ["# Python", "", "All of these are imported from `positioning`.", ""]
    for name in positioning.__all__:
        value = getattr(positioning, name)
        if name == "__version__":
            continue
        lines += [f"## {name}", "", f"From `{value.__module__}`.", "", "```text", _signature(name, value), "```", "",
                  inspect.cleandoc(value.__doc__ or ""), ""]  # fmt: skip
        lines += [line for method in _methods(value) for line in method]
    return "\n".join(lines)


def _signature(name: str, value: Any) -> str:
    """As it is called: without what Python passes itself."""
    text = re.sub(r"^\((?:self|cls)(?:, (?:/, )?)?", "(", str(inspect.signature(value)))
    text = re.sub(r"(: |-> )'([^']+)'", r"\1\2", text)  # annotations are kept as text
    return f"{name}{re.sub(r'<factory>|<function .*? at 0x[0-9a-f]+>', '...', text)}"


def _methods(value: Any) -> Iterator[list[str]]:
    if not inspect.isclass(value):
        return
    for name, member in vars(value).items():
        target = (
            member.func
            if hasattr(member, "func")
            else member.fget
            if isinstance(member, property)
            else member
        )
        target = getattr(target, "__func__", target)
        if name.startswith("_") or not callable(target) or not target.__doc__:
            continue
        value_of = isinstance(member, property) or hasattr(member, "func")
        yield [f"- `{name if value_of else _signature(name, target)}`: {_text(target.__doc__)}"]
    yield [""]


def tables() -> Mapping[str, tuple[str, Sequence[str], Mapping[str, Sequence[str]]]]:
    """By file: what a row is, its columns, and the permitted words of those that have a list."""
    event_file = import_module("positioning.events.event_file")
    restriction = import_module("positioning.events.restriction")
    fees = import_module("positioning.simulation.fees")
    instruments = import_module("positioning.market.instruments")
    return {
        "restrictions.csv": (
            "A bar on one symbol.", restriction._COLUMNS,
            {"kind": get_args(restriction.RestrictionKind), "screen": tuple(restriction.SCREENS)},
        ),
        "events.csv": (
            "A piece of news; beside these, `sign_SLEEVE` for each sleeve of the thesis: -1, 0 or 1.",
            event_file._COLUMNS, {"confidence": get_args(event_file.Confidence)},
        ),
        "instruments.csv of a thesis": (
            "A symbol that the engine has not on record; beside these, where there are any, "
            f"{', '.join(f'`{c}`' for c in instruments._COLUMNS if c not in instruments.OWN_COLUMNS)}.",
            instruments.OWN_COLUMNS, {"kind": get_args(instruments.Kind)},
        ),
        "fees.csv": ("A rate from one date on.", fees._COLUMNS, {"fee": fees.FEES, **fees._CHOICES}),
    }  # fmt: skip


MEANING = {
    "symbol": "as Yahoo writes it",
    "announced": "the day it was public, known at 24:00 UTC of it, or an instant with its zone (2024-06-24T14:30+02:00)",
    "effective": "the day from which it holds, empty: when it was announced; a `no_buy` always holds from then",
    "ground": "what it rests on, one of the record's or your own words; a lifting names the ground that it lifts",
    "recovery": "of a delisting: the price a share, empty for the last",
    "reason": "in words, for the page", "source": "the document, so that another can look it up",
    "severity": "1 (noise) to 5 (change of regime)", "themes": "parted by semicolons", "id": "once in the file",
    "title": "what happened", "issuer": "who did it", "instrument": "the act: a ban, a list, a truce",
    "direction": "one of those of thesis.toml", "confidence": "events of low confidence move no decision",
    "follows": "the event whose news this one only puts into force, empty where it is news itself",
    "name": "of the company or fund",
    "venue": "ISO 10383 code of the exchange; of fees also `*` for all", "currency": "ISO 4217; pence are GBP",
    "kind": "what it is", "incorporated": "ISO 3166 country of incorporation", "fee": "what is charged",
    "side": "of the trade; short: while it is held", "bps": "hundredths of a per cent of the value, a year for borrow",
    "start": "from which day on",
}  # fmt: skip
"""What a column holds, where its table says no more."""


def tables_page() -> str:
    """Columns, what they hold, and permitted words."""
    lines = ["# Tables", "", "CSV in UTF-8, a header, one row a fact, each with its source.", ""]
    for name, (row, columns, words) in tables().items():
        lines += [f"## {name}", "", row, "", "| column | holds | permitted |", "| --- | --- | --- |"]
        lines += [
            f"| `{c}` | {MEANING[c]} | {', '.join(f'`{w}`' for w in words.get(c, ()))} |" for c in columns
        ]
        lines.append("")
    saved = import_module("positioning.runs.saved_run")
    lines += ["## A kept run", "", "```text", inspect.cleandoc(saved.__doc__ or ""), "```", ""]
    return "\n".join(lines)


PAGES = {"commands.md": commands_page, "python.md": api_page, "tables.md": tables_page}


def main() -> None:
    """Write all of them."""
    PLACE.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (PLACE / name).write_text(make().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
