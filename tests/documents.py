"""The documents as tests read them: the scripts of docs/, which is no package, and its pages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    """docs/NAME.py, imported."""
    known = sys.modules.get(f"docs_{name}")
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[f"docs_{name}"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES: list[Path] = [*script("console").PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
