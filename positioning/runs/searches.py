"""Searches of a strategy that are kept beside its runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

import msgspec

from positioning.analysis.kept_search import KeptSearch
from positioning.files import read_bounded
from positioning.json_text import plain
from positioning.runs.answers import Answer, read_answers
from positioning.strategy.strategy import Strategy

KIND = "grid_search"
NUMBERS = "grid.json"
MOST_BYTES = 10_000_000  # of a grid.json
MOST_VALUES = 1000  # of an axis that are kept one by one


@final
class AxisSpan(msgspec.Struct, frozen=True):
    """An axis of more than MOST_VALUES numbers."""

    first: float
    last: float


@final
class _Grid(msgspec.Struct, frozen=True):
    """What is read of grid.json. Searches of older versions have neither strategy nor axes."""

    trials: int
    strategy: str = ""
    parameters: dict[str, Any] = {}
    axes: dict[str, list[Any] | AxisSpan] = {}
    every_combination: bool = True


class _SearchRecord(NamedTuple):
    search: str
    grid: _Grid
    tried: bool


def axes_to_json(axes: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The values of each axis, of a long one its ends."""
    return {
        name: plain(values) if len(values) <= MOST_VALUES else {"first": values[0], "last": values[-1]}
        for name, values in axes.items()
    }


def kept_searches(strategy: Strategy, simulated: bool, directory: Path) -> KeptSearch | None:
    """What the searches kept under `directory/answers` say of the parameters of a strategy; None where there is no search
    of a strategy of this name on prices of this kind, simulated or real."""
    searches = [
        record
        for answer in read_answers(directory).answers
        if answer.kind == KIND and answer.simulated == simulated
        for record in [_read(answer, strategy, directory)]
        if record is not None
    ]
    if not searches:
        return None
    first = next((record for record in searches if record.tried), searches[0])
    others = [record for record in searches if record is not first]
    return KeptSearch(
        search=first.search,
        trials=first.grid.trials,
        tried=first.tried,
        every=first.grid.every_combination,
        chosen=first.tried or strategy.parameters() != type(strategy)().parameters(),
        others=len(others),
        other_trials=sum(record.grid.trials for record in others),
    )


def _read(answer: Answer, strategy: Strategy, directory: Path) -> _SearchRecord | None:
    """None for a search of another strategy, or one whose numbers cannot be read."""
    place = directory / "answers" / answer.id / NUMBERS
    try:
        grid = msgspec.json.decode(read_bounded(place, MOST_BYTES), type=_Grid)
    except (OSError, msgspec.DecodeError):
        return None
    of = (
        answer.title == f"Grid search, {strategy.title}"
        if not grid.strategy
        else grid.strategy == strategy.name
    )
    return _SearchRecord(answer.id, grid, bool(grid.strategy) and _tried(grid, strategy)) if of else None


def _tried(grid: _Grid, strategy: Strategy) -> bool:
    """Whether the parameters are on the grid: on its axes, and elsewhere as the search had them."""
    for name, value in strategy.parameters().items():
        axis = grid.axes.get(name)
        if axis is None:
            same = name in grid.parameters and grid.parameters[name] == plain(value)
        elif isinstance(axis, AxisSpan):
            low, high = sorted((axis.first, axis.last))
            same = isinstance(value, int | float) and low <= value <= high
        else:
            same = plain(value) in axis
        if not same:
            return False
    return True
