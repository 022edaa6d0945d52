"""Limits of every strategy: a volatility to aim at, caps by name and by country."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.search.space import SearchSpace
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.strategy.limits import VOLATILITY_ROWS, cap, scale
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from strategies import Enablers, FertilizerProducers
from tests.builders import EVENTS, SAMPLE

ROWS = 400
DECIDED = np.array([5, 100, 200, 300])


def market(seed: int = 0) -> Market:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2022-01-03", periods=ROWS)
    moves = rng.normal(0, [0.01, 0.02, 0.015], (ROWS, 3))
    made = Market.from_frames(pd.DataFrame(100 * np.exp(np.cumsum(moves, axis=0)), index, ["A", "B", "C"]))
    places = ("US", "US", "HK")
    return replace(
        made,
        instruments=tuple(replace(i, incorporated=p) for i, p in zip(made.instruments, places, strict=True)),
    )


@dataclass(frozen=True)
class Fixed(Strategy):
    """Weights of one's own, decided four times."""

    name: ClassVar[str] = "fixed"
    benchmark: ClassVar[str] = "A"
    wanted: tuple[float, ...] = (0.4, 0.3, -0.2)
    names = ("A", "B")
    hedges = ("C",)

    def target_weights(self, market: Market, events: Events) -> Targets:
        return Targets(
            market.rows, market.symbols, DECIDED, np.tile(self.wanted, (4, 1)), self.band, self.gross_limit
        )


def decided(strategy: Strategy, world: Market | None = None) -> Targets:
    return strategy.target_weights(world or market(), Events(()))


def test_without_limits_nothing_is_touched() -> None:
    assert (decided(Fixed()).weights == np.array(Fixed().wanted)).all()


def test_the_volatility_aimed_at_is_that_of_the_rows_before_the_decision() -> None:
    world = market()
    weights = decided(Fixed(target_volatility=0.05), world).weights
    assert weights[0].tolist() == list(Fixed().wanted)  # five rows are too few to know one
    for row, own in zip(DECIDED[1:], weights[1:], strict=True):
        seen = world.returns[row - VOLATILITY_ROWS : row]  # the decision's own row is left out
        days = (world.rows[row - 1] - world.rows[row - VOLATILITY_ROWS]).astype(int)
        a_year = (VOLATILITY_ROWS - 1) / days * 365.25
        assert np.std(seen @ own, ddof=1) * np.sqrt(a_year) == pytest.approx(0.05, rel=1e-12)
        assert own / own[0] == pytest.approx(np.array(Fixed().wanted) / Fixed().wanted[0])


def test_neither_gross_nor_purchases_pass_their_limits() -> None:
    weights = decided(Fixed(target_volatility=2.0)).weights[1:]
    np.testing.assert_allclose(np.maximum(weights, 0).sum(axis=1), 1.0, rtol=1e-12)  # nobody buys beyond nav
    shorter = Fixed(target_volatility=2.0, gross_limit=0.95, wanted=(0.1, 0.1, -0.5))
    np.testing.assert_allclose(np.abs(decided(shorter).weights[1:]).sum(axis=1), 0.95, rtol=1e-12)


def test_caps_by_hand() -> None:
    # Names 0.4 and 0.3 capped to 0.25 each: 0.5 of 0.7 is left, and the hedge keeps pace.
    np.testing.assert_allclose(
        decided(Fixed(name_cap=0.25)).weights[0], [0.25, 0.25, -0.2 * 0.5 / 0.7], rtol=1e-14
    )
    # Both names are American: 0.7 is cut to 0.35, half of each, and half of the hedge.
    np.testing.assert_allclose(decided(Fixed(country_cap=0.35)).weights[0], [0.2, 0.15, -0.1], rtol=1e-14)
    np.testing.assert_allclose(
        decided(Fixed(name_cap=0.9, country_cap=0.9)).weights[0], Fixed().wanted, rtol=0
    )
    shorts = np.array([[[0.4], [-0.6], [0.1]]])
    cap(shorts, np.array([0, 0, 1]), np.zeros(3, bool), np.array([0.5]), np.array([0.45]))
    np.testing.assert_allclose(
        shorts[0, :, 0], [0.2, -0.25, 0.1], rtol=1e-14
    )  # 0.4 and 0.5, halved to 0.45 in all


def test_caps_hold_after_scaling() -> None:
    weights = decided(Fixed(target_volatility=0.5, name_cap=0.3, country_cap=0.5)).weights
    assert np.abs(weights[:, :2]).max() <= 0.3 + 1e-15
    assert np.abs(weights[:, :2]).sum(axis=1).max() <= 0.5 + 1e-15


def test_what_never_moved_is_left_alone() -> None:
    weights = np.full((1, 2, 1), 0.4)
    scale(weights, np.zeros((1, 2, 2)), np.array([250.0]), np.array([0.1]), np.array([2.0]))
    assert weights.ravel().tolist() == [0.4, 0.4]


def test_tomorrow_and_the_day_itself_change_nothing() -> None:
    world, strategy = market(), Fixed(target_volatility=0.08)
    before = decided(strategy, world).weights
    for row in (200, 201, 350):
        close = world.close.copy()
        close[row:] *= np.linspace(1.3, 2.0, ROWS - row)[:, None]
        after = decided(strategy, replace(world, close=close, open=close)).weights
        same = row >= DECIDED
        np.testing.assert_array_equal(before[same], after[same])
        assert (before[~same] != after[~same]).any() == (~same).any()


class Borrowed:
    def target_weights(self, market: Market, events: Events) -> Targets:
        return Targets(market.rows, market.symbols, DECIDED, np.full((4, 3), 0.3))


@dataclass(frozen=True)
class Mixed(Borrowed, Strategy):  # type: ignore[misc]
    """Decides by another class's code."""

    name: ClassVar[str] = "mixed"
    benchmark: ClassVar[str] = "A"
    names = ("A", "B", "C")


@dataclass(frozen=True)
class Deeper(Fixed):
    """Asks its parent."""

    def target_weights(self, market: Market, events: Events) -> Targets:
        return super().target_weights(market, events)


def test_a_strategy_cannot_get_round_its_limits() -> None:
    assert decided(Mixed(name_cap=0.1)).weights.max() == 0.1
    twice, once = (decided(kind(target_volatility=0.3, name_cap=0.2)).weights for kind in (Deeper, Fixed))
    np.testing.assert_array_equal(twice, once)
    held = AccountTerms(FeeTable((), "none"), "close").run(Mixed(name_cap=0.1), market())
    assert held.targets.weights.max() == 0.1


@pytest.mark.parametrize(
    "odd",
    [
        {"target_volatility": -0.1},
        {"target_volatility": 3.0},
        {"name_cap": -1.0},
        {"country_cap": 11.0},
        {"name_cap": float("nan")},
    ],
)
def test_odd_limits_are_refused(odd: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="wanted"):
        Fixed(**odd)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sample() -> Market:
    one = FertilizerProducers()
    return load(SAMPLE, one.names, one.hedges, history=one.history)


def test_lanes_of_a_search_decide_as_each_trial_does(sample: Market) -> None:
    axes = {
        "target_volatility": (0.0, 0.1, 0.2),
        "name_cap": (0.0, 0.12),
        "country_cap": (0.0, 0.2),
        "half_life": (10.0, 40.0),
    }
    space = SearchSpace(FertilizerProducers(), sample, EVENTS, axes, AccountTerms(FeeTable((), "none")))
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    tried = 0
    for _, batch, here in space.decisions(codes):
        out = np.zeros((batch.decided.size, len(sample.symbols), here.stop - here.start))
        batch.write(np.arange(here.stop - here.start), out)
        for k, code in enumerate(codes[here]):
            alone = space.at(code).target_weights(sample, EVENTS).weights
            np.testing.assert_array_equal(out[:, :, k], alone)
            tried += 1
    assert tried == 24


def test_a_blend_is_scaled_as_a_whole() -> None:
    one = Enablers(target_volatility=0.06, name_cap=0.05)
    world = load(SAMPLE, one.names, one.hedges, history=one.history)
    weights = one.target_weights(world, EVENTS).weights
    hedges = [world.column(s) for s in one.hedges]
    assert np.abs(np.delete(weights, hedges, axis=1)).max() <= 0.05 + 1e-15
    assert all(part.name_cap == 0 for part in one.parts())
