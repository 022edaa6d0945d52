"""Maxima that single precision has screened are those of double precision throughout."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.analysis.metrics import NOISE
from positioning.analysis.overfitting import varying
from positioning.analysis.resampled_tops import ResampledTops
from positioning.analysis.superior_predictive_ability import FLOOR, shares_of, spa
from positioning.arrays import FloatArray

DRAWS = 200


def shares(blocks: int, seed: int) -> FloatArray:
    drawn = np.random.default_rng(seed).integers(blocks, size=(DRAWS, blocks))
    return np.array([np.bincount(row, minlength=blocks) for row in drawn], dtype=np.float64) / blocks


def plain(times: FloatArray, origin: FloatArray, z: FloatArray, t: FloatArray) -> FloatArray:
    """Every draw of every trial in double precision, as Hansen's formula reads."""
    blocks = times.shape[1]
    mean = times @ z.T
    spread = times @ np.square(z).T - np.square(mean)
    spread = np.sqrt(np.where(spread > NOISE, spread, 0.0))
    shifts = np.minimum(t, 0.0), np.where(t < -math.sqrt(2 * math.log(math.log(blocks))), t, 0.0), 0.0 * t
    tops = []
    for shift in shifts:
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = math.sqrt(blocks) * ((times - origin) @ z.T) + shift
            drawn = np.where(
                (spread > 0) | (np.abs(apart) > NOISE), apart / spread, np.nan
            )  # 0 / 0 says nothing
        tops.append(np.fmax(np.fmax.reduce(drawn, axis=1), 0.0))
    return np.array(tops)


def standardised(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    _, mean, centred, deviation = varying(sums)
    return centred / deviation[:, None], math.sqrt(sums.shape[1]) * mean / deviation


KINDS = ("independent", "near ties", "one block", "skewed", "few values", "alike")


def trials(kind: str, blocks: int, rng: np.random.Generator) -> FloatArray:
    made = rng.standard_normal((200, blocks)) + rng.standard_normal((200, 1)) * 0.3
    if kind == "near ties":  # apart by less than single precision can tell
        return np.repeat(made[:2], 100, axis=0) + 1e-9 * made
    if kind == "one block":  # draws without it have no deviation
        made = np.zeros_like(made)
        made[np.arange(200), rng.integers(0, blocks, 200)] = rng.standard_normal(200)
        return made
    if kind == "skewed":
        return np.exp(2.0 * made)
    if kind == "alike":  # as the trials of a grid
        return made[:4].repeat(50, axis=0) + 0.1 * made
    return np.sign(made) if kind == "few values" else made


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(KINDS), st.sampled_from([3, 20, 64]), st.integers(0, 10**6), st.booleans())
def test_screened_maxima_are_those_of_double_precision(
    kind: str, blocks: int, seed: int, of_a_draw: bool
) -> None:
    z, t = standardised(trials(kind, blocks, np.random.default_rng(seed)))
    times = shares(blocks, seed)
    origin = shares(blocks, seed + 1) if of_a_draw else np.zeros_like(times)
    pieces = [ResampledTops(times, origin) for _ in range(2)]
    for first in range(0, t.size, 64):
        pieces[first // 64 % 2].add(z[first : first + 64], t[first : first + 64])
    # A t of thousands stands on a variance of 1e-8, of which rounding (1e-16) is 1e-8; below 1e-9 all is rounding.
    np.testing.assert_allclose(pieces[0].merged(pieces[1:]), plain(times, origin, z, t), rtol=1e-6, atol=1e-9)


def test_a_test_is_the_same_in_pieces_and_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = trials("independent", 64, np.random.default_rng(3)) * 0.2
    whole = spa([sums], np.zeros(64))
    for many in (1, 3):
        monkeypatch.setattr("positioning.analysis.superior_predictive_ability.cores", lambda many=many: many)
        assert spa(np.array_split(sums, 7), np.zeros(64)) == whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("floor", [0.5, 2.0])
def test_maxima_above_a_floor_are_told_as_without(kind: str, floor: float) -> None:
    z, t = standardised(trials(kind, 20, np.random.default_rng(5)))
    times = shares(20, 5)
    whole, part = (ResampledTops(times, np.zeros_like(times)) for _ in range(2))
    whole.add(z, t)
    for some in (slice(0, 70), slice(70, None)):
        part.add(z[some], t[some], floor)
    np.testing.assert_array_equal(part.tops > floor, whole.tops > floor)
    np.testing.assert_array_equal(part.tops[whole.tops > floor], whole.tops[whole.tops > floor])


def formula(sums: FloatArray) -> tuple[float, float, float, float]:
    """T2 / T under the consistent null, beyond all where T is 0, and the p-values of `spa` without a floor, all in double
    precision."""
    blocks, rng = sums.shape[1], np.random.default_rng(0)
    drawn = rng.integers(blocks, size=(DRAWS, blocks))
    again = np.take_along_axis(drawn, rng.integers(blocks, size=(DRAWS, blocks)), axis=1)
    z, t = standardised(sums)
    times, best = shares_of(drawn), max(0.0, t.max()) * (1.0 - 1e-9)
    first, second = plain(times, 0.0 * times, z, t), plain(shares_of(again), times, z, t)
    p_values, levels = [], []
    for own, other in zip(first, second, strict=True):
        above = int((own >= best).sum())
        levels.append(np.sort(other)[-above] * (1.0 - 1e-9) if above else math.inf)
        p_values.append((1.0 + (own >= levels[-1]).sum()) / (1.0 + DRAWS))
    return levels[1] / max(best, 1e-300), min(p_values[:2]), p_values[1], max(p_values[1:])


@pytest.mark.parametrize("kind", ["independent", "skewed", "alike"])
def test_p_values_are_those_of_the_formula_wherever_the_levels_lie(kind: str) -> None:
    ratios = []
    for seed in range(12):
        sums = trials(kind, 20, np.random.default_rng(seed))[: (3, 40, 200)[seed % 3]]
        sums = sums - sums.mean() + (seed % 4 - 1) * 0.15 * sums.std()
        ratio, *p_values = formula(sums)
        found = spa([sums], np.zeros(20), draws=DRAWS)
        assert [found.lower, found.consistent, found.upper] == p_values
        ratios.append(ratio)
    assert min(ratios) < 1.0 < max(ratios)


def test_levels_below_the_floor_are_looked_for_again() -> None:
    ratios = []
    for seed in range(40):
        sums = np.random.default_rng(seed).standard_normal((2, 20))
        sums = sums - sums.mean() + 0.02
        ratio, _, consistent, _ = formula(sums)
        assert spa([sums], np.zeros(20), draws=DRAWS).consistent == consistent
        ratios.append(ratio)
    assert min(ratios) < FLOOR
