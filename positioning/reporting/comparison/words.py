"""The sentences of the comparison page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from positioning.arrays import FloatArray
from positioning.reporting.format import number, signed
from positioning.runs.comparison import ComparedRun, Comparison

MIXED = (
    "Real and SIMULATED prices side by side: no difference between a run on the one and a run on the other is evidence "
    "of anything."
)


def remarks(c: Comparison) -> list[str]:
    """What a reader must know before reading a number."""
    said = [MIXED] if c.mixed else []
    said += [_headline(c)] if c.span else ["These runs have no two dates in common: nothing can be compared."]
    if len(c.contenders) == 1:
        said.append("Only one run: there is nothing to compare it with.")
    for one in c.contenders:
        said += _alone(one)
    for a, b in combinations([x for x in c.contenders if x.inside], 2):
        if np.array_equal(a.course.dates, b.course.dates) and np.array_equal(_grown(a), _grown(b)):
            said.append(f"{a.label} and {b.label} are identical: the same value on every row.")
    return said


def _grown(c: ComparedRun) -> FloatArray:
    return np.asarray(c.course.nav / max(c.course.nav[0], 1e-300))


def _headline(c: Comparison) -> str:
    assert c.span is not None  # noqa: S101 (asked by the caller)
    known = [(x.metrics.total_return, x.label) for x in c.contenders if x.inside and x.metrics is not None]
    over = f"From {c.span[0]} to {c.span[1]}, after costs"
    if len(known) < 2:
        return f"{over}."
    low, high = min(known)[0], max(known)[0]
    sharpe = [(x.metrics.sharpe, x.label) for x in c.contenders if x.alive and x.metrics]
    sharpe = [s for s in sharpe if math.isfinite(s[0])]
    top = max(sharpe)[0] if sharpe else math.nan
    ratio = f" The highest Sharpe is {number(top)}, of {_whose(sharpe, top)}." if sharpe else ""
    if low == high:
        return f"{over}: all made {signed(high)}."
    return f"{over}: {_whose(known, high)} made most, {signed(high)}; {_whose(known, low)} least, {signed(low)}.{ratio}"


def _whose(values: Sequence[tuple[float, str]], value: float) -> str:
    return " and ".join(label for v, label in values if v == value)


def _alone(c: ComparedRun) -> list[str]:
    course, days = c.course, c.kept.returns
    if course.dates.size < 2:
        return [
            f"{c.label} has a single row, {course.dates[0]}: it is left out, and nothing of it can be measured."
        ]
    if course.ruined:
        day = course.dates[int(np.argmax(course.nav <= 0))]
        return [
            f"{c.label} was RUINED by {day}: no ratio is quoted on a dead account, and it enters no test."
        ]
    if not days["gross"].any():
        return [f"{c.label} held nothing: it was all in cash."]
    levels = course.benchmark
    if np.isfinite(levels).all() and np.allclose(levels / levels[0], _grown(c), rtol=1e-9, atol=0):
        symbol = c.kept.summary["benchmark"]["symbol"]
        return [f"{c.label} equals its benchmark {symbol}: beta is 1 and alpha 0 by construction."]
    return []
