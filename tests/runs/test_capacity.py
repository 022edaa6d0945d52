"""Where an edge is gone, by hand; and lanes beside single accounts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.runs.capacity import crossing
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.simulation.liquidity import Capital
from strategies import FertilizerProducers
from tests.builders import EVENTS, SAMPLE


def test_an_edge_is_gone_between_two_capitals_on_the_logarithm() -> None:
    amounts = np.array([1e5, 1e6, 1e7])
    assert crossing(amounts, np.array([0.2, 0.1, -0.1])) == pytest.approx(10**6.5)
    assert crossing(amounts, np.array([0.2, 0.0, 0.5])) == pytest.approx(1e6)
    assert math.isinf(crossing(amounts, np.array([0.2, 0.1, 0.05])))
    assert crossing(amounts, np.array([-0.2, 0.1, 0.05])) == 0.0


def test_forty_capitals_side_by_side_are_forty_accounts() -> None:
    strategy = FertilizerProducers()
    span = Span(np.datetime64("2023-01-03"), np.datetime64("2024-06-28"))
    market = load(SAMPLE, strategy.names, strategy.hedges, span, history=strategy.history)
    terms = AccountTerms(read_fees("default"), capital=Capital(1e6))
    amounts = np.geomspace(1e5, 1e10, 40)
    swept = terms.run_at(amounts, strategy, market, EVENTS)
    for k in (0, 19, 39):
        one = AccountTerms(read_fees("default"), capital=Capital(float(amounts[k]))).run(
            strategy, market, EVENTS
        )
        np.testing.assert_array_equal(swept.nav[:, k], one.nav)
        # sums of the same terms in another order
        assert swept.cost[k] == pytest.approx(one.cost.sum(), rel=1e-12)
        assert swept.impact[k] == pytest.approx(one.impact.sum(), rel=1e-12)
