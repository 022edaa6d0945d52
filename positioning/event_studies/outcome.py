"""Did anything happen? Seven tests that the mean cumulative abnormal return of a group of news is zero.

N observations, each with abnormal returns AR (W,), their covariance V and L estimation residuals; see
`abnormal`. For sessions a to b of the window, w of them, g picking them, s the expected sign (1 when raw):

    CAR  = s g'AR            CAAR = mean of CAR            SCAR = CAR / sqrt(g'Vg)

cross_section     CAAR sqrt(N) / std(CAR), Student with N - 1
patell            sum SCAR / sqrt(sum f / (f - 2)), f = L - K, normal. Patell 1976, doi:10.2307/2490543
bmp               mean(SCAR) sqrt(N) / std(SCAR), Student with N - 1.
                  Boehmer, Musumeci and Poulsen 1991, doi:10.1016/0304-405X(91)90032-F
kolari_pynnonen   bmp sqrt((1 - r) / (1 + (N - 1) r)), r the mean over all pairs of their `overlap`, Student with
                  N - 1. Kolari and Pynnonen 2010, doi:10.1093/rfs/hhq072
clustered         the same with r the mean of their `error_correlation`, Student with Satterthwaite's degrees
sign              (h - N p) / sqrt(N p (1 - p)), h the count of CAR > 0 and p the mean share of s times residual
                  above zero, normal. Cowan 1992, doi:10.1007/BF00939016
rank              `clustered` on the sums of an observation's ranks over the w sessions in place of its CAR. U is the
                  rank of a session among the observation's L + W sessions over L + W + 1, less 1/2, s times.
                  Corrado 1989, doi:10.1016/0304-405X(89)90064-0; the mean over observations is studentised by
                  its own spread (Kolari and Pynnonen 2011, doi:10.1016/j.jempfin.2011.08.003), since Corrado's own
                  error, over sessions lined up by their distance from day zero, rejects in 0.2 to 2.5 % of cases
                  instead of 5 % on the record's dates, where quiet sessions of many observations are the same

Two pieces of news hang together when the same returns enter both. `Panel` measures this twice, for a pair whose
residuals correlate by c on the estimation sessions they have in common (c = 1 for one sleeve met twice):

    overlap             c times the share of the w sessions that both windows have: zero where they do not meet.
                        The paper's for equal windows, else Kolari, Pape and Pynnonen 2018 (doi:10.2139/ssrn.3167271)
    error_correlation   c times the correlation of the two CARs as sums of independent returns: +1 on the w sessions,
                        -g' X* (X'X)^-1 X' on the estimation sessions. Windows that do not meet still share the error
                        of parameters estimated on the same sessions; the longer w, the more.

std(SCAR)^2 is a quadratic form in variables of known correlation, so where pairs correlate unalike it is worth
fewer than N - 1 degrees: tr(B)^2 / tr(B^2), with B the correlations centred by row and column (Satterthwaite
1946, doi:10.2307/3002019). `clustered` leads: on simulated returns with the record's own dates it keeps nearest to
its size, with the sleeves' own volatility too; see tests/event_studies/test_study.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.multiplicity import LEVEL, POWER, detectable
from positioning.arrays import FloatArray, IntArray
from positioning.event_studies.panel import Panel

TESTS = ("clustered", "kolari_pynnonen", "cross_section", "patell", "bmp", "sign", "rank")
LEAD = "clustered"


@final
@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic and its two-sided p-value; NaN where too few observations leave it undefined."""

    statistic: float
    p: float


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sessions `span` (first and last, around day zero) of a group say.

    caar: mean CAR; hits: share of CAR above zero; correlation: r of the leading test. error, freedom: of caar, widened
    for what observations share as the leading test is, and its degrees.
    """

    span: tuple[int, int]
    count: int
    caar: float
    hits: float
    correlation: float
    error: float
    freedom: float
    tests: Mapping[str, Statistic]

    @property
    def detectable(self) -> float:
        """The smallest CAAR that a two-sided test at LEVEL would have seen with probability POWER; NaN without error."""
        return detectable(self.error, self.freedom, POWER, LEVEL)

    @property
    def half_width(self) -> float:
        """Of the 95 % interval around caar: its error times Student's quantile; NaN without error or freedom."""
        return self.error * _quantile(self.freedom)


@final
@dataclass(frozen=True, eq=False)
class Band:
    """CAAR from the window's first session to each of its sessions, with a band for it.

    half_width: of a 95 % band around it, from the spread between observations, widened for what they share as
    the leading test is, times Student's quantile. NaN for a single observation.
    """

    sessions: IntArray
    caar: FloatArray
    half_width: FloatArray


def outcome(panel: Panel, members: IntArray, span: tuple[int, int], signed: bool) -> Outcome:
    """The tests over the observations `members` (indices). signed: CARs times the expected sign."""
    sign = panel.sign[members] if signed else np.ones(members.size)
    raw, error = panel.car(span)
    car, scar = sign * raw[members], sign * raw[members] / error[members]
    shared = panel.overlap(members, sign, span)
    errors = panel.error_correlation(members, sign, span)
    bmp, cross, n = _student(scar), _student(car), members.size
    ranked = _student(sign * panel.rank_sum(span)[members])
    kp = bmp / math.sqrt(_inflation(shared.correlation, n))
    lead, rank = (t / math.sqrt(_inflation(errors.correlation, n)) for t in (bmp, ranked))
    patell = _patell(scar, panel.freedom[members])
    positive = panel.positive[members]
    sign_z = _sign(car, np.where(sign > 0, positive, 1 - positive))
    tests = {
        "clustered": Statistic(lead, _p(lead, errors.freedom)),
        "kolari_pynnonen": Statistic(kp, _p(kp, n - 1)),
        "cross_section": Statistic(cross, _p(cross, n - 1)),
        "patell": Statistic(patell, _p(patell)),
        "bmp": Statistic(bmp, _p(bmp, n - 1)),
        "sign": Statistic(sign_z, _p(sign_z)),
        "rank": Statistic(rank, _p(rank, errors.freedom)),
    }
    spread = float(car.std(ddof=1)) if n > 1 else math.nan
    own = spread * math.sqrt(_inflation(errors.correlation, n) / n)
    return Outcome(
        span, n, float(car.mean()), float((car > 0).mean()), errors.correlation, own, errors.freedom, tests
    )


def band(panel: Panel, members: IntArray, signed: bool) -> Band:
    """CAAR by session with its band."""
    sessions = np.arange(panel.first, panel.last + 1)
    sign = panel.sign[members] if signed else np.ones(members.size)
    cars = np.cumsum(panel.abnormal[members], axis=1) * sign[:, None]
    half = np.full(sessions.size, math.nan)
    for n, session in enumerate(sessions if members.size > 1 else []):
        errors = panel.error_correlation(members, sign, (panel.first, int(session)))
        inflation = _inflation(errors.correlation, members.size)
        error = cars[:, n].std(ddof=1) * math.sqrt(inflation / members.size)
        half[n] = error * _quantile(errors.freedom)
    return Band(sessions, cars.mean(axis=0), half)


def _student(values: FloatArray) -> float:
    if values.size < 2 or not (spread := float(values.std(ddof=1))) > 0:
        return math.nan
    return float(values.mean()) * math.sqrt(values.size) / spread


def _patell(scar: FloatArray, freedom: FloatArray) -> float:
    return float(scar.sum() / np.sqrt((freedom / (freedom - 2)).sum()))


def _inflation(r: float, n: int) -> float:
    """(1 + (N - 1) r) / (1 - r): true variance of a mean over what the spread between observations suggests."""
    return (1.0 + (n - 1) * r) / (1.0 - r) if (n - 1) * r > -1.0 and r < 1.0 else math.nan


def _sign(car: FloatArray, positive: FloatArray) -> float:
    n, p = car.size, float(positive.mean())
    return float(((car > 0).sum() - n * p) / math.sqrt(n * p * (1 - p))) if 0 < p < 1 else math.nan


def _p(statistic: float, freedom: float = math.inf) -> float:
    """Two-sided, Student's, or normal without degrees of freedom."""
    from scipy.special import ndtr, stdtr

    if math.isinf(freedom):
        return float(2 * ndtr(-abs(statistic)))
    return float(2 * stdtr(freedom, -abs(statistic))) if freedom > 0 else math.nan


def _quantile(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - LEVEL / 2)) if freedom > 0 else math.nan
