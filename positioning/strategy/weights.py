"""The arithmetic of a decision: arrays in, arrays out, compiled, nothing allocated per decision."""

from __future__ import annotations

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part


@compiled()
def rolling_betas(
    returns: FloatArray,
    traded: BoolArray,
    hedge: int,
    legs: IntArray,
    rows: IntArray,
    lookback: int,
    measures: IntArray,
) -> FloatArray:
    """(D, L) beta of each leg to the hedge over the `lookback` rows ending on each of `rows`.

    returns: (T, N); traded: (T, N) bool; hedge: column; legs: (L,) columns; measures: (L,) 0 for the OLS slope on rows on
    which both trade, 2 for the slope of two-session returns between common sessions; 1, Dimson's sum of slopes, is
    NaN here and left to `dimson_betas`, which takes long to compile; see `features.Betas`. NaN where fewer than half
    the window remains or the hedge did not move.
    """
    out = np.full((rows.size, legs.size), np.nan)
    for d in range(rows.size):
        first = max(rows[d] - lookback + 1, 0)
        for j in range(legs.size):
            if measures[j] == 1:
                continue
            if measures[j] == 2:
                own, other, count = _common_returns(returns, traded, legs[j], hedge, first, rows[d])
                if 2 * count >= lookback and count > 8:
                    x, y = other[1:count] + other[: count - 1], own[1:count] + own[: count - 1]
                    spread = ((x - x.mean()) ** 2).sum()
                    if spread > 1e-14:
                        out[d, j] = ((x - x.mean()) * y).sum() / spread
                continue
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


@compiled()
def _common_returns(
    returns: FloatArray, traded: BoolArray, leg: int, hedge: int, first: int, last: int
) -> tuple[FloatArray, FloatArray, int]:
    """Returns of two names from one session that they have in common to the next, and how many there are."""
    own, other = np.empty(last - first + 1), np.empty(last - first + 1)
    count, y, x, has_begun = 0, 1.0, 1.0, False
    for t in range(first, last + 1):
        if not (np.isfinite(returns[t, leg]) and np.isfinite(returns[t, hedge])):
            continue
        y *= 1.0 + returns[t, leg]
        x *= 1.0 + returns[t, hedge]
        if traded[t, leg] and traded[t, hedge]:
            if has_begun:
                own[count], other[count] = y - 1.0, x - 1.0
                count += 1
            has_begun, y, x = True, 1.0, 1.0
    return own, other, count


@compiled_part()
def _dimson(own: FloatArray, other: FloatArray) -> float:
    """Sum of the slopes on the other's return before, with and after; NaN where that did not move."""
    size = own.size - 2
    mean, own_mean = np.zeros(3), 0.0
    for t in range(size):
        own_mean += own[1 + t] / size
        for lag in range(3):
            mean[lag] += other[lag + t] / size
    square, cross = np.zeros((3, 3)), np.zeros(3)
    for t in range(size):
        for lag in range(3):
            away = other[lag + t] - mean[lag]
            cross[lag] += away * (own[1 + t] - own_mean)
            for before in range(lag + 1):
                square[lag, before] += away * (other[before + t] - mean[before])
    trace = square[0, 0] + square[1, 1] + square[2, 2]
    if trace <= 1e-14:
        return np.nan
    # Cholesky's, without roots: what numpy solves by would be compiled for four seconds
    pivots, slopes = 1.0, np.zeros(3)
    for lag in range(3):
        for before in range(lag):
            cross[lag] -= square[lag, before] / square[before, before] * cross[before]
            for column in range(before + 1, lag + 1):
                square[lag, column] -= square[lag, before] / square[before, before] * square[column, before]
        pivots *= square[lag, lag] / trace
        if pivots < 1e-12:
            return np.nan
    for lag in range(2, -1, -1):
        slopes[lag] = cross[lag] / square[lag, lag]
        for before in range(lag):
            cross[before] -= square[lag, before] * slopes[lag]
    return float(slopes.sum())


@compiled()
def dimson_betas(
    returns: FloatArray, traded: BoolArray, hedge: int, legs: IntArray, rows: IntArray, lookback: int
) -> FloatArray:
    """(D, L) Dimson's sum of slopes over returns between common sessions, as of `rolling_betas`."""
    out = np.full((rows.size, legs.size), np.nan)
    for d in range(rows.size):
        first = max(rows[d] - lookback + 1, 0)
        for j in range(legs.size):
            own, other, count = _common_returns(returns, traded, legs[j], hedge, first, rows[d])
            if 2 * count >= lookback and count > 8:
                out[d, j] = _dimson(own[:count], other[:count])
    return out


@compiled()
def covariances(  # noqa: PLR0912 - one pass over each window
    returns: FloatArray, rows: IntArray, lookback: int, leading: FloatArray
) -> FloatArray:
    """(D, N, N) sample covariance of returns over the `lookback` rows ending on each of `rows`, and `leading` (N, N)
    times the covariances of each pair with the row before and after.

    A row without a return (closed venue, name not yet listed) counts as 0: the mark did not move.
    """
    n_names, leads = returns.shape[1], (leading != 0.0).any()
    out = np.zeros((rows.size, n_names, n_names))
    window, mean = np.empty((lookback, n_names)), np.empty(n_names)
    for d in range(rows.size):
        first = max(rows[d] - lookback + 1, 0)
        count = rows[d] + 1 - first
        mean[:] = 0.0
        for t in range(count):
            for n in range(n_names):
                r = returns[first + t, n]
                window[t, n] = r if np.isfinite(r) else 0.0
                mean[n] += window[t, n]
        for n in range(n_names):
            mean[n] /= count
        for t in range(count):
            for n in range(n_names):
                window[t, n] -= mean[n]
        if count > 1:
            product = window[:count].T @ window[:count]
            for i in range(n_names):  # cell by cell: what assigns a matrix takes seconds to compile
                for j in range(n_names):
                    out[d, i, j] = product[i, j] / (count - 1)
        if leads and count > 2:
            lead = window[: count - 1].T @ window[1:count] / (count - 1)
            for i in range(n_names):
                for j in range(n_names):
                    if leading[i, j] != 0.0:
                        out[d, i, j] += leading[i, j] * (lead[i, j] + lead[j, i])
    return out


@compiled()
def positive_definite(matrices: FloatArray) -> BoolArray:
    """(D,) whether each of (D, N, N) symmetric matrices has a Cholesky factor."""
    size = matrices.shape[1]
    out, factor = np.ones(matrices.shape[0], np.bool_), np.zeros((size, size))
    for d in range(out.size):
        for i in range(size):
            for j in range(i + 1):
                left = matrices[d, i, j]
                for k in range(j):
                    left -= factor[i, k] * factor[j, k]
                if j < i:
                    factor[i, j] = left / factor[j, j]
                elif left > 0.0:
                    factor[i, i] = np.sqrt(left)
                else:
                    out[d] = False
                    break
            if not out[d]:
                break
    return out


@compiled()
def basket_weights(
    eligible: BoolArray,
    responses: FloatArray,
    betas: FloatArray,
    legs: IntArray,
    hedge: int,
    response_row: IntArray,
    exposure: FloatArray,
    respond: FloatArray,
    hedge_ratio: FloatArray,
    gross_limit: FloatArray,
    out: FloatArray,
) -> None:
    """Equal weights over the eligible legs, tilted by the response to events, hedged by beta; K parameter sets.

    eligible: (D, L) bool; responses: (H, D) in (-1, 1), one row a half-life; betas: (D, L); legs: (L,) columns;
    hedge: column or -1; response_row: (K,) the row of responses each set hears; exposure, respond, hedge_ratio,
    gross_limit: (K,). long = exposure (1 + respond response), kept within [0, 1]; hedge = -hedge_ratio x
    (weighted mean beta) x long, cut so that gross stays within its limit, never positive. out: (D, N, K),
    overwritten.
    """
    sets = exposure.size
    is_leg, long, share = np.zeros(out.shape[1], np.bool_), np.empty(sets), np.empty(sets)
    for d in range(eligible.shape[0]):
        count = 0
        for j in range(legs.size):
            is_leg[legs[j]] = eligible[d, j]
            count += eligible[d, j]
        if count == 0:
            out[d, :, :] = 0.0
            continue
        beta = 0.0
        for j in range(legs.size):
            if eligible[d, j] and hedge >= 0:
                beta += betas[d, j] / count
        for k in range(sets):
            long[k] = min(max(exposure[k] * (1.0 + respond[k] * responses[response_row[k], d]), 0.0), 1.0)
            share[k] = long[k] / count
        for n in range(out.shape[1]):  # name by name, so that the sets are written side by side
            for k in range(sets):
                out[d, n, k] = share[k] if is_leg[n] else 0.0
        if hedge >= 0:
            for k in range(sets):
                out[d, hedge, k] -= min(max(hedge_ratio[k] * beta * long[k], 0.0), gross_limit[k] - long[k])


@compiled()
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


@compiled()
def add_share(
    weights: FloatArray, columns: IntArray, share: FloatArray, total: FloatArray, out: FloatArray
) -> None:
    """out += share / total x weights. weights, out: (D, N, K); share, total: (D, K); nothing where total is 0."""
    for d in range(weights.shape[0]):
        for n in columns:
            for k in range(weights.shape[2]):
                if total[d, k] > 0.0:
                    out[d, n, k] += share[d, k] / total[d, k] * weights[d, n, k]
