"""Numbers side by side have the bits that each has alone."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pytest
from numba import njit

from positioning.compiled import compiled
from positioning.vectors import (
    REGISTER,
    WIDTH,
    aligned_empty,
    any_of,
    fill,
    is_number,
    item,
    load,
    magnitude,
    negated,
    quotient,
    root,
    store,
    where,
    whole,
    whole_lines,
)

WIDE = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    3.0,
    np.nan,
    np.inf,
    -np.inf,
    1e300,
    1e-300,
    5e-324,
    2.0 / 3.0,
    -7.25,
    1e16,
    1.1,
]


def _build(width: int) -> Any:
    @compiled(error_model="numpy")
    def worked(x: Any, y: Any, out: Any) -> int:
        """Every operation on columns of x and y (K,), a row of out (11, K) each; how many groups had a negative one."""
        groups = 0
        for k in range(0, x.size, width):
            a, b = load(x, (k,), width), load(y, (k,), width)
            below = a < b
            groups += any_of(below | (a < 0.0))
            store(out, (0, k), a + b)
            store(out, (1, k), a - b * 2.0)
            store(out, (2, k), a * b)
            store(out, (3, k), a / b)
            store(out, (4, k), where(below, a, b))
            store(out, (5, k), where(negated(below) & (a >= 0.0), fill(1.0, width), 0.0))
            store(out, (6, k), root(magnitude(a)))
            store(out, (7, k), whole(a))
            store(out, (8, k), where((a != b) | (a == 0.0), -a, 1.0))
            store(out, (9, k), where(is_number(a), 1.0, fill(0.0, width)))
            store(out, (10, k), where((a <= b) | (a > 1.0), item(y, (0,)), a))
        return groups

    return worked


_one, _many = _build(1), _build(WIDTH)


def test_a_vector_has_the_bits_of_its_numbers_one_by_one() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([np.repeat(WIDE, len(WIDE)), rng.normal(size=WIDTH * 40)])
    y = np.concatenate([np.tile(WIDE, len(WIDE)), rng.normal(size=WIDTH * 40)])
    alone, beside = np.full((11, x.size), 9.0), np.full((11, x.size), 8.0)
    with np.errstate(all="ignore"):  # compiled code does not warn, the same body in Python does
        _one(x, y, alone)
        groups = _many(x, y, beside)
        plain = x / y
    np.testing.assert_array_equal(alone, beside)
    np.testing.assert_array_equal(alone[3], plain)
    of_a_group = ((x < y) | (x < 0)).reshape(-1, WIDTH).any(axis=1)
    assert groups == of_a_group.sum()


@compiled(error_model="numpy")
def _quotients(x: Any, y: Any, near: Any, out: Any) -> None:
    for k in range(0, x.size, WIDTH):
        a, b, inverse = load(x, (k,), WIDTH), load(y, (k,), WIDTH), load(near, (k,), WIDTH)
        store(out, (0, k), quotient(a, b, inverse))
    for k in range(x.size):
        out[1, k] = quotient(x[k], y[k], near[k])


@pytest.mark.parametrize("parts", [0, 6])
def test_a_quotient_from_an_inverse_is_the_one_that_division_rounds_to(parts: int) -> None:
    """Also from an inverse that is a few parts in 2**53 off, as three multiplications leave it."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=WIDTH * 40_000) * 10.0 ** rng.uniform(-9, 9, WIDTH * 40_000)
    y = np.abs(rng.normal(size=x.size)) * 10.0 ** rng.uniform(-6, 6, x.size) + 1e-9
    near = (1.0 / y) * (1.0 + rng.integers(-parts, parts + 1, x.size) * 2.0**-53)
    out = np.empty((2, x.size))
    _quotients(x, y, near, out)
    np.testing.assert_array_equal(out[0], x / y)
    np.testing.assert_array_equal(out[1], x / y)


@njit(error_model="numpy")  # not kept: numba shows no code that it took from a cache
def _left_alone(x: Any, out: Any) -> None:
    store(out, (0,), load(x, (0,), WIDTH))


@njit(error_model="numpy")
def _kept_in_whole_lines(x: Any, out: Any) -> None:
    whole_lines()
    store(out, (0,), load(x, (0,), WIDTH))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads that machine's code")
def test_what_a_function_has_no_register_for_lies_in_whole_lines() -> None:
    """Its memory of its own begins at a multiple of 64 bytes, whoever calls it."""
    x = np.arange(float(WIDTH))
    for function, wanted in ((_left_alone, False), (_kept_in_whole_lines, True)):
        out = np.empty(WIDTH)
        function(x, out)
        np.testing.assert_array_equal(out, x)
        (code,) = function.inspect_asm().values()
        assert ("$-64, %rsp" in code) is wanted


def test_an_aligned_array_begins_where_a_register_may_be_filled() -> None:
    for shape in ((3,), (5, 64), (7, 2, 3)):
        made = aligned_empty(*shape)
        assert made.shape == shape
        assert made.flags.c_contiguous
        assert made.ctypes.data % (REGISTER * made.itemsize) == 0
