"""What a large order does to the price it gets: constants of the square-root law, by venue and kind of instrument."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import Instrument
from positioning.market.records import Cells, check_choice, check_filled, decimal, parsed, read_records

MOST = 10.0  # of a constant; measured ones are near 1
_COLUMNS = ("venue", "kind", "constant", "source")
_KINDS = ("share", "receipt", "fund", "*")


@final
@dataclass(frozen=True, slots=True)
class ImpactConstant:
    """venue: ISO 10383 market code or *; kind: share, receipt, fund or *; constant: Y of the law; source: who measured
    it, or "assumption: ...". Raises BadInputError naming the field."""

    venue: str
    kind: str
    constant: float
    source: str

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, _KINDS)
        if not re.fullmatch(r"\*|[A-Z0-9]{4}", self.venue):
            raise BadInputError(
                f"venue {self.venue!r}",
                "wanted an ISO 10383 market code such as XHKG, or *",
                "correct the venue",
            )
        if not (math.isfinite(self.constant) and 0 <= self.constant <= MOST):
            raise BadInputError(
                f"constant {self.constant:g}", f"wanted a number from 0 to {MOST:g}", "correct the constant"
            )
        check_filled("source", self.source, "name who measured it, or write: assumption: ...")


@final
@dataclass(frozen=True)
class ImpactTable:
    """The average price of an order worth q is worse by Y sigma sqrt(q / V): sigma the daily volatility, V the value
    traded a day, both of past sessions; Y by venue and kind. label: what a page calls it.

    Maitrier, Loeper, Kanazawa and Bouchaud (2025), https://arxiv.org/abs/2502.16246, and the reviews it cites.
    """

    constants: tuple[ImpactConstant, ...]
    label: str

    def on(self, instruments: Sequence[Instrument]) -> FloatArray:
        """(N,) Y of each; of the rows that fit the one with the fewest * holds, a venue before a kind. Raises
        BadInputError where none fits."""
        constants = np.empty(len(instruments))
        for n, i in enumerate(instruments):
            fits = [c for c in self.constants if c.venue in ("*", i.venue) and c.kind in ("*", i.kind)]
            if not fits:
                raise BadInputError(
                    f"no impact constant for {i.symbol} ({i.kind} of {i.venue})",
                    "wanted a row for each venue and kind, or *",
                    "add a row with venue * and kind *",
                    "impact",
                )
            constants[n] = min(fits, key=lambda c: (c.venue == "*", c.kind == "*")).constant
        return constants


NO_IMPACT = ImpactTable((ImpactConstant("*", "*", 0.0, "asked for"),), "none")


def read_impact(name_or_path: str = "sqrt") -> ImpactTable:
    """The shipped constants ("sqrt"), no impact ("none"), or a CSV file with the columns of the shipped one.

    Raises BadInputError naming the line and the field: a missing column or source, a venue, kind or constant that cannot
    be, a row given twice.
    """
    if name_or_path == "none":
        return NO_IMPACT
    path = Path(__file__).with_name("impact.csv") if name_or_path == "sqrt" else Path(name_or_path)
    if not path.is_file():
        raise BadInputError(
            f"no impact {name_or_path!r}", "wanted sqrt, none or a CSV file",
            did_you_mean(name_or_path, ("sqrt", "none")), "impact",
        )  # fmt: skip
    keys: set[tuple[str, str]] = set()

    def add(cells: Cells) -> ImpactConstant:
        constant = ImpactConstant(
            cells["venue"], cells["kind"], parsed(cells, "constant", decimal, "a number"), cells["source"]
        )
        if (key := (constant.venue, constant.kind)) in keys:
            raise BadInputError(f"duplicate of {' '.join(key)}", "wanted one row each", "drop one row")
        keys.add(key)
        return constant

    constants = read_records(path, _COLUMNS, add)
    if not constants:
        raise BadInputError(f"{path} has no rows", "wanted one constant or more", "add a row", "impact")
    shipped = name_or_path == "sqrt"
    return ImpactTable(
        constants, "square-root law" if shipped else f"square-root law, constants of {path.name}"
    )
