"""Decisions on many shifted records at once are those on each record by itself, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from positioning.analysis.placebo import rotated_events
from positioning.errors import BadInputError
from positioning.events.shifts import ShiftedRecords
from positioning.market.load import load
from positioning.market.market import Market
from positioning.strategy import shifted_news
from positioning.strategy.shifted_news import decisions_on
from positioning.strategy.weight_batches import ScheduledStrategy
from strategies import STRATEGIES, Enablers, FertilizerProducers
from tests.builders import EVENTS, SAMPLE

SHIFTS = np.array([1, 2, 17, 400, 1001, 1400])


def market_of(strategy: ScheduledStrategy) -> Market:
    return load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)


def check(strategy: ScheduledStrategy, market: Market) -> None:
    records = ShiftedRecords(EVENTS, market.rows, market.start, SHIFTS)
    rows = market.rows[market.start :]
    found = list(decisions_on(strategy, market, records))
    assert len(found) == SHIFTS.size
    for shift, targets in zip(SHIFTS.tolist(), found, strict=True):
        alone = strategy.target_weights(market, rotated_events(EVENTS, rows, shift))
        np.testing.assert_array_equal(targets.decided, alone.decided)
        np.testing.assert_array_equal(targets.weights, alone.weights)
        assert (targets.band, targets.gross_limit, targets.limited) == (
            alone.band, alone.gross_limit, alone.limited,
        )  # fmt: skip


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: s.name)
def test_each_record_is_decided_as_by_itself(
    strategy: type[ScheduledStrategy], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = strategy()
    market = market_of(own)
    check(own, market)
    monkeypatch.setattr(shifted_news, "MOST_BYTES", 1)  # one record at a time
    check(own, market)


def test_within_limits_blind_to_news_and_by_the_past_alone() -> None:
    market = market_of(Enablers())
    check(replace(Enablers(), target_volatility=0.1, name_cap=0.05, country_cap=0.2), market)
    check(Enablers().without_events(), market)
    check(replace(FertilizerProducers(), beta="dimson", half_life=3.0), market_of(FertilizerProducers()))


def test_news_of_each_record_is_that_of_the_record_by_itself() -> None:
    market = market_of(FertilizerProducers())
    rows = market.rows[market.start :]
    records = ShiftedRecords(EVENTS, market.rows, market.start, SHIFTS)
    for sleeve in EVENTS.sleeves:
        alone = [rotated_events(EVENTS, rows, s).news(market.rows, sleeve) for s in SHIFTS.tolist()]
        assert any(news.any() for news in alone)
        np.testing.assert_array_equal(records.news(sleeve), alone)
    with pytest.raises(BadInputError, match="sleeve 'nickel'"):
        records.news("nickel")


def test_a_record_beyond_the_gross_limit_is_refused_as_by_itself() -> None:
    market = market_of(FertilizerProducers())
    strategy = replace(FertilizerProducers(), exposure=0.9, gross_limit=0.8)
    records = ShiftedRecords(EVENTS, market.rows, market.start, SHIFTS)
    with pytest.raises(BadInputError, match="gross exposure"):
        list(decisions_on(strategy, market, records))
