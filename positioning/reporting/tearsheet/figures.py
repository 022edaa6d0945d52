"""Every figure beside quantstats', costs, and where profit came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, final

from positioning.analysis.report import BacktestReport
from positioning.arrays import DAYS_PER_YEAR
from positioning.plurals import counted
from positioning.reporting.format import NOTHING, SHORT, metric, number, percent, signed
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
from positioning.reporting.view import Cell, TableRow
from positioning.simulation.profit import PARTS
from positioning.simulation.result import Result

TOLERANCE = 1e-6  # relative: both programs take the same numbers, so only rounding may part them

_NORMAL = "quantstats' is a normal distribution's; ours is read off the returns themselves"
KINDS = {"afrc_levy": "AFRC levy", "sec_fee": "SEC fee"}
BETAS: Mapping[str, str] = MappingProxyType(
    {
        "same_day": "on its returns of the same row, since all that was held closes when it does",
        "dimson": "on its returns of the row before, the same and the next one (Dimson), since some of what was held "
        "closes at another hour",
    }
)
_OVER = "quantstats regresses without cash, on returns of the same row"
_CASH = "quantstats' ratio is not over cash"


class Row(NamedTuple):
    """A metric: its field, its name, whether it is a fraction, and why quantstats may differ."""

    field: str
    label: str
    fraction: bool = True
    reason: str = ""


ROWS = (
    Row("total_return", "Total return"),
    Row("cagr", "Return a year (CAGR)", reason="quantstats counts rows, not calendar days"),
    Row("volatility", "Volatility a year"),
    Row("sharpe", "Sharpe", False, _CASH),
    Row("sortino", "Sortino", False, _CASH),
    Row("max_drawdown", "Worst drawdown"),
    Row("calmar", "Calmar", False, "quantstats divides its own CAGR"),
    Row("var_95", "Value at risk, 95 %, one row", reason=_NORMAL),
    Row("es_95", "Expected shortfall, 95 %, one row", reason=_NORMAL),
    Row("hit_rate", "Rows with a gain"),
    Row("beta", "Beta to the benchmark", False, _OVER),
    Row("alpha", "Alpha a year", reason=_OVER),
    Row("turnover", "Turnover a year, one-way", False),
    Row("cost_bps_per_year", "Trading cost, bps a year", False),
)


@final
@dataclass(frozen=True, slots=True)
class FiguresPart:
    """The view of `figures.html`. rows: of the account, counted, with its span; beta: how it is measured; tolerance: in a
    million; remarks: on the worst drawdown, and by quantstats."""

    compared: tuple[TableRow, ...]
    rows: str
    days: str
    cash: str
    benchmark: str
    beta: str
    tolerance: str
    remarks: tuple[str, ...]
    costs: tuple[TableRow, ...]
    fees: str
    base: str
    leg_heads: tuple[str, ...]
    legs: tuple[TableRow, ...]


def figures(report: BacktestReport, outside: QuantstatsPage) -> FiguresPart:
    """Every metric: ours, without events, quantstats', and whether the two programs agree; costs and profit by leg."""
    m, r = report.metrics, report.result
    columns = [p for p in PARTS if p != "impact" or r.inputs.capital]
    return FiguresPart(
        compared=tuple(_compared(row, report, outside.figures) for row in ROWS),
        rows=f"{counted(m.sessions, 'row')} from {m.first} to {m.last}, {number(m.rows_per_year, 1)} a year",
        days=f"{DAYS_PER_YEAR:g}",
        cash=r.inputs.cash_label,
        benchmark="" if report.benchmark is None else report.benchmark.title,
        beta=BETAS[m.beta_measure],
        tolerance=f"{TOLERANCE * 1e6:g}",
        remarks=(*_falls(report), *outside.remarks),
        costs=_costs(report),
        fees=r.inputs.fee_label,
        base=r.market.base,
        leg_heads=("Leg", *(p.capitalize() for p in columns), "Total"),
        legs=_legs(report, columns),
    )


def _compared(row: Row, report: BacktestReport, outside: Mapping[str, float]) -> TableRow:
    m, field = report.metrics, row.field
    write = (lambda v: percent(v, 2)) if row.fraction else number
    cells = (row.label, metric(m, field, write), metric(report.without_events_metrics, field, write))
    if field not in outside or m.lacks(field):
        other = SHORT if m.lacks(field) else NOTHING
        return (*cells, other, Cell("not asked", kind="quiet"))
    return (*cells, write(outside[field]), _verdict(getattr(m, field), outside[field], row.reason))


def _verdict(own: float, other: float, reason: str) -> Cell:
    if math.isnan(own) and math.isnan(other):
        return Cell("both undefined", kind="quiet")
    if math.isclose(own, other, rel_tol=TOLERANCE, abs_tol=1e-12):
        return Cell("agree", kind="quiet")
    if reason:
        return Cell(reason, "div", "wide", before="differ: ")
    return Cell("differ, for no known reason: trust neither before you know it", "div", "differs wide")


def _falls(report: BacktestReport) -> list[str]:
    d = report.metrics.drawdown
    if d.peak is None:
        return []
    back = f"recovered on {d.recovery}" if d.recovery is not None else "not recovered by the last row"
    return [f"Worst drawdown: high on {d.peak}, low on {d.trough}, {back}."]


def _costs(report: BacktestReport) -> tuple[TableRow, ...]:
    """Fees by kind, and financing, in bps of mean nav a year, beside those without events; the last row is their sum."""
    own, without = _yearly(report.result), _yearly(report.without_events)
    rows = (
        (KINDS.get(kind, kind.replace("_", " ").capitalize()), number(own[kind], 1), number(without[kind], 1))
        for kind in own
        if own[kind] or without[kind]
    )
    return (*rows, ("All", *(number(sum(of.values()), 1) for of in (own, without))))


def _yearly(result: Result) -> dict[str, float]:
    days = float((result.rows[-1] - result.rows[0]).astype(int))
    per = 1e4 / result.nav.mean() / (days / DAYS_PER_YEAR) if days and result.nav.mean() > 0 else math.nan
    fees = {kind: float(values.sum()) * per for kind, values in result.costs.items()}
    fees |= {"market impact": float(result.impact.sum()) * per}
    return fees | {"borrow on shorts": -float(result.profit["financing"].sum()) * per}


def _legs(report: BacktestReport, columns: Sequence[str]) -> tuple[TableRow, ...]:
    """Profit by leg and part, in per cent of the opening nav; the last row, their sum, is the total return."""
    book = report.result.contributions()
    rows = (
        (symbol, *(signed(parts[p], 2) for p in columns), signed(sum(parts.values()), 2))
        for symbol, parts in book.items()
        if any(parts.values())
    )
    sums = [sum(parts[p] for parts in book.values()) for p in columns]
    return (*rows, ("All", *(signed(s, 2) for s in sums), signed(sum(sums), 2)))
