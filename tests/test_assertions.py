"""No test that asserts nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def called(node: ast.AST) -> Iterator[str]:
    """The last names of what is called: `np.testing.assert_allclose` is assert_allclose."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            yield one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")


def can_fail(node: ast.AST, helpers: frozenset[str]) -> bool:
    """Whether it asserts, demands an error or a warning, or calls what does. An assertion of a constant is none."""
    for one in ast.walk(node):
        if isinstance(one, ast.Assert) and not isinstance(one.test, ast.Constant):
            return True
    return any(name.startswith("assert_") or name in helpers for name in called(node))


def idle(trees: dict[str, ast.Module]) -> list[str]:
    """`file: test` of each test that nothing can fail. A helper of the tests that asserts counts as an assertion, at any
    depth."""
    functions = [
        f
        for tree in trees.values()
        for f in ast.walk(tree)
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    helpers = frozenset({"raises", "warns", "fail"})
    while True:
        more = helpers | {
            f.name for f in functions if not f.name.startswith("test_") and can_fail(f, helpers)
        }
        if more == helpers:
            break
        helpers = more
    return [
        f"{file}: {f.name}"
        for file, tree in trees.items()
        for f in ast.walk(tree)
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)
        and f.name.startswith("test_")
        and not can_fail(f, helpers)
    ]


def test_every_test_can_fail() -> None:
    trees = {
        str(file.relative_to(TESTS)): ast.parse(file.read_text(encoding="utf-8"))
        for file in TESTS.rglob("*.py")
    }
    assert len(trees) > 100
    assert idle(trees) == []


@pytest.mark.parametrize(
    "body",
    ["run()", "assert True", "assert 'words'", "for n in range(3):\n        print(n)", "helper()"],
)
def test_a_test_that_asserts_nothing_is_seen(body: str) -> None:
    text = f"def helper() -> None:\n    print(1)\n\ndef test_it() -> None:\n    {body}\n"
    assert idle({"test_x.py": ast.parse(text)}) == ["test_x.py: test_it"]


@pytest.mark.parametrize(
    "body",
    [
        "assert run()",
        "with pytest.raises(ValueError):\n        run()",
        "np.testing.assert_allclose(a, b)",
        "deep()",
    ],
)
def test_a_test_that_asserts_is_let_be(body: str) -> None:
    text = (
        f"def deeper(a):\n    assert a\n\ndef deep():\n    deeper(1)\n\ndef test_it() -> None:\n    {body}\n"
    )
    assert idle({"test_x.py": ast.parse(text)}) == []
