"""Options from a TOML file: what a study was asked, written and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from positioning.cli.commands import COMMANDS
from positioning.errors import BadInputError, did_you_mean
from positioning.files import read_toml

HOW = frozenset({
    "out", "json", "csv", "verbose", "quiet", "log", "config", "help", "workers", "dask", "resume", "markdown",
})  # fmt: skip
"""Options that no number depends on."""


def config_option() -> Any:
    """`--config FILE` as the parameter that every command has."""

    def holder(
        config: Annotated[
            str | None,
            typer.Option(
                metavar="FILE", callback=_use, is_eager=True, expose_value=False,
                help="A TOML file with any of these options; what is typed wins.",
            ),
        ] = None,
    ) -> None: ...  # fmt: skip

    app = typer.Typer(add_completion=False)
    app.command()(holder)
    return typer.main.get_command(app).params[0]


def _use(ctx: typer.Context, value: str | None) -> None:
    """The options of the file as the defaults of this command."""
    if value is None or ctx.resilient_parsing:
        return
    places = {_word(p): p for p in ctx.command.params}
    defaults: dict[str, Any] = {}
    for key, entry in _options(Path(value), ctx.command.name or "").items():
        parameter = places.get(key.replace("_", "-"))
        if parameter is None or key == "config":
            near = did_you_mean(key, places)
            raise typer.BadParameter(f"{value} has {key}, which is no option of this command; {near}")
        defaults[parameter.name] = _typed(entry, f"{value}: {key}", parameter)
    ctx.default_map = {**(ctx.default_map or {}), **defaults}


def _word(parameter: Any) -> str:
    """The name of an option without its dashes, or of an argument."""
    long = [o for o in getattr(parameter, "opts", ()) if o.startswith("--")]
    return long[0].removeprefix("--") if long else str(parameter.name).replace("_", "-")


def _options(path: Path, command: str) -> dict[str, Any]:
    """Keys of the file that this command is meant by: those above all tables, and those of its own table.

    Tables that bear the names of other commands are left out. Raises BadParameter for what is no TOML file.
    """
    try:
        entries = read_toml(path)
    except BadInputError as error:
        raise typer.BadParameter(str(error)) from None
    own = {k: v for k, v in entries.items() if not (isinstance(v, dict) and k.replace("_", "-") in COMMANDS)}
    for key, table in entries.items():
        if isinstance(table, dict) and key.replace("_", "-") == command.replace("_", "-"):
            own |= table
    return own


def _typed(entry: Any, where: str, parameter: Any) -> Any:
    """As it would have been typed: a table is NAME=VALUE, a list an option given often."""
    many = bool(getattr(parameter, "multiple", False)) or getattr(parameter, "nargs", 1) == -1
    if isinstance(entry, dict):
        entry = [f"{name}={','.join(map(str, v)) if isinstance(v, list) else v}" for name, v in entry.items()]
    if isinstance(entry, list) != many:
        raise typer.BadParameter(
            f"{where} is {'not ' if many else ''}a list; wanted {'one' if many else 'one value'}"
        )
    if isinstance(entry, list):
        return [str(v) for v in entry]
    return entry if isinstance(entry, bool) else str(entry)


def study_text(words: Mapping[str, Any], usual: Mapping[str, Any], options: Mapping[str, str]) -> str:
    """The file that repeats a run: its request in words, but for what is usual; options: their names by field."""
    entries = {"strategies": [words["strategy"]]}
    for field, option in options.items():
        value, plain = words.get(field), usual[field]
        plain = list(plain) if isinstance(plain, tuple) else plain
        if value is not None and value != plain:
            entries[option] = value
    return _file("run", entries)


def answer_text(ctx: typer.Context, **named: Any) -> str:
    """The file that repeats what this command was asked: its options, but for what is usual and for HOW; paths
    absolute. named: arguments in words that mean the same wherever one stands."""
    command = (ctx.command.name or "").replace("_", "-")
    entries = dict(named)
    for p in ctx.command.params:
        word, value = _word(p), ctx.params.get(str(p.name))
        value = list(value) if isinstance(value, tuple) else value
        if word not in HOW and p.name not in named and (value or None) != (p.get_default(ctx) or None):
            entries[word] = [absolute(v) for v in value] if isinstance(value, list) else absolute(value)
    return _file(command, entries)


def absolute(word: Any) -> Any:
    """The word, where it is a file or a folder that is there by its absolute path; behind `folder:`, too."""
    if not isinstance(word, str):
        return word
    kind, colon, place = word.partition(":")
    if colon and kind == "folder":
        return f"folder:{Path(place).resolve()}"
    with suppress(OSError, ValueError):  # no name that a file can have
        return str(Path(word).resolve()) if word and Path(word).exists() else word
    return word


def _file(command: str, entries: Mapping[str, Any]) -> str:
    """TOML; what is between quotes in JSON is in TOML."""
    lines = [f"# Repeats this answer: positioning {command} --config study.toml"]
    return (
        "\n".join([*lines, *(f"{option} = {json.dumps(value)}" for option, value in entries.items())]) + "\n"
    )
