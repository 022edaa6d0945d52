"""Compiling to machine code, with the result kept for the next process where there is a place for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import config, njit

from positioning.private_folder import private_folder


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As numba's njit, releasing the interpreter's lock. What it compiles is kept beside the source, else in the user's
    cache, else in a folder of the user's own among the temporary files, else in memory alone."""

    def decorate(function: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:  # type: ignore[attr-defined]  # NUMBA_DISABLE_JIT=1: the same body in Python, for a debugger or a mutation
            return function
        made = kept(function)
        made._set_uuid(_identity(function, options))
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
