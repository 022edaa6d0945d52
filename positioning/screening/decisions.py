"""What the user decided of candidates, in a small CSV that is asked once and never again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, final, get_args

from positioning.csv_output import csv_text, unescaped_formula
from positioning.errors import BadInputError
from positioning.files import write_whole
from positioning.market.records import Cells, check_choice, read_records

Verdict = Literal["same", "different", ""]
COLUMNS = ("symbol", "listing", "key", "name", "decision", "note")


@final
@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an instrument is the subject of a list's row. decision: "" where nobody has looked yet."""

    symbol: str
    listing: str
    key: str
    name: str
    decision: Verdict
    note: str

    @property
    def about(self) -> tuple[str, str, str]:
        """What it decides: the instrument, the list, its row there."""
        return self.symbol, self.listing, self.key


def read_decisions(path: Path | None) -> Mapping[tuple[str, str, str], Decision]:
    """The decisions of a file by what they decide; none where there is no file yet.

    Raises BadInputError naming the line for another word than same, different or nothing, and for two different
    decisions of one thing.
    """
    decisions: dict[tuple[str, str, str], Decision] = {}
    if path is None or not path.exists():
        return decisions

    def add(cells: Cells) -> None:
        check_choice("decision", cells["decision"].casefold(), get_args(Verdict))
        symbol, listing, key, name, _, note = (unescaped_formula(cells[c]) for c in COLUMNS)
        decision = Decision(symbol, listing, key, name, cast(Verdict, cells["decision"].casefold()), note)
        before = decisions.get(decision.about)
        if (
            before is not None
            and before.decision != decision.decision
            and before.decision
            and decision.decision
        ):
            raise BadInputError(
                f"{decision.symbol}, {decision.listing} {decision.key} decided twice",
                "wanted one decision",
                "drop one",
            )
        if before is None or decision.decision:
            decisions[decision.about] = decision

    read_records(path, COLUMNS, add)
    return decisions


def write_decisions(path: Path, decisions: Iterable[Decision]) -> Path:
    """Write the file whole, in the order given; returns its path."""
    rows = ([d.symbol, d.listing, d.key, d.name, d.decision, d.note] for d in decisions)
    return write_whole(path, as_csv(COLUMNS, rows))


def as_csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A CSV that no spreadsheet runs."""
    return csv_text([columns, *rows])
