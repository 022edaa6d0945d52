"""Numbers and findings in words."""

from __future__ import annotations

import math

import numpy as np

from positioning.reporting.sheet import Sheet

NOTHING = "–"
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


def title(sheet: Sheet) -> str:
    """The position's name for people."""
    return " ".join(word[:1].upper() + word[1:] for word in sheet.position.name.split("_"))


def findings(sheet: Sheet) -> list[str]:
    """What happened, in sentences made from the numbers alone."""
    m = sheet.metrics
    if m.sessions < 2:
        return [f"One row, {m.first}: the account opened and nothing can be measured yet."]
    if m.ruined:
        return [ruin(sheet)]
    if not sheet.result.gross_exposure.any():
        return [f"From {m.first} to {m.last} the position held nothing: it was all in cash.", *_twin(sheet)]
    prices = "In simulated prices, from" if sheet.result.market.simulated else "From"
    own = (
        f"{prices} {m.first} to {m.last}, after costs: {signed(m.total_return)} ({percent(m.cagr)} a year), "
        f"Sharpe {number(m.sharpe)}, worst drawdown {percent(m.max_drawdown)}."
    )
    return [own, *_twin(sheet), *_measure(sheet)]


def ruin(sheet: Sheet) -> str:
    """When equity reached zero, and what was then owed."""
    r = sheet.result
    owed = f"; {percent(r.deficit)} of the opening value was then owed beyond it" if r.deficit > 0 else ""
    day = r.rows[int(np.argmax(r.nav <= 0))]
    stopped = f"RUINED on {day}: equity reached zero and the account was stopped{owed}."
    return f"{stopped} No ratio is quoted on a dead account."


def _twin(sheet: Sheet) -> list[str]:
    m, p = sheet.metrics, sheet.plain_metrics
    if sheet.position.respond == 0:
        return ["This run is itself without event tilts (respond=0)."]
    if p.ruined:
        return ["Without event tilts the same basket was ruined."]
    made = f"Without event tilts the same basket made {signed(p.total_return)} (Sharpe {number(p.sharpe)})"
    points = round(100 * (m.total_return - p.total_return), 1)
    if points == 0:
        return [f"{made}: the events changed nothing."]
    better = m.sharpe - p.sharpe
    verb, turn = ("added", better < 0) if points > 0 else ("took away", better > 0)
    risk = f", but {'less' if points > 0 else 'more'} return per unit of risk" if turn else ""
    return [f"{made}: the events {verb} {number(abs(points), 1)} points{risk}."]


def _measure(sheet: Sheet) -> list[str]:
    if sheet.benchmark is None:
        return []
    known = np.flatnonzero(np.isfinite(sheet.benchmark.levels))
    if known.size < 2:
        return []
    rows, first, last = sheet.result.rows, known[0], known[-1]
    made, own = (signed(float(v[last] / v[first] - 1.0)) for v in (sheet.benchmark.levels, sheet.result.nav))
    span = f"from {rows[first]} to {rows[last]}, the position {own}"
    when = "over the same rows" if known.size == rows.size else span
    return [f"Its benchmark {sheet.benchmark.name} ({sheet.benchmark.symbol}) made {made} {when}."]
