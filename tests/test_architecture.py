"""The map is true: its floors are those that import-linter holds, its files are there, every room is on it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import positioning

ENGINE = Path(positioning.__file__ or "").parent
ROOT = ENGINE.parent
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
]


def parted(text: str) -> list[set[str]]:
    """Floors from the top: the rooms of each."""
    return [{room.strip() for room in floor.split("|")} for floor in text.split("->")]


def test_its_floors_are_those_that_are_held() -> None:
    told = re.search(r"^    (cli -> .*?)\n\n", MAP, re.MULTILINE | re.DOTALL)
    assert told
    held = next(c["layers"] for c in CONTRACTS if c["name"] == "engine floors")
    assert parted(told[1]) == [{room.strip() for room in floor.split("|")} for floor in held]


def test_every_room_has_a_line_and_the_files_it_names() -> None:
    lines = dict(re.findall(r"^\| (\w+) \| .* \| (.*) \|$", MAP, re.MULTILINE))
    rooms = {place.parent.name for place in ENGINE.glob("*/__init__.py")}
    assert set(lines) - {"room"} == rooms
    for room, told in lines.items():
        for file in re.findall(r"`([\w/]+\.py)`", told):
            assert (ENGINE / room / file).is_file(), f"{room}/{file}"


def test_the_doors_to_packages_are_those_that_are_held() -> None:
    held = {
        tuple(ignored.split(" -> ")[::-1])
        for contract in CONTRACTS
        if contract["type"] == "forbidden"
        for ignored in contract.get("ignore_imports", ())
    }
    told = re.search(r"each imported in one file: (.*?)\n\n", MAP, re.DOTALL)
    assert told
    named = re.findall(r"(\w+) in\s+`([\w/]+)\.py`", told[1])
    assert {(package, f"positioning.{file.replace('/', '.')}") for package, file in named} == held


def test_the_files_that_decisions_and_laws_name_are_there() -> None:
    places = {f.relative_to(ENGINE).as_posix() for f in ENGINE.rglob("*.*")}
    names = {place.rsplit("/", 1)[-1] for place in places}
    for page in sorted((ROOT / "docs" / "explanation").glob("*.md")):
        for file in re.findall(r"`([\w/]+\.(?:py|js|toml|csv))`", page.read_text(encoding="utf-8")):
            assert file in places or file in names or (ROOT / file).is_file(), f"{page.name}: {file}"


def test_every_name_that_a_page_quotes_is_in_the_code() -> None:
    """A class or option that is called otherwise is called so in the documents, too."""
    rooms = ("positioning", "strategies", "backtests", "benchmarks", "docs")
    code = [
        f for room in rooms for f in (ROOT / room).rglob("*") if f.suffix in (".py", ".html", ".csv", ".toml")
    ]
    known = {
        word
        for f in [*code, ROOT / "Makefile", ROOT / "pyproject.toml"]
        if "site" not in f.parts
        for word in re.findall(r"[A-Za-z_]\w*", f.read_text(encoding="utf-8"))
    }
    # files that the reader makes, what the system has, and what the tests alone read
    written = {"my_strategy", "my_thesis", "HKD_X", "activate", "test_strategies", "POSITIONING_PRICES"}
    pages = [f for f in (ROOT / "docs").rglob("*.md") if "site" not in f.parts and f.name != "validation.md"]
    unknown = [
        f"{page.relative_to(ROOT)}: {word} in `{quoted}`"
        for page in [*pages, *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"))]
        for quoted in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text(encoding="utf-8"))
        for word in re.findall(r"(?<![\w.-])[A-Za-z_]\w{3,}", quoted)
        if word not in known | written
    ]
    assert not unknown, "\n".join(unknown)
