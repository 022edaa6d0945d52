"""The article's advice as a whole."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket
from positioning.strategy.blend import Blend
from strategies.fertilizer_producers import FertilizerProducers
from strategies.hong_kong_equipment import HongKongEquipment
from strategies.middle_corridor import MiddleCorridor


@final
@dataclass(frozen=True)
class Enablers(Blend):
    """Buy the enablers, dodge the sanctioned: the three strategies held together.

    Each is weighted by the inverse of the volatility of its event-free basket, so that none of the three
    decides the whole, and leans with its own news inside its share.
    """

    name: ClassVar[str] = "enablers"
    benchmark: ClassVar[str] = "ACWI"
    caveat: ClassVar[str] = (
        "It inherits the proxies of its parts: one of the three holds what the article names."
    )
    members: ClassVar[tuple[Basket, ...]] = (FertilizerProducers(), MiddleCorridor(), HongKongEquipment())
