"""Position 2 of the article."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class MiddleCorridor(Basket):
    """Freight that avoids Russia and Belarus crosses Kazakhstan and the Caspian; who carries it should gain.

    Long listed stand-ins in equal parts, leaning with the news of the route: a Turkish hauler, a supplier of
    locomotives, a Chinese rail-freight agent, container lines, and Kazakh, Georgian and Turkish names that
    move with those countries more than with freight. Names under a short report, a designation or a listing
    as a Chinese military company leave the basket on the day it is known.
    """

    name: ClassVar[str] = "middle_corridor"
    theme: ClassVar[str] = "corridor"
    benchmark: ClassVar[str] = "EEM"
    caveat: ClassVar[str] = (
        "No Kazakh rail operator or port is listed: the railway KTZ, Aktau, Kuryk and Khorgos are state-owned. "
        "What is held instead earns almost nothing from the corridor, so the claim is tested by proxy only."
    )

    legs: tuple[str, ...] = (
        *("WAB", "PASEU.IS", "KAP.IL", "HSBK.IL", "KSPI", "FRHC", "TAVHL.IS", "BGEO.L", "TBCG.L"),
        *("0598.HK", "1199.HK", "1919.HK"),
    )
    screen: str = "strict"
