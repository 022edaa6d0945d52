"""The public names: sorted, complete, loaded when asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import positioning

SOURCE = Path(positioning.__file__ or "")


def test_all_is_sorted_and_every_name_is_there() -> None:
    names = [n for n in positioning.__all__ if n != "__version__"]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    for name in positioning.__all__:
        assert getattr(positioning, name) is not None


def test_type_checkers_see_the_same_names_from_the_same_homes() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    seen = {
        alias.asname: f"{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == {name: f"positioning.{home}" for name, home in positioning._HOMES.items()}


def test_a_star_import_gives_exactly_all() -> None:
    given: dict[str, object] = {}
    exec("from positioning import *", given)  # noqa: S102 - a star is for a module alone
    assert sorted(given.keys() - {"__builtins__"}) == sorted(positioning.__all__)


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, positioning; "
        "print(sorted(m for m in ('numpy', 'pandas', 'numba', 'typer', 'plotly') if m in sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Positon'"):
        positioning.Positon  # noqa: B018
