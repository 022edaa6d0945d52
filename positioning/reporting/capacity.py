"""The page of how much money a strategy can hold: the answer, pictures against capital, legs, assumptions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import final

from positioning.files import safe_name
from positioning.json_text import json_text
from positioning.reporting.capacity_charts import figures
from positioning.reporting.charts import shared_script
from positioning.reporting.document import charted, document
from positioning.reporting.format import NOTHING, number, percent, signed
from positioning.reporting.page_file import write_page
from positioning.reporting.templates import render
from positioning.reporting.verdict import VerdictSentence
from positioning.reporting.view import Chart, Table, Tile
from positioning.runs.capacity import ANOTHER, EASY, GONE, SHARES, Capacity


@final
@dataclass(frozen=True, slots=True)
class CapacityPage:
    """The view of `capacity.html`."""

    title: str
    simulated: bool
    verdict: VerdictSentence
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]
    legs_words: str
    legs: Table
    capitals: Table
    assumptions: tuple[str, ...]
    command: str


def write_capacity(capacity: Capacity, directory: Path) -> list[Path]:
    """Write `directory/capacity_NAME.html` and the same as JSON; returns their paths."""
    stem = f"capacity_{safe_name(capacity.strategy.name)}"
    body = render("capacity.html", v=view(capacity))
    with shared_script(directory) as script:
        page = charted(body, figures(capacity), script)
        path = write_page(
            directory / f"{stem}.html",
            document(f"{capacity.strategy.title}, capacity", page, capacity.simulated),
        )
    return [path, write_page(directory / f"{stem}.json", json_text(capacity.to_json()) + "\n")]


def view(f: Capacity) -> CapacityPage:
    """Everything that the page says."""
    return CapacityPage(
        title=f.strategy.title,
        simulated=f.simulated,
        verdict=VerdictSentence(
            answer(f), "bad" if f.coverage.under_half or f.unit_return <= f.cash_return else "neutral"
        ),
        tiles=_tiles(f),
        charts=(
            Chart("returns", "Total return", _returns_words(f)),
            Chart(
                "missed",
                "What is decided and not held",
                "Mean over the days of the weights apart from those without a size, as a share of these. Where it is "
                "large, the return above is another portfolio's.",
            ),
            Chart(
                "sharpe",
                "Sharpe ratio",
                "Over cash, by the account's own rows.",
            ),
            Chart(
                "cost",
                "Cost",
                "Of trading in basis points of the account a year; impact is what its own size costs.",
            ),
            Chart(
                "exit",
                "Days to exit",
                f"Of each leg from its last weight, on {money(f.at, f.base)}, by share of volume.",
            ),
        ),
        legs_words=(
            f"On {money(f.at, f.base)}. The leg at the head binds first: from its ceiling on, its usual holding is more "
            f"than one session at {percent(f.capital.participation, 0)} of volume."
        ),
        legs=_legs(f),
        capitals=_capitals(f),
        assumptions=_assumptions(f),
        command=f.command,
    )


def answer(f: Capacity) -> str:
    """The answer in one sentence."""
    if f.unit_return <= f.cash_return:
        return (
            f"There is nothing to keep: without a size the strategy made {signed(f.unit_return)} and cash "
            f"{signed(f.cash_return)}."
        )
    binds = "" if f.binding is None else f" ({f.binding.symbol} binds first)"
    upto = "at every capital tried" if math.isinf(f.another) else "up to there"
    half = (
        f"{upto} more than half of its profit over cash is left"
        if math.isinf(f.half)
        else f"half of its profit over cash is left at {money(f.half, f.base)}"
    )
    edges = [
        _edge(f.benchmark_name, f.against_benchmark, f.base, upto) if f.benchmark_name else "",
        _edge("itself without events", f.against_without_events, f.base, upto),
    ]
    ease = (
        f"Up to {money(f.easy, f.base)} every usual holding can be sold in {EASY} sessions"
        if math.isfinite(f.easy)
        else "No leg has a usual holding with a known volume"
    )
    other = (
        ""
        if math.isinf(f.another)
        else f"; from {money(f.another, f.base)} on over a quarter of what it decides is not held, and what it makes is "
        "another portfolio's"
    )
    sentence = f"{ease}{binds}; {_early(f)}{other}; {half}; {'; '.join(filter(None, edges))}"
    if f.coverage.under_half:
        return f"Not the strategy: it {f.coverage.words}; {sentence[0].lower()}{sentence[1:]}."
    return f"{sentence}; it {f.coverage.words}."


def _early(f: Capacity) -> str:
    """What its size costs while the account still is the strategy's."""
    outcome, (at, lowest) = f"it made {signed(f.unit_return)} without a size", f.lowest
    if not lowest < f.unit_return:
        return outcome
    return f"{outcome} and at the least {signed(lowest)}, at {money(at, f.base)}"


def _edge(against: str, gone: float, base: str, upto: str) -> str:
    if gone == 0:
        return f"it has no edge over {against}"
    left = f"left {upto}" if math.isinf(gone) else f"gone at {money(gone, base)}"
    return f"its edge over {against} is {left}"


def money(amount: float, base: str) -> str:
    """An amount to three digits, with its unit."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if amount >= size:
            return f"{amount / size:.3g} {word} {base}"
    return f"{float(f'{amount:.3g}'):,.0f} {base}"


def _gone(amount: float, base: str) -> str:
    if math.isnan(amount):
        return NOTHING
    return "never" if math.isinf(amount) else "none" if amount == 0 else money(amount, base)


def _is_gone(edge: float) -> str:
    return " gone" if edge else ""


def _tiles(f: Capacity) -> tuple[Tile, ...]:
    against = f.benchmark_name or "a benchmark"
    return (
        Tile(_gone(f.easy, f.base), f"every usual holding is sold in {EASY} sessions"),
        Tile(_gone(f.another, f.base), f"{percent(ANOTHER, 0)} of what is decided is not held",
             "beyond, returns are another portfolio's"),
        Tile(_gone(f.half, f.base), "down to half of the profit over cash"),
        Tile(_gone(f.nothing, f.base), f"down to {percent(GONE, 0)} of it"),
        Tile(_gone(f.against_benchmark, f.base), f"edge over {against}{_is_gone(f.against_benchmark)}",
             f"which made {signed(f.benchmark_return)}"),
        Tile(_gone(f.against_without_events, f.base),
             f"edge over itself without events{_is_gone(f.against_without_events)}",
             f"which made {signed(f.without_events_unit_return)} without a size"),
    )  # fmt: skip


def _returns_words(f: Capacity) -> str:
    against = f", {f.benchmark_name} {signed(f.benchmark_return)}" if f.benchmark_name else ""
    beyond = (
        ""
        if math.isinf(f.another)
        else f" Shaded: over {percent(ANOTHER, 0)} of what it decides is not held; what it makes is another portfolio's."
    )
    unit = f"Without a size {signed(f.unit_return)}, without events {signed(f.without_events_unit_return)}{against}."
    return f"{unit}{beyond}"


def _legs(f: Capacity) -> Table:
    heads = ["Leg", "Weight", f"Traded a session, {f.base}", *(f"Exit at {percent(s, 0)}" for s in SHARES),
             "Longest", "Ceiling", "Waited"]  # fmt: skip
    rows = [
        [leg.symbol, percent(leg.weight), money(leg.traded, f.base) if math.isfinite(leg.traded) else NOTHING,
         *(_days(d) for d in leg.days), _days(leg.longest), _gone(leg.ceiling, f.base), f"{leg.waited:,}"]
        for leg in f.legs
    ]  # fmt: skip
    return Table("Sessions to exit, and the capital at which one is not enough", heads, rows)


def _days(days: float) -> str:
    return "no volume" if math.isinf(days) else number(days, 1 if days < 100 else 0)


def _capitals(f: Capacity) -> Table:
    heads = [
        f"Capital, {f.base}",
        "Total return",
        "Without events",
        "Sharpe",
        "Cost, bps a year",
        "Impact of it",
        "Not held",
    ]
    rows = [
        [_amount(f, a), signed(r), signed(t), number(s), number(c, 1), number(i, 1), percent(m, 0)]
        for a, r, t, s, c, i, m in zip(
            f.amounts.tolist(), f.total_return.tolist(), f.without_events_return.tolist(), f.sharpe.tolist(),
            f.cost_bps.tolist(), f.impact_bps.tolist(), f.missed.tolist(), strict=True,
        )
    ]  # fmt: skip
    return Table("The account under each capital", heads, rows, words=())


def _amount(f: Capacity, amount: float) -> str:
    return money(amount, f.base) + (" (another portfolio)" if amount >= f.another else "")


def _assumptions(f: Capacity) -> tuple[str, ...]:
    sized = f.unit.inputs
    return (
        f"{f.source}, {f.rows[0]} to {f.rows[-1]}; fees: {sized.fee_label}; each capital is an account of its own: "
        f"{f.label}.",
        "Impact is the square-root law, Y sigma sqrt(order / value traded), on the average price; published constants "
        "differ by three times and more, so read an order of magnitude. A file of constants changes them.",
        "What does not fit a session waits, sized again each day; what is left when the next decision comes is replaced. "
        "So a large account builds its positions over months and years, and its profit falls late: long before, they "
        "take as long to sell.",
        "Impact is paid and does not stay in the price; other accounts with the same idea are not there; whether a share "
        "can be borrowed at this size is not known, nor what part of a company it would be; funds are limited by their "
        "own volume, although shares of them can be made.",
        "Volume is of the listing that prices are of, average of past sessions; in a crisis it may not be there.",
        f.strategy.caveat,
    )
