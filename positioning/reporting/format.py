"""Numbers and findings in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from positioning.analysis.metrics import Metrics
from positioning.analysis.multiplicity import LEVEL

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport

NOTHING = "–"
SHORT = "under a year"
MINUS = "\u2212"
NARROW = "\u00a0"  # a space that does not break


def number(value: float, digits: int = 2) -> str:
    """With a real minus sign; a dash for what is undefined."""
    if not math.isfinite(value):
        return NOTHING
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace(
        "-", MINUS
    )  # adding 0 takes the sign from zero


def percent(value: float, digits: int = 1) -> str:
    """A fraction as per cent."""
    return f"{number(100 * value, digits)}{NARROW}%" if math.isfinite(value) else NOTHING


def signed(value: float, digits: int = 1) -> str:
    """A fraction as per cent, with its sign."""
    plus = "+" if round(100 * value, digits) > 0 else ""
    return plus + percent(value, digits) if math.isfinite(value) else NOTHING


def outcome_words(p: float, least: float, unit: str = "", digits: int = 1) -> str:
    """How a sentence on an estimate ends: a stop where p tells it from nothing, else that it cannot be, with `least`, the
    smallest that such a test sees in 80 % of cases. unit: of time, such as " a session"."""
    if p <= LEVEL:
        return "."
    power = (
        f"; a test like this sees {percent(least, digits)}{unit} or more in 80 % of cases"
        if least > 0
        else ""
    )
    return f": this cannot be told from nothing{power}."


def before_costs(net: float, costs: float, digits: int = 2) -> str:
    """A return before costs as the sum of the two as they are shown, so that a reader's own sum comes out."""
    total = round(100 * net, digits) + round(100 * costs, digits)  # NaN stays NaN
    return signed(total / 100, digits) if math.isfinite(total) else NOTHING


def metric(m: Metrics, field: str, write: Callable[[float], str]) -> str:
    """A figure of an account, in words where it is one of a year and the account is shorter."""
    return SHORT if m.lacks(field) else write(getattr(m, field))


def findings(report: BacktestReport) -> list[str]:
    """What happened, in sentences made from the numbers alone."""
    m = report.metrics
    if m.sessions < 2:
        return [f"One row, {m.first}: the account opened and nothing can be measured yet."]
    if m.ruined:
        return [ruin(report)]
    if not report.result.gross_exposure.any():
        return [
            f"From {m.first} to {m.last} the strategy held nothing: it was all in cash.",
            *_without_events(report),
        ]
    prices = "In simulated prices, from" if report.result.market.simulated else "From"
    yearly = f"({percent(m.cagr)} a year), Sharpe {number(m.sharpe)}, "
    if m.under_a_year:
        yearly = "(under a year, so no yearly figure), "
    own = (
        f"{prices} {m.first} to {m.last}, after costs: {signed(m.total_return)} {yearly}"
        f"worst drawdown {percent(m.max_drawdown)}."
    )
    return [own, *_without_events(report), *_measure(report)]


def ruin(report: BacktestReport) -> str:
    """When equity reached zero, and what was then owed; where only its mark took it there, that the ledger goes on."""
    r = report.result
    row = int(np.argmax(r.nav <= 0))
    owed = f"; {percent(r.deficit)} of the opening value was then owed beyond it" if r.deficit > 0 else ""
    if r.ruin_row == row:
        stopped = f"RUINED on {r.rows[row]}: equity reached zero and the account was stopped{owed}."
        return f"{stopped} No ratio is quoted on a dead account."
    after = (
        f"was ruined on {r.rows[r.ruin_row]}{owed}" if r.ruin_row is not None else f"ends at {r.nav[-1]:.3f}"
    )
    return (
        f"WORTHLESS on {r.rows[row]}, with trapped holdings counted at {percent(r.inputs.mark_factor, 0)} of their last "
        f"marks: nav is {r.nav[row]:.3f} of the opening value, and from there on the account is judged as lost. Its "
        f"ledger goes on and {after}. No ratio is quoted on such an account."
    )


def _without_events(report: BacktestReport) -> list[str]:
    from positioning.analysis.equal_exposure import long_exposure

    m, p = report.metrics, report.without_events_same_exposure_metrics
    if not report.sleeves:
        return []
    if report.strategy.respond == 0:
        return ["This run is itself without event tilts (respond=0)."]
    if p.ruined:
        return ["Without event tilts the same basket was ruined."]
    plain = signed(report.without_events_metrics.total_return)
    exposure = percent(long_exposure(report.without_events_same_exposure), 0)
    sentence = (
        f"Without event tilts the same basket made {plain}, and held as long on average ({exposure}) as with them "
        f"{signed(p.total_return)}{'' if p.under_a_year else f' (Sharpe {number(p.sharpe)})'}"
    )
    points = round(100 * (m.total_return - p.total_return), 1)
    if points == 0:
        return [f"{sentence}: against that the events changed nothing."]
    if report.placebo is None:
        gap = f"{number(abs(points), 1)} points {'more' if points > 0 else 'less'} with events"
        return [f"{sentence}: {gap}, which was not held against shuffled event dates."]
    better = m.sharpe - p.sharpe
    verb, turn = ("added", better < 0) if points > 0 else ("took away", better > 0)
    risk = f", but {'less' if points > 0 else 'more'} return per unit of risk" if turn else ""
    fair = (
        f"too few returns ({report.placebo.returns}) to say how likely shuffled event dates are to do as well"
        if math.isnan(report.placebo.p_value)
        else f"shuffled event dates did as well in {percent(report.placebo.p_value)} of cases"
    )
    return [f"{sentence}: against that the events {verb} {number(abs(points), 1)} points{risk}; {fair}."]


def _measure(report: BacktestReport) -> list[str]:
    if report.benchmark is None:
        return []
    level_rows = np.flatnonzero(np.isfinite(report.benchmark.levels))
    if level_rows.size < 2:
        return []
    rows, first, last = report.result.rows, level_rows[0], level_rows[-1]
    benchmark_return, own = (
        signed(float(v[last] / v[first] - 1.0)) for v in (report.benchmark.levels, report.result.nav)
    )
    span = f"from {rows[first]} to {rows[last]}, the strategy {own}"
    when = "over the same rows" if level_rows.size == rows.size else span
    return [f"Its benchmark {report.benchmark.title} made {benchmark_return} {when}."]
