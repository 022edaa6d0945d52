"""One frame of a caller's own, as dates and numbers; what it must not hold is named by column and row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from positioning import clock
from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError


def require_frame(frame: object, what: str, needed: bool) -> None:
    """BadInputError for what is no DataFrame; nothing is one where it is not needed."""
    if isinstance(frame, pd.DataFrame) or (frame is None and not needed):
        return
    raise BadInputError(
        f"{what} is a {type(frame).__name__}",
        "wanted a DataFrame, one column a symbol and one row a date",
        f'give {what}={what}.to_frame("SYMBOL")'
        if isinstance(frame, pd.Series)
        else "use pandas.DataFrame(...)",
    )


def dates_of(frame: pd.DataFrame, what: str) -> DateArray:
    """(T,) the dates of its index. Raises BadInputError for stamps with a zone or a time of day, for rows without a date,
    and for dates that are repeated, out of order or yet to come."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise BadInputError(
            f"{what}: an index that is not dates",
            "wanted a DatetimeIndex of local session dates",
            "use frame.index = pandas.to_datetime(frame.index)",
        )
    if index.tz is not None:
        raise BadInputError(
            f"{what}: stamps in the zone {index.tz}",
            "wanted local session dates without a zone",
            "use tz_convert to the exchange's zone, then tz_localize(None).normalize()",
        )
    if index.hasnans:
        raise BadInputError(f"{what}: a row without a date", "wanted a date on every row", "drop that row")
    if (odd := index[index != index.normalize()]).size:
        raise BadInputError(
            f"{what}: a time of day, {odd[0]} (of {odd.size})",
            "wanted local session dates: stamps in UTC are a day early in Asia",
            "localize them (tz_localize('UTC')), tz_convert to the exchange's zone, then tz_localize(None).normalize()",
        )
    rows = index.to_numpy().astype("datetime64[D]")
    if (late := rows[rows > clock.latest_day()]).size:
        raise BadInputError(
            f"{what}: date {late[0]} is yet to come (of {late.size})",
            "wanted dates that are over",
            "drop those rows",
        )
    if rows.size == 0 or (np.diff(rows.astype(np.int64)) <= 0).any():
        raise BadInputError(
            f"{what}: dates that are empty, repeated or out of order",
            "wanted ascending dates",
            "use sort_index()",
        )
    return rows


def values_like(frame: pd.DataFrame, like: pd.DataFrame, what: str) -> FloatArray:
    """(T, N) the numbers of a frame with the dates and columns of another. Raises BadInputError for others."""
    dates_of(frame, what)
    if list(frame.columns) != list(like.columns) or not frame.index.equals(like.index):
        raise BadInputError(
            f"{what} has other dates or columns than close",
            "wanted the same",
            f"use {what}.reindex_like(close)",
        )
    return numbers_of(frame, what)


def numbers_of(frame: pd.DataFrame, what: str) -> FloatArray:
    """(T, N) float64. Raises BadInputError for the first cell that is none."""
    if not any(pd.api.types.is_complex_dtype(t) or pd.api.types.is_bool_dtype(t) for t in frame.dtypes):
        try:
            return frame.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        except (TypeError, ValueError):
            pass  # which cell it is is found below
    for column in frame.columns:
        for date, cell in frame[column].items():
            if not _reads(cell):
                raise BadInputError(
                    f"{column}: {what} {str(cell)[:40]!r} on {str(date)[:10]}",
                    "wanted a number",
                    "correct that cell",
                )
    raise BadInputError(f"{what} holds what is no number", "wanted numbers", "use astype(float)")


def _reads(cell: Any) -> bool:
    """Whether it is a number, or a text of one."""
    if isinstance(cell, bool | np.bool_):
        return False
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True
