"""The console script: positioning COMMAND ..."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, final

import typer
from typer.core import TyperGroup

from positioning.cli.command import ending, one_line_usage
from positioning.cli.commands import COMMANDS


@final
class Commands(TyperGroup):
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

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """As typer's; without its box."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        with one_line_usage():
            sys.exit(super().main(args, prog_name, complete_var, False, windows_expand_args, **extra))

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """As typer's, which would end on Ctrl-C without a word."""
        with ending():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """As typer invokes it, with errors on one line."""
        with ending():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"positioning {version('positioning')}")
        raise typer.Exit


@app.callback()
def positioning(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Backtests for geopolitical portfolio positions. `positioning COMMAND -h` tells the options of each."""
