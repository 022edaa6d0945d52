"""What a strategy holds now and the orders that lead there: positioning today [STRATEGY ...]"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app, say_left_out
from positioning.cli.command_words import command_words
from positioning.cli.declare import command
from positioning.cli.options import AsCsv, AsOf, Names
from positioning.cli.output import Output
from positioning.cli.request import Request
from positioning.cli.terminal import Terminal, table
from positioning.csv_output import csv_text
from positioning.errors import BadInputError
from positioning.plurals import counted

if TYPE_CHECKING:
    import numpy as np

    from positioning.market.market import Market
    from positioning.runs.order_legs import OrderLeg
    from positioning.runs.today import Portfolio, Today

app = new_app()
NEWS = 5  # told of each strategy where not all are asked for
STALE = 3  # exit status: the prices are too old
CALCULATION = "A calculation, not advice."


@command(app, without=("start", "end", "benchmark", "placebos", "seed", "factors", "region"))
def today(
    request: Request,
    output: Output,
    strategies: Names = None,
    holdings: Annotated[
        str | None, typer.Option(metavar="FILE", help="A CSV with symbol,shares: what is held now.")
    ] = None,
    as_of: AsOf = None,
    max_age: Annotated[
        int, typer.Option(min=0, max=10_000, help="Sessions that the newest prices may be old.")
    ] = 3,
    as_csv: AsCsv = False,
) -> None:
    """The last decision, the orders to it, and what stands in the way. Exit status 3: the prices are too old."""
    from positioning.cli.values import day_of, span_of
    from positioning.files import safe_name
    from positioning.reporting.page_file import check_place, write_page
    from positioning.reporting.today import write_today
    from positioning.runs.backtest import market_of
    from positioning.runs.today import today as today_of

    chosen = request.strategies(strategies or [])
    ends = (".html", "_orders.csv") if as_csv else (".html",)
    check_place(output.place, (f"today_{safe_name(p.name)}{end}" for p in chosen for end in ends))
    say_left_out(request.idle(s for p in chosen for s in (*p.names, *p.hedges)))
    last = None if as_of is None else str(day_of("--as-of", as_of))
    settings = replace(request.terms(""), span=span_of(None, last))
    portfolio = portfolio_of(holdings, request.capital or None)
    answers, files = [], []
    for strategy in chosen:
        market = market_of(strategy, settings)
        if as_of is None:
            require_fresh(market, max_age, request.data)
        answers.append(today_of(strategy, market, settings.events, settings.account, portfolio))
    for answer in answers:
        files.append(write_today(answer, output.place))
        if as_csv:
            name = f"{files[-1].stem}_orders.csv"
            files.append(write_page(output.place / name, orders_csv(answer)))
    if output.as_json:
        by_strategy = {a.strategy.name: to_json(a) for a in answers}
        print(json.dumps({"data": request.data, "advice": False, "strategies": by_strategy,
                          "files": [str(f) for f in files]}, allow_nan=False))  # fmt: skip
    else:
        print_today(answers, files, output.terminal)


def portfolio_of(path: str | None, capital: float | None) -> Portfolio:
    """Holdings of a CSV with the columns symbol and shares (others are ignored). Raises BadInputError."""
    from positioning.market.records import Cells, check_filled, decimal, parsed, read_records
    from positioning.runs.today import Portfolio

    shares: dict[str, float] = {}

    def add(cells: Cells) -> None:
        check_filled("symbol", cells["symbol"], "write a Yahoo symbol")
        if cells["symbol"] in shares:
            raise BadInputError(
                f"symbol {cells['symbol']} again", "wanted each symbol once", "add the rows up"
            )
        count = parsed(cells, "shares", decimal, "a number of shares")
        if not math.isfinite(count):
            raise BadInputError(f"shares {cells['shares']}", "wanted a finite number", "correct that cell")
        shares[cells["symbol"]] = count

    if path is not None:
        read_records(Path(path), ("symbol", "shares"), add)
    return Portfolio(shares, capital)


def require_fresh(market: Market, max_age: int, data: str) -> None:
    """Exit status 3 where more sessions have passed since the market's last row than `max_age`; simulated prices and
    those of a named day are of no age."""
    import numpy as np

    from positioning.market.venues import sessions

    if market.simulated:
        return
    now, last = np.datetime64(datetime.now(UTC).date(), "D"), market.rows[-1]
    venues = {i.venue for i in market.instruments}
    passed = max(
        sessions(v, last + np.timedelta64(1, "D"), now - np.timedelta64(1, "D")).size for v in venues
    )
    if passed > max_age:
        refresh = (
            command_words("fetch") if data == "yahoo" else "newer files, or --as-of with the day you mean"
        )
        typer.echo(
            f"error: the prices end on {last}, {passed} sessions ago; wanted at most {max_age} (--max-age); "
            f"refresh them: {refresh}",
            err=True,
        )
        raise typer.Exit(STALE)


def _day(value: np.datetime64) -> str | None:
    return None if str(value) == "NaT" else str(value)


def to_json(a: Today) -> dict[str, Any]:
    """Weights by symbol, orders, news in force, restrictions and notes; dates ISO, instants in UTC."""
    return {
        "as_of": str(a.as_of), "decided": _day(a.decided), "before": _day(a.before), "base": a.base,
        "simulated": a.simulated, "capital": a.capital, "cash_after": a.cash, "weights": a.weights,
        "legs": [
            {
                "symbol": leg.instrument.symbol, "name": leg.instrument.name, "venue": leg.instrument.venue,
                "currency": leg.instrument.currency, "target": leg.target, "previous": leg.previous,
                "held": leg.weight, "side": leg.side, "order": leg.order, "shares_after": leg.shares, "lot": leg.lot,
                "price": leg.price if math.isfinite(leg.price) else None, "value": leg.value, "fees": leg.fees,
                "session": _day(leg.session), "opens_utc": _day(leg.opens), "reason": leg.reason,
                "barrier": leg.barrier, "note": leg.note,
            }
            for leg in a.legs
        ],
        "news": [
            {"sleeve": n.sleeve, "id": n.event.id, "title": n.event.title, "known_on": str(n.event.known_on()),
             "weight": n.weight, "age": n.age, "halves_in": n.halves_in}
            for n in a.news
        ],
        "barred": [
            {"symbol": r.symbol, "kind": r.kind, "ground": r.ground, "since": str(r.known_on()), "reason": r.reason,
             "source": r.source}
            for r in a.restrictions
        ],
        "notes": list(a.notes),
    }  # fmt: skip


def orders_csv(a: Today) -> str:
    """A row an order: symbol, venue, side, shares, price, currency, value and fees in base, session, opening (UTC)."""
    heads = ("symbol", "venue", "side", "shares", "price", "currency", f"value_{a.base}", f"fees_{a.base}", "session",
             "opens_utc")  # fmt: skip
    rows = [
        (leg.instrument.symbol, leg.instrument.venue, leg.side, abs(leg.order), f"{leg.price:.6g}",
         leg.instrument.currency, f"{leg.value:.2f}", f"{leg.fees:.2f}", leg.session, leg.opens)
        for leg in a.legs if leg.order
    ]  # fmt: skip
    return csv_text([heads, *rows])


def print_today(answers: list[Today], files: list[Path], terminal: Terminal) -> None:
    """What to do first, then why."""
    from positioning.reporting.today import against_the_record

    terminal.say(CALCULATION, "neutral")
    for a in answers:
        simulated = "SIMULATED prices: " if a.simulated else ""
        terminal.say(
            f"{a.strategy.name}: {simulated}decided on {a.decided}, prices of {a.as_of}",
            "bad" if a.simulated else "neutral",
        )
        terminal.say(against_the_record(a), "bad", "  ")
        rows = [
            [
                leg.instrument.symbol,
                f"{leg.target:+.1%}",
                f"{leg.previous:+.1%}",
                f"{leg.weight:+.1%}",
                _order(leg),
            ]
            for leg in a.legs
        ]
        if rows:
            terminal.table(table(("name", "target", "before", "held", "order"), rows))
        for leg in a.legs:
            when = (
                f"{leg.instrument.venue} opens {str(leg.opens)[:16].replace('T', ' ')} UTC"
                if leg.order
                else ""
            )
            stops = "; ".join(x for x in (when, leg.barrier, leg.note) if x)
            line = stops if not terminal.verbose else "; ".join(x for x in (stops, leg.reason) if x)
            if line:
                terminal.say(f"{leg.instrument.symbol}: {line}", "bad" if leg.barrier else "", "  ")
        for n in a.news if terminal.verbose else a.news[:NEWS]:
            age = counted(n.age, "session")
            line = f"news of {n.sleeve}: {n.weight:+.2f}, {age} old, half in {n.halves_in:g}: {n.event.title}"
            terminal.say(line, "quiet", "  ")
        if len(a.news) > NEWS and not terminal.verbose:
            terminal.say(f"{len(a.news) - NEWS} more news in force: --verbose shows them.", "quiet", "  ")
        for r in a.restrictions:
            terminal.say(
                f"{r.symbol}: {r.kind.replace('_', ' ')} since {r.known_on()}, {r.reason}", "bad", "  "
            )
        for note in a.notes:
            terminal.say(note, "quiet")
    terminal.wrote(files)


def _order(leg: OrderLeg) -> str:
    return f"{leg.side} {abs(leg.order):,}" if leg.order else "none"
