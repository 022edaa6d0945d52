"""Pages from templates: every value is escaped unless it is `Html`, and one that is missing is an error."""

from __future__ import annotations

import hashlib
import re
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from positioning.array_cache import cache_folder
from positioning.reporting import format as words
from positioning.reporting import html
from positioning.reporting.html import Html, escape, visible
from positioning.reporting.view import Cell, Table


def _unbroken(match: re.Match[str]) -> str:
    return match[0].replace(" ", "\N{NO-BREAK SPACE}")


_TYPES = (
    (re.compile(r"(?<![\w.:/\N{MINUS SIGN}-])-(?=\d)"), "\N{MINUS SIGN}"),
    (re.compile(r"(?<=\d) (?=%)"), "\N{NO-BREAK SPACE}"),
    (re.compile(r"\b([pqtn]) (?:= )?(?=[\d\N{MINUS SIGN}])"), _unbroken),
    (re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?: \d\d:\d\d)?(?![\w-])"), r'<span class="nowrap">\g<0></span>'),
)
_OPTION = re.compile(r"(?<!\S)--?[A-Za-z][\w-]*|(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])")


class _KeptTemplates(FileSystemBytecodeCache):
    """Compiled templates, kept where they can be; one that cannot be read or written is compiled anew."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """As jinja2's, of a file that another program may have written into."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001 - whatever marshal makes of it
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """As jinja2's, on a disk that may be full."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _made_by() -> str:
    """A digest of what decides, beside its own text, what a template is compiled to: constants are formatted then."""
    sources = [Path(module.__file__ or "").read_bytes() for module in (words, html, sys.modules[__name__])]
    return hashlib.sha256(b"".join([jinja2.__version__.encode(), *sources])).hexdigest()[:16]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates stand beside the Python that prepares their view, macros in `macros.html`; what they are compiled to is
    kept in the user's cache."""
    place = cache_folder()
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda v: visible(v) if type(v) is str else v,
        bytecode_cache=None if place is None else _KeptTemplates(str(place), f"template-{_made_by()}-%s.cache"),
    )  # fmt: skip
    env.filters |= {
        "percent": words.percent,
        "signed": words.signed,
        "number": words.number,
        "with_code": _with_code,
        "typeset": typeset,
        "as_typed": as_typed,
    }
    env.tests |= {"cell": lambda value: isinstance(value, Cell), "filled": _filled, "blank": _blank}
    env.globals |= {"Table": Table}  # captions and headings are words of the template, rows are the view's
    return env


def typeset(text: object) -> Html:
    """Words with real minus signs, and with dates, signs and units that no line end tears apart; Html as it is."""
    if isinstance(text, Html):
        return text
    typed = str(escape(text))
    for pattern, by in _TYPES:
        typed = pattern.sub(by, typed)
    return Html(typed)


def as_typed(text: object) -> Html:
    """A command, of which no line end tears an option or a date apart."""
    if isinstance(text, Html):
        return text
    return Html(_OPTION.sub(r'<span class="nowrap">\g<0></span>', str(escape(text))))


def _with_code(text: str) -> Html:
    """Words of the engine, in which a command stands between backquotes."""
    return Html(re.sub(r"`([^`]+)`", r"<code>\1</code>", typeset(text)))


def _filled(value: object) -> bool:
    """Whether a cell of a table says something."""
    return bool(str(value.text if isinstance(value, Cell) else value))


def _blank(value: object) -> bool:
    """Whether a cell of a table has nothing to say, and need not stand on a card."""
    return isinstance(value, str) and value in ("", words.NOTHING)


def render(template: str, **view: Any) -> Html:
    """The template, by its path in this room, filled with the view."""
    return Html(environment().get_template(template).render(view))
