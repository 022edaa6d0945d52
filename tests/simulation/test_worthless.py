"""An account that its mark makes worthless while it lives on: a debt beside a frozen holding, and its thaw."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.metrics import summarise
from positioning.analysis.robustness import best_days_share, break_even_bps
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.reporting.format import ruin
from positioning.search.measures import FIGURES, Accounts, Figures
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeTable, read_fees
from positioning.simulation.ledger_arrays import LANES, SPELL
from positioning.simulation.result import Result
from positioning.strategy.targets import Targets

exactly = {"rtol": 1e-13, "atol": 1e-14}  # a dozen sums near one


def rule(kind: str, day: str) -> Restriction:
    known = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)
    return Restriction("A", known, kind, "suspended", "why", "doc")  # type: ignore[arg-type]


def squeezed(mark: str, thawed: bool = True) -> Result:
    """Row 1: 0.1 A and -0.05 B at 10, cash 0.5. A is frozen from row 2 on, B there at 25: free equity 0.5 - 1.25 =
    -0.75. Row 3: the call buys B back at 24: cash -0.7. Row 5: A is lifted at 12: nav -0.7 + 1.2 = 0.5. Row 6: A 12.5."""
    index = pd.bdate_range("2024-01-08", periods=7)
    prices = {"A": [10, 10, 10, 10, 10, 12, 12.5], "B": [10, 10, 25, 24, 30, 30, 30]}
    market = Market.from_frames(pd.DataFrame(prices, index, dtype=float))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.array([[1.0, -0.5]]))
    rules = (rule("frozen", "2024-01-10"), *([rule("lifted", "2024-01-15")] if thawed else []))
    return AccountTerms(FeeTable((), "none"), mark=mark).run(targets, market, Events((), rules))


def test_no_return_leads_out_of_a_nav_below_zero() -> None:
    r = squeezed("zero")
    np.testing.assert_allclose(r.nav, [1, 1, -0.75, -0.7, -0.7, 0.5, 0.55], **exactly)
    np.testing.assert_allclose(r.returns, [0, 0, -1.75, math.nan, math.nan, math.nan, 0.1], **exactly)
    assert (r.worthless, r.ruined) == (True, False)


def test_at_the_last_mark_the_same_account_has_every_return() -> None:
    # Trapped at 10 a share: 0.25, 0.3, 0.3, then 0.5 and 0.55.
    r = squeezed("last")
    np.testing.assert_allclose(r.returns, [0, 0, -0.75, 0.2, 0, 2 / 3, 0.1], **exactly)
    assert not r.worthless


def test_it_is_judged_as_lost_from_there_and_has_no_ratio() -> None:
    r = squeezed("zero")
    m = summarise(r.rows, r.nav, ruined=r.worthless, trade_value=r.trade_value.sum(axis=1), cost=r.cost)
    assert (m.total_return, m.max_drawdown, m.cagr) == (-1.0, -1.0, -1.0)
    for ratio in (m.volatility, m.sharpe, m.sortino, m.calmar, m.var_95, m.es_95, m.hit_rate, m.beta):
        assert math.isnan(ratio)
    assert math.isnan(best_days_share(r))
    # One return is known besides the 0 of row 1: 0 and -1.75, and traded 1.5 of nav 1 on row 1.
    assert break_even_bps(r) == pytest.approx(1e4 * (-1.75 / 3) / (1.5 / 3))


def test_wholly_trapped_at_nothing_is_no_return_of_minus_one_and_then_of_nothing() -> None:
    index = pd.bdate_range("2024-01-08", periods=5)
    market = Market.from_frames(pd.DataFrame({"A": [10.0, 10, 10, 10, 12]}, index))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.ones((1, 1)))
    rules = (rule("frozen", "2024-01-10"), rule("lifted", "2024-01-12"))
    r = AccountTerms(FeeTable((), "none"), mark="zero").run(targets, market, Events((), rules))
    np.testing.assert_allclose(r.nav, [1, 1, 0, 0, 1.2], **exactly)
    np.testing.assert_allclose(r.returns, [0, 0, -1, math.nan, math.nan], **exactly)


def test_ruin_ends_an_account_and_its_returns_are_nothing() -> None:
    index = pd.bdate_range("2024-01-08", periods=5)
    market = Market.from_frames(pd.DataFrame({"B": [10.0, 10, 25, 5, 5]}, index))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.array([[-1.0]]))
    r = AccountTerms(FeeTable((), "none")).run(targets, market)
    np.testing.assert_allclose(r.nav, [1, 1, 0, 0, 0], **exactly)
    np.testing.assert_allclose(r.returns, [0, 0, -1, 0, 0], **exactly)
    assert r.deficit == pytest.approx(0.5)


def test_a_ruin_after_its_mark_made_it_worthless_leaves_no_return_between() -> None:
    # B goes to 60 before it can be bought back: whole equity 0.5 - 3 + 1 is below zero.
    index = pd.bdate_range("2024-01-08", periods=6)
    prices = {"A": [10.0] * 6, "B": [10.0, 10, 25, 60, 60, 60]}
    market = Market.from_frames(pd.DataFrame(prices, index))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.array([[1.0, -0.5]]))
    terms = AccountTerms(FeeTable((), "none"), mark="zero")
    r = terms.run(targets, market, Events((), (rule("frozen", "2024-01-10"),)))
    assert r.ruin_row == 3
    np.testing.assert_allclose(r.nav, [1, 1, -0.75, 0, 0, 0], **exactly)
    np.testing.assert_allclose(r.returns, [0, 0, -1.75, math.nan, 0, 0], **exactly)


def test_the_page_says_that_its_mark_did_it_and_that_the_ledger_goes_on() -> None:
    told = ruin(SimpleNamespace(result=squeezed("zero")))  # type: ignore[arg-type]
    assert told.replace("\u00a0", " ") == (
        "WORTHLESS on 2024-01-10, with trapped holdings counted at 0 % of their last marks: nav is -0.750 of the "
        "opening value, and from there on the account is judged as lost. Its ledger goes on and ends at 0.550. "
        "No ratio is quoted on such an account."
    )


@pytest.mark.parametrize("mark", ["zero", "last"])
def test_a_search_measures_it_as_a_run_does(mark: str) -> None:
    r = squeezed(mark)
    run = summarise(r.rows, r.nav, ruined=r.worthless, trade_value=r.trade_value.sum(axis=1), cost=r.cost)
    nav = np.repeat(r.nav[:, None], LANES, axis=1)
    dead = np.full(LANES, np.flatnonzero(r.nav <= 0)[0] if r.worthless else -1)
    traded, cost = (np.full(LANES, v.sum()) for v in (r.trade_value, r.cost))
    table = Figures().read(Accounts(r.rows, nav, np.zeros(r.nav.size), dead, traded, cost))
    ours = dict(zip(Figures().names, table[:, 0], strict=True))
    for name in FIGURES:
        np.testing.assert_allclose(ours[name], getattr(run, name), **exactly, err_msg=name)


def test_forty_accounts_wholly_frozen_are_alike_under_every_mark() -> None:
    """From some row on nothing can be sold, whatever is decided: what an account does and owes is the same whatever its
    mark, which alone tells what it counts for."""
    rng, traded = np.random.default_rng(40), 0
    for _ in range(40):
        rows, names = 60, int(rng.integers(1, 6))
        index = pd.bdate_range("2024-01-08", periods=rows)
        close = 50 * np.exp(np.cumsum(rng.normal(0, 0.03, (rows, names)), axis=0))
        market = Market.from_frames(pd.DataFrame(close, index, columns=[f"N{n}" for n in range(names)]))
        decided = np.sort(rng.choice(rows, 12, replace=False))
        weights = rng.dirichlet(np.ones(names), 12) * rng.uniform(0.2, 1.0, (12, 1))
        targets = Targets(market.rows, market.symbols, decided, weights)
        day = index[rows // 2].to_pydatetime().replace(tzinfo=UTC)
        rules = tuple(Restriction(s, day, "frozen", "suspended", "why", "doc") for s in market.symbols)
        marks = {"last": 1.0, "zero": 0.0, "haircut:0.3": 0.7}
        made = {
            mark: AccountTerms(read_fees(), mark=mark, cash=CashRate.constant(0.04)).run(
                targets, market, Events((), rules)
            )
            for mark in marks
        }
        last = made["last"]
        traded += int((last.trades[: rows // 2] != 0).sum())
        assert not last.trades[rows // 2 + 1 :].any()
        for mark, factor in marks.items():
            r = made[mark]
            for name in ("shares", "trades", "paid", "cash", "trapped"):
                np.testing.assert_array_equal(getattr(r, name), getattr(last, name))
            pd.testing.assert_frame_equal(r.orders, last.orders)
            assert (r.ruin_row, r.deficit) == (None, 0.0)
            np.testing.assert_allclose(r.nav, last.nav - (1 - factor) * last.trapped, rtol=1e-12, atol=1e-12)
    assert traded > 400  # they did trade before


@pytest.mark.parametrize("rise", [1e6, 1e-6])
def test_what_is_dust_is_measured_by_what_the_account_was_worth_the_row_before(rise: float) -> None:
    # A is bought on the first row of a spell at 1, stands at `rise` to its end, and from the next on at 1e-13 of that:
    # ruin, though no price of the new spell is far from another. At 1e-11 of it the account lives on.
    bought, end = SPELL, 2 * SPELL
    for fall, ruined in ((1e-13, True), (1e-11, False)):
        prices = np.repeat([1.0, rise, rise * fall], [bought + 1, SPELL - 1, SPELL])
        market = Market.from_frames(
            pd.DataFrame({"A": prices}, pd.bdate_range("2024-01-08", periods=prices.size))
        )
        targets = Targets(market.rows, market.symbols, np.array([bought - 1]), np.ones((1, 1)))
        r = AccountTerms(FeeTable((), "none")).run(targets, market)
        assert (r.ruined, r.ruin_row) == (ruined, end if ruined else None), fall
        np.testing.assert_allclose(r.nav[[bought, end - 1]], [1.0, rise], **exactly)
        assert r.nav[-1] == (
            0.0 if ruined else pytest.approx(rise * fall, rel=1e-12)
        )  # the fall, rounded twice
