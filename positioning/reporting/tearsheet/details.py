"""What stands behind the figures: holdings, orders, trades, provenance, hindsight, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from positioning.analysis.report import BacktestReport
from positioning.arrays import FloatArray
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.html import Html, bullets, escape, join, section, table, tag
from positioning.simulation import kernel
from positioning.simulation.result import STATUS, Result
from positioning.simulation.taxes import GROSS
from positioning.simulation.vectorbt_bridge import RoundTrips

MOST_ORDERS = 200
PLAIN = (STATUS[kernel.FILLED], STATUS[kernel.IN_BAND])

OMISSIONS = (
    "Margin calls short of ruin, and whether a share could be borrowed at all or was recalled.",
    "What happens inside a day. Within one date all venues are treated as simultaneous, sales before purchases.",
    "Conversion of currencies costs nothing beyond the rate of the day.",
)


def holdings(report: BacktestReport) -> Html:
    """Instruments with an honest account of how well each stands for what the thesis names."""
    r, hedges = report.result, set(report.strategy.hedges)
    rows: list[list[object]] = []
    for n, i in enumerate(r.market.instruments):
        name = join(tag("strong", i.symbol), Html("<br>"), i.name)
        origin = (
            "" if i.recorded else tag("div", "venue and currency inferred from the suffix", class_="differs")
        )
        known = report.thesis.universe.get(i.symbol)
        fit_of, why = (None, "") if known is None else (known.fit, known.reason)
        reason = why or ("hedge" if i.symbol in hedges else "no reason on record")
        basis = r.market.basis[n].replace("_", " ")
        fit = tag("span", f"{fit_of} of 5" if fit_of is not None else NOTHING, class_="nowrap")
        role = "hedge, sold short" if i.symbol in hedges else "held"
        rows.append([
            name, role, f"{i.venue}, {i.currency}", fit, tag("div", reason, origin, class_="wide"), basis,
            percent(float(r.weights[:, n].mean())), percent(_largest(r.weights[:, n])),
        ])  # fmt: skip
    heads = [
        "Instrument",
        "Role",
        "Venue",
        "Fit",
        "Why it is only that",
        "Prices",
        "Average weight",
        "Largest",
    ]
    made = table("Instruments", heads, rows, words=range(6))
    note = (
        "Fit: 5 is what the thesis names, 1 is that in name only; it never enters a weight. "
        "Prices: traded, with dividends paid apart, or total return, with dividends inside the price and none apart. "
        "Weights are averages and extremes over all rows."
    )
    return section("holdings", "What it holds", made, tag("p", note, class_="quiet"))


def _largest(weights: FloatArray) -> float:
    """The weight farthest from zero, with its own sign."""
    return float(weights[int(np.argmax(np.abs(weights)))])


def notices(report: BacktestReport) -> Html:
    """What the loader and the benchmark had to say."""
    if not report.notices:
        return Html("")
    return section(
        "notices",
        "Read this about the prices",
        bullets(join(tag("strong", n.symbol), " " if n.symbol else "", n.text) for n in report.notices),
    )


def orders(report: BacktestReport) -> Html:
    """How orders ended, and each that was not simply filled."""
    frame = report.result.orders
    counts = frame["status"].value_counts()
    rows = [[str(status).capitalize(), f"{count:,}"] for status, count in counts.items()]
    odd = frame[~frame["status"].isin(PLAIN) | (frame["waited"] > 0)]
    parts = [table("Orders by outcome", ["", "Orders"], rows), *_odd(odd), *_stale(report.result)]
    note = (
        f"Filled at the {report.result.inputs.fill_at} of the first session after the decision on which the name "
        "trades at its own venue. A leg that cannot trade waits and keeps its old shares; the others go ahead."
    )
    return section("orders", "Orders", tag("p", note, class_="quiet"), *parts)


def _odd(odd: pd.DataFrame) -> list[Html]:
    if odd.empty:
        return [tag("p", "Every order was filled at its first session.", class_="quiet")]
    shown = odd.tail(MOST_ORDERS)
    rows = [_order(o) for o in shown.to_dict("records")]
    what = "all" if len(odd) == len(shown) else f"the last {len(shown)} of"
    heads = [
        "Decided",
        "Symbol",
        "Side",
        "Outcome",
        "Why it waited",
        "Filled",
        "Rows waited",
        "Target",
        "Value",
    ]
    made = table(
        f"Orders that waited, were cut, cancelled or forced: {what} {len(odd)}", heads, rows, words=range(6)
    )
    return [tag("div", made, class_="tall")]


def _order(o: dict[Any, Any]) -> list[object]:
    filled = NOTHING if pd.isna(o["filled"]) else f"{o['filled']:%Y-%m-%d}"
    return [
        f"{o['decided']:%Y-%m-%d}", o["symbol"], o["side"], o["status"], o["reason"] or NOTHING, filled,
        o["waited"], percent(o["target_weight"]), percent(o["value"], 2),
    ]  # fmt: skip


def _stale(result: Result) -> list[Html]:
    if not result.unpriced:
        return []
    rows = [[symbol, days, percent(share)] for symbol, (days, share) in result.unpriced.items()]
    made = table(
        "Held without a price, at the last mark",
        ["Symbol", "Sessions of its venue", "Largest share of nav"],
        rows,
    )
    return [made]


def trades(trips: RoundTrips | None) -> Html:
    """Round trips, as vectorbt counts them; nothing where there are none to count."""
    if trips is None:
        return Html("")
    rows = [
        ["Closed trades", f"{trips.closed:,}"],
        ["Still open", f"{trips.open:,}"],
        ["Won, of the closed", NOTHING if trips.won is None else percent(trips.won)],
        [
            "Profit factor (gains / losses)",
            NOTHING if trips.profit_factor is None else number(trips.profit_factor),
        ],
        ["Average length in rows", NOTHING if trips.length is None else number(trips.length, 0)],
    ]
    note = (
        "From the same orders in vectorbt, which books fees and knows no dividends, borrow, financing or forced exits: "
        "these statistics exclude them, and vectorbt reproduces our nav only where there are none. A sale that trims a "
        "holding closes a trade, whose length counts from the first purchase."
    )
    return section(
        "trades", "Trades", table("Round trips", ["", "Count or share"], rows), tag("p", note, class_="quiet")
    )


def hindsight(report: BacktestReport) -> Html:
    """What part of the sample was seen by those who chose it."""
    r, day = report.result, report.thesis.published
    after = int((r.rows > day).sum())
    share = (
        f"{after} of {r.rows.size} rows ({percent(after / r.rows.size, 0)}) follow {day}, the day of the thesis "
        f"({report.thesis.reference})."
    )
    seen = (
        "The strategy and its names were chosen after it, and the signs and severities of the events were set with "
        "hindsight too: nothing before that day is out of sample, in a walk-forward either."
    )
    made = [tag("p", share, " ", seen)]
    if 0 < after < r.rows.size and not r.worthless and not report.without_events.worthless:
        own, twin = (signed(float(a.nav[-1] / a.nav[-after - 1] - 1.0)) for a in (r, report.without_events))
        made.append(tag("p", f"On those rows alone it made {own}, without event tilts {twin}."))
    return section("hindsight", "Hindsight", *made)


def omissions(report: BacktestReport) -> Html:
    """What this page does not model."""
    cash = (
        f"Cash earns {report.result.inputs.cash_label}. "
        "At 0 a hedged strategy, which sits on cash, is understated for 2022 to 2025."
    )
    return section(
        "omissions",
        "What this page does not model",
        bullets([*_unsized(report), _untaxed(report), *OMISSIONS, cash]),
    )


def _untaxed(report: BacktestReport) -> str:
    """What of taxes is left out."""
    if report.result.inputs.tax_label == GROSS:
        return "Taxes on dividends and gains: dividends count gross. An investor's domicile takes withholding from them."
    return "Taxes on gains, and what of the tax withheld from dividends could be reclaimed later."


def _unsized(report: BacktestReport) -> list[str]:
    """What of an account's size is left out."""
    met = report.result.inputs.liquidity
    if met is None:
        return [
            "Least commissions, board lots, duties rounded to a whole unit: the account opens at 1 and costs are "
            "proportional. A capital brings them in.",
            "Market impact and volume: an order of any size fills at the recorded price plus the half-spread of the fee "
            "table.",
        ]
    left = [
        "Duties rounded to a whole unit; what an order does to the price of the next; the volume of the day itself."
    ]
    for what, names in (("Board lots", met.unlotted), ("Least commissions", met.unfloored)):
        if names:
            left.append(f"{what} of {', '.join(names)}: none on record, so any amount trades.")
    return left


def provenance(report: BacktestReport) -> Html:
    """All that is needed to make the same page again."""
    r, m = report.result, report.metrics
    facts = {
        "Data": f"{r.market.source}{', SIMULATED' if r.market.simulated else ''}",
        "Price snapshot (SHA-256)": tag("code", r.market.snapshot or NOTHING),
        "Event record (SHA-256)": tag("code", report.events.digest()),
        "Rows": f"{m.sessions}, from {m.first} to {m.last}; {number(m.rows_per_year, 1)} a year",
        "Base currency": r.market.base,
        "Fees": r.inputs.fee_label,
        "Fills": f"at the {r.inputs.fill_at} of the session",
        "Size": r.inputs.size_label(r.market.base),
        "Cash earns": r.inputs.cash_label,
        "Dividends are paid": r.inputs.tax_label,
        "Parameters": tag(
            "code", ", ".join(f"{k}={_shown(v)}" for k, v in report.strategy.parameters().items())
        ),
        "Command": tag("code", report.command),
        "Versions": ", ".join(f"{name} {v}" for name, v in report.versions.items()),
    }
    items = join(*(join(tag("dt", k), tag("dd", escape(v))) for k, v in facts.items()))
    return section("provenance", "Where it comes from", tag("dl", items, class_="facts"))


def _shown(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
