"""What a strategy holds today: the last decision, the orders to it, and what stands in the way."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from positioning.arrays import BoolArray
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.events.restriction import Restriction, dropped
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.market import Market
from positioning.runs.order_legs import OrderFees
from positioning.runs.today import Portfolio, Today, today
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.simulation.liquidity import Capital
from positioning.simulation.order_sizes import LeastFee
from strategies import Enablers, FertilizerProducers, HongKongEquipment
from tests.analysis.planted import Planted
from tests.builders import EVENTS, SAMPLE

TERMS = AccountTerms(read_fees("default"))
FREE = AccountTerms(read_fees("none"))


def frame_market(seed: int, names: int = 4, rows: int = 90, venue: str = "XNYS") -> Market:
    rng, days = np.random.default_rng(seed), pd.bdate_range("2024-01-02", periods=rows)
    symbols = [f"N{k}" for k in range(names)]
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.03, (rows, names)), axis=0))
    return Market.from_frames(pd.DataFrame(close, index=days, columns=symbols), venue=venue)


@pytest.mark.parametrize("seed", range(200))
def test_weights_are_those_of_the_last_decision_and_orders_lead_there(seed: int) -> None:
    rng, market, events = np.random.default_rng(seed), frame_market(seed), Events(())
    strategy = Planted(rule=lambda m, e: m.close, band=0.0)
    last = strategy.target_weights(market, events).weights[-1]
    held = {s: float(rng.integers(0, 2_000)) for s in market.symbols}
    lots = {s: int(rng.choice([1, 10, 100])) for s in market.symbols}
    capital = (
        1.05 * float(sum(held[s] * m for s, m in zip(market.symbols, market.marks[-1], strict=True))) + 1e5
    )
    answer = today(strategy, market, events, FREE, Portfolio(held, capital), lots)
    assert [answer.weights[s] for s in market.symbols] == list(last)
    cut = any("cut" in leg.note for leg in answer.legs)
    for leg, mark in zip(answer.legs, market.marks[-1], strict=True):
        assert leg.shares == held[leg.instrument.symbol] + leg.order
        assert leg.order == 0 or leg.order % leg.lot == 0 or leg.shares % leg.lot == 0
        gap = abs(leg.shares * mark - leg.target * capital)
        if not cut:
            assert gap <= leg.lot * mark * (1 + 1e-9)  # within one lot
    assert answer.cash is not None
    assert answer.cash >= -1e-6  # rounding to lots may not overdraw: purchases are cut
    moved = sum(leg.value + leg.fees for leg in answer.legs)
    worth = sum(held[s] * m for s, m in zip(market.symbols, market.marks[-1], strict=True))
    assert answer.cash == pytest.approx(capital - worth - moved, abs=1e-6)


def test_a_hong_kong_holiday_tomorrow_and_the_opening_instant() -> None:
    strategy, events = HongKongEquipment(), EVENTS
    span = Span(end=np.datetime64("2025-09-30"))  # 1 October is a holiday in Hong Kong
    market = load(SAMPLE, strategy.names, strategy.hedges, span, history=strategy.history)
    answer = today(strategy, market, events, TERMS, Portfolio(capital=1e6))
    legs = {leg.instrument.venue: leg for leg in answer.legs if leg.order}
    assert "XHKG is closed until 2025-10-02" in legs["XHKG"].note
    assert legs["XHKG"].opens == np.datetime64("2025-10-02T01:30:00")  # 09:30 in Hong Kong
    assert all(leg.fees > 0 for leg in legs.values())


@dataclass(frozen=True)
class ScreenedInstrument(Planted):
    """Its screen looks at every restriction."""

    def screened(self, market: Market, events: Events) -> BoolArray:
        return dropped(events.restrictions, market.symbols, market.rows, "strict")


def answered(
    restriction: Restriction | None = None,
    holding: float = 0.0,
    market: Market | None = None,
    screen: bool = False,
) -> Today:
    market = market or frame_market(3)
    kind = ScreenedInstrument if screen else Planted
    strategy = kind(rule=lambda m, e: np.ones(m.close.shape), band=0.1)
    events = Events((), () if restriction is None else (restriction,))
    return today(strategy, market, events, TERMS, Portfolio({"N0": holding} if holding else {}, 100_000.0))


def barred(kind: str) -> Restriction:
    return Restriction(
        "N0",
        datetime(2024, 3, 1, 12, tzinfo=UTC),
        kind,
        "designated",
        "Listed",
        "Gazette of 2024-03-01",  # type: ignore[arg-type]
    )


def test_a_frozen_and_a_barred_leg_say_why() -> None:
    for kind in ("frozen", "delisted"):
        leg = answered(barred(kind)).legs[0]
        assert leg.order == 0
        assert f"{kind.replace('_', ' ')} since 2024-03-01: Listed (Gazette of 2024-03-01)" in leg.barrier
    screened = answered(barred("no_buy"), screen=True).legs[0]
    assert screened.order == 0
    assert "no buy since 2024-03-01" in screened.barrier
    free = answered().legs[0]
    assert free.order > 0
    assert free.barrier == ""


def test_a_barred_name_may_be_sold() -> None:
    leg = answered(barred("no_buy"), holding=90_000.0, screen=True).legs[0]
    assert leg.order < 0
    assert leg.barrier == ""


def test_a_leg_in_the_band_is_left_alone() -> None:
    market = frame_market(3)
    shares = round(0.25 * 100_000 / market.marks[-1, 0] * 1.05)  # 5 % above its target, the band is 10 %
    leg = answered(holding=float(shares)).legs[0]
    assert leg.order == 0
    assert leg.note == "not traded: within 10% of its target"


def test_a_leg_without_a_price_is_not_ordered() -> None:
    market = frame_market(3)
    gone = np.full_like(market.close[:, :1], np.nan)
    close = np.hstack([gone, market.close[:, 1:]])
    silent = replace(market, close=close, open=close, tradable=np.isfinite(close))
    assert "no price" in answered(market=silent).legs[0].barrier
    late = market.close.copy()
    late[-20:, 0] = np.nan
    silent = replace(market, close=late, open=late, tradable=np.isfinite(late))
    assert "has not traded for 20 sessions" in answered(market=silent).legs[0].barrier


def test_news_in_force_is_what_pressure_counts() -> None:
    strategy, events = FertilizerProducers(), EVENTS
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    answer = today(strategy, market, events, TERMS)
    listed = sum(n.weight for n in answer.news)
    pressure = float(events.pressure(market.rows, "fertilizer", strategy.half_life)[-1])
    # What is below FAINT is not listed: 80 events of at most that weight, most of them far older.
    assert listed == pytest.approx(pressure, abs=0.3)
    assert answer.legs[0].order == 0
    assert any("weights only" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("portfolio", "words"),
    [
        (lambda: Portfolio(capital=-1.0), "above zero"),
        (lambda: Portfolio(capital=float("nan")), "above zero"),
        (lambda: Portfolio({"N0": float("inf")}), "finite"),
    ],
)
def test_bad_portfolios_are_refused(portfolio: object, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        portfolio()  # type: ignore[operator]


def test_an_unknown_holding_is_refused() -> None:
    with pytest.raises(BadInputError, match="a holding of XX"):
        today(Planted(), frame_market(1), Events(()), TERMS, Portfolio({"XX": 1.0}))


def test_a_capital_brings_the_lots_on_record_and_says_how_long_orders_take() -> None:
    """Hong Kong's lots of 200 and more, single shares elsewhere; sessions and impact of each order in its note."""
    from positioning.simulation.order_sizes import lots_on, read_lots

    strategy = Enablers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = replace(TERMS, capital=Capital(1e6))
    answer = today(strategy, market, EVENTS, terms, Portfolio(capital=1e6))
    lots, _ = lots_on(read_lots(), market.rows[-1:], market.instruments)
    ordered = [leg for leg in answer.legs if leg.order]
    assert any(leg.lot > 100 for leg in ordered)
    for leg in ordered:
        lot = int(lots[0, market.column(leg.instrument.symbol)])
        assert leg.lot == max(lot, 1)
        assert leg.order % leg.lot == 0
        assert "session" in leg.note
        assert "impact about" in leg.note


def test_an_order_pays_its_rates_and_what_its_commission_lacks_of_the_least() -> None:
    # 10 bps of which 4 are commission: 1,000 pay 1.00, and 5.00 - 0.40 more; 20,000 pay 20.00, 8.00 of it commission.
    fees = OrderFees(buy=0.0010, sell=0.0020, commission_buy=0.0004, commission_sell=0.0004, least=5.0)
    assert fees.on(1_000.0) == pytest.approx(5.60)
    assert fees.on(-1_000.0) == pytest.approx(6.60)
    assert fees.on(20_000.0) == pytest.approx(20.0)
    assert fees.on(0.0) == 0.0


def test_least_commissions_fit_into_the_cash_too() -> None:
    strategy = FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    dear = LeastFee("XNYS", 40.0, "USD", np.datetime64("2000-01-01"), "assumption: a test")
    terms = AccountTerms(read_fees("default"), capital=Capital(5_000.0, least_fees=(dear,)))
    made = today(strategy, market, EVENTS, terms, Portfolio(capital=5_000.0))
    assert made.cash is not None
    assert made.cash >= 0
    bought = [leg for leg in made.legs if leg.order and leg.instrument.currency == "USD"]
    assert bought
    assert all(leg.fees >= 40.0 for leg in bought)
