"""The long validation: each test that is marked slow belongs to a part of it, and its page tells what was measured."""

from __future__ import annotations

import ast
import gc
import importlib.util
import re
import weakref
from pathlib import Path

import pytest

from tests.documents import script

ROOT = Path(__file__).parents[1]
validate = script("validate")
mutate = script("mutate")


def test_every_slow_test_belongs_to_a_part() -> None:
    given = [ROOT / path.partition("::")[0] for part in validate.PARTS.values() for path in part.tests]
    assert [path for path in given if not path.exists()] == []
    slow = {
        file
        for file in (ROOT / "tests").rglob("test_*.py")
        if re.search(
            r"^@pytest\.mark\.slow|marks=pytest\.mark\.slow", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    asked = {file for path in given for file in (path.rglob("test_*.py") if path.is_dir() else [path])}
    assert sorted(str(f.relative_to(ROOT)) for f in slow - asked) == []


def test_the_page_tells_what_failed_and_what_was_never_run() -> None:
    one = {
        "day": "2026-01-02", "seconds": 61, "tests": 2, "failed": ["test_a|b"], "machine": "M",
        "versions": {"numpy": "2"},
        "figures": [{"name": "size", "value": "5 %", "wanted": "4 to 6 %"}],
    }  # fmt: skip
    page = validate.page({"null": one})
    part = page.split("## ")[1]
    assert "2 tests, FAILED: `test_a\\|b`. 2026-01-02, 61 s; M; numpy 2." in part
    assert "2026-01-02, 61 s (7 s of processor); M" in validate.page({"null": {**one, "processor": 7}})
    assert "| size | 5 % | 4 to 6 % |" in part
    assert page.count("Not run yet: `make validate PARTS=") == len(validate.PARTS) - 1
    assert "Not run yet: `make coverage`." in page
    assert "Not run yet: `make mutate`." in page


def test_the_page_adds_the_mutants_of_all_modules() -> None:
    one = {"mutants": 100, "tried": 10, "day": "2026-01-02", "seed": 7}
    scores = {
        "a": one | {"file": "a.py", "lived": [], "equal": [["1: 0 -> 1", "x = 0", "never read"]],
                    "first": {"tried": 11, "noticed": 9}},
        "b": one | {"file": "b.py", "lived": [["1: Lt -> LtE", "a < b | c"]], "equal": [],
                    "first": {"tried": 10, "noticed": 9}},
    }  # fmt: skip
    page = validate.page({"mutation": scores})
    assert "| a.py | 11 of 100 | 7 | 9 of 11 | 10 of 10 | 2026-01-02 |" in page
    assert "| b.py | 10 of 100 | 7 | 9 of 10 | 9 of 10 | 2026-01-02 |" in page
    told = "Together 18 of 21, 86%, at first contact, 90% of those that change anything; 19 of 20, 95%, now"
    assert f"{told} (wanted 90 %)." in page
    assert "- b.py, `a < b \\| c`: 1: Lt -> LtE" in page
    assert "- a.py, `x = 0`: 1: 0 -> 1: never read" in page


def test_what_a_draw_found_at_first_contact_stays_beside_what_its_survivors_do_later() -> None:
    one, two = ["1: 0 -> 1", "a = 0"], ["2: Lt -> LtE", "a < 1"]
    three, gone = ["9: Add -> Sub", "a + 1"], ["1: 1 -> 2", "b"]
    first = {"tried": 10, "noticed": 6, "day": "2026-01-02"}
    before = {"tried": 10, "lived": [one, two, three, gone], "equal": [], "mutants": 100, "first": first}
    # one is none, two is killed, three lives, and the line of the last has changed
    again = {"lived": [three], "equal": [[*one, "never read"]], "noticed": [two], "day": "2026-01-03"}
    assert mutate.after_tests(before, again) == {
        "tried": 9, "lived": [three, gone], "equal": [[*one, "never read"]], "day": "2026-01-03", "mutants": 100,
        "first": first,
    }  # fmt: skip


def test_every_operator_constant_and_condition_is_changed_once(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "def part(a: float, b: float = 2) -> float:\n    return -a / b if a > 0 and b else max(a, b)\n"
    )
    made = list(mutate.mutants(file))
    assert [f"{one.line}:{one.change}" for one in made] == [
        "1:31: 2 -> 3", "2:12: condition turned", "2:22: And -> Or", "2:22: Gt -> GtE", "2:26: 0 -> 1",
        "2:12: Div -> Mult", "2:12: minus dropped", "2:39: max -> min",
    ]  # fmt: skip
    assert {one.text for one in made[1:]} == {"return -a / b if a > 0 and b else max(a, b)"}
    texts = [ast.unparse(one.tree) for one in made]
    assert len(set(texts)) == len(made)
    assert texts[-1].endswith("else min(a, b)")
    file.write_text("total = a + b + c\n")
    told = [(one.change, ast.unparse(one.tree)) for one in mutate.mutants(file)]
    assert told == [("9: Add -> Sub", "total = a + b - c"), ("9: Add -> Sub (2)", "total = a - b + c")]


def test_a_mutant_meets_the_tests_that_come_by_its_statement_without_what_is_under_it(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "def part(a):\n    if (\n        a > 1\n    ):\n        b = (\n            a + 1\n        )\n"
    )
    spans = {one.change: (one.line, one.statement) for one in mutate.mutants(file)}
    assert spans["9: Gt -> GtE"] == (3, range(2, 5))
    assert spans["13: Add -> Sub"] == (6, range(5, 8))


def test_the_functions_of_a_module_are_given_the_changed_code_where_they_live(tmp_path: Path) -> None:
    file = tmp_path / "mutated_part.py"
    file.write_text(
        "LIMIT = 1\n\n\ndef maker(b):\n    def part(a):\n        return a + b\n\n    return part\n\n\nadd = maker(2)\n"
    )
    spec = importlib.util.spec_from_file_location("mutated_part", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    limit, sum_of_both, two = mutate.mutants(file)
    assert not mutate.exchange(file, limit.tree)  # both ran as the module was imported
    assert not mutate.exchange(file, two.tree)
    assert module.add(5) == 7
    gc.freeze()  # as the tests of a suite are set aside
    gone = weakref.proxy(type("Short", (), {})())  # others leave such, too
    assert mutate.exchange(file, sum_of_both.tree)
    assert module.add(5) == 3
    assert module.maker(1)(5) == 4
    with pytest.raises(ReferenceError):
        isinstance(gone, int)


def test_the_lines_whose_changes_are_none_are_there() -> None:
    for file, line, _ in mutate.EQUAL:
        lines = (ROOT / "positioning" / file).read_text(encoding="utf-8").splitlines()
        assert line in [one.strip() for one in lines], file


@pytest.mark.parametrize("name", mutate.MODULES)
def test_every_mutated_module_and_its_tests_are_there(name: str) -> None:
    module = mutate.MODULES[name]
    assert (ROOT / "positioning" / module.file).is_file()
    assert [t for t in module.tests if not (ROOT / t.partition("::")[0]).is_file()] == []
