"""The ledger against vectorbt, where the two keep the same law."""

import numpy as np
import pandas as pd
import pytest

from positioning.market.market import Market
from positioning.simulation.fees import FeeRate, FeeTable
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from tests.builders import Figure

# vectorbt leaves out orders below about 1e-8 shares; beside one unit of money that is 2.6e-8 of nav.
MONEY = 1e6


def proportional(bps: float) -> FeeTable:
    start = np.datetime64("1990-01-01")
    return FeeTable((FeeRate("*", "*", "*", "commission", "both", bps, start, "assumption: test"),), "flat")


CHECKS = ("split", "print", "jump", "spike", "unit_switch")  # what a heavy tail may look like


def random_case(seed: int, total: float = 0.9):
    rng = np.random.default_rng(seed)
    rows, names = int(rng.integers(20, 400)), int(rng.integers(1, 12))
    index = pd.bdate_range("2018-01-01", periods=rows)
    columns = [f"N{n}" for n in range(names)]
    steps = rng.standard_t(4, (rows, names)) * 0.02
    close = pd.DataFrame(50 * np.exp(np.cumsum(steps, axis=0)), index, columns)
    open_ = close.shift(1).bfill() * np.exp(rng.normal(0, 0.005, (rows, names)))
    every = int(rng.integers(1, 30))
    raw = rng.normal(size=(rows, names))
    weights = pd.DataFrame(total * raw / np.abs(raw).sum(axis=1, keepdims=True), index, columns)
    weights[np.arange(rows) % every != 0] = np.nan
    return close, open_, weights, float(rng.uniform(0, 30))


@pytest.mark.parametrize("block", range(2))
def test_nav_equals_vectorbt_on_random_single_venue_markets(block: int) -> None:
    compare(range(20 * block, 20 * block + 20))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_ten_thousand_markets_equal_vectorbt(part: int, figure: Figure) -> None:
    worst = compare(range(1000 + 2000 * part, 3000 + 2000 * part))
    told = f"2,000 markets, largest difference of nav {worst:.1e} of it"
    figure(f"random markets against vectorbt, part {part + 1} of 5", told, "below 1e-9")


def compare(seeds: range) -> float:
    """The largest relative difference of nav over these markets."""
    import vectorbt as vbt  # seconds, and all processes of a suite collect this file

    worst = 0.0
    for seed in seeds:
        close, open_, weights, bps = random_case(seed)
        # what is made to jump is not looked at again: the accounts are compared, not the prices
        market = Market.from_frames(
            close, open_, accepted=[f"{s}:{check}" for s in close for check in CHECKS]
        )
        targets = Targets.from_frame(weights, market.rows, market.symbols)
        ours = simulate(targets, market, proportional(bps))
        theirs = vbt.Portfolio.from_orders(
            close=close,
            price=open_,
            size=weights.shift(1),
            size_type="targetpercent",
            direction="both",
            group_by=True,
            cash_sharing=True,
            call_seq="auto",
            fees=bps * 1e-4,
            lock_cash=False,
            init_cash=MONEY,
            freq="1D",
        )
        nav = theirs.value().to_numpy().ravel() / MONEY
        # 1e-9: both sum a few hundred rows of doubles in another order; a wrong share shows at 1e-4.
        np.testing.assert_allclose(ours.nav, nav, rtol=1e-9, atol=0)
        worst = max(worst, float(np.abs(ours.nav / nav - 1.0).max()))
        again = ours.to_vectorbt(MONEY).value().to_numpy().ravel() / MONEY
        np.testing.assert_allclose(again, ours.nav, rtol=1e-9, atol=0)
        total = sum(v for parts in ours.contributions().values() for v in parts.values())
        assert total == pytest.approx(ours.nav[-1] - 1.0, abs=1e-10)
    return worst
