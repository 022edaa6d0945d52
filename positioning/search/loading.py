"""The market of a search, loaded once for all its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.source import Source
from positioning.search.space import SearchSpace, categorical_variants
from positioning.simulation.account import AccountTerms
from positioning.strategy.strategy import Strategy


def load_space(
    strategy: Strategy,
    axes: Mapping[str, tuple[Any, ...]],
    source: Source,
    events: Events,
    terms: AccountTerms,
    span: Span | None = None,
    base: str = "USD",
    accepted: Sequence[str] = (),
) -> SearchSpace:
    """The strategy and its axes on one market, which has every name and every hedge that some trial may hold, and the
    rows that the trial with the longest memory needs. Raises as `load` does."""
    names, hedges = held_symbols(strategy, axes)
    history = longest_history(strategy, axes)
    market = load(source, names, hedges, span, base, history, events.crash_dates, accepted)
    return SearchSpace(strategy, market, events, axes, terms)


def held_symbols(
    strategy: Strategy, axes: Mapping[str, Sequence[Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every name and every hedge that some trial may hold. Raises BadInputError where one is both."""
    widest = {name: max(axes[name]) for name in strategy.ZERO_SWITCHES if name in axes}
    names: dict[str, None] = {}
    hedges: dict[str, None] = {}
    for one in categorical_variants(replace(strategy, **widest), axes):
        names |= dict.fromkeys(one.names)
        hedges |= dict.fromkeys(one.hedges)
    both = set(names) & set(hedges)
    if both:
        raise BadInputError(
            f"{min(both)} is a leg in one trial and a hedge in another",
            "wanted symbols that are always one of them",
            "take it out of the axis legs or hedge",
        )
    return tuple(names), tuple(hedges)


def longest_history(strategy: Strategy, axes: Mapping[str, tuple[Any, ...]]) -> int:
    """The rows of prices that the trial which needs most of them needs: tried at the ends of each axis of numbers."""
    ends = [
        (name, v) for name, values in axes.items() if _is_number(values) for v in (min(values), max(values))
    ]
    return max([strategy.history, *(replace(strategy, **{name: value}).history for name, value in ends)])


def _is_number(values: Sequence[Any]) -> bool:
    """Whether an axis is one of numbers."""
    return all(isinstance(v, int | float) for v in values)
