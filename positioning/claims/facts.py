"""Claims that a published figure, a dated event or a series of prices answers, without anything that need be held."""

from __future__ import annotations

import math

import numpy as np

from positioning.arrays import FloatArray
from positioning.claims.claim import Evidence
from positioning.claims.verdict import Finding
from positioning.errors import DataMissingError
from positioning.events.event import Events
from positioning.market.source import Driver

PUBLICATION_DAYS = 45  # a month of a series, and the days until it is out


def stated_figure(place: int, one: Evidence) -> Finding:
    """A stated figure beside one from an independent source."""
    if math.isnan(one.checked):
        why = f"no independent figure for {one.stated:g} was found"
        return Finding(place, "figure", f"stated {one.stated:g}", "whole", missing=why)
    holds = abs(one.stated - one.checked) <= one.within
    what = f"stated {one.stated:g}, an independent source has {one.checked:g} (within {one.within:g}): {one.source}"
    return Finding(place, "figure", what, "whole", one.checked, count=1, form="number", holds=holds)


def published_series(place: int, one: Evidence, driver: Driver) -> Finding:
    """A series from the evidence's first day to its last beside the figure that was stated of it, or its bounds.

    A bound that holds so far is no answer until the series has come within PUBLICATION_DAYS of the last day; one that is
    broken is an answer at once.
    """
    inside = (driver.dates >= one.first) & (driver.dates <= one.last)
    values = driver.values[inside]
    if not values.size:
        why = f"{driver.name} has no value from {one.first} to {one.last}"
        return Finding(place, "series", driver.name, "whole", missing=why)
    first, last = driver.dates[inside][[0, -1]]
    days = f"of {first}" if first == last else f"from {first} to {last}"
    sentence = f"{driver.name} {_range(values)} {days}"
    if math.isnan(one.stated):
        low, high = _bound(one.low, -math.inf), _bound(one.high, math.inf)
        words = [f"at least {low:g}"] * (low > -math.inf) + [f"at most {high:g}"] * (high < math.inf)
        holds = bool(((values >= low) & (values <= high)).all())
        over = bool(driver.dates[-1] >= one.last - np.timedelta64(PUBLICATION_DAYS, "D")) or not holds
        what = f"{sentence}, claimed {' and '.join(words)}"
        missing = "" if over else f"{what}: so far, and the span is not over"
    else:
        holds = bool((np.abs(values - one.stated) <= one.within).all())
        what, missing = f"{sentence}, stated {one.stated:g} within {one.within:g}", ""
    return Finding(place, "series", what, "whole", float(values.mean()), count=values.size, form="number",
                   holds=holds, missing=missing)  # fmt: skip


def dated_event(place: int, one: Evidence, events: Events) -> Finding:
    """Whether an event of the record came within the days that were claimed. Raises DataMissingError without it."""
    event = next((e for e in events if e.id == one.event), None)
    if event is None:
        raise DataMissingError(f"no event {one.event} in these events", "wanted it", "add it")
    day = event.known_on()
    what = f"{event.title} ({day}), claimed between {one.first} and {one.last}"
    holds = bool(one.first <= day <= one.last)
    return Finding(place, "event", what, "whole", count=1, form="words", holds=holds)


def dated_markers(place: int, one: Evidence, events: Events) -> Finding:
    """The days of a theme's events, those first of that theme where there are any, in place of prices nobody can have."""
    marked = [e for e in events if one.theme in e.themes]
    own = [e for e in marked if e.themes[0] == one.theme] or marked
    what = "; ".join(f"{e.known_on()} {e.title}" for e in own)
    return Finding(place, "markers", what, "whole", count=len(own), form="words")


def _bound(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value


def _range(values: FloatArray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
