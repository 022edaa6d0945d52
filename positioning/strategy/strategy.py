"""A strategy: a frozen value that turns a market and a record of events into target weights."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace
from functools import cache, wraps
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.errors import BadInputError, DataMissingError, did_you_mean
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.strategy.limits import LIMITS, limited
from positioning.strategy.targets import Targets


@dataclass(frozen=True)
class Strategy(ABC):
    """What every strategy has. Its docstring is its thesis; its fields are its parameters.

    A strategy must have a name, a benchmark, `names` and `target_weights`; the rest has defaults.

    respond: 0 leaves out event tilts and event rebalances; the basket, the screens and the schedule stay.
    band: a held leg within this fraction of its target weight is not traded (0.1: a 5 % target is left alone
    between 4.5 % and 5.5 %).
    gross_limit: the largest gross exposure it may ask for.
    target_volatility: a year's, to which each decision is scaled by the past; name_cap, country_cap: the most of nav in
    one name, and in the names of one country of incorporation; 0 for none. See `limits`.
    BATCHABLE: parameters that trials decided and accounted side by side may differ in; ZERO_SWITCHES: those of them at
    whose zero something else is looked at (no news, no hedge); EVENT_PARAMETERS: those that matter to news alone.
    """

    name: ClassVar[str]
    benchmark: ClassVar[str]
    caveat: ClassVar[str] = ""
    BATCHABLE: ClassVar[tuple[str, ...]] = ()
    ZERO_SWITCHES: ClassVar[tuple[str, ...]] = ()
    EVENT_PARAMETERS: ClassVar[tuple[str, ...]] = ("respond",)

    respond: float = 1.0
    band: float = 0.1
    gross_limit: float = 2.0
    target_volatility: float = 0.0
    name_cap: float = 0.0
    country_cap: float = 0.0

    def __init_subclass__(cls, **options: Any) -> None:
        """Whatever a strategy decides is brought within its limits, whoever asks."""
        super().__init_subclass__(**options)
        decide: Any = cls.target_weights
        if not (getattr(decide, "within_limits", False) or getattr(decide, "__isabstractmethod__", False)):
            setattr(cls, "target_weights", _within_limits(decide))  # noqa: B010 - mypy lets no method be assigned

    def __post_init__(self) -> None:
        for parameter in _tuples(type(self)):
            require_words(getattr(self, parameter), f"{self.name}.{parameter}")
        for parameter, value in self.parameters().items():
            if isinstance(value, float) and not math.isfinite(value):
                raise BadInputError(
                    f"{parameter}={value}",
                    "wanted a finite number",
                    f"correct {parameter}=...",
                    f"{self.name}.{parameter}",
                )
        self.require("respond", 0 <= self.respond <= 1, "between 0 and 1")
        self.require("band", 0 <= self.band < 1, "from 0 to below 1")
        self.require("gross_limit", 0 < self.gross_limit <= 10, "above 0, at most 10")
        self.require("target_volatility", 0 <= self.target_volatility <= 2, "0 for none, or at most 2")
        for parameter in ("name_cap", "country_cap"):
            self.require(parameter, 0 <= getattr(self, parameter) <= 10, "0 for none, or at most 10")

    def require(self, parameter: str, holds: bool, wanted: str) -> None:
        """BadInputError for a parameter out of its range."""
        if not holds:
            value = getattr(self, parameter)
            raise BadInputError(
                f"{self.name}.{parameter}={value}",
                f"wanted {wanted}",
                f"correct {parameter}=...",
                f"{self.name}.{parameter}",
            )

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Symbols it may hold."""

    @property
    def hedges(self) -> tuple[str, ...]:
        """Symbols it shorts against them; none unless a strategy says so."""
        return ()

    @property
    def themes(self) -> tuple[str, ...]:
        """Sleeves whose news it answers; none unless a strategy says so."""
        return ()

    @property
    def history(self) -> int:
        """Rows of prices a name and a hedge need before they can be decided on; one unless a strategy says so."""
        return 1

    def screened(self, market: Market, events: Events) -> BoolArray:  # noqa: ARG002 - events are for those that look
        """(T, N) True where its screen lets nobody buy the name any more; nowhere unless a strategy says so."""
        return np.zeros(market.close.shape, dtype=np.bool_)

    @abstractmethod
    def target_weights(self, market: Market, events: Events) -> Targets:
        """The decisions on this market. Nothing after a decision's row enters it."""

    @property
    def limits(self) -> dict[str, float]:
        """Values of LIMITS by name, 0 for none."""
        return {name: float(getattr(self, name)) for name in LIMITS}

    @property
    def title(self) -> str:
        """The name for people."""
        return " ".join(word[:1].upper() + word[1:] for word in self.name.split("_"))

    @property
    def rationale(self) -> str:
        """The docstring, its paragraphs intact."""
        return "\n".join(line.strip() for line in (type(self).__doc__ or "").strip().splitlines())

    def without_events(self) -> Self:
        """The same basket, screens and schedule, blind to events."""
        return replace(self, respond=0.0)

    def parameters(self) -> dict[str, Any]:
        """Field values by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def bounds(self) -> dict[str, str]:
        """What its parameters are required to be, in words, by name: those that it checks with `require`."""
        ranges: dict[str, str] = {}
        probe = copy(self)

        def note(parameter: str, holds: bool, wanted: str) -> None:  # noqa: ARG001 - asked for its words
            ranges[parameter] = wanted

        object.__setattr__(probe, "require", note)
        probe.__post_init__()
        return ranges

    def configured(self, settings: Mapping[str, str]) -> Self:
        """With fields set from text (`half_life=20`, `legs=NTR,MOS`). Raises BadInputError."""
        for parameter in settings:
            if parameter not in self.parameters():
                raise BadInputError(
                    f"{self.name} has no parameter {parameter}",
                    "wanted one of its fields",
                    did_you_mean(parameter, self.parameters()),
                )
        return replace(self, **{p: self.parsed(p, text) for p, text in settings.items()})

    def parsed(self, parameter: str, text: str) -> Any:
        """A value of a parameter from text, its range not yet checked. Raises BadInputError."""
        return _parse(text, self.kind_of(parameter), f"{self.name}.{parameter}")

    def kind_of(self, parameter: str) -> Any:
        """The type of a parameter."""
        return _hints(type(self))[parameter]


def _within_limits(
    decide: Callable[[Any, Market, Events], Targets],
) -> Callable[[Any, Market, Events], Targets]:
    @wraps(decide)
    def decided(self: Strategy, market: Market, events: Events) -> Targets:
        targets = decide(self, market, events)
        if not isinstance(targets, Targets) or targets.limited or not any(self.limits.values()):
            return targets  # what is none is refused by who asked
        return limited(targets, market, events, self.hedges, self.limits)

    setattr(decided, "within_limits", True)  # noqa: B010 - nor an attribute of a function
    return decided


def require_words(value: object, parameter: str) -> None:
    """BadInputError for what is no tuple of words; ("WAB") without its comma is a word of three letters."""
    if isinstance(value, tuple) and all(isinstance(v, str) and v for v in value):
        return
    remedy = f"write ({value!r},) with its comma" if isinstance(value, str) else "write it as (A, B)"
    raise BadInputError(f"{parameter}={value!r}", "wanted a tuple of words", remedy, parameter)


@cache
def _tuples(strategy: type[Strategy]) -> tuple[str, ...]:
    """Fields that are tuples of words; read from how they are written, since a type may be known to checkers alone."""
    return tuple(f.name for f in fields(strategy) if str(f.type).replace(" ", "") == "tuple[str,...]")


@cache
def _hints(strategy: type) -> dict[str, Any]:
    """Types of its fields; finding them takes a millisecond, and a grid has thousands of values."""
    return get_type_hints(strategy)


def _parse(text: str, hint: Any, what: str) -> Any:
    if get_origin(hint) is tuple and get_args(hint)[0] is str:
        return tuple(s.strip() for s in text.split(",") if s.strip())
    try:
        return hint(text)
    except ValueError:
        kind = {int: "a whole number", float: "a number"}.get(hint, hint.__name__)
        raise BadInputError(f"{what}={text}", f"wanted {kind}", f"give {what}=...", what) from None


def schedule(market: Market, events: Events, names: tuple[str, ...], themes: tuple[str, ...]) -> IntArray:
    """Decision rows: the opening, the first row of each month, rows on which a restriction of one of the names
    becomes known or a lifting takes effect, and rows on which an event of the themes with a sign does."""
    news = [events.news(market.rows, theme) for theme in themes]
    return schedule_on(market, standing_rows(market, events, names), news)


def standing_rows(market: Market, events: Events, names: tuple[str, ...]) -> BoolArray:
    """(T,) whether a row is a decision row that no news moves: of the account, of the calendar or of a restriction, see
    `schedule`."""
    months = market.rows.astype("datetime64[M]")
    days = [r.known_on() for r in events.restrictions if r.symbol in names]
    days += [r.holds_from() for r in events.restrictions if r.symbol in names and r.kind == "lifted"]
    screens = np.searchsorted(market.rows, np.array(days, dtype="datetime64[D]"))
    stands = np.zeros(market.rows.size, np.bool_)
    stands[1:] = months[1:] != months[:-1]
    stands[market.start : market.start + 1] = True
    stands[screens[screens < market.rows.size]] = True
    stands[: market.start] = False
    return stands


def schedule_on(market: Market, standing: BoolArray, news: Sequence[FloatArray]) -> IntArray:
    """The standing rows, and those of the account on which some (T,) news is not 0."""
    rows = standing.copy()
    for values in news:
        rows[market.start :] |= values[market.start :] != 0.0
    return np.flatnonzero(rows)


def present(market: Market, symbols: tuple[str, ...], strategy: str) -> tuple[str, ...]:
    """Those of the symbols that the market has; DataMissingError when it has none."""
    names = tuple(s for s in symbols if s in market.symbols)
    if not names:
        raise DataMissingError(
            f"{strategy}: none of {', '.join(symbols)} is in the market",
            "wanted at least one name",
            "add its prices",
        )
    return names
