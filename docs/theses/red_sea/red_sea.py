"""Carriers leave the Red Sea: who sells freight gains, who buys it pays."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class RedSea(Basket):
    """Ships that sail round the Cape are ships that the market lacks: long container lines and tankers, short retailers.

    Four container lines and two tanker owners in equal parts, leaning with the news of the passage, and short a
    fund of American retailers against the beta of the basket. Against it: lines order ships in good years, and what
    drives tankers is oil more than the strait.
    """

    name: ClassVar[str] = "red_sea"
    theme: ClassVar[str] = "liner"
    benchmark: ClassVar[str] = "ACWI"
    caveat: ClassVar[str] = (
        "Most lines of the trade are in private or state hands (MSC, CMA CGM), and retailers are a poor stand-in for "
        "those who pay the freight."
    )

    legs: tuple[str, ...] = ("MAERSK-B.CO", "HLAG.DE", "ZIM", "1919.HK", "FRO", "STNG")
    hedge: str = "XRT"
