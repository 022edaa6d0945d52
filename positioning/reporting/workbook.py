"""The tables of a run as a spreadsheet, a sheet each; none of its cells is run there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, final

import numpy as np

from positioning.analysis.metrics import to_json
from positioning.analysis.periods import Period, calendar_years, monthly, trailing
from positioning.analysis.report import BacktestReport
from positioning.csv_output import escaped_formula
from positioning.errors import BadInputError
from positioning.files import atomic_file, safe_name
from positioning.market.bars import Notice
from positioning.reporting.factors import HEADS
from positioning.reporting.page_file import refuse_foreign_pages
from positioning.runs.keeping import daily, legs
from positioning.simulation.profit import PARTS

AUTHOR = "positioning"  # by which a workbook is known as ours
MOST_ROWS = 1_048_575  # below the heading, in a sheet


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """heads: of the columns; rows: of texts, numbers, truths, dates or None."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[object]]


def write_workbook(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/NAME.xlsx` whole; returns its path. Raises BadInputError where a foreign file stands there and for
    tables longer than a sheet."""
    import xlsxwriter

    path = directory / f"{safe_name(report.strategy.name)}.xlsx"
    refuse_foreign_pages(directory, [path.name])
    tables = sheets(report)
    if long := next((s for s in tables if len(s.rows) > MOST_ROWS), None):
        raise BadInputError(
            f"the table {long.name} has {len(long.rows):,} rows", f"wanted at most {MOST_ROWS:,} in a sheet",
            "read the kept run's Parquet files",
        )  # fmt: skip
    simulated = report.result.market.simulated
    with atomic_file(path) as draft:
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(draft), options) as book:
            book.set_properties({
                "title": f"{'SIMULATED: ' if simulated else ''}{report.strategy.title}", "author": AUTHOR,
                "created": datetime.fromisoformat(str(report.metrics.last)),
            })  # fmt: skip
            bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
            for sheet in tables:
                page = book.add_worksheet(sheet.name)
                if simulated:
                    page.set_header("&CSIMULATED")
                    page.set_tab_color("#C0392B")
                page.freeze_panes(1, 0)
                for column, head in enumerate(sheet.heads):
                    page.write_string(0, column, str(escaped_formula(head)), bold)
                for at, row in enumerate(sheet.rows, 1):
                    for column, value in enumerate(row):
                        _write(page, at, column, value, day)
    return path


def _write(page: Any, row: int, column: int, value: object, day: object) -> None:
    """One cell, by its kind; nothing for what is undefined."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        page.write_number(row, column, value)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, day)
    else:
        page.write_string(row, column, str(escaped_formula(str(value))))


def sheets(report: BacktestReport) -> list[Sheet]:
    """Every table of the run."""
    r = report.result
    tables = [
        Sheet("About", ("fact", "value"), _about(report)),
        _metrics(report),
        _columns("Daily", daily(report)),
        _columns("Ledger", legs(r)),
        Sheet("Orders", tuple(map(str, r.orders.columns)), _rows(r.orders.to_numpy().tolist())),
        Sheet(
            "Profit by leg", ("symbol", *PARTS),
            [[s, *(own[p] for p in PARTS)] for s, own in r.contributions().items()],
        ),
    ]  # fmt: skip
    if r.rows.size > 1:
        spans = ("period", "first", "last", "gross", "costs", "net", "benchmark", "without_events")
        without, measure = report.without_events, report.benchmark
        tables += [
            Sheet("Trailing", spans, [_period(p) for p in trailing(r, without, measure)]),
            Sheet("Years", spans, [_period(p) for p in calendar_years(r, without, measure)]),
            Sheet("Months", ("year", *map(str, range(1, 13))),
                  [[year, *(m.get(n) for n in range(1, 13))] for year, m in monthly(r.rows, r.nav).items()]),
        ]  # fmt: skip
    if report.risk is not None:
        shares = report.risk.to_json()
        rows = [[kind, name, value] for kind, own in shares.items() for name, value in own.items()]
        tables.append(Sheet("Risk", ("by", "name", "share_of_variance"), rows))
    if (f := report.factors) is not None:
        fit = f.fit.fit
        names = ("Alpha a row", *f.factors.names)
        table = zip(names, fit.coefficients, fit.errors, fit.t, fit.p, strict=True)
        tables.append(Sheet("Factors", ("name", *HEADS[1:]), [list(row) for row in table]))
    if report.world:
        heads = ("series", "third", "returns", "mean", "volatility", "total", "drawdown")
        rows = [
            [w.name, s.state, s.returns, s.mean, s.volatility, s.total, s.drawdown]
            for w in report.world
            for s in w.states
        ]
        tables.append(Sheet("World", heads, rows))
    return tables


def _about(report: BacktestReport) -> list[list[object]]:
    r = report.result
    warning: list[list[object]] = [["SIMULATED", "generated prices: none was ever paid"]]
    return [
        *(warning if r.market.simulated else []),
        ["strategy", report.strategy.title], ["verdict", report.verdict.sentence], ["prices", r.market.source],
        ["snapshot", r.market.snapshot], ["base currency", r.market.base], ["fees", r.inputs.fee_label],
        ["dividends", r.inputs.tax_label], ["cash earns", r.inputs.cash_label],
        ["benchmark", "none" if report.benchmark is None else report.benchmark.title], ["command", report.command],
        *([f"parameter {k}", _text(v)] for k, v in report.strategy.parameters().items()),
        *(_notice(n) for n in report.notices),
    ]  # fmt: skip


def _notice(n: Notice) -> list[object]:
    return ["notice", f"{n.symbol} {n.text}".strip()]


def _metrics(report: BacktestReport) -> Sheet:
    each = [
        to_json(m)
        for m in (
            report.metrics, report.without_events_metrics, report.without_events_same_exposure_metrics,
        )
    ]  # fmt: skip
    rows = [[name, *(own[name] for own in each)] for name in each[0] if name != "drawdown"]
    return Sheet("Metrics", ("metric", "strategy", "without events", "without events, as long"), rows)


def _period(p: Period) -> list[object]:
    return [p.label, str(p.first), str(p.last), p.gross, p.costs, p.net, p.benchmark, p.without_events]


def _columns(name: str, table: dict[str, np.ndarray[Any, Any]]) -> Sheet:
    columns = [_plain(values) for values in table.values()]
    return Sheet(name, tuple(table), list(zip(*columns, strict=True)))


def _text(value: object) -> object:
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def _plain(values: np.ndarray[Any, Any]) -> list[Any]:
    return list((values.astype("datetime64[D]") if values.dtype.kind == "M" else values).tolist())


def _rows(rows: Iterable[Sequence[Any]]) -> list[list[object]]:
    """Time stamps as dates; a missing one as nothing."""
    return [[_day(v) for v in row] for row in rows]


def _day(value: Any) -> object:
    if isinstance(value, datetime):
        return None if value != value else value.date()  # noqa: PLR0124 (NaT is not itself)
    return value
