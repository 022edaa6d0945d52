"""Public names say what they are: a docstring of more than three words for each function, class and property."""

import ast
from collections.abc import Iterator
from pathlib import Path

import positioning

ENGINE = Path(positioning.__file__ or "").parent
FEWEST_WORDS = 4


def short_docstrings(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            words = (ast.get_docstring(node) or "").split()
            if words and len(words) < FEWEST_WORDS:
                yield f"{file.relative_to(ENGINE)}:{node.lineno} {node.name}: {' '.join(words)}"


def test_no_public_docstring_is_a_riddle() -> None:
    files = sorted(ENGINE.rglob("*.py"))
    assert len(files) > 300
    assert [line for file in files for line in short_docstrings(file)] == []
