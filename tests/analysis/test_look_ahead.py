"""Planted cheats are caught and named; honest strategies are not."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.look_ahead import look_ahead
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.market.source import Driver
from positioning.strategy.strategy import Strategy
from strategies import STRATEGIES
from tests.analysis.planted import CHEATS, HONEST, Planted
from tests.builders import EVENTS, SAMPLE

FEW = 12  # cuts, half of what is usual: an honest strategy is accused at none


@pytest.fixture(scope="module")
def market() -> Market:
    """Four names of two currencies over 500 days, with gaps, dividends, volumes and a series published a month late; CCC
    is delisted after a year."""
    rng, days = np.random.default_rng(5), pd.bdate_range("2021-06-01", periods=500)
    symbols = ["AAA", "BBB", "CCC", "DDD"]
    close = pd.DataFrame(
        50 * np.exp(np.cumsum(rng.normal(0, 0.02, (500, 4)), axis=0)), index=days, columns=symbols
    )
    close = close.mask(rng.random(close.shape) < 0.03)
    opens = close * np.exp(rng.normal(0, 0.01, close.shape))
    paid = pd.DataFrame(np.where(rng.random(close.shape) < 0.01, 0.5, 0.0), index=days, columns=symbols)
    rates = pd.DataFrame({"EUR": 1.1 * np.exp(np.cumsum(rng.normal(0, 0.005, 500)))}, index=days)
    currency = {"AAA": "USD", "BBB": "USD", "CCC": "EUR", "DDD": "EUR"}
    volume = pd.DataFrame(rng.lognormal(12, 1, close.shape), index=days, columns=symbols).where(close.notna())
    made = Market.from_frames(close, opens, paid, currency=currency, rates=rates, volume=volume)
    delisted = tuple(
        replace(i, delisted=date(2022, 6, 1) if i.symbol == "CCC" else None) for i in made.instruments
    )
    months = np.arange("2021-01", "2023-06", dtype="datetime64[M]").astype("datetime64[D]")
    series = Driver("INDEX", months, months + np.timedelta64(35, "D"), rng.normal(100, 10, months.size))
    return replace(made, drivers={"INDEX": series}, instruments=delisted)


@pytest.fixture(scope="module")
def events() -> Events:
    barred = Restriction(
        "BBB", datetime(2022, 6, 1, tzinfo=UTC), "no_buy", "designated", "test", "test 2022-06-01"
    )
    lifted = replace(barred, kind="lifted", announced=datetime(2022, 11, 1, tzinfo=UTC))
    return replace(EVENTS.until(np.datetime64("2023-06-01")), restrictions=(barred, lifted))


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_caught_and_its_input_named(name: str, market: Market, events: Events) -> None:
    rule, wanted = CHEATS[name]
    found = look_ahead(Planted(rule=rule), market, events)
    assert wanted in {f.input for f in found}
    first = next(f for f in found if f.input == wanted)
    assert first.decided <= first.cut
    assert first.symbol in market.symbols
    assert first.sentence.startswith(f"{wanted} after {first.cut} moved the weight of {first.symbol}")


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_strategy_is_not_accused(name: str, market: Market, events: Events) -> None:
    assert look_ahead(Planted(rule=HONEST[name]), market, events, FEW) == ()


@pytest.mark.parametrize("kind", STRATEGIES, ids=lambda k: k.name)
def test_the_listed_strategies_do_not_know_tomorrow(kind: type[Strategy]) -> None:
    from positioning.market.load import load

    strategy = kind()
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    assert look_ahead(strategy, market, EVENTS, cuts=8) == ()
