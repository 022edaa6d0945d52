"""The arithmetic of a decision: arrays in, arrays out, compiled, nothing allocated per decision."""

from __future__ import annotations

import numpy as np
from numba import njit

from positioning.arrays import BoolArray, FloatArray, IntArray


@njit(cache=True, nogil=True)
def rolling_betas(
    returns: FloatArray, traded: BoolArray, hedge: int, legs: IntArray, rows: IntArray, lookback: int
) -> FloatArray:
    """(D, L) OLS slope of each leg's return on the hedge's over the `lookback` rows ending on each of `rows`.

    returns: (T, N); traded: (T, N) bool; hedge: column; legs: (L,) columns. Rows on which either did not
    trade are skipped; NaN where fewer than half the window remains or the hedge did not move.
    """
    out = np.full((rows.size, legs.size), np.nan)
    for d in range(rows.size):
        first = max(rows[d] - lookback + 1, 0)
        for j in range(legs.size):
            count, sx, sy, sxx, sxy = 0, 0.0, 0.0, 0.0, 0.0
            for t in range(first, rows[d] + 1):
                x, y = returns[t, hedge], returns[t, legs[j]]
                if traded[t, hedge] and traded[t, legs[j]] and np.isfinite(x) and np.isfinite(y):
                    count += 1
                    sx += x
                    sy += y
                    sxx += x * x
                    sxy += x * y
            if 2 * count >= lookback and count > 1:
                spread = sxx - sx * sx / count
                if spread > 1e-14:  # a hedge that never moved has no beta
                    out[d, j] = (sxy - sx * sy / count) / spread
    return out


@njit(cache=True, nogil=True)
def covariances(returns: FloatArray, rows: IntArray, lookback: int) -> FloatArray:
    """(D, N, N) sample covariance of returns over the `lookback` rows ending on each of `rows`.

    A row without a return (closed venue, name not yet listed) counts as 0: the mark did not move.
    """
    n_names = returns.shape[1]
    out = np.zeros((rows.size, n_names, n_names))
    for d in range(rows.size):
        first = max(rows[d] - lookback + 1, 0)
        count = rows[d] + 1 - first
        window = np.zeros((count, n_names))
        for t in range(count):
            for n in range(n_names):
                r = returns[first + t, n]
                window[t, n] = r if np.isfinite(r) else 0.0
        for n in range(n_names):
            window[:, n] -= window[:, n].mean()
        if count > 1:
            out[d] = window.T @ window / (count - 1)
    return out


@njit(cache=True, nogil=True)
def basket_weights(
    eligible: BoolArray,
    responses: FloatArray,
    betas: FloatArray,
    legs: IntArray,
    hedge: int,
    heard: IntArray,
    exposure: FloatArray,
    respond: FloatArray,
    hedge_ratio: FloatArray,
    gross_limit: FloatArray,
    out: FloatArray,
) -> None:
    """Equal weights over the eligible legs, tilted by the response to events, hedged by beta; K parameter sets.

    eligible: (D, L) bool; responses: (H, D) in (-1, 1), one row a half-life; betas: (D, L); legs: (L,) columns;
    hedge: column or -1; heard: (K,) the row of responses each set hears; exposure, respond, hedge_ratio,
    gross_limit: (K,). long = exposure (1 + respond response), kept within [0, 1]; hedge = -hedge_ratio x
    (weighted mean beta) x long, cut so that gross stays within its limit, never positive. out: (D, N, K),
    overwritten.
    """
    sets = exposure.size
    held, long = np.zeros(out.shape[1], np.bool_), np.empty(sets)
    for d in range(eligible.shape[0]):
        count = 0
        for j in range(legs.size):
            held[legs[j]] = eligible[d, j]
            count += eligible[d, j]
        if count == 0:
            out[d, :, :] = 0.0
            continue
        beta = 0.0
        for j in range(legs.size):
            if eligible[d, j] and hedge >= 0:
                beta += betas[d, j] / count
        for k in range(sets):
            long[k] = min(max(exposure[k] * (1.0 + respond[k] * responses[heard[k], d]), 0.0), 1.0)
        for n in range(out.shape[1]):  # name by name, so that the sets are written side by side
            for k in range(sets):
                out[d, n, k] = long[k] / count if held[n] else 0.0
        if hedge >= 0:
            for k in range(sets):
                out[d, hedge, k] -= min(max(hedge_ratio[k] * beta * long[k], 0.0), gross_limit[k] - long[k])


@njit(cache=True, nogil=True)
def inverse_volatility(
    weights: FloatArray, columns: IntArray, covariance: FloatArray, out: FloatArray
) -> None:
    """1 / volatility of K portfolios on each decision row, 0 where there is nothing to hold.

    weights: (D, N, K), zero outside `columns`; covariance: (D, N, N). out: (D, K), overwritten.
    """
    sets = weights.shape[2]
    for d in range(weights.shape[0]):
        for k in range(sets):
            out[d, k] = 0.0
        for i in columns:
            for j in columns:
                c = covariance[d, i, j]
                for k in range(sets):
                    out[d, k] += weights[d, i, k] * c * weights[d, j, k]
        for k in range(sets):
            out[d, k] = 1.0 / np.sqrt(out[d, k]) if out[d, k] > 1e-16 else 0.0


@njit(cache=True, nogil=True)
def add_share(
    weights: FloatArray, columns: IntArray, share: FloatArray, total: FloatArray, out: FloatArray
) -> None:
    """out += share / total x weights. weights, out: (D, N, K); share, total: (D, K); nothing where total is 0."""
    for d in range(weights.shape[0]):
        for n in columns:
            for k in range(weights.shape[2]):
                if total[d, k] > 0.0:
                    out[d, n, k] += share[d, k] / total[d, k] * weights[d, n, k]
