"""A request kept with a run, so that it can be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec

from positioning.cli.request import Request
from positioning.errors import BadInputError

if TYPE_CHECKING:
    from positioning.strategy.strategy import Strategy


def kept_words(request: Request, strategy: Strategy) -> dict[str, Any]:
    """The request as JSON, for one strategy: files by their absolute paths, settings of other strategies left out."""
    from positioning.strategy.from_file import reference

    words = asdict(request) | {"strategy": reference(type(strategy))}
    kind, _, place = request.data.partition(":")
    if kind == "folder":
        words["data"] = f"folder:{Path(place).resolve()}"
    for name in (
        "events",
        "restrictions",
        "decisions",
        "cache",
        "fees",
        "cash",
        "thesis",
        "investor",
        "impact",
    ):
        if words[name] is not None and Path(words[name]).exists():
            words[name] = str(Path(words[name]).resolve())
    words["settings"] = [
        s.removeprefix(f"{strategy.name}.") for s in request.settings if _for(s, strategy.name)
    ]
    lists, factors = (
        [str(Path(f).resolve()) for f in each] for each in (request.screen_files, request.factors)
    )
    return words | {
        "accepted": list(request.accepted),
        "basis": list(request.basis),
        "screen_files": lists,
        "factors": factors,
        "index": [lasting_index(word) for word in request.index],
    }


def study_file(request: Request, strategy: Strategy) -> str:
    """The TOML file that repeats the run of one strategy."""
    from positioning.cli.config import study_text

    hints, options = get_type_hints(Request, include_extras=True), {}
    for f in fields(Request):
        info = get_args(hints[f.name])[1]  # in an annotation its first word stands where a default would
        words = [w for w in (info.default, *(info.param_decls or ())) if isinstance(w, str)]
        options[f.name] = next((w[2:] for w in words if w.startswith("--")), f.name.replace("_", "-"))
    return study_text(kept_words(request, strategy), asdict(Request()), options)


def read_request(words: Mapping[str, Any]) -> Request:
    """What `kept_words` wrote. Raises BadInputError where a word is unknown."""
    names = {f.name for f in fields(Request)}
    words = {name: word for name, word in words.items() if name != "strategy"}  # which it was of
    if set(words) != names:
        odd = ", ".join(sorted(set(words) ^ names))
        raise BadInputError(f"the run's request differs in {odd}", "wanted this version's", "run it again")
    try:
        return msgspec.convert(dict(words), Request)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise BadInputError(
            f"the run's request is not as it was written ({error})",
            "wanted the run as it was kept",
            "run it again",
        ) from None


def lasting_index(word: str) -> str:
    """The word of `--index` with its file by its absolute path."""
    name, _, rest = word.partition("=")
    file, *more = rest.rsplit(":", 2)
    return ":".join([f"{name}={Path(file).resolve()}", *more])


def _for(setting: str, strategy: str) -> bool:
    owner, dot, _ = setting.partition("=")[0].partition(".")
    return not dot or owner == strategy
