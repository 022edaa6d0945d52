"""Facts by hand: a figure, a series and its bounds, a dated event, markers in place of prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from positioning.claims.claim import Evidence, read_claims
from positioning.claims.facts import dated_event, dated_markers, published_series, stated_figure
from positioning.errors import DataMissingError
from positioning.market.source import Driver
from tests.builders import EVENTS, THESIS

MONTHS = np.array(["2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01"], dtype="datetime64[D]")
POTASH = Driver("POTASH", MONTHS, MONTHS + np.timedelta64(35, "D"), np.array([352.0, 362.0, 363.0, 340.0]))


def bounded(last: str, **more: float) -> Evidence:
    return Evidence(
        "series", series=("POTASH",), first=np.datetime64("2025-05-01"), last=np.datetime64(last), source="hand", **more
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("checked", "within", "holds"), [(273.0, 1.0, True), (274.0, 1.0, True), (274.5, 1.0, False), (79.0, 0.0, False)]
)  # fmt: skip
def test_a_figure_holds_within_what_was_allowed(checked: float, within: float, holds: bool) -> None:
    made = stated_figure(
        0, Evidence("figure", stated=273, checked=checked, within=within, source="a contract")
    )
    assert (made.holds, made.missing) == (holds, "")
    assert f"stated 273, an independent source has {checked:g}" in made.what


def test_a_figure_that_nobody_else_has_cannot_be_told() -> None:
    made = stated_figure(0, Evidence("figure", stated=21, source="none"))
    assert (made.holds, made.missing) == (None, "no independent figure for 21 was found")


def test_a_bound_that_is_broken_answers_at_once_and_one_that_holds_when_the_span_is_over() -> None:
    broken = published_series(0, bounded("2026-06-04", high=362.5), POTASH)
    assert (broken.holds, broken.missing) == (False, "")
    assert "POTASH 340 to 363 from 2025-05-01 to 2025-07-01, claimed at most 362.5" in broken.what
    running = published_series(0, bounded("2026-06-04", low=340, high=363), POTASH)
    assert running.missing.endswith("claimed at least 340 and at most 363: so far, and the span is not over")
    # The last value is of 1 July: 45 days before the end of the span it is over, a day more and it is not.
    assert published_series(0, bounded("2025-08-15", low=340), POTASH).missing == ""
    assert published_series(0, bounded("2025-08-16", low=340), POTASH).missing
    assert published_series(0, bounded("2025-08-15", low=340), POTASH).holds is True


def test_a_figure_of_a_series_is_that_of_its_days_alone() -> None:
    april = Evidence(
        "series",
        series=("POTASH",),
        stated=352,
        within=1,
        first=MONTHS[0],
        last=MONTHS[0] + 29,
        source="hand",
    )
    made = published_series(0, april, POTASH)
    assert (made.holds, made.estimate, made.count) == (True, 352.0, 1)
    assert made.what == "POTASH 352 of 2025-04-01, stated 352 within 1"
    assert published_series(0, replace(april, last=MONTHS[1]), POTASH).holds is False
    none = published_series(
        0, replace(april, first=np.datetime64("2024-01-01"), last=np.datetime64("2024-02-01")), POTASH
    )
    assert none.missing == "POTASH has no value from 2024-01-01 to 2024-02-01"


def test_an_event_came_within_its_days_or_not() -> None:
    event = next(e for e in EVENTS if e.id == "E23")
    day = event.known_on()
    asked = Evidence("event", event="E23", first=day, last=day)
    assert dated_event(0, asked, EVENTS).holds is True
    later = day + np.timedelta64(1, "D")
    assert dated_event(0, replace(asked, first=later, last=later), EVENTS).holds is False
    with pytest.raises(DataMissingError, match="no event E23"):
        dated_event(0, asked, replace(EVENTS, items=()))


def test_markers_are_dates_and_no_prices() -> None:
    made = dated_markers(0, Evidence("markers", theme="sovereign_debt"), EVENTS)
    own = [e for e in EVENTS if e.themes[0] == "sovereign_debt"]
    assert made.count == len(own) > 1
    assert made.what.split("; ") == [f"{e.known_on()} {e.title}" for e in own]
    assert not np.isfinite(made.estimate)


def test_a_stated_figure_and_what_it_is_checked_against_are_of_one_day() -> None:
    """The gap of N3 is of the day of the article: the contract that came a week later is another claim's matter."""
    claims = {c.id: c for c in read_claims(THESIS)}
    gap, contract, world = (claims[n].evidence[0] for n in ("N3", "N1", "N2"))
    assert gap.stated == world.stated - contract.stated
    assert gap.checked == pytest.approx(world.stated - contract.checked, abs=world.within + gap.within)
    assert claims["N3b"].untestable
