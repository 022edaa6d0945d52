"""How an event is marked and told on a chart, of a strategy's account as of the record alone."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np

from positioning.events.event import Event
from positioning.reporting.charts import safe_label

MOODS = {
    1: ("Good news", "triangle-up", "$good"),
    -1: ("Bad news", "triangle-down", "$bad"),
    0: ("Mixed news", "diamond", "$other"),
}


def sign_for(event: Event, themes: Sequence[str]) -> int | None:
    """The direction an event is expected to push these themes, 0 for both ways; None where it is not used."""
    signs = [event.signs.get(theme, 0) for theme in themes]
    if not any(signs) or event.confidence == "low" or event.follows:
        return None
    return int(np.sign(sum(signs)))


def hover_text(event: Event, themes: Sequence[str]) -> str:
    """What pointing at an event shows."""
    signs = ", ".join(f"{theme} {event.signs.get(theme, 0):+d}" for theme in themes)
    use = (
        "left out: low confidence"
        if event.confidence == "low"
        else f"puts {event.follows} into force"
        if event.follows
        else ""
    )
    facts = [
        f"{event.known_on()}, severity {event.severity} of 5",
        f"expected sign: {signs}",
        use,
        *wrap(f"Source: {event.source}", 56),
    ]
    heading = "<br>".join(safe_label(line) for line in wrap(event.title, 56))
    return f"<b>{heading}</b><br>" + "<br>".join(safe_label(f) for f in facts if f)
