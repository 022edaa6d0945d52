"""The fields of a Request as options of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from positioning.cli.request import Request


def with_request(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The fields of a `Request` as options of a command, before its own; its first parameter is the request.

    without: fields that this command has no use for; they keep their defaults.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)
        own = list(inspect.signature(command).parameters.values())[1:]
        own = [p.replace(annotation=hints[p.name], kind=p.KEYWORD_ONLY) for p in own]
        asked = [p for p in request_parameters() if p.name not in without]

        @wraps(command)
        def run(**given: Any) -> None:
            words: dict[str, Any] = {p.name: given.pop(p.name) for p in asked}
            words = {name: tuple(word) if isinstance(word, list) else word for name, word in words.items()}
            command(Request(**words), **given)

        parameters = [p for p in own if is_argument(p)] + asked + [p for p in own if not is_argument(p)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def request_parameters() -> list[inspect.Parameter]:
    """The fields of a `Request` as parameters that typer understands: a tuple of words is an option given often."""
    hints, plain = get_type_hints(Request, include_extras=True), Request()
    found = []
    for f in fields(Request):
        kind, option = get_args(hints[f.name])
        default = getattr(plain, f.name)
        if get_origin(kind) is tuple:
            kind, default = list[str], list(default)
        keyword = inspect.Parameter.KEYWORD_ONLY
        found.append(inspect.Parameter(f.name, keyword, default=default, annotation=Annotated[kind, option]))
    return found


def is_argument(parameter: inspect.Parameter) -> bool:
    """Whether it is given by its place."""
    return any(isinstance(m, typer.models.ArgumentInfo) for m in get_args(parameter.annotation)[1:])
