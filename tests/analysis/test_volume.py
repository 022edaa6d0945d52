"""Volume is an input like any other: its future is replaced, and a market that starts later keeps its own."""

from dataclasses import replace

import numpy as np
import pandas as pd

from positioning.analysis.look_ahead import VOLUMES, look_ahead
from positioning.analysis.robustness import later
from positioning.events.event import Events
from positioning.market.market import Market
from tests.analysis.planted import HONEST, Planted

NONE = Events(())


def traded() -> Market:
    """Four names over 300 days, with volumes."""
    rng, days = np.random.default_rng(3), pd.bdate_range("2021-06-01", periods=300)
    close = pd.DataFrame(
        50 * np.exp(np.cumsum(rng.normal(0, 0.02, (300, 4)), axis=0)),
        index=days,
        columns=["AAA", "BBB", "CCC", "DDD"],
    )
    market = Market.from_frames(close)
    return replace(market, volume=rng.uniform(1e5, 1e6, market.close.shape))


def test_a_strategy_that_knows_tomorrows_volume_is_caught() -> None:
    def cheat(market: Market, events: Events) -> np.ndarray:
        assert market.volume is not None
        return np.roll(market.volume, -1, axis=0)  # tomorrow's

    found = look_ahead(Planted(rule=cheat), traded(), NONE)
    assert VOLUMES in {f.input for f in found}
    assert look_ahead(Planted(rule=next(iter(HONEST.values()))), traded(), NONE) == ()


def test_a_market_that_starts_later_is_the_same_one_cut() -> None:
    market = traded()
    cut = later(market, 100)
    assert market.volume is not None
    assert cut.volume is not None
    np.testing.assert_array_equal(cut.volume, market.volume[100:])
    np.testing.assert_array_equal(cut.close, market.close[100:])
    assert later(replace(market, volume=None), 100).volume is None
