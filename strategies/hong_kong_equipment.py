"""Position 3 of the article."""

from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket

DISTRIBUTORS = ("9930.HK", "3360.HK", "2153.HK", "0936.HK", "1496.HK")


@final
@dataclass(frozen=True)
class HongKongEquipment(Basket):
    """Chinese machines replace Western ones in Central Asia; who sells them should gain.

    The article wants Hong Kong-listed distributors, as cleaner than the makers. None with reported Central
    Asian sales is listed, so the makers stand in: trucks, loaders, cranes, mining machines and engines, in
    equal parts, leaning with the news of equipment trade. vehicle=distributors holds the rental firms
    nearest to the article's wording, whose business is in China and South-East Asia: the failure case.
    """

    name: ClassVar[str] = "hong_kong_equipment"
    theme: ClassVar[str] = "equipment"
    benchmark: ClassVar[str] = "^HSI"
    caveat: ClassVar[str] = (
        "These are manufacturers standing in for distributors that are not listed: the article's claim that "
        "distributors are the cleaner vehicle cannot be tested in Hong Kong. With vehicle=distributors the "
        "page tests rental demand in China, not the article."
    )

    legs: tuple[str, ...] = (
        "1157.HK",
        "3808.HK",
        "0631.HK",
        "3339.HK",
        "2338.HK",
        "0038.HK",
        "1766.HK",
        "1839.HK",
    )
    vehicle: str = "manufacturers"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(
            "vehicle", self.vehicle in ("manufacturers", "distributors"), "manufacturers or distributors"
        )

    @property
    def names(self) -> tuple[str, ...]:
        return DISTRIBUTORS if self.vehicle == "distributors" else self.legs
