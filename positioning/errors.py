"""Errors a user can act on: what was seen, what was wanted, what to type next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import final
from unicodedata import category

MOST_CHOICES = 30  # of a list to choose from
LONGEST_QUOTE = 80  # characters of what was given that a refusal repeats
MOST_TOLD = 10**15  # of what is asked for, that a refusal reckons with
_LONGEST_PATH = 400
_LONGEST_PART = 1000  # of what was seen, wanted, or helps
_QUOTED = re.compile(r"(?<!\w)(['\"])(.{81,}?)\1(?!\w)")


class PositioningError(Exception):
    """Base of every error this package raises on purpose. Its text is one line.

    parameter: the argument it is about, written `parameter=value` in the text, "" for none; several are parted by
    blanks; `STRATEGY.parameter` is one of a strategy. A command shows each as its option, and what the text has
    between backticks, `fetch MOS`, as the command that one types.
    """

    def __init__(self, seen: str, wanted: str, remedy: str, parameter: str = "") -> None:
        self.seen, self.wanted, self.remedy, self.parameter = seen, wanted, remedy, parameter
        super().__init__("; ".join(one_line(part) for part in (seen, wanted, remedy)))

    def __reduce__(self) -> tuple[type[PositioningError], tuple[str, str, str, str]]:
        return type(self), (self.seen, self.wanted, self.remedy, self.parameter)  # it crosses processes


@final
class BadInputError(PositioningError):
    """Something the user gave cannot be used: exit status 2."""


@final
class DisagreementError(PositioningError):
    """Two workings of one number differ: a fault of this program, and no number of it stands. Exit status 4."""


@final
class DataMissingError(PositioningError):
    """The prices at hand do not reach: exit status 2."""


def one_line(text: str) -> str:
    """The text in a line that any terminal shows as it is: no control characters, nothing quoted at length."""
    plain = printable(" ".join(text.split()))
    plain = _QUOTED.sub(lambda quote: quote[1] + shortened(quote[2]) + quote[1], plain)
    words = (shortened(w, _LONGEST_PATH if "/" in w else LONGEST_QUOTE) for w in plain.split(" "))
    return shortened(" ".join(words), _LONGEST_PART)


def printable(text: str) -> str:
    """The text with what a terminal would obey, and not show, in escapes; spaces of any width are shown."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or category(c) == "Zs" else ascii(c)[1:-1] for c in text)


def shortened(text: str, most: int = LONGEST_QUOTE) -> str:
    """At most so many characters of it, from its beginning and its end."""
    end = most // 3
    return text if len(text) <= most else f"{text[: most - end - 1]}…{text[-end:]}"


def would_take(seconds: float, size: float = 0.0) -> str:
    """What a question would cost, in words: `would take about 3 hours and 40 GB of memory`. size: in bytes."""
    memory = f" and {size / 1e9:,.0f} GB of memory" if size >= 1e9 else ""
    for unit, length in (("years", 31_557_600), ("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"would take about {seconds / length:,.0f} {unit}{memory}"
    return f"would take about {seconds:.0f} seconds{memory}"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """`Did you mean X?`, or the list of options when nothing is near."""
    choices = list(dict.fromkeys(options))
    near = get_close_matches(word.casefold(), [k.casefold() for k in choices], n=1, cutoff=0.6)
    for option in choices:
        if near and option.casefold() == near[0]:
            return f"Did you mean {option}?"
    more = f" and {len(choices) - MOST_CHOICES} more" if len(choices) > MOST_CHOICES else ""
    return "choose from " + ", ".join(choices[:MOST_CHOICES]) + more
