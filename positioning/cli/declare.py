"""A command declared: what every one has in common, written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from positioning.cli.command import Command, one_line_errors
from positioning.cli.compiling import compilation_notice
from positioning.cli.output import Output
from positioning.cli.request import Request

SHARED = (Request, Output)

Answer = Callable[..., int | None]


def command(
    app: typer.Typer, name: str | None = None, without: Sequence[str] = (), only: Sequence[str] = ()
) -> Callable[[Answer], Answer]:
    """The function as the command of an app, under its own name where none is given.

    A parameter that is a `Request` or an `Output` stands for options, one a field; the function's own come behind its
    arguments and a request's, before an output's. An error ends it in one line, the log is kept, and a number that it
    returns is its exit status. without: fields that the command has no use for; only: those of a request that it has
    use for, all where none is named. The others keep their defaults.
    """

    def declare(answer: Answer) -> Answer:
        hints = get_type_hints(answer, include_extras=True)
        all_parameters = [
            p.replace(annotation=hints[p.name], kind=p.KEYWORD_ONLY)
            for p in inspect.signature(answer).parameters.values()
        ]
        shared = {p.name: hints[p.name] for p in all_parameters if hints[p.name] in SHARED}
        own = [p for p in all_parameters if p.name not in shared]
        left_out = {*without, *(f.name for f in fields(Request) if only and f.name not in only)}
        options = {
            kind: [p for p in _options(kind) if p.name not in left_out]
            for kind in SHARED
            if kind in shared.values()
        }

        @wraps(answer)
        def run(**words: Any) -> None:
            values = {
                name: kind(**{p.name: _fixed(words.pop(p.name)) for p in options[kind]})
                for name, kind in shared.items()
            }
            output = next((value for value in values.values() if isinstance(value, Output)), Output())
            with one_line_errors(), output.terminal.open(), compilation_notice(output.hides_progress):
                status = answer(**values, **words)
            if status:
                raise typer.Exit(status)

        parameters = [
            *(p for p in own if _is_argument(p)),
            *options.get(Request, ()),
            *(p for p in own if not _is_argument(p)),
            *options.get(Output, ()),
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name, cls=Command)(run)
        return answer

    return declare


def _options(kind: type[Any]) -> list[inspect.Parameter]:
    """The fields as parameters that typer understands: a tuple of words is an option given often."""
    hints, plain = get_type_hints(kind, include_extras=True), kind()
    parameters = []
    for f in fields(kind):
        type_of, option = get_args(hints[f.name])
        default = getattr(plain, f.name)
        if get_origin(type_of) is tuple:
            type_of, default = list[str], list(default)
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters.append(
            inspect.Parameter(f.name, keyword, default=default, annotation=Annotated[type_of, option])
        )
    return parameters


def _fixed(word: Any) -> Any:
    return tuple(word) if isinstance(word, list) else word


def _is_argument(parameter: inspect.Parameter) -> bool:
    """Whether it is given by its place."""
    return any(isinstance(m, typer.models.ArgumentInfo) for m in get_args(parameter.annotation)[1:])
