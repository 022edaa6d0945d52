"""The console script: positioning COMMAND ..."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, final

import typer
from typer.core import TyperGroup

from positioning import __version__
from positioning.cli.command import OneLine
from positioning.cli.commands import COMMANDS


@final
class Commands(OneLine, TyperGroup):
    """The commands, each imported alone; what was typed wrongly is one line, as theirs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the interface's
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        module = COMMANDS.get(cmd_name.replace("_", "-"))
        if module is None:
            return None
        command = typer.main.get_command(import_module(f"positioning.cli.{module}").app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"positioning {__version__}")
        raise typer.Exit


@app.callback()
def positioning(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Backtests for geopolitical portfolio positions. `positioning COMMAND -h` tells the options of each."""
