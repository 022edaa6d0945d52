"""Mutation testing: changes the code that makes numbers, one place at a time, and asks whether a test notices.

    python docs/mutate.py                        every module of MODULES, SAMPLE mutants each
    python docs/mutate.py fees taxes --sample 60 those, with more of them
    python docs/mutate.py kernel --all           every mutant of one

The mutants of a module are drawn with a seed from all that the rules of `Mutants` make, so a run can be repeated. Each
runs in a process of its own, forked after what all need was imported, with the module's source changed as it is
imported; the tests named beside it run until the first fails. Compiled code runs as Python (NUMBA_DISABLE_JIT). What no
test notices is printed with its line; one that changes nothing stands in EQUAL with its reason, and does not count.
The score goes to docs/validation.json, and `docs/validate.py --page` writes it out.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "validation.json"
SAMPLE = 25
SLOWER = 6  # times its tests' own time that a mutant may take before it counts as noticed
T = "tests/simulation"
ACCOUNT_TESTS = (
    f"{T}/test_ledger.py", f"{T}/test_frozen.py", f"{T}/test_worthless.py", f"{T}/test_ledger_laws.py",
)  # fmt: skip
KERNEL_TESTS = (
    f"{T}/test_ledger.py", f"{T}/test_frozen.py", f"{T}/test_worthless.py", f"{T}/test_capital.py",
    f"{T}/test_ledger_laws.py::test_what_a_search_reads_of_an_account_is_what_its_trades_add_up_to",
    f"{T}/test_ledger_laws.py::test_the_ledger_equals_its_reference",
)  # fmt: skip
NOT_IN_PYTHON = "not vectorbt and not screen and not forty and not instant"
FILE_TESTS = ("tests/data/test_csv_files.py", "tests/data/test_folder.py", "tests/data/test_foreign_files.py")
PRICE_TESTS = (
    "tests/data/test_price_columns.py", "tests/data/test_folder.py", "tests/data/test_csv_files.py",
    "tests/data/test_gains.py",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    """file: of the engine; tests: given to pytest, the quickest first; plain: compiled code runs as Python; but:
    pytest's -k, which leaves out tests that ask nothing of the module and are slow in Python."""

    file: str
    tests: tuple[str, ...]
    plain: bool = False
    but: str = ""


MODULES: Mapping[str, Module] = {
    "kernel": Module("simulation/kernel.py", KERNEL_TESTS, True, NOT_IN_PYTHON),
    "trade": Module("simulation/trade.py", KERNEL_TESTS, True, NOT_IN_PYTHON),
    "holding": Module("simulation/holding.py", KERNEL_TESTS, True, NOT_IN_PYTHON),
    "rebalance": Module("simulation/rebalance.py", (f"{T}/test_rebalance.py",), True, NOT_IN_PYTHON),
    "leg_arithmetic": Module("simulation/leg_arithmetic.py", KERNEL_TESTS, True, NOT_IN_PYTHON),
    "inputs": Module("simulation/inputs.py", (f"{T}/test_ledger.py", f"{T}/test_frozen.py", f"{T}/test_taxed_accounts.py",
                                              f"{T}/test_ledger_laws.py::test_the_ledger_equals_its_reference")),
    "result": Module("simulation/result.py", (f"{T}/test_result_series.py", *ACCOUNT_TESTS)),
    "ledger": Module("simulation/ledger.py", (*ACCOUNT_TESTS[:3], f"{T}/test_capital.py", *ACCOUNT_TESTS[3:])),
    "profit": Module("simulation/profit.py", ACCOUNT_TESTS),
    "orders_table": Module("simulation/orders_table.py", ACCOUNT_TESTS),
    "fees": Module("simulation/fees.py", (f"{T}/test_fees.py", f"{T}/test_ledger.py")),
    "taxes": Module("simulation/taxes.py", (f"{T}/test_taxes.py", f"{T}/test_taxed_accounts.py")),
    "constraints": Module("simulation/constraints.py", (f"{T}/test_frozen.py", "tests/events/test_restriction.py",
                                                         f"{T}/test_ledger.py")),
    "restriction": Module("events/restriction.py", ("tests/events/test_restriction.py", f"{T}/test_frozen.py")),
    "event": Module("events/event.py", ("tests/events/test_event.py", "tests/events/test_moved.py",
                                         "tests/events/test_thesis.py")),
    "event_file": Module("events/event_file.py", ("tests/events/test_event.py", "tests/events/test_thesis.py")),
    "metrics": Module("analysis/metrics.py", ("tests/analysis/test_metrics.py", "tests/analysis/test_second_opinion.py")),
    "csv_prices": Module("data/csv_prices.py", FILE_TESTS),
    "csv_cells": Module("data/csv_numbers.py", ("tests/data/test_csv_files.py", "tests/data/test_folder.py",
                                              "tests/data/test_foreign_files.py")),
    "price_basis": Module("data/price_basis.py", PRICE_TESTS),
    "price_columns": Module("data/price_columns.py", PRICE_TESTS),
    "price_splits": Module("data/price_splits.py", PRICE_TESTS),
    "price_dividends": Module("data/price_dividends.py", PRICE_TESTS),
    "price_adjusted": Module("data/price_adjusted_closes.py", PRICE_TESTS),
}  # fmt: skip
# By file, line of the source, column and change: why it changes nothing that anyone can ask for.
EQUAL: Mapping[tuple[str, str, str], str] = {
    ("simulation/ledger.py", "charged = value * np.where(self.trades > 0, fees.buy_total, fees.sell_total)",
     "36: Gt -> GtE"): "where nothing is traded its value is nought, at any rate",
    ("simulation/result.py", "if shares > 0", "20: Gt -> GtE"): "an exit that traded nothing was left out above",
    ("simulation/orders_table.py", '"filled": rows[filled] if filled >= 0 else np.datetime64("NaT", "D"),', "53: 0 -> 1"):
        "nothing is filled on an account's first row: a decision of it is traded on the next",
    ("simulation/orders_table.py", "if row >= 0 and shares != 0.0:", "12: GtE -> Gt"):
        "nothing is traded on an account's first row, which ends the one before",
    ("data/csv_numbers.py", 'alone = [c for c in stripped if "," in c and "." not in c]', "37: And -> Or"):
        "asked for where no cell has both marks: one without a comma has two full stops then",
    ("data/csv_numbers.py", 'return any(signed) or bool(re.search(r"%\\W*$", name))', "16: any -> all"):
        "none is signed here, or the name says it; a file without rows was refused before",
    ("data/price_columns.py", "options = [n / m for m in (1, 2, 3, 4, 5) for n in range(1, 101)] + "
     "[1 / n for n in range(2, 101)]", "62: 1 -> 2"): "1:1 is no split, and 1:m stands in the other list",
    ("data/price_adjusted_closes.py", "if abs(off) > STRAY:", "12: Gt -> GtE"):
        "a close that is five per cent off, to the bit",
    ("data/price_splits.py", "if self.adjusted is None or not np.isfinite(self.adjusted[[last, now]]).all():",
     "41: all -> any"): "with one of them unknown the comparison below is false, too",
    ("data/price_splits.py", "if self.adjusted is not None and np.isfinite(self.adjusted[[last, now]]).all():",
     "42: all -> any"): "with one of them unknown the comparison below is false, too",
    ("data/price_splits.py", "return bool(abs(nights[now] + size) < abs(nights[now]))", "25: Lt -> LtE"):
        "a night halfway between both readings, to the bit",
    ("data/price_splits.py", "for row, last, ratio in zip(ratio_steps.at, ratio_steps.before, ratio_steps.ratio, "
     "strict=True):", "99: True -> False"): "the three have one length",
    ("data/price_splits.py", "if smooth and (step < 0 or is_split(ratio)):", "28: Lt -> LtE"):
        "steps of nought were left out above",
    ("data/price_splits.py", 'return f"{near:.4g} for 1" if near > 1 else f"1 for {1 / near:.4g}"', "35: Gt -> GtE"):
        "the nearest split is never 1:1",
    ("data/price_dividends.py", "elif abs(dividends[row] - gains[row]) > 1e-6 * gains[row]:", "18: Gt -> GtE"):
        "two payments that differ by a millionth to the bit",
}  # fmt: skip

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}


class Mutants(ast.NodeVisitor):
    """Every change: (line and column, what it was and is, how to make it); messages and types are left alone."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str, ast.AST, str, Any]] = []

    def add(self, node: ast.AST, words: str, field: str, value: Any) -> None:
        """A change of one field of one node."""
        place = f"{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0) + 1}"
        self.changes.append((place, words, node, field, value))

    def visit(self, node: ast.AST) -> None:
        """Skip what makes no number: raised errors, annotations, decorators, default texts."""
        if isinstance(node, (ast.Raise, ast.Import, ast.ImportFrom, ast.JoinedStr)):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.visit(node.value)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
                self.visit(default)
            for line in node.body:
                self.visit(line)
            return
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id[:1].isupper()
        ):
            return  # a type
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                self.visit(line)
            return
        self.change(node)
        self.generic_visit(node)

    def change(self, node: ast.AST) -> None:
        """The changes of this node itself."""
        match node:
            case ast.Compare(ops=[op]) if type(op) in COMPARED:
                new = COMPARED[type(op)]
                self.add(node, f"{type(op).__name__} -> {new.__name__}", "ops", [new()])
            case ast.BinOp(op=op) if type(op) in COUNTED and not isinstance(
                node.left, ast.Constant | ast.JoinedStr
            ):
                new = COUNTED[type(op)]
                self.add(node, f"{type(op).__name__} -> {new.__name__}", "op", new())
            case ast.AugAssign(op=op) if type(op) in COUNTED:
                new = COUNTED[type(op)]
                self.add(node, f"{type(op).__name__} -> {new.__name__}", "op", new())
            case ast.BoolOp(op=op):
                new = ast.Or if isinstance(op, ast.And) else ast.And
                self.add(node, f"{type(op).__name__} -> {new.__name__}", "op", new())
            case ast.UnaryOp(op=ast.USub()):
                self.add(node, "minus dropped", "op", ast.UAdd())
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                self.add(node, "condition turned", "test", ast.UnaryOp(ast.Not(), test))
            case ast.Constant(value=bool() as value):
                self.add(node, f"{value} -> {not value}", "value", not value)
            case ast.Constant(value=int() | float() as value):
                self.add(node, f"{value} -> {value + 1}", "value", value + 1)
            case ast.Call(func=ast.Name(id=name) as called) if name in CALLED:
                self.add(called, f"{name} -> {CALLED[name]}", "id", CALLED[name])
            case ast.Call(func=ast.Attribute(attr=name) as called) if name in CALLED:
                self.add(called, f"{name} -> {CALLED[name]}", "attr", CALLED[name])


def mutants(file: Path) -> Iterator[tuple[str, ast.Module]]:
    """(`line:column: what`, the changed module) of every mutant, in the order of the source."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    visitor = Mutants()
    visitor.visit(tree)
    for place, words, node, field, value in visitor.changes:
        was = getattr(node, field)
        setattr(node, field, value)
        changed = ast.fix_missing_locations(copy.deepcopy(tree))
        setattr(node, field, was)
        yield f"{place}: {words}", changed


class MutantFinder(importlib.abc.MetaPathFinder):
    """Imports one module from a changed tree."""

    def __init__(self, name: str, file: Path, tree: ast.Module | None) -> None:
        self.name, self.file, self.tree = name, file, tree

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """The module's own spec, with a loader that compiles the tree."""
        if fullname != self.name or self.tree is None:
            return None
        tree = self.tree

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType:
                return compile(tree, self.path, "exec")

        return importlib.machinery.ModuleSpec(
            fullname, Loader(fullname, str(self.file)), origin=str(self.file), is_package=False
        )


def survives(module: Module, tree: ast.Module | None, limit: float) -> bool:
    """Whether all tests pass with that tree in place of the module; in a child, which is ended after `limit` seconds."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        status = 1
        try:
            import pytest

            file = ROOT / "positioning" / module.file
            name = "positioning." + module.file.removesuffix(".py").replace("/", ".")
            sys.meta_path.insert(0, MutantFinder(name, file, tree))
            quiet = ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header"]
            quiet += ["-k", module.but] if module.but else []
            loose = ["-W", "ignore::RuntimeWarning"] if module.plain else []
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                status = int(pytest.main([*quiet, *loose, *module.tests]))
        except BaseException:  # noqa: BLE001 - whatever a mutant does, its child ends
            status = 1
        finally:
            os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def score(name: str, sample: int | None, seed: int) -> dict[str, Any]:
    """Mutants of one module: how many there are, were tried and were noticed, and the others by line."""
    import numba
    import numpy as np
    import pandas
    import pytest
    import scipy.stats

    _ = numba, np, pandas, pytest, scipy  # what every child needs is imported once
    module = MODULES[name]
    began = time.monotonic()
    if not survives(module, None, 3600):
        raise SystemExit(f"{name}: its tests fail on the code as it is")
    limit = 30 + SLOWER * (time.monotonic() - began)
    every = list(mutants(ROOT / "positioning" / module.file))
    chosen = range(len(every)) if sample is None else sorted(
        random.Random(seed).sample(range(len(every)), min(sample, len(every)))  # noqa: S311 - a sample, no secret
    )  # fmt: skip
    lived: list[str] = []
    equal: dict[str, str] = {}
    lines = (ROOT / "positioning" / module.file).read_text(encoding="utf-8").splitlines()
    for n in chosen:
        words, tree = every[n]
        line, change = words.split(":", 1)
        why = EQUAL.get((module.file, lines[int(line) - 1].strip(), change))
        if why is not None:
            equal[words] = why
        elif survives(module, tree, limit):
            lived.append(words)
            print(f"{name}: not noticed: {module.file}:{words}", flush=True)
    tried = len(chosen) - len(equal)
    print(f"{name}: {tried - len(lived)} of {tried} noticed, of {len(every)} that there are", flush=True)
    return {
        "file": module.file, "mutants": len(every), "tried": tried, "equal": equal, "lived": lived, "seed": seed,
        "day": datetime.now(UTC).date().isoformat(), "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def main() -> int:
    """0 where nine of ten mutants were noticed in every module that was tried."""
    ask = argparse.ArgumentParser(description="Mutation testing of the code that makes numbers.")
    ask.add_argument("modules", nargs="*", choices=[[], *MODULES], metavar="MODULE", help=", ".join(MODULES))
    ask.add_argument("--sample", type=int, default=SAMPLE, help="Mutants of each module.")
    ask.add_argument("--all", action="store_true", help="Every mutant.")
    ask.add_argument("--seed", type=int, default=0, help="Of the sample.")
    ask.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = ask.parse_args()
    sample = None if options.all else options.sample
    if options.one:
        result = score(options.modules[0], sample, options.seed)
        stored = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        stored.setdefault("mutation", {})[options.modules[0]] = result
        KEPT.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
        return int(len(result["lived"]) > 0.1 * result["tried"])
    worst = 0
    for name in options.modules or MODULES:
        words = [
            name,
            "--one",
            "--seed",
            str(options.seed),
            *(["--all"] if options.all else ["--sample", str(sample)]),
        ]
        env = {
            **os.environ,
            "NUMBA_DISABLE_JIT": "1" if MODULES[name].plain else "0",
            "PYTHONPATH": str(ROOT),
        }
        ran = subprocess.run([sys.executable, __file__, *words], cwd=ROOT, env=env, check=False)  # noqa: S603
        worst = max(worst, ran.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
