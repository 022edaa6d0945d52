"""The sample market: SIMULATED bars, rates and published series, made from sample.toml, a thesis' own and a seed.

A model of the moments that matter to a backtest, not of any company: two markets, group factors and own
noise, fat-tailed under one clustering volatility; Hong Kong makes up New York's move at its next opening.
Each series has its own stream of random numbers, so a symbol's bars do not depend on what else is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from positioning.data.sample_bars import simulated_bars
from positioning.data.sample_series import simulated_driver, simulated_rates
from positioning.data.sample_tables import own_parameters, parameters
from positioning.errors import BadInputError
from positioning.market.bars import Notice
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.sample_facts import NO_FACTS, SampleFacts
from positioning.market.source import Delivery, Source
from positioning.market.venues import has_calendar


@final
@dataclass(frozen=True)
class SampleSource(Source):
    """The embedded market of 2018-01-02 to 2025-12-31. `seed` (>= 0) chooses the draw, not the moments. sample: what a
    thesis tells it, see `knowing`."""

    seed: int = field(default_factory=lambda: int(own_parameters()["seed"]))
    instruments: Instruments = RECORDED
    sample: SampleFacts = NO_FACTS
    simulated = True

    @property
    def label(self) -> str:
        """What a request calls it: `sample`."""
        return "sample"

    def universe(self) -> tuple[str, ...]:
        """Every symbol that has a row, in the order of sample.toml."""
        return tuple(parameters(self.sample)["names"])

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars, rates and drivers. A symbol without a row of its own gets the defaults of its region, and a notice; one
        that no venue can be read from, and a currency without a row, are left out."""
        p, seed = parameters(self.sample), self.seed
        names, with_rates, of = p["names"], p["currencies"], self.instruments.of
        simulated = Notice("", f"SIMULATED market, seed {seed}: no price in it was ever paid")
        borrowed = [
            Notice(s, f"is simulated with the volatility and betas of {names[s]['like']} for want of its own")
            for s in symbols
            if "like" in names.get(s, {})
        ]
        unknown = [s for s in symbols if s not in names and self._has_sessions(s)]
        borrowed += [
            Notice(
                s,
                "is not in the sample market: made up with volatility and betas of its region, on its venue's days",
            )
            for s in unknown
        ]
        return Delivery(
            bars={s: simulated_bars(seed, of(s), self.sample) for s in symbols if s in names or s in unknown},
            rates={c: simulated_rates(seed, c) for c in currencies if c in with_rates},
            notices=(simulated, *borrowed),
            drivers={name: simulated_driver(seed, name, self.sample) for name in p["drivers"]},
        )

    def _has_sessions(self, symbol: str) -> bool:
        """Whether the symbol can be simulated: some venue with a calendar, and no index."""
        try:
            i = self.instruments.of(symbol)
        except BadInputError:
            return False
        return (
            i.kind != "index"
            and has_calendar(i.venue)
            and (i.currency == "USD" or i.currency in own_parameters()["currencies"])
        )
