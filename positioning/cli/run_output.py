"""What a run prints: a table for people, one JSON object for programs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from positioning.analysis.code_check import words_of
from positioning.analysis.equal_exposure import long_exposure
from positioning.analysis.last_day import last_day
from positioning.analysis.metrics import Metrics
from positioning.analysis.metrics import to_json as metrics_json
from positioning.analysis.report import BacktestReport
from positioning.cli.terminal import NAMED, Terminal, figure, listed, table
from positioning.market.bars import Notice
from positioning.market.findings import Finding
from positioning.plurals import counted
from positioning.simulation.result import Result
from positioning.strategy.from_file import command_word

FIELDS = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown",
    "beta", "beta_measure", "alpha", "turnover", "cost_bps_per_year", "first", "last", "sessions",
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
                "held": s.coverage.to_json(),
                "searched": None if s.kept_search is None else s.kept_search.to_json(),
                "holds": last_day(s.result, s.thesis).to_json(),
                "record": _record(s),
                "check": s.check,
                "size": s.result.inputs.size_label(s.result.market.base),
                "benchmark": _benchmark(s),
                "world": {w.name: w.to_json() for w in s.world},
                "risk": None if s.risk is None else s.risk.to_json(),
                "factors": None if s.factors is None else s.factors.to_json(),
                **{field: figures[s.strategy.name][field] for field in FIELDS},
                "long_exposure": long_exposure(s.result),
                "without_events": _without_events(s.without_events, s.without_events_metrics),
                "without_events_same_exposure": _without_events(
                    s.without_events_same_exposure, s.without_events_same_exposure_metrics
                ),
                "placebo": None if s.placebo is None else s.placebo.to_json(),
                "active_returns": {a.coverage: a.to_json() for a in s.active},
            }
            for s in reports
        },
        "files": [str(f) for f in files],
    }


def _without_events(result: Result, metrics: Metrics) -> dict[str, Any]:
    figures = metrics_json(metrics)
    return {
        "total_return": figures["total_return"],
        "sharpe": figures["sharpe"],
        "long_exposure": long_exposure(result),
    }


def _benchmark(s: BacktestReport) -> dict[str, Any] | None:
    """What it was compared with, and what that made over the rows that it has."""
    b = s.benchmark
    if b is None:
        return None
    e = s.evidence
    return {
        "symbol": b.symbol, "name": b.name, "dividends": b.dividends, "remark": b.remark,
        "total_return": e.benchmark, "strategy_total_return": e.beside,
    }  # fmt: skip


def _record(s: BacktestReport) -> dict[str, Any] | None:
    """Where the record ends before the account, and the profit on either side of that day; None where it does not."""
    if s.silence is None:
        return None
    a = s.attribution
    return s.silence.to_json() | {
        "event_profit_before": a.events - a.events_late, "event_profit_after": a.events_late,
        "other_profit_before": a.rest - a.rest_late, "other_profit_after": a.rest_late,
    }  # fmt: skip


HEADS = (
    "strategy", "held", "return", "a year", "Sharpe", "worst\nfall", "cost\nbps", "without\nevents", "as\nlong", "p",
)  # fmt: skip


def print_summary(reports: Sequence[BacktestReport], terminal: Terminal) -> None:
    """The verdicts, the table, and what a reader must know about the data."""
    for words in dict.fromkeys(s.silence.words for s in reports if s.silence is not None):
        terminal.say(words, "bad")
    for s in reports:
        terminal.say(f"{s.strategy.name}: {s.verdict.sentence}", s.verdict.tone)
        if s.factors is not None:
            terminal.say(s.factors.sentence, "neutral")
        for w in s.world:
            terminal.say(w.sentence, "neutral")
        if s.check is not None and s.check.wrong:
            terminal.say(f"{s.strategy.name}: {words_of(s.check, command_word(type(s.strategy)))}", "bad")
    spans = {s.strategy.name: span_words(s) for s in reports}
    alike = len(set(spans.values())) == 1
    tones = ["bad" if s.coverage.under_half else "" for s in reports]
    terminal.table(table(HEADS, [_row(s) for s in reports]), tones)
    terminal.say(next(iter(spans.values())) if alike else "", "quiet")
    for name, words in {} if alike else spans.items():
        terminal.say(f"{name}: {words}", "quiet")
    if any(s.answers_events for s in reports):
        terminal.say(
            "without events: the same basket, screens and schedule, blind to events (respond=0); as long: "
            "that, held as long on average as with them. p: share of "
            "shuffled event dates that did as well.",
            "quiet",
        )
    terminal.notices(*noticed(reports))


def span_words(report: BacktestReport) -> str:
    """First and last day, and how many rows."""
    m = report.metrics
    return f"{m.first} to {m.last}, {counted(m.sessions, 'row')}"


def _row(s: BacktestReport) -> list[str]:
    m, p = s.metrics, s.without_events_metrics
    return [
        s.strategy.name, f"{s.coverage.names}/{s.coverage.of}", f"{m.total_return:+.1%}", _yearly(m, "cagr", "{:.1%}"),
        _yearly(m, "sharpe", "{:.2f}"), figure(m.max_drawdown, "{:.1%}".format),
        _yearly(m, "cost_bps_per_year", "{:.0f}"), f"{p.total_return:+.1%}" if s.answers_events else "-",
        f"{s.without_events_same_exposure_metrics.total_return:+.1%}" if s.answers_events else "-",
        "-" if s.placebo is None or not s.answers_events else figure(s.placebo.p_value, "{:.3f}".format),
    ]  # fmt: skip


def _yearly(m: Metrics, field: str, form: str) -> str:
    """A figure of a year; the table is 80 columns wide, so "under a year" stands on two lines."""
    return "under\na year" if m.lacks(field) else figure(getattr(m, field), form.format)


def noticed(reports: Sequence[BacktestReport]) -> tuple[list[Notice], list[Finding], list[str]]:
    """Notices, warnings of the quality gate, and what was held without a price; each once, and what is of a
    whole market but not of all of them with their names."""
    whose: dict[Notice, list[str]] = {}
    for s in reports:
        for n in dict.fromkeys(s.notices):
            whose.setdefault(n, []).append(s.strategy.name)
    notices = [
        n
        if n.symbol or len(names) == len(reports)
        else Notice("", f"for {listed(names, len(names))} {n.text}")
        for n, names in whose.items()
    ]
    findings = {(f.symbol, f.check, f.first): f for s in reports for f in s.result.market.findings}
    unpriced = [_unpriced(s) for s in reports if s.result.unpriced]
    return notices, list(findings.values()), unpriced


def _unpriced(s: BacktestReport) -> str:
    """What a strategy held without a price, for how long, and how much of nav that was at most."""
    each = sorted(s.result.unpriced.items(), key=lambda x: -x[1][0])
    names = [
        f"{symbol} {counted(days, 'session')} (up to {100 * share:.0f} % of nav)"
        for symbol, (days, share) in each
    ]
    return f"{s.strategy.name} held without a price, at the last mark: {listed(names, NAMED)}."
