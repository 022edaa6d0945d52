"""What is rounding is so beside the account: one opened with a billionth of a unit has a billionth of everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.events.event import Events
from positioning.simulation.holdings import Holdings
from positioning.simulation.result import Result
from positioning.simulation.simulate import run
from tests.simulation.random_accounts import Case, cases
from tests.simulation.random_sizes import Sized, sized

few = settings(derandomize=True, deadline=None, max_examples=40, database=None)
SCALES = st.sampled_from([2.0**-29, 2.0**29])  # powers of two, which round nothing: the bits are the same


def is_scaled(ours: Result, case: Case, scale: float, sized: Sized | None = None) -> None:
    """The same account opened with `scale` units of cash."""
    terms, market = case.terms, case.market
    if sized is not None and sized.capital is not None:
        terms = replace(terms, capital=replace(sized.capital, amount=sized.capital.amount / scale))
        market = sized.market
    inputs = terms.inputs(market, Events((), case.restrictions))
    opening = replace(Holdings.opening(len(market.symbols)), cash=scale)
    theirs = run(case.targets, market, inputs, opening)
    for name in ("nav", "cash", "shares", "trades"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name) * scale, name)
    assert theirs.deficit == ours.deficit * scale
    assert (theirs.ruin_row, theirs.ruined_at_fill) == (ours.ruin_row, ours.ruined_at_fill)
    for name in ("status", "waits", "reason", "filled_row"):
        np.testing.assert_array_equal(
            getattr(theirs.order_arrays, name), getattr(ours.order_arrays, name), name
        )


@few
@given(cases(), SCALES)
def test_an_account_of_any_size_is_the_same(case: Case, scale: float) -> None:
    is_scaled(case.simulate(), case, scale)


@few
@given(sized(), SCALES)
def test_so_is_one_whose_unit_stands_for_more(made: Sized, scale: float) -> None:
    is_scaled(made.simulate(), made.case, scale, made)
