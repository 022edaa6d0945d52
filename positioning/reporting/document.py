"""A whole page around its body: head, style, scripts, and what a browser may do for it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from positioning.reporting import charts
from positioning.reporting.charts import Figure
from positioning.reporting.html import Html, escape, join
from positioning.reporting.page_file import GENERATOR
from positioning.reporting.templates import render

SCRIPTS = "script-src 'self' file:"
PLAIN = ("theme.js", "tables.js", "folds.js")  # the scripts of every page
CHARTED = (*PLAIN, "charts.js", "page.js")  # those of a page with charts


def document(heading: str, body: Html, simulated: bool) -> str:
    """A whole page around a body, SIMULATED in its title where it is."""
    title = f"SIMULATED: {heading}" if simulated else heading
    return render("document.html", title=title, policy=Html(policy(body)), generator=GENERATOR, body=body)


def scripts(*names: str) -> Html:
    """Scripts of this room, by their names, as one element."""
    return Html(f"<script>{''.join(map(own_file, names))}</script>")


def charted(
    body: Html,
    figures: Mapping[str, Figure],
    script: str,
    names: Sequence[str] = CHARTED,
    shared: Mapping[str, list[str]] = charts.NO_DAYS,
) -> Html:
    """The body with its figures and what draws them. script: address of plotly's script, relative to the page;
    shared: dates that many figures have in common, see `charts.embed`."""
    return join(
        body,
        charts.embed(figures, shared),
        Html(f'<script src="{escape(script)}"></script>'),
        scripts(*names),
    )


def with_script_at(text: str, script: str, to: str) -> str:
    """The page with plotly's script at another address."""
    return text.replace(f'<script src="{escape(script)}">', f'<script src="{escape(to)}">', 1)


def self_contained(text: str, script: str) -> str:
    """The page with plotly's script inside it."""
    code = charts.inline_script()
    text = text.replace(SCRIPTS, f"{SCRIPTS} {_hash(next(_inline(code)))}", 1)
    return text.replace(f'<script src="{escape(script)}"></script>', code, 1)


def policy(body: str) -> str:
    """What a browser may do for the page: run plotly's file, beside it or inside it, and the inline scripts that are
    our own files to the letter, and nothing else; ask no one for anything. Whatever else gets into it does not run."""
    codes = (code for code in _inline(body) if _is_own(code) or code == charts.inline_code())
    hashes = " ".join(dict.fromkeys(map(_hash, codes)))
    return (
        f"default-src 'none'; {SCRIPTS} {hashes}; style-src 'unsafe-inline'; img-src data: blob: 'self' file:; "
        "font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _inline(text: str) -> Iterator[str]:
    """What stands in the inline scripts of a text. A regular expression takes twelve times as long over plotly."""
    end = 0
    while (begin := text.find("<script>", end)) >= 0 and (end := text.find("</script>", begin)) >= 0:
        yield text[begin + len("<script>") : end]


def _is_own(code: str) -> bool:
    """Whether a script is one of our files, or several one after the other."""
    while code:
        prefix = next((text for text in _own_scripts() if code.startswith(text)), "")
        if not prefix:
            return False
        code = code[len(prefix) :]
    return True


@lru_cache(maxsize=1)
def _own_scripts() -> tuple[str, ...]:
    room = Path(__file__).parent
    return tuple(filter(None, (f.read_text(encoding="utf-8") for f in sorted(room.rglob("*.js")))))


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


@lru_cache(maxsize=16)
def own_file(name: str) -> str:
    """A script or style sheet, by its path in this room."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
