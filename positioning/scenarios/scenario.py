"""Scenarios: what a thesis says may come, how likely, and through which numbers it reaches prices."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal, final

from positioning.errors import MOST_TOLD, BadInputError, did_you_mean, would_take
from positioning.market.records import check_choice, check_filled
from positioning.scenarios.shock import MOST_ROWS, NEVER, Shock

Course = Literal["step", "ramp"]
WEIGHTED = "weighted"  # what the mixture of all scenarios is called
MOST_BETA = 100
MOST_MOVE = math.log(1_000) + 1e-9  # of a logarithm
MOST_MULTIPLE = 1_000
MOST_SCENARIOS = 32
A_SECOND = 180_000  # rows of paths of one strategy on one core


@final
@dataclass(frozen=True, slots=True)
class DriverPath:
    """One driver under one scenario.

    start, end: its value today and at the horizon, above 0; of a step that fades, on landing. course: step (at once,
    on row `session` after the opening) or ramp (in equal logarithmic steps from the opening to the horizon).
    half_life: rows in which the logarithm of a step halves, as what was cut off finds another way; inf for one that
    lasts. volatility: multiple of the driver's own, a view of entropy pooling only (drawn rows carry the noise of
    their time). stated: words or figure of the thesis; checked: what independent sources say; source: of both.

    Raises BadInputError for a value out of its range.
    """

    name: str
    start: float
    end: float
    stated: str
    checked: str
    source: str
    course: Course = "ramp"
    session: int = 0
    volatility: float = 1.0
    half_life: float = NEVER

    def __post_init__(self) -> None:
        for text in ("name", "stated", "checked", "source"):
            check_filled(text, getattr(self, text), f"write {text}, or: not stated")
        check_choice("course", self.course, ("step", "ramp"))
        if not (0 < self.start < math.inf and 0 < self.end < math.inf):
            raise BadInputError(f"driver {self.name} from {self.start:g} to {self.end:g}", "wanted values above 0",
                                "a driver moves in proportion")  # fmt: skip
        if abs(self.move) > MOST_MOVE:
            raise BadInputError(
                f"driver {self.name} from {self.start:g} to {self.end:g}", "wanted a move of a thousandfold at most",
                "correct start or end",
            )  # fmt: skip
        if not 0 <= self.session <= MOST_ROWS or not 0 < self.volatility <= MOST_MULTIPLE:
            raise BadInputError(
                f"driver {self.name}: session {self.session}, volatility {self.volatility:g}",
                f"wanted rows from 0 to {MOST_ROWS} and a multiple above 0, up to {MOST_MULTIPLE}",
                "correct it",
            )
        if not self.half_life > 0 or (self.course == "ramp" and not math.isinf(self.half_life)):
            raise BadInputError(
                f"driver {self.name}: {self.course} with half_life {self.half_life:g}",
                "wanted rows above 0, for a step alone",
                'write course = "step", or leave half_life out',
            )

    @property
    def move(self) -> float:
        """Logarithm of end / start."""
        return math.log(self.end / self.start)

    def remaining(self, horizon: int) -> float:
        """What is left of `move` after the horizon's rows."""
        return self.move * float(0.5 ** (max(horizon - self.session, 0) / self.half_life))


@final
@dataclass(frozen=True, slots=True)
class Transmission:
    """How a target's log price answers a driver's log move: beta times it.

    target: instrument:SYMBOL, theme:NAME or market; members: the symbols of the theme.
    beta: given; where `series` names published series it is estimated
    from the first the source has, and the given one serves where it has none. standard_error: of the given
    beta, None where it is an assumption without one. origin: where the given beta is from.
    """

    driver: str
    target: str
    beta: float
    origin: str
    standard_error: float | None = None
    series: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_filled("origin", self.origin, "say where the beta is from, or write: assumption: ...")
        Shock(self.target, members=self.members)  # checks the target
        if self.target.startswith("currency:"):
            raise BadInputError(
                f"target {self.target}", "wanted instrument, theme or market", "use a shock instead"
            )
        if not abs(self.beta) <= MOST_BETA:
            raise BadInputError(
                f"beta {self.beta:g}", f"wanted -{MOST_BETA} to {MOST_BETA}", "correct the beta"
            )
        if self.standard_error is not None and not 0 <= self.standard_error <= MOST_BETA:
            raise BadInputError(
                f"standard_error {self.standard_error:g}",
                f"wanted 0 to {MOST_BETA}",
                "correct it, or leave it out",
            )


@final
@dataclass(frozen=True, slots=True)
class Scenario:
    """One future. origin: where its probability is from. horizon: rows; drivers and shocks play out within it."""

    name: str
    probability: float
    horizon: int
    origin: str
    drivers: tuple[DriverPath, ...] = ()
    shocks: tuple[Shock, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        check_filled("name", self.name, "give each scenario a name")
        check_filled("origin", self.origin, "say where the probability is from, or write: assumption: ...")
        if not 0 <= self.probability <= 1:
            raise BadInputError(
                f"probability {self.probability:g} of {self.name}", "wanted 0 to 1", "correct it"
            )
        if _folded(self.name) == WEIGHTED:
            raise BadInputError(
                f"a scenario named {self.name!r}",
                "wanted another name: the mixture of all is called so",
                "rename it",
            )
        check_horizon(self.horizon)

    def scaled(self, multiple: float) -> Scenario:
        """Its shocks and its drivers' log moves `multiple` times as large."""
        drivers = tuple(
            replace(d, end=d.start * math.exp(max(min(multiple * d.move, MOST_MOVE), -MOST_MOVE)))
            for d in self.drivers
        )
        return replace(self, drivers=drivers, shocks=tuple(s.scaled(multiple) for s in self.shocks))


@final
@dataclass(frozen=True, slots=True)
class ScenarioSet:
    """Scenarios whose probabilities add up to one, and the transmission of every driver they move.

    Raises BadInputError otherwise.
    """

    name: str
    scenarios: tuple[Scenario, ...]
    transmissions: tuple[Transmission, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise BadInputError(f"{self.name} has no scenario", "wanted one or more", "add [[scenario]]")
        if len(self.scenarios) > MOST_SCENARIOS:
            raise BadInputError(
                f"{len(self.scenarios)} scenarios",
                f"wanted {MOST_SCENARIOS} at most, as a page can show",
                "leave some out",
            )
        horizons = sorted({s.horizon for s in self.scenarios})
        if len(horizons) > 1:
            raise BadInputError(
                f"scenarios of {', '.join(map(str, horizons))} rows", "wanted one horizon, since they are weighted",
                "give all the same",
            )  # fmt: skip
        total = math.fsum(s.probability for s in self.scenarios)
        if abs(total - 1) > 1e-9:
            raise BadInputError(
                f"probabilities of {self.name} add up to {total:g}", "wanted 1", "correct them"
            )
        names = Counter(_folded(s.name) for s in self.scenarios)
        if (twice := next((s.name for s in self.scenarios if names[_folded(s.name)] > 1), None)) is not None:
            raise BadInputError(
                f"scenario {twice!r} twice", "wanted each name once, in any case", "rename one"
            )
        drivers = {t.driver for t in self.transmissions}
        for s in self.scenarios:
            for d in s.drivers:
                if d.name not in drivers:
                    raise BadInputError(
                        f"driver {d.name!r} of scenario {s.name} has no transmission",
                        "wanted [[transmission]] with driver, target, beta and origin (beta = 0 says: none)",
                        did_you_mean(d.name, drivers) if drivers else "add one",
                    )

    def over(self, horizon: int) -> ScenarioSet:
        """With another horizon. Raises BadInputError for one below 1."""
        return replace(self, scenarios=tuple(replace(s, horizon=horizon) for s in self.scenarios))


def _folded(name: str) -> str:
    """A name as people read it: without case, blanks around it and letters of another width."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check_horizon(horizon: int) -> None:
    """BadInputError for one below a row or above twenty years."""
    if not 1 <= horizon <= MOST_ROWS:
        cost = f" {path_cost(10_000, horizon)} for 10,000 paths" if horizon > MOST_ROWS else ""
        raise BadInputError(
            f"horizon={horizon}{cost}",
            f"wanted rows, 1 to {MOST_ROWS} (twenty years)",
            "a year has 252",
            "horizon",
        )


def path_memory(paths: int, horizon: int, strategies: int = 1) -> float:
    """Bytes that simulated paths take: each account on every row, once by scenario, its share in the mixture, and the
    two joined."""
    return 3.0 * 8 * paths * (horizon + 1) * strategies


def path_cost(paths: int, horizon: int, scenarios: int = 1, strategies: int = 1) -> str:
    """What simulating so many of so many rows would take, in words."""
    size = (min(paths, MOST_TOLD), min(horizon, MOST_TOLD))
    seconds = size[0] * size[1] * scenarios * strategies / A_SECOND
    return would_take(seconds, path_memory(*size, strategies))
