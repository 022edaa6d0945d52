"""A function of frames as a strategy: by hand, and what it is refused for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.strategy.frames import from_frames
from positioning.strategy.strategy import Strategy
from tests.builders import EVENTS

DAYS = pd.bdate_range("2024-01-01", periods=6)
CLOSE = pd.DataFrame({"AAA": [10.0, 11.0, np.nan, 12.0, 12.0, 15.0], "BBB": [20.0] * 6}, index=DAYS)
FREE = AccountTerms(FeeTable((), "none"))


@from_frames(names=("AAA", "ZZZ"), hedges=("BBB",), benchmark="SPY", name="risers")
def risers(close: pd.DataFrame, events: pd.DataFrame, share: float = 0.5, days: int = 1) -> pd.DataFrame:
    """Hold what rose since yesterday, or anything where there was news."""
    weights = share * (close[["AAA"]] > close[["AAA"]].shift(days)).astype(float)
    return weights if events.empty else weights.clip(lower=0.25)


@pytest.fixture
def market() -> Market:
    return Market.from_frames(CLOSE)


def test_its_parameters_are_those_of_the_function(market: Market) -> None:
    strategy = risers()
    limits = {"target_volatility": 0.0, "name_cap": 0.0, "country_cap": 0.0}
    own = {"share": 0.5, "days": 1}
    assert strategy.parameters() == {"respond": 1.0, "band": 0.1, "gross_limit": 2.0, **limits, **own}
    assert (strategy.name, strategy.names, strategy.hedges, strategy.history) == (
        "risers",
        ("AAA", "ZZZ"),
        ("BBB",),
        1,
    )
    assert strategy.rationale.startswith("Hold what rose")
    assert strategy.configured({"days": "2"}).parameters()["days"] == 2


def test_weights_by_hand_without_news(market: Market) -> None:
    targets = risers().target_weights(market, replace(EVENTS, items=()))
    assert targets.symbols == ("AAA", "BBB")  # ZZZ has no prices
    # 11 > 10; the third day has no close, so the last stands in; 12 > 11; 12 = 12; 15 > 12
    assert targets.weights[:, 0].tolist() == [0.0, 0.5, 0.0, 0.5, 0.0, 0.5]
    assert targets.weights[:, 1].tolist() == [0.0] * 6


def test_the_account_without_events_is_given_none(market: Market) -> None:
    events = EVENTS
    assert risers().target_weights(market, events).weights[0, 0] == 0.25
    assert risers().without_events().target_weights(market, events).weights[0, 0] == 0.0


def test_the_last_decision_before_the_opening_is_held_from_it(market: Market) -> None:
    later = replace(market, start=2)

    @from_frames(names=("AAA",), benchmark="SPY")
    def early(close: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"AAA": [0.1, 0.3, 0.9]}, index=close.index[[0, 1, 4]])

    targets = early().target_weights(later, EVENTS)
    assert targets.decided.tolist() == [2, 4]
    assert targets.weights[:, 0].tolist() == [0.3, 0.9]
    # bought on the fourth day at 12 (no open is known), 0.3 of nav; worth a quarter more on the last
    nav = FREE.run(early(band=0.0), replace(later, rows=later.rows)).nav
    assert nav[1] == pytest.approx(1.0, abs=1e-15)  # at the fill's own price nothing is won
    assert nav[-1] > 1.0


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (None, "gave a NoneType; wanted a frame"),
        (CLOSE["AAA"], "gave a Series; wanted a frame"),
        (CLOSE.rename(columns={"AAA": "CCC"}), "weights for CCC"),
        (CLOSE.shift(freq="400D") * 0, "wanted dates that are rows"),
        (CLOSE, "the weight of AAA on 2024-01-03 is nan"),
        (CLOSE.fillna(0.0), "gross exposure"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_decision_is_one_line(made: object, told: str, market: Market) -> None:
    @from_frames(names=("AAA",), benchmark="SPY")
    def odd(close: pd.DataFrame, events: pd.DataFrame) -> object:
        return made

    with pytest.raises(BadInputError, match=told):
        odd().target_weights(market, EVENTS)


def test_a_parameter_without_a_default_is_refused() -> None:
    with pytest.raises(BadInputError, match="parameter days of rule has no default"):

        @from_frames(names=("AAA",), benchmark="SPY")
        def rule(close: pd.DataFrame, events: pd.DataFrame, days: int) -> pd.DataFrame:
            return close


def test_decisions_that_are_no_targets_are_one_line(market: Market) -> None:
    class Frames(Strategy):
        name, benchmark, names = "frames", "SPY", ("AAA",)  # type: ignore[misc,assignment]

        def target_weights(self, market: Market, events: object) -> object:  # type: ignore[override]
            return CLOSE

    with pytest.raises(BadInputError, match=r"frames\.target_weights gave a DataFrame; wanted Targets"):
        FREE.run(Frames(), market)


def test_an_empty_record_has_the_columns_of_the_full_one() -> None:
    full, empty = EVENTS.to_frame(), replace(EVENTS, items=()).to_frame()
    assert list(empty.columns) == list(full.columns)
    assert list(empty.dtypes) == list(full.dtypes)


@pytest.mark.parametrize(
    "given", [{"names": ("AAA")}, {"names": ["AAA"]}, {"hedges": "BBB"}, {"themes": ("",)}]
)
def test_a_tuple_without_its_comma_is_refused(given: dict[str, object]) -> None:
    asked = {"names": ("AAA",), "benchmark": "SPY"} | given
    with pytest.raises(BadInputError, match=f"{next(iter(given))}=.*wanted a tuple of words"):
        from_frames(**asked)  # type: ignore[arg-type]
