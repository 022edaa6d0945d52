"""Errors a user can act on: what was seen, what was wanted, what to type next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import final


class PositioningError(Exception):
    """Base of every error this package raises on purpose. Its text is one line."""

    def __init__(self, seen: str, wanted: str, remedy: str) -> None:
        self.seen, self.wanted, self.remedy = seen, wanted, remedy
        super().__init__(" ".join(f"{seen}; {wanted}; {remedy}".split()))

    def __reduce__(self) -> tuple[type[PositioningError], tuple[str, str, str]]:
        return type(self), (self.seen, self.wanted, self.remedy)  # it crosses processes


@final
class BadInputError(PositioningError):
    """Something the user gave cannot be used: exit status 2."""


@final
class DataMissingError(PositioningError):
    """The prices at hand do not reach: exit status 2."""


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """`Did you mean X?`, or the list of options when nothing is near."""
    known = list(options)
    near = get_close_matches(word.casefold(), [k.casefold() for k in known], n=1, cutoff=0.6)
    for option in known:
        if near and option.casefold() == near[0]:
            return f"Did you mean {option}?"
    return "choose from " + ", ".join(known)
