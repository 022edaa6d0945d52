"""A result for people: columns by date, its picture and what is told of it, the same numbers as its arrays."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.simulation.simulate import simulate
from tests.simulation.accounts import FREE, build, decide


def test_columns_by_date_are_the_arrays() -> None:
    market = build({"A": [100.0, 110.0, 99.0], "B": [50.0, 50.0, 55.0]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.25}}), market, FREE)
    nav = result.series()
    assert isinstance(nav.index, pd.DatetimeIndex)
    assert (nav.name, nav.index.name) == ("nav", "date")
    np.testing.assert_array_equal(nav.to_numpy(), result.nav)
    np.testing.assert_array_equal(nav.index.to_numpy().astype("datetime64[D]"), result.rows)
    np.testing.assert_array_equal(result.series("B").to_numpy(), result.weights[:, 1])
    with pytest.raises(BadInputError, match=r"column=naw; .*Did you mean nav"):
        result.series("naw")


def test_the_picture_of_an_account_worked_by_hand() -> None:
    """Half of nav at 110 falls to 99 and loses 0.05; a quarter short at 50 rises to 55 and loses 0.025."""
    market = build({"A": [100.0, 110.0, 99.0], "B": [50.0, 50.0, 55.0], "C": [10.0, 10.0, 10.0]})
    picture = simulate(decide(market, {0: {"A": 0.5, "B": -0.25}}), market, FREE).picture()
    assert picture.facts == {
        "span": "2024-01-08 to 2024-01-10, 3 rows", "prices": "frames",
        "total return": "-7.50% in USD, after costs", "orders": "decisions 1, filled 2",
        "held last": "A +48.6%, B -29.7%",  # 0.45 and -0.275 of 0.925
    }  # fmt: skip
    assert [row[0] for row in picture.rows] == ["A", "B", "C", "cash"]  # the largest profit or loss first
    assert [row[1] for row in picture.rows] == ["-0.0500", "-0.0250", "+0.0000", "+0.0000"]
    np.testing.assert_allclose(picture.curve, [1.0, 1.0, 0.925], rtol=1e-12)


@pytest.mark.parametrize(("names", "told"), [(0, "cash"), (6, ""), (7, " ...")])
def test_the_picture_names_six_of_what_is_held_last(names: int, told: str) -> None:
    symbols = [f"N{k}" for k in range(names)]
    market = replace(build({s: [10.0, 10.0, 10.0] for s in ("X", *symbols)}), simulated=True)
    facts = simulate(decide(market, {0: dict.fromkeys(symbols, 0.1)}), market, FREE).picture().facts
    six = ", ".join(f"{s} +10.0%" for s in symbols[:6])
    assert facts["held last"] == (six + told if names else told)
    assert facts["prices"] == "frames (SIMULATED)"


def test_the_picture_of_a_ruined_account_says_so() -> None:
    market = build({"A": [10.0, 10.0, 30.0]})
    ruined = simulate(decide(market, {0: {"A": -1.0}}), market, FREE)
    assert ruined.picture().facts["span"].endswith("3 rows, RUINED")


def test_forced_exits_without_terms_are_told_by_side() -> None:
    """A, held, and B, short, leave their listings without terms; C's are on record, and D was never held."""
    prices = {s: [10.0, 10.0, 10.0] for s in "ABCD"}
    ends: dict[str, tuple[str, float | None]] = {
        s: ("2024-01-09", 10.0 if s == "C" else None) for s in "ABCD"
    }
    market = build(prices, delisted=ends)
    result = simulate(decide(market, {0: {"A": 0.3, "B": -0.2, "C": 0.3}}), market, FREE)
    assert [(n.symbol, n.text) for n in result.notices] == [
        ("A", "left its listing by 2024-01-10 without terms on record: what was held is written off"),
        ("B", "left its listing by 2024-01-10 without terms on record: the short was bought back at its last mark, "
              "since what it owes is not known"),
    ]  # fmt: skip


def test_what_was_held_without_a_price_is_counted_with_its_largest_share_of_nav() -> None:
    """Short B, 0.5 of nav at 10, has no price on two open days; A rises meanwhile, so that nav moves."""
    nan = float("nan")
    market = build({"A": [10.0, 10.0, 12.0, 8.0, 10.0], "B": [10.0, 10.0, nan, nan, 10.0]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": -0.5}}), market, FREE)
    assert list(result.unpriced) == ["B"]
    sessions, share = result.unpriced["B"]
    assert sessions == 2
    assert share == pytest.approx(0.5 / 0.9, rel=1e-12)  # nav is 1.1, then 0.9


@pytest.mark.parametrize(("given", "money"), [({}, 1.0), ({"money": 1e6}, 1e6)])
def test_a_portfolio_is_opened_with_the_money_that_is_said_else_with_one_unit(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, float], money: float
) -> None:
    """What vectorbt is handed; what it makes of it is compared in test_vectorbt_bridge."""
    bridge = SimpleNamespace(portfolio=lambda *handed: handed)
    monkeypatch.setitem(sys.modules, "positioning.simulation.vectorbt_bridge", bridge)
    result = simulate(decide(market := build({"A": [10.0] * 3}), {0: {"A": 0.5}}), market, FREE)
    assert result.to_vectorbt(**given) == (result.inputs, ("A",), result.trades, result.paid, money)
