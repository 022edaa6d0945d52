"""What the engine's numbers are made by: digests of code, versions of packages."""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
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
SHOWN_ONLY = ("reporting", "cli", "workshop")  # rooms that show numbers and make none, and the packed example
SUFFIXES = (".py", ".csv", ".toml")
RECORDS = ("fees.csv",)  # facts that have digests of their own


def code_digests(strategy: type) -> dict[str, str]:
    """The first 16 digits of the SHA-256 of each file of the engine that can move a number, and of the strategy's own
    code, by its path from the package (`market/bars.py`).

    The strategy's own code is each file beside it where it belongs to a package; where it was loaded from a file, that
    file and the modules that it imports from outside the installed packages.
    """
    engine, own = Path(__file__).parent, Path(inspect.getfile(strategy)).parent
    files = dict(sorted(_making_numbers(engine), key=lambda named: named[0].split("/")))
    if not (own / "__init__.py").is_file():
        files |= {
            f"{f.parent.name}/{f.name}": f for f in sorted({*imported_by(strategy.__module__).values()})
        }
    elif own != engine and engine not in own.parents:
        files |= {f"{own.name}/{f.name}": f for f in sorted(own.iterdir())}
    return {
        name: hashlib.sha256(f.read_bytes()).hexdigest()[:16]
        for name, f in files.items()
        if f.is_file() and f.suffix in SUFFIXES and f.name not in RECORDS and "__pycache__" not in f.parts
    }


def _making_numbers(engine: Path) -> Iterator[tuple[str, Path]]:
    """Files of the engine by their paths in it; not looked into: rooms that show, and the hundreds of compiled files."""
    for folder, rooms, names in os.walk(engine):
        prefix = Path(folder).relative_to(engine).as_posix() + "/" if folder != str(engine) else ""
        rooms[:] = [r for r in rooms if r != "__pycache__" and (prefix or r not in SHOWN_ONLY)]
        yield from ((prefix + name, Path(folder, name)) for name in names if name.endswith(SUFFIXES))


def imported_by(name: str) -> Mapping[str, Path]:
    """The files of a module and of the modules it takes names from, and so on, by module; installed packages left out."""
    installed = [Path(sysconfig.get_path(kind)) for kind in ("stdlib", "purelib", "platlib")]
    installed.append(Path(__file__).parent)
    beside: dict[str, list[str]] = {}  # modules imported by their bare names, by folder
    for module_name, other in list(sys.modules.items()):
        file = getattr(other, "__file__", None)
        if file is not None and "." not in other.__name__:
            beside.setdefault(_folder(file), []).append(module_name)
    files: dict[str, Path] = {}
    left = [name]
    while left:
        module = sys.modules.get(left.pop())
        place = getattr(module, "__file__", None)
        if module is None or place is None or module.__name__ in files:
            continue
        if any(root in Path(place).parents for root in installed):
            continue
        files[module.__name__] = Path(place)
        named = [
            v.__name__ if inspect.ismodule(v) else getattr(v, "__module__", None)
            for v in vars(module).values()
        ]
        left += [n for n in named if isinstance(n, str)]
        left += beside.get(_folder(place), ())
    return files


def _folder(file: str) -> str:
    """Of hundreds of files: a path each would take the longest part of it."""
    return os.path.normpath(os.path.dirname(file))


@cache
def package_versions() -> Mapping[str, str]:
    """Versions of the packages whose numbers enter a page."""
    return {name: version(name) for name in PACKAGES}


def digest(content: str | bytes) -> str:
    """SHA-256 in hexadecimal; of a text in UTF-8."""
    return hashlib.sha256(
        content.encode(errors="surrogatepass") if isinstance(content, str) else content
    ).hexdigest()


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
