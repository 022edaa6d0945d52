"""Types of the arrays that travel through the engine; a docstring gives each one's shape."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
DateArray = npt.NDArray[np.datetime64]
CodeArray = npt.NDArray[np.int8]

DAYS_PER_YEAR = 365.25  # calendar days, by which spans between dates are told in years


def days_among(dates: DateArray, days: DateArray) -> BoolArray:
    """(D,) whether each of the dates is one of the days. As numbers, for numpy looks those up in a table, and sorts
    dates: ten times as long."""
    unit = np.promote_types(dates.dtype, days.dtype)
    return np.isin(
        dates.astype(unit, copy=False).astype(np.int64), days.astype(unit, copy=False).astype(np.int64)
    )
