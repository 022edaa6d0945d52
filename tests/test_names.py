"""Values are called what they are: no name of the engine is a bare participle for which there is a noun."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import positioning

ENGINE = Path(positioning.__file__ or "").parent
PARTICIPLES = frozenset([
    "asked", "barred", "called", "done", "drawn", "found", "given", "got", "grown", "held", "kept", "known",
    "laid", "lost", "made", "met", "paid", "said", "seen", "shown", "silent", "stood", "taken", "thrown",
    "told", "turned", "wanted", "written",
])  # fmt: skip
# What callers, kept files and errors have under such a name.
PUBLIC = {
    ("analysis/report.py", "held"), ("analysis/verdict.py", "held"), ("runs/capacity.py", "held"),
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
