"""Doubts about prices: what one is, which of them touch a run, and which of them a user goes on in spite of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, final, get_args

import numpy as np

from positioning.arrays import BoolArray, DateArray, IntArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import RECORDED, Instruments

# `basis`, `split` and `adjusted` are found where a file or the store is read, which alone see all its columns;
# `hash` by the store; `volume` where an account has a capital.
# fmt: off
Check = Literal[
    "unit_switch", "jump", "print", "spike", "level", "peg", "calendar", "dates", "price", "currency",
    "basis", "split", "adjusted", "hash", "large_move", "gap", "venue_gap", "stale", "zero_volume", "ohlc", "volume",
]
# fmt: on
Severity = Literal["error", "warning"]


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt about one series. symbol: of an instrument, a currency (`RUB=X`) or a venue (its MIC).

    first, last: the dates it lies on, datetime64[D], both included; of a move the day it arrives.
    """

    symbol: str
    check: Check
    severity: Severity
    first: np.datetime64
    last: np.datetime64
    seen: str
    remedy: str

    def __str__(self) -> str:
        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        return f"{self.symbol}: {self.check} on {days}: {self.seen}"


def error(symbol: str, name: Check, dates: DateArray, text: str, remedy: str) -> Finding:
    """One that stops a run; dates: (R,) the rows it lies on, ascending."""
    return Finding(symbol, name, "error", dates[0], dates[-1], text, remedy)


def warning(symbol: str, name: Check, dates: DateArray, text: str, remedy: str) -> Finding:
    """One that goes on the page; dates as for `error`."""
    return Finding(symbol, name, "warning", dates[0], dates[-1], text, remedy)


def stretches(mask: BoolArray, apart: int) -> list[IntArray]:
    """The rows marked, split where more than `apart` lie between one and the next."""
    at = np.nonzero(mask)[0]
    cuts = [0, *(np.nonzero(np.diff(at) > apart)[0] + 1).tolist(), at.size]
    return [at[i:j] for i, j in pairwise(cuts)] if at.size else []


def counted(rows: IntArray, what: str) -> str:
    """`3 rows`, `1 row`."""
    return f"{rows.size} {what}{'s' if rows.size != 1 else ''}"


def findings_within(
    findings: Iterable[Finding],
    first: np.datetime64,
    last: np.datetime64,
    symbols: Iterable[str],
    instruments: Instruments = RECORDED,
) -> tuple[Finding, ...]:
    """Those that touch first .. last in one of the symbols, its venue or its currency (or a `CCY=X` named)."""
    used = related_symbols(symbols, instruments)
    return tuple(f for f in findings if f.symbol in used and f.first <= last and f.last >= first)


def related_symbols(symbols: Iterable[str], instruments: Instruments = RECORDED) -> frozenset[str]:
    """The symbols, and the MIC and the `CCY=X` of each: what findings about them are filed under."""
    named = frozenset(symbols)
    members = [instruments.of(s) for s in sorted(named) if not s.endswith("=X")]
    return named | {i.venue for i in members} | {f"{i.currency}=X" for i in members}


def accept(
    findings: Iterable[Finding],
    words: Sequence[str],
    symbols: Iterable[str],
    instruments: Instruments = RECORDED,
) -> tuple[Finding, ...]:
    """The findings with the errors that `words` name (`EVR.L:unit_switch`) turned into warnings that say so.

    symbols: all that were checked. One that has no such finding may be named without harm.
    Raises BadInputError for a word that is not SYMBOL:CHECK of a checked symbol, with the nearest that is.
    """
    options = sorted(related_symbols(symbols, instruments))
    accepted = {_accepted(word, options) for word in words}
    return tuple(
        replace(f, severity="warning", remedy=f"accepted, as {f.symbol}:{f.check}")
        if f.severity == "error" and (f.symbol, f.check) in accepted
        else f
        for f in findings
    )


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that stop a run."""
    return tuple(f for f in findings if f.severity == "error")


def stop_on_errors(findings: Iterable[Finding]) -> None:
    """BadInputError, one line, with the first error and what to type to go on in spite of all; else nothing."""
    wrong = errors(findings)
    if not wrong:
        return
    more = f" (the first of {len(wrong)} errors)" if len(wrong) > 1 else ""
    words = " ".join(f"accepted={w}" for w in dict.fromkeys(f"{f.symbol}:{f.check}" for f in wrong))
    raise BadInputError(
        f"{wrong[0]}{more}", wrong[0].remedy, f"or to use it as it is give {words}", "accepted basis"
    )


def check_words(words: Iterable[str]) -> None:
    """BadInputError for a word that is not SYMBOL:CHECK of any symbol, for those who check few of the symbols."""
    for word in words:
        symbol, colon, name = word.rpartition(":")
        if not (symbol.strip() and colon):
            raise BadInputError(
                f"accepted={word}",
                "wanted SYMBOL:CHECK",
                "give accepted=EVR.L:unit_switch for example",
                "accepted",
            )
        if name not in get_args(Check):
            raise BadInputError(
                f"accepted={word}", f"no check {name!r} here", did_you_mean(name, get_args(Check)), "accepted"
            )


def _accepted(word: str, symbols: Collection[str]) -> tuple[str, str]:
    symbol, colon, name = word.rpartition(":")
    if not colon:
        raise BadInputError(
            f"accepted={word}",
            "wanted SYMBOL:CHECK",
            "give accepted=EVR.L:unit_switch for example",
            "accepted",
        )
    for part, options, what in ((symbol, symbols, "symbol"), (name, get_args(Check), "check")):
        if part not in options:
            raise BadInputError(
                f"accepted={word}", f"no {what} {part!r} here", did_you_mean(part, options), "accepted"
            )
    return symbol, name
