"""Spells in which an account only holds are taken whole where nothing can ruin it, and row by row where a price may."""

import numpy as np
import pytest

from positioning.simulation.ledger_arrays import DUST, NOTHING, SPELL, price_range, steady_spells
from positioning.simulation.simulate import simulate
from tests.simulation.accounts import FREE, build, decide

ROWS = 3 * SPELL


@pytest.mark.parametrize("high", [SPELL - 1, SPELL, SPELL + 20, 2 * SPELL - 1, 2 * SPELL])
@pytest.mark.parametrize("times", [0.3 / DUST, 30.0 / DUST])
def test_holdings_beside_cash_are_ruined_where_all_but_dust_of_them_goes(times: float, high: int) -> None:
    """Half cash, half a name that is worth `times` as much on one row: on the next the account is worth 1 / times of
    what it was, which below DUST is a ruin."""
    prices = np.ones(ROWS)
    prices[high] = times
    market = build({"A": prices.tolist()})
    targets = decide(market, {1: {"A": 0.5}})
    result = simulate(targets, market, FREE)
    ruined = 0.5 * times * DUST > 1.0
    assert result.ruined == ruined
    assert result.ruin_row == (high + 1 if ruined else None)
    assert result.nav[high] == pytest.approx(0.5 + 0.5 * times, rel=1e-15)  # two roundings
    assert result.nav[-1] == (0.0 if ruined else 1.0)


def test_a_stretch_is_steady_where_no_price_falls_to_nothing_in_it_or_beside_it() -> None:
    mark = np.ones((6 * SPELL, 3))
    mark[:, 2] = 0.0  # never listed
    mark[3 * SPELL, 1] = NOTHING  # not above it
    least, most = price_range(mark, mark)
    assert steady_spells(least, most).tolist() == [True, True, False, False, False, True]
    mark[3 * SPELL, 1] = 2.0 * NOTHING
    assert steady_spells(*price_range(mark, mark)).all()
    mark[: SPELL - 1, 0] = 0.0  # listed on the last row of the first stretch
    assert steady_spells(*price_range(mark, mark)).tolist() == [False, False, True, True, True, True]
