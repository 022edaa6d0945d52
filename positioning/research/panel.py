"""Observations of an event study stacked as arrays, and how far each pair of them is made of the same returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from positioning.market.bars import FloatArray
from positioning.research.abnormal import Observation

IntArray = npt.NDArray[np.int64]


@final
class Panel:
    """Observations of one window as arrays; raises ValueError for none, or for windows of unlike length.

    first: the window's first session around day zero.
    """

    def __init__(self, observations: Sequence[Observation], first: int) -> None:
        if len({o.abnormal.size for o in observations}) != 1:
            raise ValueError("wanted one or more observations of one window")
        self.observations = tuple(sorted(observations, key=lambda o: (o.days[0], o.sleeve)))
        self.first = first
        self.abnormal = np.array([o.abnormal for o in self.observations])
        self.covariance = np.array([o.covariance for o in self.observations])
        self.sign = np.array([float(o.news.sign) for o in self.observations])
        self.freedom = np.array([float(o.freedom) for o in self.observations])
        self.positive = np.array([float((o.residuals > 0).mean()) for o in self.observations])
        self.ranks = _uniform_ranks(self.observations)
        self._residual_correlation = _residual_correlation(self.observations)
        self._weights = _Weights(self.observations)

    @property
    def last(self) -> int:
        """Last session of the window around day zero."""
        return self.first + int(self.abnormal.shape[1]) - 1

    def columns(self, span: tuple[int, int]) -> slice:
        """Where the sessions of a span are."""
        return slice(span[0] - self.first, span[1] - self.first + 1)

    def car(self, span: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """(N,) cumulative abnormal returns of a span, raw, and their standard errors from V."""
        at = self.columns(span)
        return self.abnormal[:, at].sum(axis=1), np.sqrt(self.covariance[:, at, at].sum(axis=(1, 2)))

    def overlap(self, members: IntArray, span: tuple[int, int]) -> FloatArray:
        """(n, n), see research.event_study; the diagonal is 1."""
        return self._correlated(members) * self._weights.cosines(members, self.columns(span), 0.0)

    def error_correlation(self, members: IntArray, span: tuple[int, int]) -> FloatArray:
        """(n, n), see research.event_study; the diagonal is 1."""
        return self._correlated(members) * self._weights.cosines(members, self.columns(span), 1.0)

    def spans(self) -> tuple[tuple[int, int], ...]:
        """What is tested: [0,1], [0,10], from day zero on, the whole and what came before, inside the window."""
        wanted = [(0, min(1, self.last)), (0, min(10, self.last)), (0, self.last), (self.first, self.last)]
        return tuple(dict.fromkeys([*wanted, *([(self.first, -1)] if self.first < 0 else [])]))

    def _correlated(self, members: IntArray) -> FloatArray:
        return np.asarray(self._residual_correlation[np.ix_(members, members)])


def _uniform_ranks(observations: Sequence[Observation]) -> FloatArray:
    """(N, M) rank over M + 1, less 1/2, equal values sharing their mean rank; estimation and window in a row,
    lined up at the end."""
    width = max(o.residuals.size + o.abnormal.size for o in observations)
    out = np.full((len(observations), width), np.nan)
    for n, o in enumerate(observations):
        values = np.concatenate([o.residuals, o.abnormal])
        _, at, count = np.unique(values, return_inverse=True, return_counts=True)
        ranks = np.cumsum(count) - (count - 1) / 2
        out[n, width - values.size :] = ranks[at] / (values.size + 1) - 0.5
    return out


def _residual_correlation(observations: Sequence[Observation]) -> FloatArray:
    """(N, N): of two sleeves, each one's residuals averaged over the observations a session serves; 1 for a
    sleeve with itself, and 1, the safe side, for two without a common session."""
    labels, owner = np.unique([o.sleeve for o in observations], return_inverse=True)
    dates = np.unique(np.concatenate([o.quiet for o in observations]))
    total, count = np.zeros((labels.size, dates.size)), np.zeros((labels.size, dates.size))
    for label, o in zip(owner, observations, strict=True):
        at = np.searchsorted(dates, o.quiet)
        total[label, at] += o.residuals
        count[label, at] += 1.0
    known = (count > 0).astype(np.float64)
    mean = total / np.maximum(count, 1.0)
    size = np.sqrt((mean**2 @ known.T) * (known @ (mean**2).T))
    out = np.ones_like(size)
    np.divide(mean @ mean.T, size, out=out, where=size > 0)  # not centred: residuals have mean zero
    np.fill_diagonal(out, 1.0)
    return np.asarray(out[np.ix_(owner, owner)])


@final
class _Weights:
    """What each date's return weighs in a CAR: names that share sessions and factors share one row."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        keys = [(o.days.tobytes(), o.quiet.tobytes(), o.loading.tobytes()) for o in observations]
        rows = {key: n for n, key in enumerate(dict.fromkeys(keys))}
        self.row = np.array([rows[key] for key in keys])
        self.distinct = tuple(dict(zip(keys, observations, strict=True)).values())
        dates = np.unique(np.concatenate([d for o in self.distinct for d in (o.days, o.quiet)]))
        self.size = dates.size
        self.days = [np.searchsorted(dates, o.days) for o in self.distinct]
        self.quiet = [np.searchsorted(dates, o.quiet) for o in self.distinct]

    def cosines(self, members: IntArray, columns: slice, estimation: float) -> FloatArray:
        """(n, n) cosines between the weights of two members; estimation 0 leaves the window's sessions alone."""
        weights = np.zeros((len(self.distinct), self.size))
        for row, o in enumerate(self.distinct):
            weights[row, self.quiet[row]] = -estimation * o.loading[columns].sum(axis=0)
            weights[row, self.days[row][columns]] += 1.0
        weights /= np.linalg.norm(weights, axis=1)[:, None]
        at = self.row[members]
        return np.asarray((weights @ weights.T)[np.ix_(at, at)])
