"""What a reader sees first: the verdict, what was held, the value, its falls, months, weights and trailing periods."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import final

from positioning.analysis.code_check import words_of
from positioning.analysis.periods import monthly, trailing
from positioning.analysis.report import BacktestReport
from positioning.analysis.verdict import RULES, Verdict
from positioning.reporting.event_marks import sign_for
from positioning.reporting.format import before_costs, findings, metric, number, percent, signed
from positioning.reporting.tearsheet.charts import blocked
from positioning.reporting.verdict import rules
from positioning.reporting.view import Tile
from positioning.strategy.from_file import command_word

DEEPEST = 0.1  # monthly return at which a cell of the heat map is fullest

TILES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("total_return", "return after costs", signed),
    ("cagr", "a year", signed),
    ("volatility", "volatility", percent),
    ("sharpe", "Sharpe", number),
    ("max_drawdown", "worst drawdown", percent),
    ("cost_bps_per_year", "bps of cost a year", partial(number, digits=0)),
)
RETURNS = ("total_return", "cagr")  # not quoted without the names held, where these were under half


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """A month: its return, whether a gain or a loss, and how deep its ground is, per cent."""

    text: str
    tone: str
    depth: int


@final
@dataclass(frozen=True, slots=True)
class Year:
    """A line of the heat map."""

    year: int
    cells: tuple[Cell, ...]
    total: str


@final
@dataclass(frozen=True, slots=True)
class FirstScreen:
    """The view of `tearsheet/first_screen.html`."""

    title: str
    simulated: bool
    silence: str
    verdict: Verdict
    held_words: str
    under_half: bool
    missing: str
    findings: tuple[str, ...]
    tiles: tuple[Tile, ...]
    has_charts: bool
    value_words: str
    drawdown_words: str
    weights_words: str
    years: tuple[Year, ...]
    trailing_heads: tuple[str, ...]
    trailing: tuple[tuple[str, ...], ...]
    rules: tuple[tuple[str, str], ...]
    check: str
    check_failed: bool


def first_screen(report: BacktestReport) -> FirstScreen:
    """Everything it shows, in words."""
    m, r, coverage = report.metrics, report.result, report.coverage
    missing = [s for s in report.strategy.names if s not in r.market.symbols]
    has_charts = m.sessions > 1
    return FirstScreen(
        title=report.strategy.title,
        simulated=r.market.simulated,
        silence="" if report.silence is None else report.silence.words,
        verdict=report.verdict,
        held_words=coverage.words[0].upper() + coverage.words[1:],
        under_half=coverage.under_half,
        missing=f"without prices: {', '.join(missing)}" if missing else "",
        findings=tuple(findings(report)),
        tiles=tuple(_tile(report, *one) for one in TILES) if has_charts and not m.ruined else (),
        has_charts=has_charts,
        value_words=_value_words(report) if has_charts else "",
        drawdown_words=f"Worst {percent(m.max_drawdown)}.",
        weights_words=_weights_words(report) if has_charts else "",
        years=years(report),
        trailing_heads=_heads(report),
        trailing=_trailing(report) if has_charts else (),
        rules=rules(RULES),
        check=words_of(report.check, command_word(type(report.strategy))),
        check_failed=report.check is not None and report.check.wrong,
    )


def _tile(report: BacktestReport, field: str, label: str, write: Callable[[float], str]) -> Tile:
    own, plain = (metric(m, field, write) for m in (report.metrics, report.without_events_metrics))
    coverage = report.coverage
    if coverage.under_half and field in RETURNS:
        label = f"{label}, on {coverage.names} of {coverage.of} names"
    beside = f"without events {plain}" if report.answers_events else ""
    return Tile(own, label, beside, "bad" if coverage.under_half else "")


def _value_words(report: BacktestReport) -> str:
    m, r = report.metrics, report.result
    if not report.answers_events:
        return f"It ends at {r.nav[-1]:.3f}."
    inside = [e for e in report.events if m.first <= e.known_on() <= m.last]
    used = sum(sign_for(e, report.sleeves) is not None for e in inside)
    return (
        f"It ends at {r.nav[-1]:.3f}, without event tilts {report.without_events.nav[-1]:.3f}. Events in this span: "
        f"{len(inside)}, of which it answers {used}; point at a mark to read one."
    )


def _weights_words(report: BacktestReport) -> str:
    r = report.result
    gross, net = (percent(float(e.mean()), 0) for e in (r.gross_exposure, r.net_exposure))
    stuck = blocked(report)
    rows = sum(f[-1] for f in stuck)
    names = len({f[0] for f in stuck})
    halts = (
        f" Held but not tradable: {names} name{'s' if names != 1 else ''}, {rows} row{'s' if rows != 1 else ''} in all; "
        "point at a cross to read which."
        if stuck
        else ""
    )
    return f"Each fifth row; gross {gross} and net {net} on average, the rest is cash.{halts}"


def years(report: BacktestReport) -> tuple[Year, ...]:
    """The heat map, the newest year first."""
    if report.metrics.sessions < 2:
        return ()
    table = monthly(report.result.rows, report.result.nav)
    lines = []
    for year, months in sorted(table.items(), reverse=True):
        whole = math.prod(1.0 + v for v in months.values()) - 1.0
        lines.append(Year(year, tuple(_cell(months.get(n, math.nan)) for n in range(1, 13)), signed(whole)))
    return tuple(lines)


def _cell(value: float) -> Cell:
    if not math.isfinite(value):
        return Cell("", "", 0)
    depth = round(38 * min(1.0, abs(value) / DEEPEST))
    return Cell(number(100 * value, 1), "gain" if value > 0 else "loss" if value < 0 else "", depth)


def _heads(report: BacktestReport) -> tuple[str, ...]:
    heads = ["", "Before costs", "Costs", "After costs", "a year"]
    if report.benchmark is not None:
        heads.append(report.benchmark.label)
    return (*heads, *(["Without events"] if report.answers_events else []))


def _trailing(report: BacktestReport) -> tuple[tuple[str, ...], ...]:
    rows = []
    for p in trailing(report.result, report.without_events, report.benchmark):
        cells = [
            p.label, before_costs(p.net, p.costs), percent(-p.costs, 2), signed(p.net, 2), signed(p.a_year(p.net)),
        ]  # fmt: skip
        if report.benchmark is not None:
            cells.append(signed(p.benchmark))
        rows.append((*cells, *([signed(p.without_events)] if report.answers_events else [])))
    return tuple(rows)
