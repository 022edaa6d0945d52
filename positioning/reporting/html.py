"""HTML from Python: whatever is not already `Html` is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence
from typing import final

MANY = 6  # columns from which a row is a card on a phone


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


def tag(name: str, *children: object, **attributes: str | bool) -> Html:
    """An element. In attribute names a trailing _ is dropped and _ becomes -; False leaves an attribute out."""
    words = [name]
    for key, value in attributes.items():
        label = key.rstrip("_").replace("_", "-")
        if value is not False:
            words.append(label if value is True else f'{label}="{escape(value)}"')
    return Html(f"<{' '.join(words)}>{join(*children)}</{name}>")


def table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    words: Collection[int] = (0,),
    total: bool = False,
) -> Html:
    """A table that scrolls inside its own container, and whose rows are cards on a phone where it has many columns.
    words: columns of words, the rest are numbers. total: the last row adds up the others.
    """
    many = len(headings) >= MANY
    labels = [re.sub(r"<[^>]*>", "", h) if isinstance(h, Html) else h for h in headings]

    def cells(kind: str, values: Sequence[object]) -> Html:
        made = []
        for n, v in enumerate(values):
            more: dict[str, str | bool] = {"scope": "col"} if kind == "th" else {}
            if kind == "td" and many:
                more = {"data_label": labels[n]}
            made.append(tag(kind, v, class_="number" if n not in words else False, **more))
        return join(*made)

    head = tag("thead", tag("tr", cells("th", headings)))
    last = len(rows) - 1 if total else None
    body = tag(
        "tbody",
        *(tag("tr", cells("td", row), class_="total" if n == last else False) for n, row in enumerate(rows)),
    )
    shape = "slim" if len(headings) <= 3 else "stacked" if many else False
    made = tag("table", tag("caption", caption), head, body, class_=shape)
    return tag("div", made, class_="scroll", tabindex="0", role="group", aria_label=caption)


def section(identity: str, heading: str, *children: object) -> Html:
    """A headed part of a page."""
    return tag("section", tag("h2", heading), *children, id=identity)


def folded(part: Html) -> Html:
    """A section that opens when its heading is chosen; what is no section as it is."""
    found = re.fullmatch(r'<section id="([a-z]+)"><h2>(.*?)</h2>(.*)</section>', part, re.DOTALL)
    if found is None:
        return part
    identity, heading, body = (Html(g) for g in found.groups())
    return tag("details", tag("summary", tag("h2", heading)), body, class_="part", id=str(identity))


def bullets(items: Iterable[object]) -> Html:
    """A list, "" when it is empty."""
    made = [tag("li", i) for i in items]
    return tag("ul", *made) if made else Html("")
