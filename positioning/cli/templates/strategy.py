"""A strategy of one's own: python file, one class. Run it: positioning run templates/strategy.py"""

from dataclasses import dataclass
from typing import ClassVar

from positioning import Basket


@dataclass(frozen=True)
class MyBasket(Basket):
    """What should happen, and why, in a sentence or two: the page prints this.

    Then what is held and how, and what speaks against it.
    """

    name: ClassVar[str] = "my_basket"  # a name of its own: pages and kept runs are filed under it
    theme: ClassVar[str] = "fertilizer"  # the sleeve of the record whose news it answers
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = "What cannot be tested, or is a stand-in."

    legs: tuple[str, ...] = ("NTR", "MOS", "CF")  # symbols as Yahoo writes them, held in equal parts
    hedge: str = "none"  # or a symbol that is sold short against the basket's beta
    # Further parameters (exposure, half_life, hedge_ratio, lookback, screen, ...) have defaults: see positioning list.
