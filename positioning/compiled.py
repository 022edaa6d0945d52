"""Compiling to machine code, with the result kept for the next process where there is a place for it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import config, njit

from positioning.private_folder import private_folder

_IMPORTED = re.compile(r"^from positioning\.([\w.]+) import (\([^)]*\)|[^\n(]+)", re.MULTILINE)
_CONSTANT = re.compile(r"\b_?[A-Z][A-Z0-9_]+\b")


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As numba's njit, releasing the interpreter's lock. What it compiles is kept beside the source, else in the user's
    cache, else in a folder of the user's own among the temporary files, else in memory alone."""

    def decorate(function: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:  # type: ignore[attr-defined]  # NUMBA_DISABLE_JIT=1: the same body in Python, for a debugger or a mutation
            return function
        made = kept(function)
        made._set_uuid(_identity(function, options))
        file: Any = getattr(made._cache, "_cache_file", None)  # none where it stays in memory
        if file is not None:
            file._source_stamp = (file._source_stamp, _sources_digest())
        return made

    def kept(function: Callable[..., Any]) -> Any:
        with suppress(RuntimeError):  # of numba, where neither the program's folder nor a home can be written
            return njit(nogil=True, cache=True, **options)(function)
        own = private_folder()
        if own is not None:
            config.CACHE_DIR = str(own)  # type: ignore[attr-defined]
            with suppress(RuntimeError):
                return njit(nogil=True, cache=True, **options)(function)
        return njit(nogil=True, **options)(function)

    return decorate


def _identity(function: Callable[..., Any], options: dict[str, Any]) -> str:
    """The same in every process. numba gives each function a random name of its own, which enters the key under which a
    caller that holds it in a closure is kept: nobody would find what another process has compiled."""
    code = function.__code__
    held = [c.cell_contents for c in function.__closure__ or ()]
    bound = [v._uuid if hasattr(v, "_uuid") else v for v in held]
    words = repr(
        (function.__module__, function.__qualname__, code.co_code.hex(), sorted(options.items()), bound)
    )
    return hashlib.sha256(words.encode()).hexdigest()


@lru_cache(maxsize=1)
def _sources_digest() -> str:
    """SHA-256 of all sources that machine code is made of.

    numba takes what it kept for fresh while the file of a function has its time and size, though it holds the code of
    functions, layouts and constants of other files as well: what was kept before one of those changed would crash or
    compute something else.
    """
    h = hashlib.sha256()
    for path in sorted(_sources(Path(__file__).parent)):
        h.update(path.read_bytes())
    return h.hexdigest()


def _sources(package: Path) -> set[Path]:
    """Files that have something compiled, and those that they take constants from."""
    found = set()
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "import compiled\n" not in text:
            continue
        found.add(path)
        for module, names in _IMPORTED.findall(text):
            named = package.joinpath(*module.split(".")).with_suffix(".py")
            if _CONSTANT.search(names) and named.is_file():
                found.add(named)
    return found
