"""How every command ends: errors made one line, progress on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import typer
from typer.core import TyperCommand

from positioning.errors import PositioningError

MOST_LEFT_OUT = 5


@final
class Command(TyperCommand):
    """A command whose usage errors (an unknown option, a word for a number) are one line and status 2 too."""

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
        usage_error: Any = typer.BadParameter.__base__  # typer does not name it, and may bring its own click
        try:
            sys.exit(super().main(args, prog_name, complete_var, False, windows_expand_args, **extra))
        except usage_error as error:
            print(
                f"error: {' '.join(error.format_message().split())}; --help lists the options",
                file=sys.stderr,
            )
            sys.exit(2)


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
