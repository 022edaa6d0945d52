"""No test that asserts nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


ASSERTION = "assert_"  # what an assertion is called here, and how the names of numpy's begin


def means(function: ast.AST) -> Iterator[str]:
    """By what it may fail: its assertions, and the last names of what it calls (`np.testing.assert_allclose` is
    assert_allclose). An assertion of a constant is none."""
    for one in ast.walk(function):
        if isinstance(one, ast.Assert) and not isinstance(one.test, ast.Constant):
            yield ASSERTION
        elif isinstance(one, ast.Call):
            yield one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")


def can_fail(names: frozenset[str], helpers: frozenset[str]) -> bool:
    """Whether it asserts, demands an error or a warning, or calls what does."""
    return not names.isdisjoint(helpers) or any(name.startswith(ASSERTION) for name in names)


def idle(texts: Mapping[str, str]) -> list[str]:
    """`file: test` of each test that nothing can fail. A helper of the tests that asserts counts as an assertion, at any
    depth."""
    functions = [
        (file, f.name, frozenset(means(f)))
        for file, text in texts.items()
        for f in ast.walk(
            ast.parse(text)
        )  # one tree at a time: all of them would be long to look through for garbage
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    helpers = frozenset({"raises", "warns", "fail"})
    while True:
        more = helpers | {
            name for _, name, names in functions if not name.startswith("test_") and can_fail(names, helpers)
        }
        if more == helpers:
            break
        helpers = more
    return [
        f"{file}: {name}"
        for file, name, names in functions
        if name.startswith("test_") and not can_fail(names, helpers)
    ]


def test_every_test_can_fail() -> None:
    texts = {str(file.relative_to(TESTS)): file.read_text(encoding="utf-8") for file in TESTS.rglob("*.py")}
    assert len(texts) > 100
    assert idle(texts) == []


@pytest.mark.parametrize(
    "body",
    ["run()", "assert True", "assert 'words'", "for n in range(3):\n        print(n)", "helper()"],
)
def test_a_test_that_asserts_nothing_is_seen(body: str) -> None:
    text = f"def helper() -> None:\n    print(1)\n\ndef test_it() -> None:\n    {body}\n"
    assert idle({"test_x.py": text}) == ["test_x.py: test_it"]


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
    assert idle({"test_x.py": text}) == []
