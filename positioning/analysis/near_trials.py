"""Trials near each other, WIDTH at a time, and the centre that answers for them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.vectors import WIDTH

UNIT = 2.0**-24  # of single precision: a rounding is at most this part of what is rounded
UP = 1.0 + 8.0 * UNIT  # more than a few roundings of numbers of one sign move their result

SingleArray = npt.NDArray[np.float32]


@compiled(error_model="numpy", fastmath=True)
def near_each_other(points: FloatArray) -> IntArray:
    """(G, WIDTH) numbers of the points (K, B), those near each other together, the last repeated where too few are left:
    halved along the way from one to the farthest from it until WIDTH are left."""
    count, blocks = points.shape
    order, along, way = np.arange(count), np.empty(count), np.empty(blocks)
    firsts, lasts = [0], [count]
    while firsts:
        first, last = firsts.pop(), lasts.pop()
        if last - first <= WIDTH:
            continue
        groups = (last - first + WIDTH - 1) // WIDTH
        middle = first + (groups + 1) // 2 * WIDTH
        origin, farthest, most = points[order[first]], order[first], -1.0
        for i in range(first, last):
            own, distance = points[order[i]], 0.0
            for b in range(blocks):
                distance += (own[b] - origin[b]) * (own[b] - origin[b])
            if distance > most:
                farthest, most = order[i], distance
        for b in range(blocks):
            way[b] = points[farthest, b] - origin[b]
        for i in range(first, last):
            own, length = points[order[i]], 0.0
            for b in range(blocks):
                length += own[b] * way[b]
            along[i] = length
        halve(along, order, first, last - 1, middle)
        firsts += [first, middle]
        lasts += [middle, last]
    members = np.empty(((count + WIDTH - 1) // WIDTH, WIDTH), np.int64)
    for g in range(members.shape[0]):
        for k in range(WIDTH):
            members[g, k] = order[min(g * WIDTH + k, count - 1)]
    return members


@compiled_part()
def halve(keys: FloatArray, order: IntArray, low: int, high: int, middle: int) -> None:
    """Sort both, from low to high, so far that no key before middle exceeds one from there on (Hoare's selection)."""
    while low < high:
        pivot, i, j = keys[(low + high) // 2], low, high
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@compiled(error_model="numpy")
def centres(points: FloatArray, members: IntArray) -> tuple[SingleArray, SingleArray]:
    """(G, B) means of the members' points and (G,) how far from it, at most, a member lies; of single precision."""
    groups, blocks = members.shape[0], points.shape[1]
    centre, radius, middle = (
        np.empty((groups, blocks), np.float32),
        np.empty(groups, np.float32),
        np.empty(blocks),
    )
    for g in range(groups):
        middle[:] = 0.0
        for k in range(WIDTH):
            own = points[members[g, k]]
            for b in range(blocks):
                middle[b] += own[b]
        for b in range(blocks):
            centre[g, b] = middle[b] / WIDTH
            middle[b] = centre[g, b]
        most = 0.0
        for k in range(WIDTH):
            own, distance = points[members[g, k]], 0.0
            for b in range(blocks):
                distance += (own[b] - middle[b]) * (own[b] - middle[b])
            most = max(most, distance)
        radius[g] = math.sqrt(most) * UP
    return centre, radius
