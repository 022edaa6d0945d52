"""What may not be bought, may not be traded or ceased to be listed, and from when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, final, get_args

import numpy as np

from positioning import clock
from positioning.arrays import BoolArray, DateArray
from positioning.errors import BadInputError
from positioning.events.instant import known_at, known_on, parse_day, parse_instant
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.records import Cells, check_choice, check_filled, decimal, parsed, read_records

RestrictionKind = Literal["no_buy", "frozen", "delisted", "lifted"]
Ground = Literal[
    "designated",
    "suspended",
    "short_report",
    "partner",
    "military_list",
    "delisting",
    "investment_ban",
    "own_list",
]
GROUNDS: tuple[str, ...] = get_args(Ground)
SCREENS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "none": (),
        "listed": ("designated", "suspended", "delisting", "investment_ban", "own_list"),
        "strict": GROUNDS,
    }
)
"""What a screen looks at. none: nothing. listed: the name itself may not be bought: it is designated, suspended,
delisted, under a purchase ban that binds the investor, or on a list of the user's own. strict: partners, short reports
and the United States' list of Chinese military companies, which forbids no purchase, as well. A binding
restriction, and one on a ground in the user's own words, counts under every screen."""
BOUND_BY_INVESTMENT_BAN = ("US",)
"""Domiciles of investors whom the United States' purchase ban on Chinese military companies binds (executive orders
13959 and 14032)."""

ALIKE = 0.8  # of letters in common, from which a ground is taken for a misspelt one
INSTANT = "a date, or a time with its zone such as 2021-01-12T13:25Z"
_COLUMNS = ("symbol", "announced", "effective", "kind", "ground", "recovery", "reason", "source")


@final
@dataclass(frozen=True, slots=True)
class Restriction:
    """One symbol's restriction.

    kind: no_buy (may be held and sold), frozen (cannot be traded), delisted (forced out), lifted (ends the
    earlier restrictions of the same symbol and ground, from its effective date). ground: one of GROUNDS, or the
    user's own words. binding: a rule of the user's own, which holds whatever a strategy's screen. announced:
    an instant with its zone, or a `date`, which is known when it ends (date_only).
    effective: first date on which a freeze or a lifting holds, last date of a listing; the announced date
    where None. recovery: cash per share paid at a delisting, in the instrument's currency; None where the
    instrument's own terms hold. of_list_day: announced is only the day of a list that gives no date, so the name
    may have been listed before.

    Raises BadInputError for an unknown kind, a ground that is nearly one of GROUNDS, a missing source, an instant
    without a zone, an effective date before the announcement, a recovery below zero or without a delisting.
    """

    symbol: str
    announced: datetime
    kind: RestrictionKind
    ground: str
    reason: str
    source: str
    date_only: bool = False
    effective: np.datetime64 | None = None
    recovery: float | None = None
    of_list_day: bool = False
    binding: bool = False

    def __post_init__(self) -> None:
        check_filled("symbol", self.symbol, "write a Yahoo symbol")
        check_choice("kind", self.kind, get_args(RestrictionKind))
        check_filled("ground", self.ground, f"write one of {', '.join(GROUNDS)}, or your own word")
        if self.ground not in GROUNDS and get_close_matches(self.ground.lower(), GROUNDS, cutoff=ALIKE):
            check_choice("ground", self.ground, GROUNDS)
        check_filled("source", self.source, "name the document")
        announced, date_only = known_at(self.announced, self.date_only)
        object.__setattr__(self, "announced", announced)
        object.__setattr__(self, "date_only", date_only)
        if self.effective is not None and self.effective < self.known_on():
            raise BadInputError(
                f"effective {self.effective}",
                f"wanted {self.known_on()} (announced) or later",
                "correct the date",
            )
        if self.recovery is not None and not (0 <= self.recovery < np.inf and self.kind == "delisted"):
            raise BadInputError(
                f"recovery {self.recovery:g} of a {self.kind}",
                "wanted a finite amount of 0 or more at a delisting",
                "clear it",
            )

    @property
    def binds(self) -> bool:
        """Whether it counts under every screen."""
        return self.binding or self.ground not in GROUNDS

    def holds_from(self) -> np.datetime64:
        """effective, or the announced date."""
        return self.known_on() if self.effective is None else self.effective

    def known_on(self) -> np.datetime64:
        """The UTC date, datetime64[D], from whose end a decision may know of it."""
        return known_on(self.announced)


def binding_on(restrictions: Sequence[Restriction], investor: str) -> tuple[Restriction, ...]:
    """The restrictions that hold for an investor of that domicile ("US"; "none" where none is stated).

    A purchase ban holds for US persons alone; everything else holds for everybody.
    """
    bound = investor.upper() in BOUND_BY_INVESTMENT_BAN
    return tuple(r for r in restrictions if bound or r.ground != "investment_ban")


def lifted_on(restrictions: Sequence[Restriction], ended: Restriction) -> np.datetime64 | None:
    """The first date on which a lifting of its symbol and ground, announced with it or later, holds."""
    days = [
        r.holds_from()
        for r in restrictions
        if r.kind == "lifted" and (r.symbol, r.ground) == (ended.symbol, ended.ground)
        and r.announced >= ended.announced
    ]  # fmt: skip
    return min(days, default=None)


def standing(restrictions: Sequence[Restriction], symbol: str) -> list[Restriction]:
    """The symbol's restrictions that come to hold before they are lifted, by the day they hold from."""
    own = [r for r in restrictions if r.symbol == symbol and r.kind != "lifted"]
    ends = [lifted_on(restrictions, r) for r in own]
    in_force = [r for r, end in zip(own, ends, strict=True) if end is None or end > r.holds_from()]
    return sorted(in_force, key=lambda r: r.holds_from())


def held_back(
    restrictions: Sequence[Restriction],
    symbols: Sequence[str],
    rows: DateArray,
    kinds: Collection[str],
    start: Callable[[Restriction], np.datetime64],
    grounds: Collection[str] = GROUNDS,
    binding: bool = False,
) -> BoolArray:
    """(T, N) True where a restriction of one of the kinds stands: from the first row on `start` of it or later, until
    the first on which it is lifted. Each is ended by liftings of its own ground alone, so the others go on.

    rows: (T,) ascending dates. grounds: those that count; what binds counts besides, with `binding` alone.
    """
    columns = {symbol: n for n, symbol in enumerate(symbols)}
    mask = np.zeros((rows.size, len(symbols)), np.bool_)
    for r in restrictions:
        counts = r.binds or (not binding and r.ground in grounds)
        if r.kind in kinds and counts and r.symbol in columns:
            end = lifted_on(restrictions, r)
            last = rows.size if end is None else np.searchsorted(rows, end)
            mask[np.searchsorted(rows, start(r)) : last, columns[r.symbol]] = True
    return mask


def dropped(
    restrictions: Sequence[Restriction],
    symbols: Sequence[str],
    sessions: DateArray,
    screen: str,
) -> BoolArray:
    """(T, N) True from the first row on which a restriction of that symbol is known, until a lifting of it holds.

    A delisting counts from its own day: a name under offer may be bought until it ends.
    sessions: (T,) ascending dates. screen: one of SCREENS. Raises BadInputError for an unknown one.
    """
    check_choice("screen", screen, tuple(SCREENS))
    days = sessions.astype("datetime64[D]")
    kinds = ("no_buy", "frozen", "delisted")

    def day(r: Restriction) -> np.datetime64:
        return r.holds_from() if r.kind == "delisted" else r.known_on()

    return held_back(restrictions, symbols, days, kinds, day, SCREENS[screen])


def read_restrictions(
    path: Path | str, binding: bool = False, instruments: Instruments = RECORDED
) -> tuple[Restriction, ...]:
    """A CSV of restrictions, a source per row, by instant and then symbol.

    Columns: symbol, announced, effective, kind, ground, recovery, reason, source. binding: of the user's own making,
    so they hold whatever a strategy's screen. Symbols are read as `fetch` reads them: in any case, Hong Kong codes
    with a leading zero more or less; instruments: what is on record. Raises BadInputError naming file, line and
    column; so for a symbol that no venue can be read from, a lifting of what was not imposed before it, and among
    rules of the user's own one whose announcement is yet to come.
    """
    file = Path(path)

    def build(cells: Cells) -> Restriction:
        restriction = _from_cells(cells, binding, instruments)
        if binding and restriction.known_on() > clock.latest_day():
            raise BadInputError(
                f"announced {restriction.known_on()}, which is yet to come",
                "wanted the day on which it was announced",
                "correct the date; from when it holds belongs into effective",
            )
        return restriction

    restrictions = read_records(file, _COLUMNS, build)
    read_records(file, _COLUMNS, lambda cells: _check_lifting(build(cells), restrictions))
    return tuple(sorted(restrictions, key=lambda r: (r.announced, r.symbol)))


def _check_lifting(r: Restriction, record: Sequence[Restriction]) -> None:
    """BadInputError for a lifting of what is not imposed."""
    own = [o for o in record if o.symbol == r.symbol and o.kind != "lifted"]
    if r.kind != "lifted" or any(o.ground == r.ground and o.announced <= r.announced for o in own):
        return
    grounds = sorted({o.ground for o in own if o.announced <= r.announced})
    there = f"in force is {', '.join(grounds)}" if grounds else "nothing is in force by then"
    raise BadInputError(
        f"lifted {r.ground} of {r.symbol} on {r.known_on()}, which was not imposed before",
        f"wanted a ground on which {r.symbol} is restricted ({there})",
        "correct its symbol, ground or date, or drop the line",
    )


def _symbol(text: str, instruments: Instruments) -> str:
    """As the instrument table or Yahoo writes it. Raises BadInputError where no venue can be read from it."""
    if text in instruments:
        return text
    stem, dot, suffix = text.upper().partition(".")
    if suffix == "HK" and stem.isdigit():
        stem = stem.lstrip("0").zfill(4)
    return instruments.of(stem + dot + suffix).symbol if text else text


def _from_cells(cells: Cells, binding: bool, instruments: Instruments) -> Restriction:
    announced, date_only = parsed(cells, "announced", parse_instant, INSTANT)
    return Restriction(
        symbol=_symbol(cells["symbol"], instruments),
        announced=announced,
        kind=cast(RestrictionKind, cells["kind"]),  # checked by the constructor
        ground=cells["ground"],
        reason=cells["reason"],
        source=cells["source"],
        date_only=date_only,
        effective=parsed(cells, "effective", _day, "a date, or nothing"),
        recovery=parsed(cells, "recovery", _amount, "cash per share, or nothing"),
        binding=binding,
    )


def _day(text: str) -> np.datetime64 | None:
    return np.datetime64(parse_day(text), "D") if text else None


def _amount(text: str) -> float | None:
    return decimal(text) if text else None
