"""Did anything happen? Six tests that the mean cumulative abnormal return of a group of news is zero.

N observations, each with abnormal returns AR (W,), their covariance V and L estimation residuals; see
research.abnormal. For sessions a to b of the window, w of them, g picking them, s the expected sign (1 when raw):

    CAR  = s g'AR            CAAR = mean of CAR            SCAR = CAR / sqrt(g'Vg)

cross_section     CAAR sqrt(N) / std(CAR), Student with N - 1
patell            sum SCAR / sqrt(sum f / (f - 2)), f = L - K, normal. Patell 1976, doi:10.2307/2490543
bmp               mean(SCAR) sqrt(N) / std(SCAR), Student with N - 1.
                  Boehmer, Musumeci and Poulsen 1991, doi:10.1016/0304-405X(91)90032-F
kolari_pynnonen   bmp sqrt((1 - r) / (1 + (N - 1) r)), r the mean correlation over all pairs.
                  Kolari and Pynnonen 2010, doi:10.1093/rfs/hhq072
sign              (h - N p) / sqrt(N p (1 - p)), h the count of CAR > 0 and p the mean share of s times residual
                  above zero, normal. Cowan 1992, doi:10.1007/BF00939016
rank              see `_rank`. Corrado 1989, doi:10.1016/0304-405X(89)90064-0

A pair's correlation is that of its residuals on the estimation sessions both have, times the share of the w
sessions its two windows have in common: zero where they do not meet, one where one sleeve is counted twice.
With all windows the same this is the paper's r; with some, Kolari, Pape and Pynnonen's of 2018
(doi:10.2139/ssrn.3167271). The spread in bmp comes from N observations that are worth fewer: std(SCAR)^2 is a
quadratic form in normals of known correlation, so the degrees of freedom of kolari_pynnonen are those of
Satterthwaite 1946 (doi:10.2307/3002019), tr(B)^2 / tr(B^2) with B the correlations centred by row and column.
They are N - 1 where all pairs correlate alike.

Corrado's and Cowan's tests, Patell's, and bmp take observations as independent: their p-values hold for
windows that do not overlap, and are shown beside kolari_pynnonen for that comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from positioning.market.bars import FloatArray
from positioning.research.abnormal import Observation

IntArray = npt.NDArray[np.int64]

TESTS = ("kolari_pynnonen", "cross_section", "patell", "bmp", "sign", "rank")
LEAD = "kolari_pynnonen"
LEVEL = 0.05


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """A statistic and its two-sided p-value; NaN where too few observations leave it undefined."""

    statistic: float
    p: float


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sessions `span` (first and last, around day zero) of a group say.

    caar: mean CAR; hits: share of CAR above zero; correlation: r of kolari_pynnonen.
    """

    span: tuple[int, int]
    count: int
    caar: float
    hits: float
    correlation: float
    tests: Mapping[str, Verdict]


@final
@dataclass(frozen=True, eq=False)
class Band:
    """CAAR from the window's first session to each of its sessions, with a band for it.

    half_width: of a 95 % band, Student's quantile times the standard error of kolari_pynnonen's kind: the spread
    between observations, widened for what their windows share. NaN for a single observation.
    """

    sessions: IntArray
    caar: FloatArray
    half_width: FloatArray


@final
class Panel:
    """Observations of one window as arrays; raises ValueError for none, or for windows of unlike length."""

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
        self._correlation = _pairs(self.observations)
        self._days = np.array([o.days.astype(np.int64) for o in self.observations])

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

    def correlation(self, members: IntArray, span: tuple[int, int]) -> FloatArray:
        """(n, n) correlations of CARs over a span; the diagonal is 1."""
        shared = _shared(self._days[members][:, self.columns(span)])
        return self._correlation[np.ix_(members, members)] * shared

    def spans(self) -> tuple[tuple[int, int], ...]:
        """What is tested: [0,1], [0,10], from day zero on, before it, and the whole, inside the window."""
        wanted = [(0, min(1, self.last)), (0, min(10, self.last)), (0, self.last), (self.first, self.last)]
        return tuple(dict.fromkeys([*wanted, *([(self.first, -1)] if self.first < 0 else [])]))


def outcome(panel: Panel, members: IntArray, span: tuple[int, int], signed: bool) -> Outcome:
    """The tests over the observations `members` (indices). signed: CARs times the expected sign."""
    sign = panel.sign[members] if signed else np.ones(members.size)
    raw, error = panel.car(span)
    car, scar = sign * raw[members], sign * raw[members] / error[members]
    correlation = panel.correlation(members, span) * np.outer(sign, sign)
    bmp, student = _student(scar), members.size - 1.0
    kp, freedom = bmp * _inflation(correlation) ** -0.5, _satterthwaite(correlation)
    f = panel.freedom[members]
    tests = {
        "kolari_pynnonen": Verdict(kp, _p(kp, freedom)),
        "cross_section": Verdict(t := _student(car), _p(t, student)),
        "patell": Verdict(z := float(scar.sum() / np.sqrt((f / (f - 2)).sum())), _p(z)),
        "bmp": Verdict(bmp, _p(bmp, student)),
        "sign": Verdict(z := _sign(car, np.where(sign > 0, p := panel.positive[members], 1 - p)), _p(z)),
        "rank": Verdict(z := _rank(panel.ranks[members] * sign[:, None], panel, span), _p(z)),
    }
    return Outcome(
        span, members.size, float(car.mean()), float((car > 0).mean()), _mean_pair(correlation), tests
    )


def band(panel: Panel, members: IntArray, signed: bool) -> Band:
    """CAAR by session with its band."""
    sessions = np.arange(panel.first, panel.last + 1)
    sign = panel.sign[members] if signed else np.ones(members.size)
    cars = np.cumsum(panel.abnormal[members], axis=1) * sign[:, None]
    half = np.full(sessions.size, math.nan)
    for n, session in enumerate(sessions if members.size > 1 else []):
        correlation = panel.correlation(members, (panel.first, int(session))) * np.outer(sign, sign)
        error = cars[:, n].std(ddof=1) / math.sqrt(members.size) * math.sqrt(_inflation(correlation))
        half[n] = error * _quantile(_satterthwaite(correlation))
    return Band(sessions, cars.mean(axis=0), half)


def _student(values: FloatArray) -> float:
    if values.size < 2 or not (spread := float(values.std(ddof=1))) > 0:
        return math.nan
    return float(values.mean()) * math.sqrt(values.size) / spread


def _mean_pair(correlation: FloatArray) -> float:
    """Mean over all pairs, those that share nothing included."""
    n = correlation.shape[0]
    return float((correlation.sum() - np.trace(correlation)) / (n * (n - 1))) if n > 1 else 0.0


def _inflation(correlation: FloatArray) -> float:
    """(1 + (N - 1) r) / (1 - r): true variance of a mean over what the spread between observations suggests."""
    n, r = correlation.shape[0], _mean_pair(correlation)
    top, bottom = 1.0 + (n - 1) * r, 1.0 - r
    return top / bottom if top > 0 and bottom > 0 else math.nan


def _satterthwaite(correlation: FloatArray) -> float:
    rows = correlation.mean(axis=1)
    centred = correlation - rows[:, None] - rows + rows.mean()
    size = float((centred**2).sum())
    return float(np.trace(centred)) ** 2 / size if size > 0 else math.nan


def _sign(car: FloatArray, positive: FloatArray) -> float:
    n, p = car.size, float(positive.mean())
    return float(((car > 0).sum() - n * p) / math.sqrt(n * p * (1 - p))) if 0 < p < 1 else math.nan


def _rank(ranks: FloatArray, panel: Panel, span: tuple[int, int]) -> float:
    """Corrado's statistic for one or several sessions.

    ranks: (N, M) signed U - 1/2, with U the rank of a session among one observation's M sessions (estimation and
    window) over M + 1 (Corrado and Zivney 1992, doi:10.2307/2331331); NaN where it has fewer. With m the mean over
    the N_t observations a session has, and q = sqrt(N_t) m:

        rank = sum of q over the w sessions / (sqrt(mean of q^2 over M) sqrt(w (M - w) / (M - 1)))

    The last root, in place of sqrt(w), is that of w ranks drawn from M without return (Luoma 2011, "Nonparametric
    event study tests for testing cumulative abnormal returns", Acta Wasaensia 254).
    """
    count = np.isfinite(ranks).sum(axis=0)
    q = np.nansum(ranks, axis=0)[count > 0] / np.sqrt(count[count > 0])
    window = q[q.size - panel.abnormal.shape[1] :][panel.columns(span)]
    spread, m, w = float(np.sqrt((q**2).mean())), q.size, window.size
    return float(window.sum()) / (spread * math.sqrt(w * (m - w) / (m - 1))) if spread > 0 else math.nan


def _uniform_ranks(observations: Sequence[Observation]) -> FloatArray:
    from scipy.stats import rankdata  # half a second to import

    width = max(o.residuals.size + o.abnormal.size for o in observations)
    out = np.full((len(observations), width), math.nan)
    for n, o in enumerate(observations):
        values = np.concatenate([o.residuals, o.abnormal])
        out[n, width - values.size :] = rankdata(values) / (values.size + 1) - 0.5
    return out


def _pairs(observations: Sequence[Observation]) -> FloatArray:
    """(N, N) correlation of residuals on common sessions, for pairs near enough for their windows to meet."""
    dates = np.unique(np.concatenate([o.quiet for o in observations]))
    values = np.zeros((len(observations), dates.size))
    known = np.zeros_like(values)
    for n, o in enumerate(observations):
        at = np.searchsorted(dates, o.quiet)
        values[n, at], known[n, at] = o.residuals, 1.0
    starts = np.array([o.days[0] for o in observations])
    ends = np.array([o.days[-1] for o in observations])
    out = np.zeros((len(observations), len(observations)))
    for start in np.unique(starts):  # observations are in order of their first session
        block = slice(np.searchsorted(starts, start), np.searchsorted(starts, start, side="right"))
        near = slice(block.start, np.searchsorted(starts, ends[block].max(), side="right"))
        out[block, near] = _correlations(values[block], known[block], values[near], known[near])
        out[near, block] = out[block, near].T
    np.fill_diagonal(out, 1.0)
    return out


def _correlations(a: FloatArray, in_a: FloatArray, b: FloatArray, in_b: FloatArray) -> FloatArray:
    """Correlation without centring (residuals have mean zero) over common sessions; 1, the safe side, for none."""
    size = np.sqrt((a**2 @ in_b.T) * (in_a @ (b**2).T))
    out = np.ones_like(size)
    np.divide(a @ b.T, size, out=out, where=size > 0)
    return out


def _shared(days: IntArray) -> FloatArray:
    """(N, N) share of the sessions two windows have in common."""
    dates, at = np.unique(days, return_inverse=True)
    member = np.zeros((days.shape[0], dates.size), np.float32)
    np.put_along_axis(member, at.reshape(days.shape), 1.0, axis=1)
    return (member @ member.T).astype(np.float64) / days.shape[1]


def _p(statistic: float, freedom: float = math.inf) -> float:
    """Two-sided, Student's, or normal without degrees of freedom."""
    from scipy.special import ndtr, stdtr

    if math.isinf(freedom):
        return float(2 * ndtr(-abs(statistic)))
    return float(2 * stdtr(freedom, -abs(statistic))) if freedom > 0 else math.nan


def _quantile(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - LEVEL / 2)) if freedom > 0 else math.nan
