"""What the engine's numbers are made by: digests of code, versions of packages."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = (
    "positioning",
    "numpy",
    "pandas",
    "numba",
    "vectorbt",
    "quantstats",
    "exchange_calendars",
    "plotly",
)
SHOWN_ONLY = ("reporting", "cli")  # rooms that show numbers and make none
SUFFIXES = (".py", ".csv", ".toml")
RECORDS = ("events.csv", "restrictions.csv", "fees.csv")  # facts that have digests of their own


def code_digests(strategy: type) -> dict[str, str]:
    """The first 16 digits of the SHA-256 of each file of the engine that can move a number, and of each file beside
    the strategy's own, by its path from the package (`market/bars.py`)."""
    engine, own = Path(__file__).parent, Path(inspect.getfile(strategy)).parent
    files = {
        f.relative_to(engine).as_posix(): f
        for f in sorted(engine.rglob("*"))
        if f.relative_to(engine).parts[0] not in SHOWN_ONLY
    }
    if own != engine and engine not in own.parents:
        files |= {f"{own.name}/{f.name}": f for f in sorted(own.iterdir())}
    return {
        name: hashlib.sha256(f.read_bytes()).hexdigest()[:16]
        for name, f in files.items()
        if f.is_file() and f.suffix in SUFFIXES and f.name not in RECORDS and "__pycache__" not in f.parts
    }


def package_versions() -> Mapping[str, str]:
    """Versions of the packages whose numbers enter a page."""
    return {name: version(name) for name in PACKAGES}


def digest(content: str | bytes) -> str:
    """SHA-256 in hexadecimal; of a text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def digest_of(record: Any) -> str:
    """SHA-256 of the fields of a dataclass."""
    h = hashlib.sha256()
    for f in fields(record):
        value = getattr(record, f.name)
        if isinstance(value, np.ndarray):
            h.update(np.ascontiguousarray(value).tobytes())
        else:
            h.update(f"{f.name}={sorted(value.items()) if isinstance(value, Mapping) else value!r};".encode())
    return h.hexdigest()
