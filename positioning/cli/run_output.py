"""What a run prints: a table for people, one JSON object for programs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from positioning.analysis.metrics import to_json as metrics_json
from positioning.analysis.report import BacktestReport

FIELDS = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown",
    "turnover", "cost_bps_per_year", "first", "last", "sessions",
)  # fmt: skip


def snapshot(reports: Sequence[BacktestReport]) -> str:
    """SHA-256 over the price snapshots of all strategies."""
    return hashlib.sha256("".join(sorted({s.result.market.snapshot for s in reports})).encode()).hexdigest()


def to_json(data: str, reports: Sequence[BacktestReport], files: Sequence[Path]) -> dict[str, Any]:
    """Returns, volatility, drawdown as fractions; turnover and cost a year's; undefined is None; dates ISO."""
    figures = {s.strategy.name: metrics_json(s.metrics) for s in reports}
    return {
        "data": data,
        "snapshot": snapshot(reports),
        "strategies": {
            s.strategy.name: {
                "verdict": s.verdict.to_json(),
                "held": s.held.to_json(),
                **{field: figures[s.strategy.name][field] for field in FIELDS},
            }
            for s in reports
        },
        "files": [str(f) for f in files],
    }


def print_summary(reports: Sequence[BacktestReport], files: Sequence[Path]) -> None:
    """The table, what a reader must know about the data, and the paths written."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    if any(s.result.market.simulated for s in reports):
        console.print("SIMULATED prices: a demonstration, not evidence", style="bold red")
    for s in reports:
        tone = {"bad": "bold red", "good": "bold green"}.get(s.verdict.tone, "bold")
        console.print(f"{s.strategy.name}: {s.verdict.sentence}", style=tone, markup=False)
    table = Table(box=None, padding=(0, 1), collapse_padding=True, pad_edge=False, header_style="bold")
    table.add_column("strategy", no_wrap=True)
    table.add_column("held", justify="right", no_wrap=True)
    for heading in (
        "return",
        "a year",
        "vol",
        "Sharpe",
        "draw-\ndown",
        "turn-\nover",
        "cost\nbps",
        "blind",
        "blind\nSharpe",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for s in reports:
        m, p = s.metrics, s.without_events_metrics
        table.add_row(
            s.strategy.name, f"{s.held.names}/{s.held.of}", f"{m.total_return:+.1%}",
            _pct(m.cagr), _pct(m.volatility), _num(m.sharpe),
            _pct(m.max_drawdown), _num(m.turnover), _num(m.cost_bps_per_year, 0),
            f"{p.total_return:+.1%}", _num(p.sharpe),
        )  # fmt: skip
    console.print(table)
    console.print("blind: the same basket, screens and schedule without event tilts (respond=0)", style="dim")
    for s in reports:
        ruin = f"; RUINED on {s.result.rows[s.result.ruin_row]}" if s.result.ruin_row is not None else ""
        console.print(
            f"{s.strategy.name}: {s.metrics.first} to {s.metrics.last}, {s.metrics.sessions} sessions{ruin}"
        )
    for line in notice_lines(reports):
        console.print(line, markup=False)
    for f in files:
        console.print(f"wrote {f}", markup=False)


def notice_lines(reports: Sequence[BacktestReport]) -> list[str]:
    """Each notice once: `[strategies] symbols text`; warnings of the quality gate counted, since the pages list them."""
    where: dict[tuple[str, str], list[str]] = {}
    for s in reports:
        for n in s.notices:
            where.setdefault((n.symbol, n.text), []).append(s.strategy.name)
    lines: dict[tuple[str, ...], list[str]] = {}
    for (symbol, text), names in where.items():
        lines.setdefault((text, *names), []).append(symbol)
    shown = []
    for (text, *names), symbols in lines.items():
        whose = "all" if len(names) == len(reports) > 1 else ", ".join(names)
        shown.append(f"[{whose}] {', '.join(filter(None, symbols))} {text}".replace("]  ", "] "))
    for s in reports:
        if held := ", ".join(
            f"{q} {days} (up to {share:.0%} of nav)" for q, (days, share) in s.result.unpriced.items()
        ):
            shown.append(f"[{s.strategy.name}] sessions held without a price, at the last mark: {held}")
    found = {(f.symbol, f.check, f.first) for s in reports for f in s.result.market.findings}
    return [*shown, f"{len(found)} warnings about the prices stand on the pages"] if found else shown


def _pct(x: float) -> str:
    return f"{x:.1%}" if math.isfinite(x) else "-"


def _num(x: float, digits: int = 2) -> str:
    return f"{x:.{digits}f}" if math.isfinite(x) else "-"
