"""Pages from templates: every value is escaped unless it is `Html`, and one that is missing is an error."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from positioning.reporting import format as words
from positioning.reporting.html import Html, escape
from positioning.reporting.view import Cell, Table


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates stand beside the Python that prepares their view, macros in `macros.html`."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "percent": words.percent,
        "signed": words.signed,
        "number": words.number,
        "with_code": _with_code,
    }
    made.tests |= {"cell": lambda value: isinstance(value, Cell), "filled": _filled}
    made.globals |= {"Table": Table}  # captions and headings are words of the template, rows are the view's
    return made


def _with_code(text: str) -> Html:
    """Words of the engine, in which a command stands between backquotes."""
    return Html(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


def _filled(value: object) -> bool:
    """Whether a cell of a table says something."""
    return bool(str(value.text if isinstance(value, Cell) else value))


def render(template: str, **view: Any) -> Html:
    """The template, by its path in this room, filled with the view."""
    return Html(environment().get_template(template).render(view))
