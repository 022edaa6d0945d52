"""Two A4 pages on one account for a client: every convention of a factsheet, and the doubts kept on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.analysis.client_figures import (
    captures,
    information_ratio,
    risk_class,
    three_year_deviation,
    tracking_error,
    volatility_equivalent,
)
from positioning.analysis.metrics import returns
from positioning.analysis.periods import Period, calendar_years, monthly, trailing
from positioning.analysis.report import BacktestReport
from positioning.analysis.verdict import Verdict
from positioning.arrays import DateArray, FloatArray
from positioning.files import safe_name
from positioning.reporting.document import document
from positioning.reporting.format import NOTHING, before_costs, number, percent, signed
from positioning.reporting.index import sparkline
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.view import Spark

SHORT = "too short"
TOP = 10
Rows = tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True, slots=True)
class Factsheet:
    """The view of `factsheet.html`, all in words."""

    title: str
    simulated: bool
    as_of: str
    base: str
    benchmark: str
    objective: str
    verdict: Verdict
    held_words: str
    spark: Spark
    growth: str
    trailing: Rows
    years: Rows
    risk: Rows
    holdings: Rows
    currencies: Rows
    countries: Rows
    costs: Rows
    disclosures: tuple[str, ...]


def write_factsheet(report: BacktestReport, directory: Path) -> Path:
    """Write `directory/NAME_factsheet.html`; returns its path."""
    v = view(report)
    text = document(f"{v.title}, factsheet, {v.as_of}", render("factsheet.html", v=v), v.simulated)
    return write_page(directory / f"{safe_name(report.strategy.name)}_factsheet.html", text)


def view(report: BacktestReport) -> Factsheet:
    """Everything that the factsheet shows."""
    r, m, b = report.result, report.metrics, report.benchmark
    return Factsheet(
        title=report.strategy.title,
        simulated=r.market.simulated,
        as_of=str(m.last),
        base=r.market.base,
        benchmark="none"
        if b is None
        else f"{b.title}{'' if b.remark else ', total return where its prices have dividends'}",
        objective=" ".join(report.strategy.rationale.split("\n\n")[0].split()),
        verdict=report.verdict,
        held_words=report.coverage.words,
        spark=sparkline(r.nav),
        growth=(
            f"{m.first} to {m.last}: it ends at {r.nav[-1]:.2f}; at the highest {r.nav.max():.2f}, at the lowest "
            f"{r.nav.min():.2f}."
        ),
        trailing=tuple(_period(p) for p in trailing(r, report.without_events, b)) if r.rows.size > 1 else (),
        years=tuple(_year(p) for p in calendar_years(r, report.without_events, b)),
        risk=_risk(report),
        holdings=_holdings(report),
        currencies=_shares(report, [i.currency for i in r.market.instruments]),
        countries=_shares(report, [i.incorporated or "not on record" for i in r.market.instruments]),
        costs=_costs(report),
        disclosures=_disclosures(report),
    )


def _period(p: Period) -> tuple[str, ...]:
    return (
        p.label, before_costs(p.net, p.costs), percent(p.costs, 2), signed(p.net, 2), signed(p.a_year(p.net), 2),
        signed(p.benchmark, 2),
    )  # fmt: skip


def _year(p: Period) -> tuple[str, ...]:
    return (p.label, signed(p.net), signed(p.benchmark), signed(p.net - p.benchmark))


def _months(dates: DateArray, nav: FloatArray) -> FloatArray:
    """Whole months alone: the first and the last may be parts."""
    table = monthly(dates, nav)
    every = [v for _, year in sorted(table.items()) for _, v in sorted(year.items())]
    return np.array(every[1:-1])


def _risk(report: BacktestReport) -> Rows:
    r, m = report.result, report.metrics
    if r.worthless or r.rows.size < 3:
        return (("All figures of risk", SHORT if not r.worthless else "ruined" if r.ruined else "worthless"),)
    own, fall = returns(r.nav), m.drawdown
    months = _months(r.rows, r.nav)
    shorts = bool((r.shares < 0).any())
    equivalent = volatility_equivalent(np.log1p(own), m.rows_per_year)
    kind = risk_class(equivalent, shorts)
    dates = f", {fall.peak} to {fall.trough}" if fall.peak is not None else ""
    rows = [
        ("Volatility a year, daily", _in_short(m.volatility, percent)),
        ("Three-year deviation, 36 months", _in_short(three_year_deviation(months), percent)),
        ("Sharpe, Sortino, daily", f"{number(m.sharpe)}, {number(m.sortino)}"),
        ("Worst drawdown, daily", f"{percent(m.max_drawdown)}{dates}"),
        ("Best, worst month", f"{signed(float(months.max()))}, {signed(float(months.min()))}" if months.size else SHORT),
        *_against(report, own),
        ("Risk class by the formula of KIDs, 1 to 7",
         (f"{kind}, by rule: it sells short" if shorts else str(kind)) if kind is not None else SHORT),
    ]  # fmt: skip
    return tuple(rows)


def _against(report: BacktestReport, own: FloatArray) -> list[tuple[str, str]]:
    b, m, r = report.benchmark, report.metrics, report.result
    if b is None or np.isfinite(b.levels).sum() < 3:
        return []
    level_rows = np.flatnonzero(np.isfinite(b.levels))
    span = slice(level_rows[0], level_rows[-1] + 1)
    mine, its = own[level_rows[0] : level_rows[-1]], returns(b.levels[span])
    a, c = (_months(r.rows[span], levels[span]) for levels in (r.nav, b.levels))
    up, down = captures(a, c)
    return [
        ("Beta" if m.beta_measure == "same_day" else "Beta, with leads and lags", number(m.beta)),
        ("Tracking error, information ratio",
         f"{_in_short(tracking_error(mine, its, m.rows_per_year), percent)}, "
         f"{_in_short(information_ratio(mine, its, m.rows_per_year), number)}"),
        ("Up, down capture, 36 months", f"{_in_short(up, percent)}, {_in_short(down, percent)}"),
    ]  # fmt: skip


def _in_short(value: float, write: object) -> str:
    return write(value) if math.isfinite(value) and callable(write) else SHORT


def _holdings(report: BacktestReport) -> Rows:
    r = report.result
    order = np.argsort(-np.abs(r.weights[-1]), kind="stable")[:TOP]
    columns = [n for n in order if r.weights[-1, n]]
    rows = [
        (f"{r.market.symbols[n]}, {r.market.instruments[n].name}", percent(float(r.weights[-1, n])))
        for n in columns
    ]
    return (*rows, ("Cash", percent(float(1.0 - r.net_exposure[-1]))))


def _shares(report: BacktestReport, kinds: list[str]) -> Rows:
    sums: dict[str, float] = {}
    for kind, weight in zip(kinds, report.result.weights[-1].tolist(), strict=True):
        sums[kind] = sums.get(kind, 0.0) + weight
    return tuple((kind, percent(w)) for kind, w in sorted(sums.items(), key=lambda x: -abs(x[1])) if w)


def _costs(report: BacktestReport) -> Rows:
    r = report.result
    by_kind = {kind.replace("_", " "): float(v.sum()) for kind, v in r.costs.items() if v.any()}
    if impact := float(r.impact.sum()):
        by_kind["market impact"] = impact
    borrow = -float(r.profit["financing"].sum())
    rows = [(kind, percent(v, 2)) for kind, v in by_kind.items()] + (
        [("borrow", percent(borrow, 2))] if borrow else []
    )
    turnover = ("Turnover a year, half the sum of weight changes", number(report.metrics.turnover))
    return (*rows, ("All, of the opening value", percent(sum(by_kind.values()) + borrow, 2)), turnover)


def _disclosures(report: BacktestReport) -> tuple[str, ...]:
    r, m = report.result, report.metrics
    where = "generated prices: none was ever paid" if r.market.simulated else f"prices of {r.market.source}"
    return (
        "Hypothetical performance: no money was invested, and no client had these results. Past and hypothetical "
        "performance is not a reliable indicator of future results.",
        f"Built with hindsight over {m.first} to {m.last}; rules, names and signs of events were chosen knowing it. "
        "Later results can be worse, and there is no limit to a loss.",
        f"Net of the fees of the table {r.inputs.fee_label}, half-spreads, duties and borrow among them; not of a "
        "management fee. Gross is net with those costs added back, not reinvested.",
        f"From {where}; snapshot {r.market.snapshot[:12]}; fills at the {r.inputs.fill_at} of the next session.",
        f"Figures in {r.market.base}, not hedged for another investor's currency. Returns under a year are not "
        f"annualised; a figure whose record is too short is left out and says so ({NOTHING} where it is undefined).",
        "Restrictions on record were obeyed; screening is not legal clearance.",
        report.strategy.caveat,
    )
