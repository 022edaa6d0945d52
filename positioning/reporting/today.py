"""The page of what a strategy holds today: orders first, then the news and the restrictions behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from positioning.files import safe_name
from positioning.reporting.document import document, own_file
from positioning.reporting.format import NOTHING, number, percent
from positioning.reporting.html import Html, bullets, join, section, table, tag
from positioning.reporting.page_file import write_page
from positioning.reporting.tearsheet.figures import banner
from positioning.runs.today import OrderLeg, Today


def write_today(answer: Today, directory: Path) -> Path:
    """Write `directory/today_<strategy>.html`; returns its path."""
    return write_page(directory / f"today_{safe_name(answer.strategy.name)}.html", today_page(answer))


def today_page(a: Today) -> str:
    """The whole page, as HTML text."""
    title = f"{a.strategy.title} today"
    orders = [leg for leg in a.legs if leg.order]
    badge = tag("span", "SIMULATED", class_="badge") if a.simulated else Html("")
    body = join(
        tag("h1", title, " ", badge),
        banner() if a.simulated else "",
        tag("p", "A calculation, not advice.", class_="finding"),
        tag("p", _summary(a, orders), class_="finding"),
        section("orders", "Orders", _orders(a, orders)),
        section("holdings", "Every name", _names(a)),
        section("news", "News in force", _news(a)),
        section("barred", "Barred today", _barred(a)),
        section("notes", "What limits this answer", bullets(a.notes)) if a.notes else "",
    )
    script = Html(f"<script>{own_file('theme.js')}</script>")
    return document(f"{title}, {a.as_of}", join(tag("main", body), script), a.simulated)


def _summary(a: Today, orders: list[OrderLeg]) -> str:
    prices = "simulated prices" if a.simulated else "prices"
    if np.isnat(a.decided):
        return f"On {prices} up to {a.as_of} the strategy has decided nothing."
    last = f"Decided on {a.decided} from {prices} up to {a.as_of}."
    if a.capital is None:
        return f"{last} Weights only: no holdings and no capital were given."
    if not orders:
        return f"{last} Nothing to trade."
    stopped = sum(bool(leg.barrier) for leg in a.legs)
    cannot = f" {stopped} name{'s' * (stopped != 1)} cannot be traded: see why below." if stopped else ""
    first = min(leg.opens for leg in orders)
    return (
        f"{last} {len(orders)} order{'s' * (len(orders) != 1)} on a capital of {a.capital:,.0f} {a.base}, "
        f"the first venue opens at {str(first)[:16].replace('T', ' ')} UTC.{cannot}"
    )


def _orders(a: Today, orders: list[OrderLeg]) -> Html:
    if not orders:
        return tag("p", "None.", class_="quiet")
    heads = [
        "name",
        "side",
        "shares",
        "price",
        f"value, {a.base}",
        f"fees, {a.base}",
        "venue",
        "opens (UTC)",
        "note",
    ]
    rows = [
        [tag("b", leg.instrument.symbol), leg.side, f"{abs(leg.order):,}",
         f"{number(leg.price)} {leg.instrument.currency}", number(leg.value, 0), number(leg.fees, 2),
         leg.instrument.venue, str(leg.opens)[:16].replace("T", " "), leg.note]
        for leg in orders
    ]  # fmt: skip
    left = tag("p", f"Cash when all are filled at the last prices: {number(a.cash, 0)} {a.base}." if a.cash is not None
               else "", class_="quiet")  # fmt: skip
    return join(table("Orders at the last prices", heads, rows, words=(0, 1, 6, 7, 8)), left)


def _names(a: Today) -> Html:
    heads = ["name", "target", "decision before", "held", "why it changed", "what stands in the way"]
    rows = [
        [join(tag("b", leg.instrument.symbol), f" {leg.instrument.name}"), percent(leg.target), percent(leg.previous),
         percent(leg.held) if a.capital is not None else NOTHING, leg.reason or NOTHING, leg.barrier or NOTHING]
        for leg in a.legs
    ]  # fmt: skip
    return table("Weights, fractions of the capital", heads, rows, words=(0, 4, 5))


def _news(a: Today) -> Html:
    if not a.news:
        return tag(
            "p", "No news of its sleeves weighs any more, or the strategy answers none.", class_="quiet"
        )
    heads = ["sleeve", "weight", "age, sessions", "half of it in", "news", "known on"]
    rows = [
        [n.sleeve, number(n.weight), n.age, f"{n.halves_in:g} sessions", n.event.title, n.event.known_on()]
        for n in a.news
    ]
    said = tag(
        "p",
        f"Together {number(sum(n.weight for n in a.news))}: sign x severity, halved every half-life.",
        class_="quiet",
    )
    return join(table("What still weighs on the weights", heads, rows, words=(0, 4, 5)), said)


def _barred(a: Today) -> Html:
    if not a.barred:
        return tag("p", "No name of this strategy is restricted by the record.", class_="quiet")
    rows = [
        [
            tag("b", r.symbol),
            r.kind.replace("_", " "),
            r.ground.replace("_", " "),
            r.known_on(),
            r.reason,
            r.source,
        ]
        for r in a.barred
    ]
    heads = ["name", "what", "ground", "since", "reason", "source"]
    return table("Restrictions in force, held or not", heads, rows, words=range(6))
