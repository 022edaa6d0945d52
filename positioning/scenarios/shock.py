"""A shock: what happens to an instrument, a sleeve, a currency or the whole market, and how it fades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import RECORDED, Instrument

Ending = Literal["", "frozen", "delisted"]
KINDS = ("instrument", "theme", "currency", "market")
MOST = 1_000  # of a jump, a multiplier or a recovery
MOST_ROWS = 5_200  # twenty years
LEAST = -1.0 + 2.0**-40  # a jump beyond which the rounding of -1 begins
NEVER = math.inf  # a half-life: it does not fade


@final
@dataclass(frozen=True, slots=True)
class Shock:
    """One blow, landing `session` rows after the date or row it is applied at.

    target: instrument:NTR, theme:NAME, currency:HKD (its value in base currency) or market. members: the symbols of
    the theme; or the instrument itself, where a thesis has it on record.
    jump: simple return on landing, above -1; the logarithm of it halves every half_life rows.
    volatility, spread: multipliers of later moves and of the half-spread, whose distance from 1 halves every
    calm rows. correlation: share of each name's variance, in [0, 1], replaced by the common move of all names,
    its volatility kept; fades like them and holds for the whole market. halt: sessions of its venue without trading.
    ending: frozen from landing on, or delisted: not traded from then on and forced out on the next row at
    `recovery` times the last close before. label: what a page calls it. origin: where its size is from.

    Raises BadInputError for a value out of its range.
    """

    target: str
    jump: float = 0.0
    half_life: float = NEVER
    volatility: float = 1.0
    spread: float = 1.0
    calm: float = NEVER
    correlation: float = 0.0
    halt: int = 0
    ending: Ending = ""
    recovery: float = 0.0
    session: int = 0
    label: str = ""
    origin: str = ""
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kind, _, name = self.target.partition(":")
        if kind not in KINDS or bool(name) == (kind == "market"):
            raise BadInputError(
                f"target {self.target!r}", "wanted instrument:NTR, theme:NAME, currency:HKD or market",
                did_you_mean(kind, KINDS),
            )  # fmt: skip
        if bool(self.members) != (kind == "theme") and self.members != (name,):
            raise BadInputError(
                f"{self.target} with {len(self.members)} members", "wanted the symbols of a theme, and of nothing else",
                "name a theme that symbols of the thesis' universe.csv have",
            )  # fmt: skip
        if kind == "currency" and (self.spread != 1 or self.halt or self.ending):
            raise BadInputError(f"{self.target} with spread, halt or ending", "a currency has jump and volatility only",
                                "aim those at instruments")  # fmt: skip
        self._range(
            "jump",
            -1 < self.jump <= MOST,
            f"above -1 (-100 %), up to {MOST}: for a loss of all, delisted at recovery 0",
        )
        self._range("half_life", self.half_life > 0, "rows above 0")
        self._range("calm", self.calm > 0, "rows above 0")
        self._range("volatility", 0 <= self.volatility <= MOST, f"0 to {MOST}")
        self._range("spread", 0 <= self.spread <= MOST, f"0 to {MOST}")
        self._range("correlation", 0 <= self.correlation <= 1, "from 0 to 1")
        self._range("halt", 0 <= self.halt <= MOST_ROWS, f"sessions, 0 to {MOST_ROWS}")
        self._range("session", 0 <= self.session <= MOST_ROWS, f"rows, 0 to {MOST_ROWS}")
        self._range("ending", self.ending in ("", "frozen", "delisted"), "frozen, delisted or nothing")
        self._range("recovery", 0 <= self.recovery <= MOST, f"a fraction of the last close, 0 to {MOST}")

    def _range(self, field: str, holds: bool, limits: str) -> None:
        if not holds:
            raise BadInputError(f"{field} {getattr(self, field)}", f"wanted {limits}", f"correct the {field}")

    def scaled(self, multiple: float) -> Shock:
        """The same blow `multiple` (>= 0) times as hard: log jump, excess of the multipliers, halt and
        correlation (at most 1) in proportion; an ending stays what it is, at 0 it is dropped."""
        return replace(
            self,
            jump=max(math.expm1(min(multiple * math.log1p(self.jump), math.log1p(MOST))), LEAST),
            volatility=min(max(1 + multiple * (self.volatility - 1), 0.0), MOST),
            spread=min(max(1 + multiple * (self.spread - 1), 0.0), MOST),
            correlation=min(multiple * self.correlation, 1.0),
            halt=min(round(multiple * self.halt), MOST_ROWS),
            ending=self.ending if multiple > 0 else "",
        )

    def columns(self, instruments: Sequence[Instrument], base: str) -> IntArray:
        """The columns it hits: none where the market lacks an instrument or currency of the record.

        Raises BadInputError for an instrument or currency that neither has.
        """
        kind, _, name = self.target.partition(":")
        if kind == "instrument":
            hit = [n for n, i in enumerate(instruments) if i.symbol == name]
            options = [*(i.symbol for i in instruments), *self.members, *(i.symbol for i in RECORDED)]
        elif kind == "currency":
            hit = [n for n, i in enumerate(instruments) if i.currency == name and name != base]
            options = sorted({i.currency for i in (*instruments, *RECORDED)} - {base})
        else:
            return np.array(
                [n for n, i in enumerate(instruments) if kind == "market" or i.symbol in self.members],
                np.int64,
            )
        if not hit and name not in options:
            raise BadInputError(
                f"{self.target} is not known",
                "wanted one of this market or the record",
                did_you_mean(name, options),
            )
        return np.array(hit, np.int64)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What shocks do to T rows and N instruments.

    level: (T, N) added to log prices; currency: (T, N) added to log rates. volatility, currency_volatility,
    spread: (T, N) multipliers. correlation: (T,) in [0, 1]. halts: (row, column, sessions).
    endings: (row, column, ending, recovery).
    """

    level: FloatArray
    currency: FloatArray
    volatility: FloatArray
    currency_volatility: FloatArray
    spread: FloatArray
    correlation: FloatArray
    halts: tuple[tuple[int, int, int], ...] = ()
    endings: tuple[tuple[int, int, Ending, float], ...] = ()

    @classmethod
    def none(cls, rows: int, names: int) -> Effect:
        """The effect under which nothing happens."""
        zero, one = np.zeros((rows, names)), np.ones((rows, names))
        return cls(zero, zero.copy(), one, one.copy(), one.copy(), np.zeros(rows))


def effect(
    shocks: Sequence[Shock], rows: int, row: int, instruments: Sequence[Instrument], base: str
) -> Effect:
    """The shocks together, applied at row number `row` of `rows`; one landing beyond them does nothing.

    Log jumps add, multipliers multiply, correlations join as 1 - (1 - a)(1 - b), endings and halts all hold.
    """
    joint = Effect.none(rows, len(instruments))
    correlation, halts, endings = joint.correlation, [], []
    for s in shocks:
        hit, first = s.columns(instruments, base), row + s.session
        if first >= rows or not hit.size:
            continue
        age = np.arange(rows - first)
        fade, calm = 0.5 ** (age / s.half_life), 0.5 ** (age / s.calm)
        money = s.target.startswith("currency:")
        cells = (slice(first, None), hit)
        (joint.currency if money else joint.level)[cells] += (math.log1p(s.jump) * fade)[:, None]
        (joint.currency_volatility if money else joint.volatility)[cells] *= (1 + (s.volatility - 1) * calm)[
            :, None
        ]
        joint.spread[cells] *= (1 + (s.spread - 1) * calm)[:, None]
        correlation[first:] = 1 - (1 - correlation[first:]) * (1 - s.correlation * calm)
        halts += [(first, int(n), s.halt) for n in hit if s.halt]
        endings += [(first, int(n), s.ending, s.recovery) for n in hit if s.ending]
    return replace(joint, halts=tuple(halts), endings=tuple(endings))
