"""Compiling to machine code, with the result kept for the next process where there is a place for it."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np
from numba import config, njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

from positioning.private_folder import private_folder

LOG = logging.getLogger(__name__)
"""Told, with the place where it will be kept, of each function that is about to be compiled."""


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As numba's njit, releasing the interpreter's lock. What it compiles is kept beside the source, else in the user's
    cache, else in a folder of the user's own among the temporary files, else in memory alone."""

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = _dispatcher(function, options)
        if dispatcher is function:
            return function
        with suppress(RuntimeError):  # of numba, where neither the program's folder nor a home can be written
            dispatcher._cache = KeptCode(function, options)
            return dispatcher
        own = private_folder()
        if own is not None:
            config.CACHE_DIR = str(own)
            with suppress(RuntimeError):
                dispatcher._cache = KeptCode(function, options)
        return dispatcher

    return decorate


def compiled_part(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As `compiled`, for what is called by compiled code alone: without a way to it from Python, which takes as long to
    compile as a small body, and not kept by itself, for its callers hold it."""

    def decorate(function: Callable[..., Any]) -> Any:
        own = {**options, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        dispatcher = _dispatcher(function, own)
        if dispatcher is not function:
            dispatcher._insert = _ignore  # else a second call from Python would jump to nothing
            dispatcher._compile_for_args = _refuse
        return dispatcher

    return decorate


def _dispatcher(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """What numba makes of the function, named after what it closes over; the function itself without compiling."""
    if config.DISABLE_JIT:  # NUMBA_DISABLE_JIT=1: the same body in Python, for a debugger or a mutation
        return function
    if function.__closure__:
        function.__qualname__ += "_" + _digest(_variant(function))
    return njit(nogil=True, **options)(function)


def _ignore(*_: Any) -> None:
    """Nothing of it is found from Python."""


def _refuse(*_: Any) -> None:
    raise TypeError("only compiled code can call this")


def get_ready() -> None:
    """Import what numba would before the first function that it runs, a third of a second: for a process that becomes
    several."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def direct(function: Any) -> Any:
    """A compiled function that has been called, for more arguments of the same types: looking at the types of some fifty
    arrays takes as long as two accounts. Itself where it was compiled for more types than one."""
    compiled_for = list(getattr(function, "overloads", {}).values())
    return compiled_for[0].entry_point if len(compiled_for) == 1 else function


class KeptCode(FunctionCache):
    """What one function was compiled to, found by what it is made of.

    Three things that numba does are undone for it. It calls a function in machine code by its name, its arguments and
    how many were compiled before it, so that two closures of one body, compiled by two processes, may have one name,
    and of two such in one process the first is run for both: here a closure's name says what it holds.
    It keeps an index beside numbered files, which each process reads, changes and writes: two that compile at once may
    take one number, and then the one's code stands under the other's signature: here a file's name follows from what
    it holds, it says so itself, and there is no index. And its key knows neither what a function takes from other
    files, which may have changed, nor that one read from a .pyc is the same.
    """

    def __init__(self, function: Any, options: dict[str, Any]) -> None:
        super().__init__(function)
        self._function, self._options = function, options
        self._cache_file = _Files(
            self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept for this signature; None where it is to be compiled now."""
        _import_blas()
        code = super().load_overload(sig, target_context)
        if code is None:
            LOG.info("%s: kept in %s", self._function.__module__, self.cache_path)
        return code

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        function = self._function
        return sig, codegen.magic_tuple(), _variant(function), _identity(function, self._options)


class _Files(IndexDataCacheFile):
    """A file for each signature and closure of a function, without an index."""

    def save(self, key: tuple[Any, ...], data: Any) -> None:
        """Keep the code; a full disk keeps nothing, and the code is there for this process."""
        with suppress(OSError):
            self._save_data(self._named(key), (self._source_stamp, self._version, key, data))

    def load(self, key: tuple[Any, ...]) -> Any:
        """The code that was kept for just this, None where there is none."""
        try:
            stamp, version, stored_key, data = self._load_data(self._named(key))
        except Exception:  # noqa: BLE001 - missing, torn or of another version: it is compiled anew
            return None
        return data if (stamp, version, stored_key) == (self._source_stamp, self._version, key) else None

    def flush(self) -> None:
        """Forget all that was kept of this function."""
        stem = self._index_name.removesuffix(".nbi")
        for file in Path(self._cache_path).glob(f"{stem}.*.nbc"):
            file.unlink(missing_ok=True)

    def _named(self, key: tuple[Any, ...]) -> str:
        """The same after a change of the source, so that what is stale is overwritten."""
        sig, machine, variant, _ = key
        return f"{self._index_name.removesuffix('.nbi')}.{_digest((str(sig), machine, variant))}.nbc"


@cache
def _import_blas() -> None:
    """numba asks for BLAS and LAPACK by two extension modules of scipy.linalg, and imports the whole package for them,
    which takes as long as half of numba. Both are put where it looks, without the package; where they cannot be, it
    does as it did."""
    place = find_spec("scipy")
    if place is None or place.origin is None or "scipy.linalg" in sys.modules:
        return
    for name in ("cython_blas", "cython_lapack"):
        files = [Path(place.origin).parent / "linalg" / f"{name}{suffix}" for suffix in EXTENSION_SUFFIXES]
        spec = spec_from_file_location(f"scipy.linalg.{name}", next(filter(Path.is_file, files), None))
        if spec is None or spec.loader is None:
            return
        with suppress(ImportError):
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[spec.name] = module


def _digest(words: tuple[Any, ...]) -> str:
    """Short, of texts and plain values."""
    return hashlib.sha256(repr(words).encode()).hexdigest()[:16]


def _variant(function: Any) -> tuple[Any, ...]:
    """The plain values that a function holds in closures, its own and those of the functions it holds there."""
    values = [cell.cell_contents for cell in function.__closure__ or ()]
    return function.__qualname__, *(
        _variant(value.py_func) if hasattr(value, "py_func") else repr(value) for value in values
    )


def _identity(function: Any, options: dict[str, Any], ancestors: frozenset[int] = frozenset()) -> str:
    """Of all that decides what a function compiles to, in every process alike: its source and options, and the same of
    what it calls and of the constants it reads, wherever they stand."""
    ancestors |= {id(function)}
    values = [cell.cell_contents for cell in function.__closure__ or ()]
    read = [function.__globals__[n] for n in sorted(_names(function.__code__)) if n in function.__globals__]
    words = (
        function.__module__, function.__qualname__, function.__code__.co_code.hex(), sorted(options.items()),
        _source(function.__code__.co_filename), [_describe(value, ancestors) for value in (*values, *read)],
    )  # fmt: skip
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _describe(value: Any, ancestors: frozenset[int]) -> Any:  # noqa: PLR0911 - a kind of value each
    """What a value that compiled code reads is, as text that is the same in every process."""
    if hasattr(value, "py_func"):
        is_ancestor = id(value.py_func) in ancestors
        return (
            value.py_func.__qualname__
            if is_ancestor
            else _identity(value.py_func, value.targetoptions, ancestors)
        )
    if hasattr(value, "_defn"):  # what LLVM is told in so many words
        return value._defn.__qualname__, _source(value._defn.__code__.co_filename)
    if isinstance(value, ModuleType):
        own = value.__name__.partition(".")[0] == __name__.partition(".")[0]
        return value.__name__, _source(value.__file__ or "") if own else ""
    if isinstance(value, type):
        return value.__qualname__, getattr(value, "_fields", ())
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, tuple):
        return [_describe(part, ancestors) for part in value]
    return repr(value) if isinstance(value, bool | int | float | str | None) else type(value).__name__


def _names(code: CodeType) -> Iterator[str]:
    """Global names that a body and the bodies inside it read."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@cache
def _source(file: str) -> str:
    """A digest of a source file, empty where there is none."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return ""
