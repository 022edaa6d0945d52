"""Position 1 of the article."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class FertilizerProducers(Basket):
    """Potash producers that dig no Belarusian ore gain when sanctions or transit stops keep that ore away.

    Long Nutrien, Mosaic, ICL and K+S in equal parts, leaning with the news of potash supply, and short an
    agribusiness fund against the beta of the basket, since the article wants the strategy hedged and does
    not say how. Against it: Mosaic lives on phosphate too, Nutrien on retail, and relief (December 2025)
    is news of the other sign.
    """

    name: ClassVar[str] = "fertilizer_producers"
    theme: ClassVar[str] = "fertilizer"
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = (
        "The hedge fund MOO itself owns Nutrien, Mosaic, CF and Deere: selling it also sells part of what "
        "the basket buys. When news leans it far long, the gross limit of 2 cuts the hedge short of the basket's "
        "beta. Try hedge=DBA, hedge=SPY or hedge=none."
    )

    legs: tuple[str, ...] = ("NTR", "MOS", "ICL", "SDF.DE")
    hedge: str = "MOO"
