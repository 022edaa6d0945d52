"""What may not be bought, and from when: the dated record behind "dodge the sanctioned"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, final, get_args

import numpy as np
import numpy.typing as npt

from positioning.errors import BadInputError
from positioning.events.instant import known_on, parse_instant
from positioning.market.bars import DateArray
from positioning.market.records import Cells, check_choice, check_filled, parsed, read_records

RestrictionKind = Literal["no_buy", "frozen", "delisted", "lifted"]
Ground = Literal["designated", "suspended", "short_report", "partner", "military_list", "delisting"]
DEFAULT_GROUNDS: tuple[Ground, ...] = ("designated", "suspended", "short_report", "delisting")

INSTANT = "a date, or a time with its zone such as 2021-01-12T13:25Z"
_COLUMNS = ("symbol", "announced", "kind", "ground", "reason", "source")


@final
@dataclass(frozen=True, slots=True)
class Restriction:
    """One symbol's restriction, from the instant it was announced.

    kind: no_buy (may be held and sold), frozen (cannot be traded), delisted (forced out), lifted (ends the
    earlier restrictions of the same symbol and ground). announced: aware; 24:00 UTC where date_only.

    Raises BadInputError for an unknown kind or ground, a missing source, an instant without a zone.
    """

    symbol: str
    announced: datetime
    kind: RestrictionKind
    ground: Ground
    reason: str
    source: str
    date_only: bool = False

    def __post_init__(self) -> None:
        check_filled("symbol", self.symbol, "write a Yahoo symbol")
        check_choice("kind", self.kind, get_args(RestrictionKind))
        check_choice("ground", self.ground, get_args(Ground))
        check_filled("source", self.source, "name the document")
        if self.announced.tzinfo is None:
            raise BadInputError(f"announced {self.announced}", "wanted an instant with a zone", "add a zone")

    def known_on(self) -> np.datetime64:
        """The UTC date, datetime64[D], from whose end a decision may know of it."""
        return known_on(self.announced)


def dropped(
    restrictions: Sequence[Restriction],
    symbols: Sequence[str],
    sessions: DateArray,
    grounds: Sequence[Ground] = DEFAULT_GROUNDS,
) -> npt.NDArray[np.bool_]:
    """(T, N) True from the first row on which a restriction of that symbol is known, until it is lifted.

    sessions: (T,) ascending dates. grounds: which restrictions count; the default leaves out a mere partner's
    designation and the United States' list of Chinese military companies, which forbids no purchase.
    Raises BadInputError for an unknown ground.
    """
    for ground in grounds:
        check_choice("ground", ground, get_args(Ground))
    columns = {symbol: n for n, symbol in enumerate(symbols)}
    days = sessions.astype("datetime64[D]")
    mask = np.zeros((days.size, len(symbols)), np.bool_)
    for ground in grounds:
        one = np.zeros_like(mask)  # by ground, so that lifting one leaves the others standing
        for r in sorted(restrictions, key=lambda r: r.announced):
            if r.ground == ground and r.symbol in columns:
                one[np.searchsorted(days, r.known_on()) :, columns[r.symbol]] = r.kind != "lifted"
        mask |= one
    return mask


def read_restrictions(path: Path | None = None) -> tuple[Restriction, ...]:
    """The shipped record, or a CSV with the same columns, by instant and then symbol.

    Raises BadInputError naming file, line and column. Source: restrictions.csv, a source per row.
    """
    file = Path(__file__).with_name("restrictions.csv") if path is None else path
    return tuple(sorted(read_records(file, _COLUMNS, _from_cells), key=lambda r: (r.announced, r.symbol)))


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
    )
