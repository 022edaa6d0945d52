"""The page of what a strategy holds today: orders first, then the news and the restrictions behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.files import safe_name
from positioning.plurals import counted
from positioning.reporting.document import PLAIN, document, scripts
from positioning.reporting.format import NOTHING, number, percent
from positioning.reporting.html import join
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.view import Cell, TableRow
from positioning.runs.order_legs import OrderLeg
from positioning.runs.today import NewsInForce, Today


@final
@dataclass(frozen=True, slots=True)
class TodayPage:
    """The view of `today.html`: rows of its tables, and what is said of them; cash, together: "" where there is none."""

    title: str
    simulated: bool
    summary: str
    base: str
    orders: tuple[TableRow, ...]
    cash: str
    names: tuple[TableRow, ...]
    news: tuple[TableRow, ...]
    together: str
    restrictions: tuple[TableRow, ...]
    notes: tuple[str, ...]


def write_today(answer: Today, directory: Path) -> Path:
    """Write `directory/today_<strategy>.html`; returns its path."""
    return write_page(directory / f"today_{safe_name(answer.strategy.name)}.html", today_page(answer))


def today_page(a: Today) -> str:
    """The whole page, as HTML text."""
    content = view(a)
    body = join(render("today.html", v=content), scripts(*PLAIN))
    return document(f"{content.title}, {a.as_of}", body, a.simulated)


def view(a: Today) -> TodayPage:
    """Everything that the page says."""
    orders = [leg for leg in a.legs if leg.order]
    return TodayPage(
        title=f"{a.strategy.title} today",
        simulated=a.simulated,
        summary=_summary(a, orders),
        base=a.base,
        orders=tuple(_order(leg) for leg in orders),
        cash="" if a.cash is None else number(a.cash, 0),
        names=tuple(_name(leg, a.capital is not None) for leg in a.legs),
        news=tuple(map(_news, a.news)),
        together=number(sum(n.weight for n in a.news)) if a.news else "",
        restrictions=tuple(
            (Cell(r.symbol, "strong"), _plain(r.kind), _plain(r.ground), r.known_on(), r.reason, r.source)
            for r in a.restrictions
        ),
        notes=tuple(a.notes),
    )  # fmt: skip


def _summary(a: Today, orders: Sequence[OrderLeg]) -> str:
    prices = "simulated prices" if a.simulated else "prices"
    if np.isnat(a.decided):
        return f"On {prices} up to {a.as_of} the strategy has decided nothing."
    last = f"Decided on {a.decided} from {prices} up to {a.as_of}."
    if a.capital is None:
        return f"{last} Weights only: no holdings and no capital were given."
    if not orders:
        return f"{last} Nothing to trade."
    stopped = sum(bool(leg.barrier) for leg in a.legs)
    cannot = f" {counted(stopped, 'name')} cannot be traded: see why below." if stopped else ""
    against = against_the_record(a)
    return (
        f"{last} {counted(len(orders), 'order')} on a capital of {a.capital:,.0f} {a.base}, "
        f"the first venue opens at {_instant(min(leg.opens for leg in orders))} UTC.{cannot}{against and f' {against}'}"
    )


def against_the_record(a: Today) -> str:
    """That it buys names which the record restricts and its own screen lets pass, "" where it does not."""
    listed = {r.symbol for r in a.restrictions}
    count = sum(leg.order > 0 and leg.instrument.symbol in listed for leg in a.legs)
    if not count:
        return ""
    return f"{counted(count, 'purchase')} {'is of a name' if count == 1 else 'are of names'} that the record restricts."


def _order(leg: OrderLeg) -> TableRow:
    i = leg.instrument
    return (
        Cell(i.symbol, "strong"), leg.side, f"{abs(leg.order):,}", f"{number(leg.price)} {i.currency}",
        number(leg.value, 0), number(leg.fees, 2), i.venue, _instant(leg.opens), leg.note,
    )  # fmt: skip


def _name(leg: OrderLeg, sized: bool) -> TableRow:
    i = leg.instrument
    return (
        Cell(i.symbol, "strong", after=f" {i.name}"), percent(leg.target), percent(leg.previous),
        percent(leg.weight) if sized else NOTHING, leg.reason or NOTHING, leg.barrier or NOTHING,
    )  # fmt: skip


def _news(n: NewsInForce) -> TableRow:
    half = f"{n.halves_in:g} session{'' if n.halves_in == 1 else 's'}"
    return (n.sleeve, number(n.weight), n.age, half, n.event.title, n.event.known_on())


def _instant(when: object) -> str:
    return str(when)[:16].replace("T", " ")


def _plain(word: str) -> str:
    return word.replace("_", " ")
