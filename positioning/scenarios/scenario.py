"""Scenarios: what a thesis says may come, how likely, and through which numbers it reaches prices."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, final

from positioning.errors import BadInputError, did_you_mean
from positioning.events.thesis import Thesis
from positioning.market.records import check_choice, check_filled
from positioning.scenarios.shock import Shock

Course = Literal["step", "ramp"]
T = TypeVar("T")

BYSTANDERS = ("hedge", "benchmark")  # roles of names that a shock to their theme leaves alone


@final
@dataclass(frozen=True, slots=True)
class DriverPath:
    """One driver under one scenario.

    start, end: its value today and at the horizon, above 0. course: step (at once, on row `session` after the
    opening) or ramp (in equal logarithmic steps from the opening to the horizon). volatility: multiple of the driver's
    own, a view of entropy pooling only (drawn rows carry the noise of their time). stated: words or figure of the thesis;
    checked: what independent sources say; source: of both.

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

    def __post_init__(self) -> None:
        for text in ("name", "stated", "checked", "source"):
            check_filled(text, getattr(self, text), f"write {text}, or: not stated")
        check_choice("course", self.course, ("step", "ramp"))
        if not (0 < self.start < math.inf and 0 < self.end < math.inf):
            raise BadInputError(f"driver {self.name} from {self.start:g} to {self.end:g}", "wanted values above 0",
                                "a driver moves in proportion")  # fmt: skip
        if self.session < 0 or not 0 < self.volatility < math.inf:
            raise BadInputError(
                f"driver {self.name}: session {self.session}, volatility {self.volatility:g}",
                "wanted rows of 0 or more and a multiple above 0",
                "correct it",
            )

    @property
    def move(self) -> float:
        """Logarithm of end / start."""
        return math.log(self.end / self.start)


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
        if not math.isfinite(self.beta):
            raise BadInputError(f"beta {self.beta}", "wanted a finite number", "correct the beta")


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
        if self.horizon < 1:
            raise BadInputError(f"horizon {self.horizon}", "wanted 1 row or more", "type --horizon 252")

    def scaled(self, multiple: float) -> Scenario:
        """Its shocks and its drivers' log moves `multiple` times as large."""
        drivers = tuple(replace(d, end=d.start * math.exp(multiple * d.move)) for d in self.drivers)
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
        total = math.fsum(s.probability for s in self.scenarios)
        if abs(total - 1) > 1e-9:
            raise BadInputError(
                f"probabilities of {self.name} add up to {total:g}", "wanted 1", "correct them"
            )
        names = Counter(s.name for s in self.scenarios)
        if (twice := next((n for n, k in names.items() if k > 1), None)) is not None:
            raise BadInputError(f"scenario {twice!r} twice", "wanted each name once", "rename one")
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


def read_scenarios(thesis: Thesis, name_or_path: str = "", horizon: int = 252) -> ScenarioSet:
    """A set of the thesis by its name ("" for the first by name), or a TOML file of the same form, with the thesis'
    symbols as members of each theme.

    Raises BadInputError for a thesis without scenarios, a file that cannot be read, an unknown or missing key, a
    value of the wrong kind, and what the values themselves refuse, naming file and table.
    """
    known = tuple(thesis.scenarios)
    if not name_or_path and not known:
        raise BadInputError(
            f"the thesis {thesis.name} has no scenarios", "wanted a file scenarios/NAME.toml in its folder",
            "write one, or name a TOML file",
        )  # fmt: skip
    name = name_or_path or known[0]
    path = thesis.scenarios.get(name, Path(name))
    if not path.is_file():
        raise BadInputError(
            f"no scenarios {name!r}", f"wanted {', '.join((*known, 'a TOML file'))}",
            did_you_mean(name, known) if known else "check the path",
        )  # fmt: skip
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(f"{path} cannot be read ({error})", "wanted a TOML file", "correct it") from None
    try:
        _known_keys(tables, ("scenario", "transmission"), "the file")
        transmissions = _all(tables, "transmission", lambda t: _made(Transmission, _aimed(t, thesis)))
        scenarios = _all(tables, "scenario", lambda t: _scenario(t, horizon, thesis))
        return ScenarioSet(name if name in known else path.name, scenarios, transmissions)
    except BadInputError as error:
        raise BadInputError(f"{path.name}: {error.seen}", error.wanted, error.remedy) from None


def _aimed(table: Mapping[str, Any], thesis: Thesis) -> Mapping[str, Any]:
    """With the thesis' symbols where the target is a theme and the file names none. Hedges, benchmarks and Western peers
    carry the theme as a tag and do not share its fate: they are hit where an instrument: names them."""
    kind, _, theme = str(table.get("target", "")).partition(":")
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
    if kind.startswith("float") and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind.startswith("tuple"):
        if isinstance(value, list | tuple):
            return tuple(value)
    elif kind not in ("int",) and not kind.startswith("float") and isinstance(value, str):
        return value
    raise BadInputError(
        f"{key} = {value!r}", f"wanted {kind.split('[', maxsplit=1)[0].lower()}", f"correct {key}"
    )


def _known_keys(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    for key in table:
        if key not in known:
            raise BadInputError(
                f"{what} has a key {key!r}", "wanted one of its keys", did_you_mean(key, known)
            )
