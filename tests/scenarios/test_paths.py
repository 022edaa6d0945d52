"""The pool that paths are drawn from."""

import numpy as np
import pandas as pd

from positioning.market.market import Market
from positioning.scenarios.paths import resampling_pool


def test_a_market_with_volume_gives_the_paths_of_one_without() -> None:
    days = pd.bdate_range("2020-01-01", periods=700)
    rng = np.random.default_rng(1)
    close = pd.DataFrame(np.exp(np.cumsum(rng.normal(0, 0.01, (700, 2)), axis=0)), days, ["A", "B"])
    volume = pd.DataFrame(1e6, days, ["A", "B"])
    plain, traded = (
        resampling_pool(Market.from_frames(close, volume=v), 150, 500, "zero") for v in (None, volume)
    )
    np.testing.assert_array_equal(plain.moves.intraday, traded.moves.intraday)
    np.testing.assert_array_equal(plain.past.close, traded.past.close)
