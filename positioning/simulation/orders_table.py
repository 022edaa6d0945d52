"""The orders of an account as a table for people: one row an order, forced exits and margin calls included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from positioning.simulation import ledger_arrays
from positioning.simulation.ledger import Ledger, times
from positioning.simulation.orders import CALLED, FORCED, REASON, STATUS

if TYPE_CHECKING:
    import pandas as pd


def orders_table(ledger: Ledger) -> pd.DataFrame:
    """One row an order: decided, symbol, side, target_weight, status, filled (date), waited (rows),
    reason (of the first wait), wanted and got (shares), value (base currency, each lot at its own price);
    forced exits included. The side of what never came to trade is that of target x free equity less what was
    held when decided, at last marks: no mark of trapped holdings turns it."""
    import pandas as pd

    o, rows, symbols = ledger.order_arrays, ledger.rows, ledger.market.symbols
    since = np.concatenate([[0], o.decided, [rows.size]])  # an order lives from one decision to the next
    records: list[dict[str, Any]] = []
    own = np.where(ledger.called, 0.0, ledger.trade_value)
    free, worth = ledger.nav_marked(0.0), times(ledger.shares, ledger.inputs.mark)
    for d, n in np.argwhere(o.status != ledger_arrays.NONE):
        filled = int(o.filled_row[d, n])
        target = o.weights[d - 1, n] if d else o.inherited[n]
        sought = max(o.wanted[d, n], o.got[d, n], key=abs) or target * free[since[d]] - worth[since[d], n]
        records.append(
            {
                "decided": rows[since[d]],
                "symbol": symbols[n],
                "side": "buy" if sought > 0 else "sell",
                "target_weight": target,
                "status": STATUS[int(o.status[d, n])],
                "filled": rows[filled] if filled >= 0 else np.datetime64("NaT", "D"),
                "waited": int(o.waits[d, n]),
                "reason": REASON[int(o.reason[d, n])],
                "wanted": o.wanted[d, n],
                "got": o.got[d, n],
                "value": float(own[since[d] + 1 : since[d + 1] + 1, n].sum()),
            }
        )
    records += _forced_exits(ledger) + _margin_calls(ledger)
    columns = [
        "decided",
        "symbol",
        "side",
        "target_weight",
        "status",
        "filled",
        "waited",
        "reason",
        "wanted",
        "got",
        "value",
    ]
    frame = pd.DataFrame.from_records(records, columns=columns)
    for column in ("decided", "filled"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.sort_values(["decided", "symbol"], kind="stable", ignore_index=True)


def _forced_exits(ledger: Ledger) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for n, row in enumerate(ledger.inputs.exit_row):
        shares, price = ledger.trades[row, n], ledger.paid[row, n]
        if row >= 0 and shares != 0.0:
            has_terms = bool(ledger.inputs.terms_known[n])
            status = FORCED if has_terms or shares < 0 else f"{FORCED}, covered at its last mark"
            status = status if price > 0 else f"{status}, nothing paid"
            out.append(_forced(ledger, row, n, status, "" if has_terms else "no terms on record"))
    return out


def _margin_calls(ledger: Ledger) -> list[dict[str, Any]]:
    why, last = "debt beside a frozen holding", ledger.rows.size - 1
    rows = [_forced(ledger, row, n, CALLED, why) for row, n in np.argwhere(ledger.called).tolist()]
    left = np.flatnonzero(ledger.closing.called).tolist()
    return rows + [_forced(ledger, last, n, f"{CALLED}, pending", why) for n in left]


def _forced(ledger: Ledger, row: int, n: int, status: str, reason: str) -> dict[str, Any]:
    shares, day = float(ledger.trades[row, n]), ledger.rows[row]
    sought = shares or -float(ledger.shares[row, n])
    filled = day if shares != 0.0 else np.datetime64("NaT", "D")
    return {
        "decided": day, "symbol": ledger.market.symbols[n], "side": "buy" if sought > 0 else "sell",
        "target_weight": 0.0, "status": status, "filled": filled, "waited": 0, "reason": reason,
        "wanted": sought, "got": shares, "value": abs(shares) * float(ledger.paid[row, n]),
    }  # fmt: skip
