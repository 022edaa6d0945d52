"""What may not be bought, may not be traded or ceased to be listed, and from when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, final, get_args

import numpy as np

from positioning.arrays import BoolArray, DateArray
from positioning.errors import BadInputError
from positioning.events.instant import known_on, parse_instant
from positioning.market.records import Cells, check_choice, check_filled, parsed, read_records

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
SCREENS: Mapping[str, tuple[Ground, ...]] = MappingProxyType(
    {
        "none": (),
        "listed": ("designated", "suspended", "delisting", "investment_ban", "own_list"),
        "strict": get_args(Ground),
    }
)
"""What a screen looks at. none: nothing. listed: the name itself may not be bought: it is designated, suspended,
delisted, under a purchase ban that binds the investor, or on a list of the user's own. strict: partners, short reports
and the United States' list of Chinese military companies, which forbids no purchase, as well."""
BOUND_BY_INVESTMENT_BAN = ("US",)
"""Domiciles of investors whom the United States' purchase ban on Chinese military companies binds (executive orders
13959 and 14032)."""

INSTANT = "a date, or a time with its zone such as 2021-01-12T13:25Z"
_COLUMNS = ("symbol", "announced", "effective", "kind", "ground", "recovery", "reason", "source")


@final
@dataclass(frozen=True, slots=True)
class Restriction:
    """One symbol's restriction.

    kind: no_buy (may be held and sold), frozen (cannot be traded), delisted (forced out), lifted (ends the
    earlier restrictions of the same symbol and ground). announced: aware; 24:00 UTC where date_only.
    effective: first date on which a freeze or a lifting holds, last date of a listing; the announced date
    where None. recovery: cash per share paid at a delisting, in the instrument's currency; None where the
    instrument's own terms hold. of_list_day: announced is only the day of a list that gives no date, so the name
    may have been listed before.

    Raises BadInputError for an unknown kind or ground, a missing source, an instant without a zone, an
    effective date before the announcement, a recovery below zero or without a delisting.
    """

    symbol: str
    announced: datetime
    kind: RestrictionKind
    ground: Ground
    reason: str
    source: str
    date_only: bool = False
    effective: np.datetime64 | None = None
    recovery: float | None = None
    of_list_day: bool = False

    def __post_init__(self) -> None:
        check_filled("symbol", self.symbol, "write a Yahoo symbol")
        check_choice("kind", self.kind, get_args(RestrictionKind))
        check_choice("ground", self.ground, get_args(Ground))
        check_filled("source", self.source, "name the document")
        if self.announced.tzinfo is None:
            raise BadInputError(f"announced {self.announced}", "wanted an instant with a zone", "add a zone")
        if self.effective is not None and self.effective < self.known_on():
            raise BadInputError(
                f"effective {self.effective}",
                f"wanted {self.known_on()} (announced) or later",
                "correct the date",
            )
        if self.recovery is not None and not (self.recovery >= 0 and self.kind == "delisted"):
            raise BadInputError(
                f"recovery {self.recovery:g} of a {self.kind}",
                "wanted cash of 0 or more at a delisting",
                "clear it",
            )

    def holds_from(self) -> np.datetime64:
        """effective, or the announced date."""
        return self.known_on() if self.effective is None else self.effective

    def known_on(self) -> np.datetime64:
        """The UTC date, datetime64[D], from whose end a decision may know of it."""
        return known_on(self.announced)


def binding(restrictions: Sequence[Restriction], investor: str) -> tuple[Restriction, ...]:
    """The restrictions that hold for an investor of that domicile ("US"; "none" where none is stated).

    A purchase ban holds for US persons alone; everything else holds for everybody.
    """
    bound = investor.upper() in BOUND_BY_INVESTMENT_BAN
    return tuple(r for r in restrictions if bound or r.ground != "investment_ban")


def dropped(
    restrictions: Sequence[Restriction],
    symbols: Sequence[str],
    sessions: DateArray,
    screen: str,
) -> BoolArray:
    """(T, N) True from the first row on which a restriction of that symbol is known, until it is lifted.

    sessions: (T,) ascending dates. screen: one of SCREENS. Raises BadInputError for an unknown one.
    """
    check_choice("screen", screen, tuple(SCREENS))
    columns = {symbol: n for n, symbol in enumerate(symbols)}
    days = sessions.astype("datetime64[D]")
    mask = np.zeros((days.size, len(symbols)), np.bool_)
    for ground in SCREENS[screen]:
        one = np.zeros_like(mask)  # by ground, so that lifting one leaves the others standing
        for r in sorted(restrictions, key=lambda r: r.announced):
            if r.ground == ground and r.symbol in columns:
                one[np.searchsorted(days, r.known_on()) :, columns[r.symbol]] = r.kind != "lifted"
        mask |= one
    return mask


def read_restrictions(path: Path | str) -> tuple[Restriction, ...]:
    """A CSV of restrictions, a source per row, by instant and then symbol.

    Columns: symbol, announced, effective, kind, ground, recovery, reason, source.
    Raises BadInputError naming file, line and column.
    """
    records = read_records(Path(path), _COLUMNS, _from_cells)
    return tuple(sorted(records, key=lambda r: (r.announced, r.symbol)))


def _from_cells(cells: Cells) -> Restriction:
    announced, date_only = parsed(cells, "announced", parse_instant, INSTANT)
    return Restriction(
        symbol=cells["symbol"],
        announced=announced,
        kind=cast(RestrictionKind, cells["kind"]),  # checked by the constructor, as is the ground
        ground=cast(Ground, cells["ground"]),
        reason=cells["reason"],
        source=cells["source"],
        date_only=date_only,
        effective=parsed(cells, "effective", _day, "a date, or nothing"),
        recovery=parsed(cells, "recovery", _amount, "cash per share, or nothing"),
    )


def _day(text: str) -> np.datetime64 | None:
    return np.datetime64(date.fromisoformat(text), "D") if text else None


def _amount(text: str) -> float | None:
    return float(text) if text else None
