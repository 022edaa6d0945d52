"""HTML from Python: whatever is not already `Html` is escaped."""

from __future__ import annotations

import html
from typing import final


@final
class Html(str):
    """Text that is HTML already. Adding to it, or formatting it, gives plain text, which is escaped again."""

    __slots__ = ()

    def __html__(self) -> Html:
        """What a template asks, so that it is not escaped again."""
        return self


def escape(text: object) -> Html:
    """Html as it is; anything else as text."""
    return text if isinstance(text, Html) else Html(html.escape(str(text)))


def join(*parts: object) -> Html:
    """The parts one after the other, each escaped unless it is Html."""
    return Html("".join(escape(p) for p in parts))
