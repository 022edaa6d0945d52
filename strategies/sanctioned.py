"""The control: what not dodging costs."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class Sanctioned(Basket):
    """Hold what the article says to dodge, and see what dodging was worth.

    Long names of the region that were later frozen or lost their listing, in equal parts, with no screen and
    no answer to news: Russian steel and gold listed in London. They were cheap before the war, too.
    """

    name: ClassVar[str] = "sanctioned"
    theme: ClassVar[str] = "corridor"
    benchmark: ClassVar[str] = "EEM"
    caveat: ClassVar[str] = (
        "A control, not a strategy: its names are chosen because it is known what became of them. "
        "What a frozen share is worth is a matter of choice, so the page shows three marks. Polymetal's shares "
        "lived on in Astana: counting its exit from London as nothing is the harshest reading."
    )

    legs: tuple[str, ...] = ("EVR.L", "POLY.L")
    respond: float = 0.0
    screen: str = "none"
