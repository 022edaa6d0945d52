"""Paths worked out side by side have the bits of each worked out on its own market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pytest

from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.load import load
from positioning.market.market import Market
from positioning.scenarios import simulation
from positioning.scenarios.paths import ResamplingPool, draw, resampling_pool
from positioning.scenarios.setup import ScenarioSetup, StressTerms, stage
from positioning.scenarios.shock import Effect, Shock, effect
from positioning.scenarios.simulation import batch, one_by_one, side_by_side
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.liquidity import Capital
from positioning.simulation.taxes import read_tax
from positioning.strategy.basket import Basket
from positioning.strategy.features import FeatureBook
from positioning.strategy.path_book import decides_on_paths
from positioning.strategy.targets import Targets
from strategies import STRATEGIES, FertilizerProducers
from tests.builders import EVENTS

H = 70
SHOCKS = {
    "nothing": (),
    "jumps that fade": (Shock("instrument:NTR", jump=-0.3, half_life=20, session=3), Shock("currency:HKD", jump=-0.2)),
    "wild and together": (Shock("market", volatility=2.5, correlation=0.4, spread=3.0, calm=15, session=1),),
    "halted": (Shock("instrument:1157.HK", halt=6, session=4), Shock("instrument:MOO", halt=30)),
    "frozen": (
        Shock("instrument:KSPI", ending="frozen", session=9),
        Shock("instrument:MOO", ending="frozen", session=30),
    ),
    "delisted": (
        Shock("instrument:MOS", ending="delisted", recovery=0.4, session=20),
        Shock("instrument:MOO", ending="delisted", recovery=0.9, session=0),
    ),
}  # fmt: skip
TERMS = {
    "plain": {},
    "at the close": {"fill": "close"},
    "with cash, tax and a mark": {"cash": CashRate.constant(0.04), "tax": read_tax("US"), "mark": "haircut:0.6"},
}  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> ResamplingPool:
    strategies = [p() for p in STRATEGIES]
    names = list(dict.fromkeys(s for p in strategies for s in p.names))
    hedges = list(dict.fromkeys(s for p in strategies for s in p.hedges))
    return resampling_pool(load(SampleSource(), names, hedges), 132)


def drawn(pool: ResamplingPool, paths: int) -> np.ndarray:
    return np.stack([draw(3, k, pool.rows.size, H) for k in range(paths)])


def hit(pool: ResamplingPool, name: str) -> Effect:
    return effect(SHOCKS[name], H, 0, pool.past.instruments, "USD")


def require_alike(made: ScenarioSetup, rows: np.ndarray) -> None:
    for own, other in zip(one_by_one(made, rows), side_by_side(made, rows), strict=True):
        for field in ("nav", "legs", "trapped"):
            assert getattr(own, field).tobytes() == getattr(other, field).tobytes(), field


@pytest.mark.parametrize("shocks", SHOCKS)
@pytest.mark.parametrize("terms", TERMS)
def test_each_path_has_the_bits_of_its_own_market(
    pool: ResamplingPool, shocks: str, terms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "SIDE_BY_SIDE", 3)  # so that four paths are two batches
    strategies = [
        *(p() for p in STRATEGIES),
        FertilizerProducers(beta="dimson", target_volatility=0.1, name_cap=0.2),
    ]
    made = stage(pool, hit(pool, shocks), strategies, StressTerms(EVENTS, read_fees(), **TERMS[terms]))  # type: ignore[arg-type]
    require_alike(made, drawn(pool, 4))


@dataclass(frozen=True)
class Own(Basket):
    """Decides by itself, whatever a basket would."""

    name: ClassVar[str] = "own"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("NTR", "MOS")

    def target_weights(self, market: Market, events: Events) -> Targets:
        weights = np.zeros((1, len(market.symbols)))
        weights[0, market.column("NTR")] = 0.7
        return Targets(market.rows, market.symbols, np.array([market.start]), weights)


@dataclass(frozen=True)
class Looking(Basket):
    """Looks at prices that no feature has."""

    name: ClassVar[str] = "looking"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("NTR", "MOS")

    def batch(self, book: FeatureBook, own: object) -> object:  # type: ignore[override]
        assert np.isfinite(book.market.close[book.decided]).any()
        return super().batch(book, own)  # type: ignore[arg-type]


def test_who_decides_by_code_of_its_own_has_each_path_by_itself(pool: ResamplingPool) -> None:
    own, looking, basket = Own(), Looking(), FertilizerProducers()
    assert [decides_on_paths(p) for p in (own, looking, basket)] == [False, False, True]
    made = stage(pool, hit(pool, "nothing"), [own, basket, looking], StressTerms(EVENTS, read_fees()))
    found = batch(made, 3, range(2))
    alone = [one_by_one(made.only([k]), drawn(pool, 2))[0] for k in range(3)]
    for a, b in zip(found, alone, strict=True):
        assert a.nav.tobytes() == b.nav.tobytes()
    held = found[0].legs != 0
    assert np.flatnonzero(held.any(axis=0)).tolist() == [pool.past.column("NTR")]


def test_an_account_with_a_size_meets_the_volume_of_each_path(pool: ResamplingPool) -> None:
    sized = StressTerms(EVENTS, read_fees(), capital=Capital(1e9))
    plain = StressTerms(EVENTS, read_fees(), capital=Capital(0.0))
    large, small, none = (
        batch(stage(pool, hit(pool, "nothing"), [FertilizerProducers()], t), 3, range(1))[0]
        for t in (sized, plain, StressTerms(EVENTS, read_fees()))
    )
    assert small.nav.tobytes() == none.nav.tobytes()
    assert not np.allclose(large.nav, none.nav, rtol=1e-4)


def test_weights_beyond_the_limit_are_refused_as_on_one_market(pool: ResamplingPool) -> None:
    lean = FertilizerProducers(exposure=1.0, gross_limit=0.2)
    made = stage(pool, hit(pool, "nothing"), [FertilizerProducers()], StressTerms(EVENTS, read_fees()))
    made = replace(made, strategies=(lean,))
    with pytest.raises(BadInputError, match="gross exposure") as alone:
        one_by_one(made, drawn(pool, 2))
    with pytest.raises(BadInputError, match="gross exposure") as abreast:
        side_by_side(made, drawn(pool, 2))
    assert str(alone.value) == str(abreast.value)


def test_a_ban_of_the_users_own_binds_a_strategy_without_a_screen(pool: ResamplingPool) -> None:
    ban = Restriction(
        "NTR",
        datetime(2024, 1, 2, tzinfo=UTC),
        "no_buy",
        "a house rule",
        "not wanted",
        "our own",
        binding=True,
    )
    events = replace(EVENTS, restrictions=(ban,))
    made = stage(pool, hit(pool, "nothing"), [Own()], StressTerms(events, read_fees()))
    assert not batch(made, 3, range(2))[0].legs.any()
