"""A decision that trades whole on its row: lanes take a shorter way through it than the recorded account."""

import numpy as np
import pandas as pd
import pytest

from positioning.market.market import Market
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeRate, FeeTable
from positioning.simulation.inputs import LedgerInputs, ledger_inputs
from positioning.simulation.kernel import run_lanes, run_ledger
from positioning.simulation.ledger_arrays import LANES, AccountState

START = np.datetime64("1990-01-01")
SIDES = FeeTable(
    (
        FeeRate("*", "*", "*", "commission", "buy", 30.0, START, "assumption: test"),
        FeeRate("*", "*", "*", "commission", "sell", 10.0, START, "assumption: test"),
        FeeRate("*", "*", "*", "borrow", "short", 400.0, START, "assumption: test"),
    ),
    "sides",
)
ROWS, NAMES = 160, 5


def inputs_of(seed: int, halted: float, spread: float) -> LedgerInputs:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2020-01-01", periods=ROWS)
    steps = rng.standard_normal((ROWS, NAMES)) * spread
    close = pd.DataFrame(20 * np.exp(np.cumsum(steps, axis=0)), index, [f"N{n}" for n in range(NAMES)])
    close = close.mask(rng.random(close.shape) < halted)
    close.iloc[0] = 20.0
    return ledger_inputs(Market.from_frames(close), SIDES, "close", CashRate.constant(0.03))


def opening(names: int) -> AccountState:
    """An account that begins with one unit of cash."""
    nothing = np.zeros((names, 1))
    return AccountState(np.ones(1), nothing, np.full((names, 1), np.nan), nothing.copy(), nothing.copy())


@pytest.mark.parametrize("seed", range(6))
def test_a_few_decisions_in_a_row_have_the_bits_of_the_recorded_account(seed: int) -> None:
    """Four decisions of three names over eight rows: longs, shorts and both, with and without a band, some dearer than
    the cash, and a third of the lanes goes from one side to the other."""
    rng = np.random.default_rng(seed)
    close = pd.DataFrame(
        rng.uniform(18.0, 22.0, (8, 3)), pd.bdate_range("2020-01-01", periods=8), list("ABC")
    )
    table = FeeTable(
        tuple(
            FeeRate("*", "*", "*", "commission", side, bps, START, "assumption: test")
            for side, bps in (("buy", 90.0 * (seed % 2)), ("sell", 20.0 * seed))
        ),
        "own",
    )
    inputs = ledger_inputs(Market.from_frames(close), table, "close", CashRate.constant(0.05 * (seed % 2)))
    decided = np.array([0, 2, 3, 5])
    weights = rng.uniform(-0.4, 0.9, (4, 3, LANES))
    weights[rng.random(weights.shape) < 0.2] = 0.0
    weights[:, :, ::3] = np.abs(weights[:, :, ::3]) / 3.0  # no shorts, and the cash suffices
    weights[:, :, 1::3] *= np.where(np.arange(4) % 2, -1.0, 1.0)[:, None, None]
    bands = np.resize([0.0, 0.5], LANES) if seed % 3 else np.zeros(LANES)
    nav = np.empty((8, LANES))
    outcome = run_lanes(decided, weights, bands, inputs.arrays, nav)
    for k in range(0, LANES, 4):
        one, _, _ = run_ledger(decided, weights[:, :, k], float(bands[k]), inputs.arrays, opening(3))
        np.testing.assert_array_equal(nav[:, k], one.nav[:, 0])
        assert (outcome.traded[k], outcome.cost[k]) == (one.traded[0], one.cost[0])
    assert (outcome.ruin_row == -1).all()  # else the accounts beside a ruined one would go the longer way


@pytest.mark.parametrize("longest", [0.5, 2.4])  # 2.4: purchases are shrunk to the cash
@pytest.mark.parametrize("shortest", [0.0, -0.4])
@pytest.mark.parametrize(
    "halted", [0.0, 0.1]
)  # 0.1: most decisions meet a closed leg, and replace a waiting one
@pytest.mark.parametrize("banded", [False, True])
def test_lanes_have_the_bits_of_the_recorded_account(
    banded: bool, halted: float, shortest: float, longest: float
) -> None:
    inputs = inputs_of(int(longest * 10 + halted * 100), halted, 0.02)
    rng = np.random.default_rng(5)
    decided = np.flatnonzero(rng.random(ROWS) < 0.2)
    weights = rng.uniform(shortest / NAMES, longest / NAMES, (decided.size, NAMES, LANES))
    weights[rng.random(weights.shape) < 0.2] = 0.0
    weights[:, :, 0] = 0.0  # an account that never trades
    nav = np.empty((ROWS, LANES))
    bands = np.resize([0.0, 0.3], LANES)
    outcome = run_lanes(decided, weights, bands if banded else np.zeros(LANES), inputs.arrays, nav)
    for k in range(0, LANES, 7):
        band = float(bands[k]) if banded else 0.0
        one, record, _ = run_ledger(decided, weights[:, :, k], band, inputs.arrays, opening(NAMES))
        np.testing.assert_array_equal(nav[:, k], one.nav[:, 0])
        assert (outcome.traded[k], outcome.cost[k]) == (one.traded[0], one.cost[0])
        assert (k == 0) == (not record.trades.any())
    assert inputs.all_open.any()
    assert inputs.all_open.all() == (halted == 0.0)


def test_an_account_that_is_ruined_at_a_fill_leaves_the_others_their_decision() -> None:
    """Half of the lanes are short of three times their equity in a name that trebles; the others hold it."""
    close = pd.DataFrame({"A": [10.0] * 4 + [30.0] * 4}, pd.bdate_range("2020-01-01", periods=8))
    inputs = ledger_inputs(Market.from_frames(close), FeeTable((), "free"), "close")
    decided = np.array([0, 3])
    weights = np.full((2, 1, LANES), 0.5)
    weights[:, :, ::2] = -3.0
    nav = np.empty((8, LANES))
    outcome = run_lanes(decided, weights, np.zeros(LANES), inputs.arrays, nav)
    assert (outcome.ruin_row[::2] == 4).all()
    assert (nav[4:, ::2] == 0.0).all()
    # 0.05 shares bought at 10 are worth 1.5 beside 0.5 in cash: 2 on every later row
    np.testing.assert_allclose(nav[4:, 1::2], 2.0, rtol=1e-15)
    assert (outcome.ruin_row[1::2] == -1).all()
