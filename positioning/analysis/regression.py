"""Least squares with errors that fit the data: autocorrelated sessions, clusters of dates, few clusters.

    b = (X'X)^-1 X'y,   e = y - Xb,   V(b) = (X'X)^-1 S (X'X)^-1

newey_west    S = G_0 + sum_l (1 - l / (L + 1)) (G_l + G_l'), G_l = sum_t e_t e_{t-l} x_t x_{t-l}', times T / (T - K).
              Newey and West (1987), doi:10.2307/1913610; L = floor(4 (T / 100)^(2/9)) unless told (Newey and West 1994,
              doi:10.2307/2297912). Student with T - K.
clustered     S = sum_g (X_g'e_g)(X_g'e_g)', times G / (G - 1) (N - 1) / (N - K). Liang and Zeger (1986),
              doi:10.1093/biomet/73.1.13. Student with G - 1 (Cameron and Miller 2015, doi:10.3368/jhr.50.2.317).
wild_p        the restricted wild cluster bootstrap-t of Cameron, Gelbach and Miller (2008), doi:10.1162/rest.90.3.414:
              residuals of the fit without the tested column, each cluster's times one sign; every combination of
              signs where there are no more than draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.arrays import FloatArray, IntArray

MIN_CLUSTERS = 5  # fewer and no sign of a bootstrap reaches 5 %


@final
@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """coefficients, errors: (K,); covariance: (K, K); residuals: (T,); freedom: of Student's t; r_squared: share of the
    variance about the mean that is explained, NaN where there is none."""

    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    freedom: float
    r_squared: float

    def combined(self, weights: FloatArray) -> Regression:
        """The same fit told of the sums `weights` (M, K) makes of its coefficients, such as a beta of leads and lags."""
        return replace(
            self, coefficients=weights @ self.coefficients, covariance=weights @ self.covariance @ weights.T
        )

    @property
    def errors(self) -> FloatArray:
        """(K,) standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def t(self) -> FloatArray:
        """(K,) coefficients over their errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.coefficients / self.errors)

    @property
    def p(self) -> FloatArray:
        """(K,) two-sided p-values of Student's t."""
        from scipy.special import stdtr

        return np.asarray(2.0 * stdtr(self.freedom, -np.abs(self.t)))


def newey_west(y: FloatArray, x: FloatArray, lags: int | None = None) -> Regression:
    """y: (T,), x: (T, K) with its constant, sessions in order. Raises ValueError for no more rows than columns and for
    columns that are linearly dependent."""
    inverse, b, e = _fit(y, x)
    size, width = x.shape
    most = math.floor(4 * (size / 100) ** (2 / 9)) if lags is None else lags
    score = x * e[:, None]
    middle = score.T @ score
    for lag in range(1, min(most, size - 1) + 1):
        cross = score[lag:].T @ score[:-lag]
        middle += (1 - lag / (most + 1)) * (cross + cross.T)
    covariance = inverse @ middle @ inverse * size / (size - width)
    return Regression(b, covariance, e, float(size - width), _explained(y, e))


def clustered(y: FloatArray, x: FloatArray, clusters: IntArray) -> Regression:
    """y: (N,), x: (N, K) with its constant, clusters: (N,) their numbers. Raises ValueError as `newey_west`, and for a
    single cluster."""
    inverse, b, e = _fit(y, x)
    _, at = np.unique(clusters, return_inverse=True)
    groups, (size, width) = int(at.max()) + 1, x.shape
    if groups < 2:
        raise ValueError("one cluster has no errors")
    sums = _by_cluster(x * e[:, None], at, groups)
    scale = groups / (groups - 1) * (size - 1) / (size - width)
    return Regression(b, inverse @ (sums.T @ sums) @ inverse * scale, e, float(groups - 1), _explained(y, e))


def wild_p(
    y: FloatArray, x: FloatArray, clusters: IntArray, column: int, draws: int = 999, seed: int = 0
) -> float:
    """Two-sided p-value that the coefficient of `column` is zero; NaN for fewer than MIN_CLUSTERS clusters.

    Shares of |t*| at or above |t|; where signs are drawn the sample is one more draw.
    """
    _, at = np.unique(clusters, return_inverse=True)
    groups = int(at.max()) + 1
    if groups < MIN_CLUSTERS:
        return math.nan
    whole = groups < 20 and 2**groups <= draws
    if whole:
        signs = 1.0 - 2.0 * ((np.arange(2**groups)[:, None] >> np.arange(groups)) & 1)
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, groups))
    rest = np.delete(x, column, axis=1)
    fitted = rest @ np.linalg.lstsq(rest, y, rcond=None)[0] if rest.shape[1] else np.zeros_like(y)
    left, inverse = y - fitted, np.linalg.inv(x.T @ x)
    # A draw is fitted + left times the sign of its cluster, so that all of it is known from sums by cluster.
    slope = (inverse @ x.T @ fitted)[:, None] + inverse @ _by_cluster(
        x * left[:, None], at, groups
    ).T @ signs.T
    # Only the tested coefficient's variance is needed: its row of (X'X)^-1 X'e, summed by cluster.
    weight = x @ inverse[column]
    by_sign, constant = _by_cluster(weight[:, None] * np.column_stack([left, fitted]), at, groups).T[
        :, :, None
    ]
    sums = by_sign * signs.T + constant - _by_cluster(weight[:, None] * x, at, groups) @ slope
    with np.errstate(divide="ignore", invalid="ignore"):
        t_draws = np.abs(slope[column]) / np.sqrt((sums**2).sum(axis=0))
    own = clustered(y, x, clusters)
    size, width = x.shape
    scale = groups / (groups - 1) * (size - 1) / (size - width)
    t = abs(float(own.t[column])) * math.sqrt(scale)
    above = int((t_draws >= t * (1 - 1e-9)).sum())
    return above / signs.shape[0] if whole else (1 + above) / (1 + draws)


def _fit(y: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    if x.ndim != 2 or x.shape[0] != y.size or x.shape[0] <= x.shape[1]:
        raise ValueError(f"{y.size} observations do not carry regressors of shape {x.shape}")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("regressors that are linearly dependent have no coefficients of their own")
    # By QR, which does not square the condition number.
    q, r = np.linalg.qr(x)
    b = np.linalg.solve(r, q.T @ y)
    root = np.linalg.inv(r)
    return root @ root.T, b, y - x @ b


def _by_cluster(values: FloatArray, at: IntArray, groups: int) -> FloatArray:
    out = np.zeros((groups, values.shape[1]))
    np.add.at(out, at, values)
    return out


def _explained(y: FloatArray, e: FloatArray) -> float:
    whole = float(((y - y.mean()) ** 2).sum())
    return 1.0 - float(e @ e) / whole if whole > 0 else math.nan
