"""Files of pages: written whole, and never over a page that another program or a person wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from positioning.errors import BadInputError
from positioning.files import write_whole
from positioning.reporting.html import Html

GENERATOR = Html('<meta name="generator" content="positioning">')
HEAD = 200_000  # bytes of a page in which its marks stand
_BEFORE = (  # pages of earlier versions bear no generator; they begin so, and have our colours
    b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width',
    b"--strategy:",
)


def write_page(path: Path, text: str) -> Path:
    """Write a page, whole or not at all; returns its path. Raises BadInputError where a foreign file stands there."""
    refuse_foreign_pages(path.parent, [path.name])
    return write_whole(path, text)


def refuse_foreign_pages(directory: Path, names: Iterable[str]) -> None:
    """Raise BadInputError where one of these files is there and is not a page of ours."""
    for name in names:
        path = directory / name
        if (path.is_symlink() or path.is_file()) and not _is_own(path):
            raise BadInputError(
                f"{path} is not a page of this program",
                "wanted a folder whose pages are its own",
                "choose another folder, or move that file away",
            )


def _is_own(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    return GENERATOR.encode() in head or (head.startswith(_BEFORE[0]) and _BEFORE[1] in head)
