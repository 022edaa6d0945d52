"""What the market's rooms ask of a tax on dividends; the tables themselves are the ledger's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.market.instruments import Instrument


class Withholding(Protocol):
    """A table of dividend tax: its name on the page, and its rates."""

    @property
    def label(self) -> str:
        """What the page calls it."""

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> tuple[FloatArray, BoolArray]:
        """(T, N) fraction withheld, and (N,) whether any rate is on record for the payer."""
