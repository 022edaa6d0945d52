"""Scenarios: what a thesis says may come, how likely, and through which numbers it reaches prices."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, final

from positioning.errors import MOST_TOLD, BadInputError, did_you_mean, shortened, would_take
from positioning.events.thesis import Thesis
from positioning.files import read_toml
from positioning.market.records import check_choice, check_filled
from positioning.scenarios.shock import NEVER, Shock

_KINDS = {"float": "a number", "int": "a whole number", "tuple": "a list of texts"}
_FORMS: Mapping[type, str] = {int: "a whole number out of range", list: "a list", dict: "a table"}
Course = Literal["step", "ramp"]
WEIGHTED = "weighted"  # what the mixture of all scenarios is called
MOST_ROWS = 5_200  # of a horizon: twenty years
MOST_BETA = 100
MOST_MOVE = math.log(1_000) + 1e-9  # of a logarithm
MOST_MULTIPLE = 1_000
MOST_SCENARIOS = 32
MOST_INTEGER = 10**9
A_SECOND = 180_000  # rows of paths of one strategy on one core
LONGEST_NAME, LONGEST_TEXT = 80, 5_000  # characters
T = TypeVar("T")

BYSTANDERS = ("hedge", "benchmark")  # roles of names that a shock to their theme leaves alone


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
        known = {t.driver for t in self.transmissions}
        for s in self.scenarios:
            for d in s.drivers:
                if d.name not in known:
                    raise BadInputError(
                        f"driver {d.name!r} of scenario {s.name} has no transmission",
                        "wanted [[transmission]] with driver, target, beta and origin (beta = 0 says: none)",
                        did_you_mean(d.name, known) if known else "add one",
                    )

    def over(self, horizon: int) -> ScenarioSet:
        """With another horizon. Raises BadInputError for one below 1."""
        return replace(self, scenarios=tuple(replace(s, horizon=horizon) for s in self.scenarios))


def _folded(name: str) -> str:
    """A name as people read it: without case, blanks around it and letters of another width."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def read_scenarios(thesis: Thesis, name_or_path: str = "", horizon: int = 252) -> ScenarioSet:
    """A set of the thesis by its name ("" for the first by name), or a TOML file of the same form, with the thesis'
    symbols as members of each theme.

    Raises BadInputError for a thesis without scenarios, a file that cannot be read, an unknown or missing key, a
    value of the wrong kind, and what the values themselves refuse, naming file and table.
    """
    check_horizon(horizon)
    known = tuple(thesis.scenarios)
    if not name_or_path and not known:
        raise BadInputError(
            f"the thesis {thesis.name} has no scenarios",
            "wanted a file scenarios/NAME.toml in its folder: [[scenario]] tables with name, probability (together 1) "
            "and origin, in each any [[scenario.shock]] with target (market, theme:NAME or instrument:SYMBOL), jump, "
            "session and origin",
            "write one, or give name_or_path=FILE.toml", "name_or_path",
        )  # fmt: skip
    name = name_or_path or known[0]
    path = thesis.scenarios.get(name, Path(name))
    if not path.is_file():
        raise BadInputError(
            f"no scenarios {name!r}", f"wanted {', '.join((*known, 'a TOML file'))}",
            did_you_mean(name, known) if known else "check the path",
        )  # fmt: skip
    tables = read_toml(path)
    try:
        _known_keys(tables, ("scenario", "transmission"), "the file")
        transmissions = _all(tables, "transmission", lambda t: _made(Transmission, _aimed(t, thesis)))
        scenarios = _all(tables, "scenario", lambda t: _scenario(t, horizon, thesis))
        made = ScenarioSet(name if name in known else path.name, scenarios, transmissions)
        _check_moves(made)
        return made
    except BadInputError as error:
        raise BadInputError(f"{path.name}: {error.seen}", error.wanted, error.remedy) from None


def _check_moves(made: ScenarioSet) -> None:
    """No name may be moved more than a thousandfold."""
    for s in made.scenarios:
        moves = {d.name: d.move for d in s.drivers}
        for t in made.transmissions:
            if abs(t.beta * moves.get(t.driver, 0.0)) > MOST_MOVE:
                raise BadInputError(
                    f"driver {t.driver} of scenario {s.name} moves {t.target} by a factor of "
                    f"exp({t.beta * moves[t.driver]:.3g})",
                    "wanted a thousandfold at most", "correct the beta or the driver",
                )  # fmt: skip


def _aimed(table: Mapping[str, Any], thesis: Thesis) -> Mapping[str, Any]:
    """With the thesis' symbols where the target is a theme and the file names none. Hedges, benchmarks and Western peers
    carry the theme as a tag and do not share its fate: they are hit where an instrument: names them. An instrument of
    the thesis' own is known by it, held or not."""
    kind, _, theme = str(table.get("target", "")).partition(":")
    if kind == "instrument" and any(i.symbol == theme for i in thesis.instruments.own):
        return {**table, "members": (theme,)}
    if kind != "theme" or "members" in table:
        return table
    members = tuple(s for s in thesis.members(theme) if thesis.universe[s].role not in BYSTANDERS)
    if not members:
        themes = tuple(dict.fromkeys(c.theme for c in thesis.universe.values() if c.theme))
        raise BadInputError(
            f"theme {theme!r} has no symbol", f"wanted one of the universe of {thesis.name}",
            did_you_mean(theme, themes) if themes else "give the thesis a universe.csv, or write members = [...]",
        )  # fmt: skip
    return {**table, "members": members}


def _scenario(table: Mapping[str, Any], horizon: int, thesis: Thesis) -> Scenario:
    nested: dict[str, Any] = {
        "drivers": _all(table, "driver", lambda t: _made(DriverPath, t)),
        "shocks": _all(table, "shock", lambda t: _made(Shock, _aimed(t, thesis))),
    }
    plain = {k: v for k, v in table.items() if k not in ("driver", "shock")}
    return _made(Scenario, {"horizon": horizon, **plain, **nested})


def _all(tables: Mapping[str, Any], key: str, build: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    found = tables.get(key, [])
    if not isinstance(found, list) or not all(isinstance(t, dict) for t in found):
        raise BadInputError(f"{key} is no list of tables", f"wanted [[{key}]]", "double the brackets")
    return tuple(build(t) for t in found)


def _made(kind: Callable[..., T], table: Mapping[str, Any]) -> T:
    known = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]  # always a dataclass here
    what = kind.__name__.lower()
    _known_keys(table, tuple(known), what)
    values = {k: _value(k, v, str(known[k])) for k, v in table.items()}
    try:
        return kind(**values)
    except TypeError:
        missing = [k for k in known if k not in table]
        raise BadInputError(f"{what} has {', '.join(table) or 'nothing'}", "wanted its required keys too",
                            f"add some of {', '.join(missing)}") from None  # fmt: skip


def _value(key: str, value: Any, kind: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind.startswith("float") and number:
        with suppress(OverflowError):
            return float(value)
    elif kind == "int" and number and isinstance(value, int) and abs(value) <= MOST_INTEGER:
        return value
    elif kind.startswith("tuple"):
        if isinstance(value, list | tuple) and (
            "str" not in kind or all(isinstance(v, str) and v.isprintable() for v in value)
        ):
            return tuple(value)
    elif kind != "int" and not kind.startswith("float") and isinstance(value, str):
        return _text(key, value)
    raise BadInputError(
        f"{key} = {shortened(_told(value))}",
        f"wanted {_KINDS.get(re.split(r'[^a-z]', kind)[0], 'a text')}",
        f"correct {key}",
    )


def _text(key: str, value: str) -> str:
    named = key in ("name", "driver", "target", "label")
    longest = LONGEST_NAME if named else LONGEST_TEXT
    plain = value.strip() if named else value.replace("\n", " ").replace("\t", " ")
    if len(plain) > longest or not plain.isprintable():
        raise BadInputError(
            f"{key} {shortened(value)!r}",
            f"wanted at most {longest} characters that can be printed{', in one line' * named}",
            f"correct {key}",
        )
    return plain if named else value


def _told(value: Any) -> str:
    """The value, or of what kind it is, where it has no short form."""
    if isinstance(value, str | float | bool | None) or (
        isinstance(value, int) and abs(value) <= MOST_INTEGER
    ):
        return repr(value)
    return _FORMS.get(type(value), f"a {type(value).__name__}")


def _known_keys(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in table:
        if key not in known:
            raise BadInputError(
                f"{what} has a key {key!r}", "wanted one of its keys", did_you_mean(key, known)
            )


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
    asked = (min(paths, MOST_TOLD), min(horizon, MOST_TOLD))
    seconds = asked[0] * asked[1] * scenarios * strategies / A_SECOND
    return would_take(seconds, path_memory(*asked, strategies))
