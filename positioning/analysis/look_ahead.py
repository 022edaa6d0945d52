"""Does tomorrow move yesterday? A strategy's decisions are made again on futures that are cut off or replaced.

A decision of row t may depend on what was known by the end of t. So for a cut t the world after it is replaced, one
input at a time, and every decision up to t must be what it was. Cut off, the market ends with row t; since a strategy
may know the calendar (a month's last session is known in advance), the decision of row t itself is then left out of
the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import PositioningError
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

ROUNDING = (
    1e-9  # a weight that moves by less has moved by rounding: sums of other lengths end in other last bits
)
CUTS = 24  # dates at which the future is replaced

PRICES, OPENS, DIVIDENDS, CURRENCIES, TRADING = "closes", "opens", "dividends", "currencies", "trading days"
VOLUMES = "volumes"
EVENTS, RESTRICTIONS, SERIES, LENGTH = "events", "restrictions", "published series", "the end of the data"
INPUTS = (PRICES, OPENS, DIVIDENDS, CURRENCIES, TRADING, VOLUMES, EVENTS, RESTRICTIONS, SERIES, LENGTH)


@final
@dataclass(frozen=True, slots=True)
class LookAhead:
    """A decision that knew tomorrow. input: one of INPUTS, replaced after `cut`; decided: the first decision that
    moved, with the name that moved most, from one weight to the other (NaN: it was not decided)."""

    input: str
    cut: np.datetime64
    decided: np.datetime64
    symbol: str
    before: float
    after: float

    @property
    def sentence(self) -> str:
        """What happened, for a reader."""
        return (
            f"{self.input} after {self.cut} moved the weight of {self.symbol} decided on {self.decided} "
            f"from {self.before:.4f} to {self.after:.4f}"
        )


def look_ahead(
    strategy: Strategy,
    market: Market,
    events: Events,
    cuts: int = CUTS,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> tuple[LookAhead, ...]:
    """The earliest such decision by input, none for an honest strategy. `advance` is called after each cut.

    A strategy that fails on a replaced future (PositioningError) is taken to have looked at it.
    """
    whole = strategy.target_weights(market, events)
    findings: dict[str, LookAhead] = {}
    for cut in cut_rows(whole, events, market, cuts):
        for name, world, record in futures(market, events, cut, seed):
            last = cut - 1 if name == LENGTH else cut
            decisions = _weights_by_row(whole, market, last)
            try:
                again = _weights_by_row(strategy.target_weights(world, record), market, last)
            except PositioningError:
                again = np.full_like(decisions, np.nan)
            moved = _first_move(name, market, cut, decisions, again)
            if moved is not None and (name not in findings or moved.decided < findings[name].decided):
                findings[name] = moved
        advance()
    return tuple(findings[name] for name in INPUTS if name in findings)


def cut_rows(whole: Targets, events: Events, market: Market, cuts: int) -> list[int]:
    """Rows at which to cut: half of them decisions spread evenly, half the rows before a restriction of a name of the
    market or an event becomes known, and before a dividend, a third each where there are so many; never the last row."""
    last = market.rows.size - 2
    decided = [int(row) for row in whole.decided if row <= last]
    own = [r.known_on() for r in events.restrictions if r.symbol in market.symbols]
    pools: list[list[int]] = []
    for rows in (
        np.searchsorted(market.rows, np.array(own, dtype="datetime64[D]")) - 1,
        np.searchsorted(market.rows, events.known) - 1,
        np.flatnonzero(market.dividends.any(axis=1)) - 1,
    ):
        pools.append(sorted({int(row) for row in rows if 0 < row <= last}))
    dated: set[int] = set()
    left = cuts - cuts // 2
    for n, pool in enumerate(sorted(pools, key=len)):  # what the small ones leave, the large ones have
        chosen = _spread(pool, -(-left // (len(pools) - n)))
        dated.update(chosen)
        left -= len(chosen)
    return sorted({*_spread(decided, cuts // 2), *dated})


def _spread(values: list[int], count: int) -> list[int]:
    places = np.unique(np.linspace(0, len(values) - 1, min(count, len(values))).astype(int)) if values else ()
    return [values[place] for place in places]


def futures(market: Market, events: Events, cut: int, seed: int) -> Iterator[tuple[str, Market, Events]]:
    """(input, market, events) with that input replaced after row `cut`; inputs with nothing to replace are left out."""
    rng, after, day = np.random.default_rng([seed, cut]), slice(cut + 1, None), market.rows[cut]
    yield PRICES, _scaled(market, "close", after, rng), events
    yield OPENS, _scaled(market, "open", after, rng), events
    dividends = market.dividends.copy()
    dividends[after] = dividends[after] * rng.uniform(0.2, 5.0, dividends[after].shape) + rng.uniform(
        0.0, 1.0, dividends[after].shape
    )
    yield DIVIDENDS, replace(market, dividends=dividends), events
    if any(i.currency != market.base for i in market.instruments):
        yield CURRENCIES, _scaled(market, "rates", after, rng), events
    yield TRADING, _halted(market, after, rng), events
    if market.volume is not None:
        yield VOLUMES, _scaled(market, "volume", after, rng), events
    if len(events):
        yield EVENTS, market, _other_events(events, day)
    yield RESTRICTIONS, market, _other_restrictions(events, market.symbols, day)
    if market.drivers:
        yield SERIES, replace(market, drivers=_revised(market.drivers, day, rng)), events
    yield LENGTH, known_until(market, cut), events.until(day)


def known_until(market: Market, cut: int) -> Market:
    """The market that ends with row `cut`, without what is only known later: who is delisted, what the prices of the
    whole span were found to be."""
    day = market.rows[cut]
    instruments = tuple(
        replace(i, delisted=None, exit_price=None)
        if i.delisted is not None and np.datetime64(i.delisted, "D") > day
        else i
        for i in market.instruments
    )
    return replace(market.until(cut), instruments=instruments, notices=(), findings=(), snapshot="")


def _scaled(market: Market, name: str, after: slice, rng: np.random.Generator) -> Market:
    values: FloatArray = getattr(market, name).copy()
    values[after] *= rng.uniform(0.2, 5.0, values[after].shape)
    changed: dict[str, Any] = {name: values}
    return replace(market, **changed)


def _halted(market: Market, after: slice, rng: np.random.Generator) -> Market:
    """A fifth of the sessions after the cut are lost; none is added, since it would have no price."""
    halts = np.zeros(market.close.shape, dtype=np.bool_)
    halts[after] = rng.random(halts[after].shape) < 0.2
    return replace(
        market, tradable=market.tradable & ~halts, close=np.where(halts, np.nan, market.close),
        open=np.where(halts, np.nan, market.open),
    )  # fmt: skip


def _other_events(events: Events, day: np.datetime64) -> Events:
    """What became known later: turned round, of another severity and nine days later; and one event more, the day
    after the cut."""
    items = [e for e in events if e.known_on() <= day]
    for e in events:
        if e.known_on() > day:
            if items[-1:] == [] or items[-1].known_on() <= day:
                items.append(replace(e, id=f"{e.id} early", announced=_next_day(day), follows=""))
            signs = {s: -v for s, v in e.signs.items()}
            late = e.announced + timedelta(days=9)
            items.append(replace(e, signs=signs, severity=6 - e.severity, announced=late, follows=""))
    return replace(events, items=tuple(items))


def _other_restrictions(events: Events, symbols: tuple[str, ...], day: np.datetime64) -> Events:
    """Every name is barred from the next day on; what became known later is forgotten."""
    instant = _next_day(day)
    past = [r for r in events.restrictions if r.known_on() <= day]
    designations = [
        Restriction(s, instant, "no_buy", "designated", "another future", "none") for s in symbols
    ]
    return replace(events, restrictions=(*past, *designations))


def _next_day(day: np.datetime64) -> datetime:
    return datetime.fromisoformat(str(day)).replace(tzinfo=UTC) + timedelta(days=1, minutes=1)


def _revised(drivers: Mapping[str, Any], day: np.datetime64, rng: np.random.Generator) -> dict[str, Any]:
    """Values not yet published are others."""
    return {
        name: replace(
            d, values=np.where(d.known > day, d.values * rng.uniform(0.2, 5.0, d.values.shape), d.values)
        )
        for name, d in drivers.items()
    }


def moved_decision(market: Market, before: Targets, after: Targets) -> LookAhead | None:
    """The first decision that differs between two answers to the same question, None where none does."""
    last = market.rows.size - 1
    weights = (_weights_by_row(targets, market, last) for targets in (before, after))
    return _first_move("", market, last, *weights)


def _weights_by_row(targets: Targets, market: Market, last: int) -> FloatArray:
    """(last + 1, N) weights by row, NaN where nothing is decided."""
    out = np.full((last + 1, len(market.symbols)), np.nan)
    inside = targets.decided <= last
    out[targets.decided[inside]] = targets.weights[inside]
    return out


def _first_move(
    name: str, market: Market, cut: int, before: FloatArray, after: FloatArray
) -> LookAhead | None:
    apart = np.where(np.isnan(before) & np.isnan(after), 0.0, np.abs(before - after))
    moved = ~(apart <= ROUNDING)
    if not moved.any():
        return None
    row = int(np.argmax(moved.any(axis=1)))
    column = int(np.argmax(np.nan_to_num(apart[row], nan=np.inf)))
    return LookAhead(
        name, market.rows[cut], market.rows[row], market.symbols[column],
        float(before[row, column]), float(after[row, column]),
    )  # fmt: skip
