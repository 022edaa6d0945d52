"""The sentences of the comparison page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from positioning.analysis.block_bootstrap import BLOCK, LEVEL
from positioning.analysis.holding_coverage import HoldingCoverage
from positioning.analysis.metrics import MIN_RETURNS
from positioning.arrays import FloatArray
from positioning.plurals import counted
from positioning.reporting.format import number, signed
from positioning.runs.comparison import MEASURED, ComparedRun, Comparison, benchmark_words, history_of

MIXED = (
    "Real and SIMULATED prices side by side: no difference between a run on the one and a run on the other is evidence "
    "of anything."
)


UNKNOWN = (
    "SIMULATED prices beside returns of which it is not known on what prices they were made ({}): no difference between "
    "the two is evidence of anything."
)


def mixed(c: Comparison) -> str:
    """The warning where accounts on generated prices stand beside others; "" where none do."""
    if not c.mixed:
        return ""
    real = any(x.run.summary["simulated"] is False for x in c.contenders)
    unknown = UNKNOWN.format(", ".join(c.unknown)) if c.unknown else ""
    return " ".join(text for text in (MIXED if real else "", unknown) if text)


def remarks(c: Comparison) -> list[str]:
    """What a reader must know before reading a number."""
    sentences = [mixed(c)] if c.mixed else []
    sentences += [decided(c)] if c.pairs else []
    sentences += (
        [_headline(c)] if c.span else ["These runs have no two dates in common: nothing can be compared."]
    )
    sentences += _longer(c)
    if len(c.contenders) == 1:
        sentences.append("Only one run: there is nothing to compare it with.")
    for one in c.contenders:
        sentences += _alone(one)
    for a, b in combinations([x for x in c.contenders if x.inside], 2):
        if np.array_equal(a.course.dates, b.course.dates) and np.array_equal(_wealth(a), _wealth(b)):
            sentences.append(f"{a.label} and {b.label} are identical: the same value on every row.")
    return sentences


def _wealth(c: ComparedRun) -> FloatArray:
    return np.asarray(c.course.nav / max(c.course.nav[0], 1e-300))


def _headline(c: Comparison) -> str:
    assert c.span is not None  # noqa: S101 (asked by the caller)
    totals = [(x.metrics.total_return, _named(x)) for x in c.contenders if x.inside and x.metrics is not None]
    over = f"From {c.span[0]} to {c.span[1]}, after costs"
    if len(totals) < 2:
        return f"{over}."
    low, high = min(totals)[0], max(totals)[0]
    sharpe = [(x.metrics.sharpe, _named(x)) for x in c.contenders if x.alive and x.metrics]
    sharpe = [s for s in sharpe if math.isfinite(s[0])]
    top = max(sharpe)[0] if sharpe else math.nan
    ratio = f" The highest Sharpe is {number(top)}, of {_whose(sharpe, top)}." if sharpe else ""
    if low == high:
        return f"{over}: all made {signed(high)}."
    return f"{over}: {_whose(totals, high)} made most, {signed(high)}; {_whose(totals, low)} least, {signed(low)}.{ratio}"


def under_half(x: ComparedRun) -> bool:
    """Whether the account held less than half of what its strategy wants; False where that is not known."""
    coverage = _coverage(x)
    return coverage is not None and coverage.under_half


def held_words(x: ComparedRun) -> str:
    """`held 3 of 12 names`, "" where that is not known."""
    coverage = _coverage(x)
    return "" if coverage is None else f"held {coverage.names} of {counted(coverage.of, 'name')}"


def _coverage(x: ComparedRun) -> HoldingCoverage | None:
    fields = x.run.summary.get("held")
    return HoldingCoverage(**fields) if fields else None


def _named(x: ComparedRun) -> str:
    """Its label, and what it held where that was under half."""
    return f"{x.label} ({held_words(x)})" if under_half(x) else x.label


def _longer(c: Comparison) -> list[str]:
    """Whose return over its own dates is another than over those that all share."""
    parts = []
    for x in c.contenders:
        whole = history_of(x.run)
        if not x.alive or x.metrics is None or whole.dates.size == x.course.dates.size or whole.nav[0] <= 0:
            continue
        own = signed(float(whole.nav[-1] / whole.nav[0] - 1.0))
        if own != signed(x.metrics.total_return):
            parts.append(f"{_named(x)} {own} from {whole.dates[0]} to {whole.dates[-1]}")
    return [
        f"These are the dates that all share; over its own each made another return: {'; '.join(parts)}."
    ] * bool(parts)


def _whose(values: Sequence[tuple[float, str]], value: float) -> str:
    return " and ".join(label for v, label in values if v == value)


def _alone(c: ComparedRun) -> list[str]:
    course, days = c.course, c.run.returns
    if course.dates.size < 2:
        return [
            f"{c.label} has a single row, {course.dates[0]}: it is left out, and nothing of it can be measured."
        ]
    if course.ruined:
        day = course.dates[int(np.argmax(course.nav <= 0))]
        return [
            f"{c.label} was RUINED by {day}: no ratio is quoted on a dead account, and it enters no test."
        ]
    if days["gross"].isna().all():
        return [
            f"{c.label} is returns alone: its costs, turnover and exposure are not known, and not taken for zero."
        ]
    if not days["gross"].any():
        return [f"{c.label} held nothing: it was all in cash."]
    levels = course.benchmark
    if np.isfinite(levels).all() and np.allclose(levels / levels[0], _wealth(c), rtol=1e-9, atol=0):
        symbol = c.run.summary["benchmark"]["symbol"]
        return [f"{c.label} equals its benchmark {symbol}: beta is 1 and alpha 0 by construction."]
    return []


def method(c: Comparison) -> list[str]:
    """How its figures are computed."""
    return [
        "Metrics are defined as on the tearsheets: excess over the run's own cash rate, ratios annualised by its own "
        "rows a year, yearly return by calendar days. Beta and alpha are to each run's own benchmark, "
        + _measures(c),
        f"Intervals: circular blocks of {BLOCK} rows, {c.draws:,} draws, seed {c.seed}, {LEVEL:.0%} percentiles, from "
        f"{MIN_RETURNS} returns on. They say how far chance moves a figure if the future is like this past; none knows "
        "that the universe and the signs of the events were chosen with hindsight. That of the worst drawdown is of "
        "paths made of the same returns in another order, and need not hold the figure.",
        "p of a pair: share of block draws, centred on no difference, whose difference is at least as large; one-sided. "
        "Holm's correction is for all ordered pairs. Hansen's test (2005) asks of the best of all others, on sums over "
        f"blocks of {BLOCK} rows; its consistent p, with the lower and upper one in brackets.",
        "A period chosen here opens on its first row: what was traded on that row lies before it.",
    ]


def decided(c: Comparison) -> str:
    """Which strategy earns more than which, by the pairwise tests."""
    sure = [p for p in c.pairs if p.holm <= 1 - LEVEL]
    if not sure:
        return (
            "No strategy earns more than another by more than chance would explain, all pairs taken together."
        )
    return " ".join(
        f"{c.contenders[c.rivals[p.winner]].label} earns more than {c.contenders[c.rivals[p.loser]].label} "
        f"(p = {p.holm:.3f} after Holm)."
        for p in sure
    )


def _measures(c: Comparison) -> str:
    """Against which benchmark, and by which returns, each run's beta is."""
    each = [
        f"{x.label} to {benchmark_words(x.run.summary['benchmark'])} {MEASURED[x.course.beta_measure]}"
        for x in c.contenders
        if x.run.summary["benchmark"] is not None
    ]
    return "; ".join(each) + "." if each else "of which none has one."
