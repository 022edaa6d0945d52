"""Values are called what they are: no name of the engine is a bare participle for which there is a noun, and no class or
module anywhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import positioning

ENGINE = Path(positioning.__file__ or "").parent
PARTICIPLES = frozenset([
    "asked", "barred", "begun", "believed", "called", "done", "drawn", "found", "given", "got", "grown", "heard", "held",
    "kept", "known", "laid", "leaned", "lost", "made", "met", "paid", "said", "seen", "shown", "silent", "spoken",
    "stood", "taken", "thrown", "told", "turned", "unmade", "wanted", "written",
])  # fmt: skip
# What callers, kept files and errors have under such a name.
PUBLIC = {
    ("runs/schema.py", "held"), ("runs/schema.py", "made"), ("runs/answers.py", "made"),
    ("events/event.py", "known"), ("market/source.py", "known"), ("market/findings.py", "seen"),
    ("errors.py", "seen"), ("errors.py", "wanted"), ("data/csv_cells.py", "seen"), ("data/csv_cells.py", "wanted"),
    ("runs/foreign_returns.py", "seen"), ("runs/foreign_returns.py", "wanted"),
    ("strategy/strategy.py", "wanted"),
    ("simulation/account.py", "barred"),
    ("simulation/holdings.py", "called"), ("simulation/ledger.py", "called"), ("simulation/ledger.py", "paid"),
    ("simulation/orders.py", "wanted"), ("simulation/orders.py", "got"),
}  # fmt: skip
# The compiled ledger, whose arrays have the names of the tables that they fill.
COMPILED = {
    "simulation/kernel.py", "simulation/trade.py", "simulation/holding.py", "simulation/ledger_arrays.py",
    "simulation/inputs.py", "simulation/many_markets.py", "scenarios/path_lanes.py", "search/measures.py",
}  # fmt: skip


ROOT = ENGINE.parent
# What qualifies a noun and is none, beside what ends in -ed.
QUALIFIERS = PARTICIPLES | frozenset([
    "absent", "alike", "alone", "apart", "common", "different", "eligible", "equal", "faulty", "missing",
    "old", "once", "opposite", "outside", "own", "plain", "recent", "similar", "sure", "unclear", "unsure", "usual",
    "whole", "out", "long", "abnormal", "begun", "hidden", "broken", "frozen", "chosen",
])  # fmt: skip
CLASS = re.compile(
    r"^ *class (\w+)[:(\[]", re.MULTILINE
)  # as the formatter writes it; parsing takes a second
NOUNS_IN_ED = {"Speed", "Seed", "Feed", "Embed", "Need", "Thread", "Breed"}
MODULES = {
    "positioning/compiled.py": "the decorator `compiled`",
    "positioning/screening/plain.py": "lists in plain tables",
    "positioning/reporting/tearsheet/outside.py": "outside programs",
}


def bound(tree: ast.AST) -> Iterator[str]:
    """Every local, argument, field and function that a file names."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


def test_no_value_is_named_by_a_bare_participle() -> None:
    files = {f.relative_to(ENGINE).as_posix(): f for f in sorted(ENGINE.rglob("*.py"))}
    names = {
        (file, name)
        for file, path in files.items()
        if file not in COMPILED
        for name in bound(ast.parse(path.read_text(encoding="utf-8")))
        if name.strip("_") in PARTICIPLES
    }
    assert sorted(names - PUBLIC) == []
    assert sorted(PUBLIC - names) == [], "a name that is gone needs no exception"


def qualifies(name: str) -> bool:
    """Whether the last word of a name is one that wants a noun after it."""
    last = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)[-1]
    return last.lower() in QUALIFIERS or (last.endswith("ed") and last.capitalize() not in NOUNS_IN_ED)


def test_every_class_and_module_is_named_by_a_noun() -> None:
    files = sorted(
        f
        for room in ("positioning", "backtests", "benchmarks", "docs")
        for f in (ROOT / room).rglob("*.py")
        if "site" not in f.parts
    )
    assert len(files) > 300
    classes = [
        (f.relative_to(ROOT).as_posix(), name)
        for f in files
        for name in CLASS.findall(f.read_text(encoding="utf-8"))
    ]
    assert len(classes) > 300
    assert [(file, name) for file, name in classes if qualifies(name)] == []
    modules = {f.relative_to(ROOT).as_posix() for f in files if qualifies(f.stem.strip("_") or "init")}
    assert modules == set(MODULES), "a module is named by a noun, and an exception by a reason"


@pytest.mark.parametrize("name", ["Held", "_Drawn", "LeftOut", "Screened", "_Own", "Common", "batched"])
def test_what_is_no_noun_is_known(name: str) -> None:
    assert qualifies(name)


@pytest.mark.parametrize(
    "name", ["Holdings", "HeldNames", "SharedMoves", "Seed", "CsvTable", "PBO", "Oneself"]
)
def test_nouns_pass(name: str) -> None:
    assert not qualifies(name)
