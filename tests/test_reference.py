"""The reference is what the code says: renew it with `python docs/generate.py`."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import positioning

PLACE = Path(__file__).parents[1] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", PLACE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["commands.md", "python.md", "tables.md"])
def test_the_reference_has_every_option_name_and_column(name: str) -> None:
    made = generator().PAGES[name]().rstrip() + "\n"
    assert (PLACE / "reference" / name).read_text(encoding="utf-8") == made


def test_every_option_says_what_it_does() -> None:
    for command, made in generator().commands().items():
        for p in made.params:
            assert getattr(p, "help", "") or p.name == "help", f"{command} {p.name}"


def test_every_public_name_has_a_docstring() -> None:
    for name in positioning.__all__:
        assert name == "__version__" or (getattr(positioning, name).__doc__ or "").strip(), name
