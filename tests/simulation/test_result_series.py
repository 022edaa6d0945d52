"""A result for people: columns by date, its picture and what is told of it, the same numbers as its arrays."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import ledger_inputs
from positioning.simulation.liquidity import Capital
from positioning.simulation.profit import PARTS
from positioning.simulation.simulate import run, simulate
from positioning.simulation.taxes import DividendTax, WithholdingRate
from tests.simulation.accounts import FREE, build, charge, decide


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


def test_a_frame_has_every_column_of_every_row() -> None:
    """Half at 8, which closes at 10 and then at 12: 0.0625 shares, and 32 bps of the half."""
    market = build({"A": [8, 10, 12], "B": [4.0] * 3}, {"A": [8, 8, 12], "B": [4.0] * 3})
    frame = simulate(
        decide(market, {0: {"A": 0.5, "B": -0.25}}), market, FeeTable((charge(32),), "test")
    ).to_frame()
    assert list(frame) == [
        "nav",
        "returns",
        "gross_exposure",
        "net_exposure",
        "cash",
        "cost",
        "interest",
        "A",
        "B",
    ]
    fee = 0.0032 * 0.75
    nav = [1.0, 1.125 - fee, 1.25 - fee]
    wanted = {
        "nav": nav, "returns": [0.0, nav[1] - 1, nav[2] / nav[1] - 1], "cash": [1.0, 0.75 - fee, 0.75 - fee],
        "gross_exposure": [0.0, 0.875 / nav[1], 1.0 / nav[2]], "net_exposure": [0.0, 0.375 / nav[1], 0.5 / nav[2]],
        "cost": [0.0, fee, 0.0], "interest": [0.0] * 3, "A": [0.0, 0.625 / nav[1], 0.75 / nav[2]],
        "B": [0.0, -0.25 / nav[1], -0.25 / nav[2]],
    }  # fmt: skip
    for name, values in wanted.items():
        np.testing.assert_allclose(frame[name], values, rtol=1e-14, atol=1e-16, err_msg=name)


def test_contributions_are_sums_over_rows_and_cash_earns_the_interest() -> None:
    market = build({"A": [8, 8, 10, 12], "B": [4, 4, 4, 5]}, dividends={(2, "A"): 1.0})
    cash = CashRate.constant(0.0365)
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.25}}), market, FREE, cash=cash)
    shares = 1.0001 / 16
    got = result.contributions()
    assert list(got) == ["A", "B", "cash"]
    assert got["A"] == pytest.approx(
        {**dict.fromkeys(PARTS, 0.0), "price": 4 * shares, "dividends": shares}, rel=1e-12
    )
    assert got["B"] == pytest.approx({**dict.fromkeys(PARTS, 0.0), "price": shares}, rel=1e-12)
    idle = 1e-4 * (1 + 0.25 * 1.0001 + 0.25 * 1.0001 * 1.0001 + shares)
    assert got["cash"] == pytest.approx({**dict.fromkeys(PARTS, 0.0), "financing": idle}, rel=1e-9)


def test_what_a_reader_must_know_is_told_once_a_name() -> None:
    market = build({s: [10.0] * 3 for s in "ABC"}, dividends={(1, "A"): 1.0, (1, "B"): 1.0})
    market = replace(market, basis=("traded", "traded", "total_return"))
    rate = WithholdingRate("XX", "A", "*", 25.0, np.datetime64("2000-01-01"), "assumption: test")
    taxed = ledger_inputs(market, FREE, tax=DividendTax((rate,), "*", "test"))
    told = [
        (n.symbol, n.text.partition(":")[0])
        for n in run(decide(market, {0: {"A": 0.5}}), market, taxed).notices
    ]
    assert told == [
        ("B", "pays dividends, and no withholding rate is on record for it"),
        ("C", "has its dividends inside its price"),
    ]
    volume = np.full((3, 3), 1e6)
    volume[:, 1] = np.nan
    sized = ledger_inputs(replace(market, volume=volume), FREE, capital=Capital(1e6))
    told = [(n.symbol, n.text) for n in run(decide(market, {0: {"A": 0.5}}), market, sized).notices]
    assert told == [("B", "has no volume on record: with a capital it is not traded")]


def test_sessions_without_a_price_are_those_of_the_account_alone() -> None:
    """On a market that begins a row earlier: A has no price on rows 0 and 2, and is held from row 2 on."""
    nan = float("nan")
    market = build({"A": [nan, 10, nan, 10, 10], "B": [10.0] * 5}, halted=[(2, "A")], start=1)
    result = simulate(decide(market, {1: {"A": -0.5, "B": 0.5}}), market, FREE)
    assert result.unpriced == {}  # it waits for row 3
    early = build({"A": [10, 10, nan, nan, 20], "B": [10.0] * 5}, start=1)
    held = run(decide(early, {1: {}}), early, ledger_inputs(early, FREE), Holdings(
        0.5, np.array([0.05, 0.0]), np.full(2, nan), np.zeros(2, np.int8), np.zeros(2, np.bool_)
    ))  # fmt: skip
    assert held.unpriced == {
        "A": (2, pytest.approx(0.5))
    }  # its exit, which was decided on row 1, waits for row 4
