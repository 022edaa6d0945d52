"""Small markets, decisions and fees that the ledger's tests work by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.simulation.fees import FeeRate, FeeTable
from positioning.strategy.targets import Targets

# Sums and quotients of a dozen doubles near one: an error of law shows at 1e-4 and more.
exactly = {"rtol": 1e-13, "atol": 1e-15}


Cells = Sequence[tuple[int, str]]


def charge(
    bps: float, side: str = "both", fee: str = "commission", start: str = "1990-01-01", venue: str = "*"
) -> FeeRate:
    return FeeRate(venue, "*", "*", fee, side, bps, np.datetime64(start), "assumption: test")


FREE = FeeTable((), "none")


TEN = FeeTable((charge(10),), "ten")


def build(
    close: Mapping[str, Sequence[float]],
    open: Mapping[str, Sequence[float]] | None = None,
    *,
    first: str = "2024-01-08",  # a Monday
    closed: Cells = (),
    halted: Cells = (),
    early: Cells = (),
    dividends: Mapping[tuple[int, str], float] | None = None,
    rates: Mapping[str, Sequence[float]] | None = None,
    delisted: Mapping[str, tuple[str, float | None]] | None = None,
    start: int = 0,
) -> Market:
    """A market on weekdays; closed cells have no price, halted ones keep the stale print they are given."""
    names = tuple(close)
    closes = np.column_stack([np.asarray(close[s], dtype=float) for s in names])
    opens = closes.copy() if open is None else np.column_stack([np.asarray(open[s], float) for s in names])
    shape = closes.shape
    venue_open, tradable, pre = np.ones(shape, bool), np.isfinite(closes), np.zeros(shape, bool)
    paid, rate = np.zeros(shape), np.ones(shape)
    for cells, values in ((closed, venue_open), (closed, tradable), (halted, tradable)):
        for row, s in cells:
            values[row, names.index(s)] = False
    for row, s in closed:
        closes[row, names.index(s)] = opens[row, names.index(s)] = np.nan
    for row, s in early:
        pre[row, names.index(s)] = True
    for (row, s), amount in (dividends or {}).items():
        paid[row, names.index(s)] = amount
    for s, values in (rates or {}).items():
        rate[:, names.index(s)] = values
    ends = delisted or {}
    instruments = tuple(
        Instrument(
            s, s, "XNYS", "USD", "USD", "share", recorded=False,
            delisted=date.fromisoformat(ends[s][0]) if s in ends else None,
            exit_price=ends[s][1] if s in ends else None,
        )
        for s in names
    )  # fmt: skip
    rows = np.busday_offset(first, np.arange(shape[0])).astype("datetime64[D]")
    return Market(
        rows, instruments, opens, closes, paid, tradable, venue_open, pre, rate,
        basis=("traded",) * len(names), start=start,
    )  # fmt: skip


def decide(
    market: Market, decisions: Mapping[int, Mapping[str, float]], band: float = 0.0, limit: float = 2.0
) -> Targets:
    weights = np.array([[w.get(s, 0.0) for s in market.symbols] for w in decisions.values()])
    return Targets(market.rows, market.symbols, np.array(list(decisions)), weights, band, limit)
