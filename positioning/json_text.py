"""Values as JSON: what JSON has no word for (NaN, infinity) is null, dates are ISO text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from math import isfinite
from os import PathLike, fspath
from typing import Any, TypeVar

T = TypeVar("T")


def plain(value: Any) -> Any:  # noqa: PLR0911 (a line for each kind)
    """The value in dicts, lists, text, numbers, booleans and None alone, at any depth.

    Taken are dataclasses (by their fields), named tuples and other sequences, numpy's arrays and numbers, dates and
    paths. Raises TypeError for anything else.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    import numpy as np  # here, so that a command's --help need not wait for it

    if isinstance(value, np.ndarray):
        return [plain(v) for v in value] if value.dtype.kind in "MmOV" else plain(value.tolist())
    if isinstance(value, np.datetime64 | np.timedelta64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PathLike):
        return fspath(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def decoded(data: bytes, kind: type[T]) -> T:
    """JSON as a value of that type, everything in it of the kind that the type says.

    Raises ValueError, with where and why, for anything else: other types, missing keys, numbers out of range,
    and nesting too deep to follow.
    """

    try:
        return converted(json.loads(data, parse_constant=_refuse), kind)
    except RecursionError:
        raise ValueError("nested too deep") from None


def converted(value: Any, kind: type[T]) -> T:
    """What `json.loads` gave as a value of that type. Raises ValueError as `decoded` does."""
    import msgspec  # here, so that a command's --help need not wait for it

    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    except (RecursionError, OverflowError, UnicodeEncodeError) as error:
        raise ValueError(type(error).__name__) from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def json_text(value: Any, indent: int | None = None, sort: bool = False) -> str:
    """The value as JSON in ASCII, so that it can be printed anywhere; see `plain` for what is taken."""
    return json.dumps(plain(value), indent=indent, sort_keys=sort, allow_nan=False)
