"""HTML from Python: whatever is not already `Html` is escaped."""

from __future__ import annotations

import html
import re
from typing import final

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@final
class Html(str):
    """Text that is HTML already. Adding to it, or formatting it, gives plain text, which is escaped again."""

    __slots__ = ()

    def __html__(self) -> Html:
        """What a template asks, so that it is not escaped again."""
        return self


def escape(text: object) -> Html:
    """Html as it is; anything else as text, with what no page may hold in escapes."""
    return text if isinstance(text, Html) else Html(html.escape(visible(str(text))))


def visible(text: str) -> str:
    """The text with control characters, of which a terminal that shows the page's source would obey some, in escapes."""
    return _CONTROLS.sub(lambda c: ascii(c[0])[1:-1], text)


def join(*parts: object) -> Html:
    """The parts one after the other, each escaped unless it is Html."""
    return Html("".join(escape(p) for p in parts))
