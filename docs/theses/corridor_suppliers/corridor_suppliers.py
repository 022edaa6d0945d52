"""A fourth strategy for the article: who sells to the corridor, whoever runs it."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class CorridorSuppliers(Basket):
    """A railway that is built needs locomotives, wagons and cranes before it carries a container.

    Long Wabtec, which assembles locomotives in Astana, CRRC, which delivers wagons and locomotives, and Sany Heavy
    Equipment, whose port machines load them, in equal parts, leaning with the news of the corridor and hedged by beta
    with a fund of emerging markets. Against it: Central Asia is a few per cent of what each of them sells.
    """

    name: ClassVar[str] = "corridor_suppliers"
    theme: ClassVar[str] = "corridor"
    benchmark: ClassVar[str] = "ACWI"
    caveat: ClassVar[str] = (
        "The corridor is a small part of the sales of each: what moves them is orders in America and China. CRRC "
        "could not be bought by US persons from November 2020 to June 2021."
    )

    legs: tuple[str, ...] = ("WAB", "1766.HK", "0631.HK")
    hedge: str = "EEM"
    exposure: float = 0.5
