"""Does graver news move prices more? Signed CARs regressed on severity, surprise, direction and theme.

    s CAR = a + b severity + c first + d' direction + e' theme + f' sleeve + u

severity: of the gravest event of a piece of news, less its mean; first: 1 for news that follows no other on record, 0 for
acts that put earlier news into force, which this regression alone takes in; direction, sleeve: 1 for each but the
commonest; theme: 1 where an event carries it, for tags that MIN_TAGGED observations have and as many lack. A column that
adds nothing to those before it has no coefficient. Errors are clustered by date: observations whose windows share a
session stand in one cluster, whatever their sleeve. With few clusters those errors are too small, so the p-value to read
is the wild cluster bootstrap's; see `analysis.regression`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.regression import clustered, wild_p
from positioning.arrays import FloatArray, IntArray
from positioning.event_studies.panel import Panel

MIN_TAGGED = 5


@final
@dataclass(frozen=True, slots=True)
class Effect:
    """One regressor: its coefficient, clustered error and p, and the wild cluster bootstrap's p."""

    name: str
    coefficient: float
    error: float
    p: float
    wild_p: float


@final
@dataclass(frozen=True, slots=True)
class SeverityRegression:
    """effects: of each regressor but the constant, severity first; empty where observations or clusters are too few, or
    severity does not vary. The verdict reads severity alone."""

    span: tuple[int, int]
    observations: int
    clusters: int
    effects: tuple[Effect, ...]

    @property
    def sentence(self) -> str:
        """What it says of our weights."""
        if not self.effects:
            return "Too few events to tell whether graver news moves prices more."
        b, p = self.effects[0].coefficient, self.effects[0].wild_p
        if b > 0 and p <= 0.05:
            return f"A point of severity goes with {100 * b:+.2f} % of CAR (wild bootstrap p {p:.3f})."
        return (
            f"CAR does not rise with our severity ({100 * b:+.2f} % a point, wild bootstrap p {p:.3f}): "
            "the weights are decoration."
        )


def overlapping_clusters(first: IntArray, last: IntArray) -> IntArray:
    """(N,) numbers of clusters of windows, by first and last day as numbers, that meet directly or through others."""
    order = np.argsort(first, kind="stable")
    reach = np.maximum.accumulate(last[order])
    new = np.ones(order.size, dtype=np.int64)
    new[1:] = first[order][1:] > reach[:-1]
    out = np.empty(order.size, dtype=np.int64)
    out[order] = np.cumsum(new) - 1
    return out


def severity_regression(
    panel: Panel, span: tuple[int, int] = (0, 10), draws: int = 999, seed: int = 0
) -> SeverityRegression:
    """Over all observations of a panel; span: sessions around day zero, inside its window."""
    car = panel.car(span)[0] * panel.sign
    at = panel.columns(span)
    days = np.array([o.days[at] for o in panel.observations]).astype("datetime64[D]").astype(np.int64)
    groups = overlapping_clusters(days[:, 0], days[:, -1])
    names, x = _regressors(panel)
    size, count = car.size, int(groups.max()) + 1
    if not names or names[0] != "severity" or size < x.shape[1] + 8 or count < x.shape[1] + 2:
        return SeverityRegression(span, size, count, ())
    fit = clustered(car, x, groups)
    effects = tuple(
        Effect(
            name, float(fit.coefficients[k]), float(fit.errors[k]), float(fit.p[k]),
            wild_p(car, x, groups, k, draws, seed) if k == 1 or count > x.shape[1] + 2 else math.nan,
        )
        for k, name in enumerate(names, start=1)
    )  # fmt: skip
    return SeverityRegression(span, size, count, effects)


def _regressors(panel: Panel) -> tuple[list[str], FloatArray]:
    """Their names, and (N, K) with the constant first; columns that add nothing to those before them are left out."""
    news = [o.news for o in panel.observations]
    severity = np.array([float(max(e.severity for e in n.events)) for n in news])
    columns = {
        "severity": severity,
        "first": np.array([float(any(not e.follows for e in n.events)) for n in news]),
    }
    common = Counter(n.direction for n in news).most_common()
    for direction, _ in common[1:]:
        columns[f"direction {direction}"] = np.array([float(n.direction == direction) for n in news])
    tagged = Counter(t for n in news for t in dict.fromkeys(t for e in n.events for t in e.themes))
    for tag in (t for t, count in tagged.items() if MIN_TAGGED <= count <= len(news) - MIN_TAGGED):
        columns[f"theme {tag}"] = np.array([float(any(tag in e.themes for e in n.events)) for n in news])
    labels = Counter(o.sleeve for o in panel.observations).most_common()
    for label, _ in labels[1:]:
        columns[f"sleeve {label}"] = np.array([float(o.sleeve == label) for o in panel.observations])
    regressor_names, x = [], np.ones((len(news), 1))
    for name, values in columns.items():
        wider = np.column_stack([x, values - values.mean()])
        if np.linalg.matrix_rank(wider) == wider.shape[1]:
            regressor_names.append(name)
            x = wider
    return regressor_names, x
