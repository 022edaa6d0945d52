"""The quality gate: what is doubtful in a source's bars and rates, before anything is computed from them.

An error stops a run that uses its symbol and dates unless it is accepted; a warning goes on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.market.bars import Bars, Rates
from positioning.market.calendar_checks import session_findings
from positioning.market.findings import Finding, counted, error, stretches
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.price_checks import APART, NOTHING, currency_findings, price_findings
from positioning.market.rate_checks import rate_findings

UNSTATED: Mapping[str, str] = MappingProxyType({})


def check(
    bars: Mapping[str, Bars],
    rates: Mapping[str, Rates],
    *,
    crash_dates: Mapping[str, DateArray] = NOTHING,
    quoted: Mapping[str, str] = UNSTATED,
    instruments: Instruments = RECORDED,
) -> tuple[Finding, ...]:
    """Every finding in what a source delivered, errors first, then by symbol and date.

    crash_dates: dates by symbol (of its restrictions), and under "" for all (of events of severity 4 and 5):
    a fall near one is a warning where it would be an error, unless it is an exact unit switch.
    quoted: the unit of quotation the provider states, by symbol (GBp); compared with the instrument's.

    Bars and Rates cannot be made of repeated or unsorted dates or of prices at or below zero: `repair` finds those
    in columns that are not Bars yet.
    """
    priced = {s: b for s, b in bars.items() if np.isfinite(b.close).any()}
    findings = [f for b in priced.values() for f in price_findings(b, crash_dates)]
    findings += [f for r in rates.values() for f in rate_findings(r, crash_dates)]
    of = instruments.of
    findings += [f for s, u in quoted.items() if s in priced for f in currency_findings(priced[s], u, of(s))]
    findings += session_findings(list(priced.values()), instruments)
    return tuple(sorted(findings, key=lambda f: (f.severity, f.symbol, f.first, f.check)))


def repair(
    symbol: str, dates: DateArray, columns: Mapping[str, FloatArray]
) -> tuple[DateArray, dict[str, FloatArray], tuple[Finding, ...]]:
    """Raw columns as Bars can take them, and an error for each thing that had to be mended.

    Rows are sorted, the last of repeated ones is kept, and open, high, low and close at or below zero or
    infinite become NaN, so that a run which accepts the finding, or lies elsewhere, cannot trade on them.
    """
    back = dates[1:][np.diff(dates.astype(np.int64)) <= 0]
    order = np.argsort(dates, kind="stable")
    order = order[np.append(dates[order][1:] != dates[order][:-1], True)[: order.size]]
    days, clean = dates[order], {name: values[order] for name, values in columns.items()}
    bad = np.zeros(days.size, np.bool_)
    for name in clean.keys() & {"open", "high", "low", "close"}:
        false = (clean[name] <= 0) | np.isinf(clean[name])
        clean[name] = np.where(false, np.nan, clean[name])
        bad |= false
    findings: list[Finding] = []
    for at in stretches(np.isin(days, back), APART):
        text = f"{counted(at, 'date')} repeated or out of order"
        findings.append(error(symbol, "dates", days[at], text, "sort the rows and drop the repeated ones"))
    for at in stretches(bad, APART):
        text = f"{counted(at, 'row')} with a price at or below zero, or infinite"
        findings.append(error(symbol, "price", days[at], text, "correct or remove them"))
    return days, clean, tuple(findings)
