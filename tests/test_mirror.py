"""The tests lie as the rooms do, and what several of them need lies beside them."""

from __future__ import annotations

import re
from pathlib import Path

import positioning

TESTS = Path(__file__).parent
ENGINE = Path(positioning.__file__ or "").parent


def test_no_helper_is_imported_from_a_test_file() -> None:
    found = [
        f"{file.relative_to(TESTS)}: {line}"
        for file in sorted(TESTS.rglob("*.py"))
        for line in re.findall(r"^ *from tests(?:\.\w+)*\.test_\w+ import .*", file.read_text(), re.MULTILINE)
    ]
    assert found == []


def test_each_folder_of_tests_is_a_room_of_the_engine() -> None:
    rooms = {p.parent.name for p in ENGINE.glob("*/__init__.py")}
    folders = {p.parent.name for p in TESTS.glob("*/__init__.py")}
    assert folders <= rooms


def test_the_files_that_begin_first_are_there() -> None:
    from tests.conftest import LONGEST

    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []
