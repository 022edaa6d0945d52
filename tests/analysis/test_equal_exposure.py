"""The strategy without events, held as long on average as with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.equal_exposure import CLOSE, at_equal_exposure, long_exposure
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from tests.analysis.random_events import Tiny, random_events, walk
from tests.event_studies.returns import an_event
from tests.simulation.accounts import FREE


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_long_on_average_and_answers_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    market = walk(rng)
    events, terms = random_events(rng, market.rows[market.start :], 6), AccountTerms(FREE)
    inputs = terms.inputs(market, events)
    leaning = terms.run(Tiny(), market, events, inputs)
    plain = terms.run(Tiny(respond=0.0), market, events, inputs)
    twin = at_equal_exposure(Tiny(), leaning, market, terms, events, inputs)
    assert abs(long_exposure(plain) - long_exposure(leaning)) > CLOSE
    assert abs(long_exposure(twin) - long_exposure(leaning)) < CLOSE


def test_without_news_it_is_itself() -> None:
    market, events, terms = walk(np.random.default_rng(9)), Events(()), AccountTerms(FREE)
    inputs = terms.inputs(market, events)
    leaning = terms.run(Tiny(), market, events, inputs)
    twin = at_equal_exposure(Tiny(), leaning, market, terms, events, inputs)
    np.testing.assert_array_equal(twin.nav, leaning.nav)


def test_an_edge_that_is_exposure_alone_is_none_against_it() -> None:
    """A price that only rises: whoever is longer earns more. The events look good against their basket, and are worth
    nothing against the basket held as long."""
    index = pd.bdate_range("2022-01-03", periods=300)
    rising = pd.DataFrame({"A": 50 * 1.001 ** np.arange(300)}, index)
    market = replace(Market.from_frames(rising), start=20)
    events = Events(tuple(an_event(f"E{n}", str(market.rows[30 + 25 * n]), 1, 5) for n in range(10)))
    terms = AccountTerms(FREE)
    inputs = terms.inputs(market, events)
    leaning = terms.run(Tiny(), market, events, inputs)
    plain = terms.run(Tiny(respond=0.0), market, events, inputs)
    twin = at_equal_exposure(Tiny(), leaning, market, terms, events, inputs)
    seen, fair = (float(leaning.nav[-1] - other.nav[-1]) for other in (plain, twin))
    assert seen > 0.01
    assert abs(fair) < 0.1 * seen
