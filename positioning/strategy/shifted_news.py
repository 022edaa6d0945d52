"""Decisions on one market after many records of events that differ in their days alone, as shuffles do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from positioning.arrays import IntArray
from positioning.events.decay import fading
from positioning.events.shifts import ShiftedRecords
from positioning.market.market import Market
from positioning.strategy.features import Feature, FeatureBook, Response
from positioning.strategy.strategy import schedule_on, standing_rows
from positioning.strategy.targets import Targets
from positioning.strategy.weight_batches import ScheduledStrategy

MOST_BYTES = (
    2**23
)  # of (D, N, N) arrays that are worked on at once: as many as stay near, and enough to spare Python


def decisions_on(strategy: ScheduledStrategy, market: Market, records: ShiftedRecords) -> Iterator[Targets]:
    """What the strategy decides on each record, with the bits of `target_weights` on it.

    The strategy is one of which `path_book.decides_on_paths` is true: each decision looks at its own row alone. Raises
    BadInputError as `Targets` does.
    """
    standing = standing_rows(market, records.events, strategy.names)
    themes = strategy.themes if strategy.respond > 0 else ()
    names = len(market.symbols)
    each = max(MOST_BYTES // (8 * max(int(standing.sum()), 1) * names * names), 1)
    for some in records.parts(each):
        decided = [
            schedule_on(market, standing, [some.news(theme)[k] for theme in themes])
            for k in range(some.shifts.size)
        ]
        weights = strategy.weights(_book(market, some, decided))
        edges = np.cumsum([rows.size for rows in decided])[:-1]
        for rows, own in zip(decided, np.split(weights, edges), strict=True):
            yield Targets(
                market.rows, market.symbols, rows, own, strategy.band, strategy.gross_limit, limited=True
            )


def _book(market: Market, records: ShiftedRecords, decided: list[IntArray]) -> FeatureBook:
    """The features of all records, one after the other: the first axis of each has the places of all decisions."""
    whole = np.concatenate(decided)

    def compute(feature: Feature) -> Any:
        if not isinstance(feature, Response):  # the market and the restrictions alone
            return feature.compute(market, records.events, whole)
        if not feature.theme:
            return np.zeros(whole.size)
        news = records.news(feature.theme)
        return np.concatenate(
            [
                feature.answer(fading(one, feature.half_life), rows)
                for one, rows in zip(news, decided, strict=True)
            ]
        )

    return FeatureBook(market, records.events, whole, compute=compute)
