"""Withholding in the reference ledger and on simulated paths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
import pandas as pd
import pytest

from positioning.events.event import Events
from positioning.market.instruments import instrument
from positioning.market.market import Market
from positioning.scenarios.paths import resampling_pool
from positioning.scenarios.setup import StressTerms, stage
from positioning.scenarios.shock import Effect
from positioning.scenarios.simulation import batch
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.simulation.reference import reference
from positioning.simulation.taxes import read_tax
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

FREE = FeeTable((), "none")
SYMBOLS = ("NTR", "MOS", "TAVHL.IS")


def paying(rows: int = 60, seed: int = 0) -> Market:
    """Three payers of other countries, a dividend every tenth row, over the change of the Turkish rate."""
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2021-11-22", periods=rows)
    close = pd.DataFrame(
        100 * np.exp(np.cumsum(rng.normal(0, 0.01, (rows, 3)), axis=0)), index, list(SYMBOLS)
    )
    paid = pd.DataFrame(np.where(rng.random((rows, 3)) < 0.1, 2.0, 0.0), index, list(SYMBOLS))
    m = Market.from_frames(close, dividends=paid)
    homes = tuple(replace(i, incorporated=instrument(i.symbol).incorporated) for i in m.instruments)
    return replace(m, instruments=homes)


@pytest.mark.parametrize("investor", ["none", "US", "IE", "HK"])
def test_the_reference_ledger_withholds_as_the_kernel_does(investor: str) -> None:
    for seed in range(20):
        market, rng = paying(seed=seed), np.random.default_rng(seed)
        decided = np.flatnonzero(rng.random(market.rows.size) < 0.3)
        weights = rng.uniform(-0.5, 0.5, (decided.size, 3))
        targets, terms = (
            Targets(market.rows, market.symbols, decided, weights),
            AccountTerms(FREE, tax=read_tax(investor)),
        )
        fast, slow = terms.run(targets, market), reference(targets, market, terms)
        # Sixty sums of doubles near one, in another order; a tax left out shows at 1e-3.
        np.testing.assert_allclose(fast.nav, slow.nav, rtol=1e-12)
        np.testing.assert_allclose(fast.cash, slow.cash, rtol=1e-12, atol=1e-12)
        by_row = sum(fast.profit.values()).sum(axis=1)  # type: ignore[attr-defined]
        np.testing.assert_allclose(by_row, np.diff(fast.nav, prepend=1.0), atol=1e-13)


def test_names_with_dividends_inside_their_price_are_told_apart() -> None:
    market = replace(paying(), basis=("total_return", "traded", "traded"))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.full((1, 3), 0.3))
    told = [n.symbol for n in AccountTerms(FREE, tax=read_tax("US")).run(targets, market).notices]
    assert told == ["NTR"]
    assert not AccountTerms(FREE).run(targets, market).notices


@final
@dataclass(frozen=True)
class Holder(Strategy):
    """Half in Nutrien, bought once."""

    name: ClassVar[str] = "holder"
    benchmark: ClassVar[str] = "NTR"
    names = ("NTR",)

    def target_weights(self, market: Market, events: Events) -> Targets:
        weights = np.array([[0.5, 0.0, 0.0]])
        return Targets(market.rows, market.symbols, np.array([market.start]), weights)


def test_paths_of_a_stress_test_are_taxed() -> None:
    source = resampling_pool(paying(300), 20, 100, "history")
    hit = Effect.none(40, len(SYMBOLS))
    paths = {
        investor: batch(
            stage(source, hit, [Holder()], StressTerms(Events(()), FREE, tax=read_tax(investor))), 7, range(5)
        )[0]
        for investor in ("none", "US", "HK")
    }
    gross, treaty, statutory = paths["none"].nav, paths["US"].nav, paths["HK"].nav
    # The share is bought once and its income stays in cash, so what is lost is the rate times what was paid.
    paid = (gross - treaty) / 0.15
    assert paid[:, -1].max() > 0.01
    np.testing.assert_allclose(
        gross - statutory, 0.15 * paid, atol=1e-13
    )  # Canada withholds 15 from Hong Kong, too
    np.testing.assert_allclose(paths["US"].legs.sum(axis=1), treaty[:, -1] - 1, atol=1e-12)
