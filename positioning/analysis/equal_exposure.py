"""The strategy without events, held as long on average as with them: what is left is the choice of days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy

CLOSE = 1e-3  # of nav, between the two average exposures
MAX_STEPS = 4  # the account is nearly linear in its weights: the second step is within CLOSE as a rule


def long_exposure(result: Result) -> float:
    """Mean over the rows after the opening one of the weights above zero, in fractions of nav."""
    longs = (result.gross_exposure + result.net_exposure) / 2
    return float(longs[1:].mean()) if longs.size > 1 else 0.0


def at_equal_exposure(
    strategy: Strategy,
    like: Result,
    market: Market,
    terms: AccountTerms,
    events: Events,
    inputs: LedgerInputs,
) -> Result:
    """The account of `strategy.without_events()` with all weights multiplied by one number, so that its mean long
    exposure is that of `like`, the same strategy with events.

    An event strategy that is long when markets rise beats its basket by holding more of it, whatever the days; this
    account holds as much. The multiple is found by running the account; longs stay within nav and gross exposure
    within the strategy's limit, so where those bind the exposures differ and `long_exposure` says by how much.
    """
    plain = strategy.without_events().target_weights(market, events)
    result = terms.run(plain, market, events, inputs)
    target, multiple = long_exposure(like), 1.0
    longs = np.maximum(plain.weights, 0.0).sum(axis=1)
    gross = np.abs(plain.weights).sum(axis=1)
    if not longs.any():
        return result
    most = min(1.0 / longs.max(), plain.gross_limit / gross.max())
    for _ in range(MAX_STEPS):
        have = long_exposure(result)
        if abs(have - target) < CLOSE or not have > 0:
            break
        multiple = min(multiple * target / have, most)
        result = terms.run(replace(plain, weights=plain.weights * multiple), market, events, inputs)
    return result
