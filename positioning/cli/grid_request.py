"""What a grid search is asked, as values: strategy, axes, market, trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from positioning.cli.command import words_for
from positioning.cli.grid_axes import axes_of, require_few
from positioning.cli.request import Request
from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    from positioning.runs.backtest import RunSettings
    from positioning.search.space import GridIndex, SearchSpace
    from positioning.strategy.strategy import Strategy


def asked(
    request: Request, name: str, grid: Sequence[str], metric: str, most: int | None = None
) -> tuple[Strategy, dict[str, tuple[Any, ...]]]:
    """The strategy and its axes; most: combinations there may be. Raises BadInputError."""
    from positioning.market.findings import accept
    from positioning.search.run import METRICS

    if metric not in METRICS:
        raise BadInputError(
            f"--metric {metric}", f"wanted one of {', '.join(METRICS)}", did_you_mean(metric, METRICS)
        )
    strategy = request.strategies([name])[0]
    axes = axes_of(strategy, grid, most)
    if "screen" in axes and request.screen is not None:
        raise BadInputError("--screen beside --grid screen", "wanted one of them", "leave out --screen")
    for setting in request.settings:
        parameter = setting.partition("=")[0].removeprefix(f"{name}.")
        if parameter in axes:
            raise BadInputError(
                f"--set {parameter} beside --grid {parameter}",
                "wanted one of them",
                f"leave out --set {parameter}",
            )
    held = {s for which in symbols(strategy, axes) for s in which}
    accept((), request.accepted, held, request.facts.instruments)
    return strategy, axes


def whole_numbers(option: str, text: str, example: str) -> tuple[int, ...]:
    """Of FIRST:SECOND, as many as the example has. Raises BadInputError."""
    try:
        numbers = tuple(int(part) for part in text.split(":"))
    except ValueError:
        numbers = ()
    if len(numbers) != len(example.split(":")):
        raise BadInputError(
            f"{option} {text}", f"wanted whole numbers such as {example}", f"type {option} {example}"
        )
    return numbers


def groups_of(text: str, space: SearchSpace) -> tuple[int, int, int]:
    """Groups, test groups and embargo of GROUPS:TEST[:EMBARGO]; an embargo not given is a hundredth of the rows.
    Raises BadInputError, also for what leaves nothing to train on."""
    from positioning.search.purged_cv import splits_of

    if text.count(":") == 2:
        groups, tested, embargo = whole_numbers("--cpcv", text, "10:2:15")
    else:
        groups, tested = whole_numbers("--cpcv", text, "10:2")
        embargo = round((space.market.rows.size - space.market.start) / 100)
    splits_of(space, groups, tested, embargo)
    return groups, tested, embargo


def symbols(strategy: Strategy, axes: Mapping[str, Sequence[Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every name and every hedge that some trial may hold. Raises BadInputError where one is both."""
    from positioning.search.space import worded

    widest = {name: max(axes[name]) for name in strategy.ZERO_SWITCHES if name in axes}
    names: dict[str, None] = {}
    hedges: dict[str, None] = {}
    for one in worded(replace(strategy, **widest), axes):
        names |= dict.fromkeys(one.names)
        hedges |= dict.fromkeys(one.hedges)
    both = set(names) & set(hedges)
    if both:
        raise BadInputError(
            f"{min(both)} is a leg in one trial and a hedge in another",
            "wanted symbols that are always one of them",
            "take it out of --grid legs or --grid hedge",
        )
    return tuple(names), tuple(hedges)


def chosen(space: SearchSpace, random: int | None, seed: int) -> GridIndex:
    """(K, A) which value of each axis each trial has: all combinations, or `random` of them, none twice; those that
    may run side by side one after the other."""
    import numpy as np

    count = space.combinations
    if random is not None and random < 1:
        raise BadInputError(f"--random {random}", "wanted at least one trial", "type --random 10000")
    if random is None or random >= count:
        require_few(count)
        return space.grouped(space.codes(np.arange(count)))
    require_few(random)
    draw = np.random.default_rng(seed)
    if count <= 4 * random:
        return space.grouped(space.codes(np.sort(draw.choice(count, random, replace=False))))
    if count < 2**62:  # choice would hold them all
        drawn = np.empty(0, dtype=np.int64)
        while drawn.size < random:
            drawn = np.unique(np.append(drawn, draw.integers(count, size=2 * random)))
        return space.grouped(space.codes(np.sort(draw.permutation(drawn)[:random])))
    columns = [draw.integers(len(v), size=random, dtype=np.int32) for v in space.axes.values()]
    return space.grouped(np.unique(np.column_stack(columns), axis=0))


def space_of(strategy: Strategy, axes: Mapping[str, tuple[Any, ...]], terms: RunSettings) -> SearchSpace:
    """The market of all trials, loaded once, and what they share."""
    from positioning.market.load import load
    from positioning.search.space import SearchSpace

    names, hedges = symbols(strategy, axes)
    history = longest_history(strategy, axes)
    market = load(
        terms.source,
        names,
        hedges,
        terms.span,
        terms.base,
        history,
        terms.events.crash_dates,
        terms.accepted,
    )
    return SearchSpace(strategy, market, terms.events, axes, terms.account)


def longest_history(strategy: Strategy, axes: Mapping[str, tuple[Any, ...]]) -> int:
    """The rows of prices that the trial which needs most of them needs: tried at the ends of each axis of numbers."""
    ends = [
        (name, v) for name, values in axes.items() if is_number(values) for v in (min(values), max(values))
    ]
    return max([strategy.history, *(replace(strategy, **{name: value}).history for name, value in ends)])


def is_number(values: Sequence[Any]) -> bool:
    """Whether an axis is one of numbers."""
    return all(isinstance(v, int | float) for v in values)


def words_of(request: Request, space: SearchSpace) -> tuple[str, ...]:
    """The command that reruns a trial on the same rows, before its settings."""
    from positioning.strategy.from_file import reference

    market, plain = space.market, Request()
    words = [*words_for("run"), reference(type(space.strategy))]
    request = replace(request, start=str(market.rows[market.start]), end=str(market.rows[-1]))
    for option, field in (
        ("data", "data"), ("start", "start"), ("end", "end"), ("base", "base"), ("fees", "fees"), ("fill", "fill"),
        ("cash", "cash"), ("events", "events"), ("screen", "screen"), ("mark", "mark"),
        ("restrictions", "restrictions"), ("thesis", "thesis"), ("cache", "cache"),
    ):  # fmt: skip
        if getattr(request, field) != getattr(plain, field):
            words += [f"--{option}", str(getattr(request, field))]
    for option, each in (("--accept", request.accepted), ("--set", request.settings)):
        words += [w for value in each for w in (option, value)]
    return tuple(words)
