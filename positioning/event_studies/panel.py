"""Observations of an event study stacked as arrays, and how far each pair of them is made of the same returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.event_studies.abnormal_returns import Observation


@final
@dataclass(frozen=True, slots=True)
class Dependence:
    """correlation: mean over all pairs of observations. freedom: degrees of freedom of the spread between them."""

    correlation: float
    freedom: float


ALONE = Dependence(0.0, math.nan)


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
        self._owner, self._residual_correlation = _residual_correlation(self.observations)
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

    def rank_sum(self, span: tuple[int, int]) -> FloatArray:
        """(N,) sum over a span of each observation's ranks, from -1/2 to 1/2 a session; see `study`."""
        return np.asarray(self.ranks[:, -self.abnormal.shape[1] :][:, self.columns(span)].sum(axis=1))

    def overlap(self, members: IntArray, sign: FloatArray, span: tuple[int, int]) -> Dependence:
        """Over all pairs of the members, their CARs taken times `sign`; see `outcome`."""
        return self._dependence(members, sign, self._weights.cosines(self.columns(span), False))

    def error_correlation(self, members: IntArray, sign: FloatArray, span: tuple[int, int]) -> Dependence:
        """As `overlap`, with what estimation sessions share."""
        return self._dependence(members, sign, self._weights.cosines(self.columns(span), True))

    def spans(self) -> tuple[tuple[int, int], ...]:
        """What is tested: [0,1], [0,10], from day zero on, the whole and what came before, inside the window."""
        spans = [(0, min(1, self.last)), (0, min(10, self.last)), (0, self.last), (self.first, self.last)]
        return tuple(dict.fromkeys([*spans, *([(self.first, -1)] if self.first < 0 else [])]))

    def _dependence(self, members: IntArray, sign: FloatArray, cosines: FloatArray) -> Dependence:
        """The correlation C of members i and j is sign_i sign_j P[a, b] K[g, h], with a, b their sleeves and g, h
        their rows of weights, so its sums come from tables of sleeves by rows, and C itself is never made."""
        n, between = members.size, self._residual_correlation
        at = (self._owner[members], self._weights.row[members])
        signs, count = np.zeros((2, between.shape[0], cosines.shape[0]))
        np.add.at(signs, at, sign)
        np.add.at(count, at, 1.0)
        rows = between @ signs @ cosines  # sum over j of C[i, j], but for sign_i
        whole = float((signs * rows).sum())
        squares = float((count * (between**2 @ count @ cosines**2)).sum())
        # C centred by row and column: its trace, and the sum of its squares.
        trace, size = n - whole / n, squares - 2.0 * float((count * rows**2).sum()) / n + (whole / n) ** 2
        return Dependence((whole - n) / (n * (n - 1)), trace**2 / size) if n > 1 and size > 0 else ALONE


def _uniform_ranks(observations: Sequence[Observation]) -> FloatArray:
    """(N, M) rank over M + 1, less 1/2, equal values sharing their mean rank; estimation and window in a row,
    lined up at the end."""
    size = np.array([o.residuals.size + o.abnormal.size for o in observations])[:, None]
    values = np.full((len(observations), int(size.max())), np.nan)
    for row, o in zip(values, observations, strict=True):
        row[-o.residuals.size - o.abnormal.size :] = np.concatenate([o.residuals, o.abnormal])
    order = np.argsort(values, axis=1)  # what is missing comes last and equals nothing
    ascending = np.take_along_axis(values, order, axis=1)
    new = np.ones((values.shape[0], values.shape[1] + 1), dtype=bool)
    new[:, 1:-1] = ascending[:, 1:] != ascending[:, :-1]
    at = np.arange(values.shape[1] + 1)
    first = np.maximum.accumulate(np.where(new, at, 0), axis=1)[:, :-1]
    after = np.minimum.accumulate(np.where(new, at, at[-1])[:, ::-1], axis=1)[:, ::-1][:, 1:]
    ranks = np.empty_like(values)
    np.put_along_axis(ranks, order, (first + after + 1) / 2, axis=1)
    return np.where(np.isnan(values), np.nan, ranks / (size + 1) - 0.5)


def _residual_correlation(observations: Sequence[Observation]) -> tuple[IntArray, FloatArray]:
    """(N,) the sleeve of each observation, and (S, S) the correlation of two sleeves: of each one's residuals,
    averaged over the observations a session serves. 1, the safe side, for two without a common session."""
    labels, owner = np.unique([o.sleeve for o in observations], return_inverse=True)
    rows = np.repeat(owner, [o.quiet.size for o in observations])
    quiet = np.concatenate([o.quiet for o in observations])
    total = _table(rows, quiet, np.concatenate([o.residuals for o in observations]), labels.size)
    count = _table(rows, quiet, np.ones(quiet.size), labels.size)
    mean, presence = total.multiply(count.power(-1)).tocsr(), count.sign()
    square = (mean.power(2) @ presence.T).toarray()
    size = np.sqrt(square * square.T)
    out = np.ones((labels.size, labels.size))
    # Not centred: residuals have mean zero.
    np.divide((mean @ mean.T).toarray(), size, out=out, where=size > 0)
    np.fill_diagonal(out, 1.0)
    return owner, out


@final
class _Weights:
    """What each date's return weighs in a CAR: names that share sessions and factors share one row."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        keys = [(o.days.tobytes(), o.quiet.tobytes(), o.loading.tobytes()) for o in observations]
        rows = {key: n for n, key in enumerate(dict.fromkeys(keys))}
        self.row = np.array([rows[key] for key in keys])
        distinct = tuple(dict(zip(keys, observations, strict=True)).values())
        days, quiet = np.array([o.days for o in distinct]), np.concatenate([o.quiet for o in distinct])
        self._loading = np.concatenate([o.loading.T for o in distinct])
        window, estimation = (
            np.repeat(np.arange(len(distinct)), n) for n in (days.shape[1], [o.quiet.size for o in distinct])
        )
        self._rows = np.concatenate([window, estimation])
        # No session of a row is met twice, so the table of their numbers says where each weight goes.
        self._table = _table(
            self._rows, np.concatenate([days.ravel(), quiet]), np.arange(self._rows.size), len(distinct)
        )
        self._transpose = self._table.T.tocsr()
        self._width = days.shape[1]
        self._cosine_table: dict[tuple[int, int, bool], FloatArray] = {}

    def cosines(self, columns: slice, estimation: bool) -> FloatArray:
        """(G, G) between the rows; without estimation, of the window's sessions alone."""
        key = (columns.start, columns.stop, estimation)
        if key not in self._cosine_table:
            self._cosine_table[key] = self._cosines(columns, estimation)
        return self._cosine_table[key]

    def _cosines(self, columns: slice, estimation: bool) -> FloatArray:
        values, inside = np.zeros(self._rows.size), np.zeros(self._width)
        inside[columns] = 1.0
        cut = self._rows.size - self._loading.shape[0]
        values[:cut] = np.tile(inside, cut // self._width)
        if estimation:
            values[cut:] = -self._loading[:, columns].sum(axis=1)
        values /= np.sqrt(np.bincount(self._rows, values**2))[self._rows]
        weights, transpose = self._table.copy(), self._transpose.copy()
        weights.data, transpose.data = values[weights.data], values[transpose.data]
        return np.asarray((weights @ transpose).toarray())


def _table(rows: IntArray, dates: DateArray, values: FloatArray | IntArray, height: int) -> Any:
    """(height, dates) sparse, of what each row has on each date, added up where there are several."""
    from scipy.sparse import csr_array

    days = dates.astype(np.int64)
    first = int(days.min())
    return csr_array((values, (rows, days - first)), shape=(height, int(days.max()) - first + 1))
