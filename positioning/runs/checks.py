"""What `check` found of the code of strategies, kept beside the runs: `reports/checks/NAME.json`.

A check is of code: it holds for a strategy while its own files and those of the engine are the same to the byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypedDict

from msgspec import Meta

from positioning.analysis.code_check import CodeCheck
from positioning.analysis.strategy_check import StrategyCheck
from positioning.errors import BadInputError
from positioning.files import read_bounded, safe_name, write_whole
from positioning.json_text import decoded, json_text
from positioning.provenance import code_digests, digest
from positioning.runs.schema import Sha256, Text
from positioning.strategy.strategy import Strategy

FOLDER = "checks"
MOST = 1_000_000  # bytes of a file


class _CheckRecord(TypedDict):
    strategy: Text
    code: Sha256
    wrong: bool
    sentence: Text
    cuts: Annotated[int, Meta(ge=2, le=1000)]


def keep_check(check: StrategyCheck, strategy: Strategy, cuts: int, directory: Path) -> Path:
    """Write it, over what was kept of that strategy before. Raises BadInputError where a file of that name is not one
    of these."""
    place = _place(strategy, directory)
    if place.exists() and _read(place) is None:
        raise BadInputError(
            f"{place} is not what a check writes", "wanted a file of ours, or none", "move it away"
        )  # fmt: skip
    record = _CheckRecord(
        strategy=strategy.name, code=_code(strategy), wrong=bool(check.wrong), sentence=check.sentence, cuts=cuts
    )  # fmt: skip
    return write_whole(place, json_text(record, indent=1) + "\n")


def kept_check(strategy: Strategy, directory: Path) -> CodeCheck | None:
    """What was found of this code; None where it was never checked, or is another by now."""
    record = _read(_place(strategy, directory))
    if record is None or record["strategy"] != strategy.name or record["code"] != _code(strategy):
        return None
    return CodeCheck(record["wrong"], record["sentence"], record["cuts"])


def _place(strategy: Strategy, directory: Path) -> Path:
    return directory / FOLDER / f"{safe_name(strategy.name)}.json"


def _read(place: Path) -> _CheckRecord | None:
    try:
        return decoded(read_bounded(place, MOST), _CheckRecord)
    except (OSError, ValueError, BadInputError):
        return None


def _code(strategy: Strategy) -> str:
    return digest("\n".join(f"{name} {own}" for name, own in sorted(code_digests(type(strategy)).items())))
