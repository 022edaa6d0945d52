"""Searches, stress tests and event studies kept on disk, each with an ID of its own; nothing is overwritten.

`reports/answers/ID/` is written whole or not at all and never changed. It holds page.html, whose script is in `assets/`
two folders up, the files that came with it, study.toml (the options that repeat it) and answer.json: id, kind, made
(UTC), title, sentence, tone, simulated, data, command and the digest of each file. The ID is the UTC time, the kind and
six digits of a hash of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, final

import msgspec

from positioning.errors import BadInputError
from positioning.files import atomic_folder, read_bounded, safe_name, sweep, write_whole
from positioning.json_text import json_text
from positioning.provenance import digest

MOST_BYTES = 10_000_000  # of an answer.json
SCHEMA = 1


@final
class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """answer.json. files: SHA-256 by name."""

    schema: int
    id: str
    kind: str
    made: str
    title: str
    sentence: str
    tone: str
    simulated: bool
    data: str
    command: str
    files: dict[str, str]


def keep_answer(
    directory: Path, kind: str, title: str, sentence: str, tone: str, simulated: bool, data: str, command: str,
    page: str, files: Sequence[Path] = (), study: str = "",
) -> Answer:  # fmt: skip
    """Write an answer under `directory/answers`. page: its HTML, with links relative to the kept folder; files: that
    came with it, copied; study: the file of options that repeats it, study.toml, "" for none."""
    now = datetime.now(UTC)
    contents: dict[str, bytes] = {"page.html": page.encode(), **{f.name: f.read_bytes() for f in files}}
    if study:
        contents["study.toml"] = study.encode()
    digests = {name: digest(data_) for name, data_ in contents.items()}
    stem = f"{now:%Y%m%d-%H%M%S}-{safe_name(kind)}-{digest(''.join(digests.values()))[:6]}"
    place, number = directory / "answers" / stem, 1
    sweep(place.parent)
    while place.exists():
        number += 1
        place = place.with_name(f"{stem}-{number}")
    answer = Answer(
        schema=SCHEMA, id=place.name, kind=kind, made=now.isoformat(), title=title, sentence=sentence, tone=tone,
        simulated=simulated, data=data, command=command, files=digests,
    )  # fmt: skip
    with atomic_folder(place) as draft:
        for name, content in contents.items():
            write_whole(draft / name, content)
        write_whole(draft / "answer.json", json_text(msgspec.to_builtins(answer), indent=1))
    return answer


class KeptAnswers(NamedTuple):
    """Answers, the newest first, and why other folders beside them hold none."""

    answers: list[Answer]
    left_out: list[str]


def read_answers(directory: Path) -> KeptAnswers:
    """All answers under `directory/answers`; a folder that holds none, or one of another version, is named."""
    answers, left_out = [], []
    for place in (directory / "answers").glob("[!.]*/"):
        try:
            answers.append(read_answer(place))
        except BadInputError as error:  # of another version, or edited: no reason to withhold the others
            if place.exists():  # else it is being removed
                left_out.append(f"left out: {error}")
    return KeptAnswers(sorted(answers, key=lambda a: (a.made, a.id), reverse=True), left_out)


def read_answer(place: Path) -> Answer:
    """The answer in that folder. Raises BadInputError where there is none of this version."""
    try:
        answer = msgspec.json.decode(read_bounded(place / "answer.json", MOST_BYTES), type=Answer)
    except (OSError, msgspec.DecodeError):
        raise BadInputError(
            f"{place} holds no answer", "wanted a folder with an answer.json", "look in reports/answers"
        ) from None
    if answer.schema != SCHEMA or answer.id != place.name:
        raise BadInputError(
            f"{place} is of another version or place", f"wanted schema {SCHEMA}", "make it again"
        )
    return answer


def changed_files(place: Path, answer: Answer) -> list[str]:
    """Files of a kept answer that are not as they were written."""
    digests: Mapping[str, str] = answer.files
    return [
        n for n, d in digests.items() if not (place / n).is_file() or digest((place / n).read_bytes()) != d
    ]


def find_answer(directory: Path, word: str) -> Path | None:
    """The folder of the answer of that ID, or of the only one whose ID begins so, or that folder itself; None where
    there is none. Raises BadInputError where several begin so."""
    if (Path(word) / "answer.json").is_file():
        return Path(word)
    matches = [a.id for a in read_answers(directory).answers if a.id.startswith(word)] if word else []
    if word in matches:
        matches = [word]
    if len(matches) > 1:
        raise BadInputError(
            f"{len(matches)} answers begin with {word}",
            f"wanted one of {', '.join(matches[:5])}",
            "type more of its ID",
        )
    return directory / "answers" / matches[0] if matches else None
