"""The console script: positioning COMMAND ..."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, final

import typer
from typer.core import TyperGroup

from positioning import __version__
from positioning.cli.command import OneLine
from positioning.cli.commands import COMMANDS
from positioning.errors import did_you_mean


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

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As typer's, with a word for one that is near."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            usage_error: Any = typer.BadParameter.__base__  # as in `one_line_usage`
            raise usage_error(f"no command {args[0]}; {did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(flag: bool) -> None:
    if flag:
        print(f"positioning {__version__}")
        raise typer.Exit


@app.callback()
def positioning(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Backtests for geopolitical portfolio positions. `positioning COMMAND -h` tells the options of each."""
