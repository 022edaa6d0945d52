"""What a thesis claims, as data: each claim in our own words, what stands for it, and what evidence would answer it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal, final, get_args

import numpy as np

from positioning.errors import BadInputError, did_you_mean
from positioning.events.thesis import Thesis
from positioning.files import read_toml
from positioning.market.records import check_choice, check_filled

ClaimKind = Literal["position", "price", "probability", "volume", "date", "warning"]
Fit = Literal["exact", "close", "proxy", "none", "fact"]
EvidenceKind = Literal[
    "account", "basket", "skew", "study", "control", "placebo", "search", "stress",
    "series", "figure", "event", "markers",
]  # fmt: skip
NO_DAY = np.datetime64("NaT")
MOST_CLAIMS = 200
LONGEST = 2_000  # characters of a text

# What each kind of evidence must be told, and may be.
NEEDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "account": (("strategy",), ("against",)),
    "basket": (("names", "against"), ()),
    "skew": (("strategy",), ()),
    "study": (("strategy",), ()),
    "control": (("strategy",), ()),
    "placebo": (("strategy",), ()),
    "search": (("strategy",), ()),
    "stress": (("strategy", "scenarios"), ("scenario",)),
    "series": (("series", "source"), ("stated", "within", "first", "last", "low", "high")),
    "figure": (("stated", "source"), ("checked", "within")),
    "event": (("event", "first", "last"), ()),
    "markers": (("theme",), ()),
}
TESTS = ("account", "basket", "skew", "study")  # that have a p-value before and after the thesis
FACTS = ("series", "figure", "event")  # that hold or do not


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence. Which fields count is told by its kind; see NEEDS.

    strategy: by its name; against: benchmark, without_events, cash, a strategy or a symbol; names: held in equal parts;
    sign: 1 where the claim says more than nothing, -1 where it says less. series: published ones, the first that the
    source has counts; stated, checked: figures; within: how far they may lie apart; low, high: bounds between which every
    value of a series lies from `first` to `last`; event: an id of the record; scenarios: a set of the thesis; scenario:
    one of it; theme: of dated markers.

    Raises BadInputError for a kind that is not known, what it lacks, and what it cannot use.
    """

    kind: EvidenceKind
    strategy: str = ""
    against: str = "benchmark"
    names: tuple[str, ...] = ()
    sign: int = 1
    series: tuple[str, ...] = ()
    stated: float = math.nan
    checked: float = math.nan
    within: float = 0.0
    low: float = math.nan
    high: float = math.nan
    first: np.datetime64 = NO_DAY
    last: np.datetime64 = NO_DAY
    event: str = ""
    scenarios: str = ""
    scenario: str = ""
    theme: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, get_args(EvidenceKind))
        needed, optional = NEEDS[self.kind]
        for name in needed:
            if _absent(getattr(self, name)):
                raise BadInputError(
                    f"evidence {self.kind} without {name}", f"wanted {', '.join(needed)}", f"add {name}"
                )
        for f in fields(self):
            usual = f.name in ("kind", "sign") or f.name in (*needed, *optional)
            if not usual and not _absent(getattr(self, f.name)) and getattr(self, f.name) != f.default:
                raise BadInputError(
                    f"evidence {self.kind} with {f.name}", f"wanted {', '.join((*needed, *optional))}",
                    f"leave {f.name} out",
                )  # fmt: skip
        if self.sign not in (-1, 1):
            raise BadInputError(f"sign {self.sign}", "wanted 1 or -1", "correct the sign")
        if self.kind == "series":
            pointed, bounded = (
                not math.isnan(self.stated),
                not (math.isnan(self.low) and math.isnan(self.high)),
            )
            if pointed == bounded or np.isnat(self.first) or np.isnat(self.last):
                raise BadInputError(
                    "evidence series", "wanted first and last, and either stated with within, or low or high",
                    "give one of the two",
                )  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """id: the thesis' own. claim: in our own words; source: where it is made. stands_for: the instruments, and how
    honestly, in words; fit: the same from a scale: exact, close, proxy or none;
    fact where a published figure or a day answers it and nothing need be held. evidence: the first decides, the others
    stand beside it. untestable: why no price can answer it, "" where one can.

    Raises BadInputError for an empty text and for a claim that has neither evidence nor a reason.
    """

    id: str
    kind: ClaimKind
    claim: str
    source: str
    stands_for: str
    fit: Fit
    evidence: tuple[Evidence, ...] = ()
    untestable: str = ""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, get_args(ClaimKind))
        check_choice("fit", self.fit, get_args(Fit))
        for name in ("id", "claim", "source", "stands_for"):
            check_filled(name, getattr(self, name), f"write the {name}")
        if not self.evidence and not self.untestable:
            raise BadInputError(
                f"claim {self.id} has no evidence", "wanted [[claim.evidence]], or untestable = why",
                "write one of the two",
            )  # fmt: skip

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that its evidence names itself."""
        return tuple(dict.fromkeys(s for e in self.evidence for s in e.names))


def read_claims(thesis: Thesis) -> tuple[Claim, ...]:
    """The claims of claims.toml in the folder of a thesis: a table [[claim]] each, with [[claim.evidence]].

    Raises BadInputError for a thesis without any, an unknown key, a value of the wrong kind, an id twice, and what the
    values themselves refuse, naming the file and the claim.
    """
    path = thesis.claims
    if path is None:
        raise BadInputError(
            f"the thesis {thesis.name} states no claims", "wanted a file claims.toml in its folder",
            "write one: a table [[claim]] for each",
        )  # fmt: skip
    tables = read_toml(path)
    claim_tables = tables.get("claim", [])
    if (
        set(tables) - {"claim"}
        or not isinstance(claim_tables, list)
        or not 0 < len(claim_tables) <= MOST_CLAIMS
    ):
        raise BadInputError(
            f"{path.name}: {', '.join(map(str, tables)) or 'nothing'}",
            f"wanted 1 to {MOST_CLAIMS} tables [[claim]] and nothing else", "double the brackets",
        )  # fmt: skip
    claims: dict[str, Claim] = {}
    for number, table in enumerate(claim_tables, 1):
        name = str(table.get("id", number))[:40] if isinstance(table, dict) else str(number)
        try:
            claim = _claim(table, thesis)
        except BadInputError as error:
            raise BadInputError(
                f"{path.name}, claim {name}: {error.seen}", error.wanted, error.remedy
            ) from None
        if claim.id in claims:
            raise BadInputError(f"{path.name}: claim {claim.id} twice", "wanted each id once", "rename one")
        claims[claim.id] = claim
    return tuple(claims.values())


def _claim(table: Any, thesis: Thesis) -> Claim:
    if not isinstance(table, dict):
        raise BadInputError("no table", "wanted [[claim]]", "double the brackets")
    nested = table.get("evidence", [])
    if not isinstance(nested, list) or not all(isinstance(t, dict) for t in nested):
        raise BadInputError(
            "evidence is no list of tables", "wanted [[claim.evidence]]", "double the brackets"
        )
    evidence = tuple(Evidence(**_values(t, Evidence)) for t in nested)
    for e in evidence:
        if e.kind == "event" and e.event not in {x.id for x in thesis.events}:
            raise BadInputError(f"event {e.event!r}", "wanted an id of the record", "correct it")
        if e.theme:
            check_choice("theme", e.theme, thesis.events.themes)
        if e.scenarios:
            check_choice("scenarios", e.scenarios, tuple(thesis.scenarios))
    values = _values({k: v for k, v in table.items() if k != "evidence"}, Claim)
    lacking = [f.name for f in fields(Claim) if f.name not in (*values, "evidence", "untestable")]
    if lacking:
        raise BadInputError(f"without {', '.join(lacking)}", "wanted its texts", "add them")
    return Claim(**values, evidence=evidence)


def _values(table: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """The table's values as the fields want them."""
    types = {f.name: str(f.type) for f in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in types:
            raise BadInputError(f"key {key!r}", "wanted one of its keys", did_you_mean(key, types))
        values[key] = _value(key, value, types[key])
    if kind is Evidence and "kind" not in values:
        raise BadInputError("evidence without kind", f"wanted one of {', '.join(NEEDS)}", "add kind")
    return values


def _value(key: str, value: Any, kind: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "float" and number and math.isfinite(value):
        return float(value)
    if kind == "int" and number and isinstance(value, int):
        return value
    if kind == "np.datetime64" and isinstance(value, date) and not isinstance(value, datetime):
        return np.datetime64(value, "D")
    if kind.startswith("tuple[str") and _words(value):
        return tuple(value)
    if (
        not kind.startswith(("float", "int", "np.", "tuple"))
        and isinstance(value, str)
        and len(value) <= LONGEST
    ):
        return value.strip()
    raise BadInputError(
        f"{key} = {str(value)[:60]!r}", f"wanted {_WANTED.get(kind, 'a text')}", f"correct {key}"
    )


_WANTED = {
    "float": "a finite number", "int": "a whole number", "np.datetime64": "a date without quotes",
    "tuple[str, ...]": "a list of texts",
}  # fmt: skip


def _words(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) and v.strip() for v in value)


def _absent(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return not value


def strategies_named(claims: Sequence[Claim]) -> tuple[str, ...]:
    """The strategies that the claims' evidence is about, each once."""
    named = [e.strategy for c in claims for e in c.evidence if e.strategy]
    return tuple(dict.fromkeys(named))
