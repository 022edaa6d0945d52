"""Our own judgement, first on the page: findings, figures beside quantstats', costs and where profit came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from positioning.analysis.metrics import DAYS_PER_YEAR
from positioning.analysis.report import BacktestReport
from positioning.events.silence import Silence
from positioning.reporting.format import NOTHING, SHORT, metric, number, percent, signed
from positioning.reporting.html import Html, join, section, table, tag
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
from positioning.simulation.result import PARTS, Result

TOLERANCE = 1e-6  # relative: both programs take the same numbers, so only rounding may part them

_NORMAL = "quantstats' is a normal distribution's; ours is read off the returns themselves"
KINDS = {"afrc_levy": "AFRC levy", "sec_fee": "SEC fee"}
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


def thesis(report: BacktestReport) -> Html:
    """What it claims, and what to hold against it."""
    paragraphs = [tag("p", paragraph) for paragraph in report.strategy.rationale.split("\n\n")]
    caveat = tag(
        "div", tag("h3", "What to hold against it"), tag("p", report.strategy.caveat), class_="aside"
    )
    return section("thesis", "The thesis", tag("div", tag("div", *paragraphs), caveat, class_="two"))


def banner() -> Html:
    """The warning of every page made from the sample market."""
    return tag(
        "p", tag("strong", "SIMULATED."), " The prices behind this page were generated; none was ever paid. "
        "It shows how the strategy is decided and accounted, and is no evidence about any security.",
        class_="banner", role="note",
    )  # fmt: skip


def past_the_record(silence: Silence | None) -> Html:
    """That the record of events ends before what is shown; nothing where it does not."""
    return Html("") if silence is None else tag("p", silence.words, class_="banner", role="note")


def figures(report: BacktestReport, outside: QuantstatsPage) -> Html:
    """Every metric: ours, the twin's, quantstats', and whether the two programs agree."""
    m = report.metrics
    rows = [_compared(row, report, outside.figures) for row in ROWS]
    heads = ["", "This strategy", "Without events", "quantstats", "Do both programs agree?"]
    made = tag(
        "div",
        table("The strategy, its event-blind twin, and quantstats", heads, rows, words=(0, 4)),
        class_="long",
    )
    note = (
        f"{m.sessions} rows from {m.first} to {m.last}, {number(m.rows_per_year, 1)} a year: volatility and ratios "
        f"annualise by that, in both programs; the yearly return goes by calendar days ({DAYS_PER_YEAR:g} a year). "
        f"Excess is over cash at {report.result.inputs.cash_label}. "
        f"{_beta_words(report)}"
        f"Figures agree when they differ by less than {TOLERANCE * 1e6:g} in a million."
    )
    return section(
        "figures", "Figures", made, tag("p", note, class_="quiet"), *_falls(report), *_remarks(outside)
    )


def _beta_words(report: BacktestReport) -> str:
    if report.benchmark is None:
        return ""
    how = {
        "same_day": "on its returns of the same row, since all that was held closes when it does",
        "dimson": "on its returns of the row before, the same and the next one (Dimson), since some of what was held "
        "closes at another hour",
    }[report.metrics.beta_measure]
    return f"Beta and alpha are to {report.benchmark.title}, {how}. "


def _compared(row: Row, report: BacktestReport, outside: Mapping[str, float]) -> list[object]:
    m, field = report.metrics, row.field
    write = (lambda v: percent(v, 2)) if row.fraction else number
    shown = [row.label, metric(m, field, write), metric(report.without_events_metrics, field, write)]
    if field not in outside or m.lacks(field):
        other = SHORT if m.lacks(field) else NOTHING
        return [*shown, other, Html('<span class="quiet">not asked</span>')]
    return [*shown, write(outside[field]), _verdict(getattr(m, field), outside[field], row.reason)]


def _verdict(own: float, other: float, reason: str) -> Html:
    if math.isnan(own) and math.isnan(other):
        return tag("span", "both undefined", class_="quiet")
    if math.isclose(own, other, rel_tol=TOLERANCE, abs_tol=1e-12):
        return tag("span", "agree", class_="quiet")
    if reason:
        return tag("div", tag("strong", "differ: "), reason, class_="wide")
    return tag("div", "differ, for no known reason: trust neither before you know it", class_="differs wide")


def _falls(report: BacktestReport) -> list[Html]:
    d = report.metrics.drawdown
    if d.peak is None:
        return []
    back = f"recovered on {d.recovery}" if d.recovery is not None else "not recovered by the last row"
    return [tag("p", f"Worst drawdown: high on {d.peak}, low on {d.trough}, {back}.", class_="quiet")]


def _remarks(outside: QuantstatsPage) -> list[Html]:
    return [tag("p", r, class_="quiet") for r in outside.remarks]


def costs(report: BacktestReport) -> Html:
    """Fees by kind, and financing, in bps of mean nav a year, beside the twin's."""
    own, twin = _yearly(report.result), _yearly(report.without_events)
    total = ["All", *(number(sum(of.values()), 1) for of in (own, twin))]
    rows = [
        [KINDS.get(kind, kind.replace("_", " ").capitalize()), number(own[kind], 1), number(twin[kind], 1)]
        for kind in own
        if own[kind] or twin[kind]
    ]
    made = table(
        "Costs, bps of mean nav a year", ["", "This strategy", "Without events"], [*rows, total], total=True
    )
    note = (
        f"Fee table: {report.result.inputs.fee_label}. "
        "In the table that comes with the program, commissions, half-spreads and borrow are assumptions."
    )
    return join(made, tag("p", note, class_="quiet"))


def _yearly(result: Result) -> dict[str, float]:
    days = float((result.rows[-1] - result.rows[0]).astype(int))
    per = 1e4 / result.nav.mean() / (days / DAYS_PER_YEAR) if days and result.nav.mean() > 0 else math.nan
    fees = {kind: float(values.sum()) * per for kind, values in result.costs.items()}
    fees |= {"market impact": float(result.impact.sum()) * per}
    return fees | {"borrow on shorts": -float(result.profit["financing"].sum()) * per}


def legs(report: BacktestReport) -> Html:
    """Profit by leg and part, in per cent of the opening nav; the parts add up to the total return."""
    rows: list[list[object]] = []
    book = report.result.contributions()
    shown = [p for p in PARTS if p != "impact" or report.result.inputs.capital]
    for symbol, parts in book.items():
        if any(parts.values()):
            rows.append([symbol, *(signed(parts[p], 2) for p in shown), signed(sum(parts.values()), 2)])
    sums = [sum(parts[p] for parts in book.values()) for p in shown]
    rows.append(["All", *(signed(s, 2) for s in sums), signed(sum(sums), 2)])
    heads = ["Leg", *(p.capitalize() for p in shown), "Total"]
    made = table(f"Profit by leg, % of opening nav, in {report.result.market.base}", heads, rows, total=True)
    note = (
        "The parts add up to the total return. Price is at the old exchange rate, currency at the new price. "
        "Interest on cash stands under cash."
    )
    return join(made, tag("p", note, class_="quiet"))
