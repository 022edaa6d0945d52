"""What the commands share: their options' texts made values, and errors made one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import typer
from typer.core import TyperCommand

from positioning.errors import BadInputError, PositioningError, did_you_mean

if TYPE_CHECKING:
    from rich.progress import Progress

    from positioning.market.coverage import Span
    from positioning.market.source import Source
    from positioning.strategy.strategy import Strategy


@final
class Command(TyperCommand):
    """A command whose usage errors (an unknown option, a word for a number) are one line and status 2 too."""

    def main(self, *args: Any, standalone_mode: bool = True, **rest: Any) -> Any:
        """As typer's; without its box."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **rest)
        usage_error: Any = typer.BadParameter.__base__  # typer does not name it, and may bring its own click
        try:
            sys.exit(super().main(*args, standalone_mode=False, **rest))
        except usage_error as error:
            print(
                f"error: {' '.join(error.format_message().split())}; --help lists the options",
                file=sys.stderr,
            )
            sys.exit(2)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """A PositioningError, an unwritable place or Ctrl-C end the program with one line; status 2, 2 and 130."""
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
    except KeyboardInterrupt:
        print("stopped; nothing half-written is left", file=sys.stderr)
        raise typer.Exit(130) from None


def span_of(start: str | None, end: str | None) -> Span:
    """The asked-for span. Raises BadInputError for what is not a date, or reversed."""
    from positioning.market.coverage import Span

    return Span(day_of("--start", start), day_of("--end", end))


def day_of(option: str, text: str | None) -> object:
    """The date, datetime64[D], or None. Raises BadInputError for what is not a date."""
    import numpy as np

    if text is None:
        return None
    try:
        return np.datetime64(date.fromisoformat(text), "D")
    except ValueError:
        raise BadInputError(
            f"{option} {text}", "wanted a date such as 2021-06-30", f"type {option} 2021-06-30"
        ) from None


def source_of(text: str, cache: Path = Path("data_cache")) -> Source:
    """`sample`, `folder:DIR`, `yahoo` (what is stored in the cache) or `snapshot:NAME`.

    Raises BadInputError for anything else, DataMissingError where the store is empty.
    """
    kind, _, place = text.partition(":")
    if kind == "sample" and not place:
        from positioning.data.sample import SampleSource

        return SampleSource()
    if kind == "folder" and place:
        from positioning.data.folder import FolderSource

        return FolderSource(Path(place))
    if (kind == "yahoo" and not place) or (kind == "snapshot" and place):
        from positioning.data.cache_source import StoreSource

        return StoreSource(cache, place)
    kinds = ["sample", "folder:DIR", "yahoo", "snapshot:NAME"]
    raise BadInputError(f"--data {text}", f"wanted {', '.join(kinds)}", did_you_mean(kind, kinds))


def strategies_of(names: Sequence[str], settings: Sequence[str]) -> list[Strategy]:
    """The named strategies (all when none is named) with `name=value` or `STRATEGY.name=value` applied.

    Raises BadInputError for an unknown strategy, for a parameter none of them has, and for a bad value.
    """
    from strategies import CONTROLS, STRATEGIES

    known = {p.name: p for p in (*STRATEGIES, *CONTROLS)}
    for name in names:
        if name not in known:
            raise BadInputError(f"no strategy {name}", "wanted one of the list", did_you_mean(name, known))
    chosen = {name: known[name]() for name in dict.fromkeys(names or [p.name for p in STRATEGIES])}
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


def progress(quiet: bool) -> Progress:
    """A progress bar on standard error; nothing where that is no terminal, or when quiet."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, disable=quiet or not console.is_terminal, transient=True,
    )  # fmt: skip
