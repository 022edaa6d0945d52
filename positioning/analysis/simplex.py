"""The portfolio of donors nearest to a series: weights of at least zero that add up to one.

    min over w of  1/2 w'Gw - c'w   with  w >= 0, sum w = 1;   G = X'X and c = X'y give least squares

A primal active-set method: from the best single donor, the one whose gradient is furthest below the others' joins, the
problem on those that have joined is solved with its sum held, and what would turn negative leaves. Each step lowers the
objective, so that it ends, at the solution itself and not near it. Nocedal and Wright (2006), Numerical Optimization,
section 16.5; for least squares, Lawson and Hanson (1974), Solving Least Squares Problems, chapter 23.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.compiled import compiled, compiled_part

TOLERANCE = 1e-11  # of a gradient, in units of the mean diagonal of G
RIDGE = 1e-12  # of the mean diagonal, so that donors that are one another have a solution


@compiled()
def simplex_weights(gram: FloatArray, cross: FloatArray) -> FloatArray:
    """(J,) weights for G (J, J) and c (J,); equal weights where G is zero."""
    size = cross.size
    weights, unit = np.zeros(size), 0.0
    for j in range(size):
        unit += gram[j, j] / size
    if not unit > 0.0:
        weights[:] = 1.0 / size
        return weights
    g, c, best = np.empty((size, size)), np.empty(size), 0
    for j in range(size):
        c[j] = cross[j] / unit
        for k in range(size):
            g[j, k] = gram[j, k] / unit
        g[j, j] += RIDGE
        if 0.5 * g[j, j] - c[j] < 0.5 * g[best, best] - c[best]:
            best = j
    inside = np.zeros(size, np.bool_)
    inside[best], weights[best] = True, 1.0
    for _ in range(20 * size):
        joins = _steepest(g, c, weights, inside)
        if joins < 0:
            break
        inside[joins] = True
        while not _moved(g, c, weights, inside):
            pass
        if not inside[joins]:  # rounding alone let it join
            break
    total = 0.0
    for j in range(size):
        total += weights[j]
    for j in range(size):
        weights[j] /= total
    return weights


@compiled_part()
def _steepest(g: Any, c: Any, weights: Any, inside: Any) -> int:
    """The donor outside whose gradient is lowest, -1 where none is below the common one of those inside."""
    size, level, donor = c.size, 0.0, -1
    slope = np.empty(size)
    for j in range(size):
        slope[j] = -c[j]
        for k in range(size):
            slope[j] += g[j, k] * weights[k]
        level += weights[j] * slope[j]
    lowest = level - TOLERANCE
    for j in range(size):
        if not inside[j] and slope[j] < lowest:
            lowest, donor = slope[j], j
    return donor


@compiled_part()
def _moved(g: Any, c: Any, weights: Any, inside: Any) -> bool:
    """Move the weights to the solution on those inside, or as far as none turns negative, and let that one go; whether
    the solution was reached."""
    own = np.flatnonzero(inside)
    solution, step, leaves = _on_face(g, c, own), 1.0, -1
    for n in range(own.size):
        if solution[n] <= 0.0:
            share = weights[own[n]] / (weights[own[n]] - solution[n])
            if leaves < 0 or share < step:
                step, leaves = share, own[n]
    for n in range(own.size):
        weights[own[n]] += step * (solution[n] - weights[own[n]])
    if leaves >= 0:
        weights[leaves], inside[leaves] = 0.0, False
    return leaves < 0


@compiled_part()
def _on_face(g: Any, c: Any, own: Any) -> Any:
    """The solution over the donors `own` with its sum held at one, signs free: two solutions by Cholesky, of c and of
    ones, joined so that the sum is one."""
    size = own.size
    root, first, second = np.zeros((size, size)), np.empty(size), np.empty(size)
    for a in range(size):
        for b in range(a + 1):
            left = g[own[a], own[b]]
            for k in range(b):
                left -= root[a, k] * root[b, k]
            root[a, b] = np.sqrt(max(left, RIDGE)) if a == b else left / root[b, b]
    for a in range(size):
        x, y = c[own[a]], 1.0
        for k in range(a):
            x -= root[a, k] * first[k]
            y -= root[a, k] * second[k]
        first[a], second[a] = x / root[a, a], y / root[a, a]
    for m in range(size):
        a = size - 1 - m
        for k in range(a + 1, size):
            first[a] -= root[k, a] * first[k]
            second[a] -= root[k, a] * second[k]
        first[a], second[a] = first[a] / root[a, a], second[a] / root[a, a]
    sums = np.zeros(2)
    for a in range(size):
        sums[0] += first[a]
        sums[1] += second[a]
    for a in range(size):
        first[a] += (1.0 - sums[0]) / sums[1] * second[a]
    return first
