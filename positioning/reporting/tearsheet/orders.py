"""How orders ended, each that was not simply filled, and the round trips that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import pandas as pd

from positioning.analysis.report import BacktestReport
from positioning.reporting.format import NOTHING, number, percent
from positioning.reporting.view import TableRow
from positioning.simulation import ledger_arrays
from positioning.simulation.orders import STATUS
from positioning.simulation.vectorbt_bridge import RoundTrips

MOST_ORDERS = 200
PLAIN = (STATUS[ledger_arrays.FILLED], STATUS[ledger_arrays.IN_BAND])


@final
@dataclass(frozen=True, slots=True)
class OrdersPart:
    """The view of `orders.html`: rows of outcomes, of odd orders, of names held without a price, and of round trips as
    vectorbt counts them (none where there are none to count)."""

    fill_at: str
    outcomes: tuple[TableRow, ...]
    odd_caption: str
    odd: tuple[TableRow, ...]
    stale: tuple[TableRow, ...]
    trips: tuple[TableRow, ...]


def orders(report: BacktestReport, trips: RoundTrips | None) -> OrdersPart:
    """Every outcome counted, the odd ones one by one."""
    frame = report.result.orders
    odd = frame[~frame["status"].isin(PLAIN) | (frame["waited"] > 0)]
    latest = odd.tail(MOST_ORDERS)
    what = "all" if len(odd) == len(latest) else f"the last {len(latest)} of"
    return OrdersPart(
        fill_at=report.result.inputs.fill_at,
        outcomes=tuple(
            (str(status).capitalize(), f"{count:,}") for status, count in frame["status"].value_counts().items()
        ),
        odd_caption=f"Orders that waited, were cut, cancelled or forced: {what} {len(odd)}",
        odd=tuple(_order(o) for o in latest.to_dict("records")),
        stale=tuple(
            (symbol, days, percent(share)) for symbol, (days, share) in report.result.unpriced.items()
        ),
        trips=() if trips is None else _trips(trips),
    )  # fmt: skip


def _order(o: dict[Any, Any]) -> TableRow:
    filled = NOTHING if pd.isna(o["filled"]) else f"{o['filled']:%Y-%m-%d}"
    return (
        f"{o['decided']:%Y-%m-%d}", o["symbol"], o["side"], o["status"], o["reason"] or NOTHING, filled,
        o["waited"], percent(o["target_weight"]), percent(o["value"], 2),
    )  # fmt: skip


def _trips(trips: RoundTrips) -> tuple[TableRow, ...]:
    factor, length = trips.profit_factor, trips.length
    return (
        ("Closed trades", f"{trips.closed:,}"),
        ("Still open", f"{trips.open:,}"),
        ("Won, of the closed", NOTHING if trips.won is None else percent(trips.won)),
        ("Profit factor (gains / losses)", NOTHING if factor is None else number(factor)),
        ("Average length in rows", NOTHING if length is None else number(length, 0)),
    )
