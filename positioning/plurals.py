"""How many of what, in English."""

from __future__ import annotations


def counted(n: int, noun: str) -> str:
    """`1 gap`, `32 gaps`, `2 gaps of a venue`."""
    head, space, rest = noun.partition(" of ")
    first, _, second = head.rpartition(" without ")
    if first:
        head, space, rest = first, " without ", second
    return f"{n:,} {head}{'' if n == 1 else 's'}{space}{rest}"
