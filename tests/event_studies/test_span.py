"""A study of some days: events that were public outside them are left out, and prices end with them."""

from __future__ import annotations

import numpy as np

from positioning.event_studies.day_zero import EventFilter, public_at
from positioning.event_studies.design import Design
from positioning.event_studies.sleeve_returns import sleeve_returns
from positioning.event_studies.sleeves import symbol_sleeve
from positioning.event_studies.study import study
from positioning.market.coverage import Span
from tests.builders import EVENTS, SAMPLE, THESIS

FIRST, LAST = np.datetime64("2022-01-01"), np.datetime64("2023-12-31")


def test_events_outside_the_days_are_left_out_with_the_reason_and_no_price_after_them_is_read() -> None:
    sleeve, design = symbol_sleeve("NTR", THESIS), Design(window=(-1, 1), estimation=60)
    returns = sleeve_returns(SAMPLE, sleeve, design, crash_dates=EVENTS.crash_dates, end=LAST)
    assert returns.sessions[-1] <= LAST
    whole = study(returns, EVENTS, EventFilter(), design)
    part = study(returns, EVENTS, EventFilter(span=Span(FIRST, LAST)), design)
    days = {e.id: np.datetime64(public_at(e).date(), "D") for e in EVENTS}
    used = {i for o in part.observations for i in o.news.ids.split("+")}
    every = {i for o in whole.observations for i in o.news.ids.split("+")}
    assert used
    assert used == {i for i in every if FIRST <= days[i] <= LAST} < every
    reasons = {o.reason for o in part.left_out} - {o.reason for o in whole.left_out}
    assert reasons == {f"public before {FIRST}", f"public after {LAST}"}
    # the sessions that count as free of events are those of the whole study: the same events, the same figures
    same = {o.news.ids: o.abnormal for o in whole.observations}
    for o in part.observations:
        np.testing.assert_array_equal(o.abnormal, same[o.news.ids])
