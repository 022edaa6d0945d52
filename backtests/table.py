"""What a run prints: a table for people, one JSON object for programs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from positioning.reporting.sheet import Sheet

from positioning.research.metrics import to_json as metrics_json

FIELDS = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown",
    "turnover", "cost_bps_per_year", "first", "last", "sessions",
)  # fmt: skip


def snapshot(sheets: Sequence[Sheet]) -> str:
    """SHA-256 over the price snapshots of all positions."""
    return hashlib.sha256("".join(sorted({s.result.market.snapshot for s in sheets})).encode()).hexdigest()


def to_json(data: str, sheets: Sequence[Sheet], files: Sequence[Path]) -> dict[str, Any]:
    """Returns, volatility, drawdown as fractions; turnover and cost a year's; undefined is None; dates ISO."""
    figures = {s.position.name: metrics_json(s.metrics) for s in sheets}
    return {
        "data": data,
        "snapshot": snapshot(sheets),
        "positions": {name: {field: f[field] for field in FIELDS} for name, f in figures.items()},
        "files": [str(f) for f in files],
    }


def print_summary(sheets: Sequence[Sheet], files: Sequence[Path]) -> None:
    """The table, what a reader must know about the data, and the paths written."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    simulated = any(s.result.market.simulated for s in sheets)
    table = Table(
        title="SIMULATED prices: a demonstration, not evidence" if simulated else None, title_style="bold red"
    )
    table.add_column("position")
    for heading in (
        "first",
        "last",
        "return",
        "a year",
        "vol",
        "Sharpe",
        "drawdown",
        "turnover",
        "cost bps",
        "blind return",
        "blind Sharpe",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for s in sheets:
        m, p = s.metrics, s.plain_metrics
        table.add_row(
            s.position.name + (" RUINED" if m.ruined else ""), str(m.first), str(m.last), f"{m.total_return:+.1%}",
            _pct(m.cagr), _pct(m.volatility), _num(m.sharpe), _pct(m.max_drawdown), _num(m.turnover),
            f"{m.cost_bps_per_year:.0f}", f"{p.total_return:+.1%}", _num(p.sharpe),
        )  # fmt: skip
    console.print(table)
    console.print("blind: the same basket, screens and schedule without event tilts (respond=0)", style="dim")
    for s in sheets:
        for n in s.notices:
            console.print(
                f"[bold]{s.position.name}[/]: {n.symbol} {n.text}".replace("  ", " "),
                highlight=False,
                soft_wrap=True,
            )
    for f in files:
        console.print(f"wrote {f}", highlight=False, soft_wrap=True)


def _pct(x: float) -> str:
    return f"{x:+.1%}" if math.isfinite(x) else "-"


def _num(x: float) -> str:
    return f"{x:.2f}" if math.isfinite(x) else "-"
