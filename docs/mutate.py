"""Mutation testing: changes the code that makes numbers, one place at a time, and asks whether a test notices.

    python docs/mutate.py                        every module of MODULES, SAMPLE mutants each
    python docs/mutate.py fees taxes --sample 60 those, with more of them
    python docs/mutate.py kernel --all           every mutant of one
    python docs/mutate.py kernel --all --unrecorded   as much, told and kept nowhere: to find what tests lack
    python docs/mutate.py kernel --again         those of the last draw that no test noticed, after tests were added

The mutants of a module are drawn from all that the rules of `Mutants` make, with a seed that is kept (`--seed` repeats a
draw). Unless one is given it is fresh: what a draw finds at first contact is what the tests notice of faults that nobody
wrote them for, while a score after `--again` counts tests that were written for this very sample; both are kept.
All happens in a copy of the tree, where nothing that a mutant leaves can stay. Each runs in a process of its own, forked
from one that has imported everything and collected the tests named beside the module: the functions are given the
changed code, and of the tests those run that come by the changed statement, the quickest first, until one fails. What
ran as the module was imported is changed as it is imported anew, and meets all the tests.
Compiled code runs as Python (NUMBA_DISABLE_JIT), for a mutant would cost its compiling.
What no test notices is printed with its line; one that changes nothing stands in EQUAL with its reason, and does not
count. The score goes to docs/validation.json, and `docs/validate.py --page` writes it out.
"""

from __future__ import annotations

import argparse
import ast
import copy
import csv
import gc
import importlib.abc
import importlib.machinery
import json
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "validation.json"
SAMPLE = 25
LIVED, NOTICED, UNTOLD = 0, 1, 2  # what a child answers of a mutant
SLOWER = 2  # times the processor time of its tests that a mutant may take before it counts as noticed
MEMORY = 6 << 30  # bytes that a mutant may take before it counts as noticed
LEFT_OUT = (
    ".*",
    "__pycache__",
    "build",
    "dist",
    "data_cache",
    "reports",
    "*.egg-info",
)  # of the copy of the tree
T = "tests/simulation"
LAWS, SIZED = f"{T}/test_ledger_laws.py", f"{T}/test_capital_laws.py"
LANES = f"{T}/test_rebalance.py::test_lanes_have_the_bits_of_the_recorded_account"
KERNEL_TESTS = (
    f"{T}/test_ledger.py", f"{T}/test_trade.py", f"{T}/test_frozen.py", f"{T}/test_worthless.py", f"{T}/test_capital.py",
    f"{T}/test_holding.py", f"{T}/test_barring.py", f"{LAWS}::test_the_ledger_equals_its_reference_and_keeps_each_law",
    f"{SIZED}::test_the_ledger_with_a_capital_equals_its_reference", f"{LANES}[True-0.1--0.4-2.4]",
    f"{T}/test_rebalance.py::test_a_few_decisions_in_a_row_have_the_bits_of_the_recorded_account",
    f"{T}/test_rebalance.py::test_an_account_that_is_ruined_at_a_fill_leaves_the_others_their_decision",
    f"{LAWS}::test_what_a_search_reads_of_an_account_is_what_its_trades_add_up_to",
    f"{SIZED}::test_lanes_have_the_bits_of_one_account_each_with_its_capital",
)  # fmt: skip
NOT_IN_PYTHON = "not vectorbt and not screen and not forty and not instant"
FILE_TESTS = ("tests/data/test_csv_files.py", "tests/data/test_folder.py", "tests/data/test_index_file.py")
PRICE_TESTS = (
    "tests/data/test_price_columns.py", "tests/data/test_price_splits.py", "tests/data/test_price_dividends.py",
    "tests/data/test_folder.py",
    "tests/data/test_csv_files.py", "tests/data/test_gains.py",
)  # fmt: skip


@dataclass(frozen=True)
class Module:
    """file: of the engine; tests: given to pytest, the quickest first; but: pytest's -k, which leaves out tests that ask
    nothing of the module and are slow in Python."""

    file: str
    tests: tuple[str, ...]
    but: str = ""


HAND_TESTS = (f"{T}/test_ledger.py", f"{T}/test_frozen.py", f"{T}/test_worthless.py")
PARTS_LAW = f"{LAWS}::test_the_ledger_equals_its_reference_and_keeps_each_law"
MODULES: Mapping[str, Module] = {
    "kernel": Module("simulation/kernel.py", KERNEL_TESTS, NOT_IN_PYTHON),
    "trade": Module("simulation/trade.py", KERNEL_TESTS, NOT_IN_PYTHON),
    "holding": Module("simulation/holding.py", KERNEL_TESTS, NOT_IN_PYTHON),
    "rebalance": Module("simulation/rebalance.py", (
        f"{T}/test_rebalance.py::test_a_few_decisions_in_a_row_have_the_bits_of_the_recorded_account",
        f"{T}/test_rebalance.py::test_an_account_that_is_ruined_at_a_fill_leaves_the_others_their_decision",
        f"{LANES}[True-0.0--0.4-2.4]",
    )),
    "leg_arithmetic": Module("simulation/leg_arithmetic.py", (f"{T}/test_leg_arithmetic.py", f"{T}/test_ledger.py"),
                             NOT_IN_PYTHON),
    "inputs": Module("simulation/inputs.py", (f"{T}/test_inputs.py", f"{T}/test_taxed_accounts.py", *HAND_TESTS),
                     NOT_IN_PYTHON),
    "result": Module("simulation/result.py", (f"{T}/test_result_series.py", *HAND_TESTS), NOT_IN_PYTHON),
    "ledger": Module("simulation/ledger.py", (
        *HAND_TESTS, f"{T}/test_result_series.py", f"{T}/test_capital.py", PARTS_LAW,
    ), NOT_IN_PYTHON),
    "profit": Module("simulation/profit.py", (f"{T}/test_profit.py", *HAND_TESTS, PARTS_LAW), NOT_IN_PYTHON),
    "orders_table": Module("simulation/orders_table.py", (f"{T}/test_orders_table.py", *HAND_TESTS), NOT_IN_PYTHON),
    "fees": Module("simulation/fees.py", (f"{T}/test_fees.py", f"{T}/test_ledger.py"), NOT_IN_PYTHON),
    "taxes": Module("simulation/taxes.py", (f"{T}/test_taxes.py", f"{T}/test_taxed_accounts.py")),
    "constraints": Module("simulation/constraints.py", (f"{T}/test_frozen.py", "tests/events/test_restriction.py",
                                                         f"{T}/test_ledger.py"), NOT_IN_PYTHON),
    "restriction": Module("events/restriction.py", ("tests/events/test_restriction.py", f"{T}/test_frozen.py"),
                          NOT_IN_PYTHON),
    "event": Module("events/event.py", ("tests/events/test_event.py", "tests/events/test_moved.py",
                                         "tests/events/test_thesis.py")),
    "event_file": Module("events/event_file.py", ("tests/events/test_event.py", "tests/events/test_thesis.py")),
    "metrics": Module("analysis/metrics.py", ("tests/analysis/test_metrics.py",
                                              "tests/analysis/test_metrics_crosscheck.py",
                                              "tests/claims/test_verdict.py")),
    "csv_prices": Module("data/csv_prices.py", ("tests/data/test_csv_prices.py", *FILE_TESTS)),
    "csv_numbers": Module("data/csv_numbers.py", ("tests/data/test_csv_numbers.py", *FILE_TESTS)),
    "csv_dates": Module("data/csv_dates.py", ("tests/data/test_csv_dates.py", *FILE_TESTS)),
    "price_basis": Module("data/price_basis.py", PRICE_TESTS),
    "price_columns": Module("data/price_columns.py", PRICE_TESTS),
    "price_splits": Module("data/price_splits.py", PRICE_TESTS),
    "price_dividends": Module("data/price_dividends.py", PRICE_TESTS),
    "price_adjusted": Module("data/price_adjusted_closes.py", PRICE_TESTS),
}  # fmt: skip


def equal_mutants() -> dict[tuple[str, str, str], str]:
    """By file, line of the source, column and change: why it changes nothing that anyone can ask for."""
    with (ROOT / "docs" / "equal_mutants.csv").open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["line"], row["change"]): row["why"] for row in csv.DictReader(file)}


EQUAL = equal_mutants()

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
        before = sum((other, said.partition(" (")[0]) == (place, words) for other, said, *_ in self.changes)
        words = (
            f"{words} ({before + 1})" if before else words
        )  # of a + b + c the second sum begins where the first does
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
                other = COUNTED[type(op)]
                self.add(node, f"{type(op).__name__} -> {other.__name__}", "op", other())
            case ast.AugAssign(op=op) if type(op) in COUNTED:
                other = COUNTED[type(op)]
                self.add(node, f"{type(op).__name__} -> {other.__name__}", "op", other())
            case ast.BoolOp(op=op):
                opposite = ast.Or if isinstance(op, ast.And) else ast.And
                self.add(node, f"{type(op).__name__} -> {opposite.__name__}", "op", opposite())
            case ast.UnaryOp(op=ast.USub()):
                self.add(node, "minus dropped", "op", ast.UAdd())
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
                self.add(node, "condition turned", "test", ast.UnaryOp(ast.Not(), test))
            case ast.Constant(value=bool() as value):
                self.add(node, f"{value} -> {not value}", "value", not value)
            case ast.Constant(value=int() | float() as value) if value + 1 != value:
                self.add(node, f"{value} -> {value + 1}", "value", value + 1)
            case ast.Call(func=ast.Name(id=name) as called) if name in CALLED:
                self.add(called, f"{name} -> {CALLED[name]}", "id", CALLED[name])
            case ast.Call(func=ast.Attribute(attr=name) as called) if name in CALLED:
                self.add(called, f"{name} -> {CALLED[name]}", "attr", CALLED[name])


@dataclass(frozen=True)
class Mutant:
    """A change of a module. change: `column: what it was and is`; line, text: of the source, stripped; statement: the
    lines of the statement it stands in, without what is indented under it. source: the module as it is, of whose `node`
    the `field` is to have the `value`."""

    line: int
    change: str
    text: str
    statement: range
    source: ast.Module
    node: ast.AST
    field: str
    value: Any

    @property
    def tree(self) -> ast.Module:
        """The changed module."""
        was = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)
        changed = ast.fix_missing_locations(copy.deepcopy(self.source))
        setattr(self.node, self.field, was)
        return changed

    def named(self, file: str) -> str:
        """That no test noticed it."""
        return f"not noticed: {file}:{self.line}: {self.text}: {self.change}"


def mutants(file: Path) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of the source."""
    source = file.read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    visitor = Mutants()
    visitor.visit(tree)
    spans = list[range]()
    for one in ast.walk(tree):  # the outer ones first
        if isinstance(one, ast.stmt):
            body = getattr(one, "body", None)
            spans.append(
                range(one.lineno, max(one.lineno + 1, body[0].lineno) if body else (one.end_lineno or 0) + 1)
            )
    for place, words, node, field, value in visitor.changes:
        line, column = (int(number) for number in place.split(":"))
        statement = min((span for span in spans if line in span), key=len)
        change, text = f"{column}: {words}", lines[line - 1].strip()
        yield Mutant(line, change, text, statement, tree, node, field, value)


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


def pytest_words(module: Module) -> list[str]:
    """What pytest is asked for the tests of a module."""
    words = ["-x", "-q", "-s", "--assert=plain", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header"]
    words += ["-k", module.but] if module.but else []
    words += [
        "-W",
        "ignore::RuntimeWarning",
    ]  # of divisions that are masked, which machine code does not tell
    return [*words, *module.tests]


def in_a_child(run: Callable[[], int], seconds: float) -> tuple[int, float]:
    """What `run` answers in a process of its own, NOTICED where it raises, and the processor time that took; the system
    ends it after `seconds` of that (or ten times that on the clock: what waits for nothing takes no time)."""
    child = os.fork()
    if child == 0:
        status = NOTICED
        try:
            os.setpgid(0, 0)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            status = run()
        except BaseException:  # noqa: BLE001 - whatever a mutant does, its child ends
            status = NOTICED
        finally:
            os._exit(status)
    end, wait = time.monotonic() + 10 * seconds, 0.002
    while time.monotonic() < end:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
        time.sleep(wait)
        wait = min(2 * wait, 0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return NOTICED, seconds


def unshrunk() -> None:
    """What fails need not be made small before it is told."""
    import hypothesis

    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutants", phases=phases)
    hypothesis.settings.load_profile("mutants")


def survives(module: Module, tree: ast.Module | None, seconds: float) -> tuple[bool, float]:
    """Whether all tests pass with that tree imported in place of the module, and the processor time that took."""

    def run() -> int:
        import pytest

        unshrunk()
        file = ROOT / "positioning" / module.file
        name = "positioning." + module.file.removesuffix(".py").replace("/", ".")
        sys.meta_path.insert(0, MutantFinder(name, file, tree))
        return LIVED if int(pytest.main(pytest_words(module))) == 0 else NOTICED

    status, used = in_a_child(run, seconds)
    return status == LIVED, used


def functions(code: CodeType) -> Iterator[CodeType]:
    """A piece of code, and that of all functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from functions(constant)


def exchange(file: Path, tree: ast.Module) -> bool:
    """Give the functions of the module that live in this process what they are in the tree; False where none of them
    is another, for what was changed ran as the module was imported."""
    was, new = (
        {(one.co_qualname, one.co_firstlineno): one for one in functions(compile(made, str(file), "exec"))}
        for made in (ast.parse(file.read_text(encoding="utf-8")), tree)
    )
    changed = {place for place in was if place in new and was[place] != new[place]}
    done = False
    gc.unfreeze()  # what was set aside after the tests were collected
    for one in gc.get_objects():
        # Not isinstance: it asks for the class, which a weak reference whose object is gone cannot tell.
        if type(one) is FunctionType and one.__code__.co_filename == str(file):
            place = one.__code__.co_qualname, one.__code__.co_firstlineno
            if place in changed:
                one.__code__, done = new[place], True
    return done


def pass_all(session: Any, places: Sequence[int]) -> bool:
    """Whether those of the tests that were collected pass, until the first that fails."""
    items = [session.items[place] for place in places]
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


class MutantTrial:
    """A plugin of pytest: in place of running the tests that it collected, tries mutants in forks of the process that
    has imported everything. Each meets the tests that come by its statement, the quickest first. A mutant of which
    nothing can be told so is left out: no test comes by it, or it ran as the module was imported."""

    def __init__(self, module: Module, tried: Sequence[Mutant], answer: Path) -> None:
        self.module, self.tried, self.answer = module, tried, answer
        self.screen = os.dup(1)  # which a child of pytest does not write to

    def pytest_runtestloop(self, session: Any) -> bool:
        """Write what each mutant of `tried` came to, by its place among them."""
        file = ROOT / "positioning" / self.module.file
        if in_a_child(lambda: self.measure(session, file), 3600)[0] != LIVED:
            return True
        seconds, lines = json.loads(self.answer.read_text(encoding="utf-8"))
        told = dict[int, int]()
        for place, mutant in enumerate(self.tried):
            met = [n for n, came_by in enumerate(lines) if any(line in mutant.statement for line in came_by)]
            met.sort(key=seconds.__getitem__)

            def run(mutant: Mutant = mutant, met: Sequence[int] = met) -> int:
                if not exchange(file, mutant.tree):
                    return UNTOLD
                return LIVED if pass_all(session, met) else NOTICED

            if met:
                told[place] = in_a_child(run, 5 + SLOWER * sum(seconds[n] for n in met))[0]
                if told[place] == LIVED:
                    os.write(self.screen, f"{mutant.named(self.module.file)}\n".encode())
        self.answer.write_text(json.dumps(told), encoding="utf-8")
        return True

    def measure(self, session: Any, file: Path) -> int:
        """Write, of each test on the module as it is, the processor time it takes and the lines it comes by."""
        import coverage

        watch = coverage.Coverage(data_file=None, config_file=False, include=[str(file)])
        watch.start()
        seconds = list[float]()
        for place in range(len(session.items)):
            watch.switch_context(str(place))
            began = time.process_time()
            if not pass_all(session, [place]):
                return NOTICED
            seconds.append(time.process_time() - began)
        watch.stop()
        lines: list[list[int]] = [[] for _ in seconds]
        for line, places in watch.get_data().contexts_by_lineno(str(file)).items():
            for context in filter(None, places):
                lines[int(context)].append(line)
        self.answer.write_text(json.dumps([seconds, lines]), encoding="utf-8")
        return LIVED


def warm(module: Module, tried: Sequence[Mutant]) -> dict[int, bool]:
    """By place among `tried`, whether a mutant was noticed, of those that `MutantTrial` tells of."""
    with tempfile.TemporaryDirectory(prefix="collected") as folder:
        answer = Path(folder) / "answer.json"
        trial = MutantTrial(module, tried, answer)

        def run() -> int:
            import pytest

            unshrunk()
            return int(pytest.main(pytest_words(module), plugins=[trial]))

        in_a_child(run, 48 * 3600)
        told = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else None
    if not isinstance(told, dict):
        raise SystemExit(f"{module.file}: its tests fail on the code as it is")
    return {int(place): status != LIVED for place, status in told.items() if status != UNTOLD}


def score(name: str, chosen: list[list[str]] | None, sample: int | None, seed: int) -> dict[str, Any]:
    """Mutants of one module: how many there are, how many of those tried count, and which of them lived or are equal;
    those `chosen`, as they lived in an earlier draw, else a sample, else all."""
    import hypothesis
    import numba
    import numpy as np
    import pandas
    import pytest
    import scipy.stats

    _ = hypothesis, numba, np, pandas, pytest, scipy  # what every child needs is imported once
    module = MODULES[name]
    began = time.monotonic()
    every = list(mutants(ROOT / "positioning" / module.file))
    if chosen is None:
        size = len(every) if sample is None else min(sample, len(every))
        places = sorted(random.Random(seed).sample(range(len(every)), size))  # noqa: S311 - a sample, no secret
        tried = [every[place] for place in places]
    else:
        tried = [mutant for mutant in every if [mutant.change, mutant.text] in chosen]
    why = {place: EQUAL.get((module.file, one.text, one.change)) for place, one in enumerate(tried)}
    equal = [[one.change, one.text, why[place]] for place, one in enumerate(tried) if why[place]]
    others = [one for place, one in enumerate(tried) if not why[place]]
    told = warm(module, others) if others else {}
    cold = [place for place in range(len(others)) if place not in told]
    seconds = survives(module, None, 3600)[1] if cold else 0.0
    for place in cold:
        told[place] = not survives(module, others[place].tree, 5 + SLOWER * seconds)[0]
        if not told[place]:
            print(others[place].named(module.file), flush=True)
    lived = [[one.change, one.text] for place, one in enumerate(others) if not told[place]]
    noticed = [[one.change, one.text] for place, one in enumerate(others) if told[place]]
    print(f"{name}: {len(noticed)} of {len(others)} noticed, of {len(every)} that there are", flush=True)
    return {
        "file": module.file, "mutants": len(every), "tried": len(others), "equal": equal, "lived": lived,
        "noticed": noticed, "seed": seed, "day": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def after_tests(before: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, Any]:
    """A draw whose survivors were tried again: what was noticed at first contact stays beside what is noticed now. One
    whose line has changed since cannot be tried, and counts as it did."""
    equal = [mutant for mutant in again["equal"] if mutant[:2] in before["lived"]]
    settled = [*again["noticed"], *(mutant[:2] for mutant in equal)]
    return {
        **before, "equal": [*before["equal"], *equal], "tried": before["tried"] - len(equal),
        "lived": [mutant for mutant in before["lived"] if mutant not in settled or mutant in again["lived"]],
        "day": again["day"],
    }  # fmt: skip


def stored() -> dict[str, Any]:
    """All that was measured, by part."""
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return kept


def measure(name: str, options: argparse.Namespace, seed: int) -> dict[str, Any] | None:
    """The score of one module, worked out in a copy of the tree; None where its tests fail as it is."""
    before = stored().get("mutation", {}).get(name)
    if options.again and before is None:
        raise SystemExit(f"{name}: nothing was drawn yet; begin without --again")
    if options.again and not before["lived"]:
        return dict(before)
    with tempfile.TemporaryDirectory(prefix="mutants") as folder:
        copied, answer = Path(folder) / "tree", Path(folder) / "answer.json"
        shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(*LEFT_OUT))
        question = {
            "name": name, "sample": None if options.all else options.sample, "seed": seed,
            "chosen": before["lived"] if options.again else None,
        }  # fmt: skip
        words = [
            sys.executable,
            str(copied / "docs" / "mutate.py"),
            "--asked",
            json.dumps(question),
            "--answer",
            str(answer),
        ]
        env = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(copied)}
        subprocess.run(words, cwd=copied, env=env, check=False)  # noqa: S603
        if not answer.exists():
            return None
        result: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if options.again:
        return after_tests(before, result)
    first = {"tried": result["tried"], "noticed": len(result.pop("noticed")), "day": result["day"]}
    return result | {"first": first}


def main() -> int:
    """0 where nine of ten mutants were noticed in every module that was tried."""
    ask = argparse.ArgumentParser(description="Mutation testing of the code that makes numbers.")
    ask.add_argument("modules", nargs="*", choices=[[], *MODULES], metavar="MODULE", help=", ".join(MODULES))
    ask.add_argument("--sample", type=int, default=SAMPLE, help="Mutants of each module.")
    ask.add_argument("--all", action="store_true", help="Every mutant.")
    ask.add_argument("--seed", type=int, help="Of the sample; a fresh one where none is given.")
    ask.add_argument("--again", action="store_true", help="Those of the last draw that no test noticed.")
    ask.add_argument("--unrecorded", action="store_true", help="Keep nothing of it.")
    ask.add_argument("--asked", type=json.loads, help=argparse.SUPPRESS)
    ask.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = ask.parse_args()
    if options.asked:
        options.answer.write_text(json.dumps(score(**options.asked)), encoding="utf-8")
        return 0
    seed = random.SystemRandom().randrange(100_000) if options.seed is None else options.seed
    worst = 0
    for name in options.modules or MODULES:
        result = measure(name, options, seed)
        if result is not None and not options.unrecorded:
            kept = stored()
            kept.setdefault("mutation", {})[name] = result
            KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        worst = max(worst, int(result is None or len(result["lived"]) > 0.1 * result["tried"]))
    return worst


if __name__ == "__main__":
    sys.exit(main())
