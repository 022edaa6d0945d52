"""How every command ends: errors made one line, progress on standard error."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import typer
from typer.core import TyperCommand

from positioning.errors import PositioningError

MOST_LEFT_OUT = 5
SCRIPT = "positioning"  # the console script


@final
class Command(TyperCommand):
    """A command whose usage errors (an unknown option, a word for a number) are one line and status 2 too."""

    def __init__(self, *args: Any, **known: Any) -> None:
        super().__init__(*args, **known)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])

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


@contextmanager
def one_line_usage() -> Iterator[None]:
    """What was typed wrongly ends the program with one line and status 2."""
    usage_error: Any = typer.BadParameter.__base__  # typer does not name it, and may bring its own click
    try:
        yield
    except usage_error as error:
        print(f"error: {' '.join(error.format_message().split())}; --help lists the options", file=sys.stderr)
        sys.exit(2)


def new_app() -> typer.Typer:
    """For one command; shell completion is the console script's."""
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def words_for(command: str) -> list[str]:
    """How a command is begun the way this process was: by the console script, or by the scripts in backtests/."""
    if Path(sys.argv[0]).stem == SCRIPT:
        return [SCRIPT, command.replace("_", "-")]
    return ["python", "-m", f"backtests.{command}"]


def typed(command: str) -> str:
    """The command line of this process, to be typed again."""
    words = words_for(command)
    return shlex.join([*words, *sys.argv[2 if words[0] == SCRIPT else 1 :]])


@contextmanager
def one_line_errors() -> Iterator[None]:
    """A PositioningError, an unwritable place, an error in a strategy's own code, and Ctrl-C end the program with one
    line; status 2, and 130 for the last."""
    try:
        yield
    except PositioningError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(f"error: {error.strerror or error}{place}; wanted to read or write there; "
              "check the path, its permissions and the space left", file=sys.stderr)  # fmt: skip
        raise typer.Exit(2) from None
    except UnicodeDecodeError as error:
        print(f"error: a file that was given is not text ({error.reason}); wanted a UTF-8 CSV file; "
              "save it again as CSV", file=sys.stderr)  # fmt: skip
        raise typer.Exit(2) from None
    except Exception as error:
        from positioning.strategy.from_file import blamed

        told = blamed(error)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print("stopped; nothing half-written is left", file=sys.stderr)
        raise typer.Exit(130) from None


def say_left_out(lines: Sequence[str]) -> None:
    """On standard error, at most MOST_LEFT_OUT lines."""
    for line in lines[:MOST_LEFT_OUT]:
        print(line, file=sys.stderr)
    if len(lines) > MOST_LEFT_OUT:
        print(f"left out: {len(lines) - MOST_LEFT_OUT} more", file=sys.stderr)
