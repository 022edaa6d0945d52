"""A strategy made of one function of frames: `weights(close, events, ...)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from typing import Any, ClassVar, get_type_hints

import numpy as np
import pandas as pd

from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy, present, require_words
from positioning.strategy.targets import Targets

Rule = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class FrameStrategy(Strategy):
    """What `from_frames` makes strategies of; `rule` is the function."""

    rule: ClassVar[Rule]

    def target_weights(self, market: Market, events: Events) -> Targets:
        """What the rule says; of rows before the account opens the last decision alone, on the first row."""
        symbols = present(market, (*self.names, *self.hedges), self.name)
        columns = [market.column(s) for s in symbols]
        dates = pd.DatetimeIndex(market.rows.astype("datetime64[ns]"), name="date")
        close = pd.DataFrame(market.carried_close[:, columns], index=dates, columns=list(symbols))
        record = events.to_frame()
        parameters = {name: getattr(self, name) for name in _parameters(type(self).rule)}
        weights = type(self).rule(close, record if self.respond > 0 else record.iloc[:0], **parameters)
        if not isinstance(weights, pd.DataFrame):
            raise BadInputError(
                f"{self.name} gave a {type(weights).__name__}",
                "wanted a frame of weights, a row a date of `close`, a column a symbol",
                "return weights for some of the rows and columns of `close`",
            )
        return _from_the_opening(
            Targets.from_frame(weights, market.rows, market.symbols, self.band, self.gross_limit),
            market.start,
        )


def from_frames(
    *,
    names: tuple[str, ...],
    benchmark: str,
    hedges: tuple[str, ...] = (),
    themes: tuple[str, ...] = (),
    history: int = 1,
    name: str = "",
    caveat: str = "",
) -> Callable[[Rule], type[FrameStrategy]]:
    """Make a strategy of a function `weights(close, events, **parameters)`; its docstring is the thesis.

    The function is given frames and returns one: the target weight (fraction of nav, signed) of some symbols on some
    dates of `close`; a date it leaves out, or leaves empty, decides nothing. close: last known closes in each
    instrument's currency, a row a date, a column a symbol of names and hedges that the market has. events: as
    `Events.to_frame`: a row an event, with known_on (the date from whose end it may be used), severity, sign_SLEEVE and
    others; without rows for the account without events. Further parameters are the strategy's: each has a
    default, and the type of its annotation or of that. What is decided on a date may use what was known on it; the
    frames hold later rows too, so `look_ahead` should be asked.

    names, hedges: symbols it may hold, and those it shorts against them. themes: sleeves whose news it answers, by which
    its events are counted and drawn. history: rows of prices they need before the
    account opens. name: that of the function where none is given.

        @from_frames(names=("NTR", "MOS"), benchmark="SPY", history=60)
        def momentum(close, events, lookback: int = 60):
            up = close > close.shift(lookback)
            return (0.5 * up).where(close.index.to_series().dt.is_month_start)

    Raises BadInputError for a parameter without a default.
    """

    for parameter, words in (("names", names), ("hedges", hedges), ("themes", themes)):
        require_words(words, parameter)

    def decorate(rule: Rule) -> type[FrameStrategy]:
        own: list[Any] = [(p.name, _kind(rule, p), p.default) for p in _parameters(rule).values()]
        strategy_class = make_dataclass(
            getattr(rule, "__name__", "weights"),
            own,
            bases=(FrameStrategy,),
            namespace={
                "__doc__": rule.__doc__ or "", "rule": staticmethod(rule), "name": name or getattr(rule, "__name__", ""),
                "names": names, "hedges": hedges, "themes": themes, "history": history, "benchmark": benchmark,
                "caveat": caveat,
            },
            frozen=True,
        )  # fmt: skip
        strategy_class.__module__ = rule.__module__
        return strategy_class

    return decorate


def _parameters(rule: Rule) -> dict[str, inspect.Parameter]:
    """The parameters of a function after its two frames."""
    return dict(list(inspect.signature(rule).parameters.items())[2:])


def _kind(rule: Rule, parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        raise BadInputError(
            f"parameter {parameter.name} of {getattr(rule, '__name__', 'weights')} has no default",
            "wanted one that a run without settings can use",
            f"write {parameter.name}=... in its definition",
        )
    return get_type_hints(rule).get(parameter.name, type(parameter.default))


def _from_the_opening(targets: Targets, start: int) -> Targets:
    """What was decided last before the account opens is decided on its first row, if nothing else is."""
    before = int(np.searchsorted(targets.decided, start, side="right")) - 1
    if before < 0:
        return targets
    decided = targets.decided[before:].copy()
    decided[0] = start
    return Targets(
        targets.rows, targets.symbols, decided, targets.weights[before:], targets.band, targets.gross_limit
    )
