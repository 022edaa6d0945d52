"""A source that remembers what it delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, final

import numpy as np

from positioning.market.source import Delivery, Driver, Source, SymbolFacts

if TYPE_CHECKING:
    from positioning.market.findings import Finding
    from positioning.market.instruments import Instruments
    from positioning.market.sample_facts import SampleFacts


@final
class RecordingSource(Source):
    """Another source, with the digest of each series it delivered: by symbol, or `HKD=X` for a currency."""

    def __init__(self, source: Source) -> None:
        self.source, self.simulated = source, source.simulated
        self.digests: dict[str, str] = {}

    @property
    def instruments(self) -> Instruments:  # type: ignore[override]  # those of the other
        return self.source.instruments

    @property
    def sample(self) -> SampleFacts:  # type: ignore[override]  # those of the other
        return self.source.sample

    def knowing(self, thesis: SymbolFacts) -> RecordingSource:
        other = RecordingSource(self.source.knowing(thesis))
        other.digests = self.digests
        return other

    @property
    def published(self) -> Mapping[str, Driver]:  # type: ignore[override]  # those of the other
        return self.source.published

    @property
    def label(self) -> str:
        return self.source.label

    def quoted(self, symbols: Sequence[str]) -> Mapping[str, str]:
        return self.source.quoted(symbols)

    def findings(self, symbols: Sequence[str]) -> tuple[Finding, ...]:
        return self.source.findings(symbols)

    def require(
        self, symbols: Sequence[str], currencies: Sequence[str], end: np.datetime64 | None = None
    ) -> None:
        self.source.require(symbols, currencies, end)

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        delivery = self.source.deliver(symbols, currencies)
        self.digests |= {symbol: bars.digest() for symbol, bars in delivery.bars.items()}
        self.digests |= {f"{currency}=X": rates.digest() for currency, rates in delivery.rates.items()}
        return delivery
