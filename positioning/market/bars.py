"""What a source delivers: one symbol's daily bars, and one currency's daily rates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError

RATE_CARRY = 5  # rows a currency rate may be carried forward
Basis = Literal["traded", "total_return"]


@final
@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader of the result must know about one symbol (or about the whole market, symbol "")."""

    symbol: str
    text: str


@final
@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One symbol's daily bars in its own currency (pounds, not pence), split-adjusted.

    dates: (R,) datetime64[D], local session dates, strictly ascending.
    open, high, low, close, volume: (R,) float64; NaN where the source has none (never zero or negative prices).
    dividends: (R,) float64, cash per share on the ex-date, same currency, gross of tax; zeros where none.
    basis: "traded", or "total_return" where dividends are inside the price.

    Raises BadInputError for unsorted or repeated dates and for prices at or below zero.
    """

    symbol: str
    dates: DateArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    dividends: FloatArray
    basis: Basis = "traded"
    notices: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        if self.dates.dtype != np.dtype("datetime64[D]"):
            raise TypeError("dates must be datetime64[D]")
        fields = {k: getattr(self, k) for k in ("open", "high", "low", "close", "volume", "dividends")}
        for name, values in fields.items():
            if values.shape != self.dates.shape or values.dtype != np.float64:
                raise TypeError(f"{name} must be float64 of shape {self.dates.shape}")
        steps = np.diff(self.dates.astype(np.int64))
        if (steps <= 0).any():
            at = self.dates[1:][steps <= 0][0]
            raise BadInputError(
                f"{self.symbol}: dates are repeated or out of order at {at}",
                "wanted strictly ascending session dates",
                "sort the file and drop the repeated row",
            )
        for name in ("open", "high", "low", "close"):
            bad = fields[name] <= 0
            if bad.any():
                at = int(np.argmax(bad))
                raise BadInputError(
                    f"{self.symbol}: {name} {fields[name][at]:g} on {self.dates[at]}",
                    "wanted prices above zero",
                    "correct or remove that row",
                )

    def digest(self) -> str:
        """SHA-256 of symbol, basis and every value, in hexadecimal."""
        h = hashlib.sha256(f"{self.symbol}|{self.basis}|{self.dates.size}".encode())
        for values in (self.dates, self.open, self.high, self.low, self.close, self.volume, self.dividends):
            h.update(np.ascontiguousarray(values).tobytes())
        return h.hexdigest()


@final
@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """US dollars per unit of a currency, by date. dates: (R,) datetime64[D] ascending; usd: (R,) > 0."""

    currency: str
    dates: DateArray
    usd: FloatArray
    origin: str

    def __post_init__(self) -> None:
        if (np.diff(self.dates.astype(np.int64)) <= 0).any():
            raise BadInputError(
                f"{self.origin}: dates of {self.currency} are repeated or out of order",
                "wanted strictly ascending dates",
                "sort the file and drop the repeated row",
            )
        if not (np.isfinite(self.usd) & (self.usd > 0)).all():
            raise BadInputError(
                f"{self.origin}: a rate of {self.currency} is missing, zero or negative",
                "wanted positive numbers",
                "correct or remove that row",
            )

    def digest(self) -> str:
        """SHA-256 of currency and every value, in hexadecimal."""
        h = hashlib.sha256(f"{self.currency}|{self.dates.size}".encode())
        h.update(np.ascontiguousarray(self.dates).tobytes())
        h.update(np.ascontiguousarray(self.usd).tobytes())
        return h.hexdigest()
