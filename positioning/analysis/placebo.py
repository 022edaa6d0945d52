"""Would the strategy have done as well on events that never happened on those days?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import final

import numpy as np

from positioning.analysis.metrics import MIN_RETURNS
from positioning.arrays import DateArray, FloatArray
from positioning.errors import MOST_TOLD, BadInputError, would_take
from positioning.events.event import Events
from positioning.events.shifts import ShiftedRecords
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.result import Result
from positioning.strategy.path_book import decides_on_paths
from positioning.strategy.shifted_news import decisions_on
from positioning.strategy.strategy import Strategy
from positioning.strategy.weight_batches import ScheduledStrategy


@final
@dataclass(frozen=True, eq=False)
class Placebo:
    """total_return: the strategy's; shuffled: (N,) the same on shifted event dates, seeded; flipped: on the
    true dates with every sign reversed; p_value: share of shuffles at least as good; returns: of the account."""

    total_return: float
    shuffled: FloatArray
    flipped: float
    seed: int
    returns: int

    @property
    def p_value(self) -> float:
        """One-sided p-value, see `monte_carlo_p`; NaN for an account of fewer than MIN_RETURNS returns."""
        return monte_carlo_p(self.shuffled, self.total_return) if self.returns >= MIN_RETURNS else math.nan

    def to_json(self) -> dict[str, float | int | None]:
        """p: one-sided, None where the account is too short for one; draws, seed: of the shuffles; median: of their
        total returns; flipped: every sign reversed."""
        return {
            "p": None if math.isnan(self.p_value) else self.p_value,
            "draws": int(self.shuffled.size),
            "seed": self.seed,
            "median": float(np.median(self.shuffled)),
            "flipped": self.flipped,
        }


def monte_carlo_p(shuffled: FloatArray, statistic: float) -> float:
    """(1 + number of shuffles at or above the statistic) / (1 + number of shuffles).

    Davison and Hinkley 1997, Bootstrap Methods and their Application, section 4.2.
    """
    return float((1 + (shuffled >= statistic).sum()) / (1 + shuffled.size))


MOST_DRAWS = 100_000
A_SECOND = 400  # shuffles of one strategy


def check_draws(draws: int, least: int = 1) -> None:
    """BadInputError for fewer than `least`, 0 where none may be asked for, and for more than anyone can wait for."""
    if draws < least:
        need = "wanted at least 1 shuffle" if least else "wanted 0, for none, or more"
        raise BadInputError(f"draws={draws}", need, "give draws=1000", "draws")
    if draws > MOST_DRAWS:
        count = min(draws, MOST_TOLD)
        raise BadInputError(
            f"draws={draws} {would_take(count / A_SECOND, count * 8)}", f"wanted {MOST_DRAWS:,} at most",
            "give draws=1000 whose p-values are within 0.01", "draws",
        )  # fmt: skip


def placebo(
    strategy: Strategy,
    market: Market,
    terms: AccountTerms,
    events: Events,
    draws: int,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
    inputs: LedgerInputs | None = None,
) -> Placebo:
    """The strategy on `draws` sets of shifted event dates.

    A shuffle moves all events of the account's span around it by one random number of rows: their count,
    severities, order and clustering are those of the record, only the days are wrong. inputs: what `terms.inputs` made
    of this market, events and strategy, where it is there already.
    Raises BadInputError for fewer than 1 draw.
    """
    check_draws(draws)
    if inputs is None:  # restrictions are not shuffled
        inputs = terms.inputs(market, events, strategy.screened(market, events))
    rng = np.random.default_rng(seed)
    rows = market.rows.size - market.start
    records = ShiftedRecords(events, market.rows, market.start, rng.integers(1, max(rows, 2), draws))
    shuffled = np.empty(draws)
    for k, result in enumerate(_accounts(strategy, market, terms, inputs, records)):
        shuffled[k] = _total_return(result)
        advance()
    return Placebo(
        _total_return(terms.run(strategy, market, events, inputs)),
        shuffled,
        _total_return(terms.run(strategy, market, signs_reversed(events), inputs)),
        seed,
        rows - 1,
    )


def _accounts(
    strategy: Strategy, market: Market, terms: AccountTerms, inputs: LedgerInputs, records: ShiftedRecords
) -> Iterator[Result]:
    """The account after each record; decided many at a time where the strategy decides by the engine's code."""
    if isinstance(strategy, ScheduledStrategy) and decides_on_paths(strategy):
        for targets in decisions_on(strategy, market, records):
            yield terms.run(targets, market, records.events, inputs)
        return
    rows = market.rows[market.start :]
    for shift in records.shifts.tolist():
        yield terms.run(strategy, market, rotated_events(records.events, rows, shift), inputs)


def rotated_events(events: Events, rows: DateArray, shift: int) -> Events:
    """Each event known between the first and last of `rows` moved `shift` rows on, round the end to the start;
    restrictions and other events stay."""
    inside = (events.known >= rows[0]) & (events.known <= rows[-1])
    moved = rows[(events.rows(rows) + shift) % rows.size]
    return events.on_days(np.where(inside, moved, events.known))


def signs_reversed(events: Events) -> Events:
    """Every expected sign reversed."""
    return replace(
        events,
        items=tuple(
            replace(e, signs=MappingProxyType({k: -v for k, v in e.signs.items()})) for e in events.items
        ),
    )


def _total_return(result: Result) -> float:
    return float(result.nav[-1] / result.nav[0] - 1.0)
