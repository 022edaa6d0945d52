"""What the world was: rows, prices, dividends, currencies and who could be traded when."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.display import Displayable, Picture
from positioning.market.bars import Bars, Basis, Notice, Rates
from positioning.market.instruments import Instrument
from positioning.market.source import Driver

if TYPE_CHECKING:
    import pandas as pd

    from positioning.market.findings import Finding


@final
@dataclass(frozen=True, eq=False, repr=False)
class Market(Displayable):
    """Prices of N instruments over T rows; a row is a date on which at least one of their venues is open.

    rows: (T,) datetime64[D]; rows before `start` only feed signals, the account opens on row `start`.
    open, close: (T, N) split-adjusted traded prices in the instrument's currency, NaN where there is none.
    dividends: (T, N) cash per share on the ex-date, instrument's currency, gross of tax.
    tradable: (T, N) the venue is open and the name trades; venue_open: (T, N) its venue holds a session.
    early: (T, N) the session opens before 00:00 UTC of its own date (Sydney in summer).
    rates: (T, N) base currency per unit of the instrument's currency, NaN when older than RATE_CARRY rows.
    basis: N of "traded" or "total_return" (dividends already inside the price).
    volume: (T, N) shares traded on the row, split-adjusted as prices are, NaN where it is not known; None where it is
    not known of any name.
    """

    rows: DateArray
    instruments: tuple[Instrument, ...]
    open: FloatArray
    close: FloatArray
    dividends: FloatArray
    tradable: BoolArray
    venue_open: BoolArray
    early: BoolArray
    rates: FloatArray
    basis: tuple[Basis, ...]
    base: str = "USD"
    start: int = 0
    source: str = "frames"
    snapshot: str = ""
    simulated: bool = False
    notices: tuple[Notice, ...] = ()
    findings: tuple[Finding, ...] = ()
    drivers: Mapping[str, Driver] = field(default_factory=dict)
    volume: FloatArray | None = None

    def __post_init__(self) -> None:
        shape = (self.rows.size, len(self.instruments))
        for name in ("open", "close", "dividends", "tradable", "venue_open", "early", "rates"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, wanted {shape}")
        if self.volume is not None and self.volume.shape != shape:
            raise ValueError(f"volume has shape {self.volume.shape}, wanted {shape}")
        if len(self.basis) != shape[1]:
            raise ValueError(f"{len(self.basis)} price bases for {shape[1]} instruments")
        if not 0 <= self.start < max(shape[0], 1):
            raise ValueError(f"start row {self.start} lies outside {shape[0]} rows")
        if (self.tradable & ~np.isfinite(self.close)).any():
            raise ValueError("a tradable cell has no close")

    def picture(self) -> Picture:
        """Span, names, currencies and source; in a notebook also each name and the mean of their indices."""
        rows, count = self.rows, len(self.instruments)
        facts = {
            "rows": f"{rows.size:,}, {rows[0]} to {rows[-1]}" if rows.size else "none",
            "account opens": str(rows[self.start]) if rows.size else "never",
            "instruments": f"{count}: {', '.join(self.symbols[:6])}{' ...' if count > 6 else ''}",
            "base currency": self.base,
            "source": self.source + (" (SIMULATED)" if self.simulated else ""),
            "findings": f"{len(self.findings)}, notices {len(self.notices)}",
        }
        table = [
            (i.symbol, i.name, i.venue, i.currency, basis, f"{int(np.isfinite(self.close[:, n]).sum()):,}")
            for n, (i, basis) in enumerate(zip(self.instruments, self.basis, strict=True))
        ]
        has_index = np.isfinite(self.total_return)
        total = np.where(has_index, self.total_return, 0.0).sum(axis=1)
        mean = np.divide(
            total, has_index.sum(axis=1), out=np.full(rows.size, np.nan), where=has_index.any(axis=1)
        )
        return Picture(facts, ("symbol", "name", "venue", "currency", "basis", "closes"), table, mean)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The N symbols, in column order."""
        return tuple(i.symbol for i in self.instruments)

    def column(self, symbol: str) -> int:
        """Column of a symbol; KeyError when the market lacks it."""
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise KeyError(symbol) from None

    @cached_property
    def carried_close(self) -> FloatArray:
        """(T, N) last known close in the instrument's currency, NaN before the first."""
        return carry_forward(self.close)

    @cached_property
    def marks(self) -> FloatArray:
        """(T, N) last known close at the row's rate, in base currency; NaN before the first."""
        return carry_forward(self.carried_close * self.rates)

    @cached_property
    def carried_rates(self) -> FloatArray:
        """(T, N) last known rate, however old: what marks and dividends convert at where no trade may."""
        return carry_forward(self.rates)

    @cached_property
    def returns(self) -> FloatArray:
        """(T, N) simple total returns in base currency: (close + dividend) rate / (last close last rate) - 1.

        Built forward, so a later dividend never changes an earlier row. NaN up to a name's first price.
        """
        marks, gain = self.marks, np.full_like(self.marks, np.nan)
        dividends = self.dividends * self.carried_rates
        gain[1:] = (marks[1:] + dividends[1:]) / marks[:-1] - 1.0
        return gain

    @cached_property
    def total_return(self) -> FloatArray:
        """(T, N) total-return index in base currency, 1 at a name's first price, NaN before it."""
        index = np.cumprod(1.0 + np.nan_to_num(self.returns), axis=0)
        return np.where(np.isfinite(self.marks), index, np.nan)

    @cached_property
    def history(self) -> IntArray:
        """(T, N) number of rows with a price so far, this row included."""
        return np.cumsum(np.isfinite(self.close), axis=0, dtype=np.int64)

    @cached_property
    def silence(self) -> IntArray:
        """(T, N) sessions of the name's venue since it last traded; 0 on a row on which it did."""
        missed = np.cumsum(self.venue_open & ~self.tradable, axis=0, dtype=np.int64)
        at_trade = np.where(self.tradable, missed, 0)
        return missed - np.maximum.accumulate(at_trade, axis=0)

    def until(self, row: int) -> Market:
        """Rows 0 .. row, inclusive."""
        cut = {
            name: getattr(self, name)[: row + 1]
            for name in ("rows", "open", "close", "dividends", "tradable", "venue_open", "early", "rates")
        }
        volume = None if self.volume is None else self.volume[: row + 1]
        return replace(self, **cut, volume=volume, start=min(self.start, row))

    @classmethod
    def from_frames(
        cls,
        close: pd.DataFrame,
        open: pd.DataFrame | None = None,
        dividends: pd.DataFrame | None = None,
        venue: str | Mapping[str, str] = "XNYS",
        currency: str | Mapping[str, str] = "USD",
        rates: pd.DataFrame | None = None,
        base: str = "USD",
        volume: pd.DataFrame | None = None,
        accepted: Sequence[str] = (),
    ) -> Market:
        """A market of your own prices: one column a symbol, one row a date, NaN where there is no trade.

        venue (ISO 10383), currency (ISO 4217): of all, or by symbol. Symbols are only names here: what a suffix says is
        read by FramesSource.
        rates: base currency per unit, one column a currency, on the same dates; needed for every currency
        but the base. volume: shares traded, split-adjusted as prices are; needed by an account with a capital.
        The frame's own dates are the rows: no calendar is consulted, and a name without a
        close on a row does not trade on it.
        accepted: findings of the quality gate in spite of which prices are taken (`EVR.L:unit_switch`); the others are in
        `findings`. Raises BadInputError for dates or prices that cannot be used.
        """
        from positioning.market import frames

        fields = frames.fields_from_frames(
            close, open, dividends, venue, currency, rates, base, volume, accepted
        )
        return cls(**fields)


def carry_forward(values: FloatArray) -> FloatArray:
    """(T, N) with each NaN replaced by the last finite value above it."""
    last_row = np.where(np.isfinite(values), np.arange(values.shape[0])[:, None], 0)
    np.maximum.accumulate(last_row, axis=0, out=last_row)
    return np.take_along_axis(values, last_row, axis=0)


def snapshot_hash(bars: Sequence[Bars], rates: Sequence[Rates]) -> str:
    """SHA-256 over the digests of all series a market was made of, in the order of their names."""
    h = hashlib.sha256()
    for digest in sorted(
        [f"{b.symbol}:{b.digest()}" for b in bars] + [f"{r.currency}=X:{r.digest()}" for r in rates]
    ):
        h.update(digest.encode())
    return h.hexdigest()
