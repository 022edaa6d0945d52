"""Where prices come from. A source delivers bars, rates and drivers; `market.load` makes a Market of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, Self, final

from positioning.arrays import DateArray, FloatArray
from positioning.errors import DataMissingError
from positioning.market.bars import Bars, Notice, Rates
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.sample_facts import NO_FACTS, SampleFacts

if TYPE_CHECKING:
    import numpy as np

    from positioning.market.findings import Finding


@final
@dataclass(frozen=True, slots=True, eq=False)
class Driver:
    """A published series (say a monthly commodity price): value[i] stands for dates[i], known only at known[i]."""

    name: str
    dates: DateArray
    known: DateArray
    values: FloatArray


@final
@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """What a source has of what was asked; a symbol or currency it lacks is simply not there."""

    bars: Mapping[str, Bars]
    rates: Mapping[str, Rates]
    notices: tuple[Notice, ...] = ()
    drivers: Mapping[str, Driver] = field(default_factory=dict)


class SymbolFacts(Protocol):
    """What a thesis says of symbols."""

    @property
    def instruments(self) -> Instruments:
        """Those on record, and its own."""

    @property
    def sample(self) -> SampleFacts:
        """How they behave in a simulated market."""


class Source(ABC):
    """One place prices come from."""

    simulated: bool = False
    instruments: Instruments = RECORDED
    """What its symbols are."""
    sample: SampleFacts = NO_FACTS
    """How they behave where prices are simulated."""
    published: Mapping[str, Driver] = MappingProxyType({})
    """Series that were given beside the source, by name."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What the command line calls it: `sample`, `folder:DIR`."""

    def knowing(self, thesis: SymbolFacts) -> Self:
        """The same source, whose symbols are what a thesis says they are."""
        other = copy(self)
        object.__setattr__(other, "instruments", thesis.instruments)
        object.__setattr__(other, "sample", thesis.sample)
        return other

    def carrying(self, published: Mapping[str, Driver]) -> Self:
        """The same source, whose markets carry these series, too."""
        other = copy(self)
        object.__setattr__(other, "published", published)
        return other

    def quoted(self, symbols: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002
        """The unit of quotation the provider states, by symbol, where it states one."""
        return {}

    def findings(self, symbols: Sequence[str]) -> tuple[Finding, ...]:  # noqa: ARG002
        """What the quality gate cannot see in bars: doubts about the stored rows."""
        return ()

    def driver(self, name: str) -> Driver:
        """A published series. Raises DataMissingError where the source has none of that name, as most have none."""
        raise DataMissingError(
            f"{self.label} has no series {name}",
            "wanted a source of published series",
            "use a folder of CSV files",
        )

    def require(  # noqa: B027 - most sources hold all they will ever hold
        self, symbols: Sequence[str], currencies: Sequence[str], end: np.datetime64 | None = None
    ) -> None:
        """DataMissingError where more could be fetched for these, up to `end`, than is stored."""

    @abstractmethod
    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """All bars of the symbols and rates of the currencies (USD excepted) it has."""
