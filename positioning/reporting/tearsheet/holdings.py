"""What was held, how well each name stands for what the thesis names, and what is doubtful about its prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.report import BacktestReport
from positioning.arrays import FloatArray
from positioning.plurals import counted
from positioning.reporting.format import NOTHING, percent
from positioning.reporting.view import Cell, TableRow


@final
@dataclass(frozen=True, slots=True)
class HoldingsPart:
    """The view of `holdings.html`: rows of instruments, notices of the loader and the benchmark, and what the quality
    gate saw in the prices used."""

    instruments: tuple[TableRow, ...]
    notices: tuple[Cell, ...]
    doubts_caption: str
    doubts: tuple[TableRow, ...]


def holdings(report: BacktestReport) -> HoldingsPart:
    """Instruments, notices and findings."""
    findings = report.result.market.findings
    return HoldingsPart(
        instruments=tuple(_instrument(report, n) for n in range(len(report.result.market.symbols))),
        notices=tuple(
            Cell(n.symbol, "strong", after=f" {n.text}") if n.symbol else Cell(n.text) for n in report.notices
        ),
        doubts_caption=f"{counted(len(findings), 'warning')} about the prices used",
        doubts=tuple(
            (f.symbol, f.check.replace("_", " "), f.first, f.last, f.seen, f.remedy) for f in findings
        ),
    )  # fmt: skip


def _instrument(report: BacktestReport, n: int) -> TableRow:
    r = report.result
    i, weights = r.market.instruments[n], r.weights[:, n]
    hedge = i.symbol in report.strategy.hedges
    candidate = report.thesis.universe.get(i.symbol)
    fit, why = (None, "") if candidate is None else (candidate.fit, candidate.reason)
    venue = f"{i.venue}, {i.currency}"
    return (
        Cell(i.symbol, "strong", "line", after=f" {i.name}"),
        "hedge, sold short" if hedge else "held",
        venue if i.recorded else Cell("inferred from the suffix", "div", "differs", before=venue),
        Cell(f"{fit} of 5" if fit is not None else NOTHING, kind="nowrap"),
        Cell(why or ("hedge" if hedge else "no reason on record"), "div", "wide"),
        r.market.basis[n].replace("_", " "),
        percent(float(weights.mean())),
        percent(_largest(weights)),
    )


def _largest(weights: FloatArray) -> float:
    """The weight farthest from zero, with its own sign."""
    return float(weights[int(np.argmax(np.abs(weights)))])
