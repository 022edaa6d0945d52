"""How every command ends: errors made one line, progress on standard error."""

from __future__ import annotations

import _thread
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, final

import typer
from typer.core import TyperCommand

from positioning.cli.command_words import in_option_words
from positioning.cli.config import config_option
from positioning.cli.starting import INTERRUPTED, STOPPED
from positioning.cli.terminal import wrapped
from positioning.errors import DisagreementError, PositioningError, one_line, shortened

MOST_LEFT_OUT = 5
RESUMES = "{}: the same command with --resume goes on from there"
BAD_INPUT = 2  # exit status
DISAGREES = 4  # a number of ours is another when it is worked out again
PIPE_CLOSED = 141  # as of a program that SIGPIPE ended
_signals: list[int] = []  # that came since the command began

USAGE_ERROR: Any = typer.BadParameter.__base__  # typer does not name it, and may bring its own click

if TYPE_CHECKING:
    _Base = TyperCommand  # it stands before any command of typer's, a group too
else:
    _Base = object


@contextmanager
def ending() -> Iterator[None]:
    """Ctrl-C is a line and its status; a reader that has seen enough is no error, and never status 1."""
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(PIPE_CLOSED) from None
    except (typer.Exit, typer.Abort, USAGE_ERROR):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(_stopped()) from None
    except Exception:
        if not _signals:
            raise
        # What compiled code makes of a Ctrl-C: numba says that a part of it failed to import.
        raise typer.Exit(_stopped()) from None


class OneLine(_Base):
    """What a command and the group of them have in common: usage errors (an unknown option, a word for a number) are one
    line and status 2, Ctrl-C and a reader that goes away end quietly."""

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


@final
class Command(OneLine, TyperCommand):
    """A command, with `-h` and `--config`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        self.params.append(config_option())

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer's; an option without a value, as a script leaves it whose variable is not set, is refused: as a
        place it would be the folder one stands in."""
        rest: list[str] = super().parse_args(ctx, args)
        parameter: Any
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            empty = value == "" or (isinstance(value, list | tuple) and "" in value)
            if empty and parameter.default != "":
                raise typer.BadParameter("it is empty", ctx, parameter)
        return rest


@contextmanager
def one_line_usage() -> Iterator[None]:
    """What is around every command: words typed wrongly, Ctrl-C, SIGTERM and a standard output that cannot be written
    end the program with one line, or none, and a status that says so."""
    begin()
    status: Any = 0
    try:
        yield
    except SystemExit as ended:
        status = ended.code
    except USAGE_ERROR as error:
        status = _ended(
            f"{one_line(error.format_message()).rstrip('.')}; --help lists the options", BAD_INPUT
        )
    except (KeyboardInterrupt, typer.Abort):
        status = _stopped()
    except OSError as error:  # of standard output; the others have been told by one_line_errors
        status = _ended(_system_error(error), BAD_INPUT)
    _leave(status)


def begin() -> None:
    """SIGTERM is Ctrl-C; what standard output cannot show is written as escapes."""
    if threading.current_thread() is threading.main_thread():
        _signals.clear()
        signal.signal(signal.SIGINT, _interrupted)
        signal.signal(signal.SIGTERM, _interrupted)
        sys.unraisablehook = _unraisable
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    _signals.append(number)
    raise KeyboardInterrupt


def _interrupt() -> None:
    """Ctrl-C of the main thread, which wakes it where it waits."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _unraisable(hook_args: Any) -> None:
    """An error that nobody could be told of. Where compiled code called back, or an object was given up, a Ctrl-C is such
    a one: it is raised again a moment later. After it, they are of what it left half made, and are none of the reader's
    concern: llvmlite's engines, for one, cannot be given up where it came while they began."""
    if hook_args.exc_type is KeyboardInterrupt:
        again = threading.Timer(0.05, _interrupt)
        again.daemon = True
        again.start()
    elif not _signals:
        sys.__unraisablehook__(hook_args)


def _leave(status: Any) -> NoReturn:
    """Exit, with a standard output that cannot be written set aside, so that the interpreter does not try again."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or BAD_INPUT
    if sys.stdout is sys.__stdout__:
        if status == INTERRUPTED:
            _end_at_once()
        _ignore_signals()  # all is said: a late Ctrl-C, in the interpreter's own ending, would take the status with it
    sys.exit(status)


def _end_at_once() -> NoReturn:
    """Without the interpreter's own ending, in which a Ctrl-C that was answered may still kill (CPython 3.11 ended one in
    four by the signal). Drafts and files are put away by then; processes begun here are not left behind."""
    if "multiprocessing" in sys.modules:
        for child in sys.modules["multiprocessing"].active_children():
            child.terminate()
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(INTERRUPTED)


def _ignore_signals() -> None:
    with suppress(ValueError):  # another thread than the main one may not
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _ended(words: str, status: int) -> int:
    line = f"error: {words}"
    with suppress(OSError, ValueError):
        # Before a person's eyes between words, else in one line, which a program reads.
        print("\n".join(wrapped(line)) if sys.stderr.isatty() else line, file=sys.stderr)
    return status


def _stopped(words: str = STOPPED) -> int:
    _ignore_signals()  # a second Ctrl-C does no more than the first
    with suppress(OSError, ValueError):
        print(words, file=sys.stderr)
    return INTERRUPTED


def _system_error(error: OSError) -> str:
    """What the system said, of which file, and what helps with that."""
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
        return one_line(
            f"standard output cannot be written ({error.strerror}); wanted room for the answer; send it elsewhere"
        )
    if not isinstance(error.filename, str | bytes):
        return one_line(
            f"a file cannot be read or written ({error.strerror or error}); wanted it whole; "
            "check the space left, and the limits on the size and number of files"
        )
    return one_line(
        f"{error.strerror or error} ({shortened(os.fsdecode(error.filename))}); wanted to read or write there; "
        "check the path, its permissions and the space left"
    )


def new_app() -> typer.Typer:
    """For one command; shell completion is the console script's."""
    return typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """A PositioningError, an unwritable place, an error in a strategy's own code, and Ctrl-C end the program with one
    line; status 2, 4 where the program contradicts itself, and 130 for the last."""
    try:
        yield
    except PositioningError as error:
        status = DISAGREES if isinstance(error, DisagreementError) else BAD_INPUT
        raise typer.Exit(_ended(in_option_words(error), status)) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise typer.Exit(_ended(_system_error(error), BAD_INPUT)) from None
    except UnicodeDecodeError as error:
        words = f"a file that was given is not text ({error.reason}); wanted a UTF-8 CSV file; save it again as CSV"
        raise typer.Exit(_ended(words, BAD_INPUT)) from None
    except MemoryError:
        words = "there is not enough memory; wanted as much as the question takes; ask for less at once"
        raise typer.Exit(_ended(words, BAD_INPUT)) from None
    except Exception as error:
        from positioning.strategy.from_file import blamed

        blame = blamed(error)
        if blame is None:
            raise
        raise typer.Exit(_ended(str(blame), BAD_INPUT)) from None
    except KeyboardInterrupt as error:  # with words where a search keeps what it has
        raise typer.Exit(_stopped(RESUMES.format(error) if error.args else STOPPED)) from None


def say_left_out(lines: Sequence[str]) -> None:
    """On standard error, at most MOST_LEFT_OUT lines."""
    for line in lines[:MOST_LEFT_OUT]:
        print(line, file=sys.stderr)
    if len(lines) > MOST_LEFT_OUT:
        print(f"left out: {len(lines) - MOST_LEFT_OUT} more", file=sys.stderr)
