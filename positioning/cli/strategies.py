"""Strategies by name or by file, their parameters set from text; and their thesis."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from positioning.errors import BadInputError, PositioningError, did_you_mean

if TYPE_CHECKING:
    from positioning.events.thesis import Thesis
    from positioning.market.instruments import Instruments
    from positioning.strategy.strategy import Strategy

RECORD = "record"  # the folder of their thesis, beside them
PACKAGE = "strategies"  # of the folder one stands in, or of the project installed


def workshop() -> ModuleType | None:
    """The package `strategies` of this folder, or else the one installed; None where there is neither.

    Raises BadInputError, with the line, for one that cannot be imported.
    """
    here = str(Path.cwd())
    if here not in sys.path and (Path(here) / PACKAGE / "__init__.py").is_file():
        sys.path.insert(0, here)  # as `python -m` does
    try:
        package = import_module(PACKAGE)
    except ModuleNotFoundError as error:
        if error.name == PACKAGE:
            return None
        raise _blamed(error) from None
    except PositioningError:
        raise
    except Exception as error:
        raise _blamed(error) from error
    return package if hasattr(package, "STRATEGIES") else None


def _blamed(error: Exception) -> Exception:
    from positioning.strategy.from_file import blamed

    return blamed(error) or error


def listed() -> dict[str, type[Strategy]]:
    """The listed strategies by name, those of a run without names first."""
    package = workshop()
    return (
        {}
        if package is None
        else {p.name: p for p in (*package.STRATEGIES, *getattr(package, "CONTROLS", ()))}
    )


def controls() -> frozenset[str]:
    """Names of those that a run without names leaves out: held against the others, and no part of the thesis."""
    return frozenset(p.name for p in getattr(workshop(), "CONTROLS", ()))


def standard() -> dict[str, type[Strategy]]:
    """Those that a run without names means. Raises BadInputError where there is none."""
    package = workshop()
    if package is None:
        raise BadInputError(
            f"no package {PACKAGE} in {Path.cwd()}",
            "wanted one that lists strategies, or a strategy by its file",
            "name path/to/file.py, or lay a workshop: `init DIR`",
        )
    return {p.name: p for p in package.STRATEGIES}


def means_strategy(word: str) -> bool:
    """Whether a word means a strategy and not a symbol or a run: symbols are written in capitals."""
    from positioning.strategy.from_file import names_file

    return names_file(word) or word.islower()


def strategy_class(word: str) -> type[Strategy]:
    """The strategy that a name of the list, `path/to/file.py:ClassName` or `path/to/file.py` names.

    Raises BadInputError for what is neither, and for a file as `strategy_from_file` does.
    """
    from positioning.strategy.from_file import names_file, strategy_from_file

    if names_file(word):
        return strategy_from_file(word)
    strategy_list = listed()
    if word not in strategy_list:
        near = (
            did_you_mean(word, strategy_list) if strategy_list else "name path/to/file.py, or type `init DIR`"
        )
        raise BadInputError(f"no strategy {word}", "wanted one of the list, or a file", near)
    return strategy_list[word]


def known_as(word: str) -> str:
    """The word by which a kept run is found: the strategy's name where a file is meant, else the word itself."""
    from positioning.strategy.from_file import names_file

    return strategy_class(word).name if names_file(word) and ".py" in word else word


def thesis_of(folder: str | None, events: str | None = None, restrictions: str | None = None) -> Thesis:
    """The thesis of the folder, or of `record` beside the listed strategies where none is named; events and
    restrictions: files in place of its own.

    Raises BadInputError as `read_thesis` does, and where no folder is named and no strategies are listed.
    """
    from positioning.events.thesis_file import read_thesis

    package = workshop() if folder is None else None
    if folder is None and package is None:
        raise BadInputError(
            f"no thesis: {Path.cwd()} has no package {PACKAGE} with a folder {RECORD}",
            "wanted the folder of one, which holds a thesis.toml",
            "type --thesis DIR, or lay a workshop: `init DIR`",
        )
    place = Path(str(package.__file__)).with_name(RECORD) if folder is None and package else Path(str(folder))
    return read_thesis(place, *(None if f is None else Path(f) for f in (events, restrictions)))


def known_instruments(folder: str | None) -> Instruments:
    """Those of the thesis of the folder, or of the listed strategies; of the engine alone where there is neither, or
    where it brings none of its own. Nothing else of the thesis is read.

    Raises BadInputError for a folder that is none of a thesis, and as `read_instruments` does.
    """
    from positioning.market.instruments import RECORDED, read_instruments

    package = workshop() if folder is None else None
    place = (
        Path(str(package.__file__)).with_name(RECORD) if folder is None and package else Path(folder or ".")
    )
    if folder is not None and not (place / "thesis.toml").is_file():
        raise BadInputError(
            f"{place} holds no thesis.toml", "wanted the folder of a thesis", "check the path"
        )
    own = place / "instruments.csv"
    return read_instruments(own) if (folder is not None or package) and own.is_file() else RECORDED


def strategies_of(names: Sequence[str], settings: Sequence[str]) -> list[Strategy]:
    """The named strategies (all when none is named) with `name=value` or `STRATEGY.name=value` applied.

    Raises BadInputError for an unknown strategy, two of one name, a parameter none has, and a bad value.
    """
    chosen: dict[str, Strategy] = {}
    for kind in dict.fromkeys(strategy_class(word) for word in names) if names else standard().values():
        if kind.name in chosen:
            raise BadInputError(
                f"two strategies are called {kind.name}", "wanted names that differ", "change the name of one"
            )
        chosen[kind.name] = kind()
    words_by_strategy: dict[str, dict[str, str]] = {name: {} for name in chosen}
    for text in settings:
        key, equals, value = text.partition("=")
        owner, dot, parameter = key.partition(".")
        if not equals or not key:
            raise BadInputError(
                f"--set {text}", "wanted name=value or STRATEGY.name=value", "type --set half_life=10"
            )
        if dot and owner not in chosen:
            raise BadInputError(
                f"--set {text}",
                f"wanted a strategy of this run before the dot, not {owner}",
                did_you_mean(owner, chosen),
            )
        for name in [owner] if dot else _having(key, chosen):
            words_by_strategy[name][parameter if dot else key] = value
    return [strategy.configured(words_by_strategy[name]) for name, strategy in chosen.items()]


def _having(parameter: str, chosen: dict[str, Strategy]) -> list[str]:
    having = [name for name, p in chosen.items() if parameter in p.parameters()]
    if not having:
        every = sorted({q for p in chosen.values() for q in p.parameters()})
        raise BadInputError(
            f"no strategy of this run has a parameter {parameter}",
            "wanted one of their fields",
            did_you_mean(parameter, every),
        )
    return having
