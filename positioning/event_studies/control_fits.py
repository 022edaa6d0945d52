"""A sleeve less the donors nearest to it, at many day zeros: weights fitted before each window, gaps inside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.simplex import simplex_weights
from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.event_studies.design import MIN_ESTIMATION_SESSIONS, REACH, Design

MIN_DONORS = 3  # fewer are no pool to choose from


@final
@dataclass(frozen=True, eq=False)
class ControlFits:
    """weights: (M, J), gap: (M, W), error: (M,), of M day zeros; NaN where it could not be fitted."""

    weights: FloatArray
    gap: FloatArray
    error: FloatArray

    def standard(self, at: slice) -> FloatArray:
        """(M,) sums of the gap over columns, over sigma and the root of their number."""
        part = self.gap[:, at]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(part.sum(axis=1) / (self.error * math.sqrt(part.shape[1])))


def control_fits(
    names: FloatArray, donors: FloatArray, free: IntArray, days: IntArray, design: Design
) -> ControlFits:
    """names: (S, N) of what is treated, in equal parts; donors: (S, J); free: sessions that an estimation may use; days:
    (M,) day zeros."""
    begins = days + design.window[0]
    stops = np.searchsorted(free, begins)
    lows = np.maximum(stops - design.estimation, np.searchsorted(free, begins - REACH))
    width = design.window[1] - design.window[0] + 1
    rows = np.ascontiguousarray(names), np.ascontiguousarray(donors)  # one layout is compiled once
    return ControlFits(*_fit_all(*rows, free, lows, stops, begins, width))


@compiled()
def _fit_all(names: Any, donors: Any, free: Any, lows: Any, stops: Any, begins: Any, width: int) -> Any:
    """weights, gaps and errors of each day zero: of the names and donors with a return on all of its sessions."""
    size, pool = begins.size, donors.shape[1]
    weights = np.full((size, pool), np.nan)
    gaps, errors = np.full((size, width), np.nan), np.full(size, np.nan)
    for m in range(size):
        first, quiet = begins[m], free[lows[m] : stops[m]]
        if first < 0 or first + width > names.shape[0] or quiet.size < MIN_ESTIMATION_SESSIONS:
            continue
        used = np.empty(quiet.size + width, np.int64)
        for t in range(quiet.size):  # cell by cell: what assigns an array takes seconds to compile
            used[t] = quiet[t]
        for t in range(width):
            used[quiet.size + t] = first + t
        name_columns, donor_columns = _complete(names, used), _complete(donors, used)
        if name_columns.size == 0 or donor_columns.size < MIN_DONORS:
            continue
        own = np.zeros(used.size)
        for t in range(used.size):
            for n in name_columns:
                own[t] += names[used[t], n] / name_columns.size
        donor_weights = _nearest(own, donors, used[: quiet.size], donor_columns)
        weights[m] = 0.0
        for a in range(donor_columns.size):
            weights[m, donor_columns[a]] = donor_weights[a]
        left, square = own.copy(), 0.0
        for t in range(used.size):
            for a in range(donor_columns.size):
                left[t] -= donor_weights[a] * donors[used[t], donor_columns[a]]
        for t in range(width):
            gaps[m, t] = left[quiet.size + t]
        for t in range(quiet.size):
            square += left[t] * left[t] / quiet.size
        errors[m] = np.sqrt(square)
    return weights, gaps, errors


@compiled_part()
def _nearest(own: Any, donors: Any, rows: Any, columns: Any) -> Any:
    """The weights of the donors in `columns` that come nearest to `own` on these rows."""
    size = columns.size
    gram, cross, x = np.zeros((size, size)), np.zeros(size), np.empty(size)
    for t in range(rows.size):
        for a in range(size):
            x[a] = donors[rows[t], columns[a]]
        for a in range(size):
            cross[a] += x[a] * own[t]
            for b in range(a + 1):
                gram[a, b] += x[a] * x[b]
    for a in range(size):
        for b in range(a):
            gram[b, a] = gram[a, b]
    return simplex_weights(gram, cross)


@compiled_part()
def _complete(values: Any, used: Any) -> Any:
    """The columns that are known on all of these rows."""
    is_complete = np.ones(values.shape[1], np.bool_)
    for n in range(values.shape[1]):
        for t in used:
            if not np.isfinite(values[t, n]):
                is_complete[n] = False
                break
    return np.flatnonzero(is_complete)
