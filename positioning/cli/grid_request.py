"""What a grid search is asked, as values: strategy, axes, market, trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from positioning.cli.command import say_left_out
from positioning.cli.command_words import words_for
from positioning.cli.grid_axes import axes_of, in_grid_words
from positioning.cli.request import Request
from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    from positioning.runs.backtest import RunSettings
    from positioning.search.space import SearchSpace
    from positioning.strategy.strategy import Strategy


def strategy_and_axes(
    request: Request, name: str, grid: Sequence[str], metric: str, most: int | None = None
) -> tuple[Strategy, dict[str, tuple[Any, ...]]]:
    """The strategy and its axes; most: combinations there may be. Raises BadInputError."""
    from positioning.market.findings import accept
    from positioning.search.loading import held_symbols
    from positioning.search.run import METRICS

    if metric not in METRICS:
        raise BadInputError(
            f"--metric {metric}", f"wanted one of {', '.join(METRICS)}", did_you_mean(metric, METRICS)
        )
    strategy = request.strategies([name])[0]
    axes = axes_of(strategy, grid, most)
    for axis, own_option in (("screen", request.screen), ("target_volatility", request.target_volatility)):
        if axis in axes and own_option is not None:
            option = f"--{axis.replace('_', '-')}"
            raise BadInputError(f"{option} beside --grid {axis}", "wanted one of them", f"leave out {option}")
    for setting in request.settings:
        parameter = setting.partition("=")[0].removeprefix(f"{name}.")
        if parameter in axes:
            raise BadInputError(
                f"--set {parameter} beside --grid {parameter}",
                "wanted one of them",
                f"leave out --set {parameter}",
            )
    try:
        symbols = {s for which in held_symbols(strategy, axes) for s in which}
    except BadInputError as error:
        axis = error.parameter.rpartition(".")[2]
        raise in_grid_words(error, strategy, axis) if axis in axes else error from None
    accept((), request.accepted, symbols, request.facts.instruments)
    say_left_out(request.idle(symbols))
    return strategy, axes


def require_untouched(optuna: int | None, *by_rows: object) -> None:
    """BadInputError where trials that were proposed by what the rows say are to be drawn, or tested on other rows."""
    if optuna is not None and any(option is not None for option in by_rows):
        raise BadInputError(
            "--optuna beside --random, --walk-forward or --cpcv",
            "wanted trials that were not chosen by the rows they are tested on",
            "leave one of them out",
        )


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


def space_of(strategy: Strategy, axes: Mapping[str, tuple[Any, ...]], terms: RunSettings) -> SearchSpace:
    """The market of all trials, loaded once, and what they share."""
    from positioning.search.loading import load_space

    return load_space(
        strategy, axes, terms.source, terms.events, terms.account, terms.span, terms.base, terms.accepted
    )


def words_of(request: Request, space: SearchSpace) -> tuple[str, ...]:
    """The command that reruns a trial on the same rows, before its settings."""
    from positioning.strategy.from_file import reference

    market, plain = space.market, Request()
    words = [*words_for("run"), reference(type(space.strategy))]
    request = replace(request, start=str(market.rows[market.start]), end=str(market.rows[-1]))
    for option, field in (
        ("data", "data"), ("start", "start"), ("end", "end"), ("base", "base"), ("fees", "fees"), ("fill", "fill"),
        ("cash", "cash"), ("events", "events"), ("screen", "screen"), ("mark", "mark"),
        ("target-volatility", "target_volatility"), ("investor", "investor"),
        ("capital", "capital"), ("participation", "participation"), ("impact", "impact"),
        ("restrictions", "restrictions"), ("thesis", "thesis"), ("cache", "cache"), ("decisions", "decisions"),
    ):  # fmt: skip
        if getattr(request, field) != getattr(plain, field):
            words += [f"--{option}", str(getattr(request, field))]
    for option, each in (
        ("--accept", request.accepted), ("--set", request.settings), ("--basis", request.basis),
        ("--screen-file", request.screen_files), ("--index", request.index),
    ):  # fmt: skip
        words += [w for value in each for w in (option, value)]
    return tuple(words)
