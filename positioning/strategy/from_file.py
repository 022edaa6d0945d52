"""A strategy out of a file of the user's: `path/to/file.py:ClassName`, or the file alone where it holds one."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, TypeGuard, final

from positioning.errors import BadInputError, did_you_mean
from positioning.strategy.strategy import Strategy

# A file's module is a child of this one and carries its path in its name, so that whoever is sent a strategy of it
# (a worker process) imports the same file. Python asks for children of what has a `__path__`.
__path__: list[str] = []


@final
class _Loader(SourceFileLoader):
    """Reads the source each time: a cache by time and size would miss an edit within a second."""

    def path_stats(self, path: Any) -> Any:
        raise OSError(path)  # what importlib takes for: no cache

    def exec_module(self, module: ModuleType) -> None:
        beside = str(Path(self.path).parent)
        if beside not in sys.path:
            sys.path.append(beside)  # modules beside the file; last, so that they shadow nothing
        super().exec_module(module)


@final
class _Finder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the interface's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        parent, _, name = fullname.rpartition(".")
        if parent != __name__ or "_x" not in name:
            return None
        place = bytes.fromhex(name.rpartition("_x")[2]).decode()
        return spec_from_file_location(fullname, place, loader=_Loader(fullname, place))


if not any(type(finder).__name__ == _Finder.__name__ for finder in sys.meta_path):
    sys.meta_path.append(_Finder())


def names_file(word: str) -> bool:
    """Whether a word means a file and not a listed strategy."""
    return _parted(word)[0].endswith(".py") or "/" in word or "\\" in word


def strategy_from_file(word: str) -> type[Strategy]:
    """The class that `path/to/file.py:ClassName` names, or the one strategy of `path/to/file.py`.

    A file is imported once. Raises BadInputError, with its line where there is one, for a file that cannot be
    imported, and for a class that is missing, unfinished or no strategy.
    """
    path, name = _parted(word)
    place = Path(path)
    if place.suffix != ".py" or not place.is_file():
        raise BadInputError(f"no file {path}", "wanted path/to/file.py or path/to/file.py:ClassName",
                            "correct the path")  # fmt: skip
    module = _imported(place.resolve())
    own = {k: v for k, v in vars(module).items() if _is_strategy(v) and v.__module__ == module.__name__}
    for attribute, kind in own.items():
        if own.get(kind.__qualname__) is not kind:
            kind.__qualname__ = attribute  # what a worker process, and a kept run, find it by
    strategy_class = _named(module, name, own, path) if name else _only(own, path)
    _require_finished(strategy_class, path)
    return strategy_class


def _named(module: ModuleType, name: str, own: Mapping[str, type[Strategy]], path: str) -> type[Strategy]:
    attribute = vars(module).get(name)
    if _is_strategy(attribute):
        return attribute
    remedy = did_you_mean(name, own) if own else "derive one from positioning.strategy.strategy.Strategy"
    if inspect.isfunction(attribute):
        remedy = "make one of the function with positioning.strategy.frames.from_frames"
    problem = f"{path} has no {name}" if attribute is None else f"{name} in {path} is no strategy"
    raise BadInputError(problem, "wanted a class of strategies", remedy)


def _only(own: Mapping[str, type[Strategy]], path: str) -> type[Strategy]:
    public = [kind for name, kind in own.items() if not name.startswith("_")]
    kinds = [kind for kind in public if not inspect.isabstract(kind)] or public
    if len(kinds) == 1:
        return kinds[0]
    names = ", ".join(f"{path}:{kind.__qualname__}" for kind in kinds)
    raise BadInputError(
        f"{path} holds {len(kinds) or 'no'} strategies",
        "wanted one",
        f"name one of them: {names}" if kinds else "derive one from positioning.strategy.strategy.Strategy",
    )


def reference(strategy: type[Strategy]) -> str:
    """What names this strategy to a command: `/path/file.py:ClassName`, or the name of a listed one."""
    if not strategy.__module__.startswith(f"{__name__}."):
        return strategy.name
    return f"{inspect.getfile(strategy)}:{strategy.__qualname__}"


def command_word(strategy: type[Strategy]) -> str:
    """What one types for this strategy where one stands: the name of a listed one, else its file, from the folder one is
    in where it lies below, and with its class where the file has several."""
    if not strategy.__module__.startswith(f"{__name__}."):
        return strategy.name
    place = Path(inspect.getfile(strategy))
    near = place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place
    module = sys.modules[strategy.__module__]
    others = [
        kind
        for name, kind in vars(module).items()
        if _is_strategy(kind)
        and kind.__module__ == module.__name__
        and kind is not strategy
        and name[0] != "_"
    ]
    return f"{near}:{strategy.__qualname__}" if others else str(near)


def blamed(error: BaseException) -> BadInputError | None:
    """The error in one line with the line of the user's file that it came from, None where it came from none.

    The user's are the files of strategies: those loaded here, and those of the package `strategies`.
    """
    for frame in reversed(extract_tb(error.__traceback__)):
        if frame.filename in _files():
            return _at(frame.filename, frame.lineno, error)
    return None


def _files() -> set[str]:
    return {
        str(getattr(module, "__file__", None))
        for name, module in list(sys.modules.items())
        if name.startswith((f"{__name__}.", "strategies."))
    }


def _at(place: str, line: int | None, error: BaseException) -> BadInputError:
    message = str(error) or "no message"
    where = f"{place}, line {line}" if line else place
    return BadInputError(
        f"{where}: {type(error).__name__}: {message}", "wanted code that runs", "correct it there"
    )


def _parted(word: str) -> tuple[str, str]:
    path, colon, name = word.rpartition(":")
    return (path, name) if colon and path.endswith(".py") else (word, "")


def _is_strategy(value: object) -> TypeGuard[type[Strategy]]:
    return isinstance(value, type) and issubclass(value, Strategy)


def _imported(place: Path) -> ModuleType:
    stem = re.sub(r"\W", "_", place.stem, flags=re.ASCII)
    name = f"{__name__}.{stem}_x{str(place).encode().hex()}"
    try:
        return import_module(name)
    except SyntaxError as error:
        raise _at(error.filename or str(place), error.lineno, error) from None
    except UnicodeDecodeError as error:
        raise _at(str(place), None, error) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the user's code
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(place)]
        raise _at(str(place), lines[-1] if lines else None, error) from None


def _require_finished(strategy: type[Strategy], path: str) -> None:
    """BadInputError for a class that lacks what every strategy has."""
    missing = sorted(getattr(strategy, "__abstractmethods__", ()))
    missing += [a for a in ("name", "benchmark") if not isinstance(getattr(strategy, a, None), str)]
    if missing:
        raise BadInputError(
            f"{path}, line {_line(strategy)}: the strategy {strategy.__name__} has no {', '.join(missing)}",
            "wanted a name, a benchmark, its names and target_weights",
            "add them there",
        )


def _line(strategy: type) -> int:
    try:
        return inspect.getsourcelines(strategy)[1]
    except OSError:
        return 1
