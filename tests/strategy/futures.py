"""Markets and events whose future was tampered with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

import strategies
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market


def tampered(market: Market, rows: slice, seed: int) -> Market:
    """Every price, dividend, rate and flag on those rows replaced by another."""
    rng = np.random.default_rng(seed)
    arrays = {k: getattr(market, k).copy() for k in ("open", "close", "dividends", "rates")}
    for values in arrays.values():
        values[rows] *= rng.uniform(0.2, 5.0, values[rows].shape)
    arrays["dividends"][rows] += rng.uniform(0, 1, arrays["dividends"][rows].shape)
    missing = rng.random(market.close[rows].shape) < 0.2
    arrays["close"][rows][missing] = np.nan
    flags = {k: getattr(market, k).copy() for k in ("tradable", "venue_open", "early")}
    for values in flags.values():
        values[rows] = rng.random(values[rows].shape) < 0.5
    flags["tradable"] &= np.isfinite(arrays["close"])
    return replace(market, **arrays, **flags)


def other_news(events: Events, after: np.datetime64) -> Events:
    """What became known later than that date: turned round, doubled in weight, and joined by more."""
    items = []
    for e in events:
        if e.known_on() > after:
            items.append(
                replace(e, signs={s: -v for s, v in e.signs.items()}, severity=6 - e.severity, follows="")
            )
            late = e.announced + timedelta(days=9)
            items.append(replace(e, id=f"{e.id}-again", announced=late, signs=dict.fromkeys(e.signs, 1)))
        else:
            items.append(e)
    kept = [r for r in events.restrictions if r.known_on() <= after]
    next_day = datetime.fromisoformat(str(after)).replace(tzinfo=UTC) + timedelta(days=1, minutes=1)
    more = [
        Restriction(s, next_day, "no_buy", "designated", "test", "test")
        for kind in strategies.STRATEGIES
        for s in kind().names
    ]
    return Events(tuple(items), (*kept, *more))
