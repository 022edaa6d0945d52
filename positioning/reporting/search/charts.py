"""The charts of a grid search: `"$role"` stands for a colour of the page's style."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from positioning.analysis.cross_validation import Pbo
from positioning.analysis.overfitting import probabilistic_sharpe
from positioning.analysis.verdict import CONFIDENCE
from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.json_text import plain
from positioning.reporting.charts import AXIS, Figure, bare_layout, safe_label, watermark
from positioning.search.assessment import Assessment
from positioning.search.purged_cv import PurgedValidation
from positioning.search.run import in_words
from positioning.search.space import AT_ONCE, GridIndex
from positioning.search.trials import Trials

MOST_CELLS = 60  # bins along an axis of a heat map
MOST_PAIRS = 15
MOST_POINTS = 3_000
MOST = 10.0  # a Sharpe a year beyond all that is seen
NARROW = 0.06  # drawdowns that lie within it
QUANTILES = (0.1, 0.5, 0.9)
PERCENTS = ("total_return", "cagr", "max_drawdown")


def label(value: Any) -> str:
    """One value of an axis as the reader types it."""
    return (
        "+".join(value)
        if isinstance(value, tuple)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def ticks(metric: str) -> str:
    """Format of a metric on an axis."""
    return ".1%" if metric in PERCENTS else ".2f"


def pairs(axes: Mapping[str, Sequence[Any]]) -> list[tuple[int, int]]:
    """The axes that are drawn against each other: those with two values or more, MOST_PAIRS pairs at most."""
    wide = [a for a, values in enumerate(axes.values()) if len(values) > 1]
    return list(combinations(wide, 2))[:MOST_PAIRS]


def heat_map(
    axes: Mapping[str, Sequence[Any]],
    pair: tuple[int, int],
    codes: GridIndex,
    values: FloatArray,
    metric: str,
    marked: GridIndex,
) -> Figure:
    """The metric averaged over all other axes, the best of them in the hover; a cross on the trial on the plateau."""
    names = list(axes)
    (x_bins, x_labels), (y_bins, y_labels) = _whole(axes, pair)
    shape = (len(y_labels), len(x_labels))
    count, total, best = (np.full(math.prod(shape), start) for start in (0.0, 0.0, -np.inf))
    for first in range(0, values.size, AT_ONCE):
        some = values[first : first + AT_ONCE]
        own, finite = codes[first : first + AT_ONCE], np.isfinite(some)
        cell = y_bins[own[finite, pair[1]]] * shape[1] + x_bins[own[finite, pair[0]]]
        np.add.at(count, cell, 1.0)
        np.add.at(total, cell, some[finite])
        np.maximum.at(best, cell, some[finite])
    with np.errstate(invalid="ignore"):
        mean = total / count
    at = [bins[marked[a]] for bins, a in zip((x_bins, y_bins), pair, strict=True)]
    unit = ":.1%" if metric in PERCENTS else ":.3f"
    data: list[Figure] = [
        {"type": "heatmap", "x": x_labels, "y": y_labels, "z": _grid(mean, shape), "customdata": _grid(best, shape),
         "colorscale": [[0, "$grid"], [1, "$strategy"]], "xgap": 1, "ygap": 1,
         "colorbar": {"thickness": 10, "tickformat": ticks(metric), "outlinewidth": 0},
         "hovertemplate": f"{names[pair[0]]} %{{x}}, {names[pair[1]]} %{{y}}<br>average %{{z{unit}}}"
                          f"<br>best %{{customdata{unit}}}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": [x_labels[at[0]]], "y": [y_labels[at[1]]], "hoverinfo": "skip",
         "marker": {"symbol": "x-thin", "size": 12, "line": {"width": 2.5, "color": "$contrast"}}},
    ]  # fmt: skip
    return _figure(data, names[pair[0]], names[pair[1]], {"type": "category"}, {"type": "category"})


def profile(
    values: FloatArray, codes: GridIndex, axis: int, choices: Sequence[Any], name: str, metric: str
) -> Figure:
    """Median, middle 80 % and best of all trials that share each value of one axis."""
    bins, labels = _bins(choices)
    heights = []
    for here in range(len(labels)):
        group = _where(values, codes[:, axis], bins == here)
        best = group.max() if group.size else math.nan
        quantiles = (
            np.quantile(group, QUANTILES, overwrite_input=True)
            if group.size
            else np.full(len(QUANTILES), math.nan)
        )
        heights.append([*quantiles, best])
    low, middle, high, top = zip(*heights, strict=True)
    edge = {
        "type": "scatter",
        "mode": "lines",
        "x": labels,
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    unit = ":.1%" if metric in PERCENTS else ":.3f"
    hover = {"hovertemplate": f"{name} %{{x}}: %{{y{unit}}}<extra>%{{fullData.name}}</extra>"}
    data: list[Figure] = [
        edge | {"y": rounded(low)},
        edge | {"y": rounded(high), "fill": "tonexty", "fillcolor": "$fill"},
        {"type": "scatter", "mode": "lines+markers", "name": "median, 10 to 90 % shaded", "x": labels,
         "y": rounded(middle), "line": {"color": "$strategy", "width": 2}} | hover,
        {"type": "scatter", "mode": "lines+markers", "name": "best", "x": labels, "y": rounded(top),
         "line": {"color": "$contrast", "width": 1.5, "dash": "dot"}} | hover,
    ]  # fmt: skip
    figure = _figure(data, name, in_words(metric), {"type": "category"}, {"tickformat": ticks(metric)})
    figure["layout"] |= {"showlegend": True, "legend": _legend()}
    return figure


def trial_scatter(trials: Trials, assessment: Assessment) -> Figure:
    """Sharpe against the worst drawdown, a random part above MOST_POINTS trials."""
    sharpe, fall = _sample(trials, ("sharpe", "max_drawdown"))
    few = sharpe.size < MOST_POINTS // 10
    dot: Figure = {
        "type": "scatter",
        "mode": "markers",
        "hovertemplate": "drawdown %{x:.1%}, Sharpe %{y:.3f}<extra></extra>",
    }
    data: list[Figure] = [
        dot | {"name": "trials", "x": rounded(fall), "y": rounded(sharpe),
               "marker": {"color": "$strategy", "size": 7 if few else 4, "opacity": 0.7 if few else 0.45}},
        *(
            dot | {"name": name, "x": rounded([c.figures["max_drawdown"]]), "y": rounded([c.figures["sharpe"]]),
                   "marker": {"color": "$contrast", "size": 13, "symbol": symbol,
                              "line": {"color": "$ink", "width": 1.5}}}
            for name, c, symbol in (("best", assessment.best, "star"), ("plateau", assessment.plateau, "diamond"))
        ),
    ]  # fmt: skip
    lines = [(assessment.luck, "what luck adds")]
    if math.isfinite(threshold := told_from_luck(assessment)):
        lines.append((threshold, f"needed to be told from luck, {CONFIDENCE:.0%}"))
    ends = rounded([fall.min(), fall.max()])
    data += [
        {"type": "scatter", "mode": "lines", "x": ends, "y": rounded([height, height]), "showlegend": False,
         "hoverinfo": "skip", "line": {"color": "$bad", "width": 1.5, "dash": "dash"}} for height, _ in lines
    ]  # fmt: skip
    form = ".1%" if np.ptp(fall) < NARROW else ".0%"  # whole per cents would name several ticks alike
    figure = _figure(data, "worst drawdown", "Sharpe", {"tickformat": form}, {"tickformat": ".2f"})
    figure["layout"] |= {"showlegend": True, "legend": _legend()}
    figure["layout"]["annotations"] = [
        {"text": words, "xref": "paper", "x": 0.01, "y": height, "xanchor": "left",
         "yanchor": "bottom", "showarrow": False, "font": {"size": 11, "color": "$bad"}} for height, words in lines
    ]  # fmt: skip
    return figure


def _sample(trials: Trials, names: Sequence[str]) -> FloatArray:
    """(names, points) of the trials that have all these figures, in their order; a random MOST_POINTS of more."""
    rows = [trials.plan.names.index(name) for name in names]

    def measured(table: FloatArray) -> FloatArray:
        own = table[rows]
        return own[:, np.isfinite(own).all(axis=0)]

    ends = np.cumsum([0, *(measured(table).shape[1] for table in trials.tables())])
    if ends[-1] > MOST_POINTS:
        points = np.sort(np.random.default_rng(0).choice(ends[-1], MOST_POINTS, replace=False))
    else:
        points = np.arange(ends[-1])
    edges = np.searchsorted(points, ends)
    parts = zip(trials.tables(), ends, edges, edges[1:], strict=False)
    return np.concatenate(
        [measured(table)[:, points[start:stop] - first] for table, first, start, stop in parts], axis=1
    )


def told_from_luck(b: Assessment) -> float:
    """The Sharpe a year from which the deflated Sharpe of the best trial, with its own skew and kurtosis, would be
    CONFIDENCE; NaN where there is none below MOST."""
    scale = math.sqrt(b.per_year)

    def confidence(sharpe: float) -> float:
        return probabilistic_sharpe(sharpe / scale, b.luck / scale, b.rows, b.best.skew, b.best.kurtosis)

    low, high = b.luck, MOST
    if not confidence(high) >= CONFIDENCE:
        return math.nan
    while high - low > 1e-4:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if confidence(middle) >= CONFIDENCE else (middle, high)
    return high


def halves(pbo: Pbo, per_year: float) -> Figure:
    """Each way to halve the history: the winner's Sharpe on the half it won, and on the other."""
    scale = math.sqrt(per_year)
    return before_and_after(
        pbo.in_sample * scale, pbo.out_of_sample * scale, "the half it won", "the other half"
    )


def splits(purged: PurgedValidation) -> Figure:
    """Each split of the purged cross-validation: the winner's Sharpe on the rows it won, and on those tested."""
    return before_and_after(purged.train, purged.test, "the rows it won", "the rows tested")


def before_and_after(before: FloatArray, after: FloatArray, here: str, there: str) -> Figure:
    """One dot a choice: Sharpe where it was made, and where it was not; a random part above MOST_POINTS."""
    points = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    if points.size > MOST_POINTS:
        points = np.sort(np.random.default_rng(0).choice(points, MOST_POINTS, replace=False))
    few = points.size < MOST_POINTS // 10
    data = [
        {"type": "scatter", "mode": "markers", "x": rounded(before[points]), "y": rounded(after[points]),
         "marker": {"color": "$strategy", "size": 7 if few else 4, "opacity": 0.7 if few else 0.35},
         "hovertemplate": "before %{x:.2f}, after %{y:.2f}<extra></extra>"}
    ]  # fmt: skip
    figure = _figure(data, f"Sharpe on {here}", f"Sharpe on {there}", {}, {})
    figure["layout"]["yaxis"] |= {"zeroline": True, "zerolinecolor": "$other"}
    return figure


def paths(purged: PurgedValidation) -> Figure:
    """Sharpe of each path, in ascending order."""
    ordered = np.sort(purged.paths)
    data = [
        {"type": "bar", "x": [str(n + 1) for n in range(ordered.size)], "y": rounded(ordered),
         "marker": {"color": "$strategy"}, "hovertemplate": "Sharpe %{y:.2f}<extra></extra>"}
    ]  # fmt: skip
    figure = _figure(data, "path, from the worst", "Sharpe", {"type": "category"}, {"tickformat": ".2f"})
    figure["layout"]["yaxis"] |= {"zeroline": True, "zerolinecolor": "$other"}
    return figure


def stamped(figure: Figure, simulated: bool) -> Figure:
    """With SIMULATED across it where it is."""
    if simulated:
        figure["layout"]["annotations"] = [*figure["layout"].get("annotations", []), watermark()]
    return figure


def _whole(axes: Mapping[str, Sequence[Any]], pair: tuple[int, int]) -> list[tuple[IntArray, list[str]]]:
    return [_bins(v) for v in (list(axes.values())[a] for a in pair)]


def _bins(choices: Sequence[Any]) -> tuple[IntArray, list[str]]:
    """The bin of each choice, and the bins' labels: each value its own, or MOST_CELLS runs named by their first."""
    size = len(choices)
    if size <= MOST_CELLS:
        return np.arange(size), [safe_label(label(v)) for v in choices]
    bins = np.arange(size) * MOST_CELLS // size
    firsts = np.searchsorted(bins, np.arange(MOST_CELLS))
    return bins, [safe_label(f"{label(choices[i])}…") for i in firsts]


def _where(values: FloatArray, codes: IntArray, chosen: BoolArray) -> FloatArray:
    """The finite values (K,) of the trials with codes (K,) that are chosen, in their order."""
    parts = [slice(first, first + AT_ONCE) for first in range(0, values.size, AT_ONCE)]
    own = np.empty(sum(np.count_nonzero(chosen[codes[part]] & np.isfinite(values[part])) for part in parts))
    count = 0
    for part in parts:
        some = values[part][chosen[codes[part]] & np.isfinite(values[part])]
        own[count : count + some.size] = some
        count += some.size
    return own


def _figure(data: list[Figure], x: str, y: str, x_axis: Figure, y_axis: Figure) -> Figure:
    layout = bare_layout() | {
        "showlegend": False, "hovermode": "closest",
        "xaxis": {
            **AXIS, "title": {"text": safe_label(x), "standoff": 6}, "showgrid": False, "zeroline": False, **x_axis,
        },
        "yaxis": {**AXIS, "title": {"text": safe_label(y), "standoff": 6}, "zeroline": False, **y_axis},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _legend() -> Figure:
    return {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0}


def _grid(values: FloatArray, shape: tuple[int, int]) -> list[list[float | None]]:
    return [rounded(row) for row in values.reshape(shape)]


def rounded(values: Any) -> list[float | None]:
    """To five places, undefined as None."""
    return list(plain([round(float(v), 5) for v in values]))
