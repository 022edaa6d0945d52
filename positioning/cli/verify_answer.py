"""Make a kept search, stress test, study or set of claims again, and hold its numbers against those kept."""

from __future__ import annotations

import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from positioning.errors import BadInputError

APART = ("page.html", "study.toml")  # words, and how it was asked
MOVING = frozenset({"command", "files", "seconds", "trials_a_second", "words"})  # no numbers of the answer


def again(place: Path) -> list[str]:
    """What is not the same when the answer is made again on the prices, events and code of now; empty where every number
    is. Raises BadInputError where a kept file is not as it was written, or the answer cannot be repeated."""
    from positioning.runs.answers import changed_files, read_answer, read_answers

    original = read_answer(place)
    edited = changed_files(place, original)
    if edited:
        raise BadInputError(
            f"{', '.join(edited)} of {place} is not as it was written", "wanted the answer as it was kept",
            "make it again",
        )  # fmt: skip
    if "study.toml" not in original.files:
        raise BadInputError(
            f"{place} keeps no study.toml", "wanted the options that repeat it", "make it again"
        )
    with tempfile.TemporaryDirectory() as folder:
        _repeat(original.kind, place / "study.toml", Path(folder))
        (fresh,) = read_answers(Path(folder)).answers
        names = dict.fromkeys([*original.files, *fresh.files])
        new = Path(folder) / "answers" / fresh.id
        moved = [name for name in names if name not in APART and not _same(place / name, new / name)]
    differences = [f"{name} differs" for name in moved]
    if moved and fresh.sentence != original.sentence:
        differences.append(f"it said: {original.sentence} Now: {fresh.sentence}")
    return differences


def _repeat(kind: str, study: Path, out: Path) -> None:
    """The command of that kind, asked as the file says, quietly."""
    import typer

    command = typer.main.get_command(import_module(f"positioning.cli.{kind}").app)
    command.name = kind
    command.main(["--config", str(study), "--out", str(out), "--quiet"], standalone_mode=False)


def _same(old: Path, new: Path) -> bool:
    """Whether two files hold the same numbers, to the bit."""
    if not (old.is_file() and new.is_file()):
        return False
    if old.suffix == ".json":
        one, other = (_numbers(json.loads(f.read_text(encoding="utf-8"))) for f in (old, new))
        return bool(one == other)
    if old.suffix == ".parquet":
        from pyarrow import parquet

        with old.open("rb") as first, new.open("rb") as second:  # pyarrow takes UTF-8 names alone
            return bool(parquet.read_table(first).equals(parquet.read_table(second)))
    return old.read_bytes() == new.read_bytes()


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(x) for x in value]
    return {k: _numbers(v) for k, v in value.items() if k not in MOVING} if isinstance(value, dict) else value
