"""Accounts on random markets under a capital: volumes, lots, least fees and impact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.impact import ImpactConstant, ImpactTable
from positioning.simulation.liquidity import Capital
from positioning.simulation.order_sizes import BoardLot, LeastFee
from positioning.simulation.result import Result
from tests.simulation.random_accounts import Case, cases

LONG_AGO = np.datetime64("2000-01-01")


@dataclass(frozen=True, repr=False)
class Sized:
    """A random account of `Case` on a market with volumes, under a capital."""

    case: Case
    market: Market
    capital: Capital | None

    def __repr__(self) -> str:  # the arrays would be longer than what Hypothesis shows
        return f"Sized({self.market.rows.size} rows, {len(self.market.symbols)} names, {self.capital})"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr(self))

    def simulate(self) -> Result:
        terms = replace(self.case.terms, capital=self.capital)
        return terms.run(self.case.targets, self.market, Events((), self.case.restrictions))

    def under(self, **changes: Any) -> Sized:
        assert self.capital is not None
        return replace(self, capital=replace(self.capital, **changes))


@st.composite
def sized(draw: st.DrawFn, volumes: bool = True) -> Sized:
    """Half of the rows come before the account opens, so that there is a past; volumes from what a share of the capital
    takes weeks to trade to what it does in one session, some zero, some unknown; lots and least fees on some venues."""
    case = draw(cases())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m = case.market
    amount = draw(st.sampled_from([1e3, 1e6, 1e9]))
    worth = np.where(np.isfinite(m.close * m.carried_rates), m.close * m.carried_rates, 1.0)
    shares = amount * 10.0 ** rng.uniform(-2, 3, len(m.symbols)) / worth * rng.uniform(0.3, 3, m.close.shape)
    shares[rng.random(shares.shape) < 0.1] = 0.0
    shares[rng.random(shares.shape) < 0.1] = np.nan
    late = replace(m, volume=np.where(np.isfinite(m.close), np.round(shares), np.nan))
    if draw(st.booleans()) and m.rows.size > 12:
        late = replace(late, start=max(m.start, m.rows.size // 3))
    if not np.isfinite(late.volume).any():
        late = replace(late, volume=np.ones(m.close.shape))
    coefficient = draw(st.sampled_from([0.0, 0.5, 1.5]))
    impact = ImpactTable((ImpactConstant("*", "*", coefficient, "test"),), "test")
    lots = (BoardLot("XHKG", "", 100, LONG_AGO, "t"), BoardLot("XNYS", "N0", 7, m.rows[m.rows.size // 2], "t"),
            BoardLot("XNYS", "N0", 3, m.rows[-1], "t"))  # fmt: skip
    least = (
        LeastFee("XHKG", amount * 1e-4, "HKD", LONG_AGO, "t"),
        LeastFee("XNYS", amount * 1e-3, "USD", LONG_AGO, "t"),
    )
    capital = Capital(
        amount, draw(st.sampled_from([0.01, 0.1, 1.0])), impact, lots if draw(st.booleans()) else (),
        least if draw(st.booleans()) else (),
    )  # fmt: skip
    return Sized(case, late, capital)
