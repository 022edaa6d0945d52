"""What stands behind the figures: hindsight, what is left out, and where it all comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.analysis.report import BacktestReport
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.view import Cell
from positioning.simulation.taxes import GROSS


@final
@dataclass(frozen=True, slots=True)
class BackgroundPart:
    """The view of `background.html`. after: how many rows follow the thesis; since: what the account made on those, ""
    where it cannot be said; lacking_size: of an account with a size what of it is on no record, None of one without;
    untaxed: whether no tax is taken; facts: all that is needed to make the page again, by name."""

    after: str
    published: str
    reference: str
    since: str
    since_without_events: str
    lacking_size: tuple[str, ...] | None
    untaxed: bool
    cash: str
    facts: tuple[tuple[str, object], ...]


def background(report: BacktestReport) -> BackgroundPart:
    """Everything that is said of how the figures came about."""
    r, day = report.result, report.thesis.published
    after = int((r.rows > day).sum())
    alive = 0 < after < r.rows.size and not r.worthless and not report.without_events.worthless
    since, plain = (
        signed(float(a.nav[-1] / a.nav[-after - 1] - 1.0)) if alive else ""
        for a in (r, report.without_events)
    )
    return BackgroundPart(
        after=f"{after} of {r.rows.size} rows ({percent(after / r.rows.size, 0)})",
        published=str(day),
        reference=report.thesis.reference,
        since=since,
        since_without_events=plain,
        lacking_size=_lacking(report),
        untaxed=r.inputs.tax_label == GROSS,
        cash=r.inputs.cash_label,
        facts=_facts(report),
    )  # fmt: skip


def _lacking(report: BacktestReport) -> tuple[str, ...] | None:
    liquidity = report.result.inputs.liquidity
    if liquidity is None:
        return None
    kinds = (("Board lots", liquidity.unlotted), ("Least commissions", liquidity.unfloored))
    return tuple(f"{what} of {', '.join(names)}" for what, names in kinds if names)


def _facts(report: BacktestReport) -> tuple[tuple[str, object], ...]:
    r, m = report.result, report.metrics
    parameters = ", ".join(f"{k}={_parameter_text(v)}" for k, v in report.strategy.parameters().items())
    return (
        ("Data", f"{r.market.source}{', SIMULATED' if r.market.simulated else ''}"),
        ("Price snapshot (SHA-256)", Cell(r.market.snapshot or NOTHING, "code")),
        ("Event record (SHA-256)", Cell(report.events.digest(), "code")),
        ("Rows", f"{m.sessions}, from {m.first} to {m.last}; {number(m.rows_per_year, 1)} a year"),
        ("Base currency", r.market.base),
        ("Fees", r.inputs.fee_label),
        ("Fills", f"at the {r.inputs.fill_at} of the session"),
        ("Size", r.inputs.size_label(r.market.base)),
        ("Cash earns", r.inputs.cash_label),
        ("Dividends are paid", r.inputs.tax_label),
        ("Parameters", Cell(parameters, "code")),
        ("Command", Cell(report.command, "code")),
        ("Versions", ", ".join(f"{name} {v}" for name, v in report.versions.items())),
    )


def _parameter_text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
