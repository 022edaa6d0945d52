"""Spells in which an account only holds are taken whole where nothing can ruin it, and row by row where a price may;
long quiet accounts are held against the reference."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from positioning.events.restriction import Restriction
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import FeeTable
from positioning.simulation.ledger_arrays import DUST, NOTHING, SPELL, price_range, steady_spells
from positioning.simulation.simulate import simulate
from positioning.simulation.taxes import DividendTax, WithholdingRate
from positioning.strategy.targets import Targets
from tests.simulation.accounts import FREE, build, charge, decide
from tests.simulation.random_accounts import Case, agrees

ROWS = 3 * SPELL


@pytest.mark.parametrize("high", [SPELL - 1, SPELL, SPELL + 20, 2 * SPELL - 1, 2 * SPELL])
@pytest.mark.parametrize("times", [0.3 / DUST, 30.0 / DUST])
def test_holdings_beside_cash_are_ruined_where_all_but_dust_of_them_goes(times: float, high: int) -> None:
    """Half cash, half a name that is worth `times` as much on one row: on the next the account is worth 1 / times of
    what it was, which below DUST is a ruin."""
    prices = np.ones(ROWS)
    prices[high] = times
    market = build({"A": prices.tolist()})
    targets = decide(market, {1: {"A": 0.5}})
    result = simulate(targets, market, FREE)
    ruined = 0.5 * times * DUST > 1.0
    assert result.ruined == ruined
    assert result.ruin_row == (high + 1 if ruined else None)
    assert result.nav[high] == pytest.approx(0.5 + 0.5 * times, rel=1e-15)  # two roundings
    assert result.nav[-1] == (0.0 if ruined else 1.0)


def test_a_stretch_is_steady_where_no_price_falls_to_nothing_in_it_or_beside_it() -> None:
    mark = np.ones((6 * SPELL, 3))
    mark[:, 2] = 0.0  # never listed
    mark[3 * SPELL, 1] = NOTHING  # not above it
    least, most = price_range(mark, mark)
    assert steady_spells(least, most).tolist() == [True, True, False, False, False, True]
    mark[3 * SPELL, 1] = 2.0 * NOTHING
    assert steady_spells(*price_range(mark, mark)).all()
    mark[: SPELL - 1, 0] = 0.0  # listed on the last row of the first stretch
    assert steady_spells(*price_range(mark, mark)).tolist() == [False, False, True, True, True, True]


def long_case(seed: int) -> Case:
    """Several spells and few decisions; by turns dividends, interest, names that join late, a listing that ends, a
    freeze that is lifted or not, and a short that is squeezed slowly or over a night."""
    rng = np.random.default_rng(seed)
    n_rows, n_names = int(rng.integers(2 * SPELL, 4 * SPELL)), int(rng.integers(1, 4))
    shape = (n_rows, n_names)
    rows = np.busday_offset("2020-01-06", np.arange(n_rows)).astype("datetime64[D]")
    close = 20 * np.exp(np.cumsum(rng.normal(0, rng.choice([0.002, 0.02]), shape), axis=0))
    shorts, squeezed = rng.random() < 0.6, rng.random() < 0.5
    first, jump = int(rng.integers(0, 12)), int(rng.integers(20, n_rows))
    if squeezed and rng.random() < 0.5:
        close[:, 0] *= np.exp(0.01 * np.arange(n_rows))
    opens = close * np.exp(rng.normal(0, 0.003, shape))
    if rng.random() < 0.5:
        opens[1:] = close[:-1]
    if squeezed and rng.random() < 0.5:
        opens[jump:, 0] *= 4  # known at the fill already, were there one
        close[jump:, 0] *= 4
    elif squeezed:
        opens[jump, 0] *= 8  # for the morning alone
    dividends = np.where(rng.random(shape) < rng.choice([0.0, 0.02]), close * 0.01, 0.0)
    if rng.random() < 0.4:
        joins = int(rng.integers(1, n_rows // 2))
        close[:joins, -1] = opens[:joins, -1] = np.nan
    tradable = np.isfinite(close) & (rng.random(shape) > rng.choice([0.0, 0.01]))
    delisted: list[date | None] = [None] * n_names
    if rng.random() < 0.4:
        last = int(rng.integers(20, n_rows - 1))
        delisted[-1] = rows[last].astype(object)
        close[last + 1 :, -1] = opens[last + 1 :, -1] = np.nan
        tradable[last + 1 :, -1] = False
    instruments = tuple(
        Instrument(f"N{n}", f"N{n}", "XNYS", "USD", "USD", "share", recorded=False, delisted=d,
                   exit_price=15.0 if d else None)
        for n, d in enumerate(delisted)
    )  # fmt: skip
    market = Market(
        rows, instruments, opens, close, dividends, tradable, np.ones(shape, bool), np.zeros(shape, bool),
        np.ones(shape), basis=("traded",) * n_names,
    )  # fmt: skip
    decided = np.unique([first, *rng.integers(0, n_rows, int(rng.integers(0, 4)))])
    weights = rng.uniform(0.1, 1.0, (decided.size, n_names)) / n_names
    if shorts:
        weights[:, 0] = -rng.uniform(0.3, 1.5, decided.size)
    targets = Targets(rows, market.symbols, decided, weights, float(rng.choice([0.0, 0.3])), 3.0)
    made: tuple[Restriction, ...] = ()
    if rng.random() < 0.4:
        begins = int(rng.integers(15, n_rows - 40))
        days = (("frozen", begins), ("lifted", begins + 30))[: int(rng.integers(1, 3))]
        made = tuple(
            Restriction("N0" if not shorts else f"N{n_names - 1}",
                        datetime.fromisoformat(str(rows[row])).replace(tzinfo=UTC), kind, "designated", "why", "doc")
            for kind, row in days
        )  # fmt: skip
    buy, sell = rng.choice([0.0, 20.0]), rng.choice([0.0, 5.0])
    return Case(
        market, targets, float(buy), float(sell), float(rng.choice([0, 300])), rows[n_rows // 2],
        float(rng.choice([0.0, 0.05])), "open" if rng.random() < 0.5 else "close", made,
        str(rng.choice(["last", "zero"])),
    )  # fmt: skip


def test_long_quiet_accounts_equal_their_reference() -> None:
    seen: Counter[str] = Counter()
    for seed in range(46):
        result = agrees(long_case(seed))
        if result.ruin_row is not None:
            seen["ruined at the fill" if result.ruined_at_fill else "ruined at the close"] += 1
        seen["trapped"] += bool(result.trapped.any())
        seen["without a change of cash"] += bool((np.diff(result.cash) == 0).sum() > SPELL)
        seen["with one every day"] += bool((np.diff(result.cash)[-SPELL:] != 0).all())
        ended = [result.trades[row, n] != 0 for n, row in enumerate(result.inputs.exit_row) if row >= 0]
        seen["forced out"] += any(ended)
        seen["called"] += bool(result.called.any())
    wanted = {"ruined at the fill", "ruined at the close", "trapped", "without a change of cash",
              "with one every day", "forced out", "called"}  # fmt: skip
    assert wanted <= {what for what, count in seen.items() if count}, seen


@pytest.mark.parametrize(("paid", "percent", "kept"), [(1.0, 0.0, 1.0), (2.0, 50.0, 1.0), (0.5, 100.0, 0.0)])
def test_a_dividend_is_paid_and_taxed_whatever_it_is(paid: float, percent: float, kept: float) -> None:
    """Half of the account in A at 4 is 0.125 shares; a short of as many in B owes all of it, whatever is withheld."""
    market = build({"A": [4.0] * 4, "B": [4.0] * 4}, dividends={(2, "A"): paid, (2, "B"): paid})
    rate = WithholdingRate("XX", "A", "*", percent, np.datetime64("2000-01-01"), "assumption: test")
    terms = AccountTerms(FREE, tax=DividendTax((rate, replace(rate, symbol="B")), "*", "test"))
    result = terms.run(decide(market, {0: {"A": 0.5, "B": -0.5}}), market)
    assert result.cash.tolist() == [1.0, 1.0, 1.0 + 0.125 * (kept - paid), 1.0 + 0.125 * (kept - paid)]


@pytest.mark.parametrize("start", [0, 5, 40, SPELL - 2, SPELL - 1])
@pytest.mark.parametrize("row", [SPELL - 20, SPELL - 1, SPELL, SPELL + 20, 2 * SPELL - 1, 2 * SPELL])
@pytest.mark.parametrize("ruined", [True, False])
def test_a_ruin_is_found_in_whichever_stretch_of_rows_the_prices_meet(
    start: int, row: int, ruined: bool
) -> None:
    """Long of 0.95 and short of 0.5, beside cash of 0.55. On one row A is at a third and B rises by 70 or 80 %: 0.55 +
    0.3166... - 0.85 is 0.0166..., and - 0.9 below nothing."""
    if row <= start + 1:
        return
    a, b = np.ones(ROWS), np.ones(ROWS)
    a[row], b[row] = 1 / 3, 1.8 if ruined else 1.7
    market = build({"A": a.tolist(), "B": b.tolist()})
    result = simulate(decide(market, {start: {"A": 0.95, "B": -0.5}}), market, FREE, "close")
    assert result.ruin_row == (row if ruined else None)
    np.testing.assert_allclose(result.nav[:row], 1.0, rtol=1e-15)
    if ruined:
        assert not result.nav[row:].any()
        assert result.deficit == pytest.approx(0.9 - 0.55 - 0.95 / 3, rel=1e-12)
    else:
        assert result.nav[row] == pytest.approx(0.55 + 0.95 / 3 - 0.85, rel=1e-12)
        np.testing.assert_allclose(result.nav[row + 1 :], 1.0, rtol=1e-15)


@pytest.mark.parametrize(
    "held", [1, 2, 3, 4, 5, 6, 7, 8, 9, SPELL - 1, SPELL, SPELL + 1, SPELL + 5, 2 * SPELL + 3]
)
@pytest.mark.parametrize("rate", [0.0, 0.0365])
def test_each_row_of_a_spell_is_worth_its_own_prices_and_cash(held: int, rate: float) -> None:
    """Of any length between two decisions: half in A, which rises by one a day from 8, and a quarter short of B, which
    falls, paying borrow of a ten-thousandth a day (three over a weekend) of the mark before."""
    rows = held + 4
    a, b = 8.0 + np.arange(rows), 8.0 * 0.99 ** np.arange(rows)
    market = build(
        {"A": a.tolist(), "B": b.tolist()}, dividends={(3, "A"): 0.25, (min(held, rows - 1), "B"): 0.125}
    )
    fees = FeeTable((charge(365, "short", "borrow"),), "borrow")
    targets = decide(market, {0: {"A": 0.5, "B": -0.25}, held: {}})
    result = simulate(targets, market, fees, "close", CashRate.constant(rate))
    days = np.diff(market.rows).astype(int)
    cash, shares, nav = 1.0, np.zeros(2), [1.0]
    for row in range(1, rows):
        earned = cash * rate * days[row - 1] / 365 + shares @ market.dividends[row]
        cash += earned + min(shares[1], 0.0) * b[row - 1] * 1e-4 * days[row - 1]
        if row in (1, held + 1):
            total = cash + shares[0] * a[row] + shares[1] * b[row]
            wanted = np.array([0.5, -0.25]) if row == 1 and held != 0 else np.zeros(2)
            after = wanted * total / np.array([a[row], b[row]])
            cash, shares = cash - (after - shares) @ np.array([a[row], b[row]]), after
        nav.append(cash + shares[0] * a[row] + shares[1] * b[row])
    np.testing.assert_allclose(result.nav, nav, rtol=1e-13)
    np.testing.assert_allclose(result.cash[-1], cash, rtol=1e-13)
